/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a CPU enters, and in which state: its caller's (6.4).
 */
#ifndef TORPOR_CORE_ENTRY_H
#define TORPOR_CORE_ENTRY_H

#include "internal.h"

/* Into call->start. False if the embedder knows that nothing can be entered there. */
static inline bool tp_entry_inline(const struct torpor_machine *machine, struct torpor_call *call,
				   uint64_t entry, uint64_t context)
{
	uint32_t flags = call->flags & (TORPOR_AARCH32 | TORPOR_BIG_ENDIAN);

	if ((flags & TORPOR_AARCH32) != 0 && (entry & 1) != 0) {
		flags |= TORPOR_THUMB;
		entry &= ~UINT64_C(1);
	}
	call->start.entry = entry;
	/* 0.1 has no context ids. */
	call->start.context = machine->version_index != TP_0_1 ? context : 0;
	call->start.flags = flags;
	return machine->port.check_entry == NULL ||
	       machine->port.check_entry(machine->config.ctx, entry) == TORPOR_OK;
}

#endif /* TORPOR_CORE_ENTRY_H */
