/* SPDX-License-Identifier: BSD-3-Clause */
/* FADT and FACS: ACPI 6.3, 5.2.9 and 5.2.10. */
#include "boot/acpi_internal.h"

#define FADT_REVISION 6
#define FADT_MINOR 3
#define FADT_BYTES 276U
#define FADT_BOOT_ARCH_AT 129U
#define FADT_FACS_AT 132U
#define FADT_HYPERVISOR_AT 268U
/* No profile of a platform is meant. */
#define PROFILE_UNSPECIFIED 0
/* Power and sleep buttons are devices of the DSDT. */
#define FLAG_PWR_BUTTON (UINT32_C(1) << 4)
#define FLAG_SLP_BUTTON (UINT32_C(1) << 5)
#define FLAG_HW_REDUCED (UINT32_C(1) << 20)
#define ARM_PSCI_COMPLIANT (1U << 0)
#define ARM_PSCI_USE_HVC (1U << 1)
#define FADT_DSDT_AT 40U
#define FADT_PROFILE_AT 45U
#define FADT_FLAGS_AT 112U

#define FACS_BYTES 64U
#define FACS_ALIGN_BYTES 64
#define FACS_VERSION 2
#define FACS_VERSION_AT 32U

/* Registers of ACPI's own hardware, and addresses of 32 bits where one of 64 is given. */
static void skip_to(struct table_writer *w, size_t begin, size_t offset)
{
	table_zeros(w, begin + offset - w->used_bytes);
}

uint64_t acpi_write_facs(struct table_writer *w, const struct acpi_config *config)
{
	size_t begin;

	table_align(w, FACS_ALIGN_BYTES);
	begin = w->used_bytes;
	/* Its header is one of its own: no checksum. */
	table_bytes(w, "FACS", TABLE_SIGNATURE_BYTES);
	table_u32(w, FACS_BYTES);
	table_u32(w, config->hardware_signature);
	skip_to(w, begin, FACS_VERSION_AT);
	table_u8(w, FACS_VERSION);
	skip_to(w, begin, FACS_BYTES);
	return w->ipa + begin;
}

uint64_t acpi_write_fadt(struct table_writer *w, uint64_t facs_ipa, uint64_t dsdt_ipa)
{
	size_t begin = table_begin(w, "FACP", FADT_REVISION);

	skip_to(w, begin, FADT_PROFILE_AT);
	table_u8(w, PROFILE_UNSPECIFIED);
	skip_to(w, begin, FADT_FLAGS_AT);
	table_u32(w, FLAG_PWR_BUTTON | FLAG_SLP_BUTTON | FLAG_HW_REDUCED);
	skip_to(w, begin, FADT_BOOT_ARCH_AT);
	table_u16(w, ARM_PSCI_COMPLIANT | ARM_PSCI_USE_HVC);
	table_u8(w, FADT_MINOR);
	table_u64(w, facs_ipa);
	table_u64(w, dsdt_ipa);
	skip_to(w, begin, FADT_HYPERVISOR_AT);
	table_bytes(w, "TORPOR\0", 8);
	table_end(w, begin);
	return w->ipa + begin;
}
