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

/**
 * struct event_words - what an event is called
 * @name:  itself; NULL if that is the key's
 * @guest: the reason if the guest did it; NULL for "guest"
 * @host:  the reason if the host did it; NULL for "host"
 */
static const struct event_words {
	const char *name;
	const char *guest;
	const char *host;
} event_words[] = {
	[POWER_EVENT_STARTED] = {.name = "STARTED"},
	[POWER_EVENT_CPU_ON] = {.name = "CPU_ON"},
	[POWER_EVENT_CPU_OFF] = {.name = "CPU_OFF"},
	[POWER_EVENT_SUSPEND] = {.name = "SUSPEND"},
	[POWER_EVENT_WAKEUP] = {.name = "WAKEUP"},
	[POWER_EVENT_SUSPEND_DISK] = {.name = "SUSPEND_DISK"},
	[POWER_EVENT_SHUTDOWN] = {"SHUTDOWN", "guest-shutdown", "host-qmp-quit"},
	[POWER_EVENT_RESET] = {"RESET", "guest-reset", "host-qmp-system-reset"},
	[POWER_EVENT_STOP] = {.name = "STOP"},
	[POWER_EVENT_RESUME] = {.name = "RESUME"},
	[POWER_EVENT_ASKED] = {.name = NULL},
	[POWER_EVENT_UNRESPONSIVE] = {.name = "X_TORPOR_GUEST_UNRESPONSIVE"},
	[POWER_EVENT_WATCHDOG] = {.name = "WATCHDOG"},
	[POWER_EVENT_GUEST_PANICKED] = {.name = "GUEST_PANICKED"},
	[POWER_EVENT_GUEST_CRASHLOADED] = {.name = "GUEST_CRASHLOADED"},
	[POWER_EVENT_GUEST_PVSHUTDOWN] = {.name = "GUEST_PVSHUTDOWN"},
	[POWER_EVENT_BALLOON_CHANGE] = {.name = "BALLOON_CHANGE"},
};

/**
 * struct key_words - what a press of a key is called
 * @asked:   the event that says that it was pressed
 * @request: what it asks for
 */
static const struct key_words {
	const char *asked;
	const char *request;
} key_words[POWER_KEY_COUNT] = {
	[POWER_KEY_POWER] = {"POWERDOWN", "powerdown"},
	[POWER_KEY_SLEEP] = {"X_TORPOR_SUSPEND_REQUEST", "suspend"},
	[POWER_KEY_HIBERNATE] = {"X_TORPOR_HIBERNATE_REQUEST", "hibernate"},
};

const char *events_name(const struct power_event *event)
{
	const char *name = event_words[event->kind].name;

	return name != NULL ? name : key_words[event->key].asked;
}

static const char *word_or(const char *word, const char *otherwise)
{
	return word != NULL ? word : otherwise;
}

const char *events_reason(const struct power_event *event)
{
	switch (event->reason) {
	case POWER_REASON_NONE:
		return NULL;
	case POWER_REASON_GUEST:
		return word_or(event_words[event->kind].guest, "guest");
	case POWER_REASON_GUEST_RESET2:
		return "guest-reset2";
	case POWER_REASON_GUEST_PANIC:
		return "guest-panic";
	case POWER_REASON_WATCHDOG:
		return "watchdog";
	case POWER_REASON_HOST:
		return word_or(event_words[event->kind].host, "host");
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

const char *events_qmp_reason(const struct power_event *event)
{
	if (event->reason != POWER_REASON_GUEST_RESET2 && event->reason != POWER_REASON_WATCHDOG) {
		return events_reason(event);
	}
	return event->kind == POWER_EVENT_RESET ? "guest-reset" : "guest-panic";
}

bool events_by_guest(const struct power_event *event)
{
	return event->reason == POWER_REASON_GUEST || event->reason == POWER_REASON_GUEST_RESET2 ||
	       event->reason == POWER_REASON_GUEST_PANIC || event->reason == POWER_REASON_WATCHDOG;
}

static void add_word(struct json_object *object, const char *name, const char *word)
{
	if (word != NULL) {
		json_object_object_add(object, name, json_object_new_string(word));
	}
}

void events_add_data(struct json_object *object, const struct power_event *event)
{
	if (event->cpu >= 0) {
		json_object_object_add(object, "cpu", json_object_new_int(event->cpu));
	}
	add_word(object, "reason", events_reason(event));
	add_word(object, "action", event->action);
	if (event->kind == POWER_EVENT_UNRESPONSIVE) {
		add_word(object, "request", key_words[event->key].request);
	}
	if (event->kind == POWER_EVENT_BALLOON_CHANGE) {
		json_object_object_add(object, "actual",
				       json_object_new_uint64(event->balloon_bytes));
	}
	if (event->reason == POWER_REASON_INTERRUPT) {
		if (event->intid >= 0) {
			json_object_object_add(object, "intid", json_object_new_int(event->intid));
		}
		add_word(object, "device", event->device);
		add_word(object, "key", power_key_name(event->key));
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
	json_object_object_add(object, "event", json_object_new_string(events_name(event)));
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
