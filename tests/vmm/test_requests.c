/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of machine/requests.h: who is overdue, who has reacted, and when time passes. */
#include "check.h"

#include <poll.h>
#include <time.h>

#include "machine/requests.h"

#define PATIENCE_MS 20000

static int setup(void **state)
{
	static struct requests requests;

	*state = &requests;
	return requests_init(&requests);
}

static int teardown(void **state)
{
	requests_destroy(*state);
	return 0;
}

static bool due(const struct requests *requests, int ms)
{
	struct pollfd fd = {.fd = requests_fd(requests), .events = POLLIN};

	return poll(&fd, 1, ms) == 1;
}

static bool pass(struct requests *requests, enum power_event_kind kind, enum power_key key)
{
	const struct power_event event = {.kind = kind, .cpu = -1, .key = key};

	return requests_pass(requests, &event);
}

/* Overdue after its time, not before, until that has been told, once. */
static void time_runs_out(void **state)
{
	struct requests *requests = *state;
	struct timespec start;
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	requests_begin(requests, POWER_KEY_POWER, 1);
	assert_int_equal(requests_overdue(requests), POWER_KEY_NONE);
	assert_true(due(requests, PATIENCE_MS));
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >=
		    999);
	assert_int_equal(requests_overdue(requests), POWER_KEY_POWER);
	assert_int_equal(requests_overdue(requests), POWER_KEY_POWER);
	assert_true(pass(requests, POWER_EVENT_UNRESPONSIVE, POWER_KEY_POWER));
	assert_false(pass(requests, POWER_EVENT_UNRESPONSIVE, POWER_KEY_POWER));
	assert_int_equal(requests_overdue(requests), POWER_KEY_NONE);
	assert_false(due(requests, 0));
}

/* Whether an event is the reaction to a key, for each pair; others pass and change nothing. */
static void reactions_settle(void **state)
{
	static const struct {
		enum power_event_kind kind;
		bool settles[POWER_KEY_COUNT];
	} rows[] = {
		{POWER_EVENT_STARTED, {false, false, false, false}},
		{POWER_EVENT_CPU_ON, {false, false, false, false}},
		{POWER_EVENT_CPU_OFF, {false, false, false, false}},
		{POWER_EVENT_SUSPEND, {false, false, true, false}},
		{POWER_EVENT_WAKEUP, {false, false, false, false}},
		{POWER_EVENT_SUSPEND_DISK, {false, true, true, true}},
		{POWER_EVENT_SHUTDOWN, {false, true, true, true}},
		{POWER_EVENT_RESET, {false, true, true, true}},
		{POWER_EVENT_STOP, {false, false, false, false}},
		{POWER_EVENT_RESUME, {false, false, false, false}},
		{POWER_EVENT_ASKED, {false, false, false, false}},
	};
	struct requests *requests = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
			requests_begin(requests, key, 1000);
			assert_true(pass(requests, rows[i].kind, key));
			assert_int_equal(pass(requests, POWER_EVENT_UNRESPONSIVE, key),
					 !rows[i].settles[key]);
		}
	}
}

/* What came at the last moment is a reaction: that there was none is not told any more. */
static void late_reaction_counts(void **state)
{
	struct requests *requests = *state;

	requests_begin(requests, POWER_KEY_HIBERNATE, 1);
	assert_true(due(requests, PATIENCE_MS));
	assert_int_equal(requests_overdue(requests), POWER_KEY_HIBERNATE);
	assert_true(pass(requests, POWER_EVENT_SUSPEND_DISK, POWER_KEY_NONE));
	assert_false(pass(requests, POWER_EVENT_UNRESPONSIVE, POWER_KEY_HIBERNATE));
	assert_int_equal(requests_overdue(requests), POWER_KEY_NONE);
}

/* Without a limit nothing is ever overdue, also where there was one. */
static void no_limit(void **state)
{
	struct requests *requests = *state;

	requests_begin(requests, POWER_KEY_SLEEP, 1);
	requests_begin(requests, POWER_KEY_SLEEP, 0);
	assert_false(due(requests, 1500));
	assert_int_equal(requests_overdue(requests), POWER_KEY_NONE);
}

/* Time that was held does not count, whether the request came before or meanwhile. */
static void held_time_does_not_count(void **state)
{
	struct requests *requests = *state;

	requests_begin(requests, POWER_KEY_POWER, 1);
	requests_hold(requests, true);
	requests_begin(requests, POWER_KEY_SLEEP, 1);
	assert_false(due(requests, 1500));
	assert_int_equal(requests_overdue(requests), POWER_KEY_NONE);
	requests_hold(requests, false);
	assert_false(due(requests, 0));
	assert_int_equal(requests_overdue(requests), POWER_KEY_NONE);
	assert_true(due(requests, PATIENCE_MS));
	/* Of two, the first to be due arms the timer. */
	assert_int_equal(requests_overdue(requests), POWER_KEY_POWER);
	assert_true(pass(requests, POWER_EVENT_UNRESPONSIVE, POWER_KEY_POWER));
	while (requests_overdue(requests) == POWER_KEY_NONE) {
		assert_true(due(requests, PATIENCE_MS));
	}
	assert_int_equal(requests_overdue(requests), POWER_KEY_SLEEP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_runs_out), TEST(reactions_settle),	     TEST(late_reaction_counts),
		TEST(no_limit),	     TEST(held_time_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
