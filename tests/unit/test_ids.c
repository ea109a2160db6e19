/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a call is: PSCI's ranges, the ids of 0.1, and everything else. */
#include "fixture.h"

#define FIRST_FREE 0x16u

static uint32_t flags_of(const struct rig *r)
{
	return caller_is_32(r) ? TORPOR_AARCH32 : 0;
}

/* An id of the ranges that is no function: NOT_SUPPORTED, as wide as the call (5.3.2, 5.2.2). */
static void unknown_ids_of_the_ranges(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (uint32_t fn = FIRST_FREE; fn < TORPOR_FN_COUNT; fn++) {
		assert_int_equal(call_raw(r, 0, TORPOR_FN32(fn), flags_of(r), 1, 2, 3),
				 TORPOR_RESUME);
		assert_int_equal(returned(r, false), TORPOR_RET_NOT_SUPPORTED);
		assert_int_equal(call_raw(r, 0, TORPOR_FN64(fn), flags_of(r), 1, 2, 3),
				 TORPOR_RESUME);
		assert_int_equal(returned(r, true), TORPOR_RET_NOT_SUPPORTED);
	}
	assert_unchanged(r, before);
}

/* CLEAN_INV_MEMREGION of the 1.3 alpha is not in the standard: its ids are NOT_SUPPORTED. */
static void clean_inv_memregion_is_not_there(struct rig *r)
{
	static const uint32_t ids[] = {0xC4000016, 0x84000017, 0xC4000017, 0x84000016};

	rig_up(r);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(call_raw(r, 0, ids[i], 0, 0x40000000, 0x1000, 0), TORPOR_RESUME);
		assert_int_equal(returned(r, ids[i] >= 0xC4000000), TORPOR_RET_NOT_SUPPORTED);
	}
}

/* Ids outside are somebody else's: nothing is done, no register is written. */
static void ids_outside_are_not_mine(struct rig *r)
{
	static const uint32_t ids[] = {0,	   1,	       0x80000000, 0x80000001, 0x83ffffff,
				       0x84000020, 0x840000ff, 0x84ffffff, 0x85000003, 0xc3ffffff,
				       0xc4000020, 0xc5000003, 0x04000003, 0x44000003, 0x84010003,
				       0x8c000003, 0xffffffff};
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(call_raw(r, 0, ids[i], flags_of(r), 1, ENTRY_A, 0),
				 TORPOR_NOT_MINE);
		assert_int_equal(r->out.x[0], ids[i]);
	}
	assert_unchanged(r, before);
}

/* The id is in the low 32 bits of X0 only (5.2.1). */
static void id_is_the_low_half_of_x0(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, UINT64_C(0xffffffff84000000), 0, 0, 0, 0), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], r->version);
}

/* A CPU that the machine does not have made no call. */
static void cpu_out_of_range_is_not_mine(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, RIG_CPUS, TORPOR_FN32(TORPOR_FN_CPU_OFF), 0, 0, 0, 0),
			 TORPOR_NOT_MINE);
	assert_int_equal(call_raw(r, UINT32_MAX, TORPOR_FN32(TORPOR_FN_CPU_OFF), 0, 0, 0, 0),
			 TORPOR_NOT_MINE);
}

/* 0.1: the four functions have the ids that the device tree gives. */
static void ids_of_0_1(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, ID01_CPU_ON, flags_of(r), 1, ENTRY_A, 0), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], 0);
	assert_state(r, 1, TORPOR_CPU_ON_PENDING);
	assert_int_equal(
		call_raw(r, 0, ID01_CPU_SUSPEND, flags_of(r), state_value(r, S_STANDBY), 0, 0),
		TORPOR_WAIT);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	assert_int_equal(call_raw(r, 0, ID01_CPU_OFF, flags_of(r), 0, 0, 0), TORPOR_PARK);
}

/* 0.1: a function that the device tree does not give is absent; id 0 is not an id. */
static void ids_of_0_1_not_given(struct rig *r)
{
	memset(r->config.fn_ids_0_1, 0, sizeof(r->config.fn_ids_0_1));
	r->config.fn_ids_0_1[2] = ID01_CPU_ON;
	rig_up(r);
	assert_int_equal(call_raw(r, 0, ID01_CPU_OFF, flags_of(r), 0, 0, 0), TORPOR_NOT_MINE);
	assert_int_equal(call_raw(r, 0, ID01_CPU_SUSPEND, flags_of(r), 1, 0, 0), TORPOR_NOT_MINE);
	assert_int_equal(call_raw(r, 0, 0, flags_of(r), 1, 0, 0), TORPOR_NOT_MINE);
	assert_int_equal(call_raw(r, 0, ID01_CPU_ON, flags_of(r), 1, ENTRY_A, 0), TORPOR_RESUME);
}

/* 0.1: such ids may lie in the later ranges, and then mean what the device tree says. */
static void ids_of_0_1_inside_the_range(struct rig *r)
{
	r->config.fn_ids_0_1[1] = 0x84000002;
	r->config.fn_ids_0_1[2] = 0x84000003;
	rig_up(r);
	assert_int_equal(call_raw(r, 0, 0x84000003, flags_of(r), 1, ENTRY_A, 0), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], 0);
	assert_int_equal(call_raw(r, 0, 0x84000004, flags_of(r), 0, 0, 0), TORPOR_RESUME);
	assert_int_equal(returned(r, false), TORPOR_RET_NOT_SUPPORTED);
	assert_int_equal(call_raw(r, 0, 0x84000002, flags_of(r), 0, 0, 0), TORPOR_PARK);
}

/* 0.1 has none of the later functions: their ids are NOT_SUPPORTED. */
static void later_ids_at_0_1(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (uint32_t fn = 0; fn < TORPOR_FN_COUNT; fn++) {
		assert_int_equal(call_raw(r, 0, TORPOR_FN32(fn), flags_of(r), 1, ENTRY_A, 0),
				 TORPOR_RESUME);
		assert_int_equal(returned(r, false), TORPOR_RET_NOT_SUPPORTED);
		assert_int_equal(call_raw(r, 0, TORPOR_FN64(fn), flags_of(r), 1, ENTRY_A, 0),
				 TORPOR_RESUME);
		assert_int_equal(returned(r, true), TORPOR_RET_NOT_SUPPORTED);
	}
	assert_unchanged(r, before);
}

/* From 0.2 on the ids of 0.1 mean nothing, even where they were given. */
static void ids_of_0_1_at_later_versions(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, ID01_CPU_ON, flags_of(r), 1, ENTRY_A, 0), TORPOR_NOT_MINE);
	assert_int_equal(call_raw(r, 0, ID01_CPU_OFF, flags_of(r), 0, 0, 0), TORPOR_NOT_MINE);
}

/* How many arguments a function of 0.1 reads; never more than three. */
static void argument_counts_at_0_1(struct rig *r)
{
	rig_up(r);
	assert_in_range(torpor_call_args(&r->machine, ID01_CPU_SUSPEND), 2, 3);
	assert_in_range(torpor_call_args(&r->machine, ID01_CPU_ON), 2, 3);
	assert_in_range(torpor_call_args(&r->machine, ID01_CPU_OFF), 0, 1);
	assert_int_equal(torpor_call_args(&r->machine, 0), 0);
}

static const struct rig_case cases[] = {
	CASE(unknown_ids_of_the_ranges, V01, V13, NATIVE),
	CASE(clean_inv_memregion_is_not_there, V01, V13, ONCE),
	CASE(ids_outside_are_not_mine, V01, V13, NATIVE),
	CASE(id_is_the_low_half_of_x0, V02, V13, ONCE),
	CASE(cpu_out_of_range_is_not_mine, V01, V13, ONCE),
	CASE(ids_of_0_1, V01, V01, NATIVE),
	CASE(ids_of_0_1_not_given, V01, V01, NATIVE),
	CASE(ids_of_0_1_inside_the_range, V01, V01, NATIVE),
	CASE(later_ids_at_0_1, V01, V01, NATIVE),
	CASE(ids_of_0_1_at_later_versions, V02, V13, NATIVE),
	CASE(argument_counts_at_0_1, V01, V01, ONCE),
};
RIG_MAIN(cases)
