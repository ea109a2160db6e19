/* SPDX-License-Identifier: BSD-3-Clause */
/* The page and the trace say what happened, in a form that browsers and Perfetto read. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "report/page.h"
#include "report/text.h"
#include "report/trace.h"
#include "report_sample.h"

#define DATA_BEGIN "<script type=\"application/json\" id=\"history\">"
#define DATA_END "</script>"

static char *written(const char *sample, size_t limit,
		     void (*write)(FILE *, const struct history *))
{
	struct history history;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	assert_true(sample_make(sample, limit, &history));
	write(stream, &history);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(strlen(text), size);
	history_free(&history);
	return text;
}

static struct json_object *parsed(const char *text)
{
	struct json_object *object;
	enum json_tokener_error error;

	object = json_tokener_parse_verbose(text, &error);
	if (object == NULL) {
		fail_msg("not JSON: %s: %.100s", json_tokener_error_desc(error), text);
	}
	return object;
}

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(object, name, &value));
	return value;
}

static int64_t number(struct json_object *object, const char *name)
{
	return json_object_get_int64(member(object, name));
}

static const char *word(struct json_object *object, const char *name)
{
	return json_object_get_string(member(object, name));
}

/* The JSON in a page. */
static struct json_object *data_of(const char *page)
{
	const char *begin = strstr(page, DATA_BEGIN);
	struct json_object *object;
	const char *end;
	char *text;

	assert_non_null(begin);
	begin += strlen(DATA_BEGIN);
	end = strstr(begin, DATA_END);
	assert_non_null(end);
	text = strndup(begin, (size_t)(end - begin));
	object = parsed(text);
	free(text);
	return object;
}

static struct json_object *at(struct json_object *array, size_t index)
{
	struct json_object *value = json_object_array_get_idx(array, index);

	assert_non_null(value);
	return value;
}

static int64_t int_at(struct json_object *array, size_t index)
{
	return json_object_get_int64(at(array, index));
}

/* What the script draws: each span's times and state, why and by whom; CPUs; marks. */
static void test_page_data(void **state)
{
	const int64_t hour_us = SAMPLE_HOUR_NS / 1000;
	char *page = written("usual", 1000, page_write);
	struct json_object *data = data_of(page);
	struct json_object *web = at(member(data, "machines"), 0);
	struct json_object *span = at(member(web, "spans"), 3);
	struct json_object *mark = at(member(web, "marks"), 1);

	(void)state;
	assert_int_equal(number(data, "zero"), SAMPLE_BEGIN_NS / 1000000);
	assert_int_equal(number(data, "end"), 10 * hour_us);
	assert_int_equal(json_object_array_length(member(data, "machines")), 3);
	assert_string_equal(word(web, "name"), "web");
	assert_int_equal(number(web, "cpuMax"), 4);
	assert_int_equal(int_at(span, 0), 3 * hour_us);
	assert_int_equal(int_at(span, 1), 4 * hour_us);
	assert_int_equal(int_at(span, 2), MACHINE_STATE_SUSPENDED);
	assert_string_equal(json_object_get_string(at(span, 4)), "suspended to RAM");
	assert_string_equal(json_object_get_string(at(span, 5)), "guest");
	assert_int_equal(int_at(mark, 0), 4 * hour_us);
	assert_string_equal(json_object_get_string(at(mark, 1)), "wake");
	assert_string_equal(json_object_get_string(at(mark, 5)),
			    "cpu 0, reason device, intid 34, device pl031");
	mark = at(member(web, "marks"), 5);
	assert_int_equal(int_at(mark, 0), 7 * hour_us + hour_us / 100);
	assert_string_equal(json_object_get_string(at(mark, 1)), "wake");
	(void)json_object_put(data);
	free(page);
}

static unsigned occurrences(const char *text, const char *part)
{
	unsigned count = 0;

	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part)) {
		count++;
	}
	return count;
}

/* Words of users and guests are text: they end no element, and become no directive of ours. */
static void test_page_escapes(void **state)
{
	char *page = written("hostile", 1000, page_write);
	struct json_object *data = data_of(page);
	struct json_object *machine = at(member(data, "machines"), 0);

	(void)state;
	assert_int_equal(occurrences(page, "<script"), 2);
	assert_int_equal(occurrences(page, "</script"), 2);
	assert_int_equal(occurrences(page, "<!--"), 1);
	assert_int_equal(occurrences(page, "<b onclick"), 0);
	assert_non_null(
		strstr(page, "&#60;b onclick=&#34;hacked=1&#34;&#62;&#39;&#38;amp; \xEF\xBF\xBD"));
	assert_non_null(strstr(page, "<td>@DATA@ @SCRIPT@ \xE2\x80\xA8 "));
	assert_non_null(strstr(page, " \xC3\xA9</td>"));
	assert_string_equal(word(machine, "name"),
			    "</script><script>hacked=1</script><b onclick=\"hacked=1\">'&amp; "
			    "\xEF\xBF\xBD");
	(void)json_object_put(data);
	free(page);
}

/* It loads nothing, and its policy allows only its own style and script. */
static void test_page_is_self_contained(void **state)
{
	char *page = written("usual", 1000, page_write);

	(void)state;
	assert_null(strstr(page, "<link"));
	assert_null(strstr(page, " src="));
	assert_null(strstr(page, "@import"));
	assert_null(strstr(page, "@STYLE"));
	assert_non_null(strstr(page, "default-src 'none'"));
	assert_non_null(strstr(page, "script-src 'sha256-"));
	free(page);
}

/* No machine, and none with an event, is no trouble; each event is a row of a table. */
static void test_page_tables(void **state)
{
	char *none = written("none", 1000, page_write);
	char *usual = written("usual", 1000, page_write);

	(void)state;
	assert_non_null(strstr(none, "There are no machines."));
	assert_int_equal(occurrences(none, "<table"), 0);
	assert_int_equal(occurrences(usual, "<table"), 3);
	assert_int_equal(occurrences(usual, "<tr><td>"), 28);
	assert_non_null(strstr(usual, "<tr><td>2026-11-25 11:00:00.000</td><td>SUSPEND</td><td>"
				      "running &#8594; suspended</td><td>suspended to RAM</td>"
				      "<td>guest</td><td>cpu 0</td></tr>"));
	assert_null(strstr(usual, "class=\"note\">The host"));
	free(none);
	free(usual);
}

/* A history of any length makes a page of bounded size, which says what is left out. */
static void test_page_is_bounded(void **state)
{
	char *page = written("many", 10000, page_write);
	struct json_object *data = data_of(page);

	(void)state;
	assert_true(strlen(page) < 4 << 20);
	assert_int_equal(occurrences(page, "<tr><td>"), 10000);
	assert_non_null(strstr(page, "90000 older events are left out"));
	assert_int_equal(json_object_array_length(member(at(member(data, "machines"), 0), "spans")),
			 10000);
	(void)json_object_put(data);
	free(page);
}

/* The same history makes the same bytes. */
static void test_deterministic(void **state)
{
	char *pages[] = {written("usual", 1000, page_write), written("usual", 1000, page_write)};
	char *traces[] = {written("usual", 1000, trace_write), written("usual", 1000, trace_write)};

	(void)state;
	assert_string_equal(pages[0], pages[1]);
	assert_string_equal(traces[0], traces[1]);
	for (size_t i = 0; i < 2; i++) {
		free(pages[i]);
		free(traces[i]);
	}
}

/* A clock that went back shows in the notes and in the table, with what it said. */
static void test_page_wrong_clock(void **state)
{
	struct history history;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	history_init(&history, 10);
	assert_int_equal(history_machine(&history, "one", MACHINE_STATE_RUNNING, 0), 0);
	for (int64_t i = 0; i < 4; i++) {
		sample_event(&history, i == 2 ? 0 : SAMPLE_BEGIN_NS + i * SAMPLE_HOUR_NS, "EDIT",
			     MACHINE_STATE_OFF, MACHINE_STATE_OFF, "", "", NULL);
	}
	assert_int_equal(history_settle(&history, SAMPLE_NOW_NS), 0);
	page_write(stream, &history);
	assert_int_equal(fclose(stream), 0);
	assert_non_null(strstr(text, "the times of 1 event do not fit"));
	assert_non_null(strstr(text, "<td>1970-01-01 00:00:00.000 <i>clock was wrong</i></td>"));
	history_free(&history);
	free(text);
}

/**
 * struct track - what a trace has of a thread
 * @name:  from its metadata
 * @end:   of its last span
 * @spans: how many
 * @marks: instants
 */
struct track {
	const char *name;
	int64_t end;
	unsigned spans;
	unsigned marks;
};

static struct track tracks[4 * 514];

static void read_event(struct json_object *event)
{
	struct track *track = &tracks[number(event, "tid")];
	const char *phase = word(event, "ph");

	assert_true(number(event, "tid") / 514 == number(event, "pid"));
	if (strcmp(phase, "X") == 0) {
		/* Spans of a track follow each other; those that overlap are drawn wrong. */
		assert_true(number(event, "ts") >= track->end);
		assert_true(number(event, "dur") >= 0);
		track->end = number(event, "ts") + number(event, "dur");
		track->spans++;
	} else if (strcmp(phase, "i") == 0) {
		assert_string_equal(word(event, "s"), "t");
		(void)member(member(event, "args"), "cause");
		track->marks++;
	} else {
		assert_string_equal(phase, "M");
		if (strcmp(word(event, "name"), "thread_name") == 0) {
			track->name = word(member(event, "args"), "name");
		}
	}
}

/* A process a machine, its states without a gap up to now, a track a CPU, wake-ups with reasons. */
static void test_trace(void **state)
{
	char *text = written("usual", 1000, trace_write);
	struct json_object *trace = parsed(text);
	struct json_object *events = member(trace, "traceEvents");

	(void)state;
	memset(tracks, 0, sizeof(tracks));
	for (size_t i = 0; i < json_object_array_length(events); i++) {
		read_event(at(events, i));
	}
	assert_string_equal(tracks[514].name, "power state");
	assert_int_equal(tracks[514].spans, 10);
	assert_int_equal(tracks[514].end, SAMPLE_NOW_NS / 1000);
	assert_string_equal(tracks[515].name, "events");
	assert_int_equal(tracks[515].marks, 5);
	assert_string_equal(tracks[516].name, "CPU 0");
	assert_int_equal(tracks[516].spans, 2);
	assert_string_equal(tracks[519].name, "CPU 3");
	assert_int_equal(tracks[519].spans, 1);
	assert_null(tracks[520].name);
	/* The CPU of a machine that runs is still on. */
	assert_int_equal(tracks[2 * 514 + 2].end, SAMPLE_NOW_NS / 1000);
	assert_int_equal(tracks[3 * 514].spans, 1);
	(void)json_object_put(trace);
	free(text);
}

/* The wake-up's arguments are the reason, numbers as numbers. */
static void test_trace_wakeup(void **state)
{
	char *text = written("usual", 1000, trace_write);

	(void)state;
	assert_non_null(strstr(text,
			       "\"name\":\"WAKEUP\",\"ts\":1795608000000000,\"s\":\"t\","
			       "\"cat\":\"event\",\"args\":{\"event\":\"WAKEUP\",\"time\":"
			       "\"2026-11-25 12:00:00.000\",\"cause\":\"woken by pl031\","
			       "\"by\":\"guest\",\"cpu\":0,\"reason\":\"device\",\"intid\":34,"
			       "\"device\":\"pl031\"}}"));
	free(text);
}

/* JSON whatever the words are, and with no machine. */
static void test_trace_is_json(void **state)
{
	static const char *const samples[] = {"hostile", "none", "many"};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		char *text = written(samples[i], 1000, trace_write);
		struct json_object *trace = parsed(text);

		assert_true(json_object_is_type(member(trace, "traceEvents"), json_type_array));
		(void)json_object_put(trace);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_data),
		cmocka_unit_test(test_page_escapes),
		cmocka_unit_test(test_page_is_self_contained),
		cmocka_unit_test(test_page_tables),
		cmocka_unit_test(test_page_is_bounded),
		cmocka_unit_test(test_page_wrong_clock),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_trace_wakeup),
		cmocka_unit_test(test_trace_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
