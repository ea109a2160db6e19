/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power tree: who runs below each node, and what the node does itself (4.2, 5.4.5, 6.3).
 *
 * Each CPU puts itself into every node above it and takes itself out again, and nobody does it for
 * another. So a count is never behind a CPU that is back in the guest: on the way up a CPU is
 * counted from the root to the leaf before it returns, and on the way down it takes itself out
 * from the leaf to the root. The last one out of a node sets its local state in the same step, and
 * the first one in sets it back.
 */
#include "tree.h"
#include "internal.h"

/* What a CPU asks for. */
struct wish {
	const struct torpor_power_state *state;
	uint32_t index;
	uint32_t last_level;
	uint32_t depth;
};

static uint32_t *word_of(const struct torpor_machine *machine, uint32_t node)
{
	return &machine->config.nodes[node].word;
}

/* The nodes above a CPU, leaf first; returns how many. */
uint32_t tp_tree_path(const struct torpor_machine *machine, uint32_t cpu,
		      uint32_t path[TORPOR_LEVEL_COUNT - 1])
{
	uint32_t count = 0;
	uint32_t node;

	if (machine->config.node_count == 0) {
		return 0;
	}
	node = machine->config.cpus[cpu].node;
	while (node != TORPOR_NODE_NONE && count < TORPOR_LEVEL_COUNT - 1) {
		path[count++] = node;
		node = machine->config.nodes[node].parent;
	}
	return count;
}

void tp_tree_init(struct torpor_machine *machine)
{
	uint32_t node;

	for (node = 0; node < machine->config.node_count; node++) {
		atomic_store_relaxed(word_of(machine, node), TP_TREE_OFF);
	}
}

/* Adds to the counts of a node, and wakes it up if @wakes; @counts: as a use of the state left. */
static void change(struct torpor_machine *machine, uint32_t node, uint32_t more, bool wakes,
		   bool counts)
{
	uint32_t *word = word_of(machine, node);
	uint32_t found = atomic_load_acquire(word);

	while (!atomic_cas(word, &found, (wakes ? found & ~TP_NODE_LOCAL_MASK : found) + more)) {
	}
	if (wakes && (found & TP_NODE_LOCAL_MASK) != TP_TREE_RUN) {
		tp_stat_node_exit(machine, node, counts);
	}
}

/* A CPU that sleeps runs again below the first @count nodes of its path, root first. */
static void enter(struct torpor_machine *machine, const uint32_t *path, uint32_t count,
		  enum tp_tree_state from, bool counts)
{
	for (; count > 0; count--) {
		uint32_t less = count == 1 && from == TP_TREE_STANDBY ? TP_NODE_STANDBY_ONE : 0;

		change(machine, path[count - 1], TP_NODE_RUNNING_ONE - less, true, counts);
	}
}

void tp_tree_run(struct torpor_machine *machine, uint32_t cpu, enum tp_tree_state from)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count = tp_tree_path(machine, cpu, path);

	enter(machine, path, count, from, true);
}

/*
 * A CPU that was off is started: it counts as running from here on, but the nodes above it sleep
 * on until it has taken its entry, for it may be undone.
 */
void tp_tree_count(struct torpor_machine *machine, uint32_t cpu)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count = tp_tree_path(machine, cpu, path);

	for (; count > 0; count--) {
		change(machine, path[count - 1], TP_NODE_LIVE_ONE + TP_NODE_RUNNING_ONE, false,
		       false);
	}
}

void tp_tree_wake(struct torpor_machine *machine, uint32_t cpu)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count = tp_tree_path(machine, cpu, path);

	for (; count > 0; count--) {
		change(machine, path[count - 1], 0, true, true);
	}
}

/*
 * The step that puts a node to sleep. What it counts as is noted first, for whoever wakes it up:
 * only the last CPU that runs below a node does this, so there is one at a time. Should another
 * CPU come back in between, the CAS fails and the note goes.
 */
static bool set_word(struct torpor_machine *machine, uint32_t node, uint32_t *found,
		     uint32_t wanted, uint32_t state)
{
	bool sleeps = (*found & TP_NODE_LOCAL_MASK) == TP_TREE_RUN &&
		      (wanted & TP_NODE_LOCAL_MASK) != TP_TREE_RUN;

	if (sleeps) {
		tp_stat_node_enter(machine, node, state, tp_stat_now(machine));
	}
	if (atomic_cas(word_of(machine, node), found, wanted)) {
		return true;
	}
	if (sleeps) {
		tp_stat_node_exit(machine, node, false);
	}
	return false;
}

/* CPU_OFF coordinates with itself only: a node all of whose CPUs are off is off (5.5.2). */
void tp_tree_off(struct torpor_machine *machine, uint32_t cpu, enum tp_tree_state from)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count = tp_tree_path(machine, cpu, path);
	uint32_t level;

	for (level = 1; level <= count; level++) {
		uint32_t node = path[level - 1];
		uint32_t state = tp_power_state_at_level(machine, machine->config.off_state, level);
		uint32_t less = TP_NODE_LIVE_ONE + (from == TP_TREE_RUN ? TP_NODE_RUNNING_ONE : 0) +
				(level == 1 && from == TP_TREE_STANDBY ? TP_NODE_STANDBY_ONE : 0);
		uint32_t found = atomic_load_acquire(word_of(machine, node));
		uint32_t wanted;

		do {
			wanted = found - less;
			if (tp_node_live(wanted) == 0) {
				wanted |= TP_TREE_OFF;
			}
		} while (!set_word(machine, node, &found, wanted, state));
	}
}

/*
 * Are the nodes below one deep enough for it? All their CPUs sleep, or its own count would not be
 * 0, so they stay as they are unless one wakes up, which its word then shows.
 */
static enum tp_outcome children_allow(const struct torpor_machine *machine, uint32_t node,
				      uint32_t depth)
{
	const struct torpor_node *nodes = machine->config.nodes;
	bool too_shallow = false;
	uint32_t word, i;

	for (i = node + 1; i < machine->config.node_count; i++) {
		uint32_t local;

		if (nodes[i].parent != node) {
			continue;
		}
		local = atomic_load_acquire(&nodes[i].word) & TP_NODE_LOCAL_MASK;
		if (local == TP_TREE_RUN) {
			return TP_DENIED;
		}
		too_shallow |= local < depth;
	}
	if (!too_shallow) {
		return TP_SUCCESS;
	}
	word = atomic_load_acquire(&nodes[node].word);
	return tp_node_running(word) == 0 && (word & TP_NODE_LOCAL_MASK) == depth
		       ? TP_INVALID_PARAMETERS
		       : TP_DENIED;
}

/* The caller leaves a node in which it says it is the last; *left says whether it has left. */
static enum tp_outcome leave_last(struct torpor_machine *machine, uint32_t node, uint32_t level,
				  uint32_t more, const struct wish *wish, bool *left)
{
	uint32_t depth = wish->state->depth[level];
	uint32_t state = tp_power_state_at_level(machine, wish->index, level);
	uint32_t found = atomic_load_acquire(word_of(machine, node));
	uint32_t wanted;

	*left = false;
	do {
		wanted = found + more;
#ifdef TORPOR_MUTANT_CHECK_THEN_LEAVE
		if (tp_node_running(wanted) != 0 && !*left) {
			return TP_DENIED;
		}
		*left = true;
#else
		if (tp_node_running(wanted) != 0) {
			return TP_DENIED;
		}
#endif
		if (level == 1 && depth == TORPOR_DEPTH_POWERDOWN && tp_node_standby(wanted) != 0) {
			return TP_INVALID_PARAMETERS;
		}
		wanted |= depth;
	} while (!set_word(machine, node, &found, wanted, state));
	*left = true;
	if (level == 1 || depth == TORPOR_DEPTH_RUN) {
		return TP_SUCCESS;
	}
	return children_allow(machine, node, depth);
}

static enum tp_outcome sleep_all(struct torpor_machine *machine, const uint32_t *path,
				 uint32_t count, const struct wish *wish)
{
	enum tp_tree_state from = (enum tp_tree_state)wish->depth;
	enum tp_outcome outcome;
	uint32_t level;

	for (level = 1; level <= count; level++) {
		uint32_t more = level == 1 && wish->depth == TORPOR_DEPTH_STANDBY
					? TP_NODE_STANDBY_ONE - TP_NODE_RUNNING_ONE
					: 0U - TP_NODE_RUNNING_ONE;
		bool left;

		if (level > wish->last_level) {
			change(machine, path[level - 1], more, false, false);
			continue;
		}
		outcome = leave_last(machine, path[level - 1], level, more, wish, &left);
		if (outcome != TP_SUCCESS) {
#ifndef TORPOR_MUTANT_NO_ROLLBACK
			enter(machine, path, left ? level : level - 1, from, false);
#endif
			return outcome;
		}
	}
	return TP_SUCCESS;
}

/*
 * A CPU goes to sleep. In platform-coordinated mode only its own level is granted, and the nodes
 * above run on; in OS-initiated mode all of @state is, or nothing.
 */
enum tp_outcome tp_tree_sleep(struct torpor_machine *machine, uint32_t cpu, enum torpor_depth depth,
			      uint32_t state, bool os_initiated)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count = tp_tree_path(machine, cpu, path);
	struct wish wish = {NULL, state, 0, (uint32_t)depth};

	if (os_initiated) {
		uint32_t level;

		wish.state = &machine->config.states[state];
		level = tp_power_state_level(wish.state);
		wish.last_level = wish.state->last_level > level ? wish.state->last_level : level;
	}
	return sleep_all(machine, path, count, &wish);
}
