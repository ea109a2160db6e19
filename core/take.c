/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A started CPU picks up its entry (6.6: from ON_PENDING to ON).
 */
#include "cpu.h"

enum torpor_status torpor_cpu_take(struct torpor_machine *machine, uint32_t cpu,
				   struct torpor_start *start)
{
	struct torpor_cpu *record;
	uint32_t found, held;

	if (cpu >= machine->config.cpu_count) {
		return TORPOR_E_INVAL;
	}
	record = &machine->config.cpus[cpu];
	/* Held while the entry is read: a forced off and another start would write over it. */
	found = atomic_load_acquire(&record->word);
	if (tp_state(found) != TORPOR_CPU_ON_PENDING) {
		return TORPOR_E_STATE;
	}
#ifdef TORPOR_MUTANT_TAKE_NO_CAS
	held = found;
#else
	held = tp_cpu_hold_inline(machine, record, found, tp_with_state(found, TORPOR_CPU_CLAIMED));
#endif
	if (held == 0) {
		return TORPOR_E_STATE;
	}
#ifdef TORPOR_MUTANT_TAKE_LATE_READ
	tp_cpu_release(record, held, TORPOR_CPU_ON);
#endif
	tp_entry_load(record, start);
	if (machine->config.node_count != 0) {
		tp_tree_wake(machine, cpu);
	}
	tp_stat_cpu_exit(machine, record);
	atomic_store_relaxed(&record->wait, TP_WAIT_NONE);
#ifndef TORPOR_MUTANT_TAKE_LATE_READ
	tp_cpu_release(record, held, TORPOR_CPU_ON);
	return TORPOR_OK;
#endif
}
