/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: power events on their way into a machine's history
 *
 * Events are put in on any thread, which does not wait, and taken out in batches. A guest that
 * makes more of them than anybody wants to read has the rest counted and left out; what its state
 * has come to is known all the same.
 */
#ifndef VMM_HOST_EVENT_QUEUE_H
#define VMM_HOST_EVENT_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/rate_limit.h"
#include "host/who.h"
#include "power/event.h"

#define EVENT_QUEUE_MAX 128

/**
 * struct queued_event - an event
 * @event:   as it was emitted
 * @time_ns: CLOCK_REALTIME; never before that of the event before it
 * @by:      who asked, if the host did
 */
struct queued_event {
	struct power_event event;
	int64_t time_ns;
	char by[WHO_SIZE];
};

/**
 * struct queued_state - what the guest's state has come to, by all events so far
 * @suspended: to RAM
 * @asked:     to power off, and has not reacted
 * @last:      the event that changed one of them last
 */
struct queued_state {
	bool suspended;
	bool asked;
	struct queued_event last;
};

/**
 * struct event_queue - a queue; members are its own
 * @lock:     guards all below
 * @timer_fd: readable when something should be taken out
 * @at_once:  @timer_fd is set to now
 * @clock_ns: the last time that was given
 * @chatter:  limits events that a guest makes without end
 * @others:   limits all others
 * @left_out: since they were last taken out
 * @state:    see struct queued_state
 * @by:       who asked last
 * @count:    of @events
 * @events:   in order
 */
struct event_queue {
	pthread_mutex_t lock;
	int timer_fd;
	bool at_once;
	int64_t clock_ns;
	struct rate_limit chatter;
	struct rate_limit others;
	unsigned left_out;
	struct queued_state state;
	char by[WHO_SIZE];
	size_t count;
	struct queued_event events[EVENT_QUEUE_MAX];
};

/** event_queue_init() - an empty one. 0, or -errno of timerfd_create() */
int event_queue_init(struct event_queue *queue);

/** event_queue_destroy() - free it */
void event_queue_destroy(struct event_queue *queue);

/**
 * event_queue_asked() - who asks for what the host does from now on; any thread
 * @by: copied
 */
void event_queue_asked(struct event_queue *queue, const char *by);

/** event_queue_asker() - who that was; any thread */
void event_queue_asker(struct event_queue *queue, char by[WHO_SIZE]);

/** event_queue_push() - put an event in; any thread, does not wait */
void event_queue_push(struct event_queue *queue, const struct power_event *event);

/**
 * event_queue_take() - take all out; any thread
 * @events:   filled, in order
 * @left_out: how many are missing
 * @state:    as it is now
 *
 * Return: how many there are. event_queue_fd() is not readable until there are more.
 */
size_t event_queue_take(struct event_queue *queue, struct queued_event events[EVENT_QUEUE_MAX],
			unsigned *left_out, struct queued_state *state);

/**
 * event_queue_fd() - readable at once when the guest's state has changed, else about a second
 * after an event
 *
 * Return: a descriptor for poll(), the queue's.
 */
int event_queue_fd(const struct event_queue *queue);

/** event_queue_again() - make event_queue_fd() readable, at once or in a second; any thread */
void event_queue_again(struct event_queue *queue, bool at_once);

/** event_queue_now_ns() - CLOCK_REALTIME, but never before an event's or an earlier time */
int64_t event_queue_now_ns(struct event_queue *queue);

#endif /* VMM_HOST_EVENT_QUEUE_H */
