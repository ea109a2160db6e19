/* SPDX-License-Identifier: BSD-3-Clause */
/* How a machine ends: on record before anybody is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/recorder_internal.h"
#include "machine/machine.h"

#define END_UNTOLD "it ended without a word"

static bool is_hibernation(const struct power_event *event)
{
	return event->kind == POWER_EVENT_SUSPEND_DISK;
}

/* The guest's own wish: off, or a reset that was to end the machine. */
static bool is_clean(const struct power_event *event)
{
	return event->reason == POWER_REASON_GUEST || event->reason == POWER_REASON_GUEST_RESET2;
}

/* Its end as the history has it; the detail is owned. */
static void describe(struct recorder *recorder, const struct power_event *power,
		     struct machine_event *event)
{
	struct queued_event queued = {.event = *power};

	queued.time_ns = event_queue_now_ns(&recorder->queue);
	event_queue_asker(&recorder->queue, queued.by);
	recorder_describe(&queued, recorder->config.record->state, event);
}

static int record_stopping(struct recorder *recorder, const struct power_event *power,
			   struct vmm_error *error)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event;
	int ret;

	next.state = MACHINE_STATE_STOPPING;
	if (is_hibernation(power)) {
		next.image = RECORD_IMAGE_LIKELY;
	}
	describe(recorder, power, &event);
	ret = recorder_update(recorder, &next, &event, error);
	record_event_free(&event);
	return ret;
}

void recorder_ending(void *ctx, const struct power_event *event)
{
	struct recorder *recorder = ctx;

	(void)pthread_mutex_lock(&recorder->lock);
	recorder_flush(recorder);
	if (event->kind != POWER_EVENT_RESET || event->last) {
		recorder->ending = true;
		/* One that began to resume and has not touched its disks is still hibernated. */
		if (recorder->config.record->state != MACHINE_STATE_HIBERNATED) {
			recorder->ending_ret =
				record_stopping(recorder, event, &recorder->ending_error);
		}
	}
	(void)pthread_mutex_unlock(&recorder->lock);
}

static void set_off(const struct recorder *recorder, const struct power_event *power,
		    struct machine_record *next)
{
	next->state = MACHINE_STATE_OFF;
	if (next->image != RECORD_IMAGE_DISCARDED && power->kind == POWER_EVENT_SHUTDOWN &&
	    recorder->config.tells_hibernation) {
		next->image = RECORD_IMAGE_NONE;
	}
}

static int set_hibernated(struct recorder *recorder, struct machine_record *next,
			  struct vmm_error *error)
{
	int64_t when_s;

	next->state = MACHINE_STATE_HIBERNATED;
	next->image = RECORD_IMAGE_SAVED;
	if (machine_alarm(recorder->machine, &when_s)) {
		next->wake = RECORD_WAKE_ALARM;
		next->wake_at_s = when_s;
	}
	return recorder_save_disks(recorder, next, error);
}

static int record_end(struct recorder *recorder, const struct power_event *power,
		      struct vmm_error *error)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event;
	int ret = 0;

	describe(recorder, power, &event);
	if (is_hibernation(power)) {
		ret = set_hibernated(recorder, &next, error);
	} else if (is_clean(power)) {
		set_off(recorder, power, &next);
	} else {
		next.state = MACHINE_STATE_CRASHED;
		if (recorder->line[0] != '\0' && power->reason != POWER_REASON_HOST &&
		    power->reason != POWER_REASON_HOST_SIGNAL) {
			(void)snprintf(event.cause, sizeof(event.cause), "%s", recorder->line);
		}
	}
	if (ret == 0) {
		event.time_ns = 0;
		ret = recorder_update(recorder, &next, &event, error);
		if (ret != 0 && is_hibernation(power)) {
			record_clear_disks(&next);
		}
	}
	record_event_free(&event);
	return ret;
}

/* It ends as hibernated as it was. */
static int record_untouched(struct recorder *recorder, const struct power_event *power,
			    struct vmm_error *error)
{
	struct machine_event event;
	int ret;

	describe(recorder, power, &event);
	(void)snprintf(event.cause, sizeof(event.cause),
		       "it ended before its first write, and can be resumed again");
	ret = store_log(recorder->config.store, recorder->config.record->id, &event, 1, error);
	record_event_free(&event);
	return ret;
}

int recorder_commit(void *ctx, const struct power_event *event, struct vmm_error *error)
{
	struct recorder *recorder = ctx;
	enum machine_state state;
	int ret;

	(void)pthread_mutex_lock(&recorder->lock);
	state = recorder->config.record->state;
	ret = recorder->ending_ret;
	if (ret != 0) {
		*error = recorder->ending_error;
	} else if (state == MACHINE_STATE_HIBERNATED) {
		ret = record_untouched(recorder, event, error);
	} else {
		/* A write that was still queued may have consumed the image meanwhile. */
		if (state != MACHINE_STATE_STOPPING) {
			ret = record_stopping(recorder, event, error);
		}
		ret = ret == 0 ? record_end(recorder, event, error) : ret;
	}
	(void)pthread_mutex_unlock(&recorder->lock);
	return ret;
}

/* No guest code has run since: it is what it was, but for an image that was discarded. */
static enum machine_state fallen_back(const struct recorder *recorder)
{
	return recorder->before == MACHINE_STATE_CRASHED ? MACHINE_STATE_CRASHED
							 : MACHINE_STATE_OFF;
}

static void record_failure(struct recorder *recorder, const char *why)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event = recorder_event(recorder, "SHUTDOWN", "torpor", why);
	struct vmm_error error;

	next.state = next.state == MACHINE_STATE_STARTING ? fallen_back(recorder)
							  : MACHINE_STATE_CRASHED;
	if (recorder_update(recorder, &next, &event, &error) != 0) {
		recorder->config.log(recorder->config.ctx, error.text);
	}
}

/* Nobody should start it over and over for the alarm's sake. */
static void record_refusal(struct recorder *recorder, const char *why)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event = recorder_event(recorder, "START", "torpor", why);
	struct vmm_error error;

	next.wake = RECORD_WAKE_NONE;
	next.wake_at_s = 0;
	if (recorder_update(recorder, &next, &event, &error) != 0) {
		recorder->config.log(recorder->config.ctx, error.text);
	}
}

void recorder_end(struct recorder *recorder, const char *why)
{
	enum machine_state state;

	(void)pthread_mutex_lock(&recorder->lock);
	recorder_flush(recorder);
	state = recorder->config.record->state;
	if (state == MACHINE_STATE_HIBERNATED && why != NULL) {
		record_refusal(recorder, why);
	} else if (machine_state_needs_process(state)) {
		if (why == NULL) {
			why = recorder->line[0] != '\0' ? recorder->line : END_UNTOLD;
		}
		record_failure(recorder, why);
	}
	recorder->machine = NULL;
	(void)pthread_mutex_unlock(&recorder->lock);
}
