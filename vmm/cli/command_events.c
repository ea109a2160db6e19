/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor events */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/keeper.h"
#include "cli/show.h"
#include "platform/wall_clock.h"
#include "report/report.h"

#define FOLLOW_MS 250

/**
 * struct reading - a history that is being printed
 * @json:    for programs
 * @name:    of the machine, or NULL for all
 * @last_id: of what has been printed
 * @count:   events printed
 */
struct reading {
	bool json;
	const char *name;
	int64_t last_id;
	size_t count;
};

static void add_text(struct json_object *object, const char *name, const char *text)
{
	(void)json_object_object_add(object, name, json_object_new_string(text));
}

static void print_json(const struct machine_event *event)
{
	struct json_object *object = json_object_new_object();
	char when[SHOW_TIME_SIZE];

	show_time_utc(event->time_ns, when);
	(void)json_object_object_add(object, "id", json_object_new_int64(event->id));
	add_text(object, "time", when);
	(void)json_object_object_add(object, "time_ns", json_object_new_int64(event->time_ns));
	add_text(object, "machine", event->machine);
	add_text(object, "kind", event->kind);
	add_text(object, "from", machine_state_name(event->from));
	add_text(object, "to", machine_state_name(event->to));
	add_text(object, "cause", event->cause);
	add_text(object, "by", event->by);
	(void)json_object_object_add(
		object, "detail", event->detail != NULL ? json_tokener_parse(event->detail) : NULL);
	(void)puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
								  JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(object);
}

static void print_line(const struct machine_event *event, bool with_name)
{
	char when[SHOW_TIME_SIZE];
	char states[40];

	show_time(event->time_ns, when);
	if (event->from == event->to) {
		(void)snprintf(states, sizeof(states), "%s", machine_state_name(event->to));
	} else {
		(void)snprintf(states, sizeof(states), "%s -> %s", machine_state_name(event->from),
			       machine_state_name(event->to));
	}
	(void)printf("%s  ", when);
	if (with_name) {
		(void)printf("%-12s  ", event->machine);
	}
	(void)printf("%-24s  %-27s  %s", states, event->kind, event->cause);
	(void)printf(event->by[0] != '\0' ? " (%s)\n" : "\n", event->by);
}

static bool take_event(void *ctx, const struct machine_event *event)
{
	struct reading *reading = ctx;

	if (reading->json) {
		print_json(event);
	} else {
		print_line(event, reading->name == NULL);
	}
	reading->last_id = event->id;
	reading->count++;
	return ferror(stdout) == 0;
}

static enum command_status print_new(struct keeper *keeper, struct reading *reading)
{
	struct vmm_error error;

	if (store_events(keeper->store, reading->name, reading->last_id, take_event, reading,
			 &error) != 0) {
		return keeper_failed(&error);
	}
	return show_flush();
}

/* Until a signal, or until nobody reads. */
static enum command_status follow(struct keeper *keeper, struct reading *reading)
{
	enum command_status status;

	do {
		(void)usleep(FOLLOW_MS * 1000);
		status = print_new(keeper, reading);
	} while (status == COMMAND_STATUS_DONE);
	return status;
}

static enum command_status print_history(struct keeper *keeper, const struct command_call *call)
{
	struct reading reading = {
		.json = command_has(&verb_events, call, "json"),
		.name = call->name_count > 0 ? call->names[0] : NULL,
	};
	enum command_status status = print_new(keeper, &reading);

	if (status == COMMAND_STATUS_DONE && command_has(&verb_events, call, "follow")) {
		status = follow(keeper, &reading);
	}
	return status;
}

typedef int report_fn(struct store *store, const char *const *names, size_t count, const char *path,
		      int64_t now_ns, struct vmm_error *error);

static enum command_status draw(struct keeper *keeper, const struct command_call *call,
				report_fn *report, const char *path)
{
	const char *name = call->name_count > 0 ? call->names[0] : NULL;
	struct vmm_error error;

	if (report(keeper->store, name != NULL ? &name : NULL, name != NULL ? 1 : 0, path,
		   wall_clock_ns(), &error) != 0) {
		return keeper_failed(&error);
	}
	return COMMAND_STATUS_DONE;
}

/* The files first: what is followed has no end. */
static enum command_status show_events(struct keeper *keeper, const struct command_call *call)
{
	const char *html = command_value(&verb_events, call, "html");
	const char *trace = command_value(&verb_events, call, "trace");
	enum command_status status = COMMAND_STATUS_DONE;

	if (call->name_count > 0) {
		/* What a crash left is part of the history. */
		struct machine_record record;

		status = keeper_get(keeper, call->names[0], &record);
		if (status == COMMAND_STATUS_DONE) {
			record_free(&record);
		}
	}
	if (status == COMMAND_STATUS_DONE && html != NULL) {
		status = draw(keeper, call, report_html, html);
	}
	if (status == COMMAND_STATUS_DONE && trace != NULL) {
		status = draw(keeper, call, report_trace, trace);
	}
	if (status == COMMAND_STATUS_DONE && html == NULL && trace == NULL) {
		status = print_history(keeper, call);
	}
	return status;
}

static enum command_status run_events(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = show_events(&keeper, call);
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_events = {
	.name = "events",
	.arguments = "[NAME]",
	.summary = "print what happened to a machine, or to all, and why",
	.options =
		{
			{"follow", NULL, "go on with what happens next", false},
			{"json", NULL, "for programs: an object a line", false},
			{"html", "FILE", "draw it as a page for a browser; - for standard output",
			 false},
			{"trace", "FILE", "write it as a trace for Perfetto; likewise", false},
		},
	.name_count_max = 1,
	.run = run_events,
};
