/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/page.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "report/page_tables.h"
#include "report/spans.h"
#include "report/text.h"

/**
 * struct data - the JSON that the page's script draws
 * @stream:  where to
 * @zero_ns: what its times count from, a whole millisecond
 * @more:    there was an element before in the array that is being written
 * @cpu_max: the largest number of CPUs that were on
 */
struct data {
	FILE *stream;
	int64_t zero_ns;
	bool more;
	unsigned cpu_max;
};

static void next_element(struct data *data)
{
	(void)fputs(data->more ? ",\n" : "\n", data->stream);
	data->more = true;
}

/* Of an event, or nothing. */
static void put_words(struct data *data, const struct history_event *event)
{
	const char *words[] = {event != NULL ? event->kind : "", event != NULL ? event->cause : "",
			       event != NULL ? event->by : ""};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		(void)putc(',', data->stream);
		text_json(data->stream, words[i]);
	}
}

static void put_times(struct data *data, int64_t from_ns, int64_t to_ns)
{
	next_element(data);
	(void)fprintf(data->stream, "[%" PRId64 ",%" PRId64, (from_ns - data->zero_ns) / 1000,
		      (to_ns - data->zero_ns) / 1000);
}

static void put_state(void *ctx, const struct state_span *span)
{
	struct data *data = ctx;

	put_times(data, span->from_ns, span->to_ns);
	(void)fprintf(data->stream, ",%u", (unsigned)span->state);
	put_words(data, span->event);
	(void)putc(']', data->stream);
}

static void put_cpus(void *ctx, const struct cpus_span *span)
{
	struct data *data = ctx;
	unsigned count = cpu_set_count(span->cpus);
	char text[CPU_SET_TEXT_SIZE];

	if (count == 0) {
		return;
	}
	if (count > data->cpu_max) {
		data->cpu_max = count;
	}
	cpu_set_text(span->cpus, text);
	put_times(data, span->from_ns, span->to_ns);
	(void)fprintf(data->stream, ",%u,\"%s\"]", count, text);
}

/* How an event that is no change of state is marked, or NULL: the CPUs have a lane of their own. */
static const char *mark_of(const struct history_event *event)
{
	static const struct {
		const char *kind;
		const char *mark;
	} marks[] = {
		{"CPU_ON", NULL},
		{"CPU_OFF", NULL},
		{"WAKEUP", "wake"},
		{"X_TORPOR_GUEST_UNRESPONSIVE", "trouble"},
		{"WATCHDOG", "trouble"},
		{"GUEST_PANICKED", "trouble"},
		{"GUEST_CRASHLOADED", "trouble"},
		{"LEFT_OUT", "trouble"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strcmp(event->kind, marks[i].kind) == 0) {
			return marks[i].mark;
		}
	}
	/* It consumed its image: it is awake. */
	if (event->from == MACHINE_STATE_HIBERNATED && event->to == MACHINE_STATE_RUNNING) {
		return "wake";
	}
	return event->from == event->to ? "event" : NULL;
}

static void put_mark(struct data *data, const struct history_event *event, const char *mark)
{
	next_element(data);
	(void)fprintf(data->stream, "[%" PRId64 ",\"%s\"", (event->shown_ns - data->zero_ns) / 1000,
		      mark);
	put_words(data, event);
	(void)putc(',', data->stream);
	page_detail(data->stream, event, text_json);
	(void)putc(']', data->stream);
}

static void put_marks(struct data *data, const struct history_machine *machine)
{
	for (size_t i = 0; i < machine->count; i++) {
		const char *mark = mark_of(&machine->events[i]);

		if (mark != NULL) {
			put_mark(data, &machine->events[i], mark);
		}
	}
}

static void put_machine(struct data *data, const struct history *history,
			const struct history_machine *machine)
{
	next_element(data);
	(void)fputs("{\"name\":", data->stream);
	text_json(data->stream, machine->name);
	(void)fprintf(data->stream, ",\"state\":\"%s\",\"spans\":[",
		      machine_state_name(machine->state));
	data->more = false;
	spans_states(history, machine, put_state, data);
	(void)fputs("],\"cpus\":[", data->stream);
	data->more = false;
	data->cpu_max = 0;
	spans_cpus(history, machine, put_cpus, data);
	(void)fprintf(data->stream, "],\"cpuMax\":%u,\"marks\":[", data->cpu_max);
	data->more = false;
	put_marks(data, machine);
	(void)fputs("]}", data->stream);
	data->more = true;
}

static void put_data(FILE *stream, const struct history *history)
{
	struct data data = {
		.stream = stream,
		.zero_ns = history->begin_ns - history->begin_ns % 1000000,
	};

	(void)fprintf(stream, "{\"zero\":%" PRId64 ",\"end\":%" PRId64 ",\"states\":[",
		      data.zero_ns / 1000000, (history->end_ns - data.zero_ns) / 1000);
	for (unsigned i = 0; i < MACHINE_STATE_COUNT; i++) {
		(void)fprintf(stream, "%s\"%s\"", i > 0 ? "," : "",
			      machine_state_name((enum machine_state)i));
	}
	(void)fputs("],\"machines\":[", stream);
	for (size_t i = 0; i < history->count; i++) {
		put_machine(&data, history, &history->machines[i]);
	}
	(void)fputs("]}", stream);
}

static void put_title(FILE *stream, const struct history *history)
{
	(void)fputs("Power states", stream);
	if (history->count == 1) {
		(void)fputs(" of ", stream);
		text_html(stream, history->machines[0].name);
	}
}

static const struct part {
	const char *name;
	void (*put)(FILE *stream, const struct history *history);
} parts[] = {
	{"@TITLE@", put_title},	   {"@SUMMARY@", page_summary}, {"@NOTES@", page_notes},
	{"@TABLES@", page_tables}, {"@DATA@", put_data},
};

static const struct part *part_at(const char *text)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strncmp(text, parts[i].name, strlen(parts[i].name)) == 0) {
			return &parts[i];
		}
	}
	return NULL;
}

void page_write(FILE *stream, const struct history *history)
{
	const char *text = page_template;
	const char *at;

	while ((at = strchr(text, '@')) != NULL) {
		const struct part *part = part_at(at);

		(void)fwrite(text, 1, (size_t)(at - text), stream);
		if (part != NULL) {
			part->put(stream, history);
			text = at + strlen(part->name);
		} else {
			(void)putc('@', stream);
			text = at + 1;
		}
	}
	(void)fputs(text, stream);
}
