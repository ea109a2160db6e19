/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine with idle states takes those and no others, counts them, and has OS-initiated mode
 * where it has clusters.
 */
#include "platform/idle_states.h"
#include "power_rig.h"

#define STANDBY (idle_states[0].power_state)
#define POWERDOWN (idle_states[1].power_state)
#define CLUSTER_DOWN (idle_states[3].power_state)
#define UNLISTED 0x10002

#define SET_SUSPEND_MODE TORPOR_FN32(TORPOR_FN_PSCI_SET_SUSPEND_MODE)
#define STAT_COUNT TORPOR_FN64(TORPOR_FN_PSCI_STAT_COUNT)
#define STAT_RESIDENCY TORPOR_FN64(TORPOR_FN_PSCI_STAT_RESIDENCY)

/* An interrupt stays raised, so that each sleep is over at once. */
static void run_awake(struct power_rig *rig, uint32_t cpu_count, uint32_t version,
		      const struct fake_op *ops)
{
	power_rig_run(rig, cpu_count, version, ops);
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	fake_kvm_open(0);
}

static void assert_used(struct power_rig *rig, uint32_t cpu, uint32_t state, uint64_t count)
{
	struct power_state_info info;

	assert_true(power_query_state(rig->power, cpu, state, &info));
	assert_string_equal(info.name, idle_states[state].name);
	assert_int_equal(info.power_state, idle_states[state].power_state);
	assert_int_equal(info.count, count);
}

/* The device tree's states and no others, at each version; OS-initiated mode takes clusters. */
static void takes_its_states(void **state)
{
	static const uint32_t versions[] = {V02, V10, V11, V12, V13};
	const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_GATE(0),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(CPU_SUSPEND, UNLISTED, PROG(1), 0),
		FAKE_CALL(CPU_SUSPEND, CLUSTER_DOWN, PROG(1), 0),
		FAKE_CALL(PSCI_FEATURES, CPU_SUSPEND, 0, 0),
		FAKE_CALL(SET_SUSPEND_MODE, 1, 0, 0),
		FAKE_IDLE,
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct power_rig *rig = *state;

		rig->idle_states = true;
		run_awake(rig, 1, versions[i], ops);
		assert_result(0, 0, RET(SUCCESS));
		assert_result(0, 1, RET(INVALID_PARAMETERS));
		assert_result(0, 2, RET(INVALID_PARAMETERS));
		assert_true(fake_kvm_wait_calls(0, 5));
		assert_int_equal((int32_t)fake_kvm_call(0, 3).x0,
				 versions[i] >= V10 ? 0 : TORPOR_RET_NOT_SUPPORTED);
		assert_int_equal((int32_t)fake_kvm_call(0, 4).x0, TORPOR_RET_NOT_SUPPORTED);
		power_rig_again(state);
	}
}

/* What a guest used is what it and the host are told, and a reset is a new beginning. */
static void counts_its_states(void **state)
{
	const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_GATE(0),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(CPU_SUSPEND, POWERDOWN, PROG(1), 0),
		FAKE_IDLE,
	};
	const struct fake_op woken[] = {
		FAKE_CALL(STAT_COUNT, 0, STANDBY, 0),
		FAKE_CALL(STAT_COUNT, 0, POWERDOWN, 0),
		FAKE_CALL(STAT_COUNT, 1, STANDBY, 0),
		FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_state_info info;
	struct power_end end;

	fake_kvm_ops(PROG(1), woken);
	rig->idle_states = true;
	run_awake(rig, 2, V13, ops);
	assert_result(0, 4, 3);
	assert_result(0, 5, 1);
	assert_result(0, 6, 0);
	assert_used(rig, 0, 0, 3);
	assert_used(rig, 0, 1, 1);
	assert_used(rig, 1, 0, 0);
	assert_false(power_query_state(rig->power, 0, IDLE_STATE_CPU_COUNT, &info));
	assert_false(power_query_state(rig->power, 2, 0, &info));
	assert_end(rig, POWER_END_RESET, &end);
	power_rig_stop(rig);
	power_rig_boot(rig);
	assert_used(rig, 0, 0, 0);
}

/* A residency is time of this world: that of a sleep lies between the two looks at the clock. */
static void residency_is_time(void **state)
{
	const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(STAT_RESIDENCY, 0, STANDBY, 0),
		FAKE_IDLE,
	};
	const struct timespec nap = {.tv_nsec = 20000000};
	struct power_rig *rig = *state;
	struct power_state_info info;

	rig->idle_states = true;
	power_rig_run(rig, 1, V13, ops);
	assert_true(fake_kvm_wait_asleep(0));
	(void)nanosleep(&nap, NULL);
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	assert_true(fake_kvm_wait_calls(0, 2));
	assert_true(power_query_state(rig->power, 0, 0, &info));
	assert_in_range(info.residency_us, 20000, FAKE_WAIT_S * 1000000);
	assert_int_equal(fake_kvm_call(0, 1).x0, info.residency_us);
}

/* Without idle states, or before 1.0, there is nothing to ask for. */
static void no_statistics_no_answer(void **state)
{
	static const struct fake_op idle[] = {FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_state_info info;

	power_rig_run(rig, 1, V13, idle);
	assert_false(power_query_state(rig->power, 0, 0, &info));
	power_rig_again(state);
	rig = *state;
	rig->idle_states = true;
	power_rig_run(rig, 1, V02, idle);
	assert_false(power_query_state(rig->power, 0, 0, &info));
}

/* OS-initiated: the last CPU of a cluster takes it along, one that is not the last is refused. */
static void last_takes_the_cluster(void **state)
{
	const struct fake_op ops[] = {
		FAKE_CALL(PSCI_FEATURES, CPU_SUSPEND, 0, 0),
		FAKE_CALL(SET_SUSPEND_MODE, 1, 0, 0),
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_GATE(0),
		FAKE_LISTEN(RIG_RTC_INTID),
		FAKE_CALL(CPU_SUSPEND, CLUSTER_DOWN, PROG(2), 0),
		FAKE_GATE(2),
		FAKE_CALL(CPU_SUSPEND, CLUSTER_DOWN, PROG(2), 0),
		FAKE_IDLE,
	};
	const struct fake_op second[] = {
		FAKE_GATE(1),
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_CALL(CPU_SUSPEND, POWERDOWN, PROG(3), 0),
		FAKE_IDLE,
	};
	static const struct fake_op idle[] = {FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), second);
	fake_kvm_ops(PROG(2), idle);
	fake_kvm_ops(PROG(3), idle);
	rig->idle_states = true;
	rig->cluster_count = 2;
	power_rig_run(rig, 4, V10, ops);
	assert_result(0, 0, TORPOR_FEATURE_OS_INITIATED);
	assert_result(0, 1, RET(SUCCESS));
	assert_true(fake_kvm_wait_entries(1, 1));
	fake_kvm_open(0);
	assert_result(0, 3, RET(DENIED));
	assert_used(rig, 0, 3, 0);
	fake_kvm_open(1);
	assert_true(fake_kvm_wait_asleep(1));
	fake_kvm_open(2);
	assert_true(fake_kvm_wait_asleep(0));
	power_rig_irq(rig, RIG_RTC_INTID, true);
	assert_true(fake_kvm_wait_entries(0, 2));
	assert_used(rig, 0, 3, 1);
	assert_used(rig, 1, 3, 1);
	assert_used(rig, 2, 3, 0);
	assert_used(rig, 0, 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(takes_its_states),	POWER_RIG_TEST(counts_its_states),
		POWER_RIG_TEST(residency_is_time),	POWER_RIG_TEST(no_statistics_no_answer),
		POWER_RIG_TEST(last_takes_the_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
