/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest that boots with ACPI has of EFI: a system table that leads to the ACPI tables, and
 * the memory map, without a firmware behind them. Linux finds both by the device tree
 * (boot/fdt.h), and is told that there are no runtime services. (UEFI 2.10, chapters 4 and 7.2.)
 */
#ifndef VMM_BOOT_EFI_H
#define VMM_BOOT_EFI_H

#include <stdint.h>

#include "boot/table.h"

/* Regions of the memory map begin and end at multiples of this, for any page size of the guest. */
#define EFI_REGION_ALIGN_BYTES UINT64_C(0x10000)

/**
 * struct efi_config - what the tables say
 * @ram_ipa:           start of RAM
 * @ram_size_bytes:    its size
 * @tables_ipa:        start of what the guest has to keep: the tables
 * @tables_size_bytes: size of that
 * @rsdp_ipa:          of the first ACPI table
 */
struct efi_config {
	uint64_t ram_ipa;
	uint64_t ram_size_bytes;
	uint64_t tables_ipa;
	uint64_t tables_size_bytes;
	uint64_t rsdp_ipa;
};

/**
 * struct efi_place - where a guest looks for what
 * @system_table_ipa:      the system table
 * @map_ipa:               the memory map
 * @map_size_bytes:        its size
 * @descriptor_size_bytes: of each of its descriptors
 * @descriptor_version:    of them
 */
struct efi_place {
	uint64_t system_table_ipa;
	uint64_t map_ipa;
	uint32_t map_size_bytes;
	uint32_t descriptor_size_bytes;
	uint32_t descriptor_version;
};

/**
 * efi_build() - write system table and memory map
 * @config: what they say
 * @w:      where to, within the tables' place
 * @place:  filled
 *
 * If there is not enough room, that is in @w.
 *
 * Context: any thread.
 */
void efi_build(const struct efi_config *config, struct table_writer *w, struct efi_place *place);

#endif /* VMM_BOOT_EFI_H */
