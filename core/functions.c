/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions of PSCI, one row each: since when, in which widths, and what an embedder must give
 * for them to be there (Table 17; 5.1). What is absent is so for the call and for PSCI_FEATURES.
 */
#include "internal.h"

/* Means: the embedder's flags, TORPOR_F_*, and these, told by what else it gives. */
#define OP_NODE_HW_STATE (UINT32_C(1) << 8)
#define OPS_MEM_PROTECT (UINT32_C(1) << 9)
#define STATISTICS (UINT32_C(1) << 10)
#define TRUSTED_OS_UP (UINT32_C(1) << 11)
#define TRUSTED_OS_KNOWN (UINT32_C(1) << 12)
#define NOTHING 0

#define BOTH 1
#define ONLY_32 0

#define FN(name, handler, since, widths, args, means)                                              \
	[TORPOR_FN_##name] = {handler, means, since, args, widths}

const struct tp_function tp_functions[TP_FUNCTION_COUNT] = {
	FN(PSCI_VERSION, tp_psci_version, TP_0_2, ONLY_32, 0, NOTHING),
	FN(CPU_SUSPEND, tp_cpu_suspend, TP_0_2, BOTH, 3, NOTHING),
	FN(CPU_OFF, tp_cpu_off, TP_0_2, ONLY_32, 0, NOTHING),
	FN(CPU_ON, tp_cpu_on, TP_0_2, BOTH, 3, NOTHING),
	FN(AFFINITY_INFO, tp_affinity_info, TP_0_2, BOTH, 2, NOTHING),
	FN(MIGRATE, tp_migrate, TP_0_2, BOTH, 1, TRUSTED_OS_UP),
	FN(MIGRATE_INFO_TYPE, tp_migrate_info_type, TP_0_2, ONLY_32, 0, TRUSTED_OS_KNOWN),
	FN(MIGRATE_INFO_UP_CPU, tp_migrate_info_up_cpu, TP_0_2, BOTH, 0, TRUSTED_OS_UP),
	FN(SYSTEM_OFF, tp_system_off, TP_0_2, ONLY_32, 0, NOTHING),
	FN(SYSTEM_RESET, tp_system_reset, TP_0_2, ONLY_32, 0, NOTHING),
	FN(PSCI_FEATURES, tp_psci_features, TP_1_0, ONLY_32, 1, NOTHING),
	FN(CPU_FREEZE, tp_cpu_freeze, TP_1_0, ONLY_32, 0, TORPOR_F_CPU_FREEZE),
	FN(CPU_DEFAULT_SUSPEND, tp_cpu_default_suspend, TP_1_0, BOTH, 2,
	   TORPOR_F_CPU_DEFAULT_SUSPEND),
	FN(NODE_HW_STATE, tp_node_hw_state, TP_1_0, BOTH, 2, OP_NODE_HW_STATE),
	FN(SYSTEM_SUSPEND, tp_system_suspend, TP_1_0, BOTH, 2, TORPOR_F_SYSTEM_SUSPEND),
	FN(PSCI_SET_SUSPEND_MODE, tp_set_suspend_mode, TP_1_0, ONLY_32, 1, TORPOR_F_OS_INITIATED),
	FN(PSCI_STAT_RESIDENCY, tp_psci_stat_residency, TP_1_0, BOTH, 2, STATISTICS),
	FN(PSCI_STAT_COUNT, tp_psci_stat_count, TP_1_0, BOTH, 2, STATISTICS),
	FN(SYSTEM_RESET2, tp_system_reset2, TP_1_1, BOTH, 2, TORPOR_F_SYSTEM_RESET2),
	FN(MEM_PROTECT, tp_mem_protect, TP_1_1, ONLY_32, 1, OPS_MEM_PROTECT),
	FN(MEM_PROTECT_CHECK_RANGE, tp_mem_protect_check_range, TP_1_1, BOTH, 2, OPS_MEM_PROTECT),
	FN(SYSTEM_OFF2, tp_system_off2, TP_1_3, BOTH, 2, TORPOR_F_SYSTEM_OFF2),
};

/* In the order of struct torpor_config.fn_ids_0_1. */
static const uint8_t functions_0_1[4] = {
	TORPOR_FN_CPU_SUSPEND,
	TORPOR_FN_CPU_OFF,
	TORPOR_FN_CPU_ON,
	TORPOR_FN_MIGRATE,
};

/* The function that has an id at 0.1, or TP_FUNCTION_COUNT. */
uint32_t tp_function_0_1(const struct torpor_machine *machine, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < 4; i++) {
		if (id != 0 && machine->config.fn_ids_0_1[i] == id) {
			return functions_0_1[i];
		}
	}
	return TP_FUNCTION_COUNT;
}

static uint32_t means_of(const struct torpor_machine *machine)
{
	const struct torpor_config *config = &machine->config;
	const struct torpor_port *port = &machine->port;
	uint32_t means = config->flags;

	if (port->node_hw_state != NULL) {
		means |= OP_NODE_HW_STATE;
	}
	if (port->mem_protect != NULL && port->mem_protect_range != NULL) {
		means |= OPS_MEM_PROTECT;
	}
	if (port->now_us != NULL && config->state_count != 0 && config->stats != NULL) {
		means |= STATISTICS;
	}
	if (tp_is_uniprocessor(machine)) {
		means |= TRUSTED_OS_UP;
	}
	if (config->trusted_os != TORPOR_TRUSTED_OS_NO_INFO) {
		means |= TRUSTED_OS_KNOWN;
	}
	return means;
}

/* At 0.1 a function is there if the device tree gives it an id. */
static uint32_t known_to_version(const struct torpor_machine *machine)
{
	uint32_t known = 0;
	uint32_t i;

	if (machine->version_index == TP_0_1) {
		for (i = 0; i < 4; i++) {
			known |= (uint32_t)(machine->config.fn_ids_0_1[i] != 0) << functions_0_1[i];
		}
		return known;
	}
	for (i = 0; i < TP_FUNCTION_COUNT; i++) {
		known |= (uint32_t)(tp_functions[i].since <= machine->version_index) << i;
	}
	return known;
}

/*
 * Which functions there are, and which of them torpor_call() may go straight to, by the width of
 * the id (1: SMC64) and the caller's state (2: AArch32); what 0.2 asks of widths: 5.2.1.
 */
void tp_functions_set(struct torpor_machine *machine)
{
	uint32_t means = means_of(machine);
	uint32_t present = known_to_version(machine);
	uint32_t wide = 0;
	uint32_t i;

	for (i = 0; i < TP_FUNCTION_COUNT; i++) {
		if ((tp_functions[i].means & ~means) != 0) {
			present &= ~(UINT32_C(1) << i);
		}
		wide |= (uint32_t)tp_functions[i].wide << i;
	}
	machine->present = present;
	if (machine->version_index != TP_0_1) {
		machine->admitted[0] = machine->version_index == TP_0_2 ? present & ~wide : present;
		machine->admitted[1] = present & wide;
		machine->admitted[2] = present;
	}
}
