/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which function exists where: the call and PSCI_FEATURES say the same (5.3.2, 5.16, Table 17).
 * What is expected here is written down from the standard's Table 17 and its prototypes.
 */
#include "fixture.h"
#include <stdio.h>

/* What a function needs from the embedder, and how to take it away. */
enum means {
	ALWAYS,
	NEEDS_UP_TRUSTED_OS,
	NEEDS_INFO,
	NEEDS_FLAG,
	NEEDS_OSI,
	NEEDS_HW_STATE,
	NEEDS_STATS,
	NEEDS_MEM_PROTECT,
};

struct function {
	enum torpor_fn fn;
	const char *name;
	uint32_t since;
	bool wide;
	enum means means;
	uint32_t flag;
	uint32_t args;
};

static const struct function functions[] = {
	{TORPOR_FN_PSCI_VERSION, "PSCI_VERSION", V02, false, ALWAYS, 0, 0},
	{TORPOR_FN_CPU_SUSPEND, "CPU_SUSPEND", V02, true, ALWAYS, 0, 3},
	{TORPOR_FN_CPU_OFF, "CPU_OFF", V02, false, ALWAYS, 0, 0},
	{TORPOR_FN_CPU_ON, "CPU_ON", V02, true, ALWAYS, 0, 3},
	{TORPOR_FN_AFFINITY_INFO, "AFFINITY_INFO", V02, true, ALWAYS, 0, 2},
	{TORPOR_FN_MIGRATE, "MIGRATE", V02, true, NEEDS_UP_TRUSTED_OS, 0, 1},
	{TORPOR_FN_MIGRATE_INFO_TYPE, "MIGRATE_INFO_TYPE", V02, false, NEEDS_INFO, 0, 0},
	{TORPOR_FN_MIGRATE_INFO_UP_CPU, "MIGRATE_INFO_UP_CPU", V02, true, NEEDS_UP_TRUSTED_OS, 0,
	 0},
	{TORPOR_FN_SYSTEM_OFF, "SYSTEM_OFF", V02, false, ALWAYS, 0, 0},
	{TORPOR_FN_SYSTEM_RESET, "SYSTEM_RESET", V02, false, ALWAYS, 0, 0},
	{TORPOR_FN_PSCI_FEATURES, "PSCI_FEATURES", V10, false, ALWAYS, 0, 1},
	{TORPOR_FN_CPU_FREEZE, "CPU_FREEZE", V10, false, NEEDS_FLAG, TORPOR_F_CPU_FREEZE, 0},
	{TORPOR_FN_CPU_DEFAULT_SUSPEND, "CPU_DEFAULT_SUSPEND", V10, true, NEEDS_FLAG,
	 TORPOR_F_CPU_DEFAULT_SUSPEND, 2},
	{TORPOR_FN_NODE_HW_STATE, "NODE_HW_STATE", V10, true, NEEDS_HW_STATE, 0, 2},
	{TORPOR_FN_SYSTEM_SUSPEND, "SYSTEM_SUSPEND", V10, true, NEEDS_FLAG, TORPOR_F_SYSTEM_SUSPEND,
	 2},
	{TORPOR_FN_PSCI_SET_SUSPEND_MODE, "PSCI_SET_SUSPEND_MODE", V10, false, NEEDS_OSI,
	 TORPOR_F_OS_INITIATED, 1},
	{TORPOR_FN_PSCI_STAT_RESIDENCY, "PSCI_STAT_RESIDENCY", V10, true, NEEDS_STATS, 0, 2},
	{TORPOR_FN_PSCI_STAT_COUNT, "PSCI_STAT_COUNT", V10, true, NEEDS_STATS, 0, 2},
	{TORPOR_FN_SYSTEM_RESET2, "SYSTEM_RESET2", V11, true, NEEDS_FLAG, TORPOR_F_SYSTEM_RESET2,
	 2},
	{TORPOR_FN_MEM_PROTECT, "MEM_PROTECT", V11, false, NEEDS_MEM_PROTECT, 0, 1},
	{TORPOR_FN_MEM_PROTECT_CHECK_RANGE, "MEM_PROTECT_CHECK_RANGE", V11, true, NEEDS_MEM_PROTECT,
	 0, 2},
	{TORPOR_FN_SYSTEM_OFF2, "SYSTEM_OFF2", V13, true, NEEDS_FLAG, TORPOR_F_SYSTEM_OFF2, 2},
};
#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

/* Everything there is, the Trusted OS included. */
static void give_all(struct rig *r)
{
	rig_default(r, r->version, r->way);
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	r->config.trusted_os_cpu = 3;
}

static void take_away(struct rig *r, const struct function *f)
{
	switch (f->means) {
	case ALWAYS:
		break;
	case NEEDS_UP_TRUSTED_OS:
		r->config.trusted_os = TORPOR_TRUSTED_OS_NONE;
		break;
	case NEEDS_INFO:
		r->config.trusted_os = TORPOR_TRUSTED_OS_NO_INFO;
		break;
	case NEEDS_FLAG:
	case NEEDS_OSI:
		r->config.flags &= ~f->flag;
		break;
	case NEEDS_HW_STATE:
		r->port.node_hw_state = NULL;
		break;
	case NEEDS_STATS:
		r->port.now_us = NULL;
		break;
	case NEEDS_MEM_PROTECT:
		r->port.mem_protect_range = NULL;
		break;
	}
}

/* The argument is an id that PSCI_FEATURES knows; the others take it or refuse it. */
static int64_t call_of(struct rig *r, const struct function *f, bool wide)
{
	uint32_t id = wide ? TORPOR_FN64(f->fn) : TORPOR_FN32(f->fn);

	if (call_raw(r, 0, id, caller_is_32(r) ? TORPOR_AARCH32 : 0, TORPOR_FN32_BASE, ENTRY_BAD,
		     1) != TORPOR_RESUME) {
		return 0;
	}
	return returned(r, wide);
}

static int64_t feature_of(struct rig *r, uint32_t id)
{
	return ret(r, 0, TORPOR_FN_PSCI_FEATURES, id, 0, 0);
}

static bool implemented(const struct rig *r, const struct function *f, bool wide, bool given)
{
	return r->version >= f->since && given && (!wide || f->wide);
}

/* One cell of the matrix: the call, and PSCI_FEATURES where there is one. */
static void check_cell(struct rig *r, const struct function *f, bool wide, bool given)
{
	bool there = implemented(r, f, wide, given);
	uint32_t id = wide ? TORPOR_FN64(f->fn) : TORPOR_FN32(f->fn);
	int64_t flags = there ? (f->fn == TORPOR_FN_CPU_SUSPEND || f->fn == TORPOR_FN_SYSTEM_OFF2)
			      : TORPOR_RET_NOT_SUPPORTED;
	int64_t code;

	rig_up(r);
	if (r->version >= V10 && feature_of(r, id) != flags) {
		fail_msg("PSCI_FEATURES of %s, wide %d, given %d", f->name, wide, given);
	}
	/* At 0.2 a function called in the wrong width is INVALID_PARAMETERS: test_returns.c. */
	if (r->version < V10 && there && f->wide && wide == caller_is_32(r)) {
		return;
	}
	code = call_of(r, f, wide);
	if ((code == TORPOR_RET_NOT_SUPPORTED) == there) {
		fail_msg("%s, wide %d, given %d: %lld", f->name, wide, given, (long long)code);
	}
}

/* Each function, with its means and without, in both widths (5.3.2, Table 17). */
static void existence_matrix(struct rig *r)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		const struct function *f = &functions[i];

		for (int wide = 0; wide <= (caller_is_32(r) ? 0 : 1); wide++) {
			give_all(r);
			check_cell(r, f, wide, true);
			if (f->means != ALWAYS) {
				give_all(r);
				take_away(r, f);
				check_cell(r, f, wide, false);
			}
		}
	}
}

/* Functions that go in pairs: either both or neither (5.14.3, 5.15.3, 5.22.2, Table 17). */
static void pairs(struct rig *r)
{
	for (int half = 0; half < 2; half++) {
		give_all(r);
		if (half) {
			r->port.mem_protect = NULL;
		} else {
			r->port.mem_protect_range = NULL;
		}
		rig_up(r);
		assert_int_equal(feature_of(r, TORPOR_FN32(TORPOR_FN_MEM_PROTECT)), -1);
		assert_int_equal(feature_of(r, TORPOR_FN32(TORPOR_FN_MEM_PROTECT_CHECK_RANGE)), -1);
		assert_ret(r, -1, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
		assert_ret(r, -1, 0, TORPOR_FN_MEM_PROTECT_CHECK_RANGE, 0, 0, 0);
		assert_int_equal(r->protect_count + r->range_count, 0);
	}
}

/* Statistics need a clock, the states and the memory; without one of them there are none. */
static void statistics_need_all_their_means(struct rig *r)
{
	for (int lack = 0; lack < 2; lack++) {
		give_all(r);
		r->config.flags &= ~TORPOR_F_OS_INITIATED;
		if (lack == 0) {
			r->port.now_us = NULL;
		} else {
			r->config.state_count = 0;
			r->config.off_state = TORPOR_STATE_NONE;
			r->config.freeze_state = TORPOR_STATE_NONE;
			r->config.default_state = TORPOR_STATE_NONE;
			r->config.suspend_state = TORPOR_STATE_NONE;
		}
		rig_up(r);
		assert_int_equal(feature_of(r, TORPOR_FN32(TORPOR_FN_PSCI_STAT_COUNT)), -1);
		assert_int_equal(feature_of(r, TORPOR_FN32(TORPOR_FN_PSCI_STAT_RESIDENCY)), -1);
		assert_ret(r, -1, 0, TORPOR_FN_PSCI_STAT_COUNT, 0, 0x10003, 0);
		assert_ret(r, -1, 0, TORPOR_FN_PSCI_STAT_RESIDENCY, 0, 0x10003, 0);
	}
}

/* MIGRATE answers where there is a UP Trusted OS, DENIED by a fixed one, so it is there (5.9.1). */
static void migrate_of_a_fixed_trusted_os_is_there(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	rig_up(r);
	assert_ret(r, TORPOR_RET_DENIED, 0, TORPOR_FN_MIGRATE, mpidr_of(r, 1), 0, 0);
	assert_int_equal(feature_of(r, id_of(r, TORPOR_FN_MIGRATE)), 0);
	assert_int_equal(feature_of(r, id_of(r, TORPOR_FN_MIGRATE_INFO_UP_CPU)), 0);
}

/* CPU_SUSPEND's flags: bit 1 the format, bit 0 OS-initiated mode (Table 11). */
static void flags_of_cpu_suspend(struct rig *r)
{
	for (unsigned int extended = 0; extended < 2; extended++) {
		for (unsigned int osi = 0; osi < 2; osi++) {
			rig_default(r, r->version, r->way);
			r->config.state_count = 0;
			r->config.off_state = TORPOR_STATE_NONE;
			r->config.freeze_state = TORPOR_STATE_NONE;
			r->config.default_state = TORPOR_STATE_NONE;
			r->config.suspend_state = TORPOR_STATE_NONE;
			r->config.flags &= ~TORPOR_F_OS_INITIATED;
			r->config.flags |= extended ? TORPOR_F_EXTENDED_STATE_ID : 0;
			if (osi) {
				r->config.flags |= TORPOR_F_OS_INITIATED;
				r->config.state_count = 1;
				r->states[0].power_state = 1;
			}
			rig_up(r);
			assert_int_equal(feature_of(r, TORPOR_FN32(TORPOR_FN_CPU_SUSPEND)),
					 extended << 1 | osi);
		}
	}
}

/* SYSTEM_OFF2's flags are the types that it takes: HIBERNATE_OFF alone (Table 11). */
static void flags_of_system_off2(struct rig *r)
{
	rig_up(r);
	assert_int_equal(feature_of(r, TORPOR_FN32(TORPOR_FN_SYSTEM_OFF2)), 1);
	if (!caller_is_32(r)) {
		assert_int_equal(feature_of(r, TORPOR_FN64(TORPOR_FN_SYSTEM_OFF2)), 1);
	}
}

/* SMCCC_VERSION can be asked about, and is there if the embedder says so (5.16.1, 5.16.2). */
static void smccc_version(struct rig *r)
{
	rig_up(r);
	assert_int_equal(feature_of(r, TORPOR_SMCCC_VERSION), 0);
	rig_default(r, r->version, r->way);
	r->config.flags &= ~TORPOR_F_SMCCC_VERSION;
	rig_up(r);
	assert_int_equal(feature_of(r, TORPOR_SMCCC_VERSION), TORPOR_RET_NOT_SUPPORTED);
}

/* Ids that are no function of PSCI: NOT_SUPPORTED (5.16.1). */
static void features_of_other_ids(struct rig *r)
{
	static const uint32_t ids[] = {0,	   1,	       0x80000001, 0x84000016, 0x8400001f,
				       0x84000020, 0xc400001f, 0xc4000020, 0xc0000000, 0x84000100,
				       0x04000000, 0x44000003, 0xffffffff, 0x95c1ba60, 0x86000000,
				       0xc4000016, 0x84000017, 0x83000000, 0x85000000};

	rig_up(r);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(feature_of(r, ids[i]), TORPOR_RET_NOT_SUPPORTED);
	}
}

/* FEATURES may tell an AArch32 caller of SMC64 ids the flags or NOT_SUPPORTED (5.16.2). */
static void features_of_wide_ids_for_aarch32(struct rig *r)
{
	rig_up(r);
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		int64_t narrow = feature_of(r, TORPOR_FN32(functions[i].fn));
		int64_t wide = feature_of(r, TORPOR_FN64(functions[i].fn));

		assert_true(wide == TORPOR_RET_NOT_SUPPORTED ||
			    (functions[i].wide && wide == narrow));
	}
}

/* psci_func_id is 32 bits wide: rubbish above it is not looked at (5.1.15). */
static void id_is_32_bits_wide(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN32(TORPOR_FN_PSCI_FEATURES), 0,
				  UINT64_C(0x1234567884000003), 0, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], 0);
}

/* How many arguments each function reads: as many as its prototype has (5.1). */
static void argument_counts(struct rig *r)
{
	give_all(r);
	rig_up(r);
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		const struct function *f = &functions[i];

		if (!implemented(r, f, false, true)) {
			continue;
		}
		assert_int_equal(torpor_call_args(&r->machine, TORPOR_FN32(f->fn)), f->args);
		if (f->wide) {
			assert_int_equal(torpor_call_args(&r->machine, TORPOR_FN64(f->fn)),
					 f->args);
		}
	}
	for (uint64_t id = 0; id <= UINT32_MAX; id += 0x00100001) {
		assert_in_range(torpor_call_args(&r->machine, (uint32_t)id), 0, 3);
	}
}

static const struct rig_case cases[] = {
	CASE(existence_matrix, V02, V13, NATIVE),
	CASE(pairs, V11, V13, EACH_WAY),
	CASE(statistics_need_all_their_means, V10, V13, EACH_WAY),
	CASE(migrate_of_a_fixed_trusted_os_is_there, V10, V13, EACH_WAY),
	CASE(flags_of_cpu_suspend, V10, V13, EACH_WAY),
	CASE(flags_of_system_off2, V13, V13, EACH_WAY),
	CASE(smccc_version, V10, V13, EACH_WAY),
	CASE(features_of_other_ids, V10, V13, EACH_WAY),
	CASE(features_of_wide_ids_for_aarch32, V10, V13, NATIVE),
	CASE(id_is_32_bits_wide, V10, V13, ONCE),
	CASE(argument_counts, V02, V13, ONCE),
};
RIG_MAIN(cases)
