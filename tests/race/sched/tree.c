/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * OS-initiated CPU_SUSPEND over a tree of two clusters, {0, 1} and {2}: against wake-ups, other
 * suspends, offs and starts. What the tree has become is asked by further calls at the end.
 */
#include "world.h"

/* phase[]: what the CPU surely is, or 0 while it changes. */
#define RUNS 1
#define SLEEPS 2

static void to_os_initiated(void)
{
	CHECK(psci(0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, TORPOR_SUSPEND_MODE_OS_INITIATED, 0, 0) ==
	      TORPOR_RET_SUCCESS);
	for (uint32_t i = 0; i < CPUS; i++) {
		world.phase[i] =
			torpor_cpu_state(&world.machine, i) == TORPOR_CPU_ON ? RUNS : SLEEPS;
	}
}

static int32_t sleep_quietly(uint32_t cpu, uint32_t state)
{
	return guest_sleep(cpu, state, 7);
}

/* The other CPUs that have to sleep for @cpu to be the last of @level. */
static bool is_below(uint32_t cpu, uint32_t other, uint32_t level)
{
	return other != cpu && (level == 2 || (level == 1 && (cpu == 2) == (other == 2)));
}

/*
 * Ask to sleep as the last of @level. Not if another CPU ran all the while; and no refusal if
 * all others slept all the while.
 */
static int32_t go_to_sleep(uint32_t cpu, uint32_t state, uint32_t level)
{
	uint32_t before[CPUS];
	uint32_t seq[CPUS];
	int32_t got;

	for (uint32_t i = 0; i < CPUS; i++) {
		before[i] = world.phase[i];
		seq[i] = world.seq[i];
	}
	world.seq[cpu]++;
	world.phase[cpu] = 0;
	got = sleep_quietly(cpu, state);
	if (got == GOT(TORPOR_WAIT)) {
		CHECK(world.level[cpu] == level);
		for (uint32_t i = 0; i < CPUS; i++) {
			CHECK(!is_below(cpu, i, level) || before[i] != RUNS ||
			      seq[i] != world.seq[i]);
		}
	} else {
		bool all_slept = true;

		for (uint32_t i = 0; i < CPUS; i++) {
			all_slept = all_slept && (!is_below(cpu, i, level) ||
						  (before[i] == SLEEPS && seq[i] == world.seq[i]));
		}
		CHECK(got == TORPOR_RET_DENIED || got == TORPOR_RET_INVALID_PARAMETERS);
		CHECK(!all_slept);
	}
	world.phase[cpu] = got == GOT(TORPOR_WAIT) ? SLEEPS : RUNS;
	return got;
}

static void wake_up(uint32_t cpu)
{
	int32_t got;

	world.seq[cpu]++;
	world.phase[cpu] = 0;
	got = own_wake(cpu);
	CHECK(got == GOT(TORPOR_ENTER) && world.entered[cpu] == 7);
	world.phase[cpu] = RUNS;
}

static void sleep_and_wake(uint32_t cpu, uint32_t state, uint32_t level)
{
	if (go_to_sleep(cpu, state, level) == GOT(TORPOR_WAIT)) {
		wake_up(cpu);
	}
}

static void cpu0_cluster(void)
{
	sleep_and_wake(0, STATE_CLUSTER, 1);
}

static void cpu1_cpu(void)
{
	sleep_and_wake(1, STATE_CPU, 0);
}

static void cpu1_cluster(void)
{
	sleep_and_wake(1, STATE_CLUSTER, 1);
}

static void cpu0_system(void)
{
	sleep_and_wake(0, STATE_SYSTEM, 2);
}

static void cpu2_system(void)
{
	sleep_and_wake(2, STATE_SYSTEM, 2);
}

static void cpu0_cpu_then_cluster(void)
{
	sleep_and_wake(0, STATE_CPU, 0);
	sleep_and_wake(0, STATE_CLUSTER, 1);
}

static void three_setup(void)
{
	world_init(3, MAY_UNDO);
	to_os_initiated();
}

static void two_setup(void)
{
	world_init(2, MAY_UNDO);
	to_os_initiated();
}

/* CPU 1 sleeps already: the one race is between its wake-up and CPU 0. */
static void one_asleep_setup(void)
{
	three_setup();
	CHECK(go_to_sleep(1, STATE_CPU, 0) == GOT(TORPOR_WAIT));
}

static void two_asleep_setup(void)
{
	one_asleep_setup();
	CHECK(go_to_sleep(2, STATE_CLUSTER, 1) == GOT(TORPOR_WAIT));
}

static void cpu1_wakes(void)
{
	wake_up(1);
}

static void cpu2_wakes(void)
{
	wake_up(2);
}

/* Bring every CPU to run, then count the tree by who may sleep as the last. */
static void check_tree(void)
{
	struct torpor_start start;

	for (uint32_t i = 1; i < CPUS; i++) {
		if (torpor_cpu_state(&world.machine, i) == TORPOR_CPU_OFF) {
			CHECK(host_start(i, 9) == TORPOR_OK);
		}
		if (torpor_cpu_state(&world.machine, i) == TORPOR_CPU_ON_PENDING) {
			CHECK(torpor_cpu_take(&world.machine, i, &start) == TORPOR_OK);
		}
	}
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < CPUS; i++) {
			CHECK(torpor_cpu_state(&world.machine, i) == TORPOR_CPU_ON);
		}
		CHECK(sleep_quietly(0, STATE_CLUSTER) != GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(2, STATE_SYSTEM) != GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(1, STATE_CPU) == GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(0, STATE_SYSTEM) != GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(0, STATE_CLUSTER) == GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(2, STATE_SYSTEM) == GOT(TORPOR_WAIT));
		CHECK(own_wake(1) == GOT(TORPOR_ENTER));
		CHECK(sleep_quietly(1, STATE_SYSTEM) == GOT(TORPOR_WAIT));
		CHECK(own_wake(0) == GOT(TORPOR_ENTER));
		CHECK(own_wake(1) == GOT(TORPOR_ENTER));
		CHECK(own_wake(2) == GOT(TORPOR_ENTER));
	}
}

static void tree_end(void)
{
	world_end();
	check_tree();
}

/* CPU 0 stays asleep. If it was granted the cluster, CPU 1 came after: the cluster runs. */
static void cpu0_cluster_stays(void)
{
	world.got[0] = go_to_sleep(0, STATE_CLUSTER, 1);
}

static void stays_end(void)
{
	world_end();
	if (world.got[0] == GOT(TORPOR_WAIT)) {
		CHECK(sleep_quietly(1, STATE_CPU) == GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(2, STATE_SYSTEM) != GOT(TORPOR_WAIT));
		CHECK(own_wake(1) == GOT(TORPOR_ENTER));
		CHECK(sleep_quietly(1, STATE_CLUSTER) == GOT(TORPOR_WAIT));
		CHECK(sleep_quietly(2, STATE_SYSTEM) == GOT(TORPOR_WAIT));
		CHECK(own_wake(2) == GOT(TORPOR_ENTER));
		CHECK(own_wake(1) == GOT(TORPOR_ENTER));
		CHECK(own_wake(0) == GOT(TORPOR_ENTER));
	}
	check_tree();
}

/* Offs and starts count in the tree as well. */
static void cpu1_off_parks(void)
{
	world.seq[1]++;
	world.phase[1] = 0;
	CHECK(psci(1, TORPOR_FN_CPU_OFF, 0, 0, 0) == GOT(TORPOR_PARK));
	if (world.seq[1] == 1) {
		world.phase[1] = SLEEPS;
	}
	(void)park(1);
	world.phase[1] = RUNS;
}

static void host_starts_1(void)
{
	world.seq[1]++;
	world.phase[1] = 0;
	world.got[3] = host_start(1, 3);
}

static void host_forces_1(void)
{
	world.seq[1]++;
	world.phase[1] = 0;
	world.got[4] = host_force_off(1, &world.left[1]);
}

/* A sleeping CPU is forced off while its wake-up comes. */
static void cpu1_wakes_or_parks(void)
{
	int32_t got;

	world.seq[1]++;
	world.phase[1] = 0;
	got = own_wake(1);
	CHECK(got == GOT(TORPOR_ENTER) || got == GOT(TORPOR_PARK));
}

static void forced_end(void)
{
	bool forced = world.got[4] == TORPOR_OK;

	world_end();
	CHECK(forced || world.got[4] == TORPOR_E_BUSY);
	CHECK(forced == (torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_OFF));
	if (torpor_cpu_state(&world.machine, 1) == TORPOR_CPU_ON) {
		CHECK(sleep_quietly(1, STATE_CPU) == GOT(TORPOR_WAIT));
	}
	CHECK(sleep_quietly(0, STATE_CLUSTER) == GOT(TORPOR_WAIT));
	CHECK(own_wake(0) == GOT(TORPOR_ENTER));
	CHECK(forced || own_wake(1) == GOT(TORPOR_ENTER));
	check_tree();
}

/* A forced off of a CPU that goes to sleep. */
static void cpu1_sleeps(void)
{
	int32_t got;

	world.seq[1]++;
	world.phase[1] = 0;
	got = sleep_quietly(1, STATE_CPU);
	CHECK(got == GOT(TORPOR_WAIT) || got == GOT(TORPOR_PARK));
}

const struct sched_scenario tree_scenarios[] = {
	{"tree-two",
	 "the cluster by CPU 0, and the CPU level by CPU 1, with wake-ups",
	 three_setup,
	 {{"cpu0", cpu0_cluster}, {"cpu1", cpu1_cpu}},
	 world_step,
	 tree_end},
	{"tree-both-last",
	 "both CPUs of a cluster as the last, with wake-ups",
	 three_setup,
	 {{"cpu0", cpu0_cluster}, {"cpu1", cpu1_cluster}},
	 world_step,
	 tree_end},
	{"tree-wake",
	 "the cluster by CPU 0 twice, and CPU 1 wakes up",
	 one_asleep_setup,
	 {{"cpu0", cpu0_cpu_then_cluster}, {"cpu1", cpu1_wakes}},
	 world_step,
	 tree_end},
	{"tree-stays",
	 "the cluster by CPU 0, which stays asleep, and CPU 1 wakes up",
	 one_asleep_setup,
	 {{"cpu0", cpu0_cluster_stays}, {"cpu1", cpu1_wakes}},
	 world_step,
	 stays_end},
	{"tree-system",
	 "the system by CPU 0, and CPUs 1 and 2 wake up",
	 two_asleep_setup,
	 {{"cpu0", cpu0_system}, {"cpu1", cpu1_wakes}, {"cpu2", cpu2_wakes}},
	 world_step,
	 tree_end},
	{"tree-two-systems",
	 "the system by CPUs 0 and 2, and CPU 1 wakes up",
	 one_asleep_setup,
	 {{"cpu0", cpu0_system}, {"cpu2", cpu2_system}, {"cpu1", cpu1_wakes}},
	 world_step,
	 tree_end},
	{"tree-off",
	 "the cluster by CPU 0, and CPU 1 goes off and is started",
	 two_setup,
	 {{"cpu0", cpu0_cluster}, {"cpu1", cpu1_off_parks}, {"host", host_starts_1}},
	 world_step,
	 tree_end},
	{"tree-force",
	 "the cluster by CPU 0, and CPU 1 wakes up and is forced off",
	 one_asleep_setup,
	 {{"cpu0", cpu0_cluster}, {"cpu1", cpu1_wakes_or_parks}, {"host", host_forces_1}},
	 world_step,
	 forced_end},
	{"tree-force-sleep",
	 "CPU 1 goes to sleep and is forced off",
	 two_setup,
	 {{"cpu1", cpu1_sleeps}, {"host", host_forces_1}},
	 world_step,
	 forced_end},
	{.name = NULL},
};
