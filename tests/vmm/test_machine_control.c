/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host does with a machine that runs: press its keys, pause it, reset it. */
#include "machine_rig.h"
#include "devices/power_keys.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define GPIO_DATA_ALL (LAYOUT_GPIO_BASE + 0x3FC)
#define GPIO_IBE (LAYOUT_GPIO_BASE + 0x408)
#define GPIO_IE (LAYOUT_GPIO_BASE + 0x410)
#define GPIO_IC (LAYOUT_GPIO_BASE + 0x41C)
#define KEY_LINES 0x38

/* What a guest does to hear of its keys. */
#define KEYS_OPS                                                                                   \
	FAKE_LISTEN(LAYOUT_GPIO_INTID), FAKE_WRITE(GPIO_IBE, 4, KEY_LINES),                        \
		FAKE_WRITE(GPIO_IE, 4, KEY_LINES)

static const struct fake_op idle[] = {FAKE_IDLE};
static const struct fake_op spins[] = {FAKE_READ(LAYOUT_RTC_BASE, 4), FAKE_JUMP(0)};
static const struct fake_op suspends[] = {
	KEYS_OPS,
	FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
	FAKE_IDLE,
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap(long ms)
{
	const struct timespec delay = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&delay, NULL);
}

/* The main loop for so long, of a machine that does not end. */
static void turn(struct machine_rig *rig, int ms)
{
	struct pollfd ready = {.fd = machine_fd(rig->machine), .events = POLLIN};
	int64_t end_ms = now_ms() + ms;

	for (int64_t left_ms = ms; left_ms > 0; left_ms = end_ms - now_ms()) {
		if (poll(&ready, 1, (int)left_ms) > 0) {
			assert_int_equal(machine_dispatch(rig->machine), MACHINE_RUNNING);
		}
	}
}

static bool power_off(struct machine_rig *rig, uint32_t limit_s)
{
	return machine_press_key(rig->machine, POWER_KEY_POWER, POWER_REASON_HOST, limit_s);
}

static int stop(struct machine_rig *rig)
{
	struct vmm_error error;

	return machine_pause(rig->machine, &error);
}

/* The guest hears of a press as an interrupt, and finds the line high. */
static void press_reaches_the_guest(void **state)
{
	static const struct fake_op ops[] = {
		KEYS_OPS,
		FAKE_READ(GPIO_IE, 4),
		FAKE_WFI,
		FAKE_READ(GPIO_DATA_ALL, 4),
		FAKE_CALL(SYSTEM_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_true(fake_kvm_wait_reads(0, 1));
	assert_true(power_off(rig, 60));
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_read(0, 1), 1 << 3);
	assert_false(power_off(rig, 60));
	assert_events(&rig->events, "STARTED cpu=0", "ASKED host key=power", "SHUTDOWN cpu=0 guest",
		      NULL);
}

/* It wakes a suspended guest, and the event says which key it was. */
static void press_wakes(void **state)
{
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	machine_rig_start(rig, suspends);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SUSPENDED);
	assert_true(machine_suspended(rig->machine));
	assert_true(
		machine_press_key(rig->machine, POWER_KEY_HIBERNATE, POWER_REASON_HOST_SIGNAL, 0));
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "ASKED host-signal key=hibernate",
		      "WAKEUP cpu=0 interrupt 39 pl061 key=hibernate", NULL);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_RUNNING);
}

/* A key that nobody reads comes up by itself; the main loop has nothing to do after that. */
static void key_comes_up(void **state)
{
	struct machine_rig *rig = *state;
	int64_t start_ms = now_ms();
	struct pollfd ready;

	machine_rig_start(rig, idle);
	ready = (struct pollfd){.fd = machine_fd(rig->machine), .events = POLLIN};
	assert_true(power_off(rig, 0));
	while (poll(&ready, 1, 500) > 0) {
		assert_int_equal(machine_dispatch(rig->machine), MACHINE_RUNNING);
		assert_true(now_ms() - start_ms < 20000);
	}
	assert_events(&rig->events, "STARTED cpu=0", "ASKED host key=power", NULL);
}

/* A guest that does not do what it is asked for is told of, once, and in the log. */
static void guest_does_not_react(void **state)
{
	struct machine_rig *rig = *state;

	machine_rig_start(rig, idle);
	assert_true(power_off(rig, 1));
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_events(&rig->events, "STARTED cpu=0", "ASKED host key=power",
		      "UNRESPONSIVE key=power", NULL);
	assert_true(machine_rig_logged(rig, "did not react to its power key"));
	turn(rig, 100);
	assert_int_equal(event_log_count(&rig->events), 3);
}

/* One that does what it was asked for is not. */
static void guest_reacts(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	machine_rig_start(rig, ops);
	assert_true(machine_press_key(rig->machine, POWER_KEY_SLEEP, POWER_REASON_HOST, 1));
	fake_kvm_open(0);
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	turn(rig, 1500);
	assert_events(&rig->events, "STARTED cpu=0", "ASKED host key=sleep", "SUSPEND cpu=0 guest",
		      NULL);
}

/*
 * Nor one that does at the last moment: it has ended when its time is over, and only the main loop
 * has not seen it yet.
 */
static void guest_reacts_at_the_last_moment(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;
	struct pollfd ready;

	machine_rig_start(rig, ops);
	ready = (struct pollfd){.fd = machine_fd(rig->machine), .events = POLLIN};
	assert_true(power_off(rig, 1));
	fake_kvm_open(0);
	assert_int_equal(poll(&ready, 1, 10000), 1);
	for (int i = 0; i < 1000 && machine_status(rig->machine) != MACHINE_STATUS_SHUTDOWN; i++) {
		nap(10);
	}
	nap(1100);
	assert_ends(rig, MACHINE_END_OFF);
	assert_events(&rig->events, "STARTED cpu=0", "ASKED host key=power", "SHUTDOWN cpu=0 guest",
		      NULL);
}

/* Keys that were down before a reset are up after it, and nothing is asked for any more. */
static void reset_forgets_requests(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_READ(GPIO_DATA_ALL, 4),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_true(fake_kvm_wait_reads(0, 1));
	assert_true(power_off(rig, 1));
	assert_true(machine_reset_by_host(rig->machine));
	assert_int_equal(machine_rig_run(rig, 4), MACHINE_RUNNING);
	assert_true(fake_kvm_wait_reads(0, 2));
	assert_int_equal(fake_kvm_read(0, 1), 0);
	turn(rig, 1500);
	assert_events(&rig->events, "STARTED cpu=0", "ASKED host key=power", "RESET host",
		      "STARTED cpu=0", NULL);
}

/* With --no-reboot, the host's reset ends the machine as the guest's does. */
static void reset_by_host_ends(void **state)
{
	struct machine_rig *rig = *state;

	rig->config.reboot = false;
	machine_rig_start(rig, spins);
	assert_true(machine_reset_by_host(rig->machine));
	assert_ends(rig, MACHINE_END_RESET);
	assert_false(machine_reset_by_host(rig->machine));
	assert_events(&rig->events, "STARTED cpu=0", "RESET host", NULL);
}

/* Paused, the guest does nothing; the host can look, and goes on as it likes. */
static void pause_and_resume(void **state)
{
	struct machine_rig *rig = *state;
	struct power_cpu_info info;
	unsigned runs;

	machine_rig_start(rig, spins);
	assert_true(fake_kvm_wait_reads(0, 10));
	assert_true(machine_resume(rig->machine));
	assert_int_equal(stop(rig), 0);
	assert_int_equal(stop(rig), 0);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_PAUSED);
	runs = fake_kvm_count(FAKE_RUN);
	assert_true(machine_query_cpu(rig->machine, 0, &info));
	assert_true(machine_cpu_thread(rig->machine, 1) > 0);
	turn(rig, 100);
	assert_int_equal(fake_kvm_count(FAKE_RUN), runs);
	assert_true(machine_resume(rig->machine));
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_RUNNING);
	assert_true(fake_kvm_wait_reads(0, FAKE_LOG_COUNT));
	assert_events(&rig->events, "STARTED cpu=0", "STOP", "RESUME", NULL);
}

/* Suspended and paused, it is paused; a wake-up is refused, and then it is suspended still. */
static void suspended_machine_is_paused(void **state)
{
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	machine_rig_start(rig, suspends);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_int_equal(stop(rig), 0);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_PAUSED);
	assert_true(machine_suspended(rig->machine));
	assert_false(machine_wake(rig->machine));
	assert_false(machine_refuse_suspend(rig->machine));
	assert_true(machine_resume(rig->machine));
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SUSPENDED);
	assert_true(machine_wake(rig->machine));
	assert_true(event_log_wait(&rig->events, 5));
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "STOP", "RESUME",
		      "WAKEUP cpu=0 host", NULL);
}

/* A key pressed while it is paused stays down until the guest goes on, and then wakes it. */
static void key_waits_for_a_paused_guest(void **state)
{
	static const struct fake_op reads[] = {FAKE_READ(GPIO_DATA_ALL, 4), FAKE_IDLE};
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), reads);
	machine_rig_start(rig, suspends);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_int_equal(stop(rig), 0);
	assert_true(machine_press_key(rig->machine, POWER_KEY_SLEEP, POWER_REASON_HOST, 1));
	turn(rig, POWER_KEYS_DOWN_MS_MAX + 500);
	assert_true(machine_resume(rig->machine));
	assert_true(fake_kvm_wait_reads(0, 1));
	assert_int_equal(fake_kvm_read(0, 0), 1 << 4);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "STOP",
		      "ASKED host key=sleep", "RESUME", "WAKEUP cpu=0 interrupt 39 pl061 key=sleep",
		      NULL);
}

/* A reset does not make it run. */
static void reset_stays_paused(void **state)
{
	struct machine_rig *rig = *state;
	unsigned runs;

	machine_rig_start(rig, spins);
	assert_true(fake_kvm_wait_reads(0, 10));
	assert_int_equal(stop(rig), 0);
	runs = fake_kvm_count(FAKE_RUN);
	assert_true(machine_reset_by_host(rig->machine));
	assert_int_equal(machine_rig_run(rig, 4), MACHINE_RUNNING);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_PAUSED);
	turn(rig, 100);
	assert_int_equal(fake_kvm_count(FAKE_RUN), runs);
	assert_true(machine_resume(rig->machine));
	assert_true(fake_kvm_wait_reads(0, FAKE_LOG_COUNT));
	assert_events(&rig->events, "STARTED cpu=0", "STOP", "RESET host", "STARTED cpu=0",
		      "RESUME", NULL);
}

/* The host can end it as it is. */
static void paused_machine_ends(void **state)
{
	struct machine_rig *rig = *state;

	machine_rig_start(rig, spins);
	assert_int_equal(stop(rig), 0);
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_ends(rig, MACHINE_END_HOST);
	assert_false(machine_resume(rig->machine));
	assert_int_equal(stop(rig), -ESRCH);
	assert_int_equal(machine_cpu_thread(rig->machine, 0), 0);
	assert_events(&rig->events, "STARTED cpu=0", "STOP", "SHUTDOWN host", NULL);
}

/* Before its start there is no guest to ask or to pause. */
static void nothing_before_the_start(void **state)
{
	struct machine_rig *rig = *state;

	machine_rig_up(rig);
	assert_false(power_off(rig, 1));
	assert_int_equal(stop(rig), -ESRCH);
	assert_false(machine_resume(rig->machine));
	assert_false(machine_reset_by_host(rig->machine));
	assert_int_equal(machine_cpu_thread(rig->machine, 0), 0);
	assert_int_equal(event_log_count(&rig->events), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(press_reaches_the_guest),
		MACHINE_RIG_TEST(press_wakes),
		MACHINE_RIG_TEST(key_comes_up),
		MACHINE_RIG_TEST(guest_does_not_react),
		MACHINE_RIG_TEST(guest_reacts),
		MACHINE_RIG_TEST(guest_reacts_at_the_last_moment),
		MACHINE_RIG_TEST(reset_forgets_requests),
		MACHINE_RIG_TEST(reset_by_host_ends),
		MACHINE_RIG_TEST(pause_and_resume),
		MACHINE_RIG_TEST(suspended_machine_is_paused),
		MACHINE_RIG_TEST(key_waits_for_a_paused_guest),
		MACHINE_RIG_TEST(reset_stays_paused),
		MACHINE_RIG_TEST(paused_machine_ends),
		MACHINE_RIG_TEST(nothing_before_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
