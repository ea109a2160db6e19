/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what the host has asked of the guest, and until when
 *
 * A request is made by a press of a key; the guest has reacted when it ended or reset, or, asked to
 * suspend to RAM, when it did. One that has not within its time is overdue. Time does not pass
 * while the machine is paused.
 *
 * requests_pass() may be called on any thread, the others are for the main thread.
 */
#ifndef VMM_MACHINE_REQUESTS_H
#define VMM_MACHINE_REQUESTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "power/event.h"

/**
 * struct requests - by key; members are its own
 * @lock:       guards all below
 * @timer_fd:   timerfd of CLOCK_MONOTONIC, which the deadlines are of
 * @held_ns:    since when time stands still; 0 if it passes
 * @deadlines:  in ns; 0 if nothing is asked for
 */
struct requests {
	pthread_mutex_t lock;
	int timer_fd;
	uint64_t held_ns;
	uint64_t deadlines[POWER_KEY_COUNT];
};

/** requests_init() - nothing is asked for. 0, or -errno of timerfd_create() */
int requests_init(struct requests *requests);

/** requests_destroy() - free what requests_init() took */
void requests_destroy(struct requests *requests);

/** requests_begin() - a key is pressed; @limit_s of 0: for as long as the guest likes */
void requests_begin(struct requests *requests, enum power_key key, uint32_t limit_s);

/** requests_hold() - whether time stands still */
void requests_hold(struct requests *requests, bool held);

/** requests_fd() - readable when requests_overdue() may have something to say */
int requests_fd(const struct requests *requests);

/**
 * requests_overdue() - a request whose time is over
 *
 * The same until requests_pass() has seen the event that says so.
 *
 * Return: its key, or POWER_KEY_NONE.
 */
enum power_key requests_overdue(struct requests *requests);

/**
 * requests_pass() - an event, in its order with others
 *
 * Return: false if it is not to be told: it says that the guest did not react, but it has.
 */
bool requests_pass(struct requests *requests, const struct power_event *event);

#endif /* VMM_MACHINE_REQUESTS_H */
