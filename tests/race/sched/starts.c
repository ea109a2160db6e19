/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts of a CPU against each other, against its CPU_OFF, and with a start op that fails. */
#include "world.h"

#define LOST_GUEST(value) ((value) == TORPOR_RET_ALREADY_ON || (value) == TORPOR_RET_ON_PENDING)

static void cpu0_starts_2(void)
{
	world.got[1] = guest_start(0, 2, 1);
}

static void cpu1_starts_2(void)
{
	world.got[2] = guest_start(1, 2, 2);
}

static void host_starts_2(void)
{
	world.got[3] = host_start(2, 3);
}

static void cpu0_starts_1(void)
{
	world.got[1] = guest_start(0, 1, 1);
}

static void cpu2_starts_1(void)
{
	world.got[2] = guest_start(2, 1, 2);
}

static void host_starts_1(void)
{
	world.got[3] = host_start(1, 3);
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

static void cpu2_parks(void)
{
	(void)park(2);
}

/* Starts 1 to 3 of @cpu: how many won; who; and what the others were told. */
static uint32_t winners(uint32_t *who)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i <= 3; i++) {
		if (world.got[i] == TORPOR_RET_SUCCESS) {
			count++;
			*who = i;
		} else if (world.got[i] != NOTHING_YET) {
			CHECK(i == 3 ? world.got[i] == TORPOR_E_STATE : LOST_GUEST(world.got[i]));
		}
	}
	return count;
}

/* The target's thread stirs for nothing as well. */
static void three_setup(void)
{
	world_init(2, 0);
	world.kick[2] = 1;
}

static void three_end(void)
{
	uint32_t who = 0;

	world_end();
	CHECK(winners(&who) == 1);
	check_running(2, who);
	CHECK(torpor_machine_cpus_on(&world.machine) == 3);
}

/* Off races with two starts: at most one of them wins, and after the off. */
static void cpu1_off_parks(void)
{
	world.got[0] = psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0);
	(void)park(1);
}

static void off_end(void)
{
	uint32_t who = 0;
	uint32_t won = winners(&who);

	world_end();
	CHECK(world.got[0] == GOT(TORPOR_PARK) && world.left[1] == 1);
	CHECK(won <= 1);
	if (won == 1) {
		check_running(1, who);
	} else {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
	}
}

static void two_setup(void)
{
	world_init(2, 0);
}

/* Taken, off, started anew: each start that won is taken, once, in the order of winning. */
static void cpu1_twice(void)
{
	(void)park(1);
	world.got[0] = psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0);
	(void)park(1);
}

static void one_setup(void)
{
	world_init(1, 0);
}

static void again_end(void)
{
	uint32_t who = 0;
	uint32_t won = winners(&who);

	world_end();
	CHECK(won >= 1);
	for (uint32_t i = 1; i <= 3; i++) {
		CHECK(took_times(1, i) == (world.got[i] == TORPOR_RET_SUCCESS));
	}
	CHECK(torpor_cpu_state(&world.machine, 1) == (won == 1 ? TORPOR_CPU_OFF : TORPOR_CPU_ON));
}

/* A guest that looks three times never sees a step backwards. */
static void cpu2_looks(void)
{
	static const uint8_t order[] = {[TORPOR_AFFINITY_OFF] = 0,
					[TORPOR_AFFINITY_ON_PENDING] = 1,
					[TORPOR_AFFINITY_ON] = 2};
	int32_t before = TORPOR_AFFINITY_OFF;

	for (uint32_t i = 0; i < 3; i++) {
		int32_t now = guest_affinity(2, 1);

		CHECK(now == TORPOR_AFFINITY_OFF || now == TORPOR_AFFINITY_ON_PENDING ||
		      now == TORPOR_AFFINITY_ON);
		CHECK(order[now & 3] >= order[before & 3]);
		before = now;
	}
}

static void look_setup(void)
{
	struct torpor_start start;

	world_init(1, 0);
	CHECK(guest_start(0, 2, 15) == TORPOR_RET_SUCCESS);
	CHECK(torpor_cpu_take(&world.machine, 2, &start) == TORPOR_OK);
	world.kick[2] = 0;
	world.affinity[2] = TORPOR_AFFINITY_ON;
}

static void look_end(void)
{
	uint32_t who = 0;

	world_end();
	CHECK(winners(&who) == 1);
	check_running(1, who);
}

/* The guest that starts a CPU sees it no more OFF once it was told SUCCESS or ON_PENDING. */
static void cpu0_starts_looks(void)
{
	world.got[1] = guest_start(0, 1, 1);
	CHECK(guest_affinity(0, 1) != TORPOR_AFFINITY_OFF);
	if (world.got[1] == TORPOR_RET_ALREADY_ON) {
		CHECK(guest_affinity(0, 1) == TORPOR_AFFINITY_ON);
	}
}

/* The first start op fails. Its start leaves no trace; the CPU's thread stirs for nothing. */
static void failing_setup(void)
{
	world_init(1, MAY_UNDO);
	world.failing_starts = 1;
	world.kick[1] = 1;
}

static void failing_end(void)
{
	uint32_t won = 0;
	uint32_t failed = 0;

	world_end();
	for (uint32_t i = 1; i <= 3; i += 2) {
		bool none = world.got[i] == TORPOR_RET_INTERNAL_FAILURE && i == 1;

		none = none || (world.got[i] == TORPOR_E_FAILED && i == 3);
		failed += none;
		won += world.got[i] == TORPOR_RET_SUCCESS;
		CHECK(!none || took_times(1, i) == 0);
		CHECK(world.got[i] != TORPOR_RET_SUCCESS || took_times(1, i) == 1);
	}
	CHECK(world.failing_starts == 0);
	CHECK(failed <= 1 && won <= 1 && failed + won >= 1);
	CHECK(torpor_cpu_state(&world.machine, 1) == (won == 1 ? TORPOR_CPU_ON : TORPOR_CPU_OFF));
	CHECK(torpor_machine_cpus_on(&world.machine) == 1 + won);
}

/* The start op of a start fails while the host forces the CPU off: it is off once. */
static void host_forces_1(void)
{
	world.got[4] = host_force_off(1, &world.left[1]);
}

static void failing_force_end(void)
{
	world_end();
	CHECK(world.got[1] == TORPOR_RET_INTERNAL_FAILURE || world.got[1] == TORPOR_RET_SUCCESS);
	CHECK(world.got[4] == TORPOR_OK || world.got[4] == TORPOR_E_STATE ||
	      world.got[4] == TORPOR_E_BUSY);
	if (world.got[4] == TORPOR_OK || world.got[1] == TORPOR_RET_INTERNAL_FAILURE) {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
		CHECK(torpor_machine_cpus_on(&world.machine) == 1);
	}
}

/* The same, and the host starts the CPU anew: the failed start is not to undo that one. */
static void host_forces_1_restarts(void)
{
	host_forces_1();
	world.got[3] = host_start(1, 3);
}

static void failing_restart_end(void)
{
	world_end();
	if (world.got[3] == TORPOR_OK) {
		check_running(1, 3);
	} else if (world.got[3] == TORPOR_E_FAILED) {
		CHECK(world.got[1] != TORPOR_RET_INTERNAL_FAILURE);
		CHECK(took_times(1, 3) == 0);
	}
	CHECK(world.got[1] != TORPOR_RET_INTERNAL_FAILURE || took_times(1, 1) == 0);
}

/* A frozen CPU: who starts it, once; it counts all the time. */
static void frozen_setup(void)
{
	world_init(3, MAY_RESTART);
	CHECK(psci(1, TORPOR_FN_CPU_FREEZE, 0, 0, 0) == GOT(TORPOR_PARK));
}

static void frozen_step(void)
{
	world_step();
	CHECK(torpor_machine_cpus_on(&world.machine) == 3);
}

static void frozen_end(void)
{
	uint32_t who = 0;

	world_end();
	CHECK(winners(&who) == 1);
	check_running(1, who);
}

/* CPU 1 freezes while it is started: whoever is told SUCCESS is taken. */
static void cpu1_freezes(void)
{
	world.got[0] = psci(1, TORPOR_FN_CPU_FREEZE, 0, 0, 0);
	(void)park(1);
}

static void freezing_setup(void)
{
	world_init(2, MAY_RESTART);
}

static void freezing_end(void)
{
	uint32_t who = 0;
	uint32_t won = winners(&who);

	world_end();
	CHECK(world.got[0] == GOT(TORPOR_PARK) && won <= 1);
	if (won == 1) {
		check_running(1, who);
	} else {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_FROZEN);
	}
	CHECK(torpor_machine_cpus_on(&world.machine) == 2);
}

const struct sched_scenario start_scenarios[] = {
	{"start-three-callers",
	 "CPU_ON of one CPU by two guests and the host, and its take",
	 three_setup,
	 {{"cpu0", cpu0_starts_2},
	  {"cpu1", cpu1_starts_2},
	  {"host", host_starts_2},
	  {"cpu2", cpu2_parks}},
	 world_step,
	 three_end},
	{"start-off",
	 "CPU_ON by a guest and the host, and CPU_OFF of the target",
	 two_setup,
	 {{"cpu0", cpu0_starts_1}, {"host", host_starts_1}, {"cpu1", cpu1_off_parks}},
	 world_step,
	 off_end},
	{"start-off-start",
	 "two starts, a take and a CPU_OFF between",
	 one_setup,
	 {{"cpu0", cpu0_starts_1}, {"host", host_starts_1}, {"cpu1", cpu1_twice}},
	 world_step,
	 again_end},
	{"start-affinity",
	 "a start by guest and host, and AFFINITY_INFO by another CPU",
	 look_setup,
	 {{"cpu0", cpu0_starts_1},
	  {"host", host_starts_1},
	  {"cpu1", cpu1_parks},
	  {"cpu2", cpu2_looks}},
	 world_step,
	 look_end},
	{"start-look",
	 "a start by guest and host, and AFFINITY_INFO by the caller",
	 one_setup,
	 {{"cpu0", cpu0_starts_looks}, {"host", host_starts_1}, {"cpu1", cpu1_parks}},
	 world_step,
	 look_end},
	{"start-op-fails",
	 "a start op that fails, another start, and a take for nothing",
	 failing_setup,
	 {{"cpu0", cpu0_starts_1}, {"host", host_starts_1}, {"cpu1", cpu1_parks}},
	 world_step,
	 failing_end},
	{"start-op-fails-force",
	 "a start op that fails, a forced off, and a take for nothing",
	 failing_setup,
	 {{"cpu0", cpu0_starts_1}, {"host", host_forces_1}, {"cpu1", cpu1_parks}},
	 world_step,
	 failing_force_end},
	{"start-op-fails-restart",
	 "a start op that fails, a forced off and a start anew",
	 failing_setup,
	 {{"cpu0", cpu0_starts_1}, {"host", host_forces_1_restarts}, {"cpu1", cpu1_parks_twice}},
	 world_step,
	 failing_restart_end},
	{"start-frozen",
	 "CPU_ON of a frozen CPU by two guests and the host",
	 frozen_setup,
	 {{"cpu0", cpu0_starts_1},
	  {"cpu2", cpu2_starts_1},
	  {"host", host_starts_1},
	  {"cpu1", cpu1_parks}},
	 frozen_step,
	 frozen_end},
	{"start-freezing",
	 "CPU_FREEZE of a CPU that a guest and the host start",
	 freezing_setup,
	 {{"cpu0", cpu0_starts_1}, {"host", host_starts_1}, {"cpu1", cpu1_freezes}},
	 world_step,
	 freezing_end},
	{.name = NULL},
};
