/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a guest's registers to the function that they ask for: ranges, widths, versions (5.1, 5.2).
 */
#include "call.h"
#include "internal.h"

/* An AArch32 caller gets 32 bits whatever it asked for. */
static uint64_t mask_of(bool wide, const struct torpor_call *call)
{
	return wide && (call->flags & TORPOR_AARCH32) == 0 ? UINT64_MAX : UINT32_MAX;
}

/* 0.1 has ids of its own and the caller's width. */
static enum torpor_action call_0_1(struct torpor_machine *machine, uint32_t cpu,
				   struct torpor_call *call, uint32_t id)
{
	uint32_t fn = tp_function_0_1(machine, id);
	uint64_t mask = mask_of(true, call);

	if (fn < TP_FUNCTION_COUNT && (machine->present >> fn & 1) != 0) {
		return tp_functions[fn].handler(machine, cpu, call, mask);
	}
	if (fn == TP_FUNCTION_COUNT && tp_id_fn(id) >= TORPOR_FN_COUNT) {
		return TORPOR_NOT_MINE;
	}
	return tp_result(machine, call, mask, TP_NOT_SUPPORTED);
}

/* All that torpor_call() does not go straight to. */
static TP_COLD enum torpor_action call_other(struct torpor_machine *machine, uint32_t cpu,
					     struct torpor_call *call, uint32_t id)
{
	uint32_t fn = tp_id_fn(id);
	uint64_t mask = mask_of((id & TP_ID_WIDE) != 0, call);

	if (cpu >= machine->config.cpu_count) {
		return TORPOR_NOT_MINE;
	}
	if (machine->version_index == TP_0_1) {
		return call_0_1(machine, cpu, call, id);
	}
	if (fn >= TORPOR_FN_COUNT) {
		return TORPOR_NOT_MINE;
	}
	if (machine->version_index == TP_0_2 && (machine->present >> fn & 1) != 0 &&
	    tp_functions[fn].wide) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	return tp_result(machine, call, mask, TP_NOT_SUPPORTED);
}

enum torpor_action torpor_call(struct torpor_machine *machine, uint32_t cpu,
			       struct torpor_call *call)
{
	uint32_t id = (uint32_t)call->x[0];

	if (cpu >= machine->config.cpu_count || !tp_id_is_admitted(machine, id, call->flags)) {
		return call_other(machine, cpu, call, id);
	}
	return tp_functions[tp_id_fn(id)].handler(machine, cpu, call,
						  (id & TP_ID_WIDE) != 0 ? UINT64_MAX : UINT32_MAX);
}

uint32_t torpor_call_args(const struct torpor_machine *machine, uint32_t fn_id)
{
	uint32_t fn = tp_id_fn(fn_id);
	uint32_t arg_count;

	if (machine->version_index == TP_0_1) {
		fn = tp_function_0_1(machine, fn_id);
	} else if ((fn_id & TP_ID_WIDE) != 0 && fn < TP_FUNCTION_COUNT && !tp_functions[fn].wide) {
		return 0;
	}
	if (fn >= TP_FUNCTION_COUNT || (machine->present >> fn & 1) == 0) {
		return 0;
	}
	arg_count = tp_functions[fn].arg_count;
	/* 0.1 has no context ids. */
	return machine->version_index == TP_0_1 && arg_count > 2 ? 2 : arg_count;
}
