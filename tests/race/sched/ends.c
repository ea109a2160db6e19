/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a machine, its reset, and save and restore, against all that is under way. */
#include "world.h"

static void cpu0_off(void)
{
	world.got[0] = psci(0, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
}

static void cpu1_resets(void)
{
	world.got[1] = psci(1, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
}

static void cpu2_hibernates(void)
{
	world.got[2] = psci(2, TORPOR_FN_SYSTEM_OFF2, 0, 0, 0);
}

static void host_ends(void)
{
	world.got[3] = (int32_t)torpor_machine_end(&world.machine, TORPOR_MODE_RESETTING);
}

static void three_setup(void)
{
	world_init(3, 0);
}

/* Exactly one is told, and the mode is what that one asked for. */
static void ends_end(void)
{
	static const int32_t told[4] = {GOT(TORPOR_MACHINE_OFF), GOT(TORPOR_MACHINE_RESET),
					GOT(TORPOR_MACHINE_HIBERNATED), TORPOR_OK};
	static const int32_t not_told[4] = {GOT(TORPOR_PARK), GOT(TORPOR_PARK), GOT(TORPOR_PARK),
					    TORPOR_E_STATE};
	static const enum torpor_machine_mode modes[4] = {TORPOR_MODE_OFF, TORPOR_MODE_RESETTING,
							  TORPOR_MODE_HIBERNATED,
							  TORPOR_MODE_RESETTING};
	uint32_t count = 0;

	world_end();
	for (uint32_t i = 0; i < 4; i++) {
		if (world.got[i] == told[i]) {
			count++;
			CHECK(torpor_machine_mode(&world.machine) == modes[i]);
		} else {
			CHECK(world.got[i] == not_told[i]);
		}
	}
	CHECK(count == 1);
}

/* An end, a suspend and a start: the end wins over both, and it is told to one. */
static void cpu0_suspends_polls(void)
{
	world.got[0] = guest_suspend(0, 1);
	if (world.got[0] == GOT(TORPOR_WAIT_SYSTEM)) {
		sched_wait(&world.kick[0]);
		world.got[1] = own_poll(0);
	}
}

static void host_ends_kicks(void)
{
	host_ends();
	world.kick[0] = 1;
}

static void host2_starts_1(void)
{
	world.got[4] = host_start(1, 3);
}

static void one_setup(void)
{
	world_init(1, MAY_UNDO);
}

static void suspend_end(void)
{
	CHECK(world.got[3] == TORPOR_OK);
	CHECK(torpor_machine_mode(&world.machine) == TORPOR_MODE_RESETTING);
	switch (world.got[0]) {
	case GOT(TORPOR_WAIT_SYSTEM):
		CHECK(world.got[1] == GOT(TORPOR_PARK));
		CHECK(world.got[4] == TORPOR_E_SUSPENDED || world.got[4] == TORPOR_E_STATE);
		break;
	case TORPOR_RET_DENIED:
		CHECK(world.got[4] == TORPOR_OK || world.got[4] == TORPOR_E_STATE);
		break;
	default:
		CHECK(world.got[0] == GOT(TORPOR_PARK));
		CHECK(world.got[4] == TORPOR_OK || world.got[4] == TORPOR_E_STATE);
		break;
	}
}

/* After an end no CPU takes a start, and the reset finds nothing in between. */
static void cpu1_parks(void)
{
	(void)park(1);
}

static void reset_setup(void)
{
	world_init(1, MAY_RESET);
}

static void host_ends_resets(void)
{
	host_ends();
	world.got[5] = (int32_t)torpor_machine_reset(&world.machine);
}

/* flags[0]: the start had claimed its CPU before the reset or restore was done. */
static void stale_step(void)
{
	world_step();
	if (world.got[5] == NOTHING_YET &&
	    torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_CLAIMED) {
		world.flags[0] = 1;
	}
}

static void check_stale(void)
{
	if (world.flags[0] != 0 && world.got[5] == TORPOR_OK) {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
	}
}

/* Claimed before the reset, it fails and leaves no trace; or was done, and is undone by it. */
static void stale_end(void)
{
	world_end();
	CHECK(world.got[3] == TORPOR_OK);
	CHECK(world.got[5] == TORPOR_OK || world.got[5] == TORPOR_E_BUSY);
	CHECK(world.got[4] == TORPOR_OK || world.got[4] == TORPOR_E_STATE);
	check_stale();
	if (world.got[4] == TORPOR_E_STATE && world.got[5] == TORPOR_OK) {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
		CHECK(took_times(1, 3) == 0);
	}
	if (world.got[5] == TORPOR_E_BUSY) {
		CHECK(torpor_machine_mode(&world.machine) == TORPOR_MODE_RESETTING);
		CHECK(torpor_machine_reset(&world.machine) == TORPOR_OK);
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
		CHECK(torpor_machine_cpus_on(&world.machine) == 1);
	}
}

/* The same with a start whose op fails, which has to be undone. */
static void failing_setup(void)
{
	reset_setup();
	world.failing_starts = 1;
}

static void failing_end(void)
{
	world_end();
	CHECK(world.got[5] == TORPOR_OK || world.got[5] == TORPOR_E_BUSY);
	CHECK(world.got[4] != TORPOR_OK || world.failing_starts == 0);
	if (world.got[5] == TORPOR_OK) {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
		CHECK(torpor_machine_cpus_on(&world.machine) == 1);
	}
}

/* A forced off that is under way while the machine is reset and the CPU started anew. */
static void host2_forces_1(void)
{
	world.got[4] = host_force_off(1, &world.left[1]);
}

static void host_ends_resets_starts(void)
{
	host_ends();
	world.got[5] = (int32_t)torpor_machine_reset(&world.machine);
	if (world.got[5] == TORPOR_OK) {
		world.got[6] = host_start(1, 4);
	}
}

static void force_setup(void)
{
	world_init(2, MAY_RESET);
}

static void force_end(void)
{
	world_end();
	CHECK(world.got[5] == TORPOR_OK || world.got[5] == TORPOR_E_BUSY);
	CHECK(world.got[4] == TORPOR_OK || world.got[4] == TORPOR_E_STATE ||
	      world.got[4] == TORPOR_E_BUSY);
	if (world.got[5] == TORPOR_OK && world.got[4] != TORPOR_OK) {
		CHECK(world.got[6] == TORPOR_OK);
		check_running(1, 4);
	}
}

/* Restore against a start by the host that is under way. */
static void restore_setup(void)
{
	world_init(1, MAY_RESET);
	CHECK(torpor_machine_save_size(&world.machine) <= STATE_BYTES);
	CHECK(torpor_machine_save(&world.machine, world.saved, STATE_BYTES) == TORPOR_OK);
}

static void host_restores(void)
{
	world.got[5] = (int32_t)torpor_machine_restore(&world.machine, world.saved,
						       torpor_machine_save_size(&world.machine));
}

static void restore_end(void)
{
	world_end();
	CHECK(world.got[5] == TORPOR_OK || world.got[5] == TORPOR_E_BUSY);
	CHECK(world.got[4] == TORPOR_OK || world.got[4] == TORPOR_E_STATE);
	check_stale();
	if (world.got[4] == TORPOR_E_STATE) {
		CHECK(torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF);
	}
}

/* Save notices a start by the host that slips in: what it wrote is one state, or it is busy. */
static void save_setup(void)
{
	world_init(1, 0);
}

static void host_saves(void)
{
	world.got[5] = (int32_t)torpor_machine_save(&world.machine, world.saved, STATE_BYTES);
}

static void save_end(void)
{
	world_end();
	CHECK(world.got[5] == TORPOR_OK || world.got[5] == TORPOR_E_BUSY);
	CHECK(world.got[4] == TORPOR_OK);
	if (world.got[5] == TORPOR_OK) {
		check_saved();
	}
}

const struct sched_scenario end_scenarios[] = {
	{"end-four",
	 "SYSTEM_OFF, SYSTEM_RESET, SYSTEM_OFF2 and an end by the host",
	 three_setup,
	 {{"cpu0", cpu0_off},
	  {"cpu1", cpu1_resets},
	  {"cpu2", cpu2_hibernates},
	  {"host", host_ends}},
	 world_step,
	 ends_end},
	{"end-suspend",
	 "an end, SYSTEM_SUSPEND and a start by the host",
	 one_setup,
	 {{"cpu0", cpu0_suspends_polls}, {"host", host_ends_kicks}, {"host2", host2_starts_1}},
	 world_step,
	 suspend_end},
	{"end-reset-start",
	 "an end, a reset, and a start by the host that is under way",
	 reset_setup,
	 {{"host", host_ends_resets}, {"host2", host2_starts_1}, {"cpu1", cpu1_parks}},
	 stale_step,
	 stale_end},
	{"end-reset-op-fails",
	 "the same, with a start whose op fails",
	 failing_setup,
	 {{"host", host_ends_resets}, {"host2", host2_starts_1}},
	 stale_step,
	 failing_end},
	{"end-reset-force",
	 "an end, a reset and a start, and a forced off",
	 force_setup,
	 {{"host", host_ends_resets_starts}, {"host2", host2_forces_1}, {"cpu1", cpu1_parks}},
	 world_step,
	 force_end},
	{"end-restore-start",
	 "a restore, and a start by the host that is under way",
	 restore_setup,
	 {{"host", host_restores}, {"host2", host2_starts_1}},
	 stale_step,
	 restore_end},
	{"end-save-start",
	 "a save, and a start by the host",
	 save_setup,
	 {{"host", host_saves}, {"host2", host2_starts_1}},
	 world_step,
	 save_end},
	{.name = NULL},
};
