/* SPDX-License-Identifier: BSD-3-Clause */
/* Nothing that the guest writes is lost, and nobody waits for what can't come. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fake_machine.h"

#include "cli/console.h"
#include "cli/escape.h"
#include "platform/monotonic.h"

#define FLOOD ((size_t)3 << 20)

/**
 * struct fixture - a console between two pipes
 * @console: of the test
 * @in:      write end of its input, or -1
 * @out:     read end of its output, or -1
 * @in_fd:   the console's
 * @out_fd:  the console's
 * @logged:  lines for the operator
 * @stop:    ends main_loop()
 */
struct fixture {
	struct console *console;
	int in;
	int out;
	int in_fd;
	int out_fd;
	unsigned logged;
	bool stop;
};

static void count_log(void *ctx, const char *line)
{
	struct fixture *fixture = ctx;

	(void)line;
	fixture->logged++;
}

static void open_fixture(struct fixture *fixture, bool terminal)
{
	struct console_config config;
	struct vmm_error error;
	int in[2];
	int out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	*fixture = (struct fixture){.in = in[1], .out = out[0], .in_fd = in[0], .out_fd = out[1]};
	config = (struct console_config){
		.in_fd = in[0],
		.out_fd = out[1],
		.terminal = terminal,
		.log = count_log,
		.ctx = fixture,
	};
	fixture->console = console_create(&config, &error);
	assert_non_null(fixture->console);
}

static void close_fixture(struct fixture *fixture)
{
	console_destroy(fixture->console);
	(void)close(fixture->in_fd);
	(void)close(fixture->out_fd);
	if (fixture->in >= 0) {
		(void)close(fixture->in);
	}
	if (fixture->out >= 0) {
		(void)close(fixture->out);
	}
}

static uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 7 + at / 251);
}

/* The guest: FLOOD bytes in writes of many sizes. */
static void *write_flood(void *arg)
{
	struct fixture *fixture = arg;
	size_t at = 0;

	while (at < FLOOD) {
		uint8_t bytes[1000];
		size_t count = at % sizeof(bytes) + 1;

		count = count < FLOOD - at ? count : FLOOD - at;
		for (size_t i = 0; i < count; i++) {
			bytes[i] = pattern(at + i);
		}
		console_tx(fixture->console, bytes, count);
		at += count;
	}
	return NULL;
}

/* One turn of a main loop; whether anything happened. */
static bool turn(struct fixture *fixture, int timeout_ms)
{
	struct pollfd polls[CONSOLE_POLL_COUNT];
	int ready;

	console_wait_begin(fixture->console, polls);
	ready = poll(polls, CONSOLE_POLL_COUNT, timeout_ms);
	console_wait_end(fixture->console);
	console_output(fixture->console);
	return ready > 0;
}

static size_t check_output(struct fixture *fixture, size_t at)
{
	uint8_t bytes[65536];
	ssize_t count = read(fixture->out, bytes, sizeof(bytes));

	assert_true(count > 0);
	for (size_t i = 0; i < (size_t)count; i++) {
		assert_int_equal(bytes[i], pattern(at + i));
	}
	return at + (size_t)count;
}

static void *main_loop(void *arg)
{
	struct fixture *fixture = arg;

	while (!__atomic_load_n(&fixture->stop, __ATOMIC_ACQUIRE)) {
		(void)turn(fixture, 50);
	}
	return NULL;
}

/* A reader that is slower than the guest slows it down, and gets every byte in order. */
static void test_flood(void **state)
{
	struct fixture fixture;
	pthread_t guest;
	pthread_t loop;
	size_t at = 0;

	(void)state;
	open_fixture(&fixture, false);
	assert_int_equal(pthread_create(&guest, NULL, write_flood, &fixture), 0);
	assert_int_equal(pthread_create(&loop, NULL, main_loop, &fixture), 0);
	while (at < FLOOD) {
		at = check_output(&fixture, at);
	}
	assert_int_equal(at, FLOOD);
	assert_int_equal(pthread_join(guest, NULL), 0);
	__atomic_store_n(&fixture.stop, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(loop, NULL), 0);
	assert_int_equal(fixture.logged, 0);
	close_fixture(&fixture);
}

static void *write_some(void *arg)
{
	struct fixture *fixture = arg;
	static const uint8_t bytes[CONSOLE_RING_SOFT * 3];

	console_tx(fixture->console, bytes, sizeof(bytes));
	return NULL;
}

static bool joined_within(pthread_t thread, long ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

/* Nobody reads: the guest waits, but goes on as soon as the main loop may want it to stop. */
static void test_no_deadlock_with_a_busy_main_loop(void **state)
{
	struct pollfd polls[CONSOLE_POLL_COUNT];
	struct fixture fixture;
	pthread_t guest;

	(void)state;
	open_fixture(&fixture, false);
	console_wait_begin(fixture.console, polls);
	assert_int_equal(pthread_create(&guest, NULL, write_some, &fixture), 0);
	assert_false(joined_within(guest, 200));
	console_wait_end(fixture.console);
	assert_true(joined_within(guest, 10000));
	assert_int_equal(fixture.logged, 0);
	close_fixture(&fixture);
}

/* The main loop waits for the machine, which waits for a vCPU that writes: that ends too. */
static void test_no_deadlock_with_an_idle_main_loop(void **state)
{
	struct pollfd polls[CONSOLE_POLL_COUNT];
	struct fixture fixture;
	pthread_t guest;

	(void)state;
	open_fixture(&fixture, false);
	console_wait_begin(fixture.console, polls);
	assert_int_equal(pthread_create(&guest, NULL, write_some, &fixture), 0);
	assert_true(joined_within(guest, 10000));
	assert_int_equal(fixture.logged, 0);
	close_fixture(&fixture);
}

/* Beyond the ring there is no room for a guest that must not wait; this is told, once. */
static void test_loss_is_told(void **state)
{
	static const uint8_t bytes[CONSOLE_RING_SIZE];
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	console_tx(fixture.console, bytes, sizeof(bytes));
	assert_int_equal(fixture.logged, 0);
	console_tx(fixture.console, bytes, 1);
	console_tx(fixture.console, bytes, 1);
	assert_int_equal(fixture.logged, 1);
	close_fixture(&fixture);
}

static void test_closed_output(void **state)
{
	static const uint8_t bytes[CONSOLE_RING_SIZE];
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	(void)close(fixture.out);
	fixture.out = -1;
	console_tx(fixture.console, bytes, 10);
	assert_true(turn(&fixture, 1000));
	assert_int_equal(fixture.logged, 1);
	/* From now on it is dropped, and nothing wakes the main loop for it. */
	for (int i = 0; i < 4; i++) {
		console_tx(fixture.console, bytes, sizeof(bytes));
	}
	assert_false(turn(&fixture, 0));
	assert_int_equal(fixture.logged, 1);
	close_fixture(&fixture);
}

static void test_flush(void **state)
{
	static const uint8_t bytes[CONSOLE_RING_SOFT * 2];
	uint8_t read_bytes[65536];
	struct fixture fixture;
	size_t total = 0;
	ssize_t count;

	(void)state;
	open_fixture(&fixture, false);
	console_tx(fixture.console, bytes, 1000);
	console_flush(fixture.console, -1, -1);
	assert_int_equal(read(fixture.out, read_bytes, sizeof(read_bytes)), 1000);
	/* More than the pipe holds, and nobody reads: it ends by the time limit or the other fd. */
	console_tx(fixture.console, bytes, sizeof(bytes));
	console_flush(fixture.console, -1, 100);
	assert_int_equal(write(fixture.in, "x", 1), 1);
	console_flush(fixture.console, fixture.in_fd, -1);
	assert_int_equal(fcntl(fixture.out, F_SETFL, O_NONBLOCK), 0);
	while ((count = read(fixture.out, read_bytes, sizeof(read_bytes))) > 0) {
		total += (size_t)count;
	}
	assert_in_range(total, 4096, sizeof(bytes) - 1);
	close_fixture(&fixture);
}

/* The descriptor that others share must not become non-blocking. */
static void test_shared_output_is_left_alone(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	assert_int_equal(fcntl(fixture.out_fd, F_GETFL) & O_NONBLOCK, 0);
	close_fixture(&fixture);
}

/* A quiet console wakes nobody. */
static void test_quiet(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	assert_false(turn(&fixture, 0));
	console_tx(fixture.console, (const uint8_t *)"x", 1);
	assert_true(turn(&fixture, 0));
	assert_false(turn(&fixture, 0));
	close_fixture(&fixture);
}

static enum escape_action input_turn(struct fixture *fixture, struct machine *machine)
{
	struct pollfd polls[CONSOLE_POLL_COUNT];
	enum escape_action action;

	console_wait_begin(fixture->console, polls);
	assert_true(poll(polls, CONSOLE_POLL_COUNT, 0) >= 0);
	console_wait_end(fixture->console);
	action = console_input(fixture->console, polls);
	console_offer(fixture->console, machine);
	return action;
}

static struct machine *make_machine(void)
{
	const struct machine_config config = {.cmdline = ""};
	const struct machine_host host = {0};
	struct vmm_error error;

	return machine_create(&config, &host, &error);
}

/* What can be left with the guest makes nobody wait, and goes on once there is room. */
static void test_take_does_not_wait(void **state)
{
	static const uint8_t bytes[CONSOLE_RING_SOFT + 1];
	static uint8_t read_bytes[CONSOLE_RING_SOFT];
	struct machine *machine = make_machine();
	struct fixture fixture;
	int64_t begin_ms = monotonic_ms();

	(void)state;
	open_fixture(&fixture, false);
	assert_int_equal(console_take(fixture.console, bytes, sizeof(bytes), false),
			 CONSOLE_RING_SOFT);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(console_take(fixture.console, bytes, 1, false), 0);
	}
	/* One wait would take 50 ms, and all of them 50 s. */
	assert_in_range(monotonic_ms() - begin_ms, 0, 10000);
	console_offer(fixture.console, machine);
	assert_int_equal(fake_machine_writables(machine), 0);
	assert_true(turn(&fixture, 0));
	assert_true(read(fixture.out, read_bytes, sizeof(read_bytes)) > 0);
	console_offer(fixture.console, machine);
	console_offer(fixture.console, machine);
	assert_int_equal(fake_machine_writables(machine), 1);
	assert_true(console_take(fixture.console, bytes, 1, false) == 1);
	assert_int_equal(fixture.logged, 0);
	machine_destroy(machine);
	close_fixture(&fixture);
}

/* Nobody is left to read: a device that waits for room must still hear of it. */
static void test_closed_output_takes_all(void **state)
{
	static const uint8_t bytes[CONSOLE_RING_SOFT + 1];
	struct machine *machine = make_machine();
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	(void)close(fixture.out);
	fixture.out = -1;
	assert_int_equal(console_take(fixture.console, bytes, sizeof(bytes), false),
			 CONSOLE_RING_SOFT);
	assert_true(turn(&fixture, 1000));
	console_offer(fixture.console, machine);
	assert_int_equal(fake_machine_writables(machine), 1);
	assert_int_equal(console_take(fixture.console, bytes, sizeof(bytes), false), sizeof(bytes));
	machine_destroy(machine);
	close_fixture(&fixture);
}

/* At the machine's end all the room is used, and what does not fit is told of. */
static void test_last_words(void **state)
{
	static const uint8_t bytes[CONSOLE_RING_SIZE];
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	assert_int_equal(console_take(fixture.console, bytes, sizeof(bytes), true), sizeof(bytes));
	assert_int_equal(fixture.logged, 0);
	assert_int_equal(console_take(fixture.console, bytes, 2, true), 2);
	assert_int_equal(console_take(fixture.console, bytes, 2, true), 2);
	assert_int_equal(fixture.logged, 1);
	close_fixture(&fixture);
}

/* The guest takes 16 bytes and no more: the rest stays in the pipe and here, up to a bound. */
static void test_input_back_pressure(void **state)
{
	static const uint8_t bytes[4096];
	struct machine *machine = make_machine();
	struct fixture fixture;
	size_t sent = 0;
	ssize_t count;

	(void)state;
	open_fixture(&fixture, false);
	assert_int_equal(fcntl(fixture.in, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 100; i++) {
		while ((count = write(fixture.in, bytes, sizeof(bytes))) > 0) {
			sent += (size_t)count;
		}
		assert_int_equal(input_turn(&fixture, machine), ESCAPE_NONE);
	}
	/* 64 KiB in the pipe, 4 KiB here, 16 there. */
	assert_in_range(sent, 65536, 65536 + 4096 + 4096);
	machine_destroy(machine);
	close_fixture(&fixture);
}

static void test_input_end(void **state)
{
	struct machine *machine = make_machine();
	struct pollfd polls[CONSOLE_POLL_COUNT];
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	(void)close(fixture.in);
	fixture.in = -1;
	assert_int_equal(input_turn(&fixture, machine), ESCAPE_NONE);
	/* An end is readable for ever, and must not be looked at again. */
	console_wait_begin(fixture.console, polls);
	assert_int_equal(poll(polls, CONSOLE_POLL_COUNT, 0), 0);
	console_wait_end(fixture.console);
	machine_destroy(machine);
	close_fixture(&fixture);
}

/* The escape key works although the guest takes nothing. */
static void test_escape_with_a_deaf_guest(void **state)
{
	static const uint8_t bytes[16384];
	struct machine *machine = make_machine();
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, true);
	assert_int_equal(write(fixture.in, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	assert_int_equal(write(fixture.in, "\x01x", 2), 2);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(input_turn(&fixture, machine), ESCAPE_NONE);
	}
	assert_int_equal(input_turn(&fixture, machine), ESCAPE_END);
	machine_destroy(machine);
	close_fixture(&fixture);
}

static void test_no_escape_without_terminal(void **state)
{
	struct machine *machine = make_machine();
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, false);
	assert_int_equal(write(fixture.in, "\x01x", 2), 2);
	assert_int_equal(input_turn(&fixture, machine), ESCAPE_NONE);
	machine_destroy(machine);
	close_fixture(&fixture);
}

/* What each sequence of keys gives the guest, and what it asks for. */
static void test_escape_keys(void **state)
{
	static const struct {
		const char *keys;
		const char *bytes;
		enum escape_action action;
	} cases[] = {
		{"abc", "abc", ESCAPE_NONE},
		{"\x03", "\x03", ESCAPE_NONE},
		{"\x01", "", ESCAPE_NONE},
		{"a\x01x", "a", ESCAPE_END},
		{"\x01X", "", ESCAPE_END},
		{"\x01h", "", ESCAPE_HELP},
		{"\x01"
		 "c",
		 "", ESCAPE_HELP},
		{"\x01?", "", ESCAPE_HELP},
		{"\x01\x01", "\x01", ESCAPE_NONE},
		{"\x01\x01x", "\x01x", ESCAPE_NONE},
		{"\x01ls", "\x01ls", ESCAPE_NONE},
		{"\x01\x01\x01x", "\x01", ESCAPE_END},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct escape escape = {0};
		enum escape_action action = ESCAPE_NONE;
		char got[16] = "";

		for (const char *key = cases[i].keys; *key != '\0'; key++) {
			uint8_t bytes[2];
			size_t count;

			action = escape_feed(&escape, (uint8_t)*key, bytes, &count);
			(void)strncat(got, (const char *)bytes, count);
		}
		assert_string_equal(got, cases[i].bytes);
		assert_int_equal(action, cases[i].action);
	}
}

static int ignore_sigpipe(void **state)
{
	(void)state;
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_no_deadlock_with_a_busy_main_loop),
		cmocka_unit_test(test_no_deadlock_with_an_idle_main_loop),
		cmocka_unit_test(test_loss_is_told),
		cmocka_unit_test(test_closed_output),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_shared_output_is_left_alone),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_take_does_not_wait),
		cmocka_unit_test(test_closed_output_takes_all),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_input_back_pressure),
		cmocka_unit_test(test_input_end),
		cmocka_unit_test(test_escape_with_a_deaf_guest),
		cmocka_unit_test(test_no_escape_without_terminal),
		cmocka_unit_test(test_escape_keys),
	};

	return cmocka_run_group_tests_name("console", tests, ignore_sigpipe, NULL);
}
