/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a saved machine was, in 32 bits each, so that it is not restored onto another.
 */
#include "format.h"
#include "internal.h"

static uint32_t add32(uint32_t crc, uint32_t value)
{
	uint8_t bytes[4];

	tp_put32(bytes, value);
	return tp_crc32(crc, bytes, sizeof(bytes));
}

/* The MPIDRs in their order, and which CPUs are disabled. */
uint32_t tp_digest_cpus(const struct torpor_machine *machine)
{
	uint32_t crc = 0;
	uint32_t cpu;

	for (cpu = 0; cpu < machine->config.cpu_count; cpu++) {
		uint64_t mpidr = machine->config.cpus[cpu].mpidr;

		crc = add32(crc, (uint32_t)mpidr);
		crc = add32(crc, (uint32_t)(mpidr >> 32));
		crc = add32(crc, torpor_cpu_state(machine, cpu) == TORPOR_CPU_DISABLED);
	}
	return crc;
}

static uint32_t digest_states(const struct torpor_config *config, uint32_t crc)
{
	uint32_t i, level;

	for (i = 0; i < config->state_count; i++) {
		crc = add32(crc, config->states[i].power_state);
		for (level = 0; level < TORPOR_LEVEL_COUNT; level++) {
			crc = add32(crc, config->states[i].depth[level]);
		}
		crc = add32(crc, config->states[i].last_level);
	}
	crc = add32(crc, config->off_state);
	crc = add32(crc, config->freeze_state);
	crc = add32(crc, config->default_state);
	return add32(crc, config->suspend_state);
}

/* The functions, the boot CPU, the power states, and the tree with where each CPU hangs in it. */
uint32_t tp_digest_config(const struct torpor_machine *machine)
{
	const struct torpor_config *config = &machine->config;
	uint32_t crc, i;

	crc = add32(0, config->flags);
	crc = add32(crc, machine->present);
	crc = add32(crc, config->trusted_os);
	crc = add32(crc, config->boot_cpu);
	for (i = 0; i < 4; i++) {
		crc = add32(crc, machine->version_index == TP_0_1 ? config->fn_ids_0_1[i] : 0);
	}
	crc = digest_states(config, crc);
	for (i = 0; i < config->node_count; i++) {
		crc = add32(crc, config->nodes[i].parent);
	}
	for (i = 0; i < config->cpu_count; i++) {
		crc = add32(crc, config->cpus[i].node);
	}
	return crc;
}
