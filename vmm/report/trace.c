/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/trace.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "report/detail.h"
#include "report/spans.h"
#include "report/text.h"

/* Tracks of a machine; no two machines share a number, as viewers may take it for a thread's. */
#define TRACKS (CPU_SET_COUNT_MAX + 2)
#define TRACK_STATES 0
#define TRACK_EVENTS 1
#define TRACK_CPUS 2

/**
 * struct trace - what is being written
 * @stream:  where to
 * @history: what
 * @machine: of it, now
 * @pid:     its number, from 1 on
 * @begun:   there is an event before
 * @cpus:    that are on, at the time that has been reached
 * @seen:    that were on at any time
 * @on_ns:   since when, of each of @cpus
 */
struct trace {
	FILE *stream;
	const struct history *history;
	const struct history_machine *machine;
	unsigned pid;
	bool begun;
	struct cpu_set cpus;
	struct cpu_set seen;
	int64_t on_ns[CPU_SET_COUNT_MAX];
};

/* Up to the name and where it belongs; the caller closes the object. */
static void begin(struct trace *trace, const char *phase, unsigned track, const char *name)
{
	(void)fprintf(trace->stream,
		      "%s\n{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"name\":", trace->begun ? "," : "",
		      phase, trace->pid, trace->pid * TRACKS + track);
	text_json(trace->stream, name);
	trace->begun = true;
}

/* Whole microseconds: viewers take others for doubles, by which spans that meet would overlap. */
static void put_us(struct trace *trace, const char *name, int64_t time_us)
{
	(void)fprintf(trace->stream, ",\"%s\":%" PRId64, name, time_us);
}

static void put_span(struct trace *trace, int64_t from_ns, int64_t to_ns)
{
	put_us(trace, "ts", from_ns / 1000);
	put_us(trace, "dur", to_ns / 1000 - from_ns / 1000);
}

static void put_arg(void *ctx, const char *name, const char *value, bool number)
{
	struct trace *trace = ctx;

	(void)putc(',', trace->stream);
	text_json(trace->stream, name);
	(void)putc(':', trace->stream);
	if (number) {
		(void)fputs(value, trace->stream);
	} else {
		text_json(trace->stream, value);
	}
}

static void put_args(struct trace *trace, const struct history_event *event)
{
	char when[TEXT_TIME_SIZE];

	text_time(event->time_ns, when);
	(void)fputs(",\"args\":{\"event\":", trace->stream);
	text_json(trace->stream, event->kind);
	put_arg(trace, "time", when, false);
	put_arg(trace, "cause", event->cause, false);
	put_arg(trace, "by", event->by, false);
	detail_members(event->detail, put_arg, trace);
	(void)putc('}', trace->stream);
}

static void put_state(void *ctx, const struct state_span *span)
{
	struct trace *trace = ctx;

	begin(trace, "X", TRACK_STATES, machine_state_name(span->state));
	put_span(trace, span->from_ns, span->to_ns);
	(void)fputs(",\"cat\":\"state\"", trace->stream);
	if (span->event != NULL) {
		put_args(trace, span->event);
	}
	(void)putc('}', trace->stream);
}

static void put_cpu(struct trace *trace, uint32_t cpu, int64_t to_ns)
{
	begin(trace, "X", TRACK_CPUS + cpu, "on");
	put_span(trace, trace->on_ns[cpu], to_ns);
	(void)fputs(",\"cat\":\"cpu\"}", trace->stream);
}

/* At the beginning of a span: what went off ends, what came on begins. */
static void put_cpus(void *ctx, const struct cpus_span *span)
{
	struct trace *trace = ctx;

	for (uint32_t cpu = 0; cpu < CPU_SET_COUNT_MAX; cpu++) {
		bool was = cpu_set_has(&trace->cpus, cpu);
		bool is = cpu_set_has(span->cpus, cpu);

		if (was && !is) {
			put_cpu(trace, cpu, span->from_ns);
		} else if (!was && is) {
			trace->on_ns[cpu] = span->from_ns;
			cpu_set_put(&trace->seen, cpu, true);
		}
	}
	trace->cpus = *span->cpus;
}

static void end_cpus(struct trace *trace)
{
	for (uint32_t cpu = 0; cpu < CPU_SET_COUNT_MAX; cpu++) {
		if (cpu_set_has(&trace->cpus, cpu)) {
			put_cpu(trace, cpu, trace->history->end_ns);
		}
	}
}

/* Spans show the other events: by what they begin with. */
static bool is_instant(const struct history_event *event)
{
	return (event->from == event->to && strcmp(event->kind, "CPU_ON") != 0 &&
		strcmp(event->kind, "CPU_OFF") != 0) ||
	       strcmp(event->kind, "WAKEUP") == 0;
}

static void put_instants(struct trace *trace)
{
	for (size_t i = 0; i < trace->machine->count; i++) {
		const struct history_event *event = &trace->machine->events[i];

		if (is_instant(event)) {
			begin(trace, "i", TRACK_EVENTS, event->kind);
			put_us(trace, "ts", event->shown_ns / 1000);
			(void)fputs(",\"s\":\"t\",\"cat\":\"event\"", trace->stream);
			put_args(trace, event);
			(void)putc('}', trace->stream);
		}
	}
}

static void put_name(struct trace *trace, const char *what, unsigned track, const char *name)
{
	begin(trace, "M", track, what);
	(void)fputs(",\"args\":{\"name\":", trace->stream);
	text_json(trace->stream, name);
	(void)fputs("}}", trace->stream);
}

static void put_order(struct trace *trace, const char *what, unsigned track, unsigned order)
{
	begin(trace, "M", track, what);
	(void)fprintf(trace->stream, ",\"args\":{\"sort_index\":%u}}", order);
}

static void put_track(struct trace *trace, unsigned track, const char *name)
{
	put_name(trace, "thread_name", track, name);
	put_order(trace, "thread_sort_index", track, track);
}

static void put_tracks(struct trace *trace)
{
	put_name(trace, "process_name", TRACK_STATES, trace->machine->name);
	put_order(trace, "process_sort_index", TRACK_STATES, trace->pid);
	put_track(trace, TRACK_STATES, "power state");
	put_track(trace, TRACK_EVENTS, "events");
	for (uint32_t cpu = 0; cpu < CPU_SET_COUNT_MAX; cpu++) {
		char name[16];

		if (cpu_set_has(&trace->seen, cpu)) {
			(void)snprintf(name, sizeof(name), "CPU %u", cpu);
			put_track(trace, TRACK_CPUS + cpu, name);
		}
	}
}

static void put_machine(struct trace *trace)
{
	cpu_set_clear(&trace->cpus);
	cpu_set_clear(&trace->seen);
	spans_states(trace->history, trace->machine, put_state, trace);
	spans_cpus(trace->history, trace->machine, put_cpus, trace);
	end_cpus(trace);
	put_instants(trace);
	put_tracks(trace);
}

void trace_write(FILE *stream, const struct history *history)
{
	struct trace trace = {.stream = stream, .history = history};
	size_t dropped = 0;

	(void)fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", stream);
	for (size_t i = 0; i < history->count; i++) {
		trace.machine = &history->machines[i];
		trace.pid = (unsigned)i + 1;
		dropped += trace.machine->dropped;
		put_machine(&trace);
	}
	(void)fprintf(stream,
		      "\n],\"otherData\":{\"source\":\"torpor\",\"clock\":\"UTC, since 1970\","
		      "\"events_left_out\":\"%zu\"}}\n",
		      dropped);
}
