/* SPDX-License-Identifier: BSD-3-Clause */
/* Power events in the words of a machine's history. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "control/events.h"
#include "host/recorder_internal.h"

#define MIB (UINT64_C(1) << 20)

/* What is the same whatever the reason; NULL for what is not. */
static const char *const causes[] = {
	[POWER_EVENT_STARTED] = "the guest starts",
	[POWER_EVENT_SUSPEND] = "the guest suspended to RAM",
	[POWER_EVENT_SUSPEND_DISK] = "the guest hibernated",
	[POWER_EVENT_STOP] = "the host pauses the guest",
	[POWER_EVENT_RESUME] = "the host lets the guest go on",
	[POWER_EVENT_WATCHDOG] = "the guest did not refresh its watchdog",
	[POWER_EVENT_GUEST_PANICKED] = "the guest's kernel panicked",
	[POWER_EVENT_GUEST_CRASHLOADED] = "the guest's kernel panicked, and deals with it",
	[POWER_EVENT_GUEST_PVSHUTDOWN] = "the guest says that it has shut down",
	[POWER_EVENT_BALLOON_CHANGE] = NULL,
};

static const struct {
	const char *asked;
	const char *unresponsive;
} key_causes[POWER_KEY_COUNT] = {
	[POWER_KEY_POWER] = {"asked to power off", "the guest did not power off in time"},
	[POWER_KEY_SLEEP] = {"asked to suspend", "the guest did not suspend in time"},
	[POWER_KEY_HIBERNATE] = {"asked to hibernate", "the guest did not hibernate in time"},
};

static const char *end_cause(enum power_reason reason)
{
	switch (reason) {
	case POWER_REASON_GUEST:
		return "the guest powered off";
	case POWER_REASON_GUEST_PANIC:
		return "the guest could not go on";
	case POWER_REASON_WATCHDOG:
		return "the guest did not refresh its watchdog";
	case POWER_REASON_HOST:
		return "the host ended the guest";
	case POWER_REASON_HOST_SIGNAL:
		return "a signal ended the guest";
	case POWER_REASON_HOST_ERROR:
		return "the host failed";
	case POWER_REASON_NONE:
	case POWER_REASON_GUEST_RESET2:
	case POWER_REASON_REFUSED:
	case POWER_REASON_INTERRUPT:
		break;
	}
	return "the guest ended";
}

static const char *reset_cause(enum power_reason reason)
{
	switch (reason) {
	case POWER_REASON_GUEST_RESET2:
		return "the guest reset itself by SYSTEM_RESET2";
	case POWER_REASON_WATCHDOG:
		return "the watchdog reset the guest";
	case POWER_REASON_HOST:
	case POWER_REASON_HOST_SIGNAL:
		return "the host reset the guest";
	case POWER_REASON_NONE:
	case POWER_REASON_GUEST:
	case POWER_REASON_GUEST_PANIC:
	case POWER_REASON_HOST_ERROR:
	case POWER_REASON_REFUSED:
	case POWER_REASON_INTERRUPT:
		break;
	}
	return "the guest reset itself";
}

static void wake_cause(const struct power_event *event, char *cause, size_t size)
{
	if (event->reason == POWER_REASON_REFUSED) {
		(void)snprintf(cause, size, "the host refused the suspend");
	} else if (event->reason != POWER_REASON_INTERRUPT) {
		(void)snprintf(cause, size, "the host woke the guest");
	} else if (event->key != POWER_KEY_NONE) {
		(void)snprintf(cause, size, "woken by the %s key", power_key_name(event->key));
	} else if (event->device != NULL) {
		(void)snprintf(cause, size, "woken by %s", event->device);
	} else if (event->intid >= 0) {
		(void)snprintf(cause, size, "woken by interrupt %d", event->intid);
	} else {
		(void)snprintf(cause, size, "woken by an interrupt");
	}
}

static void set_cause(const struct power_event *event, char *cause, size_t size)
{
	switch (event->kind) {
	case POWER_EVENT_CPU_ON:
	case POWER_EVENT_CPU_OFF:
		(void)snprintf(cause, size, "CPU %d went %s", event->cpu,
			       event->kind == POWER_EVENT_CPU_ON ? "on" : "off");
		break;
	case POWER_EVENT_WAKEUP:
		wake_cause(event, cause, size);
		break;
	case POWER_EVENT_SHUTDOWN:
		(void)snprintf(cause, size, "%s", end_cause(event->reason));
		break;
	case POWER_EVENT_RESET:
		(void)snprintf(cause, size, "%s", reset_cause(event->reason));
		break;
	case POWER_EVENT_ASKED:
		(void)snprintf(cause, size, "%s", key_causes[event->key].asked);
		break;
	case POWER_EVENT_UNRESPONSIVE:
		(void)snprintf(cause, size, "%s", key_causes[event->key].unresponsive);
		break;
	case POWER_EVENT_BALLOON_CHANGE:
		(void)snprintf(cause, size, "the balloon leaves the guest %llu MiB",
			       (unsigned long long)(event->balloon_bytes / MIB));
		break;
	case POWER_EVENT_STARTED:
	case POWER_EVENT_SUSPEND:
	case POWER_EVENT_SUSPEND_DISK:
	case POWER_EVENT_STOP:
	case POWER_EVENT_RESUME:
	case POWER_EVENT_WATCHDOG:
	case POWER_EVENT_GUEST_PANICKED:
	case POWER_EVENT_GUEST_CRASHLOADED:
	case POWER_EVENT_GUEST_PVSHUTDOWN:
		(void)snprintf(cause, size, "%s", causes[event->kind]);
		break;
	}
}

static bool is_by_host(const struct power_event *event)
{
	return event->kind == POWER_EVENT_ASKED || event->kind == POWER_EVENT_STOP ||
	       event->kind == POWER_EVENT_RESUME || event->reason == POWER_REASON_HOST ||
	       event->reason == POWER_REASON_HOST_SIGNAL || event->reason == POWER_REASON_REFUSED ||
	       (event->kind == POWER_EVENT_WAKEUP && event->key != POWER_KEY_NONE);
}

static const char *by_of(const struct queued_event *queued)
{
	const struct power_event *event = &queued->event;

	if (is_by_host(event)) {
		return queued->by;
	}
	return event->kind == POWER_EVENT_STARTED || event->kind == POWER_EVENT_UNRESPONSIVE ||
			       event->reason == POWER_REASON_HOST_ERROR
		       ? "torpor"
		       : "guest";
}

static char *detail_of(const struct power_event *event)
{
	struct json_object *object = json_object_new_object();
	const char *text;
	char *detail = NULL;

	if (object == NULL) {
		return NULL;
	}
	events_add_data(object, event);
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	if (text != NULL && json_object_object_length(object) > 0) {
		detail = strdup(text);
	}
	json_object_put(object);
	return detail;
}

void recorder_describe(const struct queued_event *queued, enum machine_state state,
		       struct machine_event *event)
{
	memset(event, 0, sizeof(*event));
	event->time_ns = queued->time_ns;
	event->from = event->to = state;
	(void)snprintf(event->kind, sizeof(event->kind), "%s", events_name(&queued->event));
	set_cause(&queued->event, event->cause, sizeof(event->cause));
	(void)snprintf(event->by, sizeof(event->by), "%s", by_of(queued));
	event->detail = detail_of(&queued->event);
}
