/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine as it is at a cold boot: after init, and after each reset (5.12.1, 5.14.2, 5.22.2).
 */
#include "internal.h"

/*
 * For a machine whose word lets no step through, and none of whose CPUs is held. A claim that was
 * on its way may still come, and is overrun: it has not touched anything, and never will.
 */
void tp_machine_boot(struct torpor_machine *machine, uint32_t epoch)
{
	const struct torpor_config *config = &machine->config;
	uint32_t cpu;

	for (cpu = 0; cpu < config->cpu_count; cpu++) {
		struct torpor_cpu *record = &config->cpus[cpu];

		if (torpor_cpu_state(machine, cpu) == TORPOR_CPU_DISABLED) {
			continue;
		}
		record->state_index = TORPOR_STATE_NONE;
		atomic_store_relaxed(&record->wait, TP_WAIT_NONE);
		tp_cpu_overwrite(record, cpu == config->boot_cpu ? TORPOR_CPU_ON : TORPOR_CPU_OFF);
	}
	tp_stat_zero(machine);
	tp_tree_init(machine);
	tp_tree_count(machine, config->boot_cpu);
	tp_tree_wake(machine, config->boot_cpu);
	atomic_store_relaxed(&machine->suspend_mode, 0);
	atomic_store_relaxed(&machine->mem_protect, 0);
	atomic_store_relaxed(&machine->resident,
			     tp_is_uniprocessor(machine) ? config->trusted_os_cpu : 0);
	atomic_store_release(&machine->word, tp_machine_word(TORPOR_MODE_RUNNING, 1, epoch));
}

enum torpor_status torpor_machine_reset(struct torpor_machine *machine)
{
	uint32_t word = atomic_load_acquire(&machine->word);

	if (tp_mode(word) == TORPOR_MODE_RUNNING || tp_is_suspended(word)) {
		return TORPOR_E_STATE;
	}
#ifndef TORPOR_MUTANT_RESET_UNSETTLED
	if (!tp_cpus_are_settled(machine)) {
		return TORPOR_E_BUSY;
	}
#endif
	tp_machine_boot(machine, tp_epoch(word) + 1);
	return TORPOR_OK;
}
