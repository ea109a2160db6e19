/* SPDX-License-Identifier: BSD-3-Clause */
/* Options about devices: each does what the help says, and a bad one is named in one line. */
#include "options_line.h"

#include <string.h>

static void test_watchdog_and_panic(void **state)
{
	static const struct {
		const char *line;
		enum machine_watchdog watchdog;
		bool panic_ends;
	} cases[] = {
		{"--kernel k", MACHINE_WATCHDOG_NONE, false},
		{"--kernel k --watchdog", MACHINE_WATCHDOG_RESET, false},
		{"--kernel k --watchdog-action reset", MACHINE_WATCHDOG_RESET, false},
		{"--kernel k --watchdog --watchdog-action poweroff", MACHINE_WATCHDOG_POWEROFF,
		 false},
		{"--kernel k --watchdog-action poweroff --watchdog", MACHINE_WATCHDOG_POWEROFF,
		 false},
		{"--kernel k --panic-action run", MACHINE_WATCHDOG_NONE, false},
		{"--kernel k --panic-action poweroff", MACHINE_WATCHDOG_NONE, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run_options options;

		parse_ok(cases[i].line, &options);
		assert_int_equal(options.machine.watchdog, cases[i].watchdog);
		assert_int_equal(options.machine.panic_ends, cases[i].panic_ends);
		options_free(&options);
	}
}

static void test_virtio_console(void **state)
{
	struct run_options options;
	const struct machine_console_config *console = &options.machine.console;

	(void)state;
	parse_ok("--kernel k --virtio-console stdio", &options);
	assert_true(console->on_terminal);
	assert_null(console->path);
	options_free(&options);
	parse_ok("--kernel k --virtio-console ./stdio --virtio-port org.qemu.guest_agent.0=a "
		 "--virtio-port b-1=c=d",
		 &options);
	assert_false(console->on_terminal);
	assert_string_equal(console->path, "./stdio");
	assert_int_equal(console->port_count, 2);
	assert_string_equal(console->ports[0].name, "org.qemu.guest_agent.0");
	assert_string_equal(console->ports[0].path, "a");
	assert_string_equal(console->ports[1].name, "b-1");
	assert_string_equal(console->ports[1].path, "c=d");
	options_free(&options);
}

static const struct bad_line bad_lines[] = {
	{"--kernel k --watchdog=1", "--watchdog", "takes no value"},
	{"--kernel k --watchdog-action pause", "--watchdog-action 'pause'", "reset or poweroff"},
	{"--kernel k --panic-action stop", "--panic-action 'stop'", "run or poweroff"},
	{"--kernel k --virtio-console", "--virtio-console", "SOCKET|stdio"},
	{"--kernel k --virtio-port a", "--virtio-port 'a'", "NAME=SOCKET"},
	{"--kernel k --virtio-port a=", "--virtio-port 'a='", "NAME=SOCKET"},
	{"--kernel k --virtio-port =s", "--virtio-port '=s'", "NAME=SOCKET"},
	{"--kernel k --virtio-port a/b=s", "--virtio-port 'a/b=s'", "NAME=SOCKET"},
	{"--kernel k --virtio-port a=s --virtio-port a=t", "--virtio-port 'a=t'", "another name"},
	{"--kernel k --virtio-port a=s --virtio-port b=s --virtio-port c=s --virtio-port d=s "
	 "--virtio-port e=s",
	 "--virtio-port 'e=s'", "4 ports"},
};

static void test_bad_lines_are_named(void **state)
{
	(void)state;
	check_bad_lines(bad_lines, sizeof(bad_lines) / sizeof(bad_lines[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watchdog_and_panic),
		cmocka_unit_test(test_virtio_console),
		cmocka_unit_test(test_bad_lines_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
