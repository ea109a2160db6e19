/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables by which a guest boots with ACPI, in RAM: ACPI's, and what of EFI leads to them.
 */
#ifndef VMM_BOOT_BOOT_TABLES_H
#define VMM_BOOT_BOOT_TABLES_H

#include "boot/acpi.h"
#include "boot/efi.h"
#include "platform/ram.h"

/* They have so much of RAM to themselves, which is enough for as many CPUs as there can be. */
#define BOOT_TABLES_BYTES UINT64_C(0x40000)

/**
 * struct boot_tables - where a guest looks for what
 * @efi:      for the device tree
 * @facs_ipa: the table with the hardware signature
 */
struct boot_tables {
	struct efi_place efi;
	uint64_t facs_ipa;
};

/**
 * boot_tables_load() - write them
 * @acpi:   what they say; RAM in it is filled in here
 * @ram:    all of it
 * @ipa:    where in it, at a multiple of EFI_REGION_ALIGN_BYTES
 * @to:     the same place: BOOT_TABLES_BYTES
 * @tables: filled on success
 * @err:    filled on failure
 *
 * Return: 0; -ENOSPC if they do not fit.
 */
int boot_tables_load(const struct acpi_config *acpi, const struct guest_ram *ram, uint64_t ipa,
		     void *to, struct boot_tables *tables, struct vmm_error *err);

#endif /* VMM_BOOT_BOOT_TABLES_H */
