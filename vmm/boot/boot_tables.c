/* SPDX-License-Identifier: BSD-3-Clause */
/* ACPI's and EFI's tables into RAM. */
#include "boot/boot_tables.h"

#include <errno.h>
#include <inttypes.h>

int boot_tables_load(const struct acpi_config *acpi, const struct guest_ram *ram, uint64_t ipa,
		     void *to, struct boot_tables *tables, struct vmm_error *err)
{
	struct table_writer w = {.to = to, .ipa = ipa, .size_bytes = BOOT_TABLES_BYTES};
	struct acpi_config filled = *acpi;
	struct efi_config efi = {
		.ram_ipa = ram->ipa,
		.ram_size_bytes = ram->size_bytes,
		.tables_ipa = ipa,
		.tables_size_bytes = BOOT_TABLES_BYTES,
	};
	struct acpi_place place;

	filled.ram_size_bytes = ram->size_bytes;
	acpi_build(&filled, &w, &place);
	efi.rsdp_ipa = place.rsdp_ipa;
	efi_build(&efi, &w, &tables->efi);
	tables->facs_ipa = place.facs_ipa;
	if (w.full) {
		vmm_error_set(err, "ACPI tables for %zu CPUs do not fit into %" PRIu64 " KiB",
			      acpi->cpu_count, BOOT_TABLES_BYTES >> 10);
		return -ENOSPC;
	}
	return 0;
}
