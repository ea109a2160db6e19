/* SPDX-License-Identifier: BSD-3-Clause */
/* SYSTEM_SUSPEND: asleep, registers kept, until an interrupt, the host, a refusal or an end. */
#include "power_rig.h"

#include <string.h>
#include <time.h>

#define CONTEXT UINT64_C(0xC0FFEE)
#define LISTEN_OPS 3
#define TIMER_INTID 27

static const struct fake_op idle[] = {FAKE_IDLE};

/* Suspends once; a refusal is followed by another call. */
static const struct fake_op suspends[] = {
	FAKE_LISTEN(RIG_RTC_INTID),
	FAKE_CALL(SYSTEM_SUSPEND, PROG(1), CONTEXT, 0),
	FAKE_CALL(PSCI_VERSION, 0, 0, 0),
	FAKE_IDLE,
};

static void run_suspended(struct power_rig *rig, const struct fake_op *ops)
{
	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_becomes(rig, TORPOR_MODE_SUSPENDED);
	assert_true(fake_kvm_wait_asleep(0));
	assert_true(event_log_wait(&rig->events, 2));
}

static void assert_woken(const struct power_rig *rig)
{
	struct fake_entry entry;

	assert_true(fake_kvm_wait_entries(0, 2));
	entry = fake_kvm_entry(0, 1);
	assert_int_equal(entry.entry.pc, PROG(1));
	assert_int_equal(entry.entry.x0, CONTEXT);
	assert_true(entry.entry.keep_timer);
	assert_false(fake_kvm_call(0, 0).returned);
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_RUNNING);
}

/* The host sees the call's registers as the guest left them, for as long as it sleeps. */
static void registers_stay_those_of_the_call(void **state)
{
	struct power_rig *rig = *state;
	struct power_cpu_info info;

	run_suspended(rig, suspends);
	for (int i = 0; i < 10; i++) {
		assert_true(power_query_cpu(rig->power, 0, &info));
		assert_string_equal(info.state, "system-suspended");
		assert_int_equal(info.pc, BOOT + (LISTEN_OPS + 1) * 4);
		assert_int_equal(info.pstate, FAKE_PSTATE);
		assert_int_equal(info.x[0], SYSTEM_SUSPEND);
		assert_int_equal(info.x[1], PROG(1));
		assert_int_equal(info.x[2], CONTEXT);
		for (unsigned n = 4; n < 31; n++) {
			assert_int_equal(info.x[n], FAKE_GUEST_X(0, n));
		}
		assert_true(power_query_cpu(rig->power, 1, &info));
		assert_string_equal(info.state, "off");
	}
	assert_false(fake_kvm_call(0, 0).returned);
	assert_int_equal(fake_kvm_entries(0), 1);
	assert_int_equal(fake_kvm_count(FAKE_SET_X0), 0);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", NULL);
}

/* Nothing runs, not even for a moment, while the machine is suspended. */
static void sleep_costs_nothing(void **state)
{
	const struct timespec moment = {.tv_nsec = 300000000};
	struct power_rig *rig = *state;
	unsigned runs;

	run_suspended(rig, suspends);
	runs = fake_kvm_count(FAKE_RUN);
	(void)nanosleep(&moment, NULL);
	assert_int_equal(fake_kvm_count(FAKE_RUN), runs);
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_SUSPENDED);
}

static void interrupt_wakes_and_is_named(void **state)
{
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	power_rig_irq(rig, RIG_RTC_INTID, true);
	assert_woken(rig);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 34 pl031", NULL);
	assert_false(power_wake(rig->power));
	assert_false(power_refuse_suspend(rig->power));
}

/* An edge leaves nothing on the line: its latch tells. */
static void edge_is_named(void **state)
{
	const struct fake_irq edge = {.enabled = true, .edge = true, .priority = 0xA0};
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	fake_gic_set(0, RIG_OTHER_INTID, &edge);
	power_rig_irq(rig, RIG_OTHER_INTID, true);
	power_rig_irq(rig, RIG_OTHER_INTID, false);
	assert_woken(rig);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 40 -", NULL);
}

/* What is pending but not enabled, or active, has not woken it. */
static void only_what_can_wake_is_named(void **state)
{
	const struct fake_irq disabled = {.latch = true, .line = true};
	const struct fake_irq active = {.enabled = true, .line = true, .active = true};
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	fake_gic_set(0, 32, &disabled);
	fake_gic_set(0, 33, &active);
	fake_gic_set(0, TIMER_INTID, &disabled);
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_SUSPENDED);
	power_rig_irq(rig, RIG_RTC_INTID, true);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 34 pl031", NULL);
}

/* The CPU's own interrupts are found too; the highest INTID of all as well. */
static void all_intids_are_looked_at(void **state)
{
	static const struct {
		uint32_t intid;
		const char *text;
	} rows[] = {
		{0, "WAKEUP cpu=0 interrupt 0 -"},     {15, "WAKEUP cpu=0 interrupt 15 -"},
		{27, "WAKEUP cpu=0 interrupt 27 -"},   {31, "WAKEUP cpu=0 interrupt 31 -"},
		{32, "WAKEUP cpu=0 interrupt 32 -"},   {63, "WAKEUP cpu=0 interrupt 63 -"},
		{64, "WAKEUP cpu=0 interrupt 64 -"},   {255, "WAKEUP cpu=0 interrupt 255 -"},
		{287, "WAKEUP cpu=0 interrupt 287 -"},
	};
	const struct fake_irq irq = {.enabled = true, .latch = true, .priority = 0xA0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct power_rig *rig = *state;

		run_suspended(rig, suspends);
		fake_gic_set(0, rows[i].intid, &irq);
		assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", rows[i].text,
			      NULL);
		power_rig_again(state);
	}
}

/* If KVM does not say what it was, the machine wakes all the same. */
static void unreadable_gic_still_wakes(void **state)
{
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	fake_kvm_fail(FAKE_GIC_BITS, 1);
	power_rig_irq(rig, RIG_RTC_INTID, true);
	assert_woken(rig);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt", NULL);
}

static void host_wakes(void **state)
{
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	assert_true(power_wake(rig->power));
	assert_false(power_wake(rig->power));
	assert_woken(rig);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "WAKEUP cpu=0 host",
		      NULL);
}

/* A refused guest sees DENIED and runs on after its call, its registers as they were. */
static void host_refuses(void **state)
{
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	assert_true(power_refuse_suspend(rig->power));
	assert_false(power_wake(rig->power));
	assert_result(0, 0, RET(DENIED));
	assert_result(0, 1, V13);
	assert_int_equal(fake_kvm_entries(0), 1);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "WAKEUP cpu=0 refused",
		      NULL);
}

/* With another CPU on nothing sleeps. */
static void denied_while_another_is_on(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, ops);
	/* At first CPU 1 may be on its way only: that counts too. */
	assert_result(0, 1, RET(DENIED));
	assert_true(event_log_wait(&rig->events, 2));
	fake_kvm_open(0);
	assert_result(0, 2, RET(DENIED));
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", NULL);
}

/* The one that suspends need not be the boot CPU; it alone resumes, and then starts others. */
static void any_cpu_suspends(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_GATE(0),
		FAKE_CALL(CPU_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op other[] = {
		FAKE_LISTEN(RIG_RTC_INTID),
		FAKE_CALL(AFFINITY_INFO, 0, 0, 0),
		FAKE_UNLESS(TORPOR_AFFINITY_OFF),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(2), 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op resumed[] = {FAKE_CALL(CPU_ON, 0, PROG(3), 0), FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), other);
	fake_kvm_ops(PROG(2), resumed);
	fake_kvm_ops(PROG(3), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_true(event_log_wait(&rig->events, 2));
	fake_kvm_open(0);
	assert_becomes(rig, TORPOR_MODE_SUSPENDED);
	power_rig_irq(rig, RIG_RTC_INTID, true);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_OFF cpu=0 guest",
		      "SUSPEND cpu=1 guest", "WAKEUP cpu=1 interrupt 34 pl031",
		      "CPU_ON cpu=0 guest", NULL);
	assert_int_equal(fake_kvm_entry(1, 1).entry.pc, PROG(2));
}

/* Suspends over and over, at each resume. */
static void suspend_step(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op)
{
	unsigned *left = ctx;

	(void)cpu;
	(void)x0;
	if (*left > 0) {
		(*left)--;
		*op = (struct fake_op)FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0);
	}
}

/* KVM reports WAKEUP as long as its cause is there: each suspend is woken by it, once. */
static void lasting_interrupt_wakes_each_suspend(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(RIG_RTC_INTID),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	unsigned left = 100;
	const struct fake_program again = {.pc = PROG(1), .step = suspend_step, .ctx = &left};
	struct power_rig *rig = *state;
	char text[EVENT_TEXT_BYTES];

	fake_kvm_program(&again);
	/* Signals in between make KVM report it several times for one sleep. */
	fake_kvm_interrupt_runs(3);
	power_rig_run(rig, 1, V13, ops);
	power_rig_irq(rig, RIG_RTC_INTID, true);
	fake_kvm_open(0);
	assert_true(fake_kvm_wait_entries(0, 102));
	assert_true(event_log_wait(&rig->events, 203));
	for (size_t n = 1; n < 203; n += 2) {
		event_log_copy(&rig->events, n, text);
		assert_string_equal(text, "SUSPEND cpu=0 guest");
		event_log_copy(&rig->events, n + 1, text);
		assert_string_equal(text, "WAKEUP cpu=0 interrupt 34 pl031");
	}
	assert_int_equal(event_log_count(&rig->events), 203);
	power_rig_stop(rig);
}

/* Signals wake the thread, not the machine. */
static void signals_do_not_wake(void **state)
{
	struct power_rig *rig = *state;
	struct power_cpu_info info;

	fake_kvm_interrupt_runs(2);
	run_suspended(rig, suspends);
	for (int i = 0; i < 20; i++) {
		assert_true(power_query_cpu(rig->power, 0, &info));
		assert_true(fake_kvm_wait_asleep(0));
	}
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", NULL);
}

/* Ended by the host: the guest is not woken for it. */
static void host_ends_a_suspended_machine(void **state)
{
	struct power_rig *rig = *state;
	struct power_end end;

	run_suspended(rig, suspends);
	assert_true(power_end_by_host(rig->power, POWER_REASON_HOST_SIGNAL));
	assert_false(power_end_by_host(rig->power, POWER_REASON_HOST));
	assert_false(power_wake(rig->power));
	assert_false(power_refuse_suspend(rig->power));
	assert_end(rig, POWER_END_HOST, &end);
	assert_int_equal(end.event.reason, POWER_REASON_HOST_SIGNAL);
	power_rig_stop(rig);
	assert_int_equal(fake_kvm_entries(0), 1);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", NULL);
}

/* Threads end while it sleeps, without an end of the machine. */
static void stops_while_suspended(void **state)
{
	struct power_rig *rig = *state;

	run_suspended(rig, suspends);
	power_rig_stop(rig);
	assert_int_equal(fake_kvm_entries(0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(registers_stay_those_of_the_call),
		POWER_RIG_TEST(sleep_costs_nothing),
		POWER_RIG_TEST(interrupt_wakes_and_is_named),
		POWER_RIG_TEST(edge_is_named),
		POWER_RIG_TEST(only_what_can_wake_is_named),
		POWER_RIG_TEST(all_intids_are_looked_at),
		POWER_RIG_TEST(unreadable_gic_still_wakes),
		POWER_RIG_TEST(host_wakes),
		POWER_RIG_TEST(host_refuses),
		POWER_RIG_TEST(denied_while_another_is_on),
		POWER_RIG_TEST(any_cpu_suspends),
		POWER_RIG_TEST(lasting_interrupt_wakes_each_suspend),
		POWER_RIG_TEST(signals_do_not_wake),
		POWER_RIG_TEST(host_ends_a_suspended_machine),
		POWER_RIG_TEST(stops_while_suspended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
