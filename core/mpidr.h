/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an MPIDR to the CPU that has it, in two probes at most: cuckoo hashing in the caller's
 * index, under a seed that is looked for at init. An empty entry says CPU 0, which the comparison
 * of the whole MPIDR then sorts out, stray bits included.
 */
#ifndef TORPOR_CORE_MPIDR_H
#define TORPOR_CORE_MPIDR_H

#include <stdint.h>
#include "internal.h"

/* Two places of 11 bits, next to each other in one product: enough for the largest index. */
#define TP_MPIDR_PLACE_BITS 11

static inline uint32_t tp_mpidr_hash(const struct torpor_machine *machine, uint64_t mpidr)
{
	return (uint32_t)(mpidr * machine->index_seed >> 32);
}

static inline uint32_t tp_mpidr_lookup(const struct torpor_machine *machine, uint64_t mpidr)
{
	const struct torpor_cpu *cpus = machine->config.cpus;
	const uint16_t *index = machine->config.mpidr_index;
	uint32_t hash = tp_mpidr_hash(machine, mpidr);
	uint32_t found = index[hash >> machine->index_shift];

	if (cpus[found].mpidr != mpidr) {
		found = index[(hash << TP_MPIDR_PLACE_BITS) >> machine->index_shift];
		if (cpus[found].mpidr != mpidr) {
			return TP_CPU_NONE;
		}
	}
	return found;
}

#endif /* TORPOR_CORE_MPIDR_H */
