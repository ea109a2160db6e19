/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The idle states of a machine that has some, and how its CPUs are spread over clusters.
 *
 * They are part of the machine type: no value here may change once released. power_state is in the
 * original format, which each PSCI version knows, with the StateID encoding that 6.5 recommends:
 * four bits a level from the CPU upward (1 standby, 2 retention, 3 powerdown), then the level in
 * which the caller is the last.
 *
 * No hardware is saved here, so the latencies say what a state costs: two exits to user space
 * for a standby; for a powerdown the CPU's registers, written back one by one, and what the guest
 * does to save and restore its own.
 */
#ifndef VMM_PLATFORM_IDLE_STATES_H
#define VMM_PLATFORM_IDLE_STATES_H

#include <stdint.h>

/* Of a machine without clusters, and of one with them. */
#define IDLE_STATE_CPU_COUNT 2U
#define IDLE_STATE_COUNT 4U

/* Power levels of the tree: a CPU, its cluster, the system. No state puts the system to sleep. */
enum idle_level {
	IDLE_LEVEL_CPU,
	IDLE_LEVEL_CLUSTER,
	IDLE_LEVEL_COUNT,
};

enum idle_depth {
	IDLE_RUN,
	IDLE_STANDBY,
	IDLE_POWERDOWN,
};

/**
 * struct idle_state - one of them
 * @name:        its node's in the device tree
 * @power_state: CPU_SUSPEND's argument
 * @depth:       enum idle_depth of each level; that of the cluster is what the last CPU in it asks
 *               for, in OS-initiated mode
 * @entry_us:    worst time to enter it, in microseconds
 * @exit_us:     worst time from the wake-up until the guest runs on
 * @min_us:      how long it must last to be worth its costs
 */
struct idle_state {
	const char *name;
	uint32_t power_state;
	uint8_t depth[IDLE_LEVEL_COUNT];
	uint32_t entry_us;
	uint32_t exit_us;
	uint32_t min_us;
};

/* The CPU's own first, from shallow to deep, then those of clusters. */
extern const struct idle_state idle_states[IDLE_STATE_COUNT];

/** idle_state_count() - how many of them a machine with that many clusters has; 0 for none */
static inline uint32_t idle_state_count(uint32_t cluster_count)
{
	return cluster_count != 0 ? IDLE_STATE_COUNT : IDLE_STATE_CPU_COUNT;
}

/** idle_cluster_of() - the cluster of a CPU: neighbours are together, no two sizes differ by 2 */
static inline uint32_t idle_cluster_of(uint32_t cpu, uint32_t cpu_count, uint32_t cluster_count)
{
	return (uint32_t)((uint64_t)cpu * cluster_count / cpu_count);
}

#endif /* VMM_PLATFORM_IDLE_STATES_H */
