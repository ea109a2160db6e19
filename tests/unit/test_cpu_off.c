/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* It does not return, and the CPU is off from then on (5.1.3, 5.5.1). */
static void parks_the_caller(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	cpu_on(r, 0, 1);
	assert_act(r, TORPOR_PARK, 1, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_int_equal(r->out.cpus_on, 1);
	assert_state(r, 1, TORPOR_CPU_OFF);
	assert_cpus_on(r, 1);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_E_STATE);
}

/* The last CPU may go off too, and the embedder is told that none is left. */
static void last_cpu_is_told_zero(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 3);
	assert_act(r, TORPOR_PARK, 0, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_int_equal(r->out.cpus_on, 1);
	assert_act(r, TORPOR_PARK, 3, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_int_equal(r->out.cpus_on, 0);
	assert_cpus_on(r, 0);
	assert_mode(r, TORPOR_MODE_RUNNING);
}

/* A pending CPU still counts: something of the guest will run. */
static void pending_cpu_counts(struct rig *r)
{
	rig_up(r);
	cpu_pend(r, 0, 1);
	assert_act(r, TORPOR_PARK, 0, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_int_equal(r->out.cpus_on, 1);
}

/* DENIED where the Trusted OS is resident, both of its kinds, and nowhere else (5.5.2, 5.9.1). */
static void denied_under_the_trusted_os(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	before = look(r);
	assert_ret(r, TORPOR_RET_DENIED, 1, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_unchanged(r, before);
	cpu_off(r, 0);
	cpu_off(r, 2);
}

static void denied_under_a_fixed_trusted_os(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	r->config.trusted_os_cpu = 1;
	denied_under_the_trusted_os(r);
}

static void denied_under_a_movable_trusted_os(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	r->config.trusted_os_cpu = 1;
	denied_under_the_trusted_os(r);
}

/* Without such a Trusted OS trusted_os_cpu means nothing (5.9.1). */
static void resident_cpu_is_ignored_without_one(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_NO_INFO;
	r->config.trusted_os_cpu = 0;
	rig_up(r);
	cpu_off(r, 0);
}

/* There is no SMC64 form of it (5.1.3). */
static void has_no_wide_form(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_CPU_OFF), 0, 0, 0, 0), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], UINT64_MAX);
	assert_state(r, 0, TORPOR_CPU_ON);
}

static const struct rig_case cases[] = {
	CASE(parks_the_caller, V01, V13, EACH_WAY),
	CASE(last_cpu_is_told_zero, V01, V13, EACH_WAY),
	CASE(pending_cpu_counts, V01, V13, EACH_WAY),
	CASE(denied_under_a_fixed_trusted_os, V01, V13, EACH_WAY),
	CASE(denied_under_a_movable_trusted_os, V01, V13, EACH_WAY),
	CASE(resident_cpu_is_ignored_without_one, V01, V13, EACH_WAY),
	CASE(has_no_wide_form, V02, V13, ONCE),
};
RIG_MAIN(cases)
