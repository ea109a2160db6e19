/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* OFF to ON_PENDING to ON, and nothing else to be seen (5.6, 6.6). */
static void goes_off_pending_on(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	assert_state(r, 2, TORPOR_CPU_OFF);
	assert_int_equal(torpor_cpu_take(&r->machine, 2, &start), TORPOR_E_STATE);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 2), ENTRY_A, CONTEXT_A);
	assert_int_equal(r->start_count, 1);
	assert_int_equal(r->start_cpu, 2);
	assert_state(r, 2, TORPOR_CPU_ON_PENDING);
	assert_cpus_on(r, 2);
	assert_int_equal(torpor_cpu_take(&r->machine, 2, &start), TORPOR_OK);
	assert_state(r, 2, TORPOR_CPU_ON);
	assert_cpus_on(r, 2);
	assert_int_equal(torpor_cpu_take(&r->machine, 2, &start), TORPOR_E_STATE);
}

/* Entry and context are the caller's, cut to the width of the call (5.1.4, 5.6.1, 6.4.3.7). */
static void hands_entry_and_context_over(struct rig *r)
{
	uint64_t high = r->way == WAY_A64_SMC64 ? UINT64_C(0x12) << 32 : 0;
	struct torpor_start start;

	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), high | ENTRY_A,
		   high | CONTEXT_A);
	assert_int_equal(r->check_count, 1);
	assert_int_equal(r->check_ipa, high | ENTRY_A);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	assert_start(&start, high | ENTRY_A, high | CONTEXT_A, start_flags(r));
}

/* 0.1: the entry is as wide as the caller; an AArch64 one may lie above 4 GiB. */
static void entry_is_as_wide_as_the_caller_at_0_1(struct rig *r)
{
	uint64_t high = r->way == WAY_A64_SMC64 ? UINT64_C(0x12) << 32 : 0;
	struct torpor_start start;

	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), high | ENTRY_A, 0);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	assert_int_equal(start.entry, high | ENTRY_A);
	assert_int_equal(start.flags, start_flags(r));
}

/* The started CPU's data accesses are as its caller's were (6.4.3.2). */
static void carries_endianness(struct rig *r)
{
	struct torpor_start start;

	r->big_endian = true;
	rig_up(r);
	cpu_pend(r, 0, 1);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	assert_int_equal(start.flags & TORPOR_BIG_ENDIAN, TORPOR_BIG_ENDIAN);
	assert_int_equal(start.flags, start_flags(r));
}

/* Bit 0 of an AArch32 caller's entry selects T32 and is not part of the address (6.4.3.5). */
static void thumb_entry(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_A | 1,
		   CONTEXT_A);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	if (caller_is_32(r)) {
		assert_int_equal(r->check_ipa, ENTRY_A);
		assert_int_equal(start.entry, ENTRY_A);
		assert_int_equal(start.flags, TORPOR_AARCH32 | TORPOR_THUMB);
	} else {
		assert_int_equal(start.entry, ENTRY_A | 1);
		assert_int_equal(start.flags, 0);
	}
}

/* A CPU that is on, in whatever it does, is ALREADY_ON (5.6.2, 6.6); 0.1 has no such code. */
static void already_on(struct rig *r)
{
	int64_t want = r->version == V01 ? TORPOR_RET_INVALID_PARAMETERS : TORPOR_RET_ALREADY_ON;
	struct torpor_start start;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 2, S_DOWN);
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		struct visible *before = look(r);

		assert_ret(r, want, 0, TORPOR_FN_CPU_ON, mpidr_of(r, cpu), ENTRY_B + 4, 99);
		assert_unchanged(r, before);
		assert_int_equal(torpor_cpu_take(&r->machine, cpu, &start), TORPOR_E_STATE);
	}
	assert_int_equal(r->start_count, 2);
}

/* The second of two calls is ON_PENDING, and the first one's entry stands (5.6.2, 6.6). */
static void on_pending(struct rig *r)
{
	int64_t want = r->version == V01 ? TORPOR_RET_INVALID_PARAMETERS : TORPOR_RET_ON_PENDING;
	struct torpor_start start;
	struct visible *before;

	rig_up(r);
	cpu_pend(r, 0, 1);
	before = look(r);
	assert_ret(r, want, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_B, CONTEXT_B);
	assert_unchanged(r, before);
	assert_int_equal(r->start_count, 1);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	assert_int_equal(start.entry, ENTRY_A);
}

/*
 * An entry known to be bad is refused before anything changes: INVALID_ADDRESS, and before 1.0
 * INVALID_PARAMETERS (5.6.2).
 */
static void bad_entry_changes_nothing(struct rig *r)
{
	int64_t want =
		r->version < V10 ? TORPOR_RET_INVALID_PARAMETERS : TORPOR_RET_INVALID_ADDRESS;
	struct visible *before;

	rig_up(r);
	before = look(r);
	assert_ret(r, want, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_BAD, CONTEXT_A);
	assert_unchanged(r, before);
	assert_int_equal(r->start_count, 0);
	cpu_on(r, 0, 1);
}

/* Without the op any address will do. */
static void any_entry_without_the_op(struct rig *r)
{
	r->port.check_entry = NULL;
	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_BAD, 0);
}

/* No such MPIDR, or bits outside the affinity fields: INVALID_PARAMETERS (5.1.4, 5.6.2). */
static void invalid_mpidr(struct rig *r)
{
	static const uint64_t bad[] = {0x2,	   0x200,      0x10000,	   0x1000000, 0x80000000,
				       0x80000001, 0x40000001, 0x01000001, 0xffffff,  0xffffffff};
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_ON, bad[i], ENTRY_A,
			   0);
	}
	assert_unchanged(r, before);
	assert_int_equal(r->start_count, 0);
	assert_int_equal(r->allow_count, 0);
}

/* SMC64: bits 63:40 and 31:24 must be zero, each of them (5.1.4). */
static void stray_bits_of_a_wide_mpidr(struct rig *r)
{
	rig_up(r);
	for (unsigned int bit = 24; bit < 64; bit++) {
		assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_ON,
			   mpidr_of(r, 1) | UINT64_C(1) << bit, ENTRY_A, 0);
	}
	assert_int_equal(r->start_count, 0);
}

/* Policy: DENIED at 0.1 and from 1.2 on, INTERNAL_FAILURE between (5.6.2). */
static void refused_by_policy(struct rig *r)
{
	bool denied = r->version == V01 || r->version >= V12;
	struct visible *before;

	r->allow_status = TORPOR_E_REFUSED;
	rig_up(r);
	before = look(r);
	assert_ret(r, denied ? TORPOR_RET_DENIED : TORPOR_RET_INTERNAL_FAILURE, 0, TORPOR_FN_CPU_ON,
		   mpidr_of(r, 3), ENTRY_A, 0);
	assert_int_equal(r->allow_count, 1);
	assert_int_equal(r->allow_cpu, 3);
	assert_int_equal(r->start_count, 0);
	assert_unchanged(r, before);
	r->allow_status = TORPOR_OK;
	cpu_on(r, 0, 3);
}

/* No policy op: each CPU can be had. */
static void no_policy(struct rig *r)
{
	r->port.allow_cpu_on = NULL;
	rig_up(r);
	cpu_on(r, 0, 3);
}

/* A CPU that could not be woken: INTERNAL_FAILURE, and it is off as before (5.6.2). */
static void start_op_fails(struct rig *r)
{
	struct torpor_start start;
	struct visible *before;

	r->start_status = TORPOR_E_FAILED;
	rig_up(r);
	before = look(r);
	if (r->version == V01) {
		int64_t code = ret(r, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_A, 0);

		assert_in_range(-code, -TORPOR_RET_NOT_SUPPORTED, -TORPOR_RET_DENIED);
	} else {
		assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1),
			   ENTRY_A, 0);
	}
	assert_int_equal(r->start_count, 1);
	assert_unchanged(r, before);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_E_STATE);
	r->start_status = TORPOR_OK;
	cpu_on(r, 0, 1);
}

/* A CPU disabled for physical reasons can't be powered up: INTERNAL_FAILURE (5.6.2). */
static void disabled_cpu(struct rig *r)
{
	struct visible *before;

	r->cpu_configs[1].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	before = look(r);
	if (r->version == V01) {
		int64_t code = ret(r, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_A, 0);

		assert_in_range(-code, -TORPOR_RET_NOT_SUPPORTED, -TORPOR_RET_DENIED);
	} else {
		assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1),
			   ENTRY_A, 0);
	}
	assert_unchanged(r, before);
	assert_int_equal(r->start_count, 0);
}

/* CPU_OFF is undone by CPU_ON, at a new entry, any number of times (5.5.1). */
static void on_off_on(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	for (uint64_t i = 0; i < 100; i++) {
		assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1),
			   ENTRY_A + 4 * i, i);
		assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
		assert_start(&start, ENTRY_A + 4 * i, i, start_flags(r));
		cpu_off(r, 1);
		assert_cpus_on(r, 1);
	}
}

/* Any CPU can be started by any other, the boot CPU too. */
static void boot_cpu_by_another(struct rig *r)
{
	r->config.boot_cpu = 2;
	rig_up(r);
	assert_state(r, 2, TORPOR_CPU_ON);
	cpu_on(r, 2, 0);
	cpu_off(r, 2);
	cpu_on(r, 0, 2);
	assert_cpus_on(r, 2);
}

/* FROZEN: CPU_ON is how it gets back to work, at the new entry (5.17.1, 5.17.3). */
static void restarts_a_frozen_cpu(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	assert_cpus_on(r, 2);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_E_STATE);
	r->start_count = 0;
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_B, CONTEXT_B);
	assert_int_equal(r->start_count, 1);
	assert_state(r, 1, TORPOR_CPU_ON_PENDING);
	assert_cpus_on(r, 2);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	assert_start(&start, ENTRY_B, CONTEXT_B, start_flags(r));
	assert_cpus_on(r, 2);
}

/* Where a frozen CPU can't be restarted it stays frozen, and on. */
static void frozen_cpu_stays_frozen_on_failure(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	before = look(r);
	r->start_status = TORPOR_E_FAILED;
	assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_B, 0);
	assert_unchanged(r, before);
	assert_state(r, 1, TORPOR_CPU_FROZEN);
	r->start_status = TORPOR_OK;
	cpu_on(r, 0, 1);
	assert_cpus_on(r, 2);
}

static const struct rig_case cases[] = {
	CASE(goes_off_pending_on, V01, V13, EACH_WAY),
	CASE(hands_entry_and_context_over, V02, V13, EACH_WAY),
	CASE(entry_is_as_wide_as_the_caller_at_0_1, V01, V01, NATIVE),
	CASE(carries_endianness, V01, V13, EACH_WAY),
	CASE(thumb_entry, V01, V13, EACH_WAY),
	CASE(already_on, V01, V13, EACH_WAY),
	CASE(on_pending, V01, V13, EACH_WAY),
	CASE(bad_entry_changes_nothing, V01, V13, EACH_WAY),
	CASE(any_entry_without_the_op, V01, V13, EACH_WAY),
	CASE(invalid_mpidr, V01, V13, EACH_WAY),
	CASE(stray_bits_of_a_wide_mpidr, V01, V13, ONCE),
	CASE(refused_by_policy, V01, V13, EACH_WAY),
	CASE(no_policy, V01, V13, EACH_WAY),
	CASE(start_op_fails, V01, V13, EACH_WAY),
	CASE(disabled_cpu, V01, V13, EACH_WAY),
	CASE(on_off_on, V02, V13, EACH_WAY),
	CASE(boot_cpu_by_another, V01, V13, EACH_WAY),
	CASE(restarts_a_frozen_cpu, V10, V13, EACH_WAY),
	CASE(frozen_cpu_stays_frozen_on_failure, V10, V13, EACH_WAY),
};
RIG_MAIN(cases)
