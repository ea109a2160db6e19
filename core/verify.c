/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Could a machine with this configuration have saved these bytes? Asked after their checksum was
 * found right, so that what a broken or hostile writer puts there still can't bring a machine into
 * a state that no sequence of calls leads to.
 */
#include "format.h"
#include "internal.h"
#include "tree.h"

#define SUSPEND_MODE_BITS UINT32_C(3)

static const uint8_t *cpu_at(const uint8_t *in, uint32_t cpu)
{
	return in + TP_CPUS + (size_t)cpu * TP_CPU_BYTES;
}

static const uint8_t *node_at(const struct torpor_machine *machine, const uint8_t *in,
			      uint32_t node)
{
	return cpu_at(in, machine->config.cpu_count) + (size_t)node * TP_NODE_BYTES;
}

static uint32_t state_of(const uint8_t *in, uint32_t cpu)
{
	return tp_get32(cpu_at(in, cpu) + TP_CPU_STATE);
}

static uint32_t wait_kind(const uint8_t *in, uint32_t cpu)
{
	return tp_get32(cpu_at(in, cpu) + TP_CPU_WAIT) & TP_WAIT_KIND;
}

static bool is_os_initiated(const uint8_t *in)
{
	return (tp_get32(in + TP_MACHINE_SUSPEND_MODE) & TORPOR_SUSPEND_MODE_OS_INITIATED) != 0;
}

static bool is_a_state(const struct torpor_machine *machine, uint32_t state)
{
	return state == TORPOR_STATE_NONE ||
	       (tp_stat_is_kept(machine) && state < machine->config.state_count);
}

static bool state_is_possible(const struct torpor_machine *machine, uint32_t cpu, uint32_t state)
{
	bool disabled = torpor_cpu_state(machine, cpu) == TORPOR_CPU_DISABLED;

	switch (state) {
	case TORPOR_CPU_OFF:
	case TORPOR_CPU_ON_PENDING:
	case TORPOR_CPU_ON:
		return !disabled;
	case TORPOR_CPU_SUSPENDED:
		/* No version has CPU_DEFAULT_SUSPEND without it. */
		return !disabled && tp_is_present(machine, TORPOR_FN_CPU_SUSPEND);
	case TORPOR_CPU_FROZEN:
		return !disabled && tp_is_present(machine, TORPOR_FN_CPU_FREEZE);
	case TORPOR_CPU_DISABLED:
		return disabled;
	default:
		return false;
	}
}

/* A wait goes with the state: see what save.c leaves of it. */
static bool wait_is_possible(const uint8_t *in, uint32_t cpu)
{
	uint32_t wait = tp_get32(cpu_at(in, cpu) + TP_CPU_WAIT);
	uint32_t kind = wait & TP_WAIT_KIND;

	if ((wait & ~(TP_WAIT_KIND | TP_WAIT_WIDE)) != 0) {
		return false;
	}
	if (state_of(in, cpu) == TORPOR_CPU_SUSPENDED) {
		return kind == TP_WAIT_STANDBY || kind == TP_WAIT_POWERDOWN;
	}
	return wait == TP_WAIT_NONE ||
	       (state_of(in, cpu) == TORPOR_CPU_ON && kind == TP_WAIT_SYSTEM);
}

static bool entry_is_possible(const uint8_t *in, uint32_t cpu)
{
	const uint8_t *at = cpu_at(in, cpu);
	uint32_t flags = tp_get32(at + TP_CPU_START_FLAGS);

	if (state_of(in, cpu) != TORPOR_CPU_ON_PENDING && wait_kind(in, cpu) == TP_WAIT_NONE) {
		return flags == 0 && tp_get64(at + TP_CPU_ENTRY) == 0 &&
		       tp_get64(at + TP_CPU_CONTEXT) == 0;
	}
	return (flags & ~TP_START_FLAGS) == 0;
}

/* What CPU_DEFAULT_SUSPEND or CPU_SUSPEND made of a CPU; @level is 0 unless the OS coordinated. */
static bool sleep_is_possible(const struct torpor_machine *machine, const uint8_t *in, uint32_t cpu)
{
	const struct torpor_config *config = &machine->config;
	uint32_t power_state = tp_get32(cpu_at(in, cpu) + TP_CPU_POWER_STATE);
	uint32_t level = tp_get32(cpu_at(in, cpu) + TP_CPU_LEVEL);
	uint32_t kind = wait_kind(in, cpu);
	uint32_t state;

	if (tp_is_present(machine, TORPOR_FN_CPU_DEFAULT_SUSPEND) && (power_state | level) == 0 &&
	    kind == (uint32_t)tp_default_depth(machine)) {
		return true;
	}
	if (!tp_power_state_is_well_formed(machine, power_state) ||
	    kind != (uint32_t)tp_power_state_depth(machine, power_state)) {
		return false;
	}
	state = tp_power_state_find(machine, power_state);
	if (state == TORPOR_STATE_NONE) {
		return config->state_count == 0 && level == 0;
	}
	return level == 0 ||
	       (is_os_initiated(in) && level == tp_power_state_level(&config->states[state]));
}

static bool cpu_is_possible(const struct torpor_machine *machine, const uint8_t *in, uint32_t cpu)
{
	const uint8_t *at = cpu_at(in, cpu);

	return state_is_possible(machine, cpu, state_of(in, cpu)) && wait_is_possible(in, cpu) &&
	       entry_is_possible(in, cpu) &&
	       (state_of(in, cpu) == TORPOR_CPU_SUSPENDED
			? sleep_is_possible(machine, in, cpu)
			: tp_get32(at + TP_CPU_LEVEL) == 0 &&
				  tp_get32(at + TP_CPU_POWER_STATE) == 0) &&
	       is_a_state(machine, tp_get32(at + TP_CPU_STAT_STATE));
}

static bool mode_is_possible(const struct torpor_machine *machine, uint32_t mode)
{
	switch (mode) {
	case TORPOR_MODE_RUNNING:
	case TORPOR_MODE_OFF:
	case TORPOR_MODE_RESETTING:
		return true;
	case TORPOR_MODE_SUSPENDED:
	case TORPOR_MODE_WAKING:
		return tp_is_present(machine, TORPOR_FN_SYSTEM_SUSPEND);
	case TORPOR_MODE_HIBERNATED:
		return tp_is_present(machine, TORPOR_FN_SYSTEM_OFF2);
	default:
		return false;
	}
}

/* The count, or whose the suspend is; and at most one CPU can be in SYSTEM_SUSPEND. */
static bool count_is_right(const struct torpor_machine *machine, const uint8_t *in)
{
	uint32_t mode = tp_get32(in + TP_MACHINE_MODE);
	uint32_t count = tp_get32(in + TP_MACHINE_COUNT);
	uint32_t on = 0;
	uint32_t waiting = 0;
	uint32_t cpu;

	for (cpu = 0; cpu < machine->config.cpu_count; cpu++) {
		uint32_t state = state_of(in, cpu);

		on += state != TORPOR_CPU_OFF && state != TORPOR_CPU_DISABLED;
		waiting += wait_kind(in, cpu) == TP_WAIT_SYSTEM;
	}
	if (mode == TORPOR_MODE_SUSPENDED || mode == TORPOR_MODE_WAKING) {
		return on == 1 && waiting == 1 && count < machine->config.cpu_count &&
		       wait_kind(in, count) == TP_WAIT_SYSTEM;
	}
	return on == count && waiting <= 1 &&
	       (waiting == 0 || tp_is_present(machine, TORPOR_FN_SYSTEM_SUSPEND));
}

static bool resident_is_possible(const struct torpor_machine *machine, uint32_t resident)
{
	uint32_t at_boot = tp_is_uniprocessor(machine) ? machine->config.trusted_os_cpu : 0;

	return resident == at_boot || (machine->config.trusted_os == TORPOR_TRUSTED_OS_UP_MIGRATE &&
				       torpor_cpu_state(machine, resident) != TORPOR_CPU_DISABLED);
}

static bool machine_is_possible(const struct torpor_machine *machine, const uint8_t *in)
{
	uint32_t suspend_mode = tp_get32(in + TP_MACHINE_SUSPEND_MODE);
	uint32_t mem_protect = tp_get32(in + TP_MACHINE_MEM_PROTECT);

	return mode_is_possible(machine, tp_get32(in + TP_MACHINE_MODE)) &&
	       (tp_is_present(machine, TORPOR_FN_PSCI_SET_SUSPEND_MODE)
			? suspend_mode <= SUSPEND_MODE_BITS
			: suspend_mode == 0) &&
	       mem_protect <= (tp_is_present(machine, TORPOR_FN_MEM_PROTECT) ? 1U : 0U) &&
	       resident_is_possible(machine, tp_get32(in + TP_MACHINE_RESIDENT)) &&
	       count_is_right(machine, in);
}

static bool is_below(const struct torpor_machine *machine, uint32_t cpu, uint32_t node,
		     uint32_t *level)
{
	uint32_t path[TORPOR_LEVEL_COUNT - 1];
	uint32_t count = tp_tree_path(machine, cpu, path);

	for (*level = 1; *level <= count; (*level)++) {
		if (path[*level - 1] == node) {
			return true;
		}
	}
	return false;
}

/* A node's word with the counts that the CPUs below it make, and RUN if one of them keeps it up. */
static uint32_t counts_of(const struct torpor_machine *machine, const uint8_t *in, uint32_t node,
			  bool *is_up)
{
	uint32_t counts = 0;
	uint32_t cpu, level;

	*is_up = false;
	for (cpu = 0; cpu < machine->config.cpu_count; cpu++) {
		uint32_t state = state_of(in, cpu);

		if (state == TORPOR_CPU_OFF || state == TORPOR_CPU_DISABLED ||
		    !is_below(machine, cpu, node, &level)) {
			continue;
		}
		counts += TP_NODE_LIVE_ONE;
		if (state != TORPOR_CPU_SUSPENDED) {
			counts += TP_NODE_RUNNING_ONE;
			*is_up |= state != TORPOR_CPU_ON_PENDING;
		} else if (level == 1 && wait_kind(in, cpu) == TP_WAIT_STANDBY) {
			counts += TP_NODE_STANDBY_ONE;
		}
	}
	return counts;
}

static bool children_are_deeper(const struct torpor_machine *machine, const uint8_t *in,
				uint32_t node, uint32_t local)
{
	uint32_t i, below;

	for (i = node + 1; i < machine->config.node_count; i++) {
		if (machine->config.nodes[i].parent == node) {
			below = tp_get32(node_at(machine, in, i) + TP_NODE_WORD) &
				TP_NODE_LOCAL_MASK;
			if (below == TP_TREE_RUN || below < local) {
				return false;
			}
		}
	}
	return true;
}

/* A CPU that is pending counts as running, and yet the nodes above it may sleep. */
static bool node_is_possible(const struct torpor_machine *machine, const uint8_t *in, uint32_t node)
{
	const uint8_t *at = node_at(machine, in, node);
	uint32_t word = tp_get32(at + TP_NODE_WORD);
	uint32_t local = word & TP_NODE_LOCAL_MASK;
	uint32_t stat_state = tp_get32(at + TP_NODE_STAT_STATE);
	bool is_up;

	if ((word & ~TP_NODE_LOCAL_MASK) != counts_of(machine, in, node, &is_up) ||
	    !is_a_state(machine, stat_state)) {
		return false;
	}
	if (local == TP_TREE_RUN) {
		return tp_node_live(word) != 0 && stat_state == TORPOR_STATE_NONE;
	}
	if (is_up) {
		return false;
	}
	if (local == TP_TREE_OFF) {
		return tp_node_live(word) == tp_node_running(word);
	}
	return tp_node_live(word) != 0 &&
	       (local != TP_TREE_POWERDOWN || tp_node_standby(word) == 0) &&
	       tp_is_present(machine, TORPOR_FN_PSCI_SET_SUSPEND_MODE) &&
	       children_are_deeper(machine, in, node, local);
}

bool tp_saved_is_possible(const struct torpor_machine *machine, const uint8_t *in)
{
	uint32_t i;

	for (i = 0; i < machine->config.cpu_count; i++) {
		if (!cpu_is_possible(machine, in, i)) {
			return false;
		}
	}
	for (i = 0; i < machine->config.node_count; i++) {
		if (!node_is_possible(machine, in, i)) {
			return false;
		}
	}
	return machine_is_possible(machine, in);
}
