/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACPI tables that tell the guest what its machine is: what the device tree says else, except
 * where RAM is, which is EFI's to say (boot/efi.h).
 *
 * The platform is a hardware-reduced one: it has none of ACPI's own registers, and its power states
 * are PSCI's. The tables are those of ACPI 6.3. The same machine has the same tables, byte for
 * byte.
 */
#ifndef VMM_BOOT_ACPI_H
#define VMM_BOOT_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/table.h"
#include "error.h"

/* Where the hardware signature is in a FACS. */
#define ACPI_FACS_SIGNATURE_AT 8

/**
 * struct acpi_config - what the tables say; all of it borrowed for the call
 * @ram_size_bytes:     of RAM
 * @mpidrs:             affinity of each CPU; bits of MPIDR that are no affinity are ignored
 * @cpu_count:          at least 1; the first CPU is the one that boots
 * @pmu:                the CPUs have performance counters
 * @idle_states:        the CPUs have their own ones of platform/idle_states.h
 * @has_watchdog:       there is one
 * @virtio_slots:       bit n is set if virtio-mmio slot n has a device; others are left out
 * @hardware_signature: for FACS
 */
struct acpi_config {
	uint64_t ram_size_bytes;
	const uint64_t *mpidrs;
	size_t cpu_count;
	bool pmu;
	bool idle_states;
	bool has_watchdog;
	uint32_t virtio_slots;
	uint32_t hardware_signature;
};

/**
 * struct acpi_place - where a guest looks for what
 * @rsdp_ipa: the first of the tables
 * @facs_ipa: the one with the hardware signature, which comes first of all
 */
struct acpi_place {
	uint64_t rsdp_ipa;
	uint64_t facs_ipa;
};

/**
 * acpi_build() - write the tables
 * @config: what they say
 * @w:      where to
 * @place:  filled
 *
 * If there is not enough room, that is in @w.
 *
 * Context: any thread.
 */
void acpi_build(const struct acpi_config *config, struct table_writer *w, struct acpi_place *place);

#endif /* VMM_BOOT_ACPI_H */
