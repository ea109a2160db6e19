/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int result)
{
	if (result != 0) {
		abort();
	}
}

void sample_event(struct history *history, int64_t time_ns, const char *kind,
		  enum machine_state from, enum machine_state to, const char *cause, const char *by,
		  const char *detail)
{
	struct machine_event event = {.time_ns = time_ns, .from = from, .to = to};

	(void)snprintf(event.kind, sizeof(event.kind), "%s", kind);
	(void)snprintf(event.cause, sizeof(event.cause), "%s", cause);
	(void)snprintf(event.by, sizeof(event.by), "%s", by);
	event.detail = detail != NULL ? strdup(detail) : NULL;
	must(history_event(history, &event));
	record_event_free(&event);
}

/**
 * struct line - an event of a sample
 * @hours:   from its beginning
 */
struct line {
	double hours;
	const char *kind;
	enum machine_state from;
	enum machine_state to;
	const char *cause;
	const char *by;
	const char *detail;
};

#define S(state) MACHINE_STATE_##state

/* Each state from one whole hour to the next, or longer; what is short is round them. */
static const struct line web[] = {
	{0, "CREATE", S(OFF), S(OFF), "created", "user anna", NULL},
	{1, "START", S(OFF), S(STARTING), "start", "user anna", NULL},
	{2, "STARTED", S(STARTING), S(RUNNING), "its kernel is entered", "torpor", "{\"cpu\":0}"},
	{2.01, "CPU_ON", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":1}"},
	{2.02, "CPU_ON", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":2}"},
	{2.03, "CPU_ON", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":3}"},
	{2.97, "CPU_OFF", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":1}"},
	{2.98, "CPU_OFF", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":2}"},
	{2.99, "CPU_OFF", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":3}"},
	{3, "SUSPEND", S(RUNNING), S(SUSPENDED), "suspended to RAM", "guest", "{\"cpu\":0}"},
	{4, "WAKEUP", S(SUSPENDED), S(RUNNING), "woken by pl031", "guest",
	 "{\"cpu\":0,\"reason\":\"device\",\"intid\":34,\"device\":\"pl031\"}"},
	{4.02, "CPU_ON", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":1}"},
	{4.9, "CPU_OFF", S(RUNNING), S(RUNNING), "", "guest", "{\"cpu\":1}"},
	{4.95, "X_TORPOR_HIBERNATE_REQUEST", S(RUNNING), S(RUNNING), "hibernate", "user anna",
	 NULL},
	{4.999, "SUSPEND_DISK", S(RUNNING), S(STOPPING), "hibernating", "guest", NULL},
	{5, "SUSPEND_DISK", S(STOPPING), S(HIBERNATED), "hibernated", "guest", NULL},
	{7, "START", S(HIBERNATED), S(HIBERNATED), "resume", "user bert", NULL},
	{7.001, "STARTED", S(HIBERNATED), S(HIBERNATED), "", "torpor", "{\"cpu\":0}"},
	{7.01, "RESUMED", S(HIBERNATED), S(RUNNING), "first disk write", "guest", NULL},
	{8, "POWERDOWN", S(RUNNING), S(STOPPING), "stop", "user bert", NULL},
	{9, "SHUTDOWN", S(STOPPING), S(OFF), "powered off", "guest", NULL},
};

static const struct line build[] = {
	{0.5, "CREATE", S(OFF), S(OFF), "created", "user bert", NULL},
	{1, "START", S(OFF), S(STARTING), "start", "user bert", NULL},
	{1.001, "STARTED", S(STARTING), S(RUNNING), "", "torpor", "{\"cpu\":0}"},
	{1.5, "X_TORPOR_GUEST_UNRESPONSIVE", S(RUNNING), S(RUNNING), "no answer to suspend",
	 "torpor", "{\"request\":\"suspend\"}"},
	{3, "MEND", S(RUNNING), S(CRASHED), "its process died", "torpor", NULL},
	{6, "START", S(CRASHED), S(STARTING), "start", "user bert", NULL},
	{6.001, "STARTED", S(STARTING), S(RUNNING), "", "torpor", "{\"cpu\":0}"},
};

static void add_lines(struct history *history, const char *name, const struct line *lines,
		      size_t count)
{
	must(history_machine(history, name, lines[count - 1].to, SAMPLE_BEGIN_NS));
	for (size_t i = 0; i < count; i++) {
		const struct line *line = &lines[i];

		sample_event(history,
			     SAMPLE_BEGIN_NS + (int64_t)(line->hours * (double)SAMPLE_HOUR_NS),
			     line->kind, line->from, line->to, line->cause, line->by, line->detail);
	}
}

static void make_usual(struct history *history)
{
	add_lines(history, "web", web, sizeof(web) / sizeof(web[0]));
	add_lines(history, "build", build, sizeof(build) / sizeof(build[0]));
	must(history_machine(history, "spare", S(OFF), SAMPLE_BEGIN_NS + 4 * SAMPLE_HOUR_NS));
}

static void make_none(struct history *history)
{
	(void)history;
}

static void make_hostile(struct history *history)
{
	must(history_machine(history, SAMPLE_HOSTILE, S(RUNNING), SAMPLE_BEGIN_NS));
	sample_event(history, SAMPLE_BEGIN_NS, SAMPLE_HOSTILE, S(OFF), S(RUNNING), SAMPLE_HOSTILE,
		     SAMPLE_HOSTILE, "{\"</script><script>hacked=1</script>\":\"<!--<script>\"}");
	sample_event(history, SAMPLE_BEGIN_NS + SAMPLE_HOUR_NS, "EDIT", S(RUNNING), S(RUNNING),
		     "@DATA@ @SCRIPT@ \xE2\x80\xA8 \xED\xA0\x80 \xF4\x90\x80\x80 \xC0\xAF \xC3\xA9",
		     "<!--<script>", "</script><script>hacked=1</script>");
}

/* A guest that suspends and wakes every 360 ms. */
static void make_many(struct history *history)
{
	must(history_machine(history, "restless", S(RUNNING), SAMPLE_BEGIN_NS));
	for (int64_t i = 0; i < 100000; i++) {
		bool wakes = i % 2 != 0;

		sample_event(history, SAMPLE_BEGIN_NS + i * SAMPLE_HOUR_NS / 10000,
			     wakes ? "WAKEUP" : "SUSPEND", wakes ? S(SUSPENDED) : S(RUNNING),
			     wakes ? S(RUNNING) : S(SUSPENDED), wakes ? "woken by pl031" : "",
			     "guest", "{\"cpu\":0,\"intid\":34}");
	}
}

bool sample_make(const char *name, size_t limit, struct history *history)
{
	static const struct {
		const char *name;
		void (*make)(struct history *history);
	} samples[] = {{"usual", make_usual},
		       {"none", make_none},
		       {"hostile", make_hostile},
		       {"many", make_many}};

	history_init(history, limit);
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		if (strcmp(name, samples[i].name) == 0) {
			samples[i].make(history);
			must(history_settle(history, SAMPLE_NOW_NS));
			return true;
		}
	}
	return false;
}
