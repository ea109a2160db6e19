/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The index from MPIDRs to CPUs: filling it, and finding a CPU in it (mpidr.h).
 */
#include "mpidr.h"
#include "internal.h"

#define SEED_TRIES 256

uint32_t tp_mpidr_find(const struct torpor_machine *machine, uint64_t mpidr)
{
	return tp_mpidr_lookup(machine, mpidr);
}

/*
 * While it is being filled an entry holds the CPU's index plus 1, and 0 is an empty one. Each CPU
 * sits in one of its two places; one that is thrown out goes to its other.
 */
static bool insert(const struct torpor_machine *machine, uint32_t cpu)
{
	uint16_t *index = machine->config.mpidr_index;
	uint32_t hash = tp_mpidr_hash(machine, machine->config.cpus[cpu].mpidr);
	uint32_t moves;

	for (moves = 0; moves <= machine->config.cpu_count; moves++) {
		uint32_t at = hash >> machine->index_shift;
		uint32_t evicted = index[at];

		index[at] = (uint16_t)(cpu + 1);
		if (evicted == 0) {
			return true;
		}
		cpu = evicted - 1;
		hash = tp_mpidr_hash(machine, machine->config.cpus[cpu].mpidr);
		if (hash >> machine->index_shift == at) {
			hash <<= TP_MPIDR_PLACE_BITS;
		}
	}
	return false;
}

static bool fill(const struct torpor_machine *machine, uint32_t size)
{
	uint16_t *index = machine->config.mpidr_index;
	uint32_t i;

	for (i = 0; i < size; i++) {
		index[i] = 0;
	}
	for (i = 0; i < machine->config.cpu_count; i++) {
		if (!insert(machine, i)) {
			return false;
		}
	}
	for (i = 0; i < size; i++) {
		index[i] = (uint16_t)(index[i] == 0 ? 0 : index[i] - 1);
	}
	return true;
}

/* False also if two CPUs share an MPIDR. */
bool tp_mpidr_index(struct torpor_machine *machine)
{
	uint32_t size = TORPOR_MPIDR_INDEX_COUNT(machine->config.cpu_count);
	uint64_t seed = 1;
	uint32_t tries, cpu;
	bool filled = false;

	machine->index_shift = 32;
	for (cpu = size; cpu > 1; cpu >>= 1) {
		machine->index_shift--;
	}
	for (tries = 0; tries < SEED_TRIES && !filled; tries++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		machine->index_seed = seed | 1;
		filled = fill(machine, size);
	}
	for (cpu = 0; filled && cpu < machine->config.cpu_count; cpu++) {
		filled = tp_mpidr_lookup(machine, machine->config.cpus[cpu].mpidr) == cpu;
	}
	return filled;
}

enum torpor_status torpor_cpu_find(const struct torpor_machine *machine, uint64_t mpidr,
				   uint32_t *cpu)
{
	uint32_t found = tp_mpidr_lookup(machine, mpidr);

	if (found == TP_CPU_NONE) {
		return TORPOR_E_INVAL;
	}
	*cpu = found;
	return TORPOR_OK;
}
