/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables that tell the guest what its machine is, but for what is of one boot in them. */
#include <endian.h>
#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot_tables.h"
#include "machine/description_internal.h"
#include "platform/layout.h"

/* Offsets of ACPI 6.3: in RSDP, in each table's header, and in the FADT. */
#define RSDP_XSDT_AT 24
#define ACPI_LENGTH_AT 4
#define FADT_DSDT_AT 140

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

static uint64_t number_at(const struct table_writer *w, uint64_t ipa, size_t len_bytes)
{
	uint64_t value = 0;

	memcpy(&value, w->to + (ipa - w->ipa), len_bytes);
	return le64toh(value);
}

/* One of those with a header: its name and length are the first in it. */
static void digest_table(struct description_lines *lines, const struct table_writer *w,
			 uint64_t ipa)
{
	char field[32];

	(void)snprintf(field, sizeof(field), "tables.%.*s", (int)TABLE_SIGNATURE_BYTES,
		       (const char *)w->to + (ipa - w->ipa));
	describe_digest(lines, field, w->to + (ipa - w->ipa),
			(size_t)number_at(w, ipa + ACPI_LENGTH_AT, sizeof(uint32_t)));
}

/* All together, and each that the guest finds by the XSDT or the FADT, so that one can tell. */
static void digest_tables(struct description_lines *lines, const struct table_writer *w,
			  const struct acpi_place *place)
{
	uint64_t xsdt = number_at(w, place->rsdp_ipa + RSDP_XSDT_AT, sizeof(uint64_t));
	uint64_t end = xsdt + number_at(w, xsdt + ACPI_LENGTH_AT, sizeof(uint32_t));

	describe_digest(lines, "tables.acpi", w->to, w->used_bytes);
	for (uint64_t at = xsdt + TABLE_HEADER_BYTES; at < end; at += sizeof(uint64_t)) {
		uint64_t table = number_at(w, at, sizeof(uint64_t));

		digest_table(lines, w, table);
		if (memcmp(w->to + (table - w->ipa), "FACP", TABLE_SIGNATURE_BYTES) == 0) {
			digest_table(lines, w,
				     number_at(w, table + FADT_DSDT_AT, sizeof(uint64_t)));
		}
	}
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
		digest_tables(lines, &w, &place);
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
