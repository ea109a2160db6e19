/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a configuration one that the rest of the core can rely on without looking again?
 */
#include "internal.h"

#define FLAGS                                                                                      \
	(TORPOR_F_EXTENDED_STATE_ID | TORPOR_F_OS_INITIATED | TORPOR_F_SMCCC_VERSION |             \
	 TORPOR_F_CPU_FREEZE | TORPOR_F_CPU_DEFAULT_SUSPEND | TORPOR_F_SYSTEM_SUSPEND |            \
	 TORPOR_F_SYSTEM_RESET2 | TORPOR_F_SYSTEM_OFF2)

/* Products of these and the largest record stay within a 32-bit size. */
#define STATE_COUNT_MAX 4095
#define NODE_COUNT_MAX 4095

static bool is_disabled(const struct torpor_config *config, uint32_t cpu)
{
	return (config->cpu_configs[cpu].flags & TORPOR_CPU_FLAG_DISABLED) != 0;
}

static bool cpus_are_valid(const struct torpor_config *config)
{
	uint32_t i;

	if (config->cpu_count == 0 || config->cpu_count > TORPOR_CPU_COUNT_MAX ||
	    config->cpu_configs == NULL || config->cpus == NULL || config->mpidr_index == NULL) {
		return false;
	}
	for (i = 0; i < config->cpu_count; i++) {
		if ((config->cpu_configs[i].mpidr & ~TORPOR_MPIDR_AFFINITY) != 0 ||
		    (config->cpu_configs[i].flags & ~TORPOR_CPU_FLAG_DISABLED) != 0) {
			return false;
		}
	}
	return config->boot_cpu < config->cpu_count && !is_disabled(config, config->boot_cpu);
}

static bool trusted_os_is_valid(const struct torpor_machine *machine)
{
	const struct torpor_config *config = &machine->config;

	if (!tp_is_uniprocessor(machine)) {
		return config->trusted_os <= TORPOR_TRUSTED_OS_NO_INFO;
	}
	return config->trusted_os_cpu < config->cpu_count &&
	       !is_disabled(config, config->trusted_os_cpu) &&
	       (config->trusted_os != TORPOR_TRUSTED_OS_UP_MIGRATE ||
		machine->port.migrate != NULL);
}

static bool fn_ids_are_distinct(const struct torpor_config *config)
{
	uint32_t i, k;

	for (i = 0; i < 4; i++) {
		for (k = i + 1; k < 4; k++) {
			if (config->fn_ids_0_1[i] != 0 &&
			    config->fn_ids_0_1[i] == config->fn_ids_0_1[k]) {
				return false;
			}
		}
	}
	return true;
}

/* How many nodes are above a node, itself included; more than there may be if it is malformed. */
static uint32_t height(const struct torpor_config *config, uint32_t node)
{
	uint32_t count = 0;

	while (node != TORPOR_NODE_NONE && count < TORPOR_LEVEL_COUNT) {
		node = config->nodes[node].parent;
		count++;
	}
	return count;
}

static bool is_parent(const struct torpor_config *config, uint32_t node)
{
	uint32_t i;

	for (i = node + 1; i < config->node_count; i++) {
		if (config->nodes[i].parent == node) {
			return true;
		}
	}
	return false;
}

/* The highest power level of the tree goes to *levels: 0 without one. */
static bool tree_is_valid(const struct torpor_config *config, uint32_t *levels)
{
	uint32_t i, node;

	*levels = 0;
	if (config->node_count == 0) {
		return true;
	}
	if (config->nodes == NULL || config->node_count > NODE_COUNT_MAX) {
		return false;
	}
	for (i = 0; i < config->node_count; i++) {
		if (config->nodes[i].parent >= i && config->nodes[i].parent != TORPOR_NODE_NONE) {
			return false;
		}
	}
	for (i = 0; i < config->cpu_count; i++) {
		node = config->cpu_configs[i].node;
		if (node >= config->node_count || is_parent(config, node) ||
		    (i != 0 && height(config, node) != *levels)) {
			return false;
		}
		*levels = height(config, node);
	}
	return *levels < TORPOR_LEVEL_COUNT;
}

/* @levels: the highest that the tree has; without a tree, any. */
static bool state_is_valid(const struct torpor_machine *machine,
			   const struct torpor_power_state *state, uint32_t levels)
{
	uint32_t level;

	if (!tp_power_state_is_well_formed(machine, state->power_state) ||
	    state->depth[0] != (uint32_t)tp_power_state_depth(machine, state->power_state) ||
	    state->reserved[0] != 0 || state->reserved[1] != 0 || state->reserved[2] != 0) {
		return false;
	}
	/* No level sleeps deeper than the one below it. */
	for (level = 1; level < TORPOR_LEVEL_COUNT; level++) {
		if (state->depth[level] > state->depth[level - 1]) {
			return false;
		}
	}
	level = tp_power_state_level(state);
	return level <= levels && state->last_level <= level + 1 && state->last_level <= levels;
}

static bool states_are_valid(const struct torpor_machine *machine, uint32_t levels)
{
	const struct torpor_config *config = &machine->config;
	uint32_t i;

	if (config->node_count == 0) {
		levels = TORPOR_LEVEL_COUNT - 1;
	}
	if (config->state_count > STATE_COUNT_MAX ||
	    (config->state_count == 0) != (config->states == NULL)) {
		return false;
	}
	for (i = 0; i < config->state_count; i++) {
		if (!state_is_valid(machine, &config->states[i], levels) ||
		    tp_power_state_find(machine, config->states[i].power_state) != i) {
			return false;
		}
	}
	return true;
}

static bool is_a_state(const struct torpor_config *config, uint32_t state)
{
	return state == TORPOR_STATE_NONE || state < config->state_count;
}

bool tp_config_is_valid(const struct torpor_machine *machine)
{
	const struct torpor_config *config = &machine->config;
	uint32_t levels;

	return (config->flags & ~FLAGS) == 0 && machine->port.start != NULL &&
	       cpus_are_valid(config) && trusted_os_is_valid(machine) &&
	       fn_ids_are_distinct(config) && tree_is_valid(config, &levels) &&
	       states_are_valid(machine, levels) && is_a_state(config, config->off_state) &&
	       is_a_state(config, config->freeze_state) &&
	       is_a_state(config, config->default_state) &&
	       is_a_state(config, config->suspend_state) &&
	       ((config->flags & TORPOR_F_OS_INITIATED) == 0 ||
		(config->state_count != 0 && config->node_count != 0));
}
