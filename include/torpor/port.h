/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what the embedder gives
 *
 * Ops, power states and the power tree. All of it is constant from torpor_machine_init() on; the
 * library keeps pointers to it and the embedder keeps the memory. An op may be called on any
 * thread that calls the library, with no lock of the library held; it must not call the library
 * for the same machine, except where its comment says so. An op that is NULL makes the functions
 * that need it absent: NOT_SUPPORTED from the call and from PSCI_FEATURES alike.
 */
#ifndef TORPOR_PORT_H
#define TORPOR_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <torpor/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Power levels that a power state can name: 0 is the CPU, 1 its leaf node, and so on upward. */
#define TORPOR_LEVEL_COUNT 4

/* An index into the list of power states that names none. */
#define TORPOR_STATE_NONE UINT32_MAX

/* An index into the power tree that names none: the parent of a root. */
#define TORPOR_NODE_NONE UINT32_MAX

/**
 * enum torpor_depth - how deep a CPU or a node of the power tree sleeps
 * @TORPOR_DEPTH_RUN:       it runs
 * @TORPOR_DEPTH_STANDBY:   standby or retention: nothing is lost (4.1)
 * @TORPOR_DEPTH_POWERDOWN: its context is lost (4.1)
 */
enum torpor_depth {
	TORPOR_DEPTH_RUN = 0,
	TORPOR_DEPTH_STANDBY = 1,
	TORPOR_DEPTH_POWERDOWN = 2,
};

/**
 * struct torpor_power_state - one composite power state that CPU_SUSPEND takes
 * @power_state: the value of the argument, in the machine's format; also the key of PSCI_STAT_*
 * @depth:       enum torpor_depth of each power level, CPU first; not RUN at level 0, what the
 *               type bit of @power_state says there, and no level deeper than the one below it
 * @last_level:  the highest level in which the caller says it is the last to go idle
 *               (OS-initiated mode, 6.5); at most the first level that is RUN. It says so too of
 *               each level that it asks to sleep
 * @reserved:    zero
 *
 * In the statistics a composite state counts, at each of its levels, as the local state it is
 * there: the first state in the list with that as its highest level and the same depth in it. Who
 * is last makes no difference (5.22.1). States that are equal in all but @power_state (standby and
 * retention, say) are different local states, matched in their order.
 *
 * Spec: 5.4.2, 6.5
 */
struct torpor_power_state {
	uint32_t power_state;
	uint8_t depth[TORPOR_LEVEL_COUNT];
	uint8_t last_level;
	uint8_t reserved[3];
};

/**
 * struct torpor_node - a node of the power tree (a cluster, the system)
 * @parent: index of the node above it, or TORPOR_NODE_NONE for a root; less than its own index
 * @word:   the library's; zero before torpor_machine_init()
 *
 * A CPU hangs on a leaf (struct torpor_cpu_config). All CPUs hang at the same depth, of at most
 * TORPOR_LEVEL_COUNT - 1 nodes. Without a tree there is no OS-initiated mode.
 */
struct torpor_node {
	uint32_t parent;
	uint32_t word;
};

/**
 * struct torpor_stat - how often a CPU or a node used a power state, and how long
 *
 * The library's; the embedder only provides the memory, zeroed or not.
 */
struct torpor_stat {
	uint32_t words[6];
};

/**
 * struct torpor_port - the embedder's ops
 * @size:            sizeof(struct torpor_port) at the embedder's compile time. Members are only
 *                   ever appended; a member beyond @size is NULL.
 * @start:           wake CPU @cpu up so that it calls torpor_cpu_take(). A level, not an edge: it
 *                   may come before a CPU that just called CPU_OFF has parked, and it may come
 *                   when the CPU has been forced off again since (take then says so). Anything
 *                   but TORPOR_OK means that it was not woken and will not be; the guest sees
 *                   INTERNAL_FAILURE. Mandatory.
 * @check_entry:     TORPOR_OK if a CPU may be entered at guest physical address @ipa. The guest
 *                   sees INVALID_ADDRESS, before 1.0 INVALID_PARAMETERS. NULL: any address.
 * @allow_cpu_on:    policy: may the guest have CPU @cpu at all? TORPOR_OK, or anything else: the
 *                   guest sees DENIED at 0.1 and from 1.2 on, INTERNAL_FAILURE at 0.2, 1.0 and
 *                   1.1 (5.6.2). Not asked for a start by the host. NULL: always.
 * @now_us:          microseconds on a clock that never goes back, for PSCI_STAT_*; it runs while
 *                   the machine is suspended. NULL: no statistics.
 * @migrate:         move the uniprocessor Trusted OS from CPU @from to CPU @to, which is on and
 *                   not frozen; neither can go off by itself meanwhile. Not TORPOR_OK:
 *                   INTERNAL_FAILURE. Needed where the Trusted OS can migrate.
 * @node_hw_state:   physical state of the node that holds CPU @cpu at power level @level, which is
 *                   what the guest said, unchecked: sets
 *                   *@state to one of TORPOR_HW_*. TORPOR_E_INVAL: no such node; the guest
 *                   sees INVALID_PARAMETERS.
 *                   NULL: NODE_HW_STATE is absent.
 * @vendor_reset:    SYSTEM_RESET2 with a vendor's @type and @cookie: TORPOR_RET_SUCCESS to go
 *                   ahead, or the code that the guest sees: one of 5.2.2 but NOT_SUPPORTED, or
 *                   less than -256; any other value becomes INTERNAL_FAILURE (5.13.5). NULL:
 *                   INVALID_PARAMETERS for each vendor type. It is asked first: the machine may
 *                   have ended by then, and in another way.
 * @mem_protect:     overwriting memory at the next boot is wanted (@enable not 0) or not. It
 *                   can't fail: MEM_PROTECT has no code for that. torpor_machine_restore() tells
 *                   what was saved; torpor_machine_init() and torpor_machine_reset() do not call
 *                   it: it is off then. See @mem_protect_range.
 * @mem_protect_range: TORPOR_OK if all of @base .. @base + @len_bytes - 1 is overwritten by
 *                   MEM_PROTECT; anything else: DENIED. MEM_PROTECT and
 *                   MEM_PROTECT_CHECK_RANGE are there if both ops are, else neither (5.14.3).
 *
 * Context of every op: the thread that called the library; no lock held.
 */
struct torpor_port {
	size_t size;
	enum torpor_status (*start)(void *ctx, uint32_t cpu);
	enum torpor_status (*check_entry)(void *ctx, uint64_t ipa);
	enum torpor_status (*allow_cpu_on)(void *ctx, uint32_t cpu);
	uint64_t (*now_us)(void *ctx);
	enum torpor_status (*migrate)(void *ctx, uint32_t from, uint32_t to);
	enum torpor_status (*node_hw_state)(void *ctx, uint32_t cpu, uint32_t level,
					    uint32_t *state);
	int32_t (*vendor_reset)(void *ctx, uint32_t type, uint64_t cookie);
	void (*mem_protect)(void *ctx, int enable);
	enum torpor_status (*mem_protect_range)(void *ctx, uint64_t base, uint64_t len_bytes);
};

#ifdef __cplusplus
}
#endif

#endif /* TORPOR_PORT_H */
