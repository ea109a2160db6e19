/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wall clock: a Time and Alarm Device (ACPI 6.3, 9.18) in front of the PL031, which has no
 * device id of its own. It tells and sets the time, in UTC; its alarm is in acpi_alarm.c.
 *
 * The PL031 counts seconds since 1970, a TAD speaks of years, months and days. The conversions
 * count years from March on, so that a leap day is a year's last, and in eras of 400 years, which
 * all have as many days.
 */
#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define CAN_WAKE (UINT32_C(1) << 0)
#define CAN_TELL_TIME (UINT32_C(1) << 2)
/* The host starts a machine that hibernated for its alarm. */
#define CAN_WAKE_FROM_S4 (UINT32_C(1) << 5)
#define TIME_BYTES 16
#define ZONE_UNSPECIFIED 2047
#define SUCCESS 0
#define FAILURE UINT32_MAX

#define DAY_S 86400
#define ERA_DAYS 146097
/* From the first of March of year 0 to 1970. */
#define DAYS_TO_1970 719468

/* Of the buffer that a time is in. */
static const struct {
	enum aml_op kind;
	uint8_t offset;
	const char *name;
} time_fields[] = {
	{AML_WORD_FIELD, 0, "YEAR"}, {AML_BYTE_FIELD, 2, "MNTH"},  {AML_BYTE_FIELD, 3, "DAY"},
	{AML_BYTE_FIELD, 4, "HOUR"}, {AML_BYTE_FIELD, 5, "MINU"},  {AML_BYTE_FIELD, 6, "SECS"},
	{AML_BYTE_FIELD, 7, "VALD"}, {AML_WORD_FIELD, 10, "ZONE"},
};
/* The guest's clock is set by the first of them. */
#define TIME_FIELDS_GET (sizeof(time_fields) / sizeof(time_fields[0]))
#define TIME_FIELDS_SET 6

static void write_time_fields(struct table_writer *w, enum aml_op buffer, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		aml_op(w, time_fields[i].kind);
		aml_op(w, buffer);
		aml_integer(w, time_fields[i].offset);
		aml_name(w, time_fields[i].name);
	}
}

/* Local @to = local @a OP @n. */
static void with_number(struct table_writer *w, enum aml_op op, unsigned a, uint64_t n, unsigned to)
{
	aml_op(w, op);
	aml_op(w, AML_LOCAL(a));
	aml_integer(w, n);
	aml_op(w, AML_LOCAL(to));
}

/* Local @to = local @a OP local @b. */
static void with_local(struct table_writer *w, enum aml_op op, unsigned a, unsigned b, unsigned to)
{
	aml_op(w, op);
	aml_op(w, AML_LOCAL(a));
	aml_op(w, AML_LOCAL(b));
	aml_op(w, AML_LOCAL(to));
}

/* Local @to = local @a / @n. */
static void quotient(struct table_writer *w, unsigned a, uint64_t n, unsigned to)
{
	aml_op(w, AML_DIVIDE);
	aml_op(w, AML_LOCAL(a));
	aml_integer(w, n);
	aml_op(w, AML_NOWHERE);
	aml_op(w, AML_LOCAL(to));
}

/* Local @a / @n, with the remainder; first of the targets is that. */
static void divide(struct table_writer *w, unsigned a, uint64_t n, unsigned remainder, unsigned to)
{
	aml_op(w, AML_DIVIDE);
	aml_op(w, AML_LOCAL(a));
	aml_integer(w, n);
	aml_op(w, AML_LOCAL(remainder));
	aml_op(w, AML_LOCAL(to));
}

static void set(struct table_writer *w, const char *name, unsigned from)
{
	aml_op(w, AML_STORE);
	aml_op(w, AML_LOCAL(from));
	aml_name(w, name);
}

static size_t if_less(struct table_writer *w, unsigned a, uint64_t n)
{
	size_t begin = aml_if(w);

	aml_op(w, AML_LESS);
	aml_op(w, AML_LOCAL(a));
	aml_integer(w, n);
	return begin;
}

/* Of the seconds in local 0: days to there, and hour, minute and second told. */
static void split_day(struct table_writer *w)
{
	divide(w, 0, DAY_S, 1, 0);
	divide(w, 1, 3600, 1, 2);
	set(w, "HOUR", 2);
	divide(w, 1, 60, 1, 2);
	set(w, "MINU", 2);
	set(w, "SECS", 1);
}

/* Of the days in local 0: the year to local 2, from March on, and the day in it to local 1. */
static void split_year(struct table_writer *w)
{
	with_number(w, AML_ADD, 0, DAYS_TO_1970, 0);
	divide(w, 0, ERA_DAYS, 1, 2);
	/* Years of the era to local 3: without its leap days all have 365. */
	quotient(w, 1, 1460, 4);
	with_local(w, AML_SUBTRACT, 1, 4, 3);
	quotient(w, 1, 36524, 4);
	with_local(w, AML_ADD, 3, 4, 3);
	quotient(w, 1, ERA_DAYS - 1, 4);
	with_local(w, AML_SUBTRACT, 3, 4, 3);
	quotient(w, 3, 365, 3);
	with_number(w, AML_MULTIPLY, 2, 400, 2);
	with_local(w, AML_ADD, 2, 3, 2);
	with_number(w, AML_MULTIPLY, 3, 365, 4);
	with_local(w, AML_SUBTRACT, 1, 4, 1);
	quotient(w, 3, 4, 4);
	with_local(w, AML_SUBTRACT, 1, 4, 1);
	quotient(w, 3, 100, 4);
	with_local(w, AML_ADD, 1, 4, 1);
}

/* Of what split_year() found: year, month and day told. Five months from March on have 153 days. */
static void split_months(struct table_writer *w)
{
	size_t branch;

	with_number(w, AML_MULTIPLY, 1, 5, 4);
	with_number(w, AML_ADD, 4, 2, 4);
	quotient(w, 4, 153, 4);
	with_number(w, AML_MULTIPLY, 4, 153, 5);
	with_number(w, AML_ADD, 5, 2, 5);
	quotient(w, 5, 5, 5);
	with_local(w, AML_SUBTRACT, 1, 5, 1);
	with_number(w, AML_ADD, 1, 1, 1);
	set(w, "DAY", 1);
	branch = if_less(w, 4, 10);
	with_number(w, AML_ADD, 4, 3, 4);
	aml_end(w, branch);
	branch = aml_else(w);
	with_number(w, AML_SUBTRACT, 4, 9, 4);
	with_number(w, AML_ADD, 2, 1, 2);
	aml_end(w, branch);
	set(w, "MNTH", 4);
	set(w, "YEAR", 2);
}

static void write_get(struct table_writer *w)
{
	static const uint8_t nothing[TIME_BYTES];
	size_t method = aml_method(w, "_GRT", AML_SERIALIZED);

	aml_op(w, AML_STORE);
	aml_buffer(w, nothing, sizeof(nothing));
	aml_op(w, AML_LOCAL(7));
	write_time_fields(w, AML_LOCAL(7), TIME_FIELDS_GET);
	aml_get(w, "RTCD", 0);
	split_day(w);
	split_year(w);
	split_months(w);
	aml_set_integer(w, "VALD", 1);
	aml_set_integer(w, "ZONE", ZONE_UNSPECIFIED);
	aml_op(w, AML_RETURN);
	aml_op(w, AML_LOCAL(7));
	aml_end(w, method);
}

/* The date to days since 1970, in local 2. */
static void join_date(struct table_writer *w)
{
	size_t branch;

	aml_get(w, "YEAR", 0);
	aml_get(w, "MNTH", 1);
	aml_get(w, "DAY", 2);
	branch = if_less(w, 1, 3);
	with_number(w, AML_SUBTRACT, 0, 1, 0);
	with_number(w, AML_ADD, 1, 9, 1);
	aml_end(w, branch);
	branch = aml_else(w);
	with_number(w, AML_SUBTRACT, 1, 3, 1);
	aml_end(w, branch);
	divide(w, 0, 400, 3, 4);
	with_number(w, AML_MULTIPLY, 1, 153, 1);
	with_number(w, AML_ADD, 1, 2, 1);
	quotient(w, 1, 5, 1);
	with_local(w, AML_ADD, 2, 1, 2);
	with_number(w, AML_MULTIPLY, 3, 365, 1);
	with_local(w, AML_ADD, 2, 1, 2);
	quotient(w, 3, 4, 1);
	with_local(w, AML_ADD, 2, 1, 2);
	quotient(w, 3, 100, 1);
	with_local(w, AML_SUBTRACT, 2, 1, 2);
	with_number(w, AML_MULTIPLY, 4, ERA_DAYS, 4);
	with_local(w, AML_ADD, 2, 4, 2);
	/* The first day of a month is the first. */
	with_number(w, AML_SUBTRACT, 2, DAYS_TO_1970 + 1, 2);
}

static void add_to_seconds(struct table_writer *w, const char *name, uint64_t unit_s)
{
	aml_get(w, name, 0);
	with_number(w, AML_MULTIPLY, 0, unit_s, 0);
	with_local(w, AML_ADD, 2, 0, 2);
}

static void write_set(struct table_writer *w)
{
	size_t method = aml_method(w, "_SRT", 1 | AML_SERIALIZED);
	size_t branch;

	write_time_fields(w, AML_ARG(0), TIME_FIELDS_SET);
	join_date(w);
	with_number(w, AML_MULTIPLY, 2, DAY_S, 2);
	add_to_seconds(w, "HOUR", 3600);
	add_to_seconds(w, "MINU", 60);
	add_to_seconds(w, "SECS", 1);
	/* Times before 1970 are very large by now. */
	branch = aml_if(w);
	aml_op(w, AML_GREATER);
	aml_op(w, AML_LOCAL(2));
	aml_integer(w, UINT32_MAX);
	aml_return_integer(w, FAILURE);
	aml_end(w, branch);
	set(w, "RTCL", 2);
	aml_return_integer(w, SUCCESS);
	aml_end(w, method);
}

static void write_registers(struct table_writer *w)
{
	size_t fields;

	aml_memory_region(w, "RTCR", LAYOUT_RTC_BASE, LAYOUT_RTC_SIZE_BYTES);
	fields = aml_fields(w, "RTCR", AML_ACCESS_DWORD);
	/* RTCDR, RTCMR, RTCLR; RTCCR is skipped; RTCIMSC; RTCRIS and RTCMIS are; RTCICR. */
	aml_field(w, "RTCD", 32);
	aml_field(w, "RTCM", 32);
	aml_field(w, "RTCL", 32);
	aml_field_gap(w, 32);
	aml_field(w, "RTCI", 32);
	aml_field_gap(w, 64);
	aml_field(w, "RTCC", 32);
	aml_end(w, fields);
}

void acpi_write_clock(struct table_writer *w)
{
	size_t device = aml_device(w, "TAD0");
	size_t method;

	aml_define_string(w, "_HID", "ACPI000E");
	aml_define_integer(w, "_UID", 0);
	write_registers(w);
	method = aml_method(w, "_GCP", 0);
	aml_return_integer(w, CAN_WAKE | CAN_TELL_TIME | CAN_WAKE_FROM_S4);
	aml_end(w, method);
	write_get(w);
	write_set(w);
	acpi_write_alarm(w);
	aml_end(w, device);
}
