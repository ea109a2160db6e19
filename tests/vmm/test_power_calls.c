/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest gets for its PSCI calls, through the glue: ids, versions, registers read. */
#include "power_rig.h"

#include <string.h>

static const uint32_t versions[] = {V01, V02, V10, V11, V12, V13};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

/* No CPU, no power state, no address and no function is called that. */
#define NOTHING UINT64_MAX
/* A reset of Arm's that there is not; NOTHING would be a vendor's. */
#define NO_RESET_TYPE UINT64_C(0x7FFFFFFF)

/* Calls that do not come back; they have tests of their own. */
static bool never_returns(uint32_t n)
{
	return n == TORPOR_FN_CPU_OFF || n == TORPOR_FN_SYSTEM_OFF || n == TORPOR_FN_SYSTEM_RESET ||
	       n == TORPOR_FN_CPU_FREEZE || n == TORPOR_FN_CPU_DEFAULT_SUSPEND;
}

/* Makes each call of both ranges, with senseless arguments, then one of each side of them. */
struct sweep {
	uint32_t ids[2 * TORPOR_FN_COUNT + POWER_FN_0_1_COUNT];
	size_t count;
	size_t at;
};

static void sweep_init(struct sweep *sweep)
{
	memset(sweep, 0, sizeof(*sweep));
	for (uint32_t n = 0; n < TORPOR_FN_COUNT; n++) {
		if (!never_returns(n)) {
			sweep->ids[sweep->count++] = TORPOR_FN32(n);
			sweep->ids[sweep->count++] = TORPOR_FN64(n);
		}
	}
	/* All but CPU_OFF. */
	sweep->ids[sweep->count++] = POWER_FN_0_1_BASE;
	sweep->ids[sweep->count++] = POWER_FN_0_1_BASE + 2;
	sweep->ids[sweep->count++] = POWER_FN_0_1_BASE + 3;
}

static void sweep_step(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op)
{
	struct sweep *sweep = ctx;

	(void)cpu;
	(void)x0;
	if (sweep->at < sweep->count) {
		uint32_t id = sweep->ids[sweep->at];
		uint64_t first =
			id % TORPOR_FN_COUNT == TORPOR_FN_SYSTEM_RESET2 ? NO_RESET_TYPE : NOTHING;

		*op = (struct fake_op)FAKE_CALL(id, first, NOTHING, NOTHING);
		sweep->at++;
	}
}

static void assert_all_answered(const struct sweep *sweep)
{
	for (unsigned n = 0; n < sweep->count; n++) {
		struct fake_call call;

		assert_true(fake_kvm_wait_calls(0, n + 1));
		call = fake_kvm_call(0, n);
		assert_int_equal(call.fn_id, sweep->ids[n]);
		assert_true(call.forwarded);
		assert_true(call.returned);
		assert_int_not_equal(call.x0, FAKE_HOST_ANSWER);
	}
}

/* Both ranges and 0.1's ids come out and are answered by libtorpor, never by the host kernel. */
static void each_id_is_answered(struct power_rig *rig, uint32_t version)
{
	struct sweep sweep;
	const struct fake_program program = {.pc = BOOT, .step = sweep_step, .ctx = &sweep};

	sweep_init(&sweep);
	fake_kvm_program(&program);
	power_rig_up(rig, 2, version);
	power_rig_boot(rig);
	assert_all_answered(&sweep);
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_RUNNING);
	assert_events(&rig->events, "STARTED cpu=0", NULL);
}

static void each_id_is_answered_at_each_version(void **state)
{
	for (size_t i = 0; i < VERSION_COUNT; i++) {
		each_id_is_answered(*state, versions[i]);
		power_rig_again(state);
	}
}

static int32_t result32(unsigned n)
{
	assert_true(fake_kvm_wait_calls(0, n + 1));
	return (int32_t)fake_kvm_call(0, n).x0;
}

/* What a guest can tell versions by; since is the first that has it. */
static const struct trait {
	uint32_t since;
	uint32_t fn_id;
	int32_t flags;
} traits[] = {
	{V10, PSCI_FEATURES, 0},	{V10, SYSTEM_SUSPEND, 0},
	{V11, SYSTEM_RESET2, 0},	{V13, SYSTEM_OFF2, TORPOR_FEATURE_HIBERNATE_OFF},
	{V10, TORPOR_SMCCC_VERSION, 0}, {V10, CPU_SUSPEND, 0},
};

/* The guest sees the machine's version and exactly its functions, whatever the host's KVM is. */
static void assert_version(struct power_rig *rig, uint32_t version)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(PSCI_VERSION, NOTHING, NOTHING, NOTHING),
		FAKE_CALL(PSCI_FEATURES, PSCI_FEATURES, 0, 0),
		FAKE_CALL(PSCI_FEATURES, SYSTEM_SUSPEND, 0, 0),
		FAKE_CALL(PSCI_FEATURES, SYSTEM_RESET2, 0, 0),
		FAKE_CALL(PSCI_FEATURES, SYSTEM_OFF2, 0, 0),
		FAKE_CALL(PSCI_FEATURES, TORPOR_SMCCC_VERSION, 0, 0),
		FAKE_CALL(PSCI_FEATURES, CPU_SUSPEND, 0, 0),
		FAKE_CALL(CPU_ON, 1, 0x1000, 0),
		FAKE_IDLE,
	};
	int32_t bad_entry =
		version >= V10 ? TORPOR_RET_INVALID_ADDRESS : TORPOR_RET_INVALID_PARAMETERS;

	power_rig_run(rig, 2, version, ops);
	assert_int_equal(result32(0), version == V01 ? TORPOR_RET_NOT_SUPPORTED : (int32_t)version);
	for (unsigned n = 0; n < sizeof(traits) / sizeof(traits[0]); n++) {
		assert_int_equal(result32(n + 1), version >= traits[n].since
							  ? traits[n].flags
							  : TORPOR_RET_NOT_SUPPORTED);
	}
	assert_int_equal(result32(7), version == V01 ? TORPOR_RET_NOT_SUPPORTED : bad_entry);
}

static void version_is_the_pinned_one(void **state)
{
	for (size_t i = 0; i < VERSION_COUNT; i++) {
		assert_version(*state, versions[i]);
		power_rig_again(state);
	}
}

/* Per machine: another CPU sees the same, and so does the next boot. */
static void version_is_the_machines(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(PSCI_VERSION, 0, 0, 0),
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_IDLE,
	};
	static const struct fake_op other[] = {
		FAKE_CALL(PSCI_VERSION, 0, 0, 0),
		FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), other);
	power_rig_run(rig, 2, V11, ops);
	assert_end(rig, POWER_END_RESET, &end);
	assert_result(0, 0, V11);
	assert_result(1, 0, V11);
	power_rig_stop(rig);
	power_rig_boot(rig);
	assert_result(0, 2, V11);
}

/* A 0.1 guest uses the ids that its device tree gives. */
static void ids_of_0_1_work(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(POWER_FN_0_1_BASE + 2, 1, PROG(1), 0xBAD),
		FAKE_GATE(0),
		FAKE_CALL(POWER_FN_0_1_BASE + 3, 1, 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op other[] = {
		FAKE_CALL(POWER_FN_0_1_BASE + 1, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct fake_entry entry;

	fake_kvm_ops(PROG(1), other);
	power_rig_run(rig, 2, V01, ops);
	assert_result(0, 0, RET(SUCCESS) & UINT32_MAX);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_OFF cpu=1 guest",
		      NULL);
	entry = fake_kvm_entry(1, 0);
	assert_int_equal(entry.entry.pc, PROG(1));
	/* There is no context id at 0.1. */
	assert_int_equal(entry.entry.x0, 0);
	fake_kvm_open(0);
	assert_int_equal(result32(1), TORPOR_RET_NOT_SUPPORTED);
}

/* 0.1's ids mean nothing to a later machine, though they are forwarded. */
static void ids_of_0_1_are_unknown_later(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(POWER_FN_0_1_BASE, 0, 0, 0),
		FAKE_CALL(POWER_FN_0_1_BASE + 1, 0, 0, 0),
		FAKE_CALL(POWER_FN_0_1_BASE + 2, 1, PROG(1), 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 2, V02, ops);
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(result32(n), TORPOR_RET_NOT_SUPPORTED);
	}
	assert_int_equal(fake_kvm_entries(1), 0);
}

/* A register costs a system call: only a function's own are read, and each once. */
static void only_arguments_are_read(void **state)
{
	static const struct {
		uint32_t fn_id;
		unsigned args;
		bool endian;
	} calls[] = {
		{PSCI_VERSION, 0, false},
		{TORPOR_FN32(TORPOR_FN_MIGRATE_INFO_TYPE), 0, false},
		{PSCI_FEATURES, 1, false},
		{AFFINITY_INFO, 2, false},
		{SYSTEM_RESET2, 2, false},
		{SYSTEM_OFF2, 2, false},
		{CPU_ON, 3, true},
		{TORPOR_FN32(TORPOR_FN_CPU_ON), 3, true},
		{CPU_SUSPEND, 3, true},
		{SYSTEM_SUSPEND, 2, true},
		{TORPOR_FN32(0x1F), 0, false},
	};
	const size_t count = sizeof(calls) / sizeof(calls[0]);
	struct power_rig *rig = *state;
	struct sweep sweep = {.count = count};
	const struct fake_program program = {.pc = BOOT, .step = sweep_step, .ctx = &sweep};

	for (size_t n = 0; n < count; n++) {
		sweep.ids[n] = calls[n].fn_id;
	}
	fake_kvm_program(&program);
	power_rig_up(rig, 2, V13);
	power_rig_boot(rig);
	assert_all_answered(&sweep);
	for (unsigned n = 0; n < count; n++) {
		struct fake_call call = fake_kvm_call(0, n);

		assert_int_equal(call.reads, ((UINT32_C(1) << calls[n].args) - 1) << 1);
		assert_int_equal(call.read_count, calls[n].args);
		assert_int_equal(call.endian, calls[n].endian);
	}
}

/* What is not PSCI's is the host kernel's to answer. */
static void other_ids_are_not_forwarded(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(TORPOR_SMCCC_VERSION, 0, 0, 0),
		FAKE_CALL(TORPOR_FN32(TORPOR_FN_COUNT), 0, 0, 0),
		FAKE_CALL(POWER_FN_0_1_BASE - 1, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 1, V13, ops);
	for (unsigned n = 0; n < 3; n++) {
		assert_result(0, n, FAKE_HOST_ANSWER);
		assert_false(fake_kvm_call(0, n).forwarded);
	}
}

/* Devices answer on the bus; what is not there reads as zero. */
static void accesses_go_to_the_bus(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_WRITE(RIG_DEVICE_IPA, 4, 0x12345678),
		FAKE_READ(RIG_DEVICE_IPA, 4),
		FAKE_WRITE(RIG_DEVICE_IPA + 0x10000, 4, 1),
		FAKE_READ(RIG_DEVICE_IPA + 0x10000, 8),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 1, V13, ops);
	assert_true(fake_kvm_wait_reads(0, 2));
	assert_int_equal(fake_kvm_read(0, 0), 0x12345678);
	assert_int_equal(fake_kvm_read(0, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(each_id_is_answered_at_each_version),
		POWER_RIG_TEST(version_is_the_pinned_one),
		POWER_RIG_TEST(version_is_the_machines),
		POWER_RIG_TEST(ids_of_0_1_work),
		POWER_RIG_TEST(ids_of_0_1_are_unknown_later),
		POWER_RIG_TEST(only_arguments_are_read),
		POWER_RIG_TEST(other_ids_are_not_forwarded),
		POWER_RIG_TEST(accesses_go_to_the_bus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
