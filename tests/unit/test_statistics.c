/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

static uint64_t count_of(struct rig *r, uint32_t of, uint32_t state_index)
{
	return (uint64_t)ret(r, 0, TORPOR_FN_PSCI_STAT_COUNT, mpidr_of(r, of),
			     state_value(r, state_index), 0);
}

static uint64_t residency_of(struct rig *r, uint32_t of, uint32_t state_index)
{
	return (uint64_t)ret(r, 0, TORPOR_FN_PSCI_STAT_RESIDENCY, mpidr_of(r, of),
			     state_value(r, state_index), 0);
}

/* CPU @cpu in a state for that long. */
static void sleep_for(struct rig *r, uint32_t cpu, uint32_t state_index, uint64_t us)
{
	cpu_suspend(r, cpu, state_index);
	r->now_us += us;
	assert_in_range(torpor_cpu_wake(&r->machine, cpu, &r->out), TORPOR_RESUME, TORPOR_ENTER);
}

/* As the guest sees it, and as the host does. */
static void assert_used(struct rig *r, uint32_t cpu, uint32_t state_index, uint64_t count,
			uint64_t us)
{
	uint64_t host_count = 0;
	uint64_t host_us = 0;

	assert_int_equal(count_of(r, cpu, state_index), count);
	assert_int_equal(residency_of(r, cpu, state_index), us);
	assert_int_equal(
		torpor_cpu_statistics(&r->machine, cpu, state_index, &host_count, &host_us),
		TORPOR_OK);
	assert_int_equal(host_count, count);
	assert_int_equal(host_us, us);
}

/* Nothing was used yet: all zero (5.22.2). */
static void zero_at_boot(struct rig *r)
{
	rig_up(r);
	for (uint32_t cpu = 0; cpu < RIG_CPUS; cpu++) {
		for (uint32_t i = 0; i < RIG_STATES; i++) {
			assert_int_equal(count_of(r, cpu, i), 0);
		}
	}
	assert_int_equal(residency_of(r, 0, S_DOWN), 0);
}

/* How often a CPU used a state, and for how many microseconds (5.22.1). */
static void counts_a_cpus_states(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	sleep_for(r, 1, S_STANDBY, 5);
	r->now_us += 1000;
	sleep_for(r, 1, S_STANDBY, 7);
	sleep_for(r, 1, S_DOWN, 100);
	assert_used(r, 1, S_STANDBY, 2, 12);
	assert_int_equal(residency_of(r, 0, S_STANDBY), 0);
	assert_int_equal(count_of(r, 0, S_STANDBY), 0);
	assert_used(r, 0, S_DOWN, 0, 0);
}

/* The SMC64 form returns 64 bits, the SMC32 one wraps (5.22.3). */
static void width_of_residency(struct rig *r)
{
	uint64_t us = UINT64_C(0x123456789);

	rig_up(r);
	sleep_for(r, 0, S_STANDBY, us);
	sleep_for(r, 0, S_STANDBY, us);
	if (r->way == WAY_A64_SMC64) {
		assert_int_equal(residency_of(r, 0, S_STANDBY), us * 2);
	} else {
		assert_int_equal((uint32_t)residency_of(r, 0, S_STANDBY), (uint32_t)(us * 2));
	}
}

/* A value that looks like an error is a value all the same (5.22.3). */
static void values_are_never_errors(struct rig *r)
{
	rig_up(r);
	sleep_for(r, 0, S_STANDBY, UINT32_MAX);
	assert_int_equal((uint32_t)residency_of(r, 0, S_STANDBY), UINT32_MAX);
}

/* An unknown CPU, state, or stray bits: 0, not an error (5.22.1). */
static void unknown_is_zero(struct rig *r)
{
	static const enum torpor_fn fns[] = {TORPOR_FN_PSCI_STAT_COUNT,
					     TORPOR_FN_PSCI_STAT_RESIDENCY};

	rig_up(r);
	sleep_for(r, 0, S_STANDBY, 5);
	for (size_t i = 0; i < 2; i++) {
		uint32_t known = state_value(r, S_STANDBY);

		assert_ret(r, 0, 0, fns[i], 0x200, known, 0);
		assert_ret(r, 0, 0, fns[i], 0x80000000, known, 0);
		assert_ret(r, 0, 0, fns[i], 0x01000000, known, 0);
		assert_ret(r, 0, 0, fns[i], 0, 0x2, 0);
		assert_ret(r, 0, 0, fns[i], 0, 0xffffffff, 0);
		assert_ret(r, 0, 0, fns[i], 0, known | 0x80000000, 0);
	}
}

/* CPU_OFF counts, by guest or host, from off to on again (5.22.2). */
static void counts_cpu_off(struct rig *r)
{
	uint64_t before, us;
	uint32_t on;

	rig_up(r);
	cpu_on(r, 0, 1);
	before = count_of(r, 1, S_DOWN);
	us = residency_of(r, 1, S_DOWN);
	cpu_off(r, 1);
	r->now_us += 50;
	cpu_on(r, 0, 1);
	assert_used(r, 1, S_DOWN, before + 1, us + 50);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	r->now_us += 9;
	cpu_on(r, 0, 1);
	assert_used(r, 1, S_DOWN, before + 2, us + 59);
}

/* CPU_FREEZE counts (5.22.2). */
static void counts_cpu_freeze(struct rig *r)
{
	r->config.off_state = TORPOR_STATE_NONE;
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	r->now_us += 33;
	cpu_on(r, 0, 1);
	assert_used(r, 1, S_DOWN, 1, 33);
}

/* CPU_DEFAULT_SUSPEND counts (5.22.1). */
static void counts_cpu_default_suspend(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_DEFAULT_SUSPEND, ENTRY_B, 0, 0);
	r->now_us += 21;
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_used(r, 0, S_DOWN, 1, 21);
}

/* SYSTEM_SUSPEND counts, and the clock runs on in it (5.22.2). */
static void counts_system_suspend(struct rig *r)
{
	rig_up(r);
	machine_suspend(r, 0);
	r->now_us += 1000000;
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_used(r, 0, S_SYSTEM_DOWN, 1, 1000000);
}

/* A refused suspend used no state. */
static void refused_suspend_does_not_count(struct rig *r)
{
	rig_up(r);
	machine_suspend(r, 0);
	assert_int_equal(torpor_machine_refuse_suspend(&r->machine), TORPOR_OK);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_RESUME);
	assert_int_equal(residency_of(r, 0, S_SYSTEM_DOWN), 0);
	assert_ret(r, TORPOR_RET_INVALID_ADDRESS, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_DOWN),
		   ENTRY_BAD, 0);
	assert_used(r, 0, S_DOWN, 0, 0);
}

/* OS-initiated, CPUs 0 and 1 on: CPU 1 takes the state first, then CPU 0. */
static void osi_pair(struct rig *r, uint32_t last_state)
{
	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, 1, 0, 0);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 1, S_DOWN);
	r->now_us += 10;
	cpu_suspend(r, 0, last_state);
	r->now_us += 100;
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	r->now_us += 1000;
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_ENTER);
}

/* A composite state counts for the node of its highest level, named by any CPU in it (5.22.1). */
static void counts_a_clusters_states(struct rig *r)
{
	r->config.off_state = TORPOR_STATE_NONE;
	osi_pair(r, S_CLUSTER_DOWN);
	assert_used(r, 0, S_CLUSTER_DOWN, 1, 100);
	assert_used(r, 1, S_CLUSTER_DOWN, 1, 100);
	assert_used(r, 2, S_CLUSTER_DOWN, 0, 0);
	assert_used(r, 1, S_CLUSTER_RET, 0, 0);
}

/* The CPU in it used its own local state just as well (5.22.1). */
static void counts_the_local_states_below(struct rig *r)
{
	r->config.off_state = TORPOR_STATE_NONE;
	osi_pair(r, S_CLUSTER_DOWN);
	assert_used(r, 1, S_DOWN, 1, 1110);
	assert_used(r, 0, S_DOWN, 1, 100);
}

/*
 * Composite states with the same local state at the highest level are asked for the same
 * statistics; the part that says who is last is disregarded (5.22.1, its example).
 */
static void same_local_state_same_statistics(struct rig *r)
{
	r->config.off_state = TORPOR_STATE_NONE;
	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, 1, 0, 0);
	sleep_for(r, 0, S_SYSTEM_RET, 40);
	sleep_for(r, 0, S_DOWN_LAST, 3);
	assert_used(r, 0, S_SYSTEM_RET, 1, 40);
	assert_used(r, 0, S_SYSTEM_RET2, 1, 40);
	assert_used(r, 0, S_DOWN, 2, 43);
	assert_used(r, 0, S_DOWN_LAST, 2, 43);
}

/* A reset is a cold boot: all zero again (5.22.2). */
static void reset_zeroes(struct rig *r)
{
	rig_up(r);
	sleep_for(r, 0, S_STANDBY, 5);
	cpu_on(r, 0, 1);
	sleep_for(r, 1, S_DOWN, 5);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	zero_at_boot(r);
}

/* What there are no statistics of is told apart from what was not used: torpor_cpu_statistics(). */
static void host_is_refused(struct rig *r)
{
	uint64_t count = 7;
	uint64_t us = 7;

	rig_up(r);
	assert_int_equal(torpor_cpu_statistics(&r->machine, RIG_CPUS, S_DOWN, &count, &us),
			 TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_statistics(&r->machine, 0, RIG_STATES, &count, &us),
			 TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_statistics(&r->machine, 0, TORPOR_STATE_NONE, &count, &us),
			 TORPOR_E_INVAL);
	assert_int_equal(count + us, 14);
}

/* A state higher than the tree, which a list without a tree may have. */
static void host_is_refused_above_the_tree(struct rig *r)
{
	uint64_t count, us;

	r->config.flags &= ~TORPOR_F_OS_INITIATED;
	r->config.node_count = 0;
	rig_up(r);
	assert_int_equal(torpor_cpu_statistics(&r->machine, 0, S_CLUSTER_DOWN, &count, &us),
			 TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_statistics(&r->machine, 0, S_DOWN, &count, &us), TORPOR_OK);
}

/* None are kept: before 1.0, or without the means. */
static void host_has_none(struct rig *r)
{
	uint64_t count, us;

	if (r->version >= V10) {
		r->port.now_us = NULL;
	}
	rig_up(r);
	assert_int_equal(torpor_cpu_statistics(&r->machine, 0, S_DOWN, &count, &us),
			 TORPOR_E_STATE);
}

static const struct rig_case cases[] = {
	CASE(zero_at_boot, V10, V13, EACH_WAY),
	CASE(counts_a_cpus_states, V10, V13, EACH_WAY),
	CASE(width_of_residency, V10, V13, EACH_WAY),
	CASE(values_are_never_errors, V10, V13, EACH_WAY),
	CASE(unknown_is_zero, V10, V13, EACH_WAY),
	CASE(counts_cpu_off, V10, V13, EACH_WAY),
	CASE(counts_cpu_freeze, V10, V13, EACH_WAY),
	CASE(counts_cpu_default_suspend, V10, V13, EACH_WAY),
	CASE(counts_system_suspend, V10, V13, EACH_WAY),
	CASE(refused_suspend_does_not_count, V10, V13, EACH_WAY),
	CASE(counts_a_clusters_states, V10, V13, EACH_WAY),
	CASE(counts_the_local_states_below, V10, V13, EACH_WAY),
	CASE(same_local_state_same_statistics, V10, V13, EACH_WAY),
	CASE(reset_zeroes, V10, V13, EACH_WAY),
	CASE(host_is_refused, V10, V13, ONCE),
	CASE(host_is_refused_above_the_tree, V10, V13, ONCE),
	CASE(host_has_none, V01, V13, ONCE),
};
RIG_MAIN(cases)
