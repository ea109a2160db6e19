/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of host/event_queue.h, rate_limit.h and who.h. */
#include "check.h"

#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/event_queue.h"
#include "leaks.h"
#include "platform/monotonic.h"

#define S UINT64_C(1000000000)

struct fixture {
	struct event_queue queue;
	struct queued_event events[EVENT_QUEUE_MAX];
	struct queued_state state;
	unsigned left_out;
	struct leaks leaks;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.leaks = leaks_begin();
	assert_int_equal(event_queue_init(&f.queue), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	event_queue_destroy(&f->queue);
	assert_no_leaks(&f->leaks);
	return 0;
}

static void push_at(struct fixture *f, enum power_event_kind kind, enum power_key key,
		    uint64_t time_ns)
{
	const struct power_event event = {.kind = kind, .key = key, .time_ns = time_ns, .cpu = 1};

	event_queue_push(&f->queue, &event);
}

static void push(struct fixture *f, enum power_event_kind kind)
{
	push_at(f, kind, POWER_KEY_NONE, monotonic_ns());
}

static size_t take(struct fixture *f)
{
	return event_queue_take(&f->queue, f->events, &f->left_out, &f->state);
}

static bool is_ready(struct fixture *f, int wait_ms)
{
	struct pollfd ready = {.fd = event_queue_fd(&f->queue), .events = POLLIN};

	return poll(&ready, 1, wait_ms) == 1;
}

/* What is not urgent comes in batches; a change of state at once. */
static void batches(void **state)
{
	struct fixture *f = *state;

	assert_false(is_ready(f, 0));
	push(f, POWER_EVENT_CPU_ON);
	push(f, POWER_EVENT_CPU_OFF);
	assert_false(is_ready(f, 300));
	assert_true(is_ready(f, 5000));
	assert_int_equal(take(f), 2);
	assert_int_equal(f->events[0].event.kind, POWER_EVENT_CPU_ON);
	assert_int_equal(f->events[1].event.kind, POWER_EVENT_CPU_OFF);
	assert_int_equal(f->left_out, 0);
	assert_false(is_ready(f, 0));
	push(f, POWER_EVENT_CPU_ON);
	push(f, POWER_EVENT_SUSPEND);
	assert_true(is_ready(f, 200));
	assert_int_equal(take(f), 2);
	assert_true(f->state.suspended);
	assert_int_equal(take(f), 0);
}

/* What the state has come to, event by event; and which one made it so. */
static void follows_the_state(void **state)
{
	static const struct {
		enum power_event_kind kind;
		enum power_key key;
		bool suspended;
		bool asked;
		enum power_event_kind last;
	} rows[] = {
		{POWER_EVENT_ASKED, POWER_KEY_SLEEP, false, false, POWER_EVENT_STARTED},
		{POWER_EVENT_SUSPEND, POWER_KEY_NONE, true, false, POWER_EVENT_SUSPEND},
		{POWER_EVENT_ASKED, POWER_KEY_POWER, true, true, POWER_EVENT_ASKED},
		{POWER_EVENT_WAKEUP, POWER_KEY_POWER, false, true, POWER_EVENT_WAKEUP},
		{POWER_EVENT_UNRESPONSIVE, POWER_KEY_SLEEP, false, true, POWER_EVENT_WAKEUP},
		{POWER_EVENT_UNRESPONSIVE, POWER_KEY_POWER, false, false, POWER_EVENT_UNRESPONSIVE},
		{POWER_EVENT_ASKED, POWER_KEY_POWER, false, true, POWER_EVENT_ASKED},
		{POWER_EVENT_RESET, POWER_KEY_NONE, false, false, POWER_EVENT_RESET},
		{POWER_EVENT_WAKEUP, POWER_KEY_NONE, false, false, POWER_EVENT_RESET},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		push_at(f, rows[i].kind, rows[i].key, monotonic_ns());
		assert_int_equal(take(f), 1);
		assert_int_equal(f->state.suspended, rows[i].suspended);
		assert_int_equal(f->state.asked, rows[i].asked);
		assert_int_equal(f->state.last.event.kind, rows[i].last);
	}
}

/* Times are those of the events, on the wall clock, and never go back. */
static void times_are_in_order(void **state)
{
	const uint64_t now_ns = monotonic_ns();
	struct fixture *f = *state;
	struct timespec wall;
	int64_t wall_ns;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	wall_ns = (int64_t)wall.tv_sec * (int64_t)S + wall.tv_nsec;
	push_at(f, POWER_EVENT_CPU_ON, POWER_KEY_NONE, now_ns - 5 * S);
	push_at(f, POWER_EVENT_CPU_ON, POWER_KEY_NONE, now_ns);
	push_at(f, POWER_EVENT_CPU_ON, POWER_KEY_NONE, now_ns - 3 * S);
	assert_int_equal(take(f), 3);
	assert_true(wall_ns - f->events[0].time_ns > (int64_t)(4 * S));
	assert_true(wall_ns - f->events[0].time_ns < (int64_t)(6 * S));
	assert_true(f->events[1].time_ns > f->events[0].time_ns);
	assert_true(f->events[2].time_ns >= f->events[1].time_ns);
	assert_true(event_queue_now_ns(&f->queue) >= f->events[2].time_ns);
}

/* A storm is counted; other events, and the state, come through it. */
static void storms_are_bounded(void **state)
{
	struct fixture *f = *state;
	size_t count;

	for (unsigned i = 0; i < 10000; i++) {
		push(f, i % 2 == 0 ? POWER_EVENT_CPU_ON : POWER_EVENT_CPU_OFF);
	}
	push(f, POWER_EVENT_SUSPEND);
	count = take(f);
	assert_true(count < EVENT_QUEUE_MAX);
	assert_int_equal(f->left_out, 10001 - count);
	assert_int_equal(f->events[count - 1].event.kind, POWER_EVENT_SUSPEND);
	for (unsigned i = 0; i < 10001; i++) {
		push(f, i % 2 == 0 ? POWER_EVENT_WAKEUP : POWER_EVENT_SUSPEND);
	}
	count = take(f);
	assert_true(count < EVENT_QUEUE_MAX);
	assert_false(f->state.suspended);
	assert_int_equal(f->state.last.event.kind, POWER_EVENT_WAKEUP);
}

static void who_asked_goes_with_the_event(void **state)
{
	struct fixture *f = *state;
	char by[WHO_SIZE];

	push(f, POWER_EVENT_STOP);
	event_queue_asked(&f->queue, "user eve");
	push(f, POWER_EVENT_RESUME);
	event_queue_asked(&f->queue, "user adam");
	assert_int_equal(take(f), 2);
	assert_string_equal(f->events[0].by, "torpor");
	assert_string_equal(f->events[1].by, "user eve");
	event_queue_asker(&f->queue, by);
	assert_string_equal(by, "user adam");
	who_is(0, by);
	assert_string_equal(by, "user root");
	who_is(UINT32_MAX - 7, by);
	assert_string_equal(by, "user 4294967288");
}

/* So many at once, then one each so long, and never more than the burst. */
static void limits(void **state)
{
	struct rate_limit limit = {.burst = 2, .refill_ns = 10};

	(void)state;
	assert_true(rate_limit_take(&limit, 1000));
	assert_true(rate_limit_take(&limit, 1001));
	assert_false(rate_limit_take(&limit, 1009));
	assert_true(rate_limit_take(&limit, 1010));
	assert_false(rate_limit_take(&limit, 1019));
	assert_true(rate_limit_take(&limit, 1020));
	assert_true(rate_limit_take(&limit, 5000));
	assert_true(rate_limit_take(&limit, 5000));
	assert_false(rate_limit_take(&limit, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(batches, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_the_state, setup, teardown),
		cmocka_unit_test_setup_teardown(times_are_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(storms_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(who_asked_goes_with_the_event, setup, teardown),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
