/* SPDX-License-Identifier: BSD-3-Clause */
/* From a start that begins to a guest that runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/recorder_internal.h"

static enum recorder_start kind_of(const struct recorder *recorder)
{
	const struct machine_record *record = recorder->config.record;

	if (recorder->config.discard) {
		return RECORDER_CLEAN;
	}
	if (record->state == MACHINE_STATE_HIBERNATED) {
		return RECORDER_RESUME;
	}
	return record->image == RECORD_IMAGE_LIKELY ? RECORDER_SAME : RECORDER_CLEAN;
}

static int begin_resume(struct recorder *recorder, struct vmm_error *error)
{
	struct machine_event event =
		recorder_event(recorder, "START", NULL, "a start that resumes begins");

	event.from = event.to = MACHINE_STATE_HIBERNATED;
	return store_log(recorder->config.store, recorder->config.record->id, &event, 1, error);
}

/* Never to be resumed from now on, if there may be anything to resume. */
static bool discard(struct recorder *recorder, struct machine_record *next)
{
	if (next->image == RECORD_IMAGE_NONE) {
		recorder->config.log(recorder->config.ctx,
				     "there is no hibernation to discard: the guest powered off");
		return false;
	}
	memset(next->disks, 0, sizeof(next->disks));
	next->disk_count = 0;
	if (next->image != RECORD_IMAGE_DISCARDED) {
		next->image = RECORD_IMAGE_DISCARDED;
		next->epoch++;
	}
	return true;
}

/* The record first: an image whose marker is gone must not be taken for one that is whole. */
static int look_for_discarded(struct recorder *recorder, struct vmm_error *error)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event = recorder_event(
		recorder, "DISCARD", NULL, "no disk has a mark of the discarded hibernation");
	int ret = recorder_look_for_discarded(recorder, &next, error);

	if (ret == 0 && next.image != recorder->config.record->image) {
		ret = recorder_update(recorder, &next, &event, error);
	}
	return ret;
}

static int begin_clean(struct recorder *recorder, struct vmm_error *error)
{
	struct machine_record next = *recorder->config.record;
	struct machine_record old = next;
	struct machine_event event = recorder_event(recorder, "START", NULL, "a start begins");
	int ret;

	next.state = MACHINE_STATE_STARTING;
	next.wake = RECORD_WAKE_NONE;
	next.wake_at_s = 0;
	if (recorder->config.discard && discard(recorder, &next)) {
		event = recorder_event(recorder, "DISCARD", NULL,
				       "a start that discards the hibernation begins");
	}
	ret = recorder_update(recorder, &next, &event, error);
	if (ret == 0 && old.disk_count > next.disk_count) {
		record_clear_disks(&old);
	}
	return ret == 0 ? look_for_discarded(recorder, error) : ret;
}

int recorder_begin(struct recorder *recorder, struct vmm_error *error)
{
	int ret;

	(void)pthread_mutex_lock(&recorder->lock);
	recorder->start = kind_of(recorder);
	ret = recorder->start == RECORDER_RESUME ? begin_resume(recorder, error)
						 : begin_clean(recorder, error);
	(void)pthread_mutex_unlock(&recorder->lock);
	return ret;
}

static int record_running(struct recorder *recorder, struct vmm_error *error)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event =
		recorder_event(recorder, "START", NULL, "the guest is about to start");
	char *old = next.description;
	int ret = 0;

	next.state = MACHINE_STATE_RUNNING;
	/* From here on it may save an image, and nobody need hear of that. */
	if (next.image != RECORD_IMAGE_DISCARDED) {
		next.image = RECORD_IMAGE_MAYBE;
	}
	if (recorder->start == RECORDER_CLEAN) {
		ret = recorder_note_machine(recorder, &next, error);
	}
	if (ret == 0) {
		ret = recorder_update(recorder, &next, &event, error);
	}
	if (next.description != old) {
		free(ret == 0 ? old : next.description);
	}
	return ret;
}

const char *recorder_recorded(const struct recorder *recorder)
{
	return recorder->start == RECORDER_CLEAN ? NULL : recorder->config.record->description;
}

int recorder_ready(struct recorder *recorder, struct machine *machine, struct vmm_error *error)
{
	int ret = 0;

	recorder->machine = machine;
	(void)pthread_mutex_lock(&recorder->lock);
	if (recorder->start != RECORDER_CLEAN) {
		ret = recorder_check_machine(recorder, error);
	}
	if (ret == 0 && recorder->start == RECORDER_RESUME) {
		ret = recorder_check_resume(recorder, error);
	} else if (ret == 0) {
		ret = record_running(recorder, error);
	}
	(void)pthread_mutex_unlock(&recorder->lock);
	return ret;
}
