/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/efi.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#define SYSTEM_TABLE_SIGNATURE UINT64_C(0x5453595320494249)
#define SYSTEM_TABLE_REVISION (UINT32_C(2) << 16 | 100)
#define SYSTEM_TABLE_BYTES 120U
#define SYSTEM_TABLE_CRC_AT 16
#define FIRMWARE_REVISION 1
#define ALIGN_BYTES 8

#define GUID_BYTES 16
#define TABLE_COUNT 2
#define RT_PROPERTIES_VERSION 1
#define RT_PROPERTIES_BYTES 8

#define DESCRIPTOR_BYTES 40U
#define DESCRIPTOR_VERSION 1
#define MEMORY_CONVENTIONAL 7
#define MEMORY_ACPI_RECLAIM 9
#define MEMORY_WB UINT64_C(8)
#define PAGE_BYTES 4096U

/* 8868e871-e4f1-11d3-bc22-0080c73c8881: RSDP of ACPI 2.0 and later. */
static const uint8_t guid_acpi_20[GUID_BYTES] = {
	0x71, 0xE8, 0x68, 0x88, 0xF1, 0xE4, 0xD3, 0x11,
	0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81,
};
/* eb66918a-7eef-402a-842e-931d21c38ae9: which runtime services there are. */
static const uint8_t guid_rt_properties[GUID_BYTES] = {
	0x8A, 0x91, 0x66, 0xEB, 0xEF, 0x7E, 0x2A, 0x40,
	0x84, 0x2E, 0x93, 0x1D, 0x21, 0xC3, 0x8A, 0xE9,
};

/* In UCS-2. */
static uint64_t write_vendor(struct table_writer *w)
{
	uint64_t ipa = table_here(w);

	for (const char *c = "torpor"; *c != '\0'; c++) {
		table_u16(w, (uint8_t)*c);
	}
	table_u16(w, 0);
	table_align(w, ALIGN_BYTES);
	return ipa;
}

static uint64_t write_rt_properties(struct table_writer *w)
{
	uint64_t ipa = table_here(w);

	table_u16(w, RT_PROPERTIES_VERSION);
	table_u16(w, RT_PROPERTIES_BYTES);
	table_u32(w, 0);
	return ipa;
}

static uint64_t write_tables(struct table_writer *w, uint64_t rsdp_ipa, uint64_t rt_ipa)
{
	uint64_t ipa = table_here(w);

	table_bytes(w, guid_acpi_20, sizeof(guid_acpi_20));
	table_u64(w, rsdp_ipa);
	table_bytes(w, guid_rt_properties, sizeof(guid_rt_properties));
	table_u64(w, rt_ipa);
	return ipa;
}

static uint64_t write_system_table(struct table_writer *w, uint64_t vendor_ipa, uint64_t tables_ipa)
{
	size_t begin = w->used_bytes;
	uint32_t crc;

	table_u64(w, SYSTEM_TABLE_SIGNATURE);
	table_u32(w, SYSTEM_TABLE_REVISION);
	table_u32(w, SYSTEM_TABLE_BYTES);
	table_zeros(w, 8);
	table_u64(w, vendor_ipa);
	table_u32(w, FIRMWARE_REVISION);
	/* Consoles, runtime and boot services: none. */
	table_zeros(w, 4 + 8 * sizeof(uint64_t));
	table_u64(w, TABLE_COUNT);
	table_u64(w, tables_ipa);
	if (!w->full) {
		crc = htole32((uint32_t)crc32(0, w->to + begin, SYSTEM_TABLE_BYTES));
		memcpy(w->to + begin + SYSTEM_TABLE_CRC_AT, &crc, sizeof(crc));
	}
	return w->ipa + begin;
}

/* Nothing for a region without a byte in it. */
static void write_region(struct table_writer *w, uint32_t type, uint64_t start, uint64_t end)
{
	if (start == end) {
		return;
	}
	table_u32(w, type);
	table_u32(w, 0);
	table_u64(w, start);
	table_u64(w, 0);
	table_u64(w, (end - start) / PAGE_BYTES);
	table_u64(w, MEMORY_WB);
}

void efi_build(const struct efi_config *config, struct table_writer *w, struct efi_place *place)
{
	uint64_t tables_end = config->tables_ipa + config->tables_size_bytes;
	uint64_t vendor_ipa;
	uint64_t rt_ipa;

	table_align(w, ALIGN_BYTES);
	vendor_ipa = write_vendor(w);
	rt_ipa = write_rt_properties(w);
	place->system_table_ipa =
		write_system_table(w, vendor_ipa, write_tables(w, config->rsdp_ipa, rt_ipa));
	place->map_ipa = table_here(w);
	write_region(w, MEMORY_CONVENTIONAL, config->ram_ipa, config->tables_ipa);
	write_region(w, MEMORY_ACPI_RECLAIM, config->tables_ipa, tables_end);
	write_region(w, MEMORY_CONVENTIONAL, tables_end, config->ram_ipa + config->ram_size_bytes);
	place->map_size_bytes = (uint32_t)(table_here(w) - place->map_ipa);
	place->descriptor_size_bytes = DESCRIPTOR_BYTES;
	place->descriptor_version = DESCRIPTOR_VERSION;
}
