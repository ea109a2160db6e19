/* SPDX-License-Identifier: BSD-3-Clause */
/* The balloon's commands, as a client of QEMU's has them. */
#include <string.h>
#include <unistd.h>

#include "check.h"

#include "qmp_fixture.h"

#define QUERY "{\"execute\":\"query-balloon\"}"
#define STATS "{\"execute\":\"x-torpor-query-balloon-stats\"}"
#define BALLOON(value) "{\"execute\":\"balloon\",\"arguments\":{\"value\":" value "}}"

static void asked_for_and_looked_at(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	fake_machine_give_balloon(fixture->machine, UINT64_C(1) << 40);
	assert_string_equal(client_ask(fixture, fd, QUERY),
			    "{\"return\":{\"actual\":1099511627776}}\r\n");
	assert_string_equal(client_ask(fixture, fd, BALLOON("268435456")), OK);
	assert_string_equal(client_ask(fixture, fd, QUERY),
			    "{\"return\":{\"actual\":268435456}}\r\n");
	assert_string_equal(client_ask(fixture, fd, STATS),
			    "{\"return\":{\"stats\":{\"stat-swap-in\":18446744073709551615,"
			    "\"stat-reclaim-direct\":15},\"last-update\":7}}\r\n");
	(void)close(fd);
}

/* What is no size is refused, and the balloon stays as it is. */
static void bad_sizes_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"execute\":\"balloon\"}",
		"{\"execute\":\"balloon\",\"arguments\":{\"size\":1}}",
		BALLOON("0"),
		BALLOON("-1"),
		BALLOON("1.5"),
		BALLOON("\"1\""),
		BALLOON("null"),
		BALLOON("{}"),
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	fake_machine_give_balloon(fixture->machine, 4096);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *answer = client_ask(fixture, fd, bad[i]);

		assert_non_null(strstr(answer, "GenericError"));
		assert_true(strstr(answer, "'value'") != NULL || strstr(answer, "'size'") != NULL);
	}
	assert_string_equal(client_ask(fixture, fd, QUERY), "{\"return\":{\"actual\":4096}}\r\n");
	(void)close(fd);
}

static void machine_without_one_says_so(void **state)
{
	static const char *const asks[] = {QUERY, STATS, BALLOON("4096")};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		assert_non_null(strstr(client_ask(fixture, fd, asks[i]), "--balloon"));
	}
	qmp_set_machine(fixture->server, NULL, 0);
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		assert_non_null(strstr(client_ask(fixture, fd, asks[i]), "no machine"));
	}
	(void)close(fd);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, qmp_fixture_set_up, qmp_fixture_tear_down)
	const struct CMUnitTest tests[] = {
		T(asked_for_and_looked_at),
		T(bad_sizes_are_refused),
		T(machine_without_one_says_so),
	};

	return cmocka_run_group_tests(tests, qmp_fixture_make_folder, qmp_fixture_remove_folder);
}
