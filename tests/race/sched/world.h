/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world of the race scenarios: a machine of three CPUs, and what scenarios remember of it.
 * All of it that concerns the library goes by its public headers.
 */
#ifndef TORPOR_TESTS_RACE_WORLD_H
#define TORPOR_TESTS_RACE_WORLD_H

#include <torpor/torpor.h>

#include "sched.h"

#define CPUS 3
#define NODES 3
#define TAKES 4
#define STATE_BYTES 512

/* What a function gave: the guest's return value, or that the CPU was told something else. */
#define GOT(action) (1000 + (action))
#define NOTHING_YET 9999

/* What the check after each step lets pass, in a scenario where it belongs. */
#define MAY_UNDO (1u << 0) /* a start may be undone: ON_PENDING, then OFF */
#define MAY_RESTART (1u << 1) /* a frozen CPU is restarted: ON, then ON_PENDING */
#define MAY_RESET (1u << 2) /* the machine is reset or restored: only look at the end */
#define TRUSTED_OS (1u << 3) /* not a rule: a Trusted OS is on CPU 0 and can migrate */

struct world {
	struct torpor_machine machine;
	struct torpor_cpu cpus[CPUS];
	uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(CPUS)];
	struct torpor_node nodes[NODES];

	/* The embedder's side. */
	uint32_t kick[CPUS]; /* the start op named it, or its thread was woken up */
	uint32_t failing_starts; /* how many start ops are still to fail */
	uint32_t mem_protect; /* what the op was last told */
	uint32_t trusted_os; /* where the migrate op left it */
	uint32_t migrating; /* how many are in the migrate op */

	/* What was seen. */
	uint32_t rules;
	int32_t affinity[CPUS];
	int32_t got[8];
	uint32_t left[CPUS]; /* cpus_on with PARK */
	uint32_t level[CPUS]; /* level with WAIT */
	uint32_t took[CPUS][TAKES]; /* which starts a CPU took, in order */
	uint32_t entered[CPUS]; /* the start that ENTER named */
	uint32_t seq[CPUS]; /* how often a CPU's power state began to change */
	uint32_t phase[CPUS];
	uint32_t flags[8];
	uint8_t saved[STATE_BYTES];
};

extern struct world world;
extern const struct sched_world sched_world;

/* The power states: (CPU), (CPU and cluster), (all), each as the last of its level. */
#define STATE_CPU_STANDBY UINT32_C(0x00000001)
#define STATE_CPU UINT32_C(0x00010002)
#define STATE_CLUSTER UINT32_C(0x01010003)
#define STATE_SYSTEM UINT32_C(0x02010004)

/* Set the machine up with CPUs 0 .. on_count - 1 on. */
void world_init(uint32_t on_count, uint32_t rules);

/* In an end check: restore what torpor_machine_save() put into world.saved; is it consistent? */
void check_saved(void);

/* The checks that hold for every scenario. */
void world_step(void);
void world_end(void);

/* A guest's call, SMC64 where there is one, on the thread of @cpu. */
int32_t psci(uint32_t cpu, enum torpor_fn fn, uint64_t a, uint64_t b, uint64_t c);

/* The start number @who (1 ..) has an entry, a context and flags that no other has. */
int32_t guest_start(uint32_t cpu, uint32_t target, uint32_t who);
int32_t host_start(uint32_t target, uint32_t who);
int32_t guest_suspend(uint32_t cpu, uint32_t who);
int32_t guest_sleep(uint32_t cpu, uint32_t power_state, uint32_t who);
int32_t guest_affinity(uint32_t cpu, uint32_t target);
int32_t own_wake(uint32_t cpu);
int32_t own_poll(uint32_t cpu);
int32_t host_force_off(uint32_t cpu, uint32_t *cpus_on);

/* CPU @cpu is parked: until it has taken a start; which goes into took[] and is returned. */
uint32_t park(uint32_t cpu);

/* How often start @who was taken by @cpu; the last start that it took. */
uint32_t took_times(uint32_t cpu, uint32_t who);
uint32_t took_last(uint32_t cpu);

/* In the end check: @who won and the CPU runs at its entry. */
void check_running(uint32_t cpu, uint32_t who);

extern const struct sched_scenario start_scenarios[];
extern const struct sched_scenario off_scenarios[];
extern const struct sched_scenario suspend_scenarios[];
extern const struct sched_scenario end_scenarios[];
extern const struct sched_scenario tree_scenarios[];
extern const struct sched_scenario misc_scenarios[];

#endif /* TORPOR_TESTS_RACE_WORLD_H */
