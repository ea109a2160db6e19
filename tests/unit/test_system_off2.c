/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* Types 0 and 1 are both HIBERNATE_OFF, from each CPU; it does not return (5.1.10, 5.11.3). */
static void types_0_and_1_hibernate(struct rig *r)
{
	for (uint32_t type = 0; type <= 1; type++) {
		for (uint32_t cpu = 0; cpu < RIG_CPUS; cpu++) {
			rig_default(r, r->version, r->way);
			rig_up(r);
			if (cpu) {
				cpu_on(r, 0, cpu);
			}
			assert_act(r, TORPOR_MACHINE_HIBERNATED, cpu, TORPOR_FN_SYSTEM_OFF2, type,
				   0, 0);
			assert_mode(r, TORPOR_MODE_HIBERNATED);
		}
	}
}

/* One type only, and bit 31 is reserved: all else is INVALID_PARAMETERS (5.1.10, 5.11.3). */
static void other_types(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_OFF2, 3, 0, 0);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_OFF2, 0xffffffff, 0, 0);
	for (unsigned int bit = 1; bit < 32; bit++) {
		uint32_t type = UINT32_C(1) << bit;

		assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_OFF2, type, 0, 0);
		assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_OFF2, type | 1, 0,
			   0);
	}
	assert_unchanged(r, before);
}

/* The cookie must be zero, every bit that the call's width has (5.1.10). */
static void cookie_must_be_zero(struct rig *r)
{
	unsigned int bits = r->way == WAY_A64_SMC64 ? 64 : 32;
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (unsigned int bit = 0; bit < bits; bit++) {
		for (uint32_t type = 0; type <= 1; type++) {
			assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_OFF2, type,
				   UINT64_C(1) << bit, 0);
		}
	}
	assert_unchanged(r, before);
}

/* type is a uint32 in both forms: the upper half is not looked at (5.1.10). */
static void type_is_32_bits_wide(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_MACHINE_HIBERNATED, 0, TORPOR_FN_SYSTEM_OFF2,
		   UINT64_C(0xffffffff00000001), 0, 0);
}

/* x3 is no argument of it (5.1.10). */
static void x3_is_ignored(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_MACHINE_HIBERNATED, 0, TORPOR_FN_SYSTEM_OFF2, 0, 0, UINT64_MAX);
}

/* The following start is a cold boot (5.11.1). */
static void next_start_is_a_cold_boot(struct rig *r)
{
	struct visible *fresh;

	rig_up(r);
	fresh = look(r);
	cpu_on(r, 0, 1);
	assert_act(r, TORPOR_MACHINE_HIBERNATED, 1, TORPOR_FN_SYSTEM_OFF2, 0, 0, 0);
	assert_act(r, TORPOR_PARK, 0, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
	assert_mode(r, TORPOR_MODE_HIBERNATED);
	assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_OFF), TORPOR_E_STATE);
	assert_mode(r, TORPOR_MODE_HIBERNATED);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_unchanged(r, fresh);
}

/* Absent, before 1.3 or without its flag: NOT_SUPPORTED, whatever the arguments (5.11.2). */
static void absent(struct rig *r)
{
	if (r->version >= V13) {
		r->config.flags &= ~TORPOR_F_SYSTEM_OFF2;
	}
	rig_up(r);
	for (uint32_t type = 0; type < 3; type++) {
		assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_SYSTEM_OFF2, type, 0, 0);
	}
	assert_mode(r, TORPOR_MODE_RUNNING);
}

static const struct rig_case cases[] = {
	CASE(types_0_and_1_hibernate, V13, V13, EACH_WAY),
	CASE(other_types, V13, V13, EACH_WAY),
	CASE(cookie_must_be_zero, V13, V13, EACH_WAY),
	CASE(type_is_32_bits_wide, V13, V13, ONCE),
	CASE(x3_is_ignored, V13, V13, EACH_WAY),
	CASE(next_start_is_a_cold_boot, V13, V13, EACH_WAY),
	CASE(absent, V01, V13, EACH_WAY),
};
RIG_MAIN(cases)
