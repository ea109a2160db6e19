/* SPDX-License-Identifier: BSD-3-Clause */
/* SYSTEM_SUSPEND against starts, offs and freezes, and all that can end it against each other. */
#include "world.h"

static void cpu0_suspends(void)
{
	world.got[0] = guest_suspend(0, 1);
}

/* Suspended, the CPU's thread waits until the host wakes it up, and then looks. */
static void cpu0_suspends_polls(void)
{
	cpu0_suspends();
	if (world.got[0] == GOT(TORPOR_WAIT_SYSTEM)) {
		sched_wait(&world.kick[0]);
		world.got[7] = own_poll(0);
	}
}

static void host_starts_1(void)
{
	world.got[1] = host_start(1, 2);
}

static void host2_starts_2(void)
{
	world.got[2] = host_start(2, 3);
}

static void host_starts_1_or_wakes(void)
{
	host_starts_1();
	if (world.got[1] == TORPOR_E_SUSPENDED) {
		world.got[3] = (int32_t)torpor_machine_wake(&world.machine);
		world.kick[0] = 1;
	}
}

static void cpu1_parks(void)
{
	(void)park(1);
}

static void cpu2_parks(void)
{
	(void)park(2);
}

static void one_setup(void)
{
	world_init(1, MAY_UNDO);
}

static void two_setup(void)
{
	world_init(2, 0);
}

/* Exactly one of the suspend and the start wins. */
static void host_start_end(void)
{
	bool suspended = world.got[0] == GOT(TORPOR_WAIT_SYSTEM);

	world_end();
	CHECK(suspended || world.got[0] == TORPOR_RET_DENIED);
	CHECK(world.got[1] == (suspended ? TORPOR_E_SUSPENDED : TORPOR_OK));
	if (suspended) {
		CHECK(world.got[3] == TORPOR_OK);
		CHECK(world.got[7] == GOT(TORPOR_ENTER) && world.entered[0] == 1);
		CHECK(torpor_machine_mode(&world.machine) == TORPOR_MODE_RUNNING);
		CHECK(guest_start(0, 1, 4) == TORPOR_RET_SUCCESS);
	} else {
		check_running(1, 2);
	}
}

static void two_starts_end(void)
{
	bool suspended = world.got[0] == GOT(TORPOR_WAIT_SYSTEM);
	int32_t expected = suspended ? TORPOR_E_SUSPENDED : TORPOR_OK;

	world_end();
	CHECK(suspended || world.got[0] == TORPOR_RET_DENIED);
	CHECK(world.got[1] == expected || world.got[2] == expected);
	CHECK(!suspended || (world.got[1] == expected && world.got[2] == expected));
	CHECK(world.got[1] == TORPOR_OK || world.got[1] == TORPOR_E_SUSPENDED);
	CHECK(world.got[2] == TORPOR_OK || world.got[2] == TORPOR_E_SUSPENDED);
	CHECK(suspended == (torpor_machine_mode(&world.machine) == TORPOR_MODE_SUSPENDED));
	CHECK(world.got[1] != TORPOR_OK || took_last(1) == 2);
	CHECK(world.got[2] != TORPOR_OK || took_last(2) == 3);
}

/* One CPU turns another on and itself off: there is always one, so no suspend. */
static void cpu1_starts_2_goes(void)
{
	world.got[1] = guest_start(1, 2, 2);
	world.got[2] = psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

static void cpu1_starts_2_goes_parks(void)
{
	cpu1_starts_2_goes();
	(void)park(1);
}

static void cpu2_parks_starts_1_goes(void)
{
	(void)park(2);
	world.got[3] = guest_start(2, 1, 3);
	if (world.got[3] == TORPOR_RET_SUCCESS) {
		world.got[4] = psci(2, TORPOR_FN_CPU_OFF, 0, 0, 0);
	}
}

static void handed_end(void)
{
	world_end();
	CHECK(world.got[0] == TORPOR_RET_DENIED);
	CHECK(world.got[1] == TORPOR_RET_SUCCESS && world.got[2] == GOT(TORPOR_PARK));
	CHECK(torpor_machine_cpus_on(&world.machine) == 2);
}

/* A guest that saw all others OFF is not told that one is on. */
static void cpu1_off(void)
{
	world.got[1] = psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

static void host_forces_2(void)
{
	world.got[2] = host_force_off(2, &world.left[2]);
}

static void cpu0_looks_suspends(void)
{
	bool off1 = guest_affinity(0, 1) == TORPOR_AFFINITY_OFF;
	bool off2 = guest_affinity(0, 2) == TORPOR_AFFINITY_OFF;

	cpu0_suspends();
	CHECK(!off1 || !off2 || world.got[0] == GOT(TORPOR_WAIT_SYSTEM));
}

static void three_setup(void)
{
	world_init(3, 0);
}

static void looked_end(void)
{
	world_end();
	CHECK(world.got[1] == GOT(TORPOR_PARK) && world.got[2] == TORPOR_OK);
	CHECK(world.got[0] == GOT(TORPOR_WAIT_SYSTEM) || world.got[0] == TORPOR_RET_DENIED);
}

/* A frozen CPU counts as on, also while it freezes; so does one in CPU_SUSPEND. */
static void cpu1_freezes(void)
{
	world.got[1] = psci(1, TORPOR_FN_CPU_FREEZE, 0, 0, 0);
}

static void cpu2_sleeps_wakes(void)
{
	world.got[2] = guest_sleep(2, STATE_CPU_STANDBY, 7);
	CHECK(world.got[2] == GOT(TORPOR_WAIT));
	CHECK(own_wake(2) == TORPOR_RET_SUCCESS);
}

static void frozen_end(void)
{
	world_end();
	CHECK(world.got[1] == GOT(TORPOR_PARK));
	CHECK(world.got[0] == TORPOR_RET_DENIED);
	CHECK(torpor_machine_cpus_on(&world.machine) == 3);
}

/* A start whose op fails, and a suspend: the failed start leaves no trace. */
static void failing_setup(void)
{
	one_setup();
	world.failing_starts = 1;
}

static void failing_end(void)
{
	world_end();
	CHECK(world.got[1] == TORPOR_E_FAILED || world.got[1] == TORPOR_E_SUSPENDED);
	CHECK(world.got[1] != TORPOR_E_SUSPENDED || world.got[0] == GOT(TORPOR_WAIT_SYSTEM));
	CHECK(world.got[0] == GOT(TORPOR_WAIT_SYSTEM) || world.got[0] == TORPOR_RET_DENIED);
	CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
}

/* What ends a suspend: the CPU's own wake-up, the host's, its refusal, the machine's end. */
static void suspended_setup(void)
{
	one_setup();
	CHECK(guest_suspend(0, 1) == GOT(TORPOR_WAIT_SYSTEM));
}

static void cpu0_wakes(void)
{
	world.got[0] = own_wake(0);
}

static void cpu0_polls(void)
{
	world.got[0] = own_poll(0);
	if (world.got[0] == GOT(TORPOR_WAIT_SYSTEM)) {
		world.got[0] = own_poll(0);
	}
}

static void host_refuses(void)
{
	world.got[1] = (int32_t)torpor_machine_refuse_suspend(&world.machine);
}

static void host2_wakes(void)
{
	world.got[2] = (int32_t)torpor_machine_wake(&world.machine);
}

static void host3_ends(void)
{
	world.got[3] = (int32_t)torpor_machine_end(&world.machine, TORPOR_MODE_OFF);
}

/* got[0] is what the CPU came to; who else took the step out of suspended? */
static void check_one_winner(bool own)
{
	bool refused = world.got[1] == TORPOR_OK;
	bool woken = world.got[2] == TORPOR_OK;
	bool ended = world.got[3] == TORPOR_OK;

	CHECK(refused || world.got[1] == TORPOR_E_STATE || world.got[1] == NOTHING_YET);
	CHECK(woken || world.got[2] == TORPOR_E_STATE || world.got[2] == NOTHING_YET);
	CHECK(!(refused && woken));
	switch (world.got[0]) {
	case TORPOR_RET_DENIED:
		CHECK(refused);
		break;
	case GOT(TORPOR_ENTER):
		CHECK(!refused && (own || woken) && world.entered[0] == 1);
		break;
	case GOT(TORPOR_PARK):
		CHECK(ended);
		break;
	case GOT(TORPOR_WAIT_SYSTEM):
		CHECK(!own);
		break;
	default:
		CHECK(false);
		break;
	}
}

static void wakes_end(void)
{
	world_end();
	check_one_winner(true);
	if (world.got[3] != TORPOR_OK) {
		CHECK(torpor_machine_mode(&world.machine) == TORPOR_MODE_RUNNING);
	}
}

static void ends_end(void)
{
	wakes_end();
	CHECK(world.got[3] == TORPOR_OK);
	CHECK(torpor_machine_mode(&world.machine) == TORPOR_MODE_OFF);
}

static void polls_end(void)
{
	world_end();
	check_one_winner(false);
	if (world.got[0] == GOT(TORPOR_WAIT_SYSTEM)) {
		int32_t got = own_poll(0);

		CHECK(got == (world.got[1] == TORPOR_OK ? TORPOR_RET_DENIED : GOT(TORPOR_ENTER)) ||
		      (got == GOT(TORPOR_PARK) && world.got[3] == TORPOR_OK));
	}
}

/* The host refuses; the guest suspends anew at once: a late poll or wake is not for that one. */
static void cpu0_polls_suspends_again(void)
{
	cpu0_polls();
	if (world.got[0] == TORPOR_RET_DENIED) {
		world.got[4] = guest_suspend(0, 5);
		CHECK(world.got[4] == GOT(TORPOR_WAIT_SYSTEM));
	}
}

static void again_end(void)
{
	bool again = world.got[4] == GOT(TORPOR_WAIT_SYSTEM);

	world_end();
	if (world.got[0] == TORPOR_RET_DENIED) {
		CHECK(again && world.got[1] == TORPOR_OK);
		if (world.got[2] == TORPOR_OK) {
			CHECK(own_poll(0) == GOT(TORPOR_ENTER) && world.entered[0] == 5);
		} else {
			CHECK(own_poll(0) == GOT(TORPOR_WAIT_SYSTEM));
		}
	}
}

/* The host refuses, and forces the CPU off and starts it anew before that one has looked. */
static void host2_forces_0_restarts(void)
{
	world.got[2] = host_force_off(0, &world.left[1]);
	world.got[3] = host_start(0, 4);
}

static void cpu0_polls_parks(void)
{
	world.got[0] = own_poll(0);
	if (world.got[0] == GOT(TORPOR_PARK)) {
		(void)park(0);
	}
}

static void overtaken_end(void)
{
	enum torpor_cpu_state state = torpor_cpu_state(&world.machine, 0);
	bool forced = world.got[2] == TORPOR_OK;

	world_end();
	CHECK(world.got[1] == TORPOR_OK);
	CHECK(forced || world.got[2] == TORPOR_E_SUSPENDED || world.got[2] == TORPOR_E_BUSY);
	CHECK(forced == (world.got[3] == TORPOR_OK));
	switch (world.got[0]) {
	case GOT(TORPOR_PARK):
		CHECK(forced);
		check_running(0, 4);
		break;
	case GOT(TORPOR_WAIT_SYSTEM):
		CHECK(own_poll(0) == (forced ? GOT(TORPOR_PARK) : TORPOR_RET_DENIED));
		break;
	default:
		CHECK(world.got[0] == TORPOR_RET_DENIED);
		CHECK(state == (forced ? TORPOR_CPU_ON_PENDING : TORPOR_CPU_ON));
		break;
	}
}

/* The same after a wake-up: what the CPU was given is its own suspend's. */
static void woken_overtaken_end(void)
{
	bool forced = world.got[2] == TORPOR_OK;

	world_end();
	CHECK(world.got[0] == GOT(TORPOR_ENTER) && world.entered[0] == 1);
	CHECK(forced || world.got[2] == TORPOR_E_SUSPENDED || world.got[2] == TORPOR_E_BUSY);
	CHECK(torpor_cpu_state(&world.machine, 0) ==
	      (forced ? TORPOR_CPU_ON_PENDING : TORPOR_CPU_ON));
}

/* Starts by the host while the machine suspends, wakes up and runs on. */
static void cpu0_wakes_starts(void)
{
	cpu0_wakes();
	world.got[1] = guest_start(0, 1, 2);
}

static void host_starts_1_late(void)
{
	world.got[2] = host_start(1, 3);
}

static void woken_end(void)
{
	bool host = world.got[2] == TORPOR_OK;

	world_end();
	CHECK(world.got[0] == GOT(TORPOR_ENTER) && world.entered[0] == 1);
	CHECK(host || world.got[2] == TORPOR_E_SUSPENDED || world.got[2] == TORPOR_E_STATE);
	if (world.got[1] == TORPOR_RET_SUCCESS || host) {
		CHECK(world.got[1] != TORPOR_RET_SUCCESS || !host);
		check_running(1, host ? 3 : 2);
	} else {
		/* The host's start had the CPU for a moment. */
		CHECK(world.got[1] == TORPOR_RET_ON_PENDING);
	}
}

const struct sched_scenario suspend_scenarios[] = {
	{"suspend-host-start",
	 "SYSTEM_SUSPEND and a start by the host, which then wakes",
	 one_setup,
	 {{"cpu0", cpu0_suspends_polls}, {"host", host_starts_1_or_wakes}, {"cpu1", cpu1_parks}},
	 world_step,
	 host_start_end},
	{"suspend-two-starts",
	 "SYSTEM_SUSPEND and starts of two CPUs by the host",
	 one_setup,
	 {{"cpu0", cpu0_suspends},
	  {"host", host_starts_1},
	  {"host2", host2_starts_2},
	  {"cpu1", cpu1_parks},
	  {"cpu2", cpu2_parks}},
	 world_step,
	 two_starts_end},
	{"suspend-handed-on",
	 "SYSTEM_SUSPEND, and CPU 1 turns CPU 2 on and itself off",
	 two_setup,
	 {{"cpu0", cpu0_suspends}, {"cpu1", cpu1_starts_2_goes}, {"cpu2", cpu2_parks}},
	 world_step,
	 handed_end},
	{"suspend-handed-back",
	 "the same, and CPU 2 does so in turn",
	 two_setup,
	 {{"cpu0", cpu0_suspends},
	  {"cpu1", cpu1_starts_2_goes_parks},
	  {"cpu2", cpu2_parks_starts_1_goes}},
	 world_step,
	 handed_end},
	{"suspend-after-off",
	 "AFFINITY_INFO, then SYSTEM_SUSPEND; a CPU_OFF and a forced off",
	 three_setup,
	 {{"cpu0", cpu0_looks_suspends}, {"cpu1", cpu1_off}, {"host", host_forces_2}},
	 world_step,
	 looked_end},
	{"suspend-frozen",
	 "SYSTEM_SUSPEND, CPU_FREEZE and CPU_SUSPEND",
	 three_setup,
	 {{"cpu0", cpu0_suspends}, {"cpu1", cpu1_freezes}, {"cpu2", cpu2_sleeps_wakes}},
	 world_step,
	 frozen_end},
	{"suspend-op-fails",
	 "SYSTEM_SUSPEND and a start whose op fails",
	 failing_setup,
	 {{"cpu0", cpu0_suspends}, {"host", host_starts_1}},
	 world_step,
	 failing_end},
	{"suspend-wakes",
	 "the CPU's wake-up, the host's refusal and its wake",
	 suspended_setup,
	 {{"cpu0", cpu0_wakes}, {"host", host_refuses}, {"host2", host2_wakes}},
	 world_step,
	 wakes_end},
	{"suspend-ends",
	 "the same, and the host ends the machine",
	 suspended_setup,
	 {{"cpu0", cpu0_wakes},
	  {"host", host_refuses},
	  {"host2", host2_wakes},
	  {"host3", host3_ends}},
	 world_step,
	 ends_end},
	{"suspend-polls",
	 "polls, the host's refusal, its wake and its end",
	 suspended_setup,
	 {{"cpu0", cpu0_polls},
	  {"host", host_refuses},
	  {"host2", host2_wakes},
	  {"host3", host3_ends}},
	 world_step,
	 polls_end},
	{"suspend-again",
	 "a refusal, a wake, and a second suspend",
	 suspended_setup,
	 {{"cpu0", cpu0_polls_suspends_again}, {"host", host_refuses}, {"host2", host2_wakes}},
	 world_step,
	 again_end},
	{"suspend-overtaken",
	 "a refusal, then a forced off and a start of the CPU that suspended",
	 suspended_setup,
	 {{"cpu0", cpu0_polls_parks}, {"host", host_refuses}, {"host2", host2_forces_0_restarts}},
	 world_step,
	 overtaken_end},
	{"suspend-woken-overtaken",
	 "a wake-up, then a forced off and a start of the CPU that suspended",
	 suspended_setup,
	 {{"cpu0", cpu0_wakes}, {"host2", host2_forces_0_restarts}},
	 world_step,
	 woken_overtaken_end},
	{"suspend-woken",
	 "a wake-up, a start by the host and one by the guest that woke up",
	 suspended_setup,
	 {{"cpu0", cpu0_wakes_starts}, {"host", host_starts_1_late}, {"cpu1", cpu1_parks}},
	 world_step,
	 woken_end},
	{.name = NULL},
};
