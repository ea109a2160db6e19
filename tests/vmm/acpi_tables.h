/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACPI and EFI tables as a guest finds them: written for some machines, and read back by address.
 */
#ifndef TESTS_VMM_ACPI_TABLES_H
#define TESTS_VMM_ACPI_TABLES_H

#include "check.h"

#include <string.h>

#include "boot/acpi.h"
#include "boot/boot_tables.h"

#define TABLES_IPA UINT64_C(0x42200000)
#define TABLES_SIGNATURE UINT32_C(0x5EED1234)
#define TABLES_CPUS_MAX 512

/**
 * struct acpi_machine - a machine that tables are written of
 * @name:   of it
 * @config: without MPIDRs
 */
struct acpi_machine {
	const char *name;
	struct acpi_config config;
};

/* The least, all that there can be, and one that needs a second range of redistributors. */
static const struct acpi_machine acpi_machines[] = {
	{"small", {.ram_size_bytes = UINT64_C(512) << 20, .cpu_count = 1}},
	{"full",
	 {.ram_size_bytes = UINT64_C(4) << 30,
	  .cpu_count = 4,
	  .pmu = true,
	  .idle_states = true,
	  .has_watchdog = true,
	  .virtio_slots = 0x00FF000F,
	  .hardware_signature = TABLES_SIGNATURE}},
	{"large",
	 {.ram_size_bytes = UINT64_C(300) << 30,
	  .cpu_count = TABLES_CPUS_MAX,
	  .pmu = true,
	  .idle_states = true,
	  .has_watchdog = true,
	  .virtio_slots = UINT32_MAX,
	  .hardware_signature = TABLES_SIGNATURE}},
};
#define ACPI_MACHINE_COUNT (sizeof(acpi_machines) / sizeof(acpi_machines[0]))

/**
 * struct acpi_tables - tables that were written
 * @bytes: at TABLES_IPA
 * @w:     its @used_bytes are theirs
 * @place: from acpi_build()
 */
struct acpi_tables {
	uint8_t bytes[BOOT_TABLES_BYTES];
	struct table_writer w;
	struct acpi_place place;
};

/*
 * Where there is @stale in memory. MPIDRs are as KVM gives them, 16 CPUs in a group; bits that are
 * no affinity are set as well.
 */
static inline void acpi_tables_build_over(struct acpi_tables *tables,
					  const struct acpi_config *config, uint8_t stale)
{
	static uint64_t mpidrs[TABLES_CPUS_MAX];
	struct acpi_config filled = *config;

	for (uint64_t i = 0; i < TABLES_CPUS_MAX; i++) {
		mpidrs[i] = UINT64_C(0x80000000) | (i & 0xF) | (i >> 4 & 0xFF) << 8;
	}
	filled.mpidrs = mpidrs;
	memset(tables->bytes, stale, sizeof(tables->bytes));
	tables->w = (struct table_writer){
		.to = tables->bytes,
		.ipa = TABLES_IPA,
		.size_bytes = sizeof(tables->bytes),
	};
	acpi_build(&filled, &tables->w, &tables->place);
}

static inline void acpi_tables_build(struct acpi_tables *tables, const struct acpi_config *config)
{
	acpi_tables_build_over(tables, config, 0);
}

static inline const uint8_t *acpi_at(const struct acpi_tables *tables, uint64_t ipa)
{
	assert_true(ipa >= TABLES_IPA && ipa < TABLES_IPA + tables->w.used_bytes);
	return tables->bytes + (ipa - TABLES_IPA);
}

static inline uint64_t acpi_number(const uint8_t *bytes, size_t offset, size_t count)
{
	uint64_t value = 0;

	while (count-- > 0) {
		value = value << 8 | bytes[offset + count];
	}
	return value;
}

static inline uint32_t acpi_length(const uint8_t *table)
{
	return (uint32_t)acpi_number(table, 4, 4);
}

/* By XSDT, and the two that the FADT knows; NULL if it is not there. */
static inline const uint8_t *acpi_find(const struct acpi_tables *tables, const char *signature)
{
	const uint8_t *xsdt =
		acpi_at(tables, acpi_number(acpi_at(tables, tables->place.rsdp_ipa), 24, 8));

	if (memcmp(signature, "XSDT", 4) == 0) {
		return xsdt;
	}
	for (size_t at = TABLE_HEADER_BYTES; at < acpi_length(xsdt); at += 8) {
		const uint8_t *table = acpi_at(tables, acpi_number(xsdt, at, 8));

		if (memcmp(table, signature, 4) == 0) {
			return table;
		}
		if (memcmp(table, "FACP", 4) == 0 && memcmp(signature, "FACS", 4) == 0) {
			return acpi_at(tables, acpi_number(table, 132, 8));
		}
		if (memcmp(table, "FACP", 4) == 0 && memcmp(signature, "DSDT", 4) == 0) {
			return acpi_at(tables, acpi_number(table, 140, 8));
		}
	}
	return NULL;
}

#endif /* TESTS_VMM_ACPI_TABLES_H */
