/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPU_SUSPEND (5.4), CPU_DEFAULT_SUSPEND (5.18) and CPU_FREEZE (5.17): a CPU goes to sleep.
 */
#include "internal.h"

struct plan {
	uint32_t power_state;
	uint32_t state;
	enum torpor_depth depth;
	bool is_default;
};

static enum torpor_action sleep(struct torpor_machine *machine, uint32_t cpu,
				struct torpor_call *call, uint64_t mask, const struct plan *plan)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t held = tp_cpu_hold_in(machine, record, TORPOR_CPU_ON);
	enum tp_outcome outcome;
	bool os_initiated;
	uint32_t level;

	if (held == 0) {
		return tp_park(machine, call);
	}
	os_initiated = !plan->is_default && tp_suspend_mode_use(machine);
	outcome = tp_tree_sleep(machine, cpu, plan->depth, plan->state, os_initiated);
	if (outcome != TP_SUCCESS) {
		tp_cpu_release(record, held, TORPOR_CPU_ON);
		return tp_result(machine, call, mask, outcome);
	}
	level = os_initiated ? tp_power_state_level(&machine->config.states[plan->state]) : 0;
	call->power_state = record->power_state = plan->power_state;
	call->level = record->level = level;
	call->depth = plan->depth;
	if (plan->depth == TORPOR_DEPTH_POWERDOWN) {
		tp_entry_store(record, &call->start);
	}
	atomic_store_relaxed(&record->wait, tp_wait((uint32_t)plan->depth, mask));
	tp_stat_cpu_enter(machine, record, plan->state);
	tp_cpu_release(record, held, TORPOR_CPU_SUSPENDED);
	return TORPOR_WAIT;
}

enum torpor_action tp_cpu_suspend(struct torpor_machine *machine, uint32_t cpu,
				  struct torpor_call *call, uint64_t mask)
{
	struct plan plan;

	plan.power_state = (uint32_t)call->x[1];
	plan.state = TORPOR_STATE_NONE;
	plan.is_default = false;
	if (machine->config.state_count != 0) {
		plan.state = tp_power_state_find(machine, plan.power_state);
		if (plan.state == TORPOR_STATE_NONE) {
			return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
		}
	} else if (!tp_power_state_is_well_formed(machine, plan.power_state)) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	plan.depth = tp_power_state_depth(machine, plan.power_state);
	/* For standby the entry is ignored (5.1.2). */
	if (plan.depth == TORPOR_DEPTH_POWERDOWN &&
	    !tp_entry(machine, call, call->x[2] & mask, call->x[3] & mask)) {
		return tp_result(machine, call, mask, TP_INVALID_ADDRESS);
	}
	return sleep(machine, cpu, call, mask, &plan);
}

enum torpor_action tp_cpu_default_suspend(struct torpor_machine *machine, uint32_t cpu,
					  struct torpor_call *call, uint64_t mask)
{
	struct plan plan;

	plan.power_state = 0;
	plan.state = machine->config.default_state;
	plan.depth = tp_default_depth(machine);
	plan.is_default = true;
	/* Checked for standby too: the caller can't know which it will be (5.18.3). */
	if (!tp_entry(machine, call, call->x[1] & mask, call->x[2] & mask)) {
		return tp_result(machine, call, mask, TP_INVALID_ADDRESS);
	}
	return sleep(machine, cpu, call, mask, &plan);
}

/* In the power tree it runs on, as 5.17.3 advises the OS to see it. */
enum torpor_action tp_cpu_freeze(struct torpor_machine *machine, uint32_t cpu,
				 struct torpor_call *call, uint64_t mask)
{
	struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t held = tp_cpu_hold_in(machine, record, TORPOR_CPU_ON);

	if (held != 0 && tp_is_bound(machine, cpu)) {
		tp_cpu_release(record, held, TORPOR_CPU_ON);
		return tp_result(machine, call, mask, TP_DENIED);
	}
	if (held != 0) {
		tp_stat_cpu_enter(machine, record, machine->config.freeze_state);
		tp_cpu_release(record, held, TORPOR_CPU_FROZEN);
	}
	return tp_park(machine, call);
}
