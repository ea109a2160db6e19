/* SPDX-License-Identifier: BSD-3-Clause */
/* How the guest is told of its machine: what can be asked for, and what goes with it. */
#include "options_line.h"

static void test_tables(void **state)
{
	static const struct {
		const char *line;
		enum machine_tables tables;
		uint32_t signature;
	} cases[] = {
		{"--kernel k", MACHINE_TABLES_DT, 0},
		{"--kernel k --firmware-tables dt", MACHINE_TABLES_DT, 0},
		{"--kernel k --firmware-tables dt --psci 0.1", MACHINE_TABLES_DT, 0},
		{"--kernel k --firmware-tables acpi", MACHINE_TABLES_ACPI, 0},
		{"--kernel k --firmware-tables acpi --psci 0.2", MACHINE_TABLES_ACPI, 0},
		{"--firmware-tables acpi --idle-states --kernel k", MACHINE_TABLES_ACPI, 0},
		{"--kernel k --hardware-signature 1 --firmware-tables acpi", MACHINE_TABLES_ACPI,
		 1},
		{"--kernel k --firmware-tables acpi --hardware-signature 4294967295",
		 MACHINE_TABLES_ACPI, UINT32_MAX},
		{"--kernel k --firmware-tables acpi --hardware-signature 0x5eed1234",
		 MACHINE_TABLES_ACPI, 0x5EED1234},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run_options options;

		parse_ok(cases[i].line, &options);
		assert_int_equal(options.machine.firmware_tables, cases[i].tables);
		assert_int_equal(options.hardware_signature, cases[i].signature);
		options_free(&options);
	}
}

#define ACPI "--kernel k --firmware-tables acpi "

static const struct bad_line bad_lines[] = {
	{"--kernel k --firmware-tables uefi", "--firmware-tables 'uefi'", "dt, a device tree, or"},
	{"--kernel k --firmware-tables ~", "--firmware-tables", "dt|acpi"},
	{ACPI "--psci 0.1", "--firmware-tables acpi", "--psci 0.2 or later"},
	{ACPI "--idle-states --clusters 1", "--clusters 1", "--firmware-tables dt"},
	{ACPI "--ramoops 1M", "--ramoops", "--firmware-tables dt"},
	{"--kernel k --hardware-signature 1", "--hardware-signature", "--firmware-tables acpi"},
	{ACPI "--hardware-signature 0", "--hardware-signature '0'", "from 1"},
	{ACPI "--hardware-signature 0x0", "--hardware-signature '0x0'", "from 1"},
	{ACPI "--hardware-signature 0x100000000", "--hardware-signature '0x1", "0xffffffff"},
	{ACPI "--hardware-signature 99999999999999999999", "--hardware-signature '9999", "from 1"},
	{ACPI "--hardware-signature -1", "--hardware-signature '-1'", "from 1"},
	{ACPI "--hardware-signature +1", "--hardware-signature '+1'", "from 1"},
	{ACPI "--hardware-signature seed", "--hardware-signature 'seed'", "from 1"},
	{ACPI "--hardware-signature 12ab", "--hardware-signature '12ab'", "from 1"},
	{ACPI "--hardware-signature 0x", "--hardware-signature '0x'", "from 1"},
};

static void test_bad_lines_are_named(void **state)
{
	(void)state;
	check_bad_lines(bad_lines, sizeof(bad_lines) / sizeof(bad_lines[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_bad_lines_are_named),
	};

	return cmocka_run_group_tests_name("options_tables", tests, NULL, NULL);
}
