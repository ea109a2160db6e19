/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that starts from firmware: what can be asked for, and what goes with it. */
#include "options_line.h"

static void test_firmware(void **state)
{
	struct run_options options;

	(void)state;
	parse_ok("--firmware f --variables v --variables-template t --disk d --append ~", &options);
	assert_null(options.machine.kernel);
	assert_string_equal(options.machine.firmware, "f");
	assert_string_equal(options.machine.variables, "v");
	assert_string_equal(options.machine.variables_template, "t");
	options_free(&options);
	parse_ok("--firmware f", &options);
	assert_null(options.machine.variables);
	options_free(&options);
}

static const struct bad_line bad_lines[] = {
	{"--cpus 2", "--kernel is missing", "--firmware FILE"},
	{"--kernel k --variables v", "--variables", "--firmware too"},
	{"--kernel k --variables-template v", "--variables-template", "--firmware too"},
	{"--variables v", "--variables", "--firmware too"},
	{"--firmware f --kernel k", "--kernel", "none with --firmware"},
	{"--firmware f --initrd i", "--initrd", "none with --firmware"},
	{"--firmware f --append a", "--append", "none with --firmware"},
	{"--firmware f --firmware-tables acpi", "--firmware-tables acpi", "no fw_cfg"},
	{"--firmware f --ramoops 1M", "--ramoops", "none with --firmware"},
	{"--firmware f --firmware g", "--firmware", "twice"},
	{"--firmware ~", "--firmware", "empty"},
};

static void test_bad_lines_are_named(void **state)
{
	(void)state;
	check_bad_lines(bad_lines, sizeof(bad_lines) / sizeof(bad_lines[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_bad_lines_are_named),
	};

	return cmocka_run_group_tests_name("options_firmware", tests, NULL, NULL);
}
