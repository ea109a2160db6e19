/* SPDX-License-Identifier: BSD-3-Clause */
#include "entry.h"

bool tp_entry(const struct torpor_machine *machine, struct torpor_call *call, uint64_t entry,
	      uint64_t context)
{
	return tp_entry_inline(machine, call, entry, context);
}
