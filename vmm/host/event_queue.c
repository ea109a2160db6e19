/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/event_queue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "platform/monotonic.h"
#include "platform/wall_clock.h"

#define NS_PER_S INT64_C(1000000000)
#define BATCH_S 1
/* A day of a guest that does nothing else is some ten thousand lines. */
#define CHATTER_BURST 64
#define CHATTER_REFILL_NS (20 * (uint64_t)NS_PER_S)
#define OTHERS_BURST 64
#define OTHERS_REFILL_NS (10 * (uint64_t)NS_PER_S)

/* With the lock held. */
static int64_t in_order(struct event_queue *queue, int64_t time_ns)
{
	if (time_ns > queue->clock_ns) {
		queue->clock_ns = time_ns;
	}
	return queue->clock_ns;
}

/* With the lock held. */
static void arm(struct event_queue *queue, bool at_once)
{
	const struct itimerspec when = {
		.it_value = {.tv_sec = at_once ? 0 : BATCH_S, .tv_nsec = at_once ? 1 : 0},
	};
	struct itimerspec left;

	if (queue->at_once) {
		return;
	}
	queue->at_once = at_once;
	if (!at_once && timerfd_gettime(queue->timer_fd, &left) == 0 &&
	    (left.it_value.tv_sec != 0 || left.it_value.tv_nsec != 0)) {
		return;
	}
	(void)timerfd_settime(queue->timer_fd, 0, &when, NULL);
}

int event_queue_init(struct event_queue *queue)
{
	memset(queue, 0, sizeof(*queue));
	queue->chatter =
		(struct rate_limit){.burst = CHATTER_BURST, .refill_ns = CHATTER_REFILL_NS};
	queue->others = (struct rate_limit){.burst = OTHERS_BURST, .refill_ns = OTHERS_REFILL_NS};
	(void)snprintf(queue->by, sizeof(queue->by), "torpor");
	queue->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (queue->timer_fd < 0) {
		return -errno;
	}
	(void)pthread_mutex_init(&queue->lock, NULL);
	return 0;
}

void event_queue_destroy(struct event_queue *queue)
{
	(void)close(queue->timer_fd);
	(void)pthread_mutex_destroy(&queue->lock);
}

void event_queue_asked(struct event_queue *queue, const char *by)
{
	(void)pthread_mutex_lock(&queue->lock);
	(void)snprintf(queue->by, sizeof(queue->by), "%s", by);
	(void)pthread_mutex_unlock(&queue->lock);
}

void event_queue_asker(struct event_queue *queue, char by[WHO_SIZE])
{
	(void)pthread_mutex_lock(&queue->lock);
	memcpy(by, queue->by, WHO_SIZE);
	(void)pthread_mutex_unlock(&queue->lock);
}

static bool is_chatter(const struct power_event *event)
{
	return event->kind == POWER_EVENT_CPU_ON || event->kind == POWER_EVENT_CPU_OFF ||
	       event->kind == POWER_EVENT_BALLOON_CHANGE;
}

/* True if it changes what the guest's state has come to. */
static bool follow(struct queued_state *state, const struct power_event *event)
{
	bool suspended = state->suspended;
	bool asked = state->asked;

	if (event->kind == POWER_EVENT_SUSPEND) {
		state->suspended = true;
	} else if (event->kind == POWER_EVENT_WAKEUP) {
		state->suspended = false;
	} else if (event->kind == POWER_EVENT_RESET) {
		/* Who asks a guest that has started over asks anew. */
		state->suspended = state->asked = false;
	} else if (event->key == POWER_KEY_POWER && event->kind == POWER_EVENT_ASKED) {
		state->asked = true;
	} else if (event->key == POWER_KEY_POWER && event->kind == POWER_EVENT_UNRESPONSIVE) {
		state->asked = false;
	}
	return suspended != state->suspended || asked != state->asked;
}

void event_queue_push(struct event_queue *queue, const struct power_event *event)
{
	int64_t age_ns = (int64_t)(monotonic_ns() - event->time_ns);
	struct queued_event entry = {.event = *event};
	bool changed;

	(void)pthread_mutex_lock(&queue->lock);
	entry.time_ns = in_order(queue, wall_clock_ns() - age_ns);
	memcpy(entry.by, queue->by, sizeof(entry.by));
	changed = follow(&queue->state, event);
	if (changed) {
		queue->state.last = entry;
	}
	if (queue->count < EVENT_QUEUE_MAX &&
	    rate_limit_take(is_chatter(event) ? &queue->chatter : &queue->others, event->time_ns)) {
		queue->events[queue->count++] = entry;
	} else {
		queue->left_out++;
	}
	arm(queue, changed);
	(void)pthread_mutex_unlock(&queue->lock);
}

size_t event_queue_take(struct event_queue *queue, struct queued_event events[EVENT_QUEUE_MAX],
			unsigned *left_out, struct queued_state *state)
{
	uint64_t expirations;
	size_t count;

	(void)pthread_mutex_lock(&queue->lock);
	(void)!read(queue->timer_fd, &expirations, sizeof(expirations));
	queue->at_once = false;
	count = queue->count;
	memcpy(events, queue->events, count * sizeof(*events));
	queue->count = 0;
	*left_out = queue->left_out;
	queue->left_out = 0;
	*state = queue->state;
	(void)pthread_mutex_unlock(&queue->lock);
	return count;
}

int event_queue_fd(const struct event_queue *queue)
{
	return queue->timer_fd;
}

void event_queue_again(struct event_queue *queue, bool at_once)
{
	(void)pthread_mutex_lock(&queue->lock);
	arm(queue, at_once);
	(void)pthread_mutex_unlock(&queue->lock);
}

int64_t event_queue_now_ns(struct event_queue *queue)
{
	int64_t now_ns;

	(void)pthread_mutex_lock(&queue->lock);
	now_ns = in_order(queue, wall_clock_ns());
	(void)pthread_mutex_unlock(&queue->lock);
	return now_ns;
}
