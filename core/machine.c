/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a machine is doing, for anyone who asks.
 */
#include "internal.h"

enum torpor_machine_mode torpor_machine_mode(const struct torpor_machine *machine)
{
	return tp_mode(atomic_load_acquire(&machine->word));
}

uint32_t torpor_machine_cpus_on(const struct torpor_machine *machine)
{
	return tp_cpus_on(atomic_load_acquire(&machine->word));
}

enum torpor_status torpor_machine_suspended_cpu(const struct torpor_machine *machine, uint32_t *cpu)
{
	uint32_t word = atomic_load_acquire(&machine->word);

	if (!tp_is_suspended(word)) {
		return TORPOR_E_STATE;
	}
	*cpu = tp_count(word);
	return TORPOR_OK;
}
