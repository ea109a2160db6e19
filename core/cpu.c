/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs: held by one (cpu.h), by all, and what they say to anyone who asks.
 */
#include "cpu.h"

uint32_t tp_cpu_hold(const struct torpor_machine *machine, struct torpor_cpu *cpu, uint32_t found,
		     uint32_t held)
{
	return tp_cpu_hold_inline(machine, cpu, found, held);
}

/* For reset and restore, once the machine takes no more steps. */
void tp_cpu_overwrite(struct torpor_cpu *cpu, enum torpor_cpu_state state)
{
	uint32_t found = atomic_load_acquire(&cpu->word);

	while (!atomic_cas(&cpu->word, &found, tp_with_state(found + TP_GENERATION_ONE, state))) {
	}
}

/* Is nobody holding a CPU? */
bool tp_cpus_are_settled(const struct torpor_machine *machine)
{
	uint32_t cpu;

	for (cpu = 0; cpu < machine->config.cpu_count; cpu++) {
		enum torpor_cpu_state state = torpor_cpu_state(machine, cpu);

		if (state == TORPOR_CPU_CLAIMED || state == TORPOR_CPU_LEAVING) {
			return false;
		}
	}
	return true;
}

enum torpor_cpu_state torpor_cpu_state(const struct torpor_machine *machine, uint32_t cpu)
{
	if (cpu >= machine->config.cpu_count) {
		return TORPOR_CPU_DISABLED;
	}
	return tp_state(atomic_load_acquire(&machine->config.cpus[cpu].word));
}
