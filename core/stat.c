/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_STAT_COUNT and PSCI_STAT_RESIDENCY (5.22). Both change when a state is left, by the one that
 * leaves it; who reads takes no part in it.
 *
 * A residency is 64 bits in three words, its high half stored first and last: where the two differ
 * a reader came in between, and what it makes of them lies between the value before and the value
 * after. The other two words of a node's record say since when the node has been in that state; a
 * CPU has that in its own record.
 */
#include "internal.h"

enum {
	COUNT,
	HIGH_FIRST,
	LOW,
	HIGH_LAST,
	SINCE_LOW,
	SINCE_HIGH
};

#define SINCE_IS_SET (UINT32_C(1) << 31)

/* One bit less than 64 on both sides, so that a clock re-based by restore still subtracts. */
#define CLOCK_MASK (UINT64_MAX >> 1)

uint64_t tp_stat_now(const struct torpor_machine *machine)
{
	return tp_stat_is_kept(machine) ? machine->port.now_us(machine->config.ctx) & CLOCK_MASK
					: 0;
}

/* @owner: a CPU's index, or cpu_count + a node's. */
struct torpor_stat *tp_stat_record(const struct torpor_machine *machine, uint32_t owner,
				   uint32_t state)
{
	return &machine->config.stats[(size_t)owner * machine->config.state_count + state];
}

uint64_t tp_stat_residency(const struct torpor_stat *stat)
{
	uint32_t last = atomic_load_acquire(&stat->words[HIGH_LAST]);
	uint32_t low = atomic_load_acquire(&stat->words[LOW]);
	uint32_t first = atomic_load_acquire(&stat->words[HIGH_FIRST]);

	return (uint64_t)first << 32 | (first == last ? low : 0);
}

void tp_stat_set_residency(struct torpor_stat *stat, uint64_t us)
{
	atomic_store_release(&stat->words[HIGH_FIRST], (uint32_t)(us >> 32));
	atomic_store_release(&stat->words[LOW], (uint32_t)us);
	atomic_store_release(&stat->words[HIGH_LAST], (uint32_t)(us >> 32));
}

void tp_stat_zero(struct torpor_machine *machine)
{
	size_t count = (size_t)machine->config.state_count *
		       (machine->config.cpu_count + machine->config.node_count);
	size_t i;
	uint32_t word;

	if (!tp_stat_is_kept(machine)) {
		return;
	}
	for (i = 0; i < count; i++) {
		for (word = COUNT; word <= SINCE_HIGH; word++) {
			atomic_store_relaxed(&machine->config.stats[i].words[word], 0);
		}
	}
}

static void add(struct torpor_stat *stat, uint64_t us)
{
	uint32_t count = atomic_load_relaxed(&stat->words[COUNT]);

	atomic_store_relaxed(&stat->words[COUNT], count + 1);
	tp_stat_set_residency(stat, tp_stat_residency(stat) + (us & CLOCK_MASK));
}

void tp_stat_cpu_note(struct torpor_machine *machine, struct torpor_cpu *cpu, uint32_t state)
{
	cpu->state_index = tp_power_state_at_level(machine, state, 0);
	cpu->since_us = tp_stat_now(machine);
}

void tp_stat_cpu_count(struct torpor_machine *machine, const struct torpor_cpu *cpu)
{
	add(tp_stat_record(machine, (uint32_t)(cpu - machine->config.cpus), cpu->state_index),
	    tp_stat_now(machine) - cpu->since_us);
}

void tp_stat_node_enter(struct torpor_machine *machine, uint32_t node, uint32_t state,
			uint64_t since_us)
{
	struct torpor_stat *stat;

	if (!tp_stat_is_kept(machine) || state == TORPOR_STATE_NONE) {
		return;
	}
	stat = tp_stat_record(machine, machine->config.cpu_count + node, state);
	atomic_store_relaxed(&stat->words[SINCE_LOW], (uint32_t)since_us);
	atomic_store_relaxed(&stat->words[SINCE_HIGH],
			     ((uint32_t)(since_us >> 32) & ~SINCE_IS_SET) | SINCE_IS_SET);
}

/* The state that a node is in, and since when; TORPOR_STATE_NONE if it counts as none. */
uint32_t tp_stat_node_state(const struct torpor_machine *machine, uint32_t node, uint64_t *since_us)
{
	uint32_t state;

	for (state = 0; tp_stat_is_kept(machine) && state < machine->config.state_count; state++) {
		const struct torpor_stat *stat =
			tp_stat_record(machine, machine->config.cpu_count + node, state);
		uint32_t high = atomic_load_relaxed(&stat->words[SINCE_HIGH]);

		if ((high & SINCE_IS_SET) != 0) {
			*since_us = (uint64_t)(high & ~SINCE_IS_SET) << 32 |
				    atomic_load_relaxed(&stat->words[SINCE_LOW]);
			return state;
		}
	}
	return TORPOR_STATE_NONE;
}

void tp_stat_node_exit(struct torpor_machine *machine, uint32_t node, bool counts)
{
	uint64_t since_us = 0;
	uint32_t state = tp_stat_node_state(machine, node, &since_us);
	struct torpor_stat *stat;

	if (state == TORPOR_STATE_NONE) {
		return;
	}
	stat = tp_stat_record(machine, machine->config.cpu_count + node, state);
	atomic_store_relaxed(&stat->words[SINCE_HIGH], 0);
	if (counts) {
		add(stat, tp_stat_now(machine) - since_us);
	}
}

/* SYSTEM_SUSPEND takes the nodes above its CPU along; the tree does not come into it. */
void tp_stat_system_add(struct torpor_machine *machine, uint32_t cpu, uint32_t state,
			uint64_t since_us)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count, level, owner;
	uint64_t us;

	if (!tp_stat_is_kept(machine)) {
		return;
	}
	us = tp_stat_now(machine) - since_us;
	count = tp_tree_path(machine, cpu, path);
	for (level = 0, owner = cpu; level <= count; level++) {
		if (level != 0) {
			state = tp_power_state_at_level(machine, machine->config.suspend_state,
							level);
			owner = machine->config.cpu_count + path[level - 1];
		}
		if (state != TORPOR_STATE_NONE) {
			add(tp_stat_record(machine, owner, state), us);
		}
	}
}

/*
 * The record of a state on a CPU's path: that of the highest level in it (5.22.1); NULL if the path
 * does not go that high.
 */
static const struct torpor_stat *record_of(const struct torpor_machine *machine, uint32_t cpu,
					   uint32_t state)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t level = tp_power_state_level(&machine->config.states[state]);

	state = tp_power_state_at_level(machine, state, level);
	if (level == 0) {
		return tp_stat_record(machine, cpu, state);
	}
	if (level > tp_tree_path(machine, cpu, path)) {
		return NULL;
	}
	return tp_stat_record(machine, machine->config.cpu_count + path[level - 1], state);
}

/* The record that a call names; NULL for none. */
static const struct torpor_stat *named(const struct torpor_machine *machine, uint64_t mpidr,
				       uint32_t power_state)
{
	uint32_t state = tp_power_state_find(machine, power_state);
	uint32_t cpu = tp_mpidr_find(machine, mpidr);

	return state == TORPOR_STATE_NONE || cpu == TP_CPU_NONE ? NULL
								: record_of(machine, cpu, state);
}

enum torpor_action tp_psci_stat_residency(struct torpor_machine *machine, uint32_t cpu,
					  struct torpor_call *call, uint64_t mask)
{
	const struct torpor_stat *stat = named(machine, call->x[1] & mask, (uint32_t)call->x[2]);

	(void)cpu;
	return tp_return(call, mask, stat != NULL ? tp_stat_residency(stat) : 0);
}

enum torpor_action tp_psci_stat_count(struct torpor_machine *machine, uint32_t cpu,
				      struct torpor_call *call, uint64_t mask)
{
	const struct torpor_stat *stat = named(machine, call->x[1] & mask, (uint32_t)call->x[2]);

	(void)cpu;
	return tp_return(call, mask, stat != NULL ? atomic_load_relaxed(&stat->words[COUNT]) : 0);
}

enum torpor_status torpor_cpu_statistics(const struct torpor_machine *machine, uint32_t cpu,
					 uint32_t state, uint64_t *count, uint64_t *residency_us)
{
	const struct torpor_stat *stat;

	if (!tp_stat_is_kept(machine)) {
		return TORPOR_E_STATE;
	}
	stat = cpu < machine->config.cpu_count && state < machine->config.state_count
		       ? record_of(machine, cpu, state)
		       : NULL;
	if (stat == NULL) {
		return TORPOR_E_INVAL;
	}
	*count = atomic_load_relaxed(&stat->words[COUNT]);
	*residency_us = tp_stat_residency(stat);
	return TORPOR_OK;
}
