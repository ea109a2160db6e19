/* SPDX-License-Identifier: BSD-3-Clause */
/* RSDP and XSDT, which lead to all others: ACPI 6.3, 5.2.5 and 5.2.8. */
#include "boot/acpi.h"

#include <string.h>

#include "boot/acpi_internal.h"

#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_REVISION 2
#define RSDP_BYTES 36U
/* The first checksum is over what ACPI 1.0 had. */
#define RSDP_OLD_BYTES 20U
#define RSDP_OLD_CHECKSUM_AT 8
#define RSDP_CHECKSUM_AT 32
#define RSDP_ALIGN_BYTES 16
#define XSDT_REVISION 1

static uint64_t write_xsdt(struct table_writer *w, const uint64_t *tables, size_t count)
{
	size_t begin = table_begin(w, "XSDT", XSDT_REVISION);

	for (size_t i = 0; i < count; i++) {
		table_u64(w, tables[i]);
	}
	table_end(w, begin);
	return w->ipa + begin;
}

static uint64_t write_rsdp(struct table_writer *w, uint64_t xsdt_ipa)
{
	size_t begin;

	table_align(w, RSDP_ALIGN_BYTES);
	begin = w->used_bytes;
	table_bytes(w, RSDP_SIGNATURE, strlen(RSDP_SIGNATURE));
	table_u8(w, 0);
	table_bytes(w, "TORPOR", 6);
	table_u8(w, RSDP_REVISION);
	/* There is no RSDT: its addresses have 32 bits only. */
	table_u32(w, 0);
	table_u32(w, RSDP_BYTES);
	table_u64(w, xsdt_ipa);
	table_zeros(w, 4);
	if (!w->full) {
		uint8_t *rsdp = w->to + begin;

		rsdp[RSDP_OLD_CHECKSUM_AT] = table_checksum(rsdp, RSDP_OLD_BYTES);
		rsdp[RSDP_CHECKSUM_AT] = table_checksum(rsdp, RSDP_BYTES);
	}
	return w->ipa + begin;
}

void acpi_put_address(struct table_writer *w, uint8_t bits, uint8_t access, uint64_t address)
{
	table_u8(w, 0);
	table_u8(w, bits);
	table_u8(w, 0);
	table_u8(w, access);
	table_u64(w, address);
}

void acpi_build(const struct acpi_config *config, struct table_writer *w, struct acpi_place *place)
{
	uint64_t dsdt_ipa;
	uint64_t tables[4];

	place->facs_ipa = acpi_write_facs(w, config);
	dsdt_ipa = acpi_write_dsdt(w, config);
	tables[0] = acpi_write_fadt(w, place->facs_ipa, dsdt_ipa);
	tables[1] = acpi_write_madt(w, config);
	tables[2] = acpi_write_gtdt(w, config);
	tables[3] = acpi_write_spcr(w);
	place->rsdp_ipa = write_rsdp(w, write_xsdt(w, tables, sizeof(tables) / sizeof(tables[0])));
}
