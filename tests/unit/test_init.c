/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* Fills config's pointers, lets @spoil change what it likes, and sets up. */
static enum torpor_status init_with(struct rig *r, void (*spoil)(struct rig *))
{
	rig_default(r, r->version, r->way);
	rig_up(r);
	for (uint32_t i = 0; i < RIG_NODES; i++) {
		r->nodes[i].word = 0;
	}
	if (spoil) {
		spoil(r);
	}
	return torpor_machine_init(&r->machine, &r->config);
}

#define assert_init(r, spoil, want) assert_int_equal(init_with(r, spoil), want)

/* The boot CPU is on at once, all others off. */
static void boot_state(struct rig *r)
{
	struct torpor_start start;

	for (uint32_t boot = 0; boot < RIG_CPUS; boot++) {
		rig_default(r, r->version, r->way);
		r->config.boot_cpu = boot;
		rig_up(r);
		assert_mode(r, TORPOR_MODE_RUNNING);
		assert_cpus_on(r, 1);
		for (uint32_t cpu = 0; cpu < RIG_CPUS; cpu++) {
			assert_state(r, cpu, cpu == boot ? TORPOR_CPU_ON : TORPOR_CPU_OFF);
			assert_int_equal(torpor_cpu_take(&r->machine, cpu, &start), TORPOR_E_STATE);
		}
		assert_int_equal(r->start_count, 0);
	}
}

/* A machine of one CPU without anything is a machine. */
static void least_machine(struct rig *r)
{
	r->port = (struct torpor_port){.size = sizeof(r->port), .start = r->port.start};
	r->config.flags = 0;
	r->config.cpu_count = 1;
	r->config.state_count = 0;
	r->config.node_count = 0;
	r->config.off_state = TORPOR_STATE_NONE;
	r->config.freeze_state = TORPOR_STATE_NONE;
	r->config.default_state = TORPOR_STATE_NONE;
	r->config.suspend_state = TORPOR_STATE_NONE;
	rig_up(r);
	assert_act(r, TORPOR_PARK, 0, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_int_equal(r->out.cpus_on, 0);
}

/* The version must be named, and one that there is (5.3.1, Table 6). */
static void versions_that_do_not_exist(struct rig *r)
{
	static const uint32_t bad[] = {
		0,
		1 << 16 | 4,
		2 << 16,
		0 << 16 | 3,
		0xffffffff,
		1,
		TORPOR_PSCI_VERSION(1, 3) | 0x80000000,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (bad[i] == TORPOR_PSCI_0_1) {
			continue;
		}
		rig_default(r, r->version, r->way);
		rig_up(r);
		r->config.psci_version = bad[i];
		assert_int_equal(torpor_machine_init(&r->machine, &r->config), TORPOR_E_INVAL);
	}
}

static void no_cpus(struct rig *r)
{
	r->config.cpu_count = 0;
}

static void too_many_cpus(struct rig *r)
{
	r->config.cpu_count = TORPOR_CPU_COUNT_MAX + 1;
}

static void boot_cpu_out_of_range(struct rig *r)
{
	r->config.boot_cpu = RIG_CPUS;
}

static void boot_cpu_disabled(struct rig *r)
{
	r->cpu_configs[0].flags = TORPOR_CPU_FLAG_DISABLED;
}

static void same_mpidr(struct rig *r)
{
	r->cpu_configs[3].mpidr = r->cpu_configs[0].mpidr;
}

static void mpidr_with_other_bits(struct rig *r)
{
	r->cpu_configs[2].mpidr |= UINT64_C(0x80000000);
}

static void mpidr_with_high_bits(struct rig *r)
{
	r->cpu_configs[2].mpidr |= UINT64_C(1) << 40;
}

static void no_start_op(struct rig *r)
{
	r->port.start = NULL;
}

static void no_migrate_op(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	r->port.migrate = NULL;
}

static void trusted_os_kind(struct rig *r)
{
	r->config.trusted_os = 4;
}

static void trusted_os_cpu(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	r->config.trusted_os_cpu = RIG_CPUS;
}

static void off_state(struct rig *r)
{
	r->config.off_state = RIG_STATES;
}

static void freeze_state(struct rig *r)
{
	r->config.freeze_state = RIG_STATES;
}

static void default_state(struct rig *r)
{
	r->config.default_state = RIG_STATES;
}

static void suspend_state(struct rig *r)
{
	r->config.suspend_state = RIG_STATES;
}

/* CPU fields (machine.h). */
static void bad_cpus(struct rig *r)
{
	assert_init(r, NULL, TORPOR_OK);
	assert_init(r, no_cpus, TORPOR_E_INVAL);
	assert_init(r, too_many_cpus, TORPOR_E_INVAL);
	assert_init(r, boot_cpu_out_of_range, TORPOR_E_INVAL);
	assert_init(r, boot_cpu_disabled, TORPOR_E_INVAL);
	assert_init(r, same_mpidr, TORPOR_E_INVAL);
	assert_init(r, mpidr_with_other_bits, TORPOR_E_INVAL);
	assert_init(r, mpidr_with_high_bits, TORPOR_E_INVAL);
}

/* Ops, the Trusted OS, and indexes of states. */
static void bad_means(struct rig *r)
{
	assert_init(r, no_start_op, TORPOR_E_INVAL);
	assert_init(r, no_migrate_op, TORPOR_E_INVAL);
	assert_init(r, trusted_os_kind, TORPOR_E_INVAL);
	assert_init(r, trusted_os_cpu, TORPOR_E_INVAL);
	assert_init(r, off_state, TORPOR_E_INVAL);
	assert_init(r, freeze_state, TORPOR_E_INVAL);
	assert_init(r, default_state, TORPOR_E_INVAL);
	assert_init(r, suspend_state, TORPOR_E_INVAL);
}

static void level_0_runs(struct rig *r)
{
	r->states[S_STANDBY].depth[0] = TORPOR_DEPTH_RUN;
}

static void depth_out_of_range(struct rig *r)
{
	r->states[S_DOWN].depth[0] = 3;
}

static void asleep_above_a_level_that_runs(struct rig *r)
{
	r->states[S_SYSTEM_DOWN].depth[1] = TORPOR_DEPTH_RUN;
}

static void last_level_too_high(struct rig *r)
{
	r->states[S_DOWN].last_level = 2;
}

static void reserved_bits(struct rig *r)
{
	r->states[S_DOWN].power_state |= UINT32_C(1) << 26;
}

static void reserved_member(struct rig *r)
{
	r->states[S_DOWN].reserved[1] = 1;
}

static void state_twice(struct rig *r)
{
	r->states[S_DOWN] = r->states[S_STANDBY];
}

static void count_without_states(struct rig *r)
{
	r->config.states = NULL;
}

/* Malformed power states (port.h, 5.4.2). */
static void bad_states(struct rig *r)
{
	assert_init(r, level_0_runs, TORPOR_E_INVAL);
	assert_init(r, depth_out_of_range, TORPOR_E_INVAL);
	assert_init(r, asleep_above_a_level_that_runs, TORPOR_E_INVAL);
	assert_init(r, last_level_too_high, TORPOR_E_INVAL);
	assert_init(r, reserved_bits, TORPOR_E_INVAL);
	assert_init(r, reserved_member, TORPOR_E_INVAL);
	assert_init(r, state_twice, TORPOR_E_INVAL);
	assert_init(r, count_without_states, TORPOR_E_INVAL);
}

static void parent_after_child(struct rig *r)
{
	r->nodes[1].parent = 2;
}

static void parent_is_self(struct rig *r)
{
	r->nodes[2].parent = 2;
}

static void parent_out_of_range(struct rig *r)
{
	r->nodes[2].parent = 7;
}

static void leaf_out_of_range(struct rig *r)
{
	r->cpu_configs[2].node = RIG_NODES;
}

static void cpus_at_two_depths(struct rig *r)
{
	r->cpu_configs[2].node = 0;
}

static void deeper_state_than_tree(struct rig *r)
{
	r->nodes[1].parent = TORPOR_NODE_NONE;
	r->nodes[2].parent = TORPOR_NODE_NONE;
	for (uint32_t i = 0; i < RIG_CPUS; i++) {
		r->cpu_configs[i].node = i / 2;
	}
	r->nodes[0].parent = TORPOR_NODE_NONE;
}

/* A malformed tree; deeper states than it has levels are left to the implementation. */
static void bad_trees(struct rig *r)
{
	assert_init(r, parent_after_child, TORPOR_E_INVAL);
	assert_init(r, parent_is_self, TORPOR_E_INVAL);
	assert_init(r, parent_out_of_range, TORPOR_E_INVAL);
	assert_init(r, leaf_out_of_range, TORPOR_E_INVAL);
	assert_init(r, cpus_at_two_depths, TORPOR_E_INVAL);
	(void)init_with(r, deeper_state_than_tree);
}

static void osi_without_tree(struct rig *r)
{
	r->config.node_count = 0;
	r->config.nodes = NULL;
}

static void osi_without_states(struct rig *r)
{
	r->config.states = NULL;
	r->config.state_count = 0;
	r->config.stats = NULL;
	r->config.off_state = TORPOR_STATE_NONE;
	r->config.freeze_state = TORPOR_STATE_NONE;
	r->config.default_state = TORPOR_STATE_NONE;
	r->config.suspend_state = TORPOR_STATE_NONE;
}

/* OS-initiated mode needs states and a tree (machine.h). */
static void osi_without_its_means(struct rig *r)
{
	assert_init(r, osi_without_tree, TORPOR_E_INVAL);
	assert_init(r, osi_without_states, TORPOR_E_INVAL);
}

/* Before 1.0 there is no such mode, and the flag does nothing (machine.h). */
static void osi_before_it_was(struct rig *r)
{
	assert_init(r, osi_without_tree, TORPOR_OK);
	assert_init(r, osi_without_states, TORPOR_OK);
}

/* An older embedder's port ends earlier: what lies beyond its size is absent, not read. */
static void shorter_port(struct rig *r)
{
	r->port.size = offsetof(struct torpor_port, mem_protect_range);
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	rig_default(r, r->version, r->way);
	r->port.size = offsetof(struct torpor_port, check_entry);
	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, 1, ENTRY_BAD, 0);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_NODE_HW_STATE, 0, 0, 0);
}

/* The configuration itself may go once init has returned. */
static void config_may_go(struct rig *r)
{
	rig_up(r);
	memset(&r->config, 0xa5, sizeof(r->config));
	memset(r->cpu_configs, 0xa5, sizeof(r->cpu_configs));
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, 0x100, ENTRY_A, 0);
	assert_int_equal(r->start_cpu, 2);
	assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_RESETTING), TORPOR_OK);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_state(r, 0, TORPOR_CPU_ON);
}

static const struct rig_case cases[] = {
	CASE(boot_state, V01, V13, ONCE),
	CASE(least_machine, V01, V13, EACH_WAY),
	CASE(versions_that_do_not_exist, V13, V13, ONCE),
	CASE(bad_cpus, V01, V13, ONCE),
	CASE(bad_means, V01, V13, ONCE),
	CASE(bad_states, V01, V13, ONCE),
	CASE(bad_trees, V10, V13, ONCE),
	CASE(osi_without_its_means, V10, V13, ONCE),
	CASE(osi_before_it_was, V01, V02, ONCE),
	CASE(shorter_port, V11, V13, EACH_WAY),
	CASE(config_may_go, V02, V13, ONCE),
};
RIG_MAIN(cases)
