/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversations over the control socket. */
#include <json-c/json.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "qmp_fixture.h"

static void test_greeting(void **state)
{
	struct qmp_fixture *fixture = *state;
	struct json_object *greeting;
	struct json_object *body;
	int fd = client_connect();
	const char *text;

	qmp_fixture_serve(fixture);
	text = client_receive(fd);
	assert_string_equal(text + strlen(text) - 2, "\r\n");
	greeting = json_tokener_parse(text);
	body = json_object_object_get(greeting, "QMP");
	assert_true(json_object_is_type(json_object_object_get(body, "version"), json_type_object));
	assert_true(json_object_is_type(
		json_object_object_get(json_object_object_get(body, "version"), "qemu"),
		json_type_object));
	assert_int_equal(json_object_array_length(json_object_object_get(body, "capabilities")), 0);
	json_object_put(greeting);
	(void)close(fd);
}

/* A step of a conversation: what is sent, and a part of each line of the answer. */
struct step {
	const char *send;
	const char *answer;
};

static void talk(struct qmp_fixture *fixture, int fd, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *answer = client_ask(fixture, fd, steps[i].send);

		if (strstr(answer, steps[i].answer) == NULL ||
		    (steps[i].answer[0] == '\0' && answer[0] != '\0')) {
			fail_msg("%s: %s", steps[i].send, answer);
		}
	}
}

#define TALK(fixture, fd, steps) talk(fixture, fd, steps, sizeof(steps) / sizeof(steps[0]))

static void test_negotiation(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\":\"query-status\"}", "{\"error\":{\"class\":\"CommandNotFound\""},
		{"{\"execute\":\"no-such\",\"id\":1}", "\"id\":1}"},
		{"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}",
		 "{\"error\":{\"class\":\"GenericError\""},
		{"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"disable\":[]}}", "'disable'"},
		{"{\"execute\":\"query-status\"}", "CommandNotFound"},
		{"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[]}}", OK},
		{"{\"execute\":\"qmp_capabilities\"}", "CommandNotFound"},
		{"{\"execute\":\"query-status\"}", "\"return\""},
	};
	int fd = client_connect_and_greet(*state);

	TALK(*state, fd, steps);
	(void)close(fd);
}

static void test_requests(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\":\"query-status\"}",
		 "{\"return\":{\"status\":\"running\",\"running\":true}}\r\n"},
		{"{'execute':'query-status'}", "\"running\":true"},
		{"{\"execute\":\"query-status\",\"arguments\":{}}", "\"running\":true"},
		{"{\"execute\":\"query-status\",\"id\":\"a \\u00e9\"}",
		 "\"id\":\"a \xc3\xa9\"}\r\n"},
		{"{\"execute\":\"query-status\",\"id\":null}", "\"id\":null}\r\n"},
		{"{\"execute\":\"query-status\",\"id\":{\"a\":[1,2.50,\"x/y\"]}}",
		 "\"id\":{\"a\":[1,2.50,\"x/y\"]}}\r\n"},
		{"{\"execute\":\"query-status\",\"id\":18446744073709551615}",
		 "\"id\":18446744073709551615}\r\n"},
		{"{\"execute\":\"no-such\",\"id\":7}",
		 "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"there is no command "
		 "'no-such': query-commands lists them\"},\"id\":7}\r\n"},
		{"{\"execute\":\"quit\\u0000x\"}", "'execute'"},
		{"{\"execute\":7}", "GenericError"},
		{"{\"id\":7}", "'execute'"},
		{"{\"id\":7}", "\"id\":7}\r\n"},
		{"{\"execute\":\"query-status\",\"arguments\":[]}", "'arguments'"},
		{"{\"execute\":\"query-status\",\"arguments\":null}", "'arguments'"},
		{"{\"execute\":\"query-status\",\"control\":{}}", "'control'"},
		{"{\"exec-oob\":\"query-status\"}", "'exec-oob'"},
		{"{\"execute\":\"query-status\",\"arguments\":{\"cpu\":1}}", "'cpu'"},
		{"[]", "expected a JSON object"},
		{"{\"execute\":\"query-version\"}", "\"package\":\"torpor "},
		{"{\"execute\":\"query-commands\"}", "{\"name\":\"x-torpor-query-cpu\"}"},
	};
	int fd = client_connect_and_negotiate(*state);

	TALK(*state, fd, steps);
	assert_int_equal(fake_machine_host_end(((struct qmp_fixture *)*state)->machine),
			 POWER_REASON_NONE);
	(void)close(fd);
}

static void test_malformed_and_resync(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\" \"query-status\"}", "malformed JSON"},
		{"{\"execute\":\"query-status\"}", "\"running\":true"},
		{"{]{\"execute\":\"query-status\"}", "\"running\":true"},
		{"rubbish\n", "malformed JSON"},
		{"{\"execute\":\"query-status\"}", "\"running\":true"},
		{"{\"execute\":\"quer\n", "malformed JSON"},
		{"{\"execute\":\"query-status\"}", "\"running\":true"},
		{"{\"execute\":[[[", ""},
		{"\xff", "malformed JSON"},
		{"{\"execute\":\"query-status\"}", "\"running\":true"},
		{"{\"id\":\"\xc3(\"}", "malformed JSON"},
		{"{\"id\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
		 "}",
		 "malformed JSON"},
		{"{\"execute\":\"query-status\"}", "\"running\":true"},
	};
	int fd = client_connect_and_negotiate(*state);

	TALK(*state, fd, steps);
	(void)close(fd);
}

/* What is in the answer to a conversation does not depend on how it was cut up. */
static void test_every_chunk_size(void **state)
{
	static const char text[] =
		NEGOTIATE "\n{\"execute\":\"query-status\",\"id\":\"}{\\\"\"}\r\n"
			  "bad\n" NEGOTIATE "{\"execute\":\"query-version\"}";
	char whole[TEXT_SIZE] = "";
	struct qmp_fixture *fixture = *state;

	for (size_t chunk = sizeof(text) - 1; chunk >= 1; chunk--) {
		char answer[TEXT_SIZE] = "";
		int fd = client_connect_and_greet(fixture);

		for (size_t at = 0; at < sizeof(text) - 1; at += chunk) {
			size_t left = sizeof(text) - 1 - at;

			client_send(fd, text + at, left < chunk ? left : chunk);
			qmp_fixture_serve(fixture);
			(void)strcat(answer, client_receive(fd));
		}
		if (whole[0] == '\0') {
			(void)strcpy(whole, answer);
			assert_non_null(strstr(whole, "\"id\":\"}{\\\"\""));
			assert_non_null(strstr(whole, "\"package\""));
		}
		assert_string_equal(answer, whole);
		(void)close(fd);
		qmp_fixture_serve(fixture);
	}
}

static void test_status(void **state)
{
	static const struct {
		enum machine_status status;
		const char *answer;
	} cases[] = {
		{MACHINE_STATUS_PRELAUNCH, "{\"status\":\"prelaunch\",\"running\":false}"},
		{MACHINE_STATUS_RUNNING, "{\"status\":\"running\",\"running\":true}"},
		{MACHINE_STATUS_SUSPENDED, "{\"status\":\"suspended\",\"running\":false}"},
		{MACHINE_STATUS_PAUSED, "{\"status\":\"paused\",\"running\":false}"},
		{MACHINE_STATUS_SHUTDOWN, "{\"status\":\"shutdown\",\"running\":false}"},
		{MACHINE_STATUS_INTERNAL_ERROR,
		 "{\"status\":\"internal-error\",\"running\":false}"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_machine_set(fixture->machine, cases[i].status);
		assert_non_null(strstr(client_ask(fixture, fd, "{\"execute\":\"query-status\"}"),
				       cases[i].answer));
	}
	(void)close(fd);
}

static void test_wake_and_refuse(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	assert_non_null(strstr(client_ask(fixture, fd, "{\"execute\":\"system_wakeup\"}"),
			       "expected the machine suspended, it is running"));
	assert_non_null(strstr(client_ask(fixture, fd, "{\"execute\":\"x-torpor-refuse-suspend\"}"),
			       "it is running"));
	fake_machine_set(fixture->machine, MACHINE_STATUS_SUSPENDED);
	assert_string_equal(client_ask(fixture, fd, "{\"execute\":\"system_wakeup\"}"), OK);
	fake_machine_set(fixture->machine, MACHINE_STATUS_SUSPENDED);
	assert_string_equal(client_ask(fixture, fd, "{\"execute\":\"x-torpor-refuse-suspend\"}"),
			    OK);
	(void)close(fd);
}

static void test_query_cpu(void **state)
{
	static const struct step bad[] = {
		{"{\"execute\":\"x-torpor-query-cpu\"}", "needs the argument 'cpu'"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{}}",
		 "needs the argument 'cpu'"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":2}}", "from 0 to 1"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":-1}}", "from 0 to 1"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":4294967296}}",
		 "from 0 to 1"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":\"0\"}}",
		 "from 0 to 1"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":null}}",
		 "from 0 to 1"},
		{"{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":0,\"x\":1}}", "'x'"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	const char *answer;

	TALK(fixture, fd, bad);
	answer = client_ask(fixture, fd,
			    "{\"execute\":\"x-torpor-query-cpu\",\"arguments\":{\"cpu\":0}}");
	assert_ptr_equal(strstr(answer, "{\"return\":{\"cpu\":0,\"state\":\"system-suspended\","
					"\"pc\":18446743798965867060,\"pstate\":965,"
					"\"x\":[18446744073709551615,18446744073709551614,"),
			 answer);
	assert_non_null(strstr(answer, ",18446744073709551585]}}\r\n"));
	fake_machine_set(fixture->machine, MACHINE_STATUS_SHUTDOWN);
	assert_non_null(strstr(client_ask(fixture, fd,
					  "{\"execute\":\"x-torpor-query-cpu\","
					  "\"arguments\":{\"cpu\":1}}"),
			       "it is shutdown"));
	(void)close(fd);
}

static void test_query_psci_stats(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\":\"x-torpor-query-psci-stats\"}", "needs the argument 'cpu'"},
		{"{\"execute\":\"x-torpor-query-psci-stats\",\"arguments\":{\"cpu\":2}}",
		 "from 0 to 1"},
		{"{\"execute\":\"x-torpor-query-psci-stats\",\"arguments\":{\"cpu\":1}}",
		 "expected a machine with --idle-states"},
		{"{\"execute\":\"x-torpor-query-psci-stats\",\"arguments\":{\"cpu\":0}}",
		 "{\"return\":{\"cpu\":0,\"states\":["
		 "{\"name\":\"light\",\"power-state\":1,\"count\":7,\"residency-us\":0},"
		 "{\"name\":\"deep\",\"power-state\":4294967295,\"count\":8,"
		 "\"residency-us\":18446744073709551615}]}}\r\n"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	TALK(fixture, fd, steps);
	(void)close(fd);
}

/* The members and types of QMP's CpuInfoFast, for each CPU. */
static void test_query_cpus_fast(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	struct json_object *answer =
		json_tokener_parse(client_ask(fixture, fd, "{\"execute\":\"query-cpus-fast\"}"));
	struct json_object *cpus = json_object_object_get(answer, "return");

	assert_int_equal(json_object_array_length(cpus), 2);
	for (size_t i = 0; i < 2; i++) {
		struct json_object *cpu = json_object_array_get_idx(cpus, i);
		struct json_object *props = json_object_object_get(cpu, "props");

		assert_int_equal(json_object_object_length(cpu), 5);
		assert_int_equal(json_object_get_int(json_object_object_get(cpu, "cpu-index")), i);
		assert_int_equal(json_object_get_int(json_object_object_get(cpu, "thread-id")),
				 FAKE_MACHINE_THREAD + i);
		assert_string_equal(json_object_get_string(json_object_object_get(cpu, "target")),
				    "aarch64");
		assert_true(json_object_is_type(json_object_object_get(cpu, "qom-path"),
						json_type_string));
		assert_int_equal(json_object_get_int(json_object_object_get(props, "core-id")), i);
	}
	json_object_put(answer);
	fake_machine_set(fixture->machine, MACHINE_STATUS_SHUTDOWN);
	assert_non_null(strstr(client_ask(fixture, fd, "{\"execute\":\"query-cpus-fast\"}"),
			       "it is shutdown"));
	qmp_set_machine(fixture->server, NULL, 0);
	assert_non_null(strstr(client_ask(fixture, fd, "{\"execute\":\"query-cpus-fast\"}"),
			       "it is prelaunch"));
	(void)close(fd);
}

static void test_small_queries(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\":\"query-kvm\"}",
		 "{\"return\":{\"enabled\":true,\"present\":true}}\r\n"},
		{"{\"execute\":\"query-name\"}", "{\"return\":{}}\r\n"},
		{"{\"execute\":\"query-target\"}", "{\"return\":{\"arch\":\"aarch64\"}}\r\n"},
		{"{\"execute\":\"query-current-machine\"}",
		 "{\"return\":{\"wakeup-suspend-support\":true}}\r\n"},
	};
	int fd = client_connect_and_negotiate(*state);

	TALK(*state, fd, steps);
	(void)close(fd);
}

/* Each presses its key, with the limit that is asked for or a default. */
static void test_keys(void **state)
{
	static const struct {
		const char *request;
		enum power_key key;
		uint32_t limit_s;
	} good[] = {
		{"{\"execute\":\"system_powerdown\"}", POWER_KEY_POWER, 60},
		{"{\"execute\":\"x-torpor-suspend\",\"arguments\":{}}", POWER_KEY_SLEEP, 60},
		{"{\"execute\":\"x-torpor-hibernate\"}", POWER_KEY_HIBERNATE, 60},
		{"{\"execute\":\"system_powerdown\",\"arguments\":{\"timeout\":0}}",
		 POWER_KEY_POWER, 0},
		{"{\"execute\":\"x-torpor-suspend\",\"arguments\":{\"timeout\":86400}}",
		 POWER_KEY_SLEEP, 86400},
	};
	static const struct step bad[] = {
		{"{\"execute\":\"system_powerdown\",\"arguments\":{\"timeout\":-1}}", "or 0 for"},
		{"{\"execute\":\"system_powerdown\",\"arguments\":{\"timeout\":86401}}",
		 "1 to 86400"},
		{"{\"execute\":\"x-torpor-suspend\",\"arguments\":{\"timeout\":\"5\"}}",
		 "'timeout' is \\\"5\\\""},
		{"{\"execute\":\"x-torpor-suspend\",\"arguments\":{\"timeout\":null}}",
		 "'timeout'"},
		{"{\"execute\":\"x-torpor-hibernate\",\"arguments\":{\"cpu\":1}}", "'cpu'"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	uint32_t limit_s;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_string_equal(client_ask(fixture, fd, good[i].request), OK);
		assert_int_equal(fake_machine_pressed(fixture->machine, &limit_s), good[i].key);
		assert_int_equal(limit_s, good[i].limit_s);
	}
	TALK(fixture, fd, bad);
	assert_int_equal(fake_machine_pressed(fixture->machine, &limit_s), POWER_KEY_NONE);
	fake_machine_set(fixture->machine, MACHINE_STATUS_PRELAUNCH);
	assert_non_null(strstr(client_ask(fixture, fd, good[0].request), "it is prelaunch"));
	(void)close(fd);
}

/* The sleep key would wake a suspended machine; what is paused as well goes on first. */
static void test_suspended_machine(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\":\"x-torpor-suspend\"}", "already suspended"},
		{"{\"execute\":\"stop\"}", OK},
		{"{\"execute\":\"x-torpor-suspend\"}", "already suspended"},
		{"{\"execute\":\"system_wakeup\"}", "is paused: 'cont' first"},
		{"{\"execute\":\"x-torpor-refuse-suspend\"}", "is paused: 'cont' first"},
		{"{\"execute\":\"cont\"}", OK},
		{"{\"execute\":\"query-status\"}", "suspended"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	uint32_t limit_s;

	fake_machine_set(fixture->machine, MACHINE_STATUS_SUSPENDED);
	TALK(fixture, fd, steps);
	assert_int_equal(fake_machine_pressed(fixture->machine, &limit_s), POWER_KEY_NONE);
	(void)close(fd);
}

/* Asked for twice, it is done once; what there is no guest for is refused. */
static void test_stop_cont_and_reset(void **state)
{
	static const struct step steps[] = {
		{"{\"execute\":\"cont\"}", OK},
		{"{\"execute\":\"stop\"}", OK},
		{"{\"execute\":\"stop\"}", OK},
		{"{\"execute\":\"query-status\"}", "{\"status\":\"paused\",\"running\":false}"},
		{"{\"execute\":\"system_wakeup\"}", "it is paused"},
		{"{\"execute\":\"cont\"}", OK},
		{"{\"execute\":\"query-status\"}", "\"running\":true"},
		{"{\"execute\":\"system_reset\"}", OK},
	};
	static const struct step none[] = {
		{"{\"execute\":\"stop\"}", "it is prelaunch"},
		{"{\"execute\":\"cont\"}", "it is prelaunch"},
		{"{\"execute\":\"system_reset\"}", "it is prelaunch"},
		{"{\"execute\":\"system_powerdown\"}", "it is prelaunch"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	TALK(fixture, fd, steps);
	assert_true(fake_machine_was_reset(fixture->machine));
	qmp_set_machine(fixture->server, NULL, 0);
	TALK(fixture, fd, none);
	(void)close(fd);
}

static void test_quit(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	assert_string_equal(client_ask(fixture, fd, "{\"execute\":\"quit\"}"), OK);
	assert_int_equal(fake_machine_host_end(fixture->machine), POWER_REASON_HOST);
	(void)close(fd);
}

static void test_events(void **state)
{
	struct qmp_fixture *fixture = *state;
	struct power_event event = {
		.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_GUEST, .cpu = 1};
	int early = client_connect_and_greet(fixture);
	int first = client_connect_and_negotiate(fixture);
	int second = client_connect_and_negotiate(fixture);
	struct json_object *message;
	struct json_object *stamp;
	struct timespec now;
	const char *text;
	int64_t apart_ns;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	/* An event of 5 s ago. */
	event.time_ns = (uint64_t)(now.tv_sec - 5) * 1000000000U + (uint64_t)now.tv_nsec;
	qmp_emit(fixture->server, &event);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	assert_string_equal(client_receive(early), "");
	text = client_receive(first);
	assert_ptr_equal(
		strstr(text,
		       "{\"event\":\"SHUTDOWN\",\"data\":{\"cpu\":1,"
		       "\"reason\":\"guest-shutdown\",\"guest\":true},\"timestamp\":{\"seconds\":"),
		text);
	message = json_tokener_parse(text);
	stamp = json_object_object_get(message, "timestamp");
	apart_ns = (now.tv_sec - json_object_get_int64(json_object_object_get(stamp, "seconds"))) *
			   INT64_C(1000000000) +
		   now.tv_nsec -
		   json_object_get_int64(json_object_object_get(stamp, "microseconds")) * 1000;
	assert_in_range(apart_ns, INT64_C(4990000000), INT64_C(6000000000));
	json_object_put(message);
	assert_non_null(strstr(client_receive(second), "SHUTDOWN"));
	(void)close(early);
	(void)close(first);
	(void)close(second);
}

/* What QEMU's clients know: words of ShutdownCause alone, and a SHUTDOWN at each end. */
static void test_ends_as_qemu(void **state)
{
	static const struct {
		struct power_event event;
		const char *first;
		const char *then;
	} rows[] = {
		{{.kind = POWER_EVENT_RESET, .reason = POWER_REASON_GUEST_RESET2, .cpu = -1},
		 "\"reason\":\"guest-reset\",\"type\":0,\"cookie\":0,\"guest\":true,"
		 "\"x-torpor-reason\":\"guest-reset2\"}",
		 NULL},
		{{.kind = POWER_EVENT_RESET, .reason = POWER_REASON_WATCHDOG, .cpu = -1},
		 "\"reason\":\"guest-reset\",\"guest\":true,\"x-torpor-reason\":\"watchdog\"}",
		 NULL},
		{{.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_WATCHDOG, .cpu = -1},
		 "\"reason\":\"guest-panic\",\"guest\":true,\"x-torpor-reason\":\"watchdog\"}",
		 NULL},
		{{.kind = POWER_EVENT_RESET, .reason = POWER_REASON_HOST, .cpu = -1, .last = true},
		 "{\"event\":\"RESET\",\"data\":{\"reason\":\"host-qmp-system-reset\",",
		 "{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"host-qmp-system-reset\","
		 "\"guest\":false}"},
		{{.kind = POWER_EVENT_RESET,
		  .reason = POWER_REASON_WATCHDOG,
		  .cpu = -1,
		  .last = true},
		 "{\"event\":\"RESET\"",
		 "{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"guest-reset\",\"guest\":true,"
		 "\"x-torpor-reason\":\"watchdog\"}"},
		{{.kind = POWER_EVENT_SUSPEND_DISK, .reason = POWER_REASON_GUEST, .cpu = 1},
		 "{\"event\":\"SUSPEND_DISK\",\"data\":{\"cpu\":1,\"reason\":\"guest\"}",
		 "{\"event\":\"SHUTDOWN\",\"data\":{\"cpu\":1,\"reason\":\"guest-shutdown\","
		 "\"guest\":true}"},
	};
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text;
		const char *second;

		qmp_emit(fixture->server, &rows[i].event);
		text = client_receive(fd);
		assert_non_null(strstr(text, rows[i].first));
		second = strstr(text, "\r\n{\"event\"");
		assert_int_equal(second != NULL, rows[i].then != NULL);
		assert_true(second == NULL || strstr(second, rows[i].then) != NULL);
	}
	(void)close(fd);
}

static void test_event_without_data(void **state)
{
	struct qmp_fixture *fixture = *state;
	struct power_event event = {.kind = POWER_EVENT_STARTED, .cpu = -1};
	int fd = client_connect_and_negotiate(fixture);

	qmp_emit(fixture->server, &event);
	assert_non_null(
		strstr(client_receive(fd), "{\"event\":\"STARTED\",\"data\":{},\"timestamp\""));
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_greeting, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_negotiation, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_requests, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_malformed_and_resync, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_every_chunk_size, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_status, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_wake_and_refuse, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_query_psci_stats, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_query_cpu, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_query_cpus_fast, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_small_queries, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_keys, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_suspended_machine, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_stop_cont_and_reset, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_quit, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_events, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_ends_as_qemu, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_event_without_data, qmp_fixture_set_up,
						qmp_fixture_tear_down),
	};

	return cmocka_run_group_tests_name("qmp", tests, qmp_fixture_make_folder,
					   qmp_fixture_remove_folder);
}
