/* SPDX-License-Identifier: BSD-3-Clause */
/* From the queue to the store: the history in batches, and what the guest's state has come to. */
#include <stdio.h>
#include <string.h>

#include "host/recorder_internal.h"

/* The state that goes with what the guest and the host have done since it runs. */
static enum machine_state target_of(const struct recorder *recorder,
				    const struct queued_state *state)
{
	switch (recorder->config.record->state) {
	case MACHINE_STATE_RUNNING:
	case MACHINE_STATE_SUSPENDED:
	case MACHINE_STATE_STOPPING:
		break;
	case MACHINE_STATE_OFF:
	case MACHINE_STATE_STARTING:
	case MACHINE_STATE_HIBERNATED:
	case MACHINE_STATE_CRASHED:
	case MACHINE_STATE_COUNT:
		return recorder->config.record->state;
	}
	if (recorder->ending) {
		return recorder->config.record->state;
	}
	if (state->asked) {
		return MACHINE_STATE_STOPPING;
	}
	return state->suspended ? MACHINE_STATE_SUSPENDED : MACHINE_STATE_RUNNING;
}

/* Adds to the history; what can't be added counts as left out. */
static void log_events(struct recorder *recorder, const struct queued_event *queued, size_t count)
{
	struct machine_event events[EVENT_QUEUE_MAX];
	struct vmm_error error;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		recorder_describe(&queued[i], recorder->config.record->state, &events[used++]);
	}
	if (used > 0 && store_log(recorder->config.store, recorder->config.record->id, events, used,
				  &error) != 0) {
		recorder_complain(recorder, error.text);
		recorder->left_out += (unsigned)used;
	}
	for (size_t i = 0; i < used; i++) {
		record_event_free(&events[i]);
	}
}

static void tell_left_out(struct recorder *recorder, int64_t time_ns)
{
	struct machine_event event;
	struct vmm_error error;
	char cause[64];

	if (recorder->left_out == 0) {
		return;
	}
	(void)snprintf(cause, sizeof(cause), "%u events left out", recorder->left_out);
	event = recorder_event(recorder, "LEFT_OUT", "torpor", cause);
	event.time_ns = time_ns;
	event.from = event.to = recorder->config.record->state;
	if (store_log(recorder->config.store, recorder->config.record->id, &event, 1, &error) ==
	    0) {
		recorder->left_out = 0;
	}
}

/* @late: its time has passed, others have been told since. */
static void follow(struct recorder *recorder, enum machine_state target,
		   const struct queued_event *last, bool late)
{
	struct machine_record next = *recorder->config.record;
	struct machine_event event;
	struct vmm_error error;

	next.state = target;
	recorder_describe(last, target, &event);
	event.time_ns = late ? 0 : event.time_ns;
	if (recorder_update(recorder, &next, &event, &error) != 0) {
		recorder_complain(recorder, error.text);
		event_queue_again(&recorder->queue, false);
	}
	record_event_free(&event);
}

/* Where @last is among @queued; @count if it was left out. */
static size_t find(const struct queued_event *queued, size_t count, const struct queued_event *last)
{
	size_t at = count;

	while (at > 0 && (queued[at - 1].event.time_ns != last->event.time_ns ||
			  queued[at - 1].event.kind != last->event.kind)) {
		at--;
	}
	return at > 0 ? at - 1 : count;
}

void recorder_flush(struct recorder *recorder)
{
	struct queued_event queued[EVENT_QUEUE_MAX];
	struct queued_state state;
	unsigned left_out;
	size_t count = event_queue_take(&recorder->queue, queued, &left_out, &state);
	enum machine_state target = target_of(recorder, &state);
	bool changes = target != recorder->config.record->state;
	size_t at = count;

	recorder->left_out += left_out;
	if (changes && !rate_limit_take(&recorder->transitions,
					(uint64_t)event_queue_now_ns(&recorder->queue))) {
		/* The guest goes up and down all the time. What it ends up in is what counts. */
		changes = false;
		event_queue_again(&recorder->queue, false);
	}
	if (count > 0 || changes) {
		tell_left_out(recorder, count > 0 ? queued[0].time_ns : state.last.time_ns);
	}
	if (changes) {
		at = find(queued, count, &state.last);
	}
	log_events(recorder, queued, at);
	if (changes) {
		follow(recorder, target, &state.last, at == count);
	}
	if (at + 1 < count) {
		log_events(recorder, queued + at + 1, count - at - 1);
	}
}
