/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what can be seen of a CPU from outside
 */
#ifndef VMM_POWER_CPU_INFO_H
#define VMM_POWER_CPU_INFO_H

#include <stdint.h>

/**
 * struct power_cpu_info - a CPU's state and registers
 * @state:  a static name: "on", "off", "on-pending", "suspended", "system-suspended", "frozen"
 * @pc:     guest address in bytes; of a CPU in a call, that after the HVC; of one that is off, as
 *          the others, what a reset makes of it
 * @pstate: PSTATE in SPSR's format
 * @x:      X0 to X30
 */
struct power_cpu_info {
	const char *state;
	uint64_t pc;
	uint64_t pstate;
	uint64_t x[31];
};

#endif /* VMM_POWER_CPU_INFO_H */
