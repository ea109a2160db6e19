/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of boot/acpi.h and boot/efi.h, by the offsets of ACPI 6.3 and UEFI 2.10. */
#include "acpi_tables.h"

#include <zlib.h>

#include "boot/efi.h"
#include "platform/idle_states.h"
#include "platform/layout.h"

#define SMALL 0
#define FULL 1
#define LARGE 2

static struct acpi_tables tables;

static const uint8_t *get(size_t machine, const char *signature)
{
	const uint8_t *table;

	acpi_tables_build(&tables, &acpi_machines[machine].config);
	assert_false(tables.w.full);
	table = acpi_find(&tables, signature);
	assert_non_null(table);
	return table;
}

static void expect_sum(const uint8_t *bytes, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += bytes[i];
	}
	assert_int_equal(sum & 0xFF, 0);
}

/* Linux warns of each checksum that is wrong. */
static void test_checksums(void **state)
{
	static const char *const signatures[] = {"XSDT", "FACP", "APIC", "GTDT", "SPCR", "DSDT"};

	(void)state;
	for (size_t machine = 0; machine < ACPI_MACHINE_COUNT; machine++) {
		for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
			const uint8_t *table = get(machine, signatures[i]);

			expect_sum(table, acpi_length(table));
		}
	}
}

static void test_rsdp(void **state)
{
	const uint8_t *xsdt = get(FULL, "XSDT");
	const uint8_t *rsdp = acpi_at(&tables, tables.place.rsdp_ipa);

	(void)state;
	assert_int_equal(tables.place.rsdp_ipa % 16, 0);
	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(rsdp[15], 2);
	assert_int_equal(acpi_number(rsdp, 16, 4), 0);
	assert_int_equal(acpi_number(rsdp, 20, 4), 36);
	expect_sum(rsdp, 20);
	expect_sum(rsdp, 36);
	assert_int_equal(acpi_length(xsdt), 36 + 4 * 8);
}

/* Hardware-reduced, PSCI by HVC; both buttons are devices. */
static void test_fadt(void **state)
{
	const uint8_t *fadt = get(FULL, "FACP");

	(void)state;
	assert_int_equal(acpi_length(fadt), 276);
	assert_int_equal(fadt[8], 6);
	assert_int_equal(fadt[131], 3);
	assert_int_equal(acpi_number(fadt, 112, 4), 1U << 20 | 1U << 5 | 1U << 4);
	assert_int_equal(acpi_number(fadt, 129, 2), 3);
	assert_int_equal(acpi_number(fadt, 36, 4), 0);
	assert_int_equal(acpi_number(fadt, 40, 4), 0);
	assert_int_equal(acpi_number(fadt, 132, 8), tables.place.facs_ipa);
	assert_memory_equal(fadt + 268, "TORPOR\0", 8);
}

static void test_facs(void **state)
{
	static const struct {
		size_t machine;
		uint32_t signature;
	} cases[] = {{SMALL, 0}, {FULL, TABLES_SIGNATURE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *facs = get(cases[i].machine, "FACS");

		assert_ptr_equal(facs, acpi_at(&tables, tables.place.facs_ipa));
		assert_int_equal(tables.place.facs_ipa % 64, 0);
		assert_int_equal(acpi_length(facs), 64);
		assert_int_equal(facs[32], 2);
		assert_int_equal(acpi_number(facs, ACPI_FACS_SIGNATURE_AT, 4), cases[i].signature);
	}
}

/* The @n-th structure of that type in a MADT, or NULL. */
static const uint8_t *madt_entry(const uint8_t *madt, uint8_t type, size_t n)
{
	for (size_t at = 44; at < acpi_length(madt); at += madt[at + 1]) {
		assert_true(madt[at + 1] >= 8);
		if (madt[at] == type && n-- == 0) {
			return madt + at;
		}
	}
	return NULL;
}

static void expect_cpu(const uint8_t *entry, uint32_t cpu, uint64_t mpidr, uint32_t pmu)
{
	assert_non_null(entry);
	assert_int_equal(entry[1], 80);
	assert_int_equal(acpi_number(entry, 4, 4), cpu);
	assert_int_equal(acpi_number(entry, 8, 4), cpu);
	assert_int_equal(acpi_number(entry, 12, 4), 1);
	assert_int_equal(acpi_number(entry, 20, 4), pmu);
	assert_int_equal(acpi_number(entry, 56, 4), 0);
	assert_int_equal(acpi_number(entry, 68, 8), mpidr);
}

static void expect_gicr(const uint8_t *entry, uint64_t base, uint64_t size_bytes)
{
	assert_non_null(entry);
	assert_int_equal(entry[1], 16);
	assert_int_equal(acpi_number(entry, 4, 8), base);
	assert_int_equal(acpi_number(entry, 12, 4), size_bytes);
}

static void test_madt(void **state)
{
	const uint8_t *madt = get(SMALL, "APIC");

	(void)state;
	expect_cpu(madt_entry(madt, 0x0B, 0), 0, 0, 0);
	assert_null(madt_entry(madt, 0x0B, 1));
	madt = get(FULL, "APIC");
	expect_cpu(madt_entry(madt, 0x0B, 3), 3, 3, LAYOUT_PMU_INTID);
	assert_null(madt_entry(madt, 0x0B, 4));
	assert_int_equal(acpi_number(madt_entry(madt, 0x0C, 0), 8, 8), LAYOUT_GICD_BASE);
	assert_int_equal(madt_entry(madt, 0x0C, 0)[20], 3);
	expect_gicr(madt_entry(madt, 0x0E, 0), LAYOUT_GICR_BASE, LAYOUT_GICR_SIZE_BYTES);
	assert_null(madt_entry(madt, 0x0E, 1));
}

/* CPUs from 123 on have their redistributors in a second range, above RAM. */
static void test_madt_large(void **state)
{
	const uint8_t *madt = get(LARGE, "APIC");

	(void)state;
	expect_cpu(madt_entry(madt, 0x0B, 511), 511, 0x1F0F, LAYOUT_PMU_INTID);
	expect_gicr(madt_entry(madt, 0x0E, 0), LAYOUT_GICR_BASE, LAYOUT_GICR_SIZE_BYTES);
	expect_gicr(madt_entry(madt, 0x0E, 1), UINT64_C(301) << 30, LAYOUT_GICR2_SIZE_BYTES);
	assert_null(madt_entry(madt, 0x0E, 2));
}

static void test_gtdt(void **state)
{
	static const uint32_t timers[] = {29, 30, 27, 26};
	const uint8_t *gtdt = get(SMALL, "GTDT");

	(void)state;
	assert_int_equal(acpi_length(gtdt), 104);
	assert_int_equal(acpi_number(gtdt, 88, 4), 0);
	gtdt = get(FULL, "GTDT");
	assert_int_equal(acpi_length(gtdt), 104 + 28);
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
		assert_int_equal(acpi_number(gtdt, 48 + 8 * i, 4), timers[i]);
		/* A level, high, always on. */
		assert_int_equal(acpi_number(gtdt, 52 + 8 * i, 4), 4);
	}
	assert_int_equal(acpi_number(gtdt, 88, 4), 1);
	assert_int_equal(acpi_number(gtdt, 92, 4), 104);
	assert_int_equal(gtdt[104], 1);
	assert_int_equal(acpi_number(gtdt, 108, 8), LAYOUT_WATCHDOG_REFRESH_BASE);
	assert_int_equal(acpi_number(gtdt, 116, 8), LAYOUT_WATCHDOG_CONTROL_BASE);
	assert_int_equal(acpi_number(gtdt, 124, 4), LAYOUT_WATCHDOG_INTID);
	assert_int_equal(acpi_number(gtdt, 128, 4), 0);
}

static void test_spcr(void **state)
{
	const uint8_t *spcr = get(FULL, "SPCR");

	(void)state;
	assert_int_equal(acpi_length(spcr), 80);
	assert_int_equal(spcr[36], 3);
	assert_memory_equal(spcr + 40, "\0\x20\0\x03", 4);
	assert_int_equal(acpi_number(spcr, 44, 8), LAYOUT_UART_BASE);
	assert_int_equal(spcr[52], 8);
	assert_int_equal(acpi_number(spcr, 54, 4), LAYOUT_UART_INTID);
}

static bool dsdt_has(const uint8_t *dsdt, const char *bytes, size_t count)
{
	return memmem(dsdt, acpi_length(dsdt), bytes, count) != NULL;
}

/* What is in the DSDT is what the machine has; its form is acpi_check.py's business. */
static void test_dsdt(void **state)
{
	static const char *const ids[] = {
		"ACPI0007", "ARMH0011", "ARMH0061", "PNP0C0C",
		"PNP0C0E",  "PRP0001",	"QEMU0001", "ACPI000E",
	};
	const uint8_t *dsdt = get(SMALL, "DSDT");

	(void)state;
	assert_int_equal(dsdt[8], 2);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_true(dsdt_has(dsdt, ids[i], strlen(ids[i]) + 1));
	}
	assert_true(dsdt_has(dsdt, "C000", 4));
	assert_false(dsdt_has(dsdt, "C001", 4));
	assert_false(dsdt_has(dsdt, "LNRO0005", 8));
	assert_false(dsdt_has(dsdt, "_LPI", 4));
	assert_false(dsdt_has(dsdt, "_OSC", 4));
	dsdt = get(FULL, "DSDT");
	assert_true(dsdt_has(dsdt, "C003", 4));
	assert_false(dsdt_has(dsdt, "C004", 4));
	assert_true(dsdt_has(dsdt, "VR03", 4));
	assert_false(dsdt_has(dsdt, "VR04", 4));
	assert_true(dsdt_has(dsdt, "VR23", 4));
	assert_true(dsdt_has(dsdt, "_LPI", 4));
	for (size_t i = 0; i < IDLE_STATE_COUNT; i++) {
		/* No states of clusters. */
		assert_int_equal(dsdt_has(dsdt, idle_states[i].name, strlen(idle_states[i].name)),
				 i < IDLE_STATE_CPU_COUNT);
	}
	dsdt = get(LARGE, "DSDT");
	assert_true(dsdt_has(dsdt, "C1FF", 4));
	assert_true(dsdt_has(dsdt, "VR31", 4));
}

/* The same machine has the same bytes, and every one of them is written. */
static void test_same_bytes(void **state)
{
	static struct acpi_tables again;

	(void)state;
	for (size_t i = 0; i < ACPI_MACHINE_COUNT; i++) {
		acpi_tables_build_over(&tables, &acpi_machines[i].config, 0xA5);
		acpi_tables_build_over(&again, &acpi_machines[i].config, 0x5A);
		assert_int_equal(tables.w.used_bytes, again.w.used_bytes);
		assert_memory_equal(tables.bytes, again.bytes, tables.w.used_bytes);
	}
}

static void test_no_room(void **state)
{
	size_t needed;

	(void)state;
	(void)get(FULL, "XSDT");
	needed = tables.w.used_bytes;
	for (size_t size = 0; size < needed; size += 7) {
		struct table_writer w = {
			.to = tables.bytes,
			.ipa = TABLES_IPA,
			.size_bytes = size,
		};
		struct acpi_config config = acpi_machines[FULL].config;
		const uint64_t mpidrs[] = {0, 1, 2, 3};
		struct acpi_place place;
		uint8_t next = tables.bytes[size];

		config.mpidrs = mpidrs;
		acpi_build(&config, &w, &place);
		assert_true(w.full);
		assert_int_equal(tables.bytes[size], next);
	}
}

static const struct efi_config efi_config = {
	.ram_ipa = LAYOUT_RAM_BASE,
	.ram_size_bytes = UINT64_C(1) << 30,
	.tables_ipa = TABLES_IPA,
	.tables_size_bytes = BOOT_TABLES_BYTES,
	.rsdp_ipa = TABLES_IPA + 0x30,
};

static void get_efi(const struct efi_config *config, struct efi_place *place)
{
	memset(tables.bytes, 0xA5, sizeof(tables.bytes));
	tables.w = (struct table_writer){
		.to = tables.bytes,
		.ipa = TABLES_IPA,
		.size_bytes = sizeof(tables.bytes),
	};
	efi_build(config, &tables.w, place);
	assert_false(tables.w.full);
}

/* To the RSDP, and that there are no runtime services: without that Linux would call them. */
static void test_efi_tables(void **state)
{
	static const uint8_t acpi_20[] = {0x71, 0xE8, 0x68, 0x88, 0xF1, 0xE4, 0xD3, 0x11,
					  0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81};
	static const uint8_t rt[] = {0x8A, 0x91, 0x66, 0xEB, 0xEF, 0x7E, 0x2A, 0x40,
				     0x84, 0x2E, 0x93, 0x1D, 0x21, 0xC3, 0x8A, 0xE9};
	struct efi_place place;
	uint8_t header[120];
	const uint8_t *found;

	(void)state;
	get_efi(&efi_config, &place);
	memcpy(header, acpi_at(&tables, place.system_table_ipa), sizeof(header));
	assert_memory_equal(header, "IBI SYST", 8);
	assert_int_equal(acpi_number(header, 8, 4), 2U << 16 | 100);
	assert_int_equal(acpi_number(header, 12, 4), 120);
	assert_memory_equal(acpi_at(&tables, acpi_number(header, 24, 8)), "t\0o\0r\0p\0o\0r\0\0\0",
			    14);
	assert_int_equal(acpi_number(header, 104, 8), 2);
	found = acpi_at(&tables, acpi_number(header, 112, 8));
	assert_memory_equal(found, acpi_20, sizeof(acpi_20));
	assert_int_equal(acpi_number(found, 16, 8), efi_config.rsdp_ipa);
	assert_memory_equal(found + 24, rt, sizeof(rt));
	assert_memory_equal(acpi_at(&tables, acpi_number(found, 40, 8)), "\x01\0\x08\0\0\0\0\0", 8);
	memset(header + 16, 0, 4);
	assert_int_equal(acpi_number(acpi_at(&tables, place.system_table_ipa), 16, 4),
			 crc32(0, header, sizeof(header)));
}

static void expect_region(const struct efi_place *place, size_t n, uint32_t type, uint64_t start,
			  uint64_t end)
{
	const uint8_t *region = acpi_at(&tables, place->map_ipa) + n * 40;

	assert_int_equal(acpi_number(region, 0, 4), type);
	assert_int_equal(acpi_number(region, 8, 8), start);
	assert_int_equal(acpi_number(region, 24, 8), (end - start) / 4096);
	assert_int_equal(acpi_number(region, 32, 8), 8);
}

/* All of RAM, and the tables in a part of it that Linux keeps. */
static void test_efi_map(void **state)
{
	const uint64_t end = LAYOUT_RAM_BASE + efi_config.ram_size_bytes;
	const uint64_t tables_end = TABLES_IPA + BOOT_TABLES_BYTES;
	struct efi_config config = efi_config;
	struct efi_place place;

	(void)state;
	get_efi(&config, &place);
	assert_int_equal(place.descriptor_size_bytes, 40);
	assert_int_equal(place.descriptor_version, 1);
	assert_int_equal(place.map_ipa % 8, 0);
	assert_int_equal(place.map_size_bytes, 3 * 40);
	expect_region(&place, 0, 7, LAYOUT_RAM_BASE, TABLES_IPA);
	expect_region(&place, 1, 9, TABLES_IPA, tables_end);
	expect_region(&place, 2, 7, tables_end, end);
	/* Where they end RAM, nothing follows. */
	config.ram_size_bytes = tables_end - LAYOUT_RAM_BASE;
	get_efi(&config, &place);
	assert_int_equal(place.map_size_bytes, 2 * 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksums), cmocka_unit_test(test_rsdp),
		cmocka_unit_test(test_fadt),	  cmocka_unit_test(test_facs),
		cmocka_unit_test(test_madt),	  cmocka_unit_test(test_madt_large),
		cmocka_unit_test(test_gtdt),	  cmocka_unit_test(test_spcr),
		cmocka_unit_test(test_dsdt),	  cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_no_room),	  cmocka_unit_test(test_efi_tables),
		cmocka_unit_test(test_efi_map),
	};

	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
