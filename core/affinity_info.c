/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AFFINITY_INFO (5.7, 6.6).
 */
#include "internal.h"
#include "mpidr.h"

#define LEVEL_MAX 3

/* Not on the wire as it is: the code for it depends on the version. */
#define DISABLED 3

/* How each state is shown, by enum torpor_cpu_state. */
static const uint8_t shown_as[] = {
	[TORPOR_CPU_OFF] = TORPOR_AFFINITY_OFF,
#ifdef TORPOR_MUTANT_CLAIMED_SHOWN_OFF
	[TORPOR_CPU_CLAIMED] = TORPOR_AFFINITY_OFF,
#else
	[TORPOR_CPU_CLAIMED] = TORPOR_AFFINITY_ON_PENDING,
#endif
	[TORPOR_CPU_ON_PENDING] = TORPOR_AFFINITY_ON_PENDING,
	[TORPOR_CPU_ON] = TORPOR_AFFINITY_ON,
	[TORPOR_CPU_SUSPENDED] = TORPOR_AFFINITY_ON,
	[TORPOR_CPU_FROZEN] = TORPOR_AFFINITY_ON,
#ifdef TORPOR_MUTANT_LEAVING_SHOWN_OFF
	[TORPOR_CPU_LEAVING] = TORPOR_AFFINITY_OFF,
#else
	[TORPOR_CPU_LEAVING] = TORPOR_AFFINITY_ON,
#endif
	[TORPOR_CPU_DISABLED] = DISABLED,
};

static uint32_t look_at(const struct torpor_cpu *cpu)
{
	return shown_as[tp_state(atomic_load_acquire(&cpu->word))];
}

/*
 * What is shown anywhere in an affinity instance, a bit each. The fields below @level are ignored;
 * bits outside all fields are not (5.1.4, 5.1.5).
 */
static uint32_t look_at_all(const struct torpor_machine *machine, uint64_t affinity, uint32_t level)
{
	const struct torpor_cpu *cpus = machine->config.cpus;
	uint64_t mask = level == LEVEL_MAX ? UINT64_C(0xFF00000000)
					   : TORPOR_MPIDR_AFFINITY & UINT64_MAX << (8 * level);
	uint32_t shown = 0;
	uint32_t cpu;

	if ((affinity & ~TORPOR_MPIDR_AFFINITY) != 0) {
		return 0;
	}
	for (cpu = 0; cpu < machine->config.cpu_count; cpu++) {
		if (((cpus[cpu].mpidr ^ affinity) & mask) == 0) {
			shown |= UINT32_C(1) << look_at(&cpus[cpu]);
		}
	}
	return shown;
}

static TP_COLD enum torpor_action answer_for_all(const struct torpor_machine *machine,
						 struct torpor_call *call, uint64_t mask)
{
	static const uint8_t order[] = {TORPOR_AFFINITY_ON, TORPOR_AFFINITY_ON_PENDING,
					TORPOR_AFFINITY_OFF};
	uint32_t level = (uint32_t)call->x[2];
	uint32_t shown = level <= LEVEL_MAX ? look_at_all(machine, call->x[1] & mask, level) : 0;
	uint32_t i;

	for (i = 0; i < sizeof(order); i++) {
		if ((shown >> order[i] & 1) != 0) {
			return tp_return(call, mask, order[i]);
		}
	}
	return tp_result(machine, call, mask, shown != 0 ? TP_DISABLED : TP_INVALID_PARAMETERS);
}

enum torpor_action tp_affinity_info(struct torpor_machine *machine, uint32_t cpu,
				    struct torpor_call *call, uint64_t mask)
{
	uint32_t target, shown;

	(void)cpu;
	if ((uint32_t)call->x[2] != 0) {
		return answer_for_all(machine, call, mask);
	}
	target = tp_mpidr_lookup(machine, call->x[1] & mask);
	if (target == TP_CPU_NONE) {
		return tp_result(machine, call, mask, TP_INVALID_PARAMETERS);
	}
	shown = look_at(&machine->config.cpus[target]);
	if (shown == DISABLED) {
		return tp_result(machine, call, mask, TP_DISABLED);
	}
	return tp_return(call, mask, shown);
}
