/* SPDX-License-Identifier: BSD-3-Clause */
/* PSCI_SET_SUSPEND_MODE, and OS-initiated CPU_SUSPEND over a tree of two clusters of two CPUs. */
#include "fixture.h"

static int64_t set_mode(struct rig *r, uint32_t cpu, uint64_t mode)
{
	return ret(r, cpu, TORPOR_FN_PSCI_SET_SUSPEND_MODE, mode, 0, 0);
}

static int64_t suspend_ret(struct rig *r, uint32_t cpu, uint32_t state_index)
{
	return ret(r, cpu, TORPOR_FN_CPU_SUSPEND, state_value(r, state_index), ENTRY_B, CONTEXT_B);
}

static void wake(struct rig *r, uint32_t cpu)
{
	enum torpor_action action = torpor_cpu_wake(&r->machine, cpu, &r->out);

	assert_true(action == TORPOR_ENTER || action == TORPOR_RESUME);
	assert_state(r, cpu, TORPOR_CPU_ON);
}

/* OS-initiated, CPUs 0 to @count - 1 running. */
static void osi_up(struct rig *r, uint32_t count)
{
	rig_up(r);
	assert_int_equal(set_mode(r, 0, TORPOR_SUSPEND_MODE_OS_INITIATED), TORPOR_RET_SUCCESS);
	for (uint32_t cpu = 1; cpu < count; cpu++) {
		cpu_on(r, 0, cpu);
	}
}

/* Boots platform-coordinated: either mode can be set, 0 and 1 and no other (5.21). */
static void modes(struct rig *r)
{
	rig_up(r);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_SUCCESS);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_SUCCESS);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_SUCCESS);
	assert_int_equal(set_mode(r, 0, 2), TORPOR_RET_INVALID_PARAMETERS);
	assert_int_equal(set_mode(r, 0, 0xffffffff), TORPOR_RET_INVALID_PARAMETERS);
	for (unsigned int bit = 1; bit < 32; bit++) {
		assert_int_equal(set_mode(r, 0, UINT32_C(1) << bit), TORPOR_RET_INVALID_PARAMETERS);
	}
}

/* To OS-initiated: others may run, be off, or be in CPU_DEFAULT_SUSPEND (5.21.2). */
static void to_os_initiated_with_others_about(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	assert_act(r, TORPOR_WAIT, 2, TORPOR_FN_CPU_DEFAULT_SUSPEND, ENTRY_B, 0, 0);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_SUCCESS);
}

/* To OS-initiated: not once CPU_SUSPEND was called since boot, nor while one sleeps (5.21.2). */
static void to_os_initiated_after_cpu_suspend(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_DENIED);
	wake(r, 1);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_DENIED);
	cpu_off(r, 1);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_DENIED);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_SUCCESS);
}

/* A boot forgets it (5.21.2). */
static void a_boot_forgets_cpu_suspend(struct rig *r)
{
	rig_up(r);
	cpu_suspend(r, 0, S_DOWN);
	wake(r, 0);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_DENIED);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_SUCCESS);
}

/* A change of mode forgets it too (5.21.2). */
static void a_mode_change_forgets_cpu_suspend(struct rig *r)
{
	osi_up(r, 1);
	cpu_suspend(r, 0, S_DOWN);
	wake(r, 0);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_SUCCESS);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_SUCCESS);
}

/* To OS-initiated: not with a CPU frozen, a state that is not in the list (5.21.2). */
static void to_os_initiated_with_one_frozen(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_DENIED);
}

/* To platform-coordinated: all others must be off (5.21.2). */
static void to_platform_coordinated(struct rig *r)
{
	osi_up(r, 2);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_DENIED);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_DENIED);
	wake(r, 1);
	cpu_off(r, 1);
	cpu_pend(r, 0, 3);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_DENIED);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 3, &(uint32_t){0}), TORPOR_OK);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_SUCCESS);
}

/* The mode starts over at a reset: the platform boots platform-coordinated (5.21.1). */
static void reset_is_platform_coordinated(struct rig *r)
{
	osi_up(r, 2);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
}

/* A CPU alone may do as it likes at its own level, whatever runs beside it (4.2.3.2, 5.4.6). */
static void cpu_level(struct rig *r)
{
	osi_up(r, 4);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(r->out.level, 0);
	cpu_suspend(r, 0, S_STANDBY);
	assert_int_equal(r->out.depth, TORPOR_DEPTH_STANDBY);
	cpu_suspend(r, 2, S_DOWN);
	cpu_suspend(r, 3, S_DOWN);
}

/* A cluster with a CPU that runs: DENIED, and nothing has changed (5.4.5). */
static void cluster_with_a_running_cpu(struct rig *r)
{
	struct visible *before;

	osi_up(r, 2);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	before = look(r);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	assert_int_equal(suspend_ret(r, 1, S_CLUSTER_RET), TORPOR_RET_DENIED);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_STANDBY), TORPOR_RET_DENIED);
	assert_state(r, 0, TORPOR_CPU_ON);
	assert_unchanged(r, before);
}

/* The last CPU takes its cluster along; CPUs that are off count as asleep (5.4.6, 5.5.2). */
static void last_of_the_cluster(struct rig *r)
{
	osi_up(r, 4);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
	assert_int_equal(r->out.level, 1);
	assert_int_equal(r->out.depth, TORPOR_DEPTH_POWERDOWN);
	cpu_off(r, 2);
	cpu_suspend(r, 3, S_CLUSTER_DOWN);
	assert_int_equal(r->out.level, 1);
}

/* A cluster all of whose CPUs went off is as deep as can be (5.4.6, 5.5.2). */
static void cluster_that_went_off(struct rig *r)
{
	uint32_t on;

	osi_up(r, 4);
	cpu_off(r, 1);
	cpu_off(r, 2);
	assert_int_equal(suspend_ret(r, 0, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 3, &on), TORPOR_OK);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
	assert_int_equal(r->out.level, 2);
}

/* A CPU that sleeps less deeply than its cluster is asked to: INVALID_PARAMETERS (5.4.5). */
static void cluster_with_a_shallow_cpu(struct rig *r)
{
	struct visible *before;

	osi_up(r, 2);
	cpu_suspend(r, 1, S_STANDBY);
	before = look(r);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_INVALID_PARAMETERS);
	assert_unchanged(r, before);
	wake(r, 1);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
}

/* A standby of the cluster goes with a CPU in standby as with one powered down (5.4.5). */
static void compatible_depths(struct rig *r)
{
	osi_up(r, 4);
	cpu_suspend(r, 1, S_STANDBY);
	cpu_suspend(r, 0, S_CLUSTER_RET);
	assert_int_equal(r->out.level, 1);
	cpu_suspend(r, 3, S_DOWN);
	cpu_suspend(r, 2, S_CLUSTER_STANDBY);
	assert_int_equal(r->out.level, 1);
}

/* The system, with another cluster running: DENIED; then all asleep: it goes (5.4.5). */
static void system_level(struct rig *r)
{
	osi_up(r, 3);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(suspend_ret(r, 0, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
	assert_int_equal(r->out.level, 2);
}

/* The system powered down over a cluster in retention: INVALID_PARAMETERS (5.4.5, example). */
static void system_with_a_shallow_cluster(struct rig *r)
{
	osi_up(r, 3);
	cpu_off(r, 1);
	cpu_suspend(r, 2, S_CLUSTER_RET);
	assert_int_equal(suspend_ret(r, 0, S_SYSTEM_DOWN), TORPOR_RET_INVALID_PARAMETERS);
	cpu_suspend(r, 0, S_SYSTEM_RET);
	assert_int_equal(r->out.level, 2);
}

/* Refused at the system, its own cluster is awake again: the roll-back (6.3, 5.4.5). */
static void refused_above_is_rolled_back_below(struct rig *r)
{
	osi_up(r, 3);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(suspend_ret(r, 0, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
	/* CPU 0 runs, as CPU 1 finds ... */
	wake(r, 1);
	assert_int_equal(suspend_ret(r, 1, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	/* ... and as cluster 1 finds. */
	assert_int_equal(suspend_ret(r, 2, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
	/* And CPU 0 may go on to sleep with its cluster alone. */
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
	assert_int_equal(r->out.level, 1);
}

/* Many refusals leave no trace in the tree. */
static void many_refusals(struct rig *r)
{
	osi_up(r, 4);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(suspend_ret(r, (uint32_t)i % 4, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
		assert_int_equal(suspend_ret(r, (uint32_t)i % 4, S_CLUSTER_DOWN),
				 TORPOR_RET_DENIED);
	}
	cpu_suspend(r, 3, S_DOWN);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
	assert_int_equal(r->out.level, 2);
}

/*
 * "I am the last one of the cluster, which goes on running" is checked too: DENIED while another
 * CPU runs (6.3).
 */
static void last_without_a_state(struct rig *r)
{
	osi_up(r, 2);
	assert_int_equal(suspend_ret(r, 0, S_DOWN_LAST), TORPOR_RET_DENIED);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_DOWN_LAST);
	assert_int_equal(r->out.level, 0);
}

/* A woken CPU runs from the moment it is told so; its cluster with it (6.3). */
static void woken_cpu_runs(struct rig *r)
{
	osi_up(r, 3);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
	wake(r, 1);
	assert_int_equal(suspend_ret(r, 2, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
	cpu_suspend(r, 1, S_CLUSTER_DOWN);
	cpu_suspend(r, 2, S_SYSTEM_DOWN);
	assert_int_equal(r->out.level, 2);
}

/* A CPU that was started again runs; forced off, it does not (5.4.6). */
static void starts_and_forced_offs_count(struct rig *r)
{
	uint32_t on;

	osi_up(r, 2);
	cpu_off(r, 1);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
	wake(r, 0);
	cpu_on(r, 0, 1);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
	wake(r, 0);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 1, S_STANDBY);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	cpu_suspend(r, 0, S_CLUSTER_DOWN);
}

/* Being started is not being asleep: a pending CPU keeps its cluster up (5.4.5, 6.3). */
static void pending_cpu_keeps_the_cluster_up(struct rig *r)
{
	osi_up(r, 1);
	cpu_pend(r, 0, 1);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	assert_state(r, 0, TORPOR_CPU_ON);
}

/*
 * A start that fails leaves a sleeping cluster asleep: by the guest's CPU_ON or the host nothing
 * has changed.
 */
static void failed_start_leaves_the_cluster_asleep(struct rig *r)
{
	const struct torpor_start start = {.entry = ENTRY_A};

	osi_up(r, 3);
	cpu_off(r, 1);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	r->start_status = TORPOR_E_FAILED;
	assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 3), ENTRY_A, 0);
	assert_int_equal(torpor_cpu_start(&r->machine, 3, &start), TORPOR_E_FAILED);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
	assert_int_equal(r->out.level, 2);
}

/*
 * A CPU that was started in a sleeping cluster has woken it; when it goes off again the cluster is
 * not asleep by itself, for CPU_OFF does not coordinate with an earlier CPU_SUSPEND (5.5.2).
 */
static void started_cpu_wakes_its_cluster(struct rig *r)
{
	uint32_t on;

	osi_up(r, 3);
	cpu_off(r, 1);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	cpu_on(r, 0, 3);
	assert_int_equal(suspend_ret(r, 0, S_SYSTEM_DOWN), TORPOR_RET_DENIED);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 3, &on), TORPOR_OK);
	assert_in_range(-suspend_ret(r, 0, S_SYSTEM_DOWN), -TORPOR_RET_INVALID_PARAMETERS,
			-TORPOR_RET_DENIED);
	wake(r, 2);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
}

/* A bad entry comes before the tree and leaves no trace there (5.4.5). */
static void bad_entry(struct rig *r)
{
	osi_up(r, 1);
	assert_ret(r, TORPOR_RET_INVALID_ADDRESS, 0, TORPOR_FN_CPU_SUSPEND,
		   state_value(r, S_SYSTEM_DOWN), ENTRY_BAD, 0);
	cpu_on(r, 0, 1);
	assert_int_equal(suspend_ret(r, 1, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
}

/* SYSTEM_SUSPEND works in this mode too, and leaves the tree as it was. */
static void system_suspend_in_this_mode(struct rig *r)
{
	osi_up(r, 1);
	machine_suspend(r, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	cpu_on(r, 0, 1);
	assert_int_equal(suspend_ret(r, 0, S_CLUSTER_DOWN), TORPOR_RET_DENIED);
	cpu_off(r, 1);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
}

/* Before 1.0, or without its means: NOT_SUPPORTED (5.21.3). */
static void absent(struct rig *r)
{
	if (r->version >= V10) {
		r->config.flags &= ~TORPOR_F_OS_INITIATED;
	}
	rig_up(r);
	assert_int_equal(set_mode(r, 0, 0), TORPOR_RET_NOT_SUPPORTED);
	assert_int_equal(set_mode(r, 0, 1), TORPOR_RET_NOT_SUPPORTED);
}

static const struct rig_case cases[] = {
	CASE(modes, V10, V13, EACH_WAY),
	CASE(to_os_initiated_with_others_about, V10, V13, EACH_WAY),
	CASE(to_os_initiated_after_cpu_suspend, V10, V13, EACH_WAY),
	CASE(a_boot_forgets_cpu_suspend, V10, V13, EACH_WAY),
	CASE(a_mode_change_forgets_cpu_suspend, V10, V13, EACH_WAY),
	CASE(to_os_initiated_with_one_frozen, V10, V13, EACH_WAY),
	CASE(to_platform_coordinated, V10, V13, EACH_WAY),
	CASE(reset_is_platform_coordinated, V10, V13, EACH_WAY),
	CASE(cpu_level, V10, V13, EACH_WAY),
	CASE(cluster_with_a_running_cpu, V10, V13, EACH_WAY),
	CASE(last_of_the_cluster, V10, V13, EACH_WAY),
	CASE(cluster_that_went_off, V10, V13, EACH_WAY),
	CASE(cluster_with_a_shallow_cpu, V10, V13, EACH_WAY),
	CASE(compatible_depths, V10, V13, EACH_WAY),
	CASE(system_level, V10, V13, EACH_WAY),
	CASE(system_with_a_shallow_cluster, V10, V13, EACH_WAY),
	CASE(refused_above_is_rolled_back_below, V10, V13, EACH_WAY),
	CASE(many_refusals, V10, V13, ONCE),
	CASE(last_without_a_state, V10, V13, EACH_WAY),
	CASE(woken_cpu_runs, V10, V13, EACH_WAY),
	CASE(starts_and_forced_offs_count, V10, V13, EACH_WAY),
	CASE(pending_cpu_keeps_the_cluster_up, V10, V13, EACH_WAY),
	CASE(failed_start_leaves_the_cluster_asleep, V10, V13, EACH_WAY),
	CASE(started_cpu_wakes_its_cluster, V10, V13, EACH_WAY),
	CASE(bad_entry, V10, V13, EACH_WAY),
	CASE(system_suspend_in_this_mode, V10, V13, EACH_WAY),
	CASE(absent, V01, V13, EACH_WAY),
};
RIG_MAIN(cases)
