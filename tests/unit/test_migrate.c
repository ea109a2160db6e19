/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

static void movable(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	r->config.trusted_os_cpu = 1;
	rig_up(r);
	cpu_on(r, 0, 1);
}

static void fixed(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	r->config.trusted_os_cpu = 1;
	rig_up(r);
	cpu_on(r, 0, 1);
}

/* The type is what the machine was set up with (5.1.7, 5.9.1). */
static void type_is_as_configured(struct rig *r)
{
	static const uint32_t kinds[] = {TORPOR_TRUSTED_OS_UP_MIGRATE,
					 TORPOR_TRUSTED_OS_UP_NO_MIGRATE, TORPOR_TRUSTED_OS_NONE};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		rig_default(r, r->version, r->way);
		r->config.trusted_os = kinds[i];
		rig_up(r);
		assert_ret(r, (int64_t)kinds[i], 0, TORPOR_FN_MIGRATE_INFO_TYPE, 0, 0, 0);
	}
}

/* It may be absent too, and then all three are (5.1.7). */
static void no_info(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_NO_INFO;
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MIGRATE_INFO_TYPE, 0, 0, 0);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

/* Nothing to migrate: MIGRATE is NOT_SUPPORTED and has no other effect (5.9.1). */
static void nothing_to_migrate(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	assert_int_equal(r->migrate_count, 0);
	assert_unchanged(r, before);
}

/* MIGRATE_INFO_UP_CPU names the resident CPU, to any caller (5.9.1, 5.9.3). */
static void up_cpu_is_the_resident_one(struct rig *r)
{
	movable(r);
	assert_ret(r, (int64_t)mpidr_of(r, 1), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
	assert_ret(r, (int64_t)mpidr_of(r, 1), 1, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

static void up_cpu_of_a_fixed_one(struct rig *r)
{
	fixed(r);
	assert_ret(r, (int64_t)mpidr_of(r, 1), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

/* A wide call can name a CPU with Aff3 (5.1.8). */
static void up_cpu_with_aff3(struct rig *r)
{
	r->cpu_configs[1].mpidr = UINT64_C(0x0300000001);
	movable(r);
	assert_ret(r, INT64_C(0x0300000001), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

/* From the resident CPU it moves; CPU_OFF is then free here and denied there (Table 9). */
static void moves(struct rig *r)
{
	movable(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 1, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	assert_int_equal(r->migrate_count, 1);
	assert_int_equal(r->migrate_from, 1);
	assert_int_equal(r->migrate_to, 0);
	assert_ret(r, TORPOR_RET_DENIED, 0, TORPOR_FN_CPU_OFF, 0, 0, 0);
	cpu_off(r, 1);
	if (r->version > V01) {
		assert_ret(r, (int64_t)mpidr_of(r, 0), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
		assert_ret(r, 0, 0, TORPOR_FN_MIGRATE_INFO_TYPE, 0, 0, 0);
	}
}

/* Not the resident CPU: NOT_PRESENT (5.8.2), a code that 0.1 does not have. */
static void from_another_cpu(struct rig *r)
{
	movable(r);
	if (r->version == V01) {
		int64_t code = ret(r, 0, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);

		assert_in_range(-code, -TORPOR_RET_NOT_SUPPORTED, -TORPOR_RET_DENIED);
	} else {
		assert_ret(r, TORPOR_RET_NOT_PRESENT, 0, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	}
	assert_int_equal(r->migrate_count, 0);
}

/* No such CPU: INVALID_PARAMETERS (5.8.2). */
static void invalid_mpidr(struct rig *r)
{
	movable(r);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 1, TORPOR_FN_MIGRATE, 0x200, 0, 0);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 1, TORPOR_FN_MIGRATE, 0x01000000, 0, 0);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 1, TORPOR_FN_MIGRATE, 0x80000000, 0, 0);
	assert_int_equal(r->migrate_count, 0);
}

/* A fixed Trusted OS: DENIED (5.9.1, Table 9). */
static void fixed_is_denied(struct rig *r)
{
	fixed(r);
	assert_ret(r, TORPOR_RET_DENIED, 1, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	assert_int_equal(r->migrate_count, 0);
	assert_ret(r, TORPOR_RET_DENIED, 1, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

/* The target is not awake: INTERNAL_FAILURE, and it stays where it was (5.8.2). */
static void target_is_off(struct rig *r)
{
	movable(r);
	if (r->version == V01) {
		int64_t code = ret(r, 1, TORPOR_FN_MIGRATE, mpidr_of(r, 3), 0, 0);

		assert_in_range(-code, -TORPOR_RET_NOT_SUPPORTED, -TORPOR_RET_DENIED);
		return;
	}
	assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 1, TORPOR_FN_MIGRATE, mpidr_of(r, 3), 0, 0);
	assert_ret(r, (int64_t)mpidr_of(r, 1), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

/* The embedder could not: INTERNAL_FAILURE, and it stays where it was (5.8.2). */
static void op_fails(struct rig *r)
{
	movable(r);
	r->migrate_status = TORPOR_E_FAILED;
	assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 1, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	assert_int_equal(r->migrate_count, 1);
	assert_ret(r, (int64_t)mpidr_of(r, 1), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
	assert_ret(r, TORPOR_RET_DENIED, 1, TORPOR_FN_CPU_OFF, 0, 0, 0);
	cpu_off(r, 0);
}

/* A reset brings it back to the CPU where it was set up. */
static void reset_brings_it_back(struct rig *r)
{
	movable(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 1, TORPOR_FN_MIGRATE, mpidr_of(r, 0), 0, 0);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_ret(r, (int64_t)mpidr_of(r, 1), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
}

static const struct rig_case cases[] = {
	CASE(type_is_as_configured, V02, V13, EACH_WAY),
	CASE(no_info, V02, V13, EACH_WAY),
	CASE(nothing_to_migrate, V01, V13, EACH_WAY),
	CASE(up_cpu_is_the_resident_one, V02, V13, EACH_WAY),
	CASE(up_cpu_of_a_fixed_one, V02, V13, EACH_WAY),
	CASE(up_cpu_with_aff3, V02, V13, ONCE),
	CASE(moves, V01, V13, EACH_WAY),
	CASE(from_another_cpu, V01, V13, EACH_WAY),
	CASE(invalid_mpidr, V01, V13, EACH_WAY),
	CASE(fixed_is_denied, V01, V13, EACH_WAY),
	CASE(target_is_off, V01, V13, EACH_WAY),
	CASE(op_fails, V02, V13, EACH_WAY),
	CASE(reset_brings_it_back, V02, V13, EACH_WAY),
};
RIG_MAIN(cases)
