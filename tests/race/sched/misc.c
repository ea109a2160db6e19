/* SPDX-License-Identifier: BSD-3-Clause */
/* The suspend mode, MEM_PROTECT and MIGRATE against themselves and what they depend on. */
#include "world.h"

/* PSCI_SET_SUSPEND_MODE and a CPU_SUSPEND of another CPU. */
static void cpu0_sets_mode(void)
{
	bool slept = world.phase[1] == 2;

	world.got[0] =
		psci(0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, TORPOR_SUSPEND_MODE_OS_INITIATED, 0, 0);
	CHECK(world.got[0] == TORPOR_RET_SUCCESS || world.got[0] == TORPOR_RET_DENIED);
	CHECK(!slept || world.got[0] == TORPOR_RET_DENIED);
}

static void cpu1_sleeps_wakes(void)
{
	world.got[1] = guest_sleep(1, STATE_CPU, 7);
	CHECK(world.got[1] == GOT(TORPOR_WAIT));
	world.phase[1] = 2;
	world.got[2] = own_wake(1);
	CHECK(world.got[2] == GOT(TORPOR_ENTER));
}

static void two_setup(void)
{
	world_init(2, 0);
}

static void three_setup(void)
{
	world_init(3, 0);
}

/* Whatever the mode has become, the tree counts right. */
static void mode_end(void)
{
	world_end();
	if (world.got[0] != TORPOR_RET_SUCCESS) {
		return;
	}
	CHECK(guest_sleep(0, STATE_CLUSTER, 7) != GOT(TORPOR_WAIT));
	CHECK(guest_sleep(1, STATE_CPU, 7) == GOT(TORPOR_WAIT));
	CHECK(guest_sleep(0, STATE_CLUSTER, 7) == GOT(TORPOR_WAIT));
	CHECK(own_wake(1) == GOT(TORPOR_ENTER));
	CHECK(own_wake(0) == GOT(TORPOR_ENTER));
	CHECK(guest_sleep(1, STATE_CLUSTER, 7) != GOT(TORPOR_WAIT));
}

/* Back to platform-coordinated: only with all others off. */
static void back_setup(void)
{
	world_init(1, 0);
	CHECK(psci(0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, TORPOR_SUSPEND_MODE_OS_INITIATED, 0, 0) ==
	      TORPOR_RET_SUCCESS);
}

static void cpu0_sets_back(void)
{
	world.got[0] = psci(0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, TORPOR_SUSPEND_MODE_PLATFORM, 0, 0);
}

static void cpu1_parks_sleeps_wakes(void)
{
	(void)park(1);
	cpu1_sleeps_wakes();
}

static void host_starts_1(void)
{
	world.got[3] = host_start(1, 3);
}

static void back_end(void)
{
	world_end();
	CHECK(world.got[3] == TORPOR_OK);
	CHECK(world.got[0] == TORPOR_RET_SUCCESS || world.got[0] == TORPOR_RET_DENIED);
	if (world.got[0] == TORPOR_RET_DENIED) {
		CHECK(guest_sleep(0, STATE_CLUSTER, 7) != GOT(TORPOR_WAIT));
		CHECK(guest_sleep(1, STATE_CPU, 7) == GOT(TORPOR_WAIT));
		CHECK(guest_sleep(0, STATE_CLUSTER, 7) == GOT(TORPOR_WAIT));
	}
}

/* MEM_PROTECT: each caller is told what was before it, and the op hears the last value last. */
static void cpu0_protects(void)
{
	world.got[0] = psci(0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
}

static void cpu1_unprotects(void)
{
	world.got[1] = psci(1, TORPOR_FN_MEM_PROTECT, 0, 0, 0);
}

static void cpu2_protects(void)
{
	world.got[2] = psci(2, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
}

static void protect_end(void)
{
	static const int32_t wants[3] = {1, 0, 1};
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	int32_t last = psci(0, TORPOR_FN_MEM_PROTECT, world.mem_protect, 0, 0);
	bool explained = false;

	world_end();
	for (uint32_t i = 0; i < 6; i++) {
		int32_t value = 0;
		bool fits = true;

		for (uint32_t j = 0; j < 3; j++) {
			fits = fits && world.got[orders[i][j]] == value;
			value = wants[orders[i][j]];
		}
		explained = explained || (fits && value == last);
	}
	CHECK(explained);
	CHECK(last == (int32_t)world.mem_protect);
}

/* MIGRATE: the CPU where the Trusted OS is never goes off by itself. */
static void migrate_setup(void)
{
	world_init(3, TRUSTED_OS);
}

static void cpu0_migrates_goes(void)
{
	world.got[0] = psci(0, TORPOR_FN_MIGRATE, 1, 0, 0);
	world.got[1] = psci(0, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

static void cpu1_off(void)
{
	world.got[2] = psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

static void cpu2_migrates(void)
{
	world.got[3] = psci(2, TORPOR_FN_MIGRATE, 0x100, 0, 0);
}

static void migrate_end(void)
{
	static const uint64_t mpidrs[CPUS] = {0x000, 0x001, 0x100};
	uint32_t asker = torpor_cpu_state(&world.machine, 2) == TORPOR_CPU_ON ? 2 : 0;
	int32_t where = psci(asker, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);

	world_end();
	CHECK(where == (int32_t)mpidrs[world.trusted_os]);
	CHECK(torpor_cpu_state(&world.machine, world.trusted_os) == TORPOR_CPU_ON);
	CHECK(world.got[2] == GOT(TORPOR_PARK) || world.got[2] == TORPOR_RET_DENIED);
}

const struct sched_scenario misc_scenarios[] = {
	{"mode-suspend",
	 "PSCI_SET_SUSPEND_MODE and CPU_SUSPEND with its wake-up",
	 two_setup,
	 {{"cpu0", cpu0_sets_mode}, {"cpu1", cpu1_sleeps_wakes}},
	 world_step,
	 mode_end},
	{"mode-back",
	 "PSCI_SET_SUSPEND_MODE, a start by the host and CPU_SUSPEND",
	 back_setup,
	 {{"cpu0", cpu0_sets_back}, {"host", host_starts_1}, {"cpu1", cpu1_parks_sleeps_wakes}},
	 world_step,
	 back_end},
	{"mem-protect",
	 "MEM_PROTECT on three CPUs",
	 three_setup,
	 {{"cpu0", cpu0_protects}, {"cpu1", cpu1_unprotects}, {"cpu2", cpu2_protects}},
	 world_step,
	 protect_end},
	{"migrate-off",
	 "MIGRATE to CPU 1 and then CPU_OFF, and CPU_OFF of CPU 1",
	 migrate_setup,
	 {{"cpu0", cpu0_migrates_goes}, {"cpu1", cpu1_off}},
	 world_step,
	 migrate_end},
	{"migrate-two",
	 "the same, and MIGRATE to CPU 2",
	 migrate_setup,
	 {{"cpu0", cpu0_migrates_goes}, {"cpu1", cpu1_off}, {"cpu2", cpu2_migrates}},
	 world_step,
	 migrate_end},
	{.name = NULL},
};
