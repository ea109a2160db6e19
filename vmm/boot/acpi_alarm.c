/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The alarm of the Time and Alarm Device (ACPI 6.3, 9.18): the one timer of a machine that is
 * always on AC power, by the PL031's match register.
 *
 * The PL031's interrupt is a line of the GPIO controller, whose events can wake Linux, as with the
 * buttons.
 */
#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define SUCCESS 0
#define FAILURE UINT32_MAX
#define NEVER UINT32_MAX
/* Of _PRW: from S4, and from what is not as deep. The platform has no GPEs. */
#define WAKE_GPE 0
#define WAKE_DEEPEST 4

/* That of AC power is number 0. */
static void refuse_other_timers(struct table_writer *w, uint64_t answer)
{
	size_t branch = aml_if(w);

	aml_op(w, AML_ARG(0));
	aml_return_integer(w, answer);
	aml_end(w, branch);
}

/* To go off in so many seconds, or not at all. */
static void write_set(struct table_writer *w)
{
	size_t method = aml_method(w, "_STV", 2);
	size_t branch;

	refuse_other_timers(w, FAILURE);
	aml_set_integer(w, "RTCI", 0);
	aml_set_integer(w, "RTCC", 1);
	branch = aml_if(w);
	aml_op(w, AML_EQUAL);
	aml_op(w, AML_ARG(1));
	aml_integer(w, NEVER);
	aml_return_integer(w, SUCCESS);
	aml_end(w, branch);
	aml_get(w, "RTCD", 0);
	aml_op(w, AML_ADD);
	aml_op(w, AML_LOCAL(0));
	aml_op(w, AML_ARG(1));
	aml_name(w, "RTCM");
	aml_set_integer(w, "RTCI", 1);
	aml_return_integer(w, SUCCESS);
	aml_end(w, method);
}

/* How many seconds are left; the clock has 32 bits, and wraps. */
static void write_get(struct table_writer *w)
{
	size_t method = aml_method(w, "_TIV", 1);
	size_t branch;

	refuse_other_timers(w, NEVER);
	branch = aml_if(w);
	aml_op(w, AML_EQUAL);
	aml_name(w, "RTCI");
	aml_integer(w, 0);
	aml_return_integer(w, NEVER);
	aml_end(w, branch);
	aml_get(w, "RTCM", 0);
	aml_get(w, "RTCD", 1);
	aml_op(w, AML_SUBTRACT);
	aml_op(w, AML_LOCAL(0));
	aml_op(w, AML_LOCAL(1));
	aml_op(w, AML_LOCAL(0));
	aml_op(w, AML_AND);
	aml_op(w, AML_LOCAL(0));
	aml_integer(w, UINT32_MAX);
	aml_op(w, AML_LOCAL(0));
	aml_op(w, AML_RETURN);
	aml_op(w, AML_LOCAL(0));
	aml_end(w, method);
}

/* Whether it went off, until that is cleared. */
static void write_status(struct table_writer *w)
{
	size_t method = aml_method(w, "_GWS", 1);

	refuse_other_timers(w, 0);
	aml_op(w, AML_RETURN);
	aml_name(w, "GONE");
	aml_end(w, method);
	method = aml_method(w, "_CWS", 1);
	refuse_other_timers(w, FAILURE);
	aml_set_integer(w, "GONE", 0);
	aml_return_integer(w, SUCCESS);
	aml_end(w, method);
}

/* What becomes of an alarm that was missed for want of AC power: kept, and without effect. */
static void write_policy(struct table_writer *w)
{
	size_t method = aml_method(w, "_STP", 2);

	refuse_other_timers(w, FAILURE);
	aml_op(w, AML_STORE);
	aml_op(w, AML_ARG(1));
	aml_name(w, "PLCY");
	aml_return_integer(w, SUCCESS);
	aml_end(w, method);
	method = aml_method(w, "_TIP", 1);
	refuse_other_timers(w, NEVER);
	aml_op(w, AML_RETURN);
	aml_name(w, "PLCY");
	aml_end(w, method);
}

void acpi_write_alarm(struct table_writer *w)
{
	size_t package;

	aml_define(w, "_PRW");
	package = aml_package(w, 2);
	aml_integer(w, WAKE_GPE);
	aml_integer(w, WAKE_DEEPEST);
	aml_end(w, package);
	aml_define_integer(w, "GONE", 0);
	aml_define_integer(w, "PLCY", NEVER);
	write_set(w);
	write_get(w);
	write_status(w);
	write_policy(w);
}

/* It goes off once. */
void acpi_write_alarm_event(struct table_writer *w)
{
	size_t method = aml_method(w, "_E06", 0);

	aml_set_integer(w, "\\_SB.TAD0.RTCI", 0);
	aml_set_integer(w, "\\_SB.TAD0.RTCC", 1);
	aml_set_integer(w, "\\_SB.TAD0.GONE", 1);
	aml_end(w, method);
}
