/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NODE_HW_STATE (5.19).
 */
#include "internal.h"

enum torpor_action tp_node_hw_state(struct torpor_machine *machine, uint32_t cpu,
				    struct torpor_call *call, uint64_t mask)
{
	uint32_t target = tp_mpidr_find(machine, call->x[1] & mask);
	uint32_t state = TORPOR_HW_ON;

	(void)cpu;
	if (target == TP_CPU_NONE ||
	    machine->port.node_hw_state(machine->config.ctx, target, (uint32_t)call->x[2],
					&state) != TORPOR_OK ||
	    state > TORPOR_HW_STANDBY) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	return tp_return(call, mask, state);
}
