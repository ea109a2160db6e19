/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting a CPU, for the guest's CPU_ON (5.6) and for the host alike: claim, then publish.
 */
#include "entry.h"
#include "internal.h"
#include "mpidr.h"

/* What CPU_ON says of a CPU that can't be started as it is. */
static TP_COLD enum tp_outcome not_off(enum torpor_cpu_state state)
{
	switch (state) {
	case TORPOR_CPU_CLAIMED:
	case TORPOR_CPU_ON_PENDING:
		return TP_ON_PENDING;
	case TORPOR_CPU_DISABLED:
		return TP_DISABLED;
	case TORPOR_CPU_OFF:
	case TORPOR_CPU_FROZEN:
	case TORPOR_CPU_ON:
	case TORPOR_CPU_SUSPENDED:
	case TORPOR_CPU_LEAVING:
		break;
	}
	return TP_ALREADY_ON;
}

/* The claim goes back, unless a reset has overrun it. */
static TP_COLD enum tp_outcome give_up(struct torpor_cpu *cpu, uint32_t claimed,
				       enum torpor_cpu_state was, uint32_t machine_word)
{
	(void)atomic_cas(&cpu->word, &claimed, tp_with_state(claimed, was));
	return tp_is_suspended(machine_word) ? TP_SUSPENDED : TP_ENDED;
}

/* Only while nobody has taken or undone it: otherwise the start is somebody else's by now. */
static TP_COLD enum tp_outcome undo(struct torpor_machine *machine, uint32_t cpu, uint32_t claimed,
				    enum torpor_cpu_state was)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t pending = tp_with_state(claimed, TORPOR_CPU_ON_PENDING);
	uint32_t word;

#ifndef TORPOR_MUTANT_UNDO_NO_CAS
	if (tp_cpu_hold(machine, record, pending, claimed) == 0) {
		return torpor_machine_mode(machine) == TORPOR_MODE_RUNNING ? TP_SUCCESS : TP_ENDED;
	}
#endif
	if (was == TORPOR_CPU_OFF) {
		tp_tree_off(machine, cpu, TP_TREE_RUN);
		word = atomic_load_acquire(&machine->word);
		while (!atomic_cas(&machine->word, &word, word - TP_COUNT_ONE)) {
		}
	}
	tp_cpu_release(record, claimed, was);
	return TP_INTERNAL_FAILURE;
}

/*
 * The CPU's word is read before the machine's: if the machine then still runs, no reset has come
 * by since, and one that comes later changes the generation, so that the claim fails. And the
 * machine's word has to let it through, in the same epoch, or it goes back without a trace.
 */
static TP_HOT enum tp_outcome start_cpu(struct torpor_machine *machine, uint32_t cpu,
					const struct torpor_start *start)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t found = atomic_load_acquire(&record->word);
	enum torpor_cpu_state was;
	uint32_t word, claimed, epoch, more;

#ifdef TORPOR_MUTANT_PUBLISH_FIRST
	tp_entry_store(record, start);
#endif
	do {
		was = tp_state(found);
		word = atomic_load_acquire(&machine->word);
#ifndef TORPOR_MUTANT_START_IGNORES_MODE
		if (tp_mode(word) != TORPOR_MODE_RUNNING) {
			return tp_is_suspended(word) ? TP_SUSPENDED : TP_ENDED;
		}
#endif
		if (was != TORPOR_CPU_OFF && was != TORPOR_CPU_FROZEN) {
			return not_off(was);
		}
#ifdef TORPOR_MUTANT_NO_GENERATION
		claimed = tp_with_state(found, TORPOR_CPU_CLAIMED);
#else
		claimed = tp_with_state(found + TP_GENERATION_ONE, TORPOR_CPU_CLAIMED);
#endif
#ifdef TORPOR_MUTANT_CLAIM_NO_CAS
		atomic_store_release(&record->word, claimed);
	} while (false);
#else
	} while (!atomic_cas(&record->word, &found, claimed));
#endif

	/* A frozen one is counted already, and yet this has to be a step of the machine's word. */
#ifdef TORPOR_MUTANT_COUNT_LATE
	more = 0;
#else
	more = was == TORPOR_CPU_OFF ? TP_COUNT_ONE : 0;
#endif
	epoch = tp_epoch(word);
	while (!atomic_cas(&machine->word, &word, word + more)) {
#ifdef TORPOR_MUTANT_NO_EPOCH
		if (tp_mode(word) != TORPOR_MODE_RUNNING) {
#else
		if (tp_mode(word) != TORPOR_MODE_RUNNING || tp_epoch(word) != epoch) {
#endif
			return give_up(record, claimed, was, word);
		}
	}
	if (was == TORPOR_CPU_OFF && machine->config.node_count != 0) {
		tp_tree_count(machine, cpu);
	}
#ifdef TORPOR_MUTANT_PUBLISH_EARLY
	tp_cpu_release(record, claimed, TORPOR_CPU_ON_PENDING);
	tp_entry_store(record, start);
#else
	tp_entry_store(record, start);
	tp_cpu_release(record, claimed, TORPOR_CPU_ON_PENDING);
#endif
#ifdef TORPOR_MUTANT_COUNT_LATE
	while (was == TORPOR_CPU_OFF && !atomic_cas(&machine->word, &word, word + TP_COUNT_ONE)) {
	}
#endif
	if (machine->port.start(machine->config.ctx, cpu) != TORPOR_OK) {
		return undo(machine, cpu, claimed, was);
	}
	return TP_SUCCESS;
}

enum torpor_status torpor_cpu_start(struct torpor_machine *machine, uint32_t cpu,
				    const struct torpor_start *start)
{
	enum tp_outcome outcome;

	/* Ahead of what the machine's mode has to say about it. */
	if (torpor_cpu_state(machine, cpu) == TORPOR_CPU_DISABLED ||
	    ((start->flags & ~TP_START_FLAGS) | start->reserved) != 0) {
		return TORPOR_E_INVAL;
	}
	outcome = start_cpu(machine, cpu, start);
	if (outcome == TP_SUCCESS) {
		return TORPOR_OK;
	}
	if (outcome == TP_SUSPENDED) {
		return TORPOR_E_SUSPENDED;
	}
	return outcome == TP_INTERNAL_FAILURE ? TORPOR_E_FAILED : TORPOR_E_STATE;
}

enum torpor_action tp_cpu_on(struct torpor_machine *machine, uint32_t cpu, struct torpor_call *call,
			     uint64_t mask)
{
	uint32_t target = tp_mpidr_lookup(machine, call->x[1] & mask);
	enum tp_outcome outcome;

	if (target == TP_CPU_NONE) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	if (!tp_cpu_is_on(machine, cpu)) {
		return tp_park(machine, call);
	}
	if (machine->port.allow_cpu_on != NULL &&
	    machine->port.allow_cpu_on(machine->config.ctx, target) != TORPOR_OK) {
		return tp_result(machine, call, mask, TP_DENIED_BY_POLICY);
	}
	if (!tp_entry_inline(machine, call, call->x[2] & mask, call->x[3] & mask)) {
		return tp_result(machine, call, mask, TP_INVALID_ADDRESS);
	}
	outcome = start_cpu(machine, target, &call->start);
	if (outcome == TP_SUCCESS) {
		return tp_return(call, mask, TORPOR_RET_SUCCESS);
	}
	if (outcome >= TP_SUSPENDED) {
		return tp_park(machine, call);
	}
	/* Off for physical reasons, as 5.6.2 has it. */
	return tp_result(machine, call, mask,
			 outcome == TP_DISABLED ? TP_INTERNAL_FAILURE : outcome);
}
