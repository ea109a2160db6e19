/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables that tell the guest what its machine is, but for what is of one boot in them. */
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>

#include "boot/boot_tables.h"
#include "machine/description_internal.h"
#include "platform/layout.h"

static int describe_tree(const struct machine *machine, struct description_lines *lines,
			 struct vmm_error *error)
{
	static const uint8_t no_seeds[FDT_SEEDS_BYTES];
	struct fdt_config tree;
	void *dtb = malloc(FDT_SIZE_MAX_BYTES);
	int ret;

	if (dtb == NULL) {
		vmm_error_set(error, "no memory for a device tree");
		return -ENOMEM;
	}
	machine_tell_tree(machine, &tree);
	tree.seeds = no_seeds;
	tree.ram_ipa = LAYOUT_RAM_BASE;
	tree.ram_size_bytes = machine->config.memory_bytes;
	ret = fdt_build(&tree, dtb, FDT_SIZE_MAX_BYTES, error);
	if (ret == 0) {
		describe_digest(lines, "tables.dtb", dtb, fdt_totalsize(dtb));
	}
	free(dtb);
	return ret;
}

/* As if they were at the start of RAM, as where they are depends on the kernel. */
static int describe_acpi(const struct machine *machine, struct description_lines *lines,
			 struct vmm_error *error)
{
	struct table_writer w = {
		.to = malloc(BOOT_TABLES_BYTES),
		.ipa = LAYOUT_RAM_BASE,
		.size_bytes = BOOT_TABLES_BYTES,
	};
	struct acpi_config acpi;
	struct acpi_place place;
	int ret = 0;

	if (w.to == NULL) {
		vmm_error_set(error, "no memory for ACPI tables");
		return -ENOMEM;
	}
	machine_tell_acpi(machine, &acpi);
	acpi.ram_size_bytes = machine->config.memory_bytes;
	acpi_build(&acpi, &w, &place);
	if (w.full) {
		vmm_error_set(error, "ACPI tables for %zu CPUs do not fit", acpi.cpu_count);
		ret = -ENOSPC;
	} else {
		describe_digest(lines, "tables.acpi", w.to, w.used_bytes);
	}
	free(w.to);
	return ret;
}

int describe_tables(const struct machine *machine, struct description_lines *lines,
		    struct vmm_error *error)
{
	bool acpi = machine->config.firmware_tables == MACHINE_TABLES_ACPI;

	lines_add(lines, "tables", "%s", acpi ? "acpi" : "dt");
	return acpi ? describe_acpi(machine, lines, error) : describe_tree(machine, lines, error);
}
