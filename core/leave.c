/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A CPU goes off: by its own CPU_OFF (5.5), or by the host. The count goes down before OFF can be
 * seen, so that a guest which has seen the other CPUs OFF is never denied SYSTEM_SUSPEND.
 */
#include "internal.h"

static enum tp_tree_state tree_state(const struct torpor_cpu *cpu, enum torpor_cpu_state was)
{
	if (was != TORPOR_CPU_SUSPENDED) {
		return TP_TREE_RUN;
	}
	return (atomic_load_relaxed(&cpu->wait) & TP_WAIT_KIND) == TP_WAIT_STANDBY
		       ? TP_TREE_STANDBY
		       : TP_TREE_POWERDOWN;
}

/*
 * For the one that holds the CPU. If the machine does not run, the CPU goes back to what it was,
 * unless a reset has overrun it. *word is the machine's, after.
 */
static bool leave(struct torpor_machine *machine, uint32_t cpu, uint32_t held,
		  enum torpor_cpu_state was, uint32_t *word)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];

#ifdef TORPOR_MUTANT_OFF_BEFORE_COUNT
	tp_cpu_release(record, held, TORPOR_CPU_OFF);
#endif
	*word = atomic_load_acquire(&machine->word);
	do {
		if (tp_mode(*word) != TORPOR_MODE_RUNNING) {
			(void)atomic_cas(&record->word, &held, tp_with_state(held, was));
			return false;
		}
	} while (!atomic_cas(&machine->word, word, *word - TP_COUNT_ONE));
	*word -= TP_COUNT_ONE;

	/* It was powered up for its start, and the nodes above it with it. */
	if (was == TORPOR_CPU_ON_PENDING) {
		tp_tree_wake(machine, cpu);
	}
	tp_tree_off(machine, cpu, tree_state(record, was));
	/* A start that nobody took: it has been off all the time. */
	if (was == TORPOR_CPU_SUSPENDED || was == TORPOR_CPU_FROZEN) {
		tp_stat_cpu_exit(machine, record);
	}
	if (was != TORPOR_CPU_ON_PENDING) {
		tp_stat_cpu_enter(machine, record, machine->config.off_state);
	}
#ifndef TORPOR_MUTANT_OFF_BEFORE_COUNT
	tp_cpu_release(record, held, TORPOR_CPU_OFF);
	return true;
#endif
}

enum torpor_action tp_cpu_off(struct torpor_machine *machine, uint32_t cpu,
			      struct torpor_call *call, uint64_t mask)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
#ifdef TORPOR_MUTANT_RESIDENT_FIRST
	bool is_bound = tp_is_bound(machine, cpu);
#endif
#ifdef TORPOR_MUTANT_TWO_LEAVE
	uint32_t held = atomic_load_acquire(&record->word);
#else
	uint32_t held = tp_cpu_hold_in(machine, record, TORPOR_CPU_ON);
#endif
	uint32_t word;

#ifdef TORPOR_MUTANT_RESIDENT_FIRST
	if (held != 0 && is_bound) {
#else
	if (held != 0 && tp_is_bound(machine, cpu)) {
#endif
		tp_cpu_release(record, held, TORPOR_CPU_ON);
		return tp_result(machine, call, mask, TP_DENIED);
	}
	if (held == 0 || !leave(machine, cpu, held, TORPOR_CPU_ON, &word)) {
		return tp_park(machine, call);
	}
	call->cpus_on = tp_count(word);
	return TORPOR_PARK;
}

static enum torpor_status may_force_off(enum torpor_cpu_state state)
{
	switch (state) {
	case TORPOR_CPU_ON_PENDING:
	case TORPOR_CPU_ON:
	case TORPOR_CPU_SUSPENDED:
	case TORPOR_CPU_FROZEN:
		break;
	case TORPOR_CPU_CLAIMED:
	case TORPOR_CPU_LEAVING:
		return TORPOR_E_BUSY;
	case TORPOR_CPU_OFF:
	case TORPOR_CPU_DISABLED:
		return TORPOR_E_STATE;
	}
	return TORPOR_OK;
}

/* Why a CPU can't be held that was not off when it was looked at. */
static enum torpor_status not_held(uint32_t word, uint32_t cpu)
{
	if (tp_mode(word) == TORPOR_MODE_RUNNING) {
		return TORPOR_E_BUSY;
	}
#ifdef TORPOR_MUTANT_SUSPENDED_BY_ANY
	return tp_is_suspended(word) ? TORPOR_E_SUSPENDED : TORPOR_E_STATE;
#else
	return tp_is_suspended(word) && tp_count(word) == cpu ? TORPOR_E_SUSPENDED : TORPOR_E_STATE;
#endif
}

/*
 * The CPU's word is read before the machine's, and SYSTEM_SUSPEND changes its generation: so a CPU
 * that is held here has not suspended the machine in between, and is never left waiting for good.
 */
enum torpor_status torpor_cpu_force_off(struct torpor_machine *machine, uint32_t cpu,
					uint32_t *cpus_on)
{
	uint32_t found, held, word;
	enum torpor_status status;

	if (cpu >= machine->config.cpu_count) {
		return TORPOR_E_INVAL;
	}
	found = atomic_load_acquire(&machine->config.cpus[cpu].word);
	status = may_force_off(tp_state(found));
	if (status != TORPOR_OK) {
		return status;
	}
	word = atomic_load_acquire(&machine->word);
	if (tp_mode(word) != TORPOR_MODE_RUNNING) {
		return not_held(word, cpu);
	}
	held = tp_cpu_hold(machine, &machine->config.cpus[cpu], found,
			   tp_with_state(found, tp_held(tp_state(found))));
	if (held == 0 || !leave(machine, cpu, held, tp_state(found), &word)) {
		return not_held(atomic_load_acquire(&machine->word), cpu);
	}
#ifdef TORPOR_MUTANT_LAST_READ_AGAIN
	*cpus_on = torpor_machine_cpus_on(machine);
#else
	*cpus_on = tp_count(word);
#endif
	return TORPOR_OK;
}
