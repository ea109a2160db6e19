/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine ends: SYSTEM_OFF (5.10), SYSTEM_OFF2 (5.11), SYSTEM_RESET (5.12), SYSTEM_RESET2 (5.13),
 * and the host's word for it. One step on the machine's word; of all that try, one wins.
 */
#include "internal.h"

static bool end(struct torpor_machine *machine, enum torpor_machine_mode mode, bool by_host)
{
	uint32_t word = atomic_load_acquire(&machine->word);

	do {
		if (tp_mode(word) != TORPOR_MODE_RUNNING && !(by_host && tp_is_suspended(word))) {
			return false;
		}
#ifdef TORPOR_MUTANT_END_NO_CAS
		atomic_store_release(&machine->word,
				     tp_machine_word(mode, tp_cpus_on(word), tp_epoch(word)));
	} while (false);
#else
	} while (!atomic_cas(&machine->word, &word,
			     tp_machine_word(mode, tp_cpus_on(word), tp_epoch(word))));
#endif
	return true;
}

static enum torpor_action end_by_guest(struct torpor_machine *machine, uint32_t cpu,
				       struct torpor_call *call, enum torpor_machine_mode mode,
				       enum torpor_action action)
{
	if (!tp_cpu_is_on(machine, cpu) || !end(machine, mode, false)) {
		return tp_park(machine, call);
	}
	return action;
}

enum torpor_action tp_system_off(struct torpor_machine *machine, uint32_t cpu,
				 struct torpor_call *call, uint64_t mask)
{
	(void)mask;
	return end_by_guest(machine, cpu, call, TORPOR_MODE_OFF, TORPOR_MACHINE_OFF);
}

enum torpor_action tp_system_off2(struct torpor_machine *machine, uint32_t cpu,
				  struct torpor_call *call, uint64_t mask)
{
	uint32_t type = (uint32_t)call->x[1];

	if ((type != 0 && type != TORPOR_OFF2_HIBERNATE_OFF) || (call->x[2] & mask) != 0) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	return end_by_guest(machine, cpu, call, TORPOR_MODE_HIBERNATED, TORPOR_MACHINE_HIBERNATED);
}

enum torpor_action tp_system_reset(struct torpor_machine *machine, uint32_t cpu,
				   struct torpor_call *call, uint64_t mask)
{
	(void)mask;
	return end_by_guest(machine, cpu, call, TORPOR_MODE_RESETTING, TORPOR_MACHINE_RESET);
}

/* What a vendor's reset may answer (5.13.5). */
static int32_t vendor_code(int32_t code)
{
	bool standard = code >= TORPOR_RET_INVALID_ADDRESS && code <= TORPOR_RET_SUCCESS &&
			code != TORPOR_RET_NOT_SUPPORTED;

	return standard || code < -256 ? code : TORPOR_RET_INTERNAL_FAILURE;
}

enum torpor_action tp_system_reset2(struct torpor_machine *machine, uint32_t cpu,
				    struct torpor_call *call, uint64_t mask)
{
	uint32_t type = (uint32_t)call->x[1];
	uint64_t cookie = call->x[2] & mask;
	int32_t code;

	if ((type & TORPOR_RESET2_VENDOR) == 0) {
		if (type != TORPOR_RESET2_WARM) {
			return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
		}
	} else {
		if (machine->port.vendor_reset == NULL) {
			return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
		}
		code = vendor_code(machine->port.vendor_reset(machine->config.ctx, type, cookie));
		if (code != TORPOR_RET_SUCCESS) {
			return tp_return(call, mask, (uint64_t)(int64_t)code);
		}
	}
	call->reset_type = type;
	call->cookie = cookie;
	return end_by_guest(machine, cpu, call, TORPOR_MODE_RESETTING, TORPOR_MACHINE_RESET2);
}

enum torpor_status torpor_machine_end(struct torpor_machine *machine, enum torpor_machine_mode mode)
{
	if (mode != TORPOR_MODE_OFF && mode != TORPOR_MODE_RESETTING) {
		return TORPOR_E_INVAL;
	}
	return end(machine, mode, true) ? TORPOR_OK : TORPOR_E_STATE;
}
