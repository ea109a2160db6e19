/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Trusted OS that lives on one CPU: MIGRATE (5.8), MIGRATE_INFO_TYPE and
 * MIGRATE_INFO_UP_CPU (5.9).
 */
#include "internal.h"

/*
 * The word: bits 0-15 the CPU where it is; bits 16-31 0, or 1 more than the CPU that it is being
 * moved to. A CPU that goes off is held first and looks here then, and a move is noted here first
 * and looks at the CPU then, both by a CAS: so of the two, one gives way.
 */
#define MOVING_SHIFT 16
#define RESIDENT_MASK UINT32_C(0xFFFF)

/* For a CPU that is held. */
bool tp_trusted_os_is_on(struct torpor_machine *machine, uint32_t cpu)
{
	uint32_t word = atomic_load_acquire(&machine->resident);

	while (!atomic_cas(&machine->resident, &word, word)) {
	}
	return (word & RESIDENT_MASK) == cpu || word >> MOVING_SHIFT == cpu + 1;
}

static bool is_awake(enum torpor_cpu_state state)
{
	return state == TORPOR_CPU_ON || state == TORPOR_CPU_SUSPENDED;
}

enum torpor_action tp_migrate(struct torpor_machine *machine, uint32_t cpu,
			      struct torpor_call *call, uint64_t mask)
{
	uint32_t to = tp_mpidr_find(machine, call->x[1] & mask);
	uint32_t word = cpu;
	bool moved;

	if (machine->config.trusted_os != TORPOR_TRUSTED_OS_UP_MIGRATE) {
		return tp_result(machine, call, mask, TP_DENIED);
	}
	if ((atomic_load_acquire(&machine->resident) & RESIDENT_MASK) != cpu) {
		return tp_result(machine, call, mask, TP_NOT_PRESENT);
	}
	if (to == TP_CPU_NONE) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
#ifdef TORPOR_MUTANT_MIGRATE_NO_NOTE
	if (!tp_cpu_is_on(machine, cpu)) {
#else
	if (!tp_cpu_is_on(machine, cpu) ||
	    !atomic_cas(&machine->resident, &word, cpu | (to + 1) << MOVING_SHIFT)) {
#endif
		return tp_park(machine, call);
	}
	moved = is_awake(torpor_cpu_state(machine, to)) &&
		machine->port.migrate(machine->config.ctx, cpu, to) == TORPOR_OK;
	atomic_store_release(&machine->resident, moved ? to : cpu);
	return tp_result(machine, call, mask, moved ? TP_SUCCESS : TP_INTERNAL_FAILURE);
}

enum torpor_action tp_migrate_info_type(struct torpor_machine *machine, uint32_t cpu,
					struct torpor_call *call, uint64_t mask)
{
	(void)cpu;
	return tp_return(call, mask, machine->config.trusted_os);
}

enum torpor_action tp_migrate_info_up_cpu(struct torpor_machine *machine, uint32_t cpu,
					  struct torpor_call *call, uint64_t mask)
{
	cpu = atomic_load_acquire(&machine->resident) & RESIDENT_MASK;
	return tp_return(call, mask, machine->config.cpus[cpu].mpidr);
}
