/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long a reader that does not read may hold up the machine, once. */
#define READER_WAIT_MS 1000

const char *events_name(enum power_event_kind kind)
{
	switch (kind) {
	case POWER_EVENT_STARTED:
		return "STARTED";
	case POWER_EVENT_CPU_ON:
		return "CPU_ON";
	case POWER_EVENT_CPU_OFF:
		return "CPU_OFF";
	case POWER_EVENT_SUSPEND:
		return "SUSPEND";
	case POWER_EVENT_WAKEUP:
		return "WAKEUP";
	case POWER_EVENT_SUSPEND_DISK:
		return "SUSPEND_DISK";
	case POWER_EVENT_SHUTDOWN:
		return "SHUTDOWN";
	case POWER_EVENT_RESET:
		return "RESET";
	case POWER_EVENT_BALLOON_CHANGE:
		return "BALLOON_CHANGE";
	}
	return "UNKNOWN";
}

static const char *guest_reason(enum power_event_kind kind)
{
	switch (kind) {
	case POWER_EVENT_SHUTDOWN:
		return "guest-shutdown";
	case POWER_EVENT_RESET:
		return "guest-reset";
	case POWER_EVENT_STARTED:
	case POWER_EVENT_CPU_ON:
	case POWER_EVENT_CPU_OFF:
	case POWER_EVENT_SUSPEND:
	case POWER_EVENT_WAKEUP:
	case POWER_EVENT_SUSPEND_DISK:
	case POWER_EVENT_BALLOON_CHANGE:
		return "guest";
	}
	return NULL;
}

const char *events_reason(const struct power_event *event)
{
	switch (event->reason) {
	case POWER_REASON_NONE:
		return NULL;
	case POWER_REASON_GUEST:
		return guest_reason(event->kind);
	case POWER_REASON_GUEST_RESET2:
		return "guest-reset2";
	case POWER_REASON_GUEST_PANIC:
		return "guest-panic";
	case POWER_REASON_HOST:
		return event->kind == POWER_EVENT_SHUTDOWN ? "host-qmp-quit" : "host";
	case POWER_REASON_HOST_SIGNAL:
		return "host-signal";
	case POWER_REASON_HOST_ERROR:
		return "host-error";
	case POWER_REASON_REFUSED:
		return "refused";
	case POWER_REASON_INTERRUPT:
		return event->device != NULL ? "device" : "interrupt";
	}
	return NULL;
}

bool events_by_guest(const struct power_event *event)
{
	return event->reason == POWER_REASON_GUEST || event->reason == POWER_REASON_GUEST_RESET2 ||
	       event->reason == POWER_REASON_GUEST_PANIC;
}

void events_add_data(struct json_object *object, const struct power_event *event)
{
	const char *reason = events_reason(event);

	if (event->cpu >= 0) {
		json_object_object_add(object, "cpu", json_object_new_int(event->cpu));
	}
	if (reason != NULL) {
		json_object_object_add(object, "reason", json_object_new_string(reason));
	}
	if (event->kind == POWER_EVENT_BALLOON_CHANGE) {
		json_object_object_add(object, "actual",
				       json_object_new_uint64(event->balloon_bytes));
	}
	if (event->reason == POWER_REASON_INTERRUPT) {
		if (event->intid >= 0) {
			json_object_object_add(object, "intid", json_object_new_int(event->intid));
		}
		if (event->device != NULL) {
			json_object_object_add(object, "device",
					       json_object_new_string(event->device));
		}
	}
	if (event->reason == POWER_REASON_GUEST_RESET2) {
		json_object_object_add(object, "type", json_object_new_int64(event->reset_type));
		json_object_object_add(object, "cookie", json_object_new_uint64(event->cookie));
	}
}

bool events_open(struct event_log *events, const char *path,
		 void (*log)(void *ctx, const char *line), void *ctx, struct vmm_error *error)
{
	*events = (struct event_log){
		.fd = -1, .path = path, .line_end = "\n", .log = log, .ctx = ctx};
	if (path == NULL) {
		return true;
	}
	if (strcmp(path, "-") == 0) {
		events->path = "standard error";
		events->fd = STDERR_FILENO;
		events->line_end = isatty(STDERR_FILENO) == 1 ? "\r\n" : "\n";
		return true;
	}
	events->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (events->fd < 0) {
		vmm_error_set(error, "--events '%s': %s: expected a file that can be written", path,
			      strerror(errno));
		return false;
	}
	events->owned = true;
	return true;
}

static void report(struct event_log *events, const char *why)
{
	char line[512];

	if (events->reported) {
		return;
	}
	events->reported = true;
	(void)snprintf(line, sizeof(line), "--events: %s: %s: events are missing there",
		       events->path, why);
	events->log(events->ctx, line);
}

/* A pipe that polls writable takes a whole line, which is shorter than a page, without waiting. */
static bool wait_for_reader(struct event_log *events)
{
	struct pollfd writable = {.fd = events->fd, .events = POLLOUT};
	int ready;

	/* A vCPU's thread is interrupted by each kick; it must not take that for "writable". */
	do {
		ready = poll(&writable, 1, events->stalled ? 0 : READER_WAIT_MS);
	} while (ready < 0 && errno == EINTR);
	events->stalled = ready <= 0;
	return !events->stalled;
}

static bool write_whole(struct event_log *events, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(events->fd, bytes, count);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			report(events, strerror(errno));
			return false;
		}
		events->torn = true;
		bytes += written;
		count -= (size_t)written;
	}
	events->torn = false;
	return true;
}

void events_write(struct event_log *events, const struct power_event *event)
{
	struct json_object *object;
	char line[512];
	int count;

	if (events->fd < 0) {
		return;
	}
	if (!wait_for_reader(events)) {
		report(events, "its reader does not read");
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "event", json_object_new_string(events_name(event->kind)));
	json_object_object_add(object, "ts_ns", json_object_new_uint64(event->time_ns));
	events_add_data(object, event);
	/* What a full disk left of the line before must not run into this one. */
	count = snprintf(line, sizeof(line), "%s%s%s", events->torn ? "\n" : "",
			 json_object_to_json_string_ext(
				 object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			 events->line_end);
	json_object_put(object);
	if (count > 0 && (size_t)count < sizeof(line)) {
		(void)write_whole(events, line, (size_t)count);
	}
}

void events_close(struct event_log *events)
{
	if (events->owned) {
		(void)close(events->fd);
	}
	events->fd = -1;
	events->owned = false;
}
