/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: how a power state was used
 */
#ifndef VMM_POWER_STATE_INFO_H
#define VMM_POWER_STATE_INFO_H

#include <stdint.h>

/**
 * struct power_state_info - what PSCI_STAT_COUNT and PSCI_STAT_RESIDENCY say of a CPU and a state
 * @name:         a static name, as in the device tree
 * @power_state:  CPU_SUSPEND's argument
 * @count:        uses that are over: of the CPU, or of its cluster if the state is a cluster's
 * @residency_us: their microseconds in all
 */
struct power_state_info {
	const char *name;
	uint32_t power_state;
	uint64_t count;
	uint64_t residency_us;
};

#endif /* VMM_POWER_STATE_INFO_H */
