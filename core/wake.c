/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A waiting CPU wakes up, or finds out what became of its wait (5.4.9, 5.20, 6.4).
 */
#include "internal.h"

static enum torpor_action resume(const struct torpor_machine *machine, struct torpor_cpu *record,
				 struct torpor_call *call, enum tp_outcome outcome)
{
	bool wide = (atomic_load_relaxed(&record->wait) & TP_WAIT_WIDE) != 0;

	atomic_store_relaxed(&record->wait, TP_WAIT_NONE);
	return tp_result(machine, call, wide ? UINT64_MAX : UINT32_MAX, outcome);
}

static enum torpor_action still_waits(const struct torpor_machine *machine, uint32_t cpu,
				      enum torpor_depth depth, struct torpor_call *call)
{
	const struct torpor_cpu *record = &machine->config.cpus[cpu];

	if (torpor_cpu_state(machine, cpu) != TORPOR_CPU_SUSPENDED ||
	    torpor_machine_mode(machine) != TORPOR_MODE_RUNNING) {
		return tp_park(machine, call);
	}
	call->power_state = record->power_state;
	call->level = record->level;
	call->depth = depth;
	return TORPOR_WAIT;
}

static enum torpor_action wake_cpu(struct torpor_machine *machine, uint32_t cpu,
				   enum torpor_depth depth, struct torpor_call *call)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t held = tp_cpu_hold_in(machine, record, TORPOR_CPU_SUSPENDED);
	enum torpor_action action = TORPOR_ENTER;

	if (held == 0) {
		return tp_park(machine, call);
	}
	tp_tree_run(machine, cpu, (enum tp_tree_state)depth);
	tp_stat_cpu_exit(machine, record);
	if (depth == TORPOR_DEPTH_POWERDOWN) {
		tp_entry_load(record, &call->start);
		atomic_store_relaxed(&record->wait, TP_WAIT_NONE);
	} else {
		action = resume(machine, record, call, TP_SUCCESS);
	}
	tp_cpu_release(record, held, TORPOR_CPU_ON);
	return action;
}

/*
 * The step that leaves the suspended state is this one, whoever asked for it. All that belongs to
 * the wait is read before: from that step on the host can force the CPU off and start it again.
 */
static enum torpor_action wake_system(struct torpor_machine *machine, uint32_t cpu, bool woken,
				      struct torpor_call *call)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t word = atomic_load_acquire(&machine->word);
	uint64_t since_us;
	uint32_t state;

	do {
		/* Refused by the host, and perhaps forced off since. */
		if (tp_mode(word) == TORPOR_MODE_RUNNING && tp_cpu_is_on(machine, cpu)) {
			return resume(machine, record, call, TP_DENIED);
		}
		if (!tp_is_suspended(word) || tp_count(word) != cpu) {
			return tp_park(machine, call);
		}
		if (tp_mode(word) == TORPOR_MODE_SUSPENDED && !woken) {
			return TORPOR_WAIT_SYSTEM;
		}
#ifndef TORPOR_MUTANT_WAKE_LATE_READ
		tp_entry_load(record, &call->start);
#endif
		state = record->state_index;
		since_us = record->since_us;
#ifdef TORPOR_MUTANT_WAKE_NO_CAS
		atomic_store_release(&machine->word,
				     tp_machine_word(TORPOR_MODE_RUNNING, 1, tp_epoch(word)));
	} while (false);
#else
	} while (!atomic_cas(&machine->word, &word,
			     tp_machine_word(TORPOR_MODE_RUNNING, 1, tp_epoch(word))));
#endif
#ifdef TORPOR_MUTANT_WAKE_LATE_READ
	tp_entry_load(record, &call->start);
#endif
	atomic_store_relaxed(&record->wait, TP_WAIT_NONE);
	tp_stat_system_add(machine, cpu, state, since_us);
	return TORPOR_ENTER;
}

static enum torpor_action end_wait(struct torpor_machine *machine, uint32_t cpu, bool woken,
				   struct torpor_call *call)
{
	enum torpor_depth depth;
	uint32_t kind;

	if (cpu >= machine->config.cpu_count) {
		return tp_park(machine, call);
	}
	kind = atomic_load_relaxed(&machine->config.cpus[cpu].wait) & TP_WAIT_KIND;
	if (kind == TP_WAIT_SYSTEM) {
		return wake_system(machine, cpu, woken, call);
	}
	if (kind == TP_WAIT_NONE) {
		return tp_park(machine, call);
	}
	depth = (enum torpor_depth)kind;
	return woken ? wake_cpu(machine, cpu, depth, call) : still_waits(machine, cpu, depth, call);
}

enum torpor_action torpor_cpu_wake(struct torpor_machine *machine, uint32_t cpu,
				   struct torpor_call *call)
{
	return end_wait(machine, cpu, true, call);
}

enum torpor_action torpor_cpu_poll(struct torpor_machine *machine, uint32_t cpu,
				   struct torpor_call *call)
{
	return end_wait(machine, cpu, false, call);
}
