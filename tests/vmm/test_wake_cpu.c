/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU_SUSPEND and CPU_DEFAULT_SUSPEND: standby and powerdown are both real. */
#include "power_rig.h"

#define CONTEXT UINT64_C(0xC0FFEE)
#define STANDBY 0
#define POWERDOWN TORPOR_POWER_STATE_TYPE_POWERDOWN
#define CPU_DEFAULT_SUSPEND TORPOR_FN64(TORPOR_FN_CPU_DEFAULT_SUSPEND)

static const struct fake_op idle[] = {FAKE_IDLE};

/* From standby the guest runs on after its call, nothing of it lost. */
static void standby_returns_success(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(PSCI_VERSION, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 1, V13, ops);
	assert_true(fake_kvm_wait_asleep(0));
	assert_false(fake_kvm_call(0, 0).returned);
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	assert_result(0, 0, RET(SUCCESS));
	assert_result(0, 1, V13);
	assert_int_equal(fake_kvm_entries(0), 1);
	/* It is a CPU's affair: the machine has no event for it. */
	assert_events(&rig->events, "STARTED cpu=0", NULL);
}

/* From powerdown it enters at its entry, as it was: endianness kept, and its timer goes on. */
static void powerdown_enters(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_TIMER,
		FAKE_BIG_ENDIAN(1),
		FAKE_CALL(CPU_SUSPEND, POWERDOWN, PROG(1), CONTEXT),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct fake_entry entry;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 1, V13, ops);
	assert_true(fake_kvm_wait_asleep(0));
	assert_int_equal(fake_kvm_entries(0), 1);
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	assert_true(fake_kvm_wait_entries(0, 2));
	entry = fake_kvm_entry(0, 1);
	assert_int_equal(entry.entry.pc, PROG(1));
	assert_int_equal(entry.entry.x0, CONTEXT);
	assert_true(entry.entry.big_endian);
	assert_true(entry.entry.keep_timer);
	assert_true(entry.timer_on);
	assert_false(fake_kvm_call(0, 0).returned);
	assert_events(&rig->events, "STARTED cpu=0", NULL);
}

static void default_suspend_is_a_powerdown(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_CALL(CPU_DEFAULT_SUSPEND, PROG(1), CONTEXT, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 1, V13, ops);
	assert_true(fake_kvm_wait_asleep(0));
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	assert_true(fake_kvm_wait_entries(0, 2));
	assert_int_equal(fake_kvm_entry(0, 1).entry.pc, PROG(1));
	assert_int_equal(fake_kvm_entry(0, 1).entry.x0, CONTEXT);
	assert_true(fake_kvm_entry(0, 1).entry.keep_timer);
}

/* An interrupt that is there already lets no CPU sleep. */
static void pending_interrupt_wakes_at_once(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_GATE(0),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_CALL(CPU_SUSPEND, POWERDOWN, PROG(1), 0),
		FAKE_IDLE,
	};
	static const struct fake_op again[] = {
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), again);
	power_rig_run(rig, 1, V13, ops);
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	fake_kvm_open(0);
	assert_result(0, 0, RET(SUCCESS));
	assert_true(fake_kvm_wait_entries(0, 2));
	assert_result(0, 2, RET(SUCCESS));
}

/* While one sleeps the others run; a sleeping CPU is ON to them and keeps the machine awake. */
static void others_run_meanwhile(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),	  FAKE_GATE(0),
		FAKE_CALL(AFFINITY_INFO, 1, 0, 0),	  FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0), FAKE_IDLE,
	};
	static const struct fake_op sleeper[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), sleeper);
	power_rig_run(rig, 2, V13, ops);
	assert_true(fake_kvm_wait_asleep(1));
	fake_kvm_open(0);
	assert_result(0, 1, TORPOR_AFFINITY_ON);
	assert_result(0, 2, RET(ALREADY_ON));
	assert_result(0, 3, RET(DENIED));
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	assert_result(1, 0, RET(SUCCESS));
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", NULL);
}

/* Signals and looks at its registers do not end a CPU's sleep, and change nothing of it. */
static void only_interrupts_end_a_wait(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_OTHER_INTID),
		FAKE_CALL(CPU_SUSPEND, POWERDOWN, PROG(1), CONTEXT),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_cpu_info info;

	fake_kvm_ops(PROG(1), idle);
	fake_kvm_interrupt_runs(2);
	power_rig_run(rig, 1, V13, ops);
	for (int i = 0; i < 20; i++) {
		assert_true(fake_kvm_wait_asleep(0));
		assert_true(power_query_cpu(rig->power, 0, &info));
		assert_string_equal(info.state, "suspended");
		assert_int_equal(info.x[0], CPU_SUSPEND);
		assert_int_equal(info.x[3], CONTEXT);
		assert_int_equal(info.x[30], FAKE_GUEST_X(0, 30));
	}
	assert_int_equal(fake_kvm_entries(0), 1);
	assert_false(power_wake(rig->power));
	assert_false(power_refuse_suspend(rig->power));
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	assert_true(fake_kvm_wait_entries(0, 2));
}

/* The machine ends although a CPU sleeps. */
static void end_comes_to_a_sleeper(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op sleeper[] = {FAKE_CALL(CPU_SUSPEND, STANDBY, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), sleeper);
	power_rig_run(rig, 2, V13, ops);
	assert_true(fake_kvm_wait_asleep(1));
	fake_kvm_open(0);
	assert_end(rig, POWER_END_OFF, &end);
	power_rig_stop(rig);
	assert_false(fake_kvm_call(1, 0).returned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(standby_returns_success),
		POWER_RIG_TEST(powerdown_enters),
		POWER_RIG_TEST(default_suspend_is_a_powerdown),
		POWER_RIG_TEST(pending_interrupt_wakes_at_once),
		POWER_RIG_TEST(others_run_meanwhile),
		POWER_RIG_TEST(only_interrupts_end_a_wait),
		POWER_RIG_TEST(end_comes_to_a_sleeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
