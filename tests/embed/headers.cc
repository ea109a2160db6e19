/* SPDX-License-Identifier: BSD-3-Clause */
/* The public headers in C++11, with a call that links by C's names. */
#include <torpor/torpor.h>

uint32_t headers_in_cplusplus(const struct torpor_machine *machine);

uint32_t headers_in_cplusplus(const struct torpor_machine *machine)
{
	static uint16_t index[TORPOR_MPIDR_INDEX_COUNT(64)];

	return torpor_machine_cpus_on(machine) + TORPOR_FN64(TORPOR_FN_CPU_ON) + index[0];
}
