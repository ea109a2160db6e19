/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the core share. Nothing here is exported.
 */
#ifndef TORPOR_CORE_INTERNAL_H
#define TORPOR_CORE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <torpor/torpor.h>
#include "atomic.h"
#include "word.h"

/* A CPU that there is none of. */
#define TP_CPU_NONE UINT32_MAX

/* All that struct torpor_start.flags can say. */
#define TP_START_FLAGS (TORPOR_AARCH32 | TORPOR_BIG_ENDIAN | TORPOR_THUMB)

/* Indices of the versions in the tables. */
enum tp_version {
	TP_0_1 = 0,
	TP_0_2 = 1,
	TP_1_0 = 2,
	TP_1_1 = 3,
	TP_1_2 = 4,
	TP_1_3 = 5,
	TP_VERSION_COUNT = 6,
};

/* How a call ended, before the version says how that is told (returns.c). */
enum tp_outcome {
	TP_SUCCESS,
	TP_NOT_SUPPORTED,
	TP_INVALID_PARAMETERS,
	TP_DENIED,
	TP_DENIED_BY_POLICY,
	TP_ALREADY_ON,
	TP_ON_PENDING,
	TP_INTERNAL_FAILURE,
	TP_NOT_PRESENT,
	TP_DISABLED,
	TP_INVALID_ADDRESS,
	TP_OUTCOME_COUNT,
	/* Nothing to tell the guest: the machine does not run. */
	TP_SUSPENDED,
	TP_ENDED,
};

/*
 * Answers a call to one function. @mask cuts its arguments, and its answer, to the width that it
 * was made in.
 */
typedef enum torpor_action tp_handler(struct torpor_machine *machine, uint32_t cpu,
				      struct torpor_call *call, uint64_t mask);

/* A function of PSCI: since which version, in which widths, by what means (functions.c). */
struct tp_function {
	tp_handler *handler;
	uint16_t means;
	uint8_t since;
	uint8_t arg_count : 4;
	uint8_t wide : 1;
};
#define TP_FUNCTION_COUNT (TORPOR_FN_SYSTEM_OFF2 + 1)

/*
 * struct torpor_cpu.wait: what the CPU's thread waits for, and how wide its call was. CPU_SUSPEND's
 * are the depths.
 */
#define TP_WAIT_NONE UINT32_C(0)
#define TP_WAIT_STANDBY ((uint32_t)TORPOR_DEPTH_STANDBY)
#define TP_WAIT_POWERDOWN ((uint32_t)TORPOR_DEPTH_POWERDOWN)
#define TP_WAIT_SYSTEM UINT32_C(3)
#define TP_WAIT_KIND UINT32_C(3)
#define TP_WAIT_WIDE UINT32_C(4)

/*
 * Keeps what is rarely needed out of the paths that are measured, and what is always needed in
 * them, where speed is asked for.
 */
#if defined(__GNUC__)
#define TP_COLD __attribute__((noinline, cold))
#else
#define TP_COLD
#endif
#if defined(__GNUC__) && !defined(__OPTIMIZE_SIZE__)
#define TP_HOT inline __attribute__((always_inline))
#else
#define TP_HOT
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* functions.c */
extern const struct tp_function tp_functions[TP_FUNCTION_COUNT];
void tp_functions_set(struct torpor_machine *machine);
uint32_t tp_function_0_1(const struct torpor_machine *machine, uint32_t id);

/* returns.c */
uint64_t tp_wire(const struct torpor_machine *machine, enum tp_outcome outcome);
enum torpor_action tp_result(const struct torpor_machine *machine, struct torpor_call *call,
			     uint64_t mask, enum tp_outcome outcome);
enum torpor_action tp_park(const struct torpor_machine *machine, struct torpor_call *call);

/* check.c */
bool tp_config_is_valid(const struct torpor_machine *machine);

/* mpidr.c */
bool tp_mpidr_index(struct torpor_machine *machine);
uint32_t tp_mpidr_find(const struct torpor_machine *machine, uint64_t mpidr);

/* cpu.c */
uint32_t tp_cpu_hold(const struct torpor_machine *machine, struct torpor_cpu *cpu, uint32_t found,
		     uint32_t held);
void tp_cpu_overwrite(struct torpor_cpu *cpu, enum torpor_cpu_state state);
bool tp_cpus_are_settled(const struct torpor_machine *machine);

/* entry.c */
bool tp_entry(const struct torpor_machine *machine, struct torpor_call *call, uint64_t entry,
	      uint64_t context);

/* power_state.c */
bool tp_power_state_is_well_formed(const struct torpor_machine *machine, uint32_t power_state);
enum torpor_depth tp_power_state_depth(const struct torpor_machine *machine, uint32_t power_state);
enum torpor_depth tp_default_depth(const struct torpor_machine *machine);
uint32_t tp_power_state_find(const struct torpor_machine *machine, uint32_t power_state);
uint32_t tp_power_state_level(const struct torpor_power_state *state);
uint32_t tp_power_state_at_level(const struct torpor_machine *machine, uint32_t state,
				 uint32_t level);

/* suspend_mode.c */
bool tp_suspend_mode_use(struct torpor_machine *machine);

/* tree.c: the caller holds the CPU. */
enum tp_tree_state {
	TP_TREE_RUN = TORPOR_DEPTH_RUN,
	TP_TREE_STANDBY = TORPOR_DEPTH_STANDBY,
	TP_TREE_POWERDOWN = TORPOR_DEPTH_POWERDOWN,
	TP_TREE_OFF = 3,
};
uint32_t tp_tree_path(const struct torpor_machine *machine, uint32_t cpu,
		      uint32_t path[TORPOR_LEVEL_COUNT - 1]);
void tp_tree_init(struct torpor_machine *machine);
void tp_tree_count(struct torpor_machine *machine, uint32_t cpu);
void tp_tree_wake(struct torpor_machine *machine, uint32_t cpu);
void tp_tree_run(struct torpor_machine *machine, uint32_t cpu, enum tp_tree_state from);
void tp_tree_off(struct torpor_machine *machine, uint32_t cpu, enum tp_tree_state from);
enum tp_outcome tp_tree_sleep(struct torpor_machine *machine, uint32_t cpu, enum torpor_depth depth,
			      uint32_t state, bool os_initiated);

/* stat.c: the caller holds the CPU, or is the one whose step changed the node. */
uint64_t tp_stat_now(const struct torpor_machine *machine);
uint64_t tp_stat_residency(const struct torpor_stat *stat);
void tp_stat_set_residency(struct torpor_stat *stat, uint64_t us);
struct torpor_stat *tp_stat_record(const struct torpor_machine *machine, uint32_t owner,
				   uint32_t state);
void tp_stat_zero(struct torpor_machine *machine);
void tp_stat_cpu_note(struct torpor_machine *machine, struct torpor_cpu *cpu, uint32_t state);
void tp_stat_cpu_count(struct torpor_machine *machine, const struct torpor_cpu *cpu);
void tp_stat_node_enter(struct torpor_machine *machine, uint32_t node, uint32_t state,
			uint64_t since_us);
void tp_stat_node_exit(struct torpor_machine *machine, uint32_t node, bool counts);
uint32_t tp_stat_node_state(const struct torpor_machine *machine, uint32_t node,
			    uint64_t *since_us);
void tp_stat_system_add(struct torpor_machine *machine, uint32_t cpu, uint32_t state,
			uint64_t since_us);

/* migrate.c */
bool tp_trusted_os_is_on(struct torpor_machine *machine, uint32_t cpu);

/* reset.c */
void tp_machine_boot(struct torpor_machine *machine, uint32_t epoch);

/* crc32.c */
uint32_t tp_crc32(uint32_t crc, const uint8_t *bytes, size_t len_bytes);

/* digest.c */
uint32_t tp_digest_cpus(const struct torpor_machine *machine);
uint32_t tp_digest_config(const struct torpor_machine *machine);

/* verify.c */
bool tp_saved_is_possible(const struct torpor_machine *machine, const uint8_t *in);

/* Handlers, each in the file named after its function or its family. */
tp_handler tp_psci_version;
tp_handler tp_psci_features;
tp_handler tp_cpu_suspend;
tp_handler tp_cpu_default_suspend;
tp_handler tp_cpu_off;
tp_handler tp_cpu_on;
tp_handler tp_cpu_freeze;
tp_handler tp_affinity_info;
tp_handler tp_migrate;
tp_handler tp_migrate_info_type;
tp_handler tp_migrate_info_up_cpu;
tp_handler tp_system_off;
tp_handler tp_system_off2;
tp_handler tp_system_reset;
tp_handler tp_system_reset2;
tp_handler tp_system_suspend;
tp_handler tp_node_hw_state;
tp_handler tp_set_suspend_mode;
tp_handler tp_psci_stat_residency;
tp_handler tp_psci_stat_count;
tp_handler tp_mem_protect;
tp_handler tp_mem_protect_check_range;

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

static inline bool tp_is_present(const struct torpor_machine *machine, enum torpor_fn fn)
{
	return (machine->present >> fn & 1) != 0;
}

/* Has it a Trusted OS that lives on one CPU (5.9.1)? */
static inline bool tp_is_uniprocessor(const struct torpor_machine *machine)
{
	return machine->config.trusted_os <= TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
}

static inline bool tp_stat_is_kept(const struct torpor_machine *machine)
{
	return tp_is_present(machine, TORPOR_FN_PSCI_STAT_COUNT);
}

/* Is a held CPU the one, so that it can't go off? */
static inline bool tp_is_bound(struct torpor_machine *machine, uint32_t cpu)
{
	return tp_is_uniprocessor(machine) && tp_trusted_os_is_on(machine, cpu);
}

/* Is a CPU still on that is in the middle of a call, or has it been forced off? */
static inline bool tp_cpu_is_on(const struct torpor_machine *machine, uint32_t cpu)
{
	return tp_state(atomic_load_acquire(&machine->config.cpus[cpu].word)) == TORPOR_CPU_ON;
}

/* What is held on its way up is shown as ON_PENDING, all else as ON. */
static inline enum torpor_cpu_state tp_held(enum torpor_cpu_state from)
{
	return from == TORPOR_CPU_ON_PENDING ? TORPOR_CPU_CLAIMED : TORPOR_CPU_LEAVING;
}

/*
 * Holds a CPU that is in state @from: cpu.c. Fails for the CPU's own thread only if it was forced
 * off, or the machine has ended.
 */
static inline uint32_t tp_cpu_hold_in(const struct torpor_machine *machine, struct torpor_cpu *cpu,
				      enum torpor_cpu_state from)
{
	uint32_t found = atomic_load_acquire(&cpu->word);

	if (tp_state(found) != from) {
		return 0;
	}
	return tp_cpu_hold(machine, cpu, found, tp_with_state(found, tp_held(from)));
}

/* Lets a CPU go that is held; what was written to its record goes with it. */
static inline void tp_cpu_release(struct torpor_cpu *cpu, uint32_t held, enum torpor_cpu_state to)
{
	atomic_store_release(&cpu->word, tp_with_state(held, to));
}

/* A CPU enters what counts as @state, or as none if that is TORPOR_STATE_NONE. */
static inline void tp_stat_cpu_enter(struct torpor_machine *machine, struct torpor_cpu *cpu,
				     uint32_t state)
{
	if (tp_stat_is_kept(machine)) {
		tp_stat_cpu_note(machine, cpu, state);
	}
}

/* ... and leaves it. What the index says of a CPU that is on means nothing. */
static inline void tp_stat_cpu_exit(struct torpor_machine *machine, const struct torpor_cpu *cpu)
{
	if (cpu->state_index != TORPOR_STATE_NONE) {
		tp_stat_cpu_count(machine, cpu);
	}
}

static inline void tp_entry_store(struct torpor_cpu *cpu, const struct torpor_start *start)
{
	cpu->entry = start->entry;
	cpu->context = start->context;
	cpu->start_flags = start->flags;
}

static inline void tp_entry_load(const struct torpor_cpu *cpu, struct torpor_start *start)
{
	start->entry = cpu->entry;
	start->context = cpu->context;
	start->flags = cpu->start_flags;
	start->reserved = 0;
}

static inline uint32_t tp_wait(uint32_t kind, uint64_t mask)
{
	return kind | ((mask >> 32) != 0 ? TP_WAIT_WIDE : 0);
}

static inline enum torpor_action tp_return(struct torpor_call *call, uint64_t mask, uint64_t value)
{
	call->x[0] = value & mask;
	return TORPOR_RESUME;
}

#endif /* TORPOR_CORE_INTERNAL_H */
