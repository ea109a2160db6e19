/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs that go off, by themselves or by the host, against starts, takes and each other. */
#include "world.h"

static void cpu0_starts_1(void)
{
	world.got[1] = guest_start(0, 1, 1);
}

static void cpu2_starts_1(void)
{
	world.got[2] = guest_start(2, 1, 2);
}

static void cpu1_parks(void)
{
	(void)park(1);
}

static void cpu1_parks_twice(void)
{
	(void)park(1);
	(void)park(1);
}

static void cpu1_off(void)
{
	world.got[0] = psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

static void cpu1_off_parks(void)
{
	cpu1_off();
	(void)park(1);
}

static void host_forces_1(void)
{
	world.got[4] = host_force_off(1, &world.left[1]);
}

static void host2_forces_1(void)
{
	world.got[5] = host_force_off(1, &world.left[2]);
}

static void one_setup(void)
{
	world_init(1, MAY_UNDO);
}

static void two_setup(void)
{
	world_init(2, MAY_UNDO);
}

static void three_setup(void)
{
	world_init(3, MAY_UNDO);
}

static void check_force(int32_t got)
{
	CHECK(got == TORPOR_OK || got == TORPOR_E_STATE || got == TORPOR_E_BUSY);
}

/* A forced off is not undone by the take of the start that it undid. */
static void take_end(void)
{
	world_end();
	check_force(world.got[4]);
	CHECK(world.got[1] == TORPOR_RET_SUCCESS);
	if (world.got[4] == TORPOR_OK) {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
		CHECK(world.left[1] == 1);
	} else {
		check_running(1, 1);
	}
}

/* The host starts the CPU anew after it forced it off: the CPU ends up in the new start. */
static void host_forces_restarts(void)
{
	host_forces_1();
	world.got[3] = host_start(1, 3);
}

static void restart_end(void)
{
	world_end();
	check_force(world.got[4]);
	CHECK(world.got[1] == TORPOR_RET_SUCCESS || world.got[1] == TORPOR_RET_ON_PENDING ||
	      world.got[1] == TORPOR_RET_ALREADY_ON);
	if (world.got[3] == TORPOR_OK) {
		check_running(1, 3);
	} else {
		CHECK(world.got[3] == TORPOR_E_STATE);
		check_running(1, 1);
	}
	CHECK(took_times(1, 1) <= 1);
}

/* Two leave: the count goes down once; and who saw OFF may suspend. */
static void cpu0_looks_suspends(void)
{
	if (guest_affinity(0, 1) == TORPOR_AFFINITY_OFF ||
	    guest_affinity(0, 1) == TORPOR_AFFINITY_OFF) {
		world.got[1] = guest_suspend(0, 1);
		CHECK(world.got[1] == GOT(TORPOR_WAIT_SYSTEM));
	}
}

static void leavers_end(void)
{
	world_end();
	check_force(world.got[4]);
	CHECK(world.got[0] == GOT(TORPOR_PARK));
	CHECK(world.got[4] != TORPOR_OK || world.left[1] == 1);
	CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
	CHECK(torpor_machine_cpus_on(&world.machine) == 1);
}

/* CPU_OFF, a forced off and a start of the same CPU. */
static void leavers_start_end(void)
{
	world_end();
	check_force(world.got[4]);
	CHECK(world.got[0] == GOT(TORPOR_PARK));
	if (torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_ON) {
		CHECK(world.got[1] == TORPOR_RET_SUCCESS);
		check_running(1, 1);
	}
}

/* Two forcers and a start: one of the two, or both with the start between. */
static void forcers_end(void)
{
	uint32_t forced = 0u + (world.got[4] == TORPOR_OK) + (world.got[5] == TORPOR_OK);
	uint32_t started = world.got[1] == TORPOR_RET_SUCCESS;

	world_end();
	check_force(world.got[4]);
	check_force(world.got[5]);
	CHECK(forced >= 1 && forced <= 1 + started);
	CHECK((torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF) == (forced == 1 + started));
}

/* A forced off and two starts by guests. */
static void on_end(void)
{
	uint32_t won =
		0u + (world.got[1] == TORPOR_RET_SUCCESS) + (world.got[2] == TORPOR_RET_SUCCESS);

	world_end();
	CHECK(world.got[4] == TORPOR_OK && world.left[1] >= 2);
	CHECK(won <= 1);
	if (won == 1) {
		check_running(1, world.got[1] == TORPOR_RET_SUCCESS ? 1 : 2);
	} else {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
	}
}

/* SYSTEM_SUSPEND, and the host forces off the other CPU and the one that suspends. */
static void cpu0_suspends(void)
{
	world.got[0] = guest_suspend(0, 1);
}

static void host2_forces_0(void)
{
	world.got[5] = host_force_off(0, &world.left[2]);
}

static void suspend_end(void)
{
	bool suspended = world.got[0] == GOT(TORPOR_WAIT_SYSTEM);
	uint32_t cpu = CPUS;

	world_end();
	CHECK(world.got[4] == TORPOR_OK);
	CHECK(suspended || world.got[0] == TORPOR_RET_DENIED || world.got[0] == GOT(TORPOR_PARK));
	CHECK(suspended == (torpor_machine_mode(&world.machine) == TORPOR_MODE_SUSPENDED));
	CHECK(world.got[5] == TORPOR_E_BUSY || suspended == (world.got[5] == TORPOR_E_SUSPENDED));
	if (world.got[5] == TORPOR_E_BUSY) {
		CHECK(torpor_cpu_state(&world.machine, 0) == TORPOR_CPU_ON);
	} else if (suspended) {
		CHECK(torpor_machine_suspended_cpu(&world.machine, &cpu) == TORPOR_OK && cpu == 0);
		CHECK(torpor_cpu_state(&world.machine, 0) == TORPOR_CPU_ON);
	} else {
		CHECK(world.got[5] == TORPOR_OK);
		CHECK(torpor_cpu_state(&world.machine, 0) == TORPOR_CPU_OFF);
		CHECK((world.left[1] == 0) + (world.left[2] == 0) == 1);
	}
}

/* A forced off that began before a suspend, and the host's refusal of that: nobody is lost. */
static void cpu0_suspends_polls(void)
{
	cpu0_suspends();
	if (world.got[0] == GOT(TORPOR_WAIT_SYSTEM)) {
		world.flags[0] = 1;
		sched_wait(&world.kick[0]);
		world.got[1] = own_poll(0);
	}
}

static void host_refuses(void)
{
	sched_wait(&world.flags[0]);
	world.got[3] = (int32_t)torpor_machine_refuse_suspend(&world.machine);
	world.kick[0] = 1;
}

static void refused_end(void)
{
	bool forced = world.got[5] == TORPOR_OK;

	world_end();
	CHECK(forced || world.got[5] == TORPOR_E_SUSPENDED || world.got[5] == TORPOR_E_BUSY);
	CHECK((torpor_cpu_state(&world.machine, 0) == TORPOR_CPU_OFF) == forced);
	if (world.got[0] == GOT(TORPOR_WAIT_SYSTEM)) {
		CHECK(world.got[3] == TORPOR_OK);
		CHECK(world.got[1] == TORPOR_RET_DENIED ||
		      (forced && world.got[1] == GOT(TORPOR_PARK)));
	} else {
		CHECK(forced && world.got[0] == GOT(TORPOR_PARK));
	}
}

/* All go off: the last one, and no other, is told that none is left. */
static void cpu0_off(void)
{
	world.got[1] = psci(0, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

static void host_forces_2(void)
{
	world.got[4] = host_force_off(2, &world.left[2]);
}

static void last_end(void)
{
	world_end();
	CHECK(world.got[0] == GOT(TORPOR_PARK) && world.got[1] == GOT(TORPOR_PARK));
	CHECK(world.got[4] == TORPOR_OK);
	CHECK((world.left[0] == 0) + (world.left[1] == 0) + (world.left[2] == 0) == 1);
	CHECK(torpor_machine_cpus_on(&world.machine) == 0);
}

/* A CPU in CPU_SUSPEND wakes up, and is forced off and started anew. */
static void asleep_setup(void)
{
	world_init(2, MAY_UNDO);
	CHECK(guest_sleep(1, STATE_CPU, 7) == GOT(TORPOR_WAIT));
}

static void cpu1_wakes(void)
{
	world.got[0] = own_wake(1);
	if (world.got[0] == GOT(TORPOR_PARK)) {
		(void)park(1);
	}
}

static void asleep_end(void)
{
	enum torpor_cpu_state state = torpor_cpu_state(&world.machine, 1);
	bool forced = world.got[4] == TORPOR_OK;

	world_end();
	CHECK(forced || world.got[4] == TORPOR_E_BUSY);
	CHECK(world.got[3] == (forced ? TORPOR_OK : TORPOR_E_STATE));
	CHECK(state == TORPOR_CPU_ON || (forced && state == TORPOR_CPU_ON_PENDING));
	CHECK(forced || world.got[0] == GOT(TORPOR_ENTER));
	CHECK(world.got[0] == GOT(TORPOR_PARK) ||
	      (world.got[0] == GOT(TORPOR_ENTER) && world.entered[1] == 7));
	if (world.got[0] == GOT(TORPOR_PARK)) {
		check_running(1, 3);
	}
}

const struct sched_scenario off_scenarios[] = {
	{"off-forced-take",
	 "a forced off of a CPU that is being started and takes",
	 one_setup,
	 {{"cpu0", cpu0_starts_1}, {"cpu1", cpu1_parks}, {"host", host_forces_1}},
	 world_step,
	 take_end},
	{"off-forced-restart",
	 "a forced off, a second start, and the take of the first",
	 one_setup,
	 {{"cpu0", cpu0_starts_1}, {"cpu1", cpu1_parks_twice}, {"host", host_forces_restarts}},
	 world_step,
	 restart_end},
	{"off-two-leave",
	 "CPU_OFF, a forced off, and who sees OFF and suspends",
	 two_setup,
	 {{"cpu0", cpu0_looks_suspends}, {"cpu1", cpu1_off}, {"host", host_forces_1}},
	 world_step,
	 leavers_end},
	{"off-two-leave-start",
	 "CPU_OFF, a forced off and a start",
	 two_setup,
	 {{"cpu0", cpu0_starts_1}, {"cpu1", cpu1_off_parks}, {"host", host_forces_1}},
	 world_step,
	 leavers_start_end},
	{"off-two-forcers",
	 "two forced offs and a start",
	 two_setup,
	 {{"cpu0", cpu0_starts_1},
	  {"host", host_forces_1},
	  {"host2", host2_forces_1},
	  {"cpu1", cpu1_parks}},
	 world_step,
	 forcers_end},
	{"off-forced-on",
	 "a forced off and two starts by guests",
	 three_setup,
	 {{"cpu0", cpu0_starts_1},
	  {"cpu2", cpu2_starts_1},
	  {"host", host_forces_1},
	  {"cpu1", cpu1_parks}},
	 world_step,
	 on_end},
	{"off-forced-suspend",
	 "SYSTEM_SUSPEND and forced offs of both CPUs",
	 two_setup,
	 {{"cpu0", cpu0_suspends}, {"host", host_forces_1}, {"host2", host2_forces_0}},
	 world_step,
	 suspend_end},
	{"off-forced-refused",
	 "SYSTEM_SUSPEND, its refusal and a poll, and a forced off",
	 one_setup,
	 {{"cpu0", cpu0_suspends_polls}, {"host", host_refuses}, {"host2", host2_forces_0}},
	 world_step,
	 refused_end},
	{"off-last",
	 "CPU_OFF of two CPUs and a forced off of the third",
	 three_setup,
	 {{"cpu0", cpu0_off}, {"cpu1", cpu1_off}, {"host", host_forces_2}},
	 world_step,
	 last_end},
	{"off-asleep",
	 "a wake-up from CPU_SUSPEND, a forced off and a start",
	 asleep_setup,
	 {{"cpu1", cpu1_wakes}, {"host", host_forces_restarts}},
	 world_step,
	 asleep_end},
	{.name = NULL},
};
