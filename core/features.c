/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_VERSION (5.3) and PSCI_FEATURES (5.16).
 */
#include "call.h"
#include "internal.h"

enum torpor_action tp_psci_version(struct torpor_machine *machine, uint32_t cpu,
				   struct torpor_call *call, uint64_t mask)
{
	(void)cpu;
	return tp_return(call, mask, machine->config.psci_version);
}

static uint32_t cpu_suspend_flags(uint32_t flags)
{
	return ((flags & TORPOR_F_OS_INITIATED) != 0 ? TORPOR_FEATURE_OS_INITIATED : 0) |
	       ((flags & TORPOR_F_EXTENDED_STATE_ID) != 0 ? TORPOR_FEATURE_EXTENDED_STATE_ID : 0);
}

enum torpor_action tp_psci_features(struct torpor_machine *machine, uint32_t cpu,
				    struct torpor_call *call, uint64_t mask)
{
	uint32_t id = (uint32_t)call->x[1];
	uint32_t flags = machine->config.flags;

	(void)cpu;
	if (tp_id_is_admitted(machine, id, call->flags)) {
		switch (tp_id_fn(id)) {
		case TORPOR_FN_CPU_SUSPEND:
			return tp_return(call, mask, cpu_suspend_flags(flags));
		case TORPOR_FN_SYSTEM_OFF2:
			return tp_return(call, mask, TORPOR_FEATURE_HIBERNATE_OFF);
		default:
			return tp_return(call, mask, 0);
		}
	}
	if (id == TORPOR_SMCCC_VERSION && (flags & TORPOR_F_SMCCC_VERSION) != 0) {
		return tp_return(call, mask, 0);
	}
	return tp_result(machine, call, mask, TP_NOT_SUPPORTED);
}
