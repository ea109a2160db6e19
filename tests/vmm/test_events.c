/* SPDX-License-Identifier: BSD-3-Clause */
/* Each event is one line that any JSON parser reads, and a bad log hurts nobody. */
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#include "control/events.h"

#define TIME_NS UINT64_C(18446744073709551615)

static char path[] = "/tmp/test_events.XXXXXX";
static unsigned logged;
static char last_log[512];

static void count_log(void *ctx, const char *line)
{
	(void)ctx;
	logged++;
	(void)snprintf(last_log, sizeof(last_log), "%s", line);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	return fd >= 0 ? close(fd) : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int empty_file(void **state)
{
	(void)state;
	logged = 0;
	return truncate(path, 0);
}

static void read_file(char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t count = read(fd, text, size - 1);

	assert_true(count >= 0);
	text[count] = '\0';
	assert_int_equal(close(fd), 0);
}

static void write_one(const struct power_event *event, char *text, size_t size)
{
	struct event_log log;
	struct vmm_error error;

	assert_int_equal(empty_file(NULL), 0);
	assert_true(events_open(&log, path, count_log, NULL, &error));
	events_write(&log, event);
	events_close(&log);
	read_file(text, size);
}

static void test_lines(void **state)
{
	static const struct {
		struct power_event event;
		const char *line;
	} cases[] = {
		{{.kind = POWER_EVENT_STARTED, .time_ns = 1, .cpu = 0},
		 "{\"event\":\"STARTED\",\"ts_ns\":1,\"cpu\":0}\n"},
		{{.kind = POWER_EVENT_CPU_ON,
		  .reason = POWER_REASON_GUEST,
		  .time_ns = 2,
		  .cpu = 15},
		 "{\"event\":\"CPU_ON\",\"ts_ns\":2,\"cpu\":15,\"reason\":\"guest\"}\n"},
		{{.kind = POWER_EVENT_CPU_OFF,
		  .reason = POWER_REASON_GUEST,
		  .time_ns = 3,
		  .cpu = 1},
		 "{\"event\":\"CPU_OFF\",\"ts_ns\":3,\"cpu\":1,\"reason\":\"guest\"}\n"},
		{{.kind = POWER_EVENT_SUSPEND,
		  .reason = POWER_REASON_GUEST,
		  .time_ns = 4,
		  .cpu = 0},
		 "{\"event\":\"SUSPEND\",\"ts_ns\":4,\"cpu\":0,\"reason\":\"guest\"}\n"},
		{{.kind = POWER_EVENT_WAKEUP,
		  .reason = POWER_REASON_INTERRUPT,
		  .time_ns = 5,
		  .cpu = 0,
		  .intid = 34,
		  .device = "pl031"},
		 "{\"event\":\"WAKEUP\",\"ts_ns\":5,\"cpu\":0,\"reason\":\"device\",\"intid\":34,"
		 "\"device\":\"pl031\"}\n"},
		{{.kind = POWER_EVENT_WAKEUP,
		  .reason = POWER_REASON_INTERRUPT,
		  .time_ns = 5,
		  .cpu = 0,
		  .intid = 39,
		  .device = "pl061",
		  .key = POWER_KEY_POWER},
		 "{\"event\":\"WAKEUP\",\"ts_ns\":5,\"cpu\":0,\"reason\":\"device\",\"intid\":39,"
		 "\"device\":\"pl061\",\"key\":\"power\"}\n"},
		{{.kind = POWER_EVENT_WAKEUP,
		  .reason = POWER_REASON_INTERRUPT,
		  .time_ns = 5,
		  .cpu = 0,
		  .intid = 27},
		 "{\"event\":\"WAKEUP\",\"ts_ns\":5,\"cpu\":0,\"reason\":\"interrupt\","
		 "\"intid\":27}\n"},
		{{.kind = POWER_EVENT_WAKEUP,
		  .reason = POWER_REASON_INTERRUPT,
		  .time_ns = 5,
		  .cpu = 0,
		  .intid = -1},
		 "{\"event\":\"WAKEUP\",\"ts_ns\":5,\"cpu\":0,\"reason\":\"interrupt\"}\n"},
		{{.kind = POWER_EVENT_WAKEUP, .reason = POWER_REASON_HOST, .time_ns = 6, .cpu = 0},
		 "{\"event\":\"WAKEUP\",\"ts_ns\":6,\"cpu\":0,\"reason\":\"host\"}\n"},
		{{.kind = POWER_EVENT_WAKEUP,
		  .reason = POWER_REASON_REFUSED,
		  .time_ns = 6,
		  .cpu = 0},
		 "{\"event\":\"WAKEUP\",\"ts_ns\":6,\"cpu\":0,\"reason\":\"refused\"}\n"},
		{{.kind = POWER_EVENT_SUSPEND_DISK, .reason = POWER_REASON_GUEST, .time_ns = 7},
		 "{\"event\":\"SUSPEND_DISK\",\"ts_ns\":7,\"cpu\":0,\"reason\":\"guest\"}\n"},
		{{.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_GUEST, .time_ns = 8},
		 "{\"event\":\"SHUTDOWN\",\"ts_ns\":8,\"cpu\":0,\"reason\":\"guest-shutdown\"}\n"},
		{{.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_GUEST_PANIC, .cpu = -1},
		 "{\"event\":\"SHUTDOWN\",\"ts_ns\":0,\"reason\":\"guest-panic\"}\n"},
		{{.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_HOST, .cpu = -1},
		 "{\"event\":\"SHUTDOWN\",\"ts_ns\":0,\"reason\":\"host-qmp-quit\"}\n"},
		{{.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_HOST_SIGNAL, .cpu = -1},
		 "{\"event\":\"SHUTDOWN\",\"ts_ns\":0,\"reason\":\"host-signal\"}\n"},
		{{.kind = POWER_EVENT_SHUTDOWN, .reason = POWER_REASON_HOST_ERROR, .cpu = -1},
		 "{\"event\":\"SHUTDOWN\",\"ts_ns\":0,\"reason\":\"host-error\"}\n"},
		{{.kind = POWER_EVENT_BALLOON_CHANGE,
		  .time_ns = 8,
		  .cpu = -1,
		  .balloon_bytes = UINT64_C(0x123456789000)},
		 "{\"event\":\"BALLOON_CHANGE\",\"ts_ns\":8,\"actual\":20015998341120}\n"},
		{{.kind = POWER_EVENT_RESET, .reason = POWER_REASON_GUEST, .time_ns = 9},
		 "{\"event\":\"RESET\",\"ts_ns\":9,\"cpu\":0,\"reason\":\"guest-reset\"}\n"},
		{{.kind = POWER_EVENT_RESET, .reason = POWER_REASON_HOST, .time_ns = 9, .cpu = -1},
		 "{\"event\":\"RESET\",\"ts_ns\":9,\"reason\":\"host-qmp-system-reset\"}\n"},
		{{.kind = POWER_EVENT_RESET, .reason = POWER_REASON_WATCHDOG, .cpu = -1},
		 "{\"event\":\"RESET\",\"ts_ns\":0,\"reason\":\"watchdog\"}\n"},
		{{.kind = POWER_EVENT_WATCHDOG, .cpu = -1, .action = "reset"},
		 "{\"event\":\"WATCHDOG\",\"ts_ns\":0,\"action\":\"reset\"}\n"},
		{{.kind = POWER_EVENT_GUEST_PANICKED, .cpu = -1, .action = "run"},
		 "{\"event\":\"GUEST_PANICKED\",\"ts_ns\":0,\"action\":\"run\"}\n"},
		{{.kind = POWER_EVENT_GUEST_CRASHLOADED, .cpu = -1, .action = "run"},
		 "{\"event\":\"GUEST_CRASHLOADED\",\"ts_ns\":0,\"action\":\"run\"}\n"},
		{{.kind = POWER_EVENT_GUEST_PVSHUTDOWN, .cpu = -1},
		 "{\"event\":\"GUEST_PVSHUTDOWN\",\"ts_ns\":0}\n"},
		{{.kind = POWER_EVENT_STOP, .time_ns = 10, .cpu = -1},
		 "{\"event\":\"STOP\",\"ts_ns\":10}\n"},
		{{.kind = POWER_EVENT_RESUME, .time_ns = 11, .cpu = -1},
		 "{\"event\":\"RESUME\",\"ts_ns\":11}\n"},
		{{.kind = POWER_EVENT_ASKED,
		  .reason = POWER_REASON_HOST_SIGNAL,
		  .time_ns = 12,
		  .cpu = -1,
		  .key = POWER_KEY_POWER},
		 "{\"event\":\"POWERDOWN\",\"ts_ns\":12,\"reason\":\"host-signal\"}\n"},
		{{.kind = POWER_EVENT_ASKED,
		  .reason = POWER_REASON_HOST,
		  .time_ns = 13,
		  .cpu = -1,
		  .key = POWER_KEY_SLEEP},
		 "{\"event\":\"X_TORPOR_SUSPEND_REQUEST\",\"ts_ns\":13,\"reason\":\"host\"}\n"},
		{{.kind = POWER_EVENT_ASKED, .time_ns = 14, .cpu = -1, .key = POWER_KEY_HIBERNATE},
		 "{\"event\":\"X_TORPOR_HIBERNATE_REQUEST\",\"ts_ns\":14}\n"},
		{{.kind = POWER_EVENT_UNRESPONSIVE,
		  .time_ns = 15,
		  .cpu = -1,
		  .key = POWER_KEY_SLEEP},
		 "{\"event\":\"X_TORPOR_GUEST_UNRESPONSIVE\",\"ts_ns\":15,"
		 "\"request\":\"suspend\"}\n"},
		{{.kind = POWER_EVENT_RESET,
		  .reason = POWER_REASON_GUEST_RESET2,
		  .time_ns = TIME_NS,
		  .reset_type = 0x80000001,
		  .cookie = UINT64_MAX},
		 "{\"event\":\"RESET\",\"ts_ns\":18446744073709551615,\"cpu\":0,"
		 "\"reason\":\"guest-reset2\",\"type\":2147483649,"
		 "\"cookie\":18446744073709551615}\n"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_one(&cases[i].event, text, sizeof(text));
		assert_string_equal(text, cases[i].line);
	}
}

static void test_every_pair_is_a_line_of_json(void **state)
{
	struct power_event event = {
		.device = "virtio0", .intid = 48, .cpu = 3, .time_ns = 1, .key = POWER_KEY_POWER};
	char text[1024];

	(void)state;
	for (int kind = 0; kind <= POWER_EVENT_BALLOON_CHANGE; kind++) {
		for (int reason = 0; reason <= POWER_REASON_INTERRUPT; reason++) {
			struct json_object *line;

			event.kind = (enum power_event_kind)kind;
			event.reason = (enum power_reason)reason;
			write_one(&event, text, sizeof(text));
			assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
			line = json_tokener_parse(text);
			assert_true(json_object_is_type(line, json_type_object));
			assert_non_null(json_object_object_get(line, "event"));
			assert_true(json_object_object_get_ex(line, "reason", NULL) ==
				    (reason != POWER_REASON_NONE));
			json_object_put(line);
		}
	}
}

static void test_no_log(void **state)
{
	struct event_log log;
	struct vmm_error error;
	struct power_event event = {.kind = POWER_EVENT_STARTED};

	(void)state;
	assert_true(events_open(&log, NULL, count_log, NULL, &error));
	events_write(&log, &event);
	events_close(&log);
	assert_int_equal(logged, 0);
}

static void test_appends(void **state)
{
	struct power_event event = {.kind = POWER_EVENT_STARTED, .cpu = -1};
	struct event_log log;
	struct vmm_error error;
	char text[256];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(events_open(&log, path, count_log, NULL, &error));
		assert_true((fcntl(log.fd, F_GETFD) & FD_CLOEXEC) != 0);
		events_write(&log, &event);
		events_close(&log);
	}
	read_file(text, sizeof(text));
	assert_string_equal(text, "{\"event\":\"STARTED\",\"ts_ns\":0}\n"
				  "{\"event\":\"STARTED\",\"ts_ns\":0}\n");
}

static void test_cannot_open(void **state)
{
	struct event_log log;
	struct vmm_error error;

	(void)state;
	assert_false(events_open(&log, "/nonexistent/events", count_log, NULL, &error));
	assert_non_null(strstr(error.text, "--events '/nonexistent/events': No such file"));
	assert_int_equal(log.fd, -1);
	assert_false(events_open(&log, "/tmp", count_log, NULL, &error));
	assert_non_null(strstr(error.text, "--events '/tmp': Is a directory"));
}

static void test_failures_are_told_once(void **state)
{
	struct power_event event = {.kind = POWER_EVENT_STARTED};
	struct event_log log;
	struct vmm_error error;

	(void)state;
	assert_true(events_open(&log, "/dev/full", count_log, NULL, &error));
	for (int i = 0; i < 10; i++) {
		events_write(&log, &event);
	}
	events_close(&log);
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last_log, "/dev/full"));
	assert_non_null(strstr(last_log, "No space left"));
}

/* A file that may grow no further in the middle of a line, and later may. */
static void test_torn_line(void **state)
{
	struct power_event event = {.kind = POWER_EVENT_STARTED, .cpu = -1};
	struct rlimit before;
	struct rlimit limit;
	struct event_log log;
	struct vmm_error error;
	char text[256];

	(void)state;
	assert_true(events_open(&log, path, count_log, NULL, &error));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	events_write(&log, &event);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	events_write(&log, &event);
	events_write(&log, &event);
	events_close(&log);
	assert_int_equal(logged, 1);
	read_file(text, sizeof(text));
	assert_string_equal(text, "{\"event\":\"\n"
				  "{\"event\":\"STARTED\",\"ts_ns\":0}\n"
				  "{\"event\":\"STARTED\",\"ts_ns\":0}\n");
}

/* A pipe that is full delays the first event and no more. */
static void test_reader_that_does_not_read(void **state)
{
	struct power_event event = {.kind = POWER_EVENT_STARTED};
	struct event_log log;
	struct vmm_error error;
	char text[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	(void)snprintf(text, sizeof(text), "/proc/self/fd/%d", fds[1]);
	assert_true(events_open(&log, text, count_log, NULL, &error));
	/* An empty pipe takes 64 KiB. */
	for (int i = 0; i < 3000; i++) {
		events_write(&log, &event);
	}
	events_close(&log);
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last_log, "does not read"));
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, empty_file),
		cmocka_unit_test_setup(test_every_pair_is_a_line_of_json, empty_file),
		cmocka_unit_test_setup(test_no_log, empty_file),
		cmocka_unit_test_setup(test_appends, empty_file),
		cmocka_unit_test_setup(test_cannot_open, empty_file),
		cmocka_unit_test_setup(test_failures_are_told_once, empty_file),
		cmocka_unit_test_setup(test_torn_line, empty_file),
		cmocka_unit_test_setup(test_reader_that_does_not_read, empty_file),
	};

	return cmocka_run_group_tests_name("events", tests, make_file, remove_file);
}
