/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPUs, and what belongs to each. */
#include <inttypes.h>

#include "boot/fdt_internal.h"

/* Aff3 and Aff2 to Aff0: the bits of MPIDR that a CPU's reg may have. */
#define MPIDR_AFFINITY UINT64_C(0xFF00FFFFFF)

void fdt_write_cpus(struct fdt_writer *w, const struct fdt_config *config)
{
	fdt_writer_begin(w, "cpus");
	fdt_writer_u32(w, "#address-cells", 2);
	fdt_writer_u32(w, "#size-cells", 0);
	for (size_t i = 0; i < config->cpu_count; i++) {
		uint64_t affinity = config->mpidrs[i] & MPIDR_AFFINITY;

		fdt_writer_begin_named(w, "cpu@%" PRIx64, affinity);
		fdt_writer_string(w, "device_type", "cpu");
		fdt_writer_string(w, "compatible", "arm,armv8");
		fdt_writer_u64(w, "reg", affinity);
		fdt_writer_string(w, "enable-method", "psci");
		fdt_write_cpu_idle(w, config, (uint32_t)i);
		fdt_writer_end(w);
	}
	fdt_write_idle_states(w, config);
	fdt_writer_end(w);
}
