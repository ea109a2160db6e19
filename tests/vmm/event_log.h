/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Power events as a test sees them: each as a line of text, in the order they came.
 *
 *   STARTED cpu=0
 *   CPU_ON cpu=1 guest
 *   WAKEUP cpu=0 interrupt 34 pl031
 *   ASKED host key=power
 *   RESET cpu=0 guest-reset2 type=0x0 cookie=0x7
 *
 * A CPU of -1, a reason of NONE, an INTID of -1 without a device are left out.
 */
#ifndef TESTS_VMM_EVENT_LOG_H
#define TESTS_VMM_EVENT_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "power/event.h"

#define EVENT_LOG_COUNT 512
#define EVENT_TEXT_BYTES 80

/**
 * struct event_log - what was emitted
 * @inside:  a call of the sink is under way: they must not overlap
 * @overlap: two did
 * @back:    a time was before the one of the event before it
 * @watch:   told of each event as well; set before there are any
 * @texts:   the first EVENT_LOG_COUNT
 */
struct event_log {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned inside;
	bool overlap;
	bool back;
	uint64_t time_ns;
	size_t count;
	void (*watch)(void *ctx, const struct power_event *event);
	void *watch_ctx;
	char texts[EVENT_LOG_COUNT][EVENT_TEXT_BYTES];
};

void event_log_init(struct event_log *log);
void event_log_free(struct event_log *log);

/* Where events are to go. */
struct power_event_sink event_log_sink(struct event_log *log);

size_t event_log_count(struct event_log *log);

/** event_log_wait() - until there are @count events, for at most 20 s; false if there aren't */
bool event_log_wait(struct event_log *log, size_t count);

/** event_log_find() - how many events begin with @text */
size_t event_log_find(struct event_log *log, const char *text);

/** event_log_copy() - event @n's text, or "" */
void event_log_copy(struct event_log *log, size_t n, char text[EVENT_TEXT_BYTES]);

/** assert_events() - exactly these lines, up to a NULL; waits for them */
void assert_events(struct event_log *log, ...) __attribute__((sentinel));

#endif /* TESTS_VMM_EVENT_LOG_H */
