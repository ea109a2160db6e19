/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MEM_PROTECT (5.14) and MEM_PROTECT_CHECK_RANGE (5.15).
 */
#include "internal.h"

enum torpor_action tp_mem_protect(struct torpor_machine *machine, uint32_t cpu,
				  struct torpor_call *call, uint64_t mask)
{
	uint32_t told = (uint32_t)call->x[1] != 0 ? 1 : 0;
	uint32_t before, now;

	if (!tp_cpu_is_on(machine, cpu)) {
		return tp_park(machine, call);
	}
#ifdef TORPOR_MUTANT_PROTECT_NO_SWAP
	before = atomic_load_acquire(&machine->mem_protect);
	atomic_store_release(&machine->mem_protect, told);
#else
	before = atomic_swap(&machine->mem_protect, told);
#endif
	machine->port.mem_protect(machine->config.ctx, (int)told);
	/* Of two CPUs at once, the op might hear of the later change first: say it again. */
#ifndef TORPOR_MUTANT_PROTECT_TOLD_ONCE
	for (now = atomic_load_acquire(&machine->mem_protect); now != told;
	     now = atomic_load_acquire(&machine->mem_protect)) {
		told = now;
		machine->port.mem_protect(machine->config.ctx, (int)told);
	}
#endif
	return tp_return(call, mask, before);
}

/* An empty range has no byte that is protected, and one that wraps is no range: both are denied. */
enum torpor_action tp_mem_protect_check_range(struct torpor_machine *machine, uint32_t cpu,
					      struct torpor_call *call, uint64_t mask)
{
	uint64_t base = call->x[1] & mask;
	uint64_t len_bytes = call->x[2] & mask;

	(void)cpu;
	if (len_bytes == 0 || len_bytes - 1 > UINT64_MAX - base ||
	    machine->port.mem_protect_range(machine->config.ctx, base, len_bytes) != TORPOR_OK) {
		return tp_result(machine, call, mask, TP_DENIED);
	}
	return tp_result(machine, call, mask, TP_SUCCESS);
}
