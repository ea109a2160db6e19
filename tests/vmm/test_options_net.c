/* SPDX-License-Identifier: BSD-3-Clause */
/* --net does what the help says, and a bad value is named in one line. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/options.h"

#define COUNT_MAX 6

static enum options_result parse(const char *const *values, struct run_options *options,
				 struct vmm_error *error)
{
	static char words[COUNT_MAX][512];
	static char run[] = "run";
	static char kernel[] = "--kernel=k";
	char *argv[COUNT_MAX + 3] = {run, kernel};
	int argc = 2;

	for (unsigned i = 0; i < COUNT_MAX && values[i] != NULL; i++) {
		(void)snprintf(words[i], sizeof(words[i]), "--net=%s", values[i]);
		argv[argc++] = words[i];
	}
	argv[argc] = NULL;
	error->text[0] = '\0';
	return options_parse(argc, argv, options, error);
}

static void kinds(void **state)
{
	static const uint8_t first[] = {0x02, 0x74, 0x70, 0x72, 0x00, 0x00};
	static const uint8_t second[] = {0x52, 0x54, 0x00, 0xAB, 0xcd, 0xEF};
	const char *const values[] = {
		"tap=tap0",
		"stream=/run/a b,mac=52:54:00:AB:cd:ef,mtu=9000",
		"tapfd=7,mtu=65535",
		"passt,mtu=68,args=-t 22,25 -4,mac=x",
		NULL,
	};
	struct run_options options;
	struct vmm_error error;
	const struct machine_net_config *net = options.machine.nets;

	(void)state;
	assert_int_equal(parse(values, &options, &error), OPTIONS_RUN);
	assert_int_equal(options.machine.net_count, 4);
	assert_int_equal(net[0].kind, MACHINE_NET_TAP);
	assert_string_equal(net[0].target, "tap0");
	assert_memory_equal(net[0].mac, first, sizeof(first));
	assert_int_equal(net[0].mtu, 0);
	assert_int_equal(net[1].kind, MACHINE_NET_STREAM);
	assert_string_equal(net[1].target, "/run/a b");
	assert_memory_equal(net[1].mac, second, sizeof(second));
	assert_int_equal(net[1].mtu, 9000);
	assert_int_equal(net[2].kind, MACHINE_NET_TAP_FD);
	assert_int_equal(net[2].fd, 7);
	/* By its place, whatever the others have. */
	assert_int_equal(net[2].mac[5], 2);
	assert_int_equal(net[2].mtu, 65535);
	assert_int_equal(net[3].kind, MACHINE_NET_PASST);
	/* All that follows is passt's. */
	assert_string_equal(net[3].target, "-t 22,25 -4,mac=x");
	assert_int_equal(net[3].mtu, 68);
	options_free(&options);
	assert_int_equal(options.machine.net_count, 0);
}

/* A socket's name may have commas, as a disk's may. */
static void socket_with_commas(void **state)
{
	static const struct {
		const char *value;
		const char *target;
		uint16_t mtu;
	} rows[] = {
		{"stream=/run/a,b", "/run/a,b", 0},
		{"stream=/run/a,b,mtu=9000", "/run/a,b", 9000},
		{"stream=/run/a,mtu=70,b,mtu=9000,mac=52:54:00:12:34:56", "/run/a,mtu=70,b", 9000},
		{"stream=/run/a,,mtu=9000", "/run/a,", 9000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const values[] = {rows[i].value, NULL};
		struct run_options options;
		struct vmm_error error;

		assert_int_equal(parse(values, &options, &error), OPTIONS_RUN);
		assert_string_equal(options.machine.nets[0].target, rows[i].target);
		assert_int_equal(options.machine.nets[0].mtu, rows[i].mtu);
		options_free(&options);
	}
}

static void passt_alone(void **state)
{
	const char *const values[] = {"passt", NULL};
	struct run_options options;
	struct vmm_error error;

	(void)state;
	assert_int_equal(parse(values, &options, &error), OPTIONS_RUN);
	assert_null(options.machine.nets[0].target);
	options_free(&options);
}

static void bad_values_are_named(void **state)
{
	static const struct {
		const char *value;
		const char *text;
	} rows[] = {
		{"tap", "expected tap=INTERFACE"},
		{"tap=", "expected tap=INTERFACE"},
		{"tap0", "expected tap=INTERFACE"},
		{"user", "expected tap=INTERFACE"},
		{"passt=x", "expected tap=INTERFACE"},
		{"stream=", "expected tap=INTERFACE"},
		{"tapfd=", "expected tap=INTERFACE"},
		{"tapfd=x", "expected tap=INTERFACE"},
		{"tapfd=-1", "expected tap=INTERFACE"},
		{"tapfd=99999999999", "expected tap=INTERFACE"},
		{",mac=52:54:00:12:34:56", "expected tap=INTERFACE"},
		{"tap=t,", "expected mac=ADDRESS or mtu=NUMBER"},
		{"tap=t,mac", "expected mac=ADDRESS or mtu=NUMBER"},
		{"stream=s,mtu=1", "expected a number from 68 to 65535"},
		{"tap=t,args=-4", "expected mac=ADDRESS or mtu=NUMBER"},
		{"passt,arg=-4", "args=PASST-OPTIONS"},
		{"passt,mac=", "expected six bytes"},
		{"passt,mac=52:54:00:12:34", "expected six bytes"},
		{"passt,mac=52:54:00:12:34:5", "expected six bytes"},
		{"passt,mac=52:54:00:12:34:567", "expected six bytes"},
		{"passt,mac=52:54:00:12:34:5g", "expected six bytes"},
		{"passt,mac=52-54-00-12-34-56", "expected six bytes"},
		{"passt,mac=53:54:00:12:34:56", "first of them even"},
		{"passt,mtu=", "expected a number from 68 to 65535"},
		{"passt,mtu=67", "expected a number from 68 to 65535"},
		{"passt,mtu=65536", "expected a number from 68 to 65535"},
		{"passt,mtu=1500x", "expected a number from 68 to 65535"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const values[] = {rows[i].value, NULL};
		struct run_options options;
		struct vmm_error error;

		assert_int_equal(parse(values, &options, &error), OPTIONS_BAD);
		if (strstr(error.text, rows[i].text) == NULL ||
		    strstr(error.text, rows[i].value) == NULL || strchr(error.text, '\n') != NULL) {
			fail_msg("'%s': %s", rows[i].value, error.text);
		}
		options_free(&options);
	}
}

static void not_too_many_and_not_alike(void **state)
{
	const char *const five[] = {"passt", "passt", "passt", "passt", "tap=t", NULL};
	const char *const alike[] = {"passt", "tap=t,mac=02:74:70:72:00:00", NULL};
	struct run_options options;
	struct vmm_error error;

	(void)state;
	assert_int_equal(parse(five, &options, &error), OPTIONS_BAD);
	assert_non_null(strstr(error.text, "--net 'tap=t': expected 4 network devices at most"));
	options_free(&options);
	assert_int_equal(parse(alike, &options, &error), OPTIONS_BAD);
	assert_non_null(strstr(error.text, "same address as network device 0"));
	options_free(&options);
}

static void help_tells_of_it(void **state)
{
	(void)state;
	assert_non_null(strstr(help_run(), "--net KIND"));
	assert_non_null(strstr(help_run(), "passt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(socket_with_commas),
		cmocka_unit_test(passt_alone),
		cmocka_unit_test(bad_values_are_named),
		cmocka_unit_test(not_too_many_and_not_alike),
		cmocka_unit_test(help_tells_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
