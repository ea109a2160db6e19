/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a guest that neglects its watchdog, or tells of a panic. */
#include "machine_rig.h"

#include <string.h>
#include <unistd.h>

#define WRR LAYOUT_WATCHDOG_REFRESH_BASE
#define WCS LAYOUT_WATCHDOG_CONTROL_BASE
#define WOR (LAYOUT_WATCHDOG_CONTROL_BASE + 8)
/* The fake's counter is in ns. */
#define OFFSET 100000000

/* A watchdog that bites 200 ms later. */
#define WATCHED FAKE_READ(WCS, 4), FAKE_WRITE(WOR, 4, OFFSET), FAKE_WRITE(WCS, 4, 1)

#define TELL(event) FAKE_WRITE(LAYOUT_PVPANIC_BASE, 1, event)
#define OFF FAKE_CALL(SYSTEM_OFF, 0, 0, 0)

static const struct fake_op neglects[] = {WATCHED, FAKE_IDLE};

static void watch(struct machine_rig *rig, enum machine_watchdog action)
{
	rig->config.watchdog = action;
}

/* The guest starts over in the same process, and can see why. */
static void bite_resets(void **state)
{
	struct machine_rig *rig = *state;

	watch(rig, MACHINE_WATCHDOG_RESET);
	machine_rig_start(rig, neglects);
	assert_int_equal(machine_rig_run(rig, 4), MACHINE_RUNNING);
	assert_true(fake_kvm_wait_reads(0, 2));
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_ends(rig, MACHINE_END_HOST);
	assert_events(&rig->events, "STARTED cpu=0", "WATCHDOG action=reset", "RESET watchdog",
		      "STARTED cpu=0", "SHUTDOWN host", NULL);
	assert_int_equal(fake_kvm_read(0, 0), 0);
	assert_int_equal(fake_kvm_read(0, 1), 4);
	assert_true(machine_rig_logged(rig, "watchdog"));
}

static void bite_ends_where_resets_do(void **state)
{
	struct machine_rig *rig = *state;

	watch(rig, MACHINE_WATCHDOG_RESET);
	rig->config.reboot = false;
	machine_rig_start(rig, neglects);
	assert_ends(rig, MACHINE_END_RESET);
	assert_events(&rig->events, "STARTED cpu=0", "WATCHDOG action=reset", "RESET watchdog",
		      NULL);
}

static void bite_powers_off_when_told_to(void **state)
{
	struct machine_rig *rig = *state;

	watch(rig, MACHINE_WATCHDOG_POWEROFF);
	machine_rig_start(rig, neglects);
	assert_ends(rig, MACHINE_END_CRASHED);
	assert_events(&rig->events, "STARTED cpu=0", "WATCHDOG action=poweroff",
		      "SHUTDOWN watchdog", NULL);
	assert_true(machine_rig_logged(rig, "watchdog"));
}

static void refreshed_guest_lives(void **state)
{
	static const struct fake_op ops[] = {WATCHED, FAKE_WRITE(WRR, 4, 0), FAKE_JUMP(3)};
	struct machine_rig *rig = *state;

	watch(rig, MACHINE_WATCHDOG_RESET);
	machine_rig_start(rig, ops);
	for (unsigned i = 0; i < 8; i++) {
		(void)usleep(OFFSET / 2000);
		assert_int_equal(machine_dispatch(rig->machine), MACHINE_RUNNING);
	}
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_ends(rig, MACHINE_END_HOST);
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN host", NULL);
}

/* The counter goes on while the guest sleeps: who left the watchdog on is reset out of it. */
static void suspended_guest_is_bitten(void **state)
{
	static const struct fake_op ops[] = {
		WATCHED,
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;

	watch(rig, MACHINE_WATCHDOG_RESET);
	rig->config.reboot = false;
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_RESET);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "WATCHDOG action=reset",
		      "RESET watchdog", NULL);
}

/* And who has WS0's interrupt enabled is woken by it, in time to refresh. */
static void first_stage_wakes(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(LAYOUT_WATCHDOG_INTID),
		WATCHED,
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op woken[] = {FAKE_WRITE(WCS, 4, 0), OFF, FAKE_IDLE};
	struct machine_rig *rig = *state;

	watch(rig, MACHINE_WATCHDOG_RESET);
	fake_kvm_ops(PROG(1), woken);
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 42 sbsa-gwdt", "SHUTDOWN cpu=0 guest", NULL);
}

/* However long the host pauses the machine; afterwards it has the time that was left. */
static void paused_guest_is_not_bitten(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error;

	watch(rig, MACHINE_WATCHDOG_RESET);
	rig->config.reboot = false;
	machine_rig_start(rig, neglects);
	assert_true(fake_kvm_wait_reads(0, 1));
	assert_int_equal(machine_pause(rig->machine, &error), 0);
	for (unsigned i = 0; i < 6; i++) {
		(void)usleep(OFFSET / 1000);
		assert_int_equal(machine_dispatch(rig->machine), MACHINE_RUNNING);
	}
	assert_true(machine_resume(rig->machine));
	assert_ends(rig, MACHINE_END_RESET);
	assert_events(&rig->events, "STARTED cpu=0", "STOP", "RESUME", "WATCHDOG action=reset",
		      "RESET watchdog", NULL);
}

static void there_is_none_unasked(void **state)
{
	static const struct fake_op ops[] = {FAKE_READ(WCS + 0xFCC, 4), WATCHED, FAKE_READ(WCS, 4),
					     OFF, FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_read(0, 0), 0);
	assert_int_equal(fake_kvm_read(0, 2), 0);
}

/* The guest goes on to its own end, and is heard once however often it says so. */
static void panic_is_told(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_READ(LAYOUT_PVPANIC_BASE, 1), TELL(1),   TELL(2), TELL(1), TELL(2),
		FAKE_CALL(SYSTEM_RESET, 0, 0, 0),  FAKE_IDLE,
	};
	struct machine_rig *rig = *state;

	rig->config.reboot = false;
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_RESET);
	assert_int_equal(fake_kvm_read(0, 0), 7);
	assert_events(&rig->events, "STARTED cpu=0", "GUEST_PANICKED action=run",
		      "GUEST_CRASHLOADED action=run", "RESET cpu=0 guest", NULL);
	assert_true(machine_rig_logged(rig, "panicked"));
}

/* The next boot is heard again. */
static void panic_is_told_in_each_boot(void **state)
{
	static const struct fake_op ops[] = {TELL(1), FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 6), MACHINE_RUNNING);
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_ends(rig, MACHINE_END_HOST);
	assert_string_equal(rig->events.texts[1], "GUEST_PANICKED action=run");
	assert_string_equal(rig->events.texts[4], "GUEST_PANICKED action=run");
}

static void panic_ends_when_told_to(void **state)
{
	static const struct fake_op ops[] = {TELL(2), TELL(1), FAKE_IDLE};
	struct machine_rig *rig = *state;

	rig->config.panic_ends = true;
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_CRASHED);
	/* What a crash kernel deals with is not the host's to end. */
	assert_events(&rig->events, "STARTED cpu=0", "GUEST_CRASHLOADED action=run",
		      "GUEST_PANICKED action=poweroff", "SHUTDOWN guest-panic", NULL);
	assert_true(machine_rig_logged(rig, "panicked"));
}

static void shutdown_by_pvpanic_is_off(void **state)
{
	static const struct fake_op ops[] = {TELL(4), FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_events(&rig->events, "STARTED cpu=0", "GUEST_PVSHUTDOWN", "SHUTDOWN guest", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(bite_resets),
		MACHINE_RIG_TEST(bite_ends_where_resets_do),
		MACHINE_RIG_TEST(bite_powers_off_when_told_to),
		MACHINE_RIG_TEST(refreshed_guest_lives),
		MACHINE_RIG_TEST(suspended_guest_is_bitten),
		MACHINE_RIG_TEST(first_stage_wakes),
		MACHINE_RIG_TEST(paused_guest_is_not_bitten),
		MACHINE_RIG_TEST(there_is_none_unasked),
		MACHINE_RIG_TEST(panic_is_told),
		MACHINE_RIG_TEST(panic_is_told_in_each_boot),
		MACHINE_RIG_TEST(panic_ends_when_told_to),
		MACHINE_RIG_TEST(shutdown_by_pvpanic_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
