/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

static int64_t info(struct rig *r, uint64_t affinity, uint64_t level)
{
	return ret(r, 0, TORPOR_FN_AFFINITY_INFO, affinity, level, 0);
}

/* OFF, ON_PENDING, ON, and OFF again (5.7.1, 6.6). */
static void follows_a_cpu(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	assert_int_equal(info(r, mpidr_of(r, 0), 0), TORPOR_AFFINITY_ON);
	assert_int_equal(info(r, mpidr_of(r, 3), 0), TORPOR_AFFINITY_OFF);
	cpu_pend(r, 0, 3);
	assert_int_equal(info(r, mpidr_of(r, 3), 0), TORPOR_AFFINITY_ON_PENDING);
	assert_int_equal(torpor_cpu_take(&r->machine, 3, &start), TORPOR_OK);
	assert_int_equal(info(r, mpidr_of(r, 3), 0), TORPOR_AFFINITY_ON);
	cpu_off(r, 3);
	assert_int_equal(info(r, mpidr_of(r, 3), 0), TORPOR_AFFINITY_OFF);
}

/* In CPU_SUSPEND a CPU is ON (5.7.1). */
static void suspended_cpu_is_on(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(info(r, mpidr_of(r, 1), 0), TORPOR_AFFINITY_ON);
}

/* A frozen CPU has not called CPU_OFF: ON (5.7.1). */
static void frozen_cpu_is_on(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	assert_int_equal(info(r, mpidr_of(r, 1), 0), TORPOR_AFFINITY_ON);
}

/* DISABLED (5.7.1, 5.7.2). */
static void disabled_cpu(struct rig *r)
{
	r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	assert_int_equal(info(r, mpidr_of(r, 3), 0), TORPOR_RET_DISABLED);
	/* An instance with one good CPU is not disabled. */
	assert_int_equal(info(r, 0x100, 1), TORPOR_AFFINITY_OFF);
}

/* An instance of which every CPU is disabled is disabled (5.7.2). */
static void disabled_cluster(struct rig *r)
{
	r->cpu_configs[2].flags = TORPOR_CPU_FLAG_DISABLED;
	r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	assert_int_equal(info(r, 0x100, 1), TORPOR_RET_DISABLED);
	assert_int_equal(info(r, 0, 2), TORPOR_AFFINITY_ON);
}

/* Levels above 0: one ON is ON, else one pending is ON_PENDING, else OFF (5.7.1). */
static void higher_levels(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	for (uint64_t level = 1; level <= 3; level++) {
		assert_int_equal(info(r, 0, level), TORPOR_AFFINITY_ON);
	}
	assert_int_equal(info(r, 0x100, 1), TORPOR_AFFINITY_OFF);
	cpu_pend(r, 0, 3);
	assert_int_equal(info(r, 0x100, 1), TORPOR_AFFINITY_ON_PENDING);
	cpu_pend(r, 0, 2);
	assert_int_equal(info(r, 0x100, 1), TORPOR_AFFINITY_ON_PENDING);
	assert_int_equal(torpor_cpu_take(&r->machine, 2, &start), TORPOR_OK);
	assert_int_equal(info(r, 0x100, 1), TORPOR_AFFINITY_ON);
	assert_int_equal(info(r, 0, 2), TORPOR_AFFINITY_ON);
}

/* Fields below the level are ignored, whatever they hold (5.1.5). */
static void ignores_lower_fields(struct rig *r)
{
	rig_up(r);
	assert_int_equal(info(r, 0x1ff, 1), TORPOR_AFFINITY_OFF);
	assert_int_equal(info(r, 0x0ff, 1), TORPOR_AFFINITY_ON);
	assert_int_equal(info(r, 0x00ffff, 2), TORPOR_AFFINITY_ON);
	assert_int_equal(info(r, 0xffffff, 3), TORPOR_AFFINITY_ON);
	assert_int_equal(info(r, 0x0ff, 0), TORPOR_RET_INVALID_PARAMETERS);
}

/* An instance that does not exist: INVALID_PARAMETERS (5.7.2). */
static void absent_instances(struct rig *r)
{
	rig_up(r);
	assert_int_equal(info(r, 0x002, 0), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(info(r, 0x200, 0), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(info(r, 0x200, 1), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(info(r, 0x10000, 2), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(info(r, 0x10100, 1), TORPOR_RET_INVALID_PARAMETERS);
}

/* Levels above 3 do not exist (5.1.5). */
static void absent_levels(struct rig *r)
{
	static const uint64_t bad[] = {4, 5, 7, 8, 9, 63, 0x80000000, 0xffffffff, 0x100};

	rig_up(r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(info(r, 0, bad[i]), TORPOR_RET_INVALID_PARAMETERS);
	}
}

/* Bits outside the affinity fields are no part of any CPU's name (5.1.4, 5.1.5). */
static void stray_bits(struct rig *r)
{
	rig_up(r);
	for (unsigned int bit = 24; bit < (r->way == WAY_A64_SMC64 ? 64u : 32u); bit++) {
		for (uint64_t level = 0; level <= 3; level++) {
			if (bit >= 32 && bit < 40) {
				continue;
			}
			assert_int_equal(info(r, UINT64_C(1) << bit, level),
					 TORPOR_RET_INVALID_PARAMETERS);
		}
	}
}

/* lowest_affinity_level is a uint32 in both forms: the upper half is not looked at (5.1.5). */
static void level_is_32_bits_wide(struct rig *r)
{
	rig_up(r);
	assert_int_equal(info(r, 0x100, UINT64_C(0xffffffff00000001)), TORPOR_AFFINITY_OFF);
}

/* Aff3 counts: at level 3 it is all that counts, and CPUs that differ in it are apart. */
static void aff3(struct rig *r)
{
	r->cpu_configs[2].mpidr = UINT64_C(0x100000000);
	r->cpu_configs[3].mpidr = UINT64_C(0x100000001);
	rig_up(r);
	assert_int_equal(info(r, UINT64_C(0x100000001), 0), TORPOR_AFFINITY_OFF);
	assert_int_equal(info(r, UINT64_C(0x1ffffffff) & TORPOR_MPIDR_AFFINITY, 3),
			 TORPOR_AFFINITY_OFF);
	assert_int_equal(info(r, 1, 3), TORPOR_AFFINITY_ON);
	assert_int_equal(info(r, UINT64_C(0x200000000), 3), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(info(r, UINT64_C(0x100000100), 1), TORPOR_RET_INVALID_PARAMETERS);
}

/* SMC32 can't name Aff3: what it names has Aff3 zero, not any (5.1.4). */
static void narrow_call_names_aff3_zero(struct rig *r)
{
	r->cpu_configs[2].mpidr = UINT64_C(0x100000002);
	rig_up(r);
	assert_int_equal(info(r, 0x2, 0), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(info(r, 0x1, 0), TORPOR_AFFINITY_OFF);
}

static const struct rig_case cases[] = {
	CASE(follows_a_cpu, V02, V13, EACH_WAY),
	CASE(suspended_cpu_is_on, V02, V13, EACH_WAY),
	CASE(frozen_cpu_is_on, V10, V13, EACH_WAY),
	CASE(disabled_cpu, V02, V13, EACH_WAY),
	CASE(disabled_cluster, V02, V13, EACH_WAY),
	CASE(higher_levels, V02, V13, EACH_WAY),
	CASE(ignores_lower_fields, V02, V13, EACH_WAY),
	CASE(absent_instances, V02, V13, EACH_WAY),
	CASE(absent_levels, V02, V13, EACH_WAY),
	CASE(stray_bits, V02, V13, EACH_WAY),
	CASE(level_is_32_bits_wide, V02, V13, EACH_WAY),
	CASE(aff3, V02, V13, ONCE),
	CASE(narrow_call_names_aff3_zero, V02, V13, EACH_WAY),
};
RIG_MAIN(cases)
