/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a machine and its CPUs
 *
 * Memory: the embedder owns every byte. struct torpor_machine and the arrays that its
 * configuration names stay where they are from torpor_machine_init() on, until the embedder stops
 * using the machine; nothing needs to be torn down. struct torpor_config itself may go once
 * torpor_machine_init() has returned. The structures hold plain integers that belong to the
 * library: read them by the functions below.
 *
 * Threads: unless its comment says otherwise, a function may be called from any thread at any
 * time. Nothing here allocates, blocks, takes a lock or performs I/O. Atomic operations need
 * Normal, cacheable, shareable memory: turn the MMU on first on bare metal.
 *
 * CPUs are named by their index in the configuration, 0 .. cpu_count - 1.
 */
#ifndef TORPOR_MACHINE_H
#define TORPOR_MACHINE_H

#include <stddef.h>
#include <stdint.h>
#include <torpor/port.h>
#include <torpor/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TORPOR_CPU_COUNT_MAX 512

/* Entries of struct torpor_config.mpidr_index that @cpu_count CPUs need. */
#define TORPOR_MPIDR_INDEX_COUNT(cpu_count)                                                        \
	((cpu_count) <= 4     ? 16                                                                 \
	 : (cpu_count) <= 16  ? 64                                                                 \
	 : (cpu_count) <= 64  ? 256                                                                \
	 : (cpu_count) <= 128 ? 512                                                                \
	 : (cpu_count) <= 256 ? 1024                                                               \
			      : 2048)

/**
 * enum torpor_cpu_state - what a CPU is doing
 * @TORPOR_CPU_OFF:        off: never started, or by CPU_OFF, or by the host
 * @TORPOR_CPU_CLAIMED:    a start has won it and is writing its entry, or that is being taken or
 *                         undone; shown as ON_PENDING
 * @TORPOR_CPU_ON_PENDING: started, has not taken its entry yet
 * @TORPOR_CPU_ON:         running
 * @TORPOR_CPU_SUSPENDED:  in CPU_SUSPEND or CPU_DEFAULT_SUSPEND; shown as ON. The CPU of a
 *                         suspended machine is ON here: see torpor_machine_mode().
 * @TORPOR_CPU_FROZEN:     in CPU_FREEZE: shown as ON and counted as on (5.7.1), so it keeps the
 *                         machine from SYSTEM_SUSPEND; interrupts pend; CPU_ON restarts it at a
 *                         new entry (5.17.3)
 * @TORPOR_CPU_LEAVING:    on its way from one state to another: going off, going to sleep or
 *                         waking up; shown as ON
 * @TORPOR_CPU_DISABLED:   can't be used for physical reasons; shown as DISABLED (5.7.1)
 */
enum torpor_cpu_state {
	TORPOR_CPU_OFF = 0,
	TORPOR_CPU_CLAIMED = 1,
	TORPOR_CPU_ON_PENDING = 2,
	TORPOR_CPU_ON = 3,
	TORPOR_CPU_SUSPENDED = 4,
	TORPOR_CPU_FROZEN = 5,
	TORPOR_CPU_LEAVING = 6,
	TORPOR_CPU_DISABLED = 7,
};

/**
 * enum torpor_machine_mode - what the machine as a whole is doing
 * @TORPOR_MODE_RUNNING:    it runs
 * @TORPOR_MODE_SUSPENDED:  in SYSTEM_SUSPEND: one CPU waits, all others are off
 * @TORPOR_MODE_WAKING:     woken; the CPU that suspended has not resumed yet
 * @TORPOR_MODE_OFF:        ended by SYSTEM_OFF or by the host
 * @TORPOR_MODE_HIBERNATED: ended by SYSTEM_OFF2
 * @TORPOR_MODE_RESETTING:  ended by SYSTEM_RESET, SYSTEM_RESET2 or the host; to be reset
 */
enum torpor_machine_mode {
	TORPOR_MODE_RUNNING = 0,
	TORPOR_MODE_SUSPENDED = 1,
	TORPOR_MODE_WAKING = 2,
	TORPOR_MODE_OFF = 3,
	TORPOR_MODE_HIBERNATED = 4,
	TORPOR_MODE_RESETTING = 5,
};

/**
 * enum torpor_trusted_os - what MIGRATE_INFO_TYPE says (5.9)
 * @TORPOR_TRUSTED_OS_UP_MIGRATE:    on one CPU, and can be moved (0)
 * @TORPOR_TRUSTED_OS_UP_NO_MIGRATE: on one CPU, for good (1)
 * @TORPOR_TRUSTED_OS_NONE:          none, or it needs no migration (2)
 * @TORPOR_TRUSTED_OS_NO_INFO:       the MIGRATE functions are absent altogether
 */
enum torpor_trusted_os {
	TORPOR_TRUSTED_OS_UP_MIGRATE = 0,
	TORPOR_TRUSTED_OS_UP_NO_MIGRATE = 1,
	TORPOR_TRUSTED_OS_NONE = 2,
	TORPOR_TRUSTED_OS_NO_INFO = 3,
};

/* Flags of struct torpor_cpu_config. */
#define TORPOR_CPU_FLAG_DISABLED (UINT32_C(1) << 0) /* start out as TORPOR_CPU_DISABLED */

/**
 * struct torpor_cpu_config - a CPU
 * @mpidr: its affinity fields; all other bits zero; no two CPUs share one
 * @node:  index of its leaf in the power tree; ignored without a tree
 * @flags: TORPOR_CPU_FLAG_*
 */
struct torpor_cpu_config {
	uint64_t mpidr;
	uint32_t node;
	uint32_t flags;
};

/*
 * Flags of struct torpor_config: means that the embedder has. A function without its means is
 * absent. Those that need an op are in struct torpor_port.
 */
#define TORPOR_F_EXTENDED_STATE_ID (UINT32_C(1) << 0) /* power_state's format; from 1.0 on */
#define TORPOR_F_OS_INITIATED (UINT32_C(1) << 1) /* needs states and nodes; from 1.0 on */
#define TORPOR_F_SMCCC_VERSION (UINT32_C(1) << 2) /* SMCCC_VERSION is answered by the embedder */
#define TORPOR_F_CPU_FREEZE (UINT32_C(1) << 3) /* a parked CPU ignores interrupts */
#define TORPOR_F_CPU_DEFAULT_SUSPEND (UINT32_C(1) << 4)
#define TORPOR_F_SYSTEM_SUSPEND (UINT32_C(1) << 5)
#define TORPOR_F_SYSTEM_RESET2 (UINT32_C(1) << 6)
#define TORPOR_F_SYSTEM_OFF2 (UINT32_C(1) << 7)

/**
 * struct torpor_cpu - the library's record of a CPU; its members are the library's
 */
struct torpor_cpu {
	uint64_t mpidr;
	uint64_t entry;
	uint64_t context;
	uint64_t since_us;
	uint32_t word;
	uint32_t start_flags;
	uint32_t wait;
	uint32_t state_index;
	uint32_t node;
	uint32_t power_state;
	uint32_t level;
	uint32_t reserved;
};

/**
 * struct torpor_config - everything a machine is, given once
 * @size:              sizeof(struct torpor_config) at the embedder's compile time; members are
 *                     only ever appended, and what lies beyond is taken as zero. Of an embedder
 *                     newer than the library, what the library does not know must be zero
 * @psci_version:      one of TORPOR_PSCI_0_1 .. TORPOR_PSCI_1_3; there is no default
 * @flags:             TORPOR_F_*; those of functions that the version does not have do nothing
 * @cpu_count:         1 .. TORPOR_CPU_COUNT_MAX
 * @boot_cpu:          the CPU that is on after init and after each reset; not a disabled one
 * @cpu_configs:       @cpu_count of them; read by init only
 * @cpus:              @cpu_count records for the library; kept
 * @mpidr_index:       TORPOR_MPIDR_INDEX_COUNT(@cpu_count) entries for the library; kept
 * @states:            the power states that CPU_SUSPEND takes; kept. NULL: any well-formed value
 *                     is taken, at CPU level; no statistics, no OS-initiated mode
 * @state_count:       how many, at most 4095; 0 if @states is NULL
 * @off_state:         index of the state that CPU_OFF counts as in PSCI_STAT_*, or
 *                     TORPOR_STATE_NONE; likewise:
 * @freeze_state:      CPU_FREEZE
 * @default_state:     CPU_DEFAULT_SUSPEND, which also takes its depth; TORPOR_STATE_NONE is a
 *                     powerdown of the CPU
 * @suspend_state:     SYSTEM_SUSPEND
 * @node_count:        nodes of the power tree, at most 4095; 0 for none
 * @nodes:             the power tree, parents before children; kept
 * @stats:             (@cpu_count + @node_count) * @state_count records for the library; kept.
 *                     NULL: no statistics
 * @trusted_os:        enum torpor_trusted_os
 * @trusted_os_cpu:    where it is resident, for the UP kinds
 * @fn_ids_0_1:        at version 0.1, the ids of CPU_SUSPEND, CPU_OFF, CPU_ON and MIGRATE as the
 *                     device tree gives them; 0 for a function that it does not give
 * @port:              the ops; kept
 * @ctx:               passed to each op
 */
struct torpor_config {
	size_t size;
	uint32_t psci_version;
	uint32_t flags;
	uint32_t cpu_count;
	uint32_t boot_cpu;
	const struct torpor_cpu_config *cpu_configs;
	struct torpor_cpu *cpus;
	uint16_t *mpidr_index;
	const struct torpor_power_state *states;
	uint32_t state_count;
	uint32_t off_state;
	uint32_t freeze_state;
	uint32_t default_state;
	uint32_t suspend_state;
	uint32_t node_count;
	struct torpor_node *nodes;
	struct torpor_stat *stats;
	uint32_t trusted_os;
	uint32_t trusted_os_cpu;
	uint32_t fn_ids_0_1[4];
	const struct torpor_port *port;
	void *ctx;
};

/**
 * struct torpor_machine - the library's record of a machine; its members are the library's
 */
struct torpor_machine {
	uint32_t word;
	uint32_t suspend_mode;
	uint32_t mem_protect;
	uint32_t resident;
	uint64_t index_seed;
	uint32_t index_shift;
	uint32_t version_index;
	uint32_t present;
	uint32_t admitted[4];
	struct torpor_config config;
	struct torpor_port port;
};

/**
 * torpor_machine_init() - set a machine up, with its boot CPU on and all others off
 * @machine: memory to use
 * @config:  what it is
 *
 * The boot CPU is TORPOR_CPU_ON at once: its first entry is the embedder's affair.
 *
 * Context: one thread, before any other function is called for @machine.
 * Return: TORPOR_OK; TORPOR_E_INVAL if a field of @config is out of its range, MPIDRs are not
 * distinct or have bits outside the affinity fields, a power state or the tree is malformed, or
 * a flag needs means that are not given.
 * Spec: 5.3, 6.9
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_machine_init(struct torpor_machine *machine, const struct torpor_config *config);

/**
 * torpor_machine_reset() - bring a machine back to what it was after init
 * @machine: a machine that ended, or one that the embedder wants to restart
 *
 * To be called when no CPU of it runs guest code any more. Statistics, the suspend mode and
 * MEM_PROTECT start over; a start that is still under way on another thread fails and leaves no
 * trace.
 *
 * Context: one thread; host starts and queries may go on meanwhile on others.
 * Return: TORPOR_OK; TORPOR_E_STATE unless the mode is RESETTING, OFF or HIBERNATED (see
 * torpor_machine_end()); TORPOR_E_BUSY if a CPU is CLAIMED or LEAVING: try again, nothing has
 * changed.
 * Spec: 5.12.1, 5.14.2, 5.22.2
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_machine_reset(struct torpor_machine *machine);

/**
 * torpor_machine_end() - the host ends a machine
 * @machine: a machine
 * @mode:    TORPOR_MODE_OFF or TORPOR_MODE_RESETTING
 *
 * Takes the same step as the guest's SYSTEM_OFF and SYSTEM_RESET, from running, suspended or
 * waking; one of all that try wins.
 *
 * Return: TORPOR_OK if this call ended it; TORPOR_E_STATE if it had ended already;
 * TORPOR_E_INVAL for another @mode.
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status torpor_machine_end(struct torpor_machine *machine,
								   enum torpor_machine_mode mode);

/**
 * torpor_machine_wake() - the host wakes a suspended machine
 * @machine: a machine
 *
 * The mode becomes WAKING. The CPU that suspended then resumes by torpor_cpu_poll() or
 * torpor_cpu_wake(), to be called on its own thread: wake that up next.
 *
 * Return: TORPOR_OK if this call woke it; TORPOR_E_STATE if it was not suspended.
 * Spec: 5.20
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status torpor_machine_wake(struct torpor_machine *machine);

/**
 * torpor_machine_refuse_suspend() - the host refuses the suspend that a machine is in
 * @machine: a machine
 *
 * The mode becomes RUNNING; the caller's torpor_cpu_poll() returns DENIED to the guest: wake its
 * thread up next.
 *
 * Return: TORPOR_OK if this call refused it; TORPOR_E_STATE if it was not suspended.
 * Spec: 5.20.2
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_machine_refuse_suspend(struct torpor_machine *machine);

/**
 * torpor_machine_mode() - what the machine is doing
 * @machine: a machine
 *
 * Return: its mode; by the time it is looked at it may have changed.
 */
TORPOR_API enum torpor_machine_mode torpor_machine_mode(const struct torpor_machine *machine);

/**
 * torpor_machine_cpus_on() - how many CPUs are not off
 * @machine: a machine
 *
 * Return: that number, with claimed, pending and frozen CPUs counted; 1 while suspended or waking.
 */
TORPOR_API uint32_t torpor_machine_cpus_on(const struct torpor_machine *machine);

/**
 * torpor_machine_suspended_cpu() - which CPU suspended the machine
 * @machine: a machine
 * @cpu:     filled on TORPOR_OK
 *
 * Return: TORPOR_OK; TORPOR_E_STATE if it is neither suspended nor waking.
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_machine_suspended_cpu(const struct torpor_machine *machine, uint32_t *cpu);

/**
 * torpor_cpu_state() - what a CPU is doing
 * @machine: a machine
 * @cpu:     index
 *
 * Return: its state; TORPOR_CPU_DISABLED also if @cpu is out of range.
 */
TORPOR_API enum torpor_cpu_state torpor_cpu_state(const struct torpor_machine *machine,
						  uint32_t cpu);

/**
 * torpor_cpu_statistics() - how often, and how long, a power state was used
 * @machine:      a machine
 * @cpu:          index
 * @state:        index into the list of power states
 * @count:        filled on TORPOR_OK: how often, modulo 2^32
 * @residency_us: filled on TORPOR_OK: microseconds in all
 *
 * What PSCI_STAT_COUNT and PSCI_STAT_RESIDENCY say of that CPU and state: of the CPU itself, or of
 * the node above it at the state's highest level. A use counts when it is over. The two values are
 * read one after the other, so a use that ends meanwhile may be in the second alone.
 *
 * Return: TORPOR_OK; TORPOR_E_STATE if no statistics are kept, as before PSCI 1.0; TORPOR_E_INVAL
 * if @cpu or @state is out of range, or the state goes higher than the power tree.
 * Spec: 5.22
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_cpu_statistics(const struct torpor_machine *machine, uint32_t cpu, uint32_t state,
		      uint64_t *count, uint64_t *residency_us);

/**
 * torpor_cpu_find() - which CPU has an MPIDR
 * @machine: a machine
 * @mpidr:   affinity fields
 * @cpu:     filled on TORPOR_OK
 *
 * Takes the same time for any number of CPUs.
 *
 * Return: TORPOR_OK; TORPOR_E_INVAL if none has it or @mpidr has other bits set.
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_cpu_find(const struct torpor_machine *machine, uint64_t mpidr, uint32_t *cpu);

/* Flags of struct torpor_start, torpor_cpu_start() and struct torpor_call. */
#define TORPOR_AARCH32 (UINT32_C(1) << 0) /* Execution state is AArch32 */
#define TORPOR_BIG_ENDIAN (UINT32_C(1) << 1) /* data accesses are big-endian */
#define TORPOR_THUMB (UINT32_C(1) << 2) /* enter in T32; bit 0 of the entry was set (AArch32) */

/**
 * struct torpor_start - where a CPU enters, and how
 * @entry:    guest physical address in bytes
 * @context:  for X0 or R0
 * @flags:    TORPOR_AARCH32, TORPOR_BIG_ENDIAN, TORPOR_THUMB: as its caller was (6.4)
 * @reserved: zero
 */
struct torpor_start {
	uint64_t entry;
	uint64_t context;
	uint32_t flags;
	uint32_t reserved;
};

/**
 * torpor_cpu_start() - the host starts a CPU
 * @machine: a machine
 * @cpu:     index
 * @start:   where it enters
 *
 * The same step as the guest's CPU_ON, without its policy and its entry check.
 *
 * Return: TORPOR_OK; TORPOR_E_INVAL if @cpu is out of range or disabled, or @start has a flag
 * that there is none of or @reserved is not zero; TORPOR_E_SUSPENDED if the machine is suspended
 * or waking: only the CPU that suspended may resume; TORPOR_E_STATE if the CPU is on or on its
 * way, or the machine has ended or was reset meanwhile; TORPOR_E_FAILED if the start op
 * failed. On any error nothing has changed.
 * Spec: 5.6
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_cpu_start(struct torpor_machine *machine, uint32_t cpu, const struct torpor_start *start);

/**
 * torpor_cpu_force_off() - the host turns a CPU off
 * @machine: a machine
 * @cpu:     index
 * @cpus_on: how many CPUs are left that are not off; filled on TORPOR_OK. 0 means that nothing of
 *           the guest will run again unless the host starts a CPU.
 *
 * Stop the CPU from running guest code first: from here on the guest sees it OFF. A start that it
 * has not taken is undone.
 *
 * Return: TORPOR_OK; TORPOR_E_INVAL if @cpu is out of range; TORPOR_E_SUSPENDED if it is the CPU
 * that suspended the machine; TORPOR_E_BUSY if it is claimed or leaving; TORPOR_E_STATE if it is
 * off or disabled, or the machine has ended.
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_cpu_force_off(struct torpor_machine *machine, uint32_t cpu, uint32_t *cpus_on);

#ifdef __cplusplus
}
#endif

#endif /* TORPOR_MACHINE_H */
