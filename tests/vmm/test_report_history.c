/* SPDX-License-Identifier: BSD-3-Clause */
/* What is drawn is what happened: states and CPUs from when to when, whatever the clock said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "report/clock_fit.h"
#include "report/spans.h"
#include "report_sample.h"

#define S(state) MACHINE_STATE_##state

/**
 * struct seen - spans, as text
 */
struct seen {
	char text[2048];
	size_t length;
};

static void add(struct seen *seen, const char *what, int64_t from_ns, int64_t to_ns)
{
	assert_true(from_ns <= to_ns);
	seen->length +=
		(size_t)snprintf(seen->text + seen->length, sizeof(seen->text) - seen->length,
				 "%s %lld-%lld; ", what, (long long)from_ns, (long long)to_ns);
	assert_true(seen->length < sizeof(seen->text));
}

static void take_state(void *ctx, const struct state_span *span)
{
	add(ctx, machine_state_name(span->state), span->from_ns, span->to_ns);
}

static void take_cpus(void *ctx, const struct cpus_span *span)
{
	char text[CPU_SET_TEXT_SIZE];

	cpu_set_text(span->cpus, text);
	add(ctx, text[0] != '\0' ? text : "none", span->from_ns, span->to_ns);
}

static void expect_states(const struct history *history, const char *text)
{
	struct seen seen = {.length = 0};

	spans_states(history, &history->machines[0], take_state, &seen);
	assert_string_equal(seen.text, text);
}

static void expect_cpus(const struct history *history, const char *text)
{
	struct seen seen = {.length = 0};

	spans_cpus(history, &history->machines[0], take_cpus, &seen);
	assert_string_equal(seen.text, text);
}

static void begin(struct history *history, size_t limit)
{
	history_init(history, limit);
	assert_int_equal(history_machine(history, "one", S(RUNNING), 5), 0);
}

static void change(struct history *history, int64_t time_ns, enum machine_state from,
		   enum machine_state to)
{
	sample_event(history, time_ns, "X", from, to, "", "", NULL);
}

static void cpu(struct history *history, int64_t time_ns, const char *kind, const char *detail)
{
	sample_event(history, time_ns, kind, S(RUNNING), S(RUNNING), "", "", detail);
}

/* A machine that runs still does so now; an event that changes nothing ends no span. */
static void test_states(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 100);
	change(&history, 10, S(OFF), S(OFF));
	change(&history, 20, S(OFF), S(STARTING));
	change(&history, 30, S(STARTING), S(RUNNING));
	change(&history, 35, S(RUNNING), S(RUNNING));
	change(&history, 40, S(RUNNING), S(SUSPENDED));
	change(&history, 60, S(SUSPENDED), S(RUNNING));
	assert_int_equal(history_settle(&history, 100), 0);
	expect_states(&history, "off 10-20; starting 20-30; running 30-40; suspended 40-60; "
				"running 60-100; ");
	assert_int_equal(history.begin_ns, 10);
	assert_int_equal(history.end_ns, 100);
	history_free(&history);
}

/* Without an event a machine is what its record says, since when that says; no machine is fine. */
static void test_empty(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 100);
	assert_int_equal(history_settle(&history, 50), 0);
	expect_states(&history, "running 5-50; ");
	history_free(&history);

	begin(&history, 100);
	assert_int_equal(history_settle(&history, 3), 0);
	expect_states(&history, "running 3-3; ");
	history_free(&history);

	history_init(&history, 100);
	assert_int_equal(history_settle(&history, 50), 0);
	assert_int_equal(history.begin_ns, 50);
	assert_int_equal(history.end_ns, 50);
	history_free(&history);
}

/* CPUs come and go by their events; a reset, an end and a dead process leave none on. */
static void test_cpus(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 100);
	change(&history, 10, S(OFF), S(STARTING));
	cpu(&history, 20, "STARTED", NULL);
	cpu(&history, 30, "CPU_ON", "{\"cpu\":1}");
	cpu(&history, 31, "CPU_ON", "{\"cpu\":2}");
	cpu(&history, 32, "CPU_ON", "{\"cpu\":9}");
	cpu(&history, 33, "CPU_ON", "{\"cpu\":512}");
	cpu(&history, 34, "CPU_ON", "{\"cpu\":\"4\"}");
	cpu(&history, 35, "CPU_ON", "not JSON");
	cpu(&history, 40, "CPU_OFF", "{\"cpu\":1}");
	cpu(&history, 50, "RESET", NULL);
	cpu(&history, 51, "STARTED", "{\"cpu\":3}");
	change(&history, 60, S(RUNNING), S(CRASHED));
	assert_int_equal(history_settle(&history, 100), 0);
	expect_cpus(&history, "none 10-20; 0 20-30; 0-1 30-31; 0-2 31-32; 0-2,9 32-40; "
			      "0,2,9 40-50; none 50-51; 3 51-60; none 60-100; ");
	history_free(&history);
}

/* While a hibernated machine resumes its record stays hibernated, and its CPUs are on. */
static void test_resuming(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 100);
	change(&history, 10, S(STOPPING), S(HIBERNATED));
	sample_event(&history, 20, "STARTED", S(HIBERNATED), S(HIBERNATED), "", "", NULL);
	sample_event(&history, 25, "CPU_ON", S(HIBERNATED), S(HIBERNATED), "", "", "{\"cpu\":1}");
	sample_event(&history, 30, "SHUTDOWN", S(HIBERNATED), S(HIBERNATED), "", "", NULL);
	assert_int_equal(history_settle(&history, 50), 0);
	expect_cpus(&history, "none 10-20; 0 20-25; 0-1 25-30; none 30-50; ");
	expect_states(&history, "hibernated 10-50; ");
	history_free(&history);
}

/* The newest events are kept, and what the older ones did to CPUs is not forgotten. */
static void test_dropped(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 3);
	cpu(&history, 1, "STARTED", NULL);
	cpu(&history, 2, "CPU_ON", "{\"cpu\":1}");
	for (int64_t i = 0; i < 100; i++) {
		bool wakes = i % 2 != 0;

		change(&history, 10 + i, wakes ? S(SUSPENDED) : S(RUNNING),
		       wakes ? S(RUNNING) : S(SUSPENDED));
	}
	assert_true(history.machines[0].count <= 2 * 3);
	assert_int_equal(history_settle(&history, 200), 0);
	assert_int_equal(history.machines[0].count, 3);
	assert_int_equal(history.machines[0].dropped, 99);
	expect_states(&history, "running 107-108; suspended 108-109; running 109-200; ");
	expect_cpus(&history, "0-1 107-200; ");
	history_free(&history);
}

/* A clock that is wrong for a while turns nothing around and hides nothing else. */
static void test_clock_fit(void **state)
{
	static const struct {
		const char *what;
		int64_t was[8];
		int64_t is[8];
		size_t count;
	} cases[] = {
		{"rises", {1, 2, 3}, {1, 2, 3}, 3},
		{"the same moment", {1, 1, 1}, {1, 1, 1}, 3},
		{"ahead for a while", {10, 99, 12, 13}, {10, 10, 12, 13}, 4},
		{"in 1970 until the network is there",
		 {70, 71, 0, 80, 81},
		 {70, 71, 71, 80, 81},
		 5},
		{"in 1970 from the start", {90, 1, 2, 3}, {1, 1, 2, 3}, 4},
		{"set back a little", {10, 11, 9, 12}, {10, 11, 11, 12}, 4},
		{"one", {7}, {7}, 1},
		{"none", {0}, {0}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t times[8];

		memcpy(times, cases[i].was, sizeof(times));
		assert_int_equal(clock_fit(times, cases[i].count), 0);
		if (memcmp(times, cases[i].is, sizeof(times)) != 0) {
			fail_msg("%s", cases[i].what);
		}
	}
}

/* Of all subsets of @times that rise, the size of the largest. */
static unsigned longest(const int64_t *times, unsigned count)
{
	unsigned best = 0;

	for (unsigned mask = 0; mask < 1U << count; mask++) {
		int64_t last = INT64_MIN;
		unsigned size = 0;

		for (unsigned i = 0; i < count; i++) {
			if ((mask >> i & 1) == 0) {
				continue;
			}
			if (times[i] < last) {
				size = 0;
				break;
			}
			last = times[i];
			size++;
		}
		best = size > best ? size : best;
	}
	return best;
}

/* The result rises, and as many times as can be stay as they are. */
static void test_clock_fit_random(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		int64_t was[9];
		int64_t is[9];
		unsigned kept = 0;

		for (unsigned i = 0; i < 9; i++) {
			seed = seed * 1664525 + 1013904223;
			was[i] = is[i] = seed >> 16 & 15;
		}
		assert_int_equal(clock_fit(is, 9), 0);
		for (unsigned i = 0; i < 9; i++) {
			assert_true(i == 0 || is[i] >= is[i - 1]);
			kept += was[i] == is[i];
		}
		assert_true(kept >= longest(was, 9));
	}
}

/* The bars end where the last event is, if the clock now says less than that. */
static void test_now_is_early(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 100);
	change(&history, 1000, S(OFF), S(STARTING));
	change(&history, 1001, S(STARTING), S(RUNNING));
	assert_int_equal(history_settle(&history, 50), 0);
	expect_states(&history, "starting 1000-1001; running 1001-1001; ");
	assert_int_equal(history.end_ns, 1001);
	history_free(&history);
}

/* Times that no clock has are bounded, so that nothing overflows. */
static void test_absurd_times(void **state)
{
	struct history history;

	(void)state;
	begin(&history, 100);
	change(&history, INT64_MIN, S(OFF), S(STARTING));
	change(&history, INT64_MAX, S(STARTING), S(RUNNING));
	assert_int_equal(history_settle(&history, INT64_MAX), 0);
	assert_int_equal(history.begin_ns, 0);
	assert_int_equal(history.end_ns, INT64_MAX / 2);
	history_free(&history);
}

/* The longest text of a set fits, and each CPU is told from the next. */
static void test_cpu_set(void **state)
{
	struct cpu_set set;
	char text[CPU_SET_TEXT_SIZE];

	(void)state;
	cpu_set_clear(&set);
	for (uint32_t i = 0; i < CPU_SET_COUNT_MAX; i += 2) {
		cpu_set_put(&set, i, true);
	}
	cpu_set_text(&set, text);
	assert_int_equal(cpu_set_count(&set), CPU_SET_COUNT_MAX / 2);
	assert_string_equal(text + strlen(text) - 8, ",508,510");
	cpu_set_put(&set, -1, true);
	cpu_set_put(&set, CPU_SET_COUNT_MAX, true);
	cpu_set_put(&set, 511, true);
	cpu_set_put(&set, 0, false);
	assert_int_equal(cpu_set_count(&set), CPU_SET_COUNT_MAX / 2);
	cpu_set_text(&set, text);
	assert_string_equal(text + strlen(text) - 12, ",508,510-511");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_resuming),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_clock_fit),
		cmocka_unit_test(test_clock_fit_random),
		cmocka_unit_test(test_now_is_early),
		cmocka_unit_test(test_absurd_times),
		cmocka_unit_test(test_cpu_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
