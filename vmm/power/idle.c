/* SPDX-License-Identifier: BSD-3-Clause */
/* The power states and the power tree of a machine with idle states, and their statistics. */
#include <errno.h>
#include <stdlib.h>
#include "power/internal.h"

_Static_assert((int)IDLE_RUN == (int)TORPOR_DEPTH_RUN &&
		       (int)IDLE_STANDBY == (int)TORPOR_DEPTH_STANDBY &&
		       (int)IDLE_POWERDOWN == (int)TORPOR_DEPTH_POWERDOWN,
	       "depths are the library's");

/* The system, and below it the clusters. */
#define SYSTEM_NODE 0U
#define CLUSTER_NODE(cluster) (1U + (cluster))

static void set_states(struct torpor_power_state *states)
{
	for (uint32_t i = 0; i < IDLE_STATE_COUNT; i++) {
		states[i].power_state = idle_states[i].power_state;
		for (uint32_t level = 0; level < IDLE_LEVEL_COUNT; level++) {
			states[i].depth[level] = idle_states[i].depth[level];
		}
		/* A state that takes its cluster along is the last CPU's there. */
		states[i].last_level = states[i].depth[IDLE_LEVEL_CLUSTER] != IDLE_RUN;
	}
}

static void set_tree(struct power *power, struct torpor_config *config,
		     struct torpor_cpu_config *cpus)
{
	uint32_t clusters = power->config.cluster_count;

	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		cpus[i].node = CLUSTER_NODE(idle_cluster_of(i, power->config.cpu_count, clusters));
	}
	power->nodes[SYSTEM_NODE].parent = TORPOR_NODE_NONE;
	for (uint32_t i = 0; i < clusters; i++) {
		power->nodes[CLUSTER_NODE(i)].parent = SYSTEM_NODE;
	}
	config->nodes = power->nodes;
	config->node_count = CLUSTER_NODE(clusters);
	config->flags |= TORPOR_F_OS_INITIATED;
}

int idle_init(struct power *power, struct torpor_config *config, struct torpor_cpu_config *cpus)
{
	uint32_t clusters = power->config.cluster_count;
	uint32_t nodes = clusters != 0 ? CLUSTER_NODE(clusters) : 0;

	if (!power->config.idle_states) {
		return 0;
	}
	config->state_count = idle_state_count(clusters);
	power->states = calloc(IDLE_STATE_COUNT, sizeof(*power->states));
	power->nodes = calloc(CLUSTER_NODE(clusters), sizeof(*power->nodes));
	power->stats = calloc((size_t)(power->config.cpu_count + nodes) * config->state_count,
			      sizeof(*power->stats));
	if (power->states == NULL || power->nodes == NULL || power->stats == NULL) {
		return -ENOMEM;
	}
	set_states(power->states);
	config->states = power->states;
	config->stats = power->stats;
	/* What takes a CPU, or all of them, off counts as the deepest there is (5.22.2). */
	config->off_state = config->state_count - 1;
	config->suspend_state = config->state_count - 1;
	config->freeze_state = config->default_state = IDLE_STATE_CPU_COUNT - 1;
	if (clusters != 0) {
		set_tree(power, config, cpus);
	}
	return 0;
}

void idle_free(struct power *power)
{
	free(power->stats);
	free(power->nodes);
	free(power->states);
}

bool power_query_state(const struct power *power, uint32_t cpu, uint32_t state,
		       struct power_state_info *info)
{
	if (torpor_cpu_statistics(&power->core, cpu, state, &info->count, &info->residency_us) !=
	    TORPOR_OK) {
		return false;
	}
	info->name = idle_states[state].name;
	info->power_state = idle_states[state].power_state;
	return true;
}
