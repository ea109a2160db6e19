/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs and the GIC: ACPI 6.3, 5.2.12. */
#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define MADT_REVISION 5
#define GICC_TYPE 0x0B
#define GICC_BYTES 80
#define GICC_ENABLED 1
#define GICD_TYPE 0x0C
#define GICD_BYTES 24
#define GICD_GIC_V3 3
#define GICR_TYPE 0x0E
#define GICR_BYTES 16

/* Aff3 and Aff2 to Aff0: the bits of MPIDR that a CPU's entry may have. */
#define MPIDR_AFFINITY UINT64_C(0xFF00FFFFFF)

static void write_gicc(struct table_writer *w, const struct acpi_config *config, uint32_t cpu)
{
	table_u8(w, GICC_TYPE);
	table_u8(w, GICC_BYTES);
	table_u16(w, 0);
	table_u32(w, cpu);
	/* The _UID of its device in the DSDT. */
	table_u32(w, cpu);
	table_u32(w, GICC_ENABLED);
	/* Its interface is a GICv3's, so it has no address; it starts by PSCI. */
	table_u32(w, 0);
	table_u32(w, config->pmu ? LAYOUT_PMU_INTID : 0);
	table_zeros(w, 4 * sizeof(uint64_t));
	/* No EL2, so no interrupt for its hypervisor. */
	table_u32(w, 0);
	/* Its redistributor is found in one of the ranges. */
	table_u64(w, 0);
	table_u64(w, config->mpidrs[cpu] & MPIDR_AFFINITY);
	table_zeros(w, 4);
}

static void write_gicd(struct table_writer *w)
{
	table_u8(w, GICD_TYPE);
	table_u8(w, GICD_BYTES);
	table_u16(w, 0);
	table_u32(w, 0);
	table_u64(w, LAYOUT_GICD_BASE);
	table_u32(w, 0);
	table_u8(w, GICD_GIC_V3);
	table_zeros(w, 3);
}

static void write_gicr(struct table_writer *w, uint64_t base, uint64_t size_bytes)
{
	table_u8(w, GICR_TYPE);
	table_u8(w, GICR_BYTES);
	table_u16(w, 0);
	table_u64(w, base);
	table_u32(w, (uint32_t)size_bytes);
}

uint64_t acpi_write_madt(struct table_writer *w, const struct acpi_config *config)
{
	size_t begin = table_begin(w, "APIC", MADT_REVISION);

	/* Address and flags of x86's interrupt controllers. */
	table_zeros(w, 8);
	for (uint32_t cpu = 0; cpu < config->cpu_count; cpu++) {
		write_gicc(w, config, cpu);
	}
	write_gicd(w);
	write_gicr(w, LAYOUT_GICR_BASE, LAYOUT_GICR_SIZE_BYTES);
	if (config->cpu_count > LAYOUT_GICR_CPU_COUNT_MAX) {
		write_gicr(w, layout_gicr2_base(config->ram_size_bytes), LAYOUT_GICR2_SIZE_BYTES);
	}
	table_end(w, begin);
	return w->ipa + begin;
}
