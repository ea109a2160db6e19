/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PSCI_SET_SUSPEND_MODE (5.21). One word: the mode, and whether a CPU has called CPU_SUSPEND since
 * the mode last changed, so that each sees the other's step.
 */
#include "internal.h"

#define OS_INITIATED UINT32_C(1)
#define USED UINT32_C(2)

/* For CPU_SUSPEND: leaves its mark, and says whether it is the OS that coordinates. */
bool tp_suspend_mode_use(struct torpor_machine *machine)
{
	uint32_t word;

	if (!tp_is_present(machine, TORPOR_FN_PSCI_SET_SUSPEND_MODE)) {
		return false;
	}
	word = atomic_load_acquire(&machine->suspend_mode);
#ifdef TORPOR_MUTANT_MODE_NO_CAS
	atomic_store_release(&machine->suspend_mode, word | USED);
#else
	while ((word & USED) == 0 && !atomic_cas(&machine->suspend_mode, &word, word | USED)) {
	}
#endif
	return (word & OS_INITIATED) != 0;
}

/* A frozen CPU is none of what 5.21.2 lists. */
static bool is_a_cpu_frozen(const struct torpor_machine *machine)
{
	uint32_t cpu;

	for (cpu = 0; cpu < machine->config.cpu_count; cpu++) {
		if (torpor_cpu_state(machine, cpu) == TORPOR_CPU_FROZEN) {
			return true;
		}
	}
	return false;
}

enum torpor_action tp_set_suspend_mode(struct torpor_machine *machine, uint32_t cpu,
				       struct torpor_call *call, uint64_t mask)
{
	uint32_t wanted = (uint32_t)call->x[1];
	uint32_t word, count;

	if (wanted != TORPOR_SUSPEND_MODE_PLATFORM && wanted != TORPOR_SUSPEND_MODE_OS_INITIATED) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	count = atomic_load_acquire(&machine->word);
	if (!tp_cpu_is_on(machine, cpu) || tp_mode(count) != TORPOR_MODE_RUNNING) {
		return tp_park(machine, call);
	}
	word = atomic_load_acquire(&machine->suspend_mode);
	do {
		if ((word & OS_INITIATED) == wanted) {
			return tp_result(machine, call, mask, TP_SUCCESS);
		}
		if (wanted == TORPOR_SUSPEND_MODE_OS_INITIATED
			    ? (word & USED) != 0 || is_a_cpu_frozen(machine)
			    : tp_count(count) != 1) {
			return tp_result(machine, call, mask, TP_DENIED);
		}
	} while (!atomic_cas(&machine->suspend_mode, &word, wanted));
	return tp_result(machine, call, mask, TP_SUCCESS);
}
