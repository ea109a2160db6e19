/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/boot_id.h"
#include "host/recorder_internal.h"
#include "platform/monotonic.h"

#define NS_PER_S UINT64_C(1000000000)
/* A guest that suspends and wakes all the time is followed so often. */
#define TRANSITION_BURST 32
#define TRANSITION_REFILL_NS NS_PER_S
#define COMPLAINT_BURST 4
#define COMPLAINT_REFILL_NS (60 * NS_PER_S)

struct machine_event recorder_event(struct recorder *recorder, const char *kind, const char *by,
				    const char *cause)
{
	struct machine_event event = record_event(kind, by != NULL ? by : "", cause);

	event.time_ns = event_queue_now_ns(&recorder->queue);
	if (by == NULL) {
		event_queue_asker(&recorder->queue, event.by);
	}
	return event;
}

void recorder_complain(struct recorder *recorder, const char *line)
{
	if (rate_limit_take(&recorder->complaints, monotonic_ns())) {
		recorder->config.log(recorder->config.ctx, line);
	}
}

int recorder_update(struct recorder *recorder, struct machine_record *next,
		    struct machine_event *event, struct vmm_error *error)
{
	struct machine_record *record = recorder->config.record;
	int ret;

	event->from = record->state;
	event->to = next->state;
	if (event->time_ns == 0) {
		event->time_ns = event_queue_now_ns(&recorder->queue);
	}
	if (next->state != record->state) {
		next->since_ns = event->time_ns;
		boot_id_read(next->boot_id);
	}
	ret = store_update(recorder->config.store, next, event, error);
	if (ret == 0) {
		*record = *next;
	}
	return ret;
}

struct recorder *recorder_create(const struct recorder_config *config, const char *by,
				 struct vmm_error *error)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int ret = recorder != NULL ? event_queue_init(&recorder->queue) : -ENOMEM;

	if (ret != 0) {
		vmm_error_set(error, "the machine's record cannot be kept: %s", strerror(-ret));
		free(recorder);
		return NULL;
	}
	recorder->config = *config;
	recorder->before = config->record->state;
	recorder->transitions =
		(struct rate_limit){.burst = TRANSITION_BURST, .refill_ns = TRANSITION_REFILL_NS};
	recorder->complaints =
		(struct rate_limit){.burst = COMPLAINT_BURST, .refill_ns = COMPLAINT_REFILL_NS};
	(void)pthread_mutex_init(&recorder->lock, NULL);
	event_queue_asked(&recorder->queue, by);
	return recorder;
}

void recorder_destroy(struct recorder *recorder)
{
	if (recorder != NULL) {
		(void)pthread_mutex_destroy(&recorder->lock);
		event_queue_destroy(&recorder->queue);
		free(recorder);
	}
}

void recorder_asked(struct recorder *recorder, uint32_t uid)
{
	char by[WHO_SIZE];

	who_is(uid, by);
	event_queue_asked(&recorder->queue, by);
}

void recorder_emit(void *ctx, const struct power_event *event)
{
	struct recorder *recorder = ctx;
	bool is_end = event->kind == POWER_EVENT_SHUTDOWN ||
		      event->kind == POWER_EVENT_SUSPEND_DISK ||
		      (event->kind == POWER_EVENT_RESET && event->last);

	/* What was committed is on record. */
	if (!is_end || event->reason == POWER_REASON_HOST_ERROR) {
		event_queue_push(&recorder->queue, event);
	}
}

void recorder_log(void *ctx, const char *line)
{
	struct recorder *recorder = ctx;

	(void)pthread_mutex_lock(&recorder->lock);
	(void)snprintf(recorder->line, sizeof(recorder->line), "%s", line);
	(void)pthread_mutex_unlock(&recorder->lock);
}

int recorder_fd(const struct recorder *recorder)
{
	return event_queue_fd(&recorder->queue);
}

void recorder_dispatch(struct recorder *recorder)
{
	(void)pthread_mutex_lock(&recorder->lock);
	recorder_flush(recorder);
	(void)pthread_mutex_unlock(&recorder->lock);
}

static int consume(struct recorder *recorder, struct vmm_error *error)
{
	struct machine_record *record = recorder->config.record;
	struct machine_record next = *record;
	struct machine_record saved = *record;
	struct machine_event event =
		recorder_event(recorder, "START", "guest",
			       "resumed: the image is consumed by the guest's first write");
	int ret;

	next.state = MACHINE_STATE_RUNNING;
	next.image = RECORD_IMAGE_MAYBE;
	next.wake = RECORD_WAKE_NONE;
	next.wake_at_s = 0;
	memset(next.disks, 0, sizeof(next.disks));
	next.disk_count = 0;
	ret = recorder_update(recorder, &next, &event, error);
	if (ret == 0) {
		record_clear_disks(&saved);
		/* What the guest has come to meanwhile. */
		event_queue_again(&recorder->queue, true);
	}
	return ret;
}

int recorder_first_write(void *ctx)
{
	struct recorder *recorder = ctx;
	struct vmm_error error;
	int ret = 0;

	(void)pthread_mutex_lock(&recorder->lock);
	recorder_flush(recorder);
	if (recorder->config.record->state == MACHINE_STATE_HIBERNATED) {
		ret = consume(recorder, &error);
	}
	if (ret != 0) {
		recorder_complain(recorder, error.text);
	}
	(void)pthread_mutex_unlock(&recorder->lock);
	return ret;
}
