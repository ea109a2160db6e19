/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/history.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "report/clock_fit.h"

/* Times beyond that come from a broken clock; within it differences can be taken. */
#define TIME_MAX_NS (INT64_MAX / 2)

static int64_t sane_time(int64_t time_ns)
{
	if (time_ns < 0) {
		return 0;
	}
	return time_ns > TIME_MAX_NS ? TIME_MAX_NS : time_ns;
}

static void event_free(struct history_event *event)
{
	free(event->kind);
	free(event->cause);
	free(event->by);
	free(event->detail);
}

void history_init(struct history *history, size_t limit)
{
	*history = (struct history){.limit = limit > 0 ? limit : 1};
}

int history_machine(struct history *history, const char *name, enum machine_state state,
		    int64_t since_ns)
{
	struct history_machine *machines =
		realloc(history->machines, (history->count + 1) * sizeof(*machines));
	struct history_machine *machine;

	if (machines == NULL) {
		return -ENOMEM;
	}
	history->machines = machines;
	machine = &machines[history->count];
	*machine = (struct history_machine){
		.name = strdup(name), .state = state, .since_ns = sane_time(since_ns)};
	if (machine->name == NULL) {
		return -ENOMEM;
	}
	history->count++;
	return 0;
}

/* The "cpu" of an event's detail, or -1. */
static int32_t cpu_of(const char *detail)
{
	struct json_object *object;
	struct json_object *cpu;
	int32_t result = -1;

	if (detail == NULL) {
		return -1;
	}
	object = json_tokener_parse(detail);
	if (json_object_is_type(object, json_type_object) &&
	    json_object_object_get_ex(object, "cpu", &cpu) &&
	    json_object_is_type(cpu, json_type_int)) {
		result = json_object_get_int(cpu);
	}
	(void)json_object_put(object);
	return result;
}

void history_cpus_after(struct cpu_set *cpus, const struct history_event *event)
{
	bool ended = event->from != event->to && !machine_state_needs_process(event->to);

	if (strcmp(event->kind, "STARTED") == 0) {
		cpu_set_clear(cpus);
		cpu_set_put(cpus, event->cpu >= 0 ? event->cpu : 0, true);
	} else if (strcmp(event->kind, "CPU_ON") == 0) {
		cpu_set_put(cpus, event->cpu, true);
	} else if (strcmp(event->kind, "CPU_OFF") == 0) {
		cpu_set_put(cpus, event->cpu, false);
	} else if (ended || strcmp(event->kind, "RESET") == 0 ||
		   strcmp(event->kind, "SHUTDOWN") == 0 ||
		   strcmp(event->kind, "SUSPEND_DISK") == 0 || strcmp(event->kind, "MEND") == 0) {
		cpu_set_clear(cpus);
	}
}

/* Half of the room is free afterwards, so that an event costs little however many there are. */
static void drop_oldest(struct history_machine *machine, size_t keep)
{
	size_t drop = machine->count - keep;

	for (size_t i = 0; i < drop; i++) {
		history_cpus_after(&machine->cpus, &machine->events[i]);
		event_free(&machine->events[i]);
	}
	memmove(machine->events, machine->events + drop, keep * sizeof(*machine->events));
	machine->count = keep;
	machine->dropped += drop;
}

static int make_room(struct history_machine *machine, size_t limit)
{
	struct history_event *events;
	size_t room;

	if (machine->count >= 2 * limit) {
		drop_oldest(machine, limit);
	}
	if (machine->count < machine->room) {
		return 0;
	}
	room = machine->room > 0 ? 2 * machine->room : 16;
	events = realloc(machine->events, room * sizeof(*events));
	if (events == NULL) {
		return -ENOMEM;
	}
	machine->events = events;
	machine->room = room;
	return 0;
}

int history_event(struct history *history, const struct machine_event *event)
{
	struct history_machine *machine = &history->machines[history->count - 1];
	struct history_event *copy;

	if (make_room(machine, history->limit) != 0) {
		return -ENOMEM;
	}
	copy = &machine->events[machine->count];
	*copy = (struct history_event){
		.time_ns = sane_time(event->time_ns),
		.from = event->from,
		.to = event->to,
		.cpu = cpu_of(event->detail),
		.kind = strdup(event->kind),
		.cause = strdup(event->cause),
		.by = strdup(event->by),
		.detail = event->detail != NULL ? strdup(event->detail) : NULL,
	};
	if (copy->kind == NULL || copy->cause == NULL || copy->by == NULL ||
	    (event->detail != NULL && copy->detail == NULL)) {
		event_free(copy);
		return -ENOMEM;
	}
	machine->count++;
	return 0;
}

/* The times of a machine's events, and @now_ns last, as they are to be drawn. */
static int settle(struct history_machine *machine, int64_t *now_ns)
{
	size_t count = machine->count + 1;
	int64_t *times = calloc(count, sizeof(*times));
	int result;

	if (times == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < machine->count; i++) {
		times[i] = machine->events[i].time_ns;
	}
	times[machine->count] = *now_ns;
	result = clock_fit(times, count);
	for (size_t i = 0; i < machine->count; i++) {
		machine->events[i].shown_ns = times[i];
	}
	*now_ns = times[machine->count];
	free(times);
	return result;
}

int history_settle(struct history *history, int64_t now_ns)
{
	now_ns = sane_time(now_ns);
	history->begin_ns = now_ns;
	history->end_ns = history->count > 0 ? 0 : now_ns;
	for (size_t i = 0; i < history->count; i++) {
		struct history_machine *machine = &history->machines[i];
		int64_t first_ns = machine->since_ns;
		int64_t last_ns = now_ns;

		if (machine->count > history->limit) {
			drop_oldest(machine, history->limit);
		}
		if (settle(machine, &last_ns) != 0) {
			return -ENOMEM;
		}
		if (machine->count > 0) {
			first_ns = machine->events[0].shown_ns;
		}
		if (first_ns < history->begin_ns) {
			history->begin_ns = first_ns;
		}
		if (last_ns > history->end_ns) {
			history->end_ns = last_ns;
		}
	}
	if (history->begin_ns > history->end_ns) {
		history->begin_ns = history->end_ns;
	}
	return 0;
}

void history_free(struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		struct history_machine *machine = &history->machines[i];

		for (size_t j = 0; j < machine->count; j++) {
			event_free(&machine->events[j]);
		}
		free(machine->events);
		free(machine->name);
	}
	free(history->machines);
	history_init(history, history->limit);
}
