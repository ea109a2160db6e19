/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYSTEM_SUSPEND (5.20), and what the host can do to a machine that is suspended.
 */
#include "internal.h"

#ifdef TORPOR_MUTANT_SCAN
static bool is_alone(const struct torpor_machine *machine, uint32_t cpu)
{
	for (uint32_t i = 0; i < machine->config.cpu_count; i++) {
		if (i != cpu && torpor_cpu_state(machine, i) != TORPOR_CPU_OFF) {
			return false;
		}
	}
	return true;
}
#endif
/* The check that all others are off and the move to suspended: one step on one word. */
static bool suspend(struct torpor_machine *machine, uint32_t cpu, uint32_t *word)
{
	*word = atomic_load_acquire(&machine->word);
	do {
#ifdef TORPOR_MUTANT_SCAN
		if (tp_mode(*word) != TORPOR_MODE_RUNNING || !is_alone(machine, cpu)) {
#else
		if (tp_mode(*word) != TORPOR_MODE_RUNNING || tp_count(*word) != 1) {
#endif
			return false;
		}
#ifdef TORPOR_MUTANT_SUSPEND_NO_CAS
		atomic_store_release(&machine->word,
				     tp_machine_word(TORPOR_MODE_SUSPENDED, cpu, tp_epoch(*word)));
	} while (false);
	return true;
#else
	} while (!atomic_cas(&machine->word, word,
			     tp_machine_word(TORPOR_MODE_SUSPENDED, cpu, tp_epoch(*word))));
	return true;
#endif
}

enum torpor_action tp_system_suspend(struct torpor_machine *machine, uint32_t cpu,
				     struct torpor_call *call, uint64_t mask)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t held, word;
	bool suspended;

	if (!tp_entry(machine, call, call->x[1] & mask, call->x[2] & mask)) {
		return tp_result(machine, call, mask, TP_INVALID_ADDRESS);
	}
	/* Held, or it might be forced off in between and the one that is counted be another. */
#ifdef TORPOR_MUTANT_SUSPEND_UNHELD
	held = atomic_load_acquire(&record->word);
#else
	held = tp_cpu_hold_in(machine, record, TORPOR_CPU_ON);
#endif
	if (held == 0) {
		return tp_park(machine, call);
	}
	tp_entry_store(record, &call->start);
	atomic_store_relaxed(&record->wait, tp_wait(TP_WAIT_SYSTEM, mask));
	tp_stat_cpu_enter(machine, record, machine->config.suspend_state);
	suspended = suspend(machine, cpu, &word);
	if (!suspended) {
		atomic_store_relaxed(&record->wait, TP_WAIT_NONE);
	}
	/* Another generation, so that a forced off that looked before finds out: see leave.c. */
#ifdef TORPOR_MUTANT_SUSPEND_NO_GENERATION
	tp_cpu_release(record, held, TORPOR_CPU_ON);
#else
	tp_cpu_release(record, held + TP_GENERATION_ONE, TORPOR_CPU_ON);
#endif
	if (suspended) {
		return TORPOR_WAIT_SYSTEM;
	}
	if (tp_mode(word) != TORPOR_MODE_RUNNING) {
		return tp_park(machine, call);
	}
	return tp_result(machine, call, mask, TP_DENIED);
}

/* WAKING keeps the index. */
static enum torpor_status leave_suspended(struct torpor_machine *machine,
					  enum torpor_machine_mode mode)
{
	uint32_t word = atomic_load_acquire(&machine->word);

	do {
		if (tp_mode(word) != TORPOR_MODE_SUSPENDED) {
			return TORPOR_E_STATE;
		}
#ifdef TORPOR_MUTANT_REFUSE_NO_CAS
		atomic_store_release(
			&machine->word,
			tp_machine_word(mode, mode == TORPOR_MODE_RUNNING ? 1 : tp_count(word),
					tp_epoch(word)));
	} while (false);
	return TORPOR_OK;
#else
	} while (!atomic_cas(&machine->word, &word,
			     tp_machine_word(mode, mode == TORPOR_MODE_RUNNING ? 1 : tp_count(word),
					     tp_epoch(word))));
	return TORPOR_OK;
#endif
}

enum torpor_status torpor_machine_wake(struct torpor_machine *machine)
{
	return leave_suspended(machine, TORPOR_MODE_WAKING);
}

enum torpor_status torpor_machine_refuse_suspend(struct torpor_machine *machine)
{
	return leave_suspended(machine, TORPOR_MODE_RUNNING);
}
