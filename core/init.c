/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Setting a machine up.
 */
#include "internal.h"

/*
 * A structure that says its own size, from an embedder older or newer than this library: what it
 * lacks is zero, and what it has beyond must be.
 */
static bool take_sized(void *to, size_t to_bytes, const void *from, size_t from_bytes)
{
	const uint8_t *source = from;
	uint8_t *target = to;
	size_t i;

	for (i = 0; i < to_bytes; i++) {
		target[i] = i < from_bytes ? source[i] : 0;
	}
	for (i = to_bytes; i < from_bytes; i++) {
		if (source[i] != 0) {
			return false;
		}
	}
	return true;
}

/* By hand: for the compilers of some targets an initializer would be a call of their own memset. */
static void clear(void *at, size_t len_bytes)
{
	uint8_t *bytes = at;
	size_t i;

	for (i = 0; i < len_bytes; i++) {
		bytes[i] = 0;
	}
}

static bool set_version(struct torpor_machine *machine)
{
	static const uint32_t versions[TP_VERSION_COUNT] = {
		[TP_0_1] = TORPOR_PSCI_0_1, [TP_0_2] = TORPOR_PSCI_0_2, [TP_1_0] = TORPOR_PSCI_1_0,
		[TP_1_1] = TORPOR_PSCI_1_1, [TP_1_2] = TORPOR_PSCI_1_2, [TP_1_3] = TORPOR_PSCI_1_3,
	};
	uint32_t i;

	for (i = 0; i < TP_VERSION_COUNT; i++) {
		if (versions[i] == machine->config.psci_version) {
			machine->version_index = i;
			return true;
		}
	}
	return false;
}

/* What has no meaning here is set to what says so, and nobody asks again. */
static void normalize(struct torpor_machine *machine)
{
	struct torpor_config *config = &machine->config;

	if (config->state_count == 0) {
		config->off_state = TORPOR_STATE_NONE;
		config->freeze_state = TORPOR_STATE_NONE;
		config->default_state = TORPOR_STATE_NONE;
		config->suspend_state = TORPOR_STATE_NONE;
	}
	/* Flags that a version knows nothing of (C.2 of its change history: from 1.0 on). */
	if (machine->version_index < TP_1_0) {
		config->flags &= ~(TORPOR_F_EXTENDED_STATE_ID | TORPOR_F_OS_INITIATED |
				   TORPOR_F_SMCCC_VERSION);
	}
}

static void set_cpus(struct torpor_machine *machine)
{
	const struct torpor_config *config = &machine->config;
	uint32_t i;

	for (i = 0; i < config->cpu_count; i++) {
		struct torpor_cpu *cpu = &config->cpus[i];
		bool disabled = (config->cpu_configs[i].flags & TORPOR_CPU_FLAG_DISABLED) != 0;

		clear(cpu, sizeof(*cpu));
		cpu->mpidr = config->cpu_configs[i].mpidr;
		cpu->node = config->node_count != 0 ? config->cpu_configs[i].node : 0;
		cpu->state_index = TORPOR_STATE_NONE;
		cpu->word = disabled ? TORPOR_CPU_DISABLED : TORPOR_CPU_OFF;
	}
}

enum torpor_status torpor_machine_init(struct torpor_machine *machine,
				       const struct torpor_config *config)
{
	clear(machine, sizeof(*machine));
	if (!take_sized(&machine->config, sizeof(machine->config), config, config->size) ||
	    machine->config.port == NULL ||
	    !take_sized(&machine->port, sizeof(machine->port), machine->config.port,
			machine->config.port->size) ||
	    !set_version(machine)) {
		return TORPOR_E_INVAL;
	}
	normalize(machine);
	if (!tp_config_is_valid(machine)) {
		return TORPOR_E_INVAL;
	}
	set_cpus(machine);
	if (!tp_mpidr_index(machine)) {
		return TORPOR_E_INVAL;
	}
	tp_functions_set(machine);
	tp_machine_boot(machine, 0);
	return TORPOR_OK;
}
