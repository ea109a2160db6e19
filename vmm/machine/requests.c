/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/requests.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/monotonic.h"

#define NS_PER_S UINT64_C(1000000000)

/* With the lock held: the timer is for the first that is due. */
static void update_timer(struct requests *requests)
{
	struct itimerspec timer = {.it_value = {0}};
	uint64_t first_ns = 0;

	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		uint64_t deadline_ns = requests->deadlines[key];

		if (deadline_ns != 0 && (first_ns == 0 || deadline_ns < first_ns)) {
			first_ns = deadline_ns;
		}
	}
	if (requests->held_ns == 0) {
		timer.it_value.tv_sec = (time_t)(first_ns / NS_PER_S);
		timer.it_value.tv_nsec = (long)(first_ns % NS_PER_S);
	}
	(void)timerfd_settime(requests->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

int requests_init(struct requests *requests)
{
	memset(requests, 0, sizeof(*requests));
	requests->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (requests->timer_fd < 0) {
		return -errno;
	}
	pthread_mutex_init(&requests->lock, NULL);
	return 0;
}

void requests_destroy(struct requests *requests)
{
	(void)close(requests->timer_fd);
	pthread_mutex_destroy(&requests->lock);
}

void requests_begin(struct requests *requests, enum power_key key, uint32_t limit_s)
{
	pthread_mutex_lock(&requests->lock);
	requests->deadlines[key] = 0;
	if (limit_s != 0) {
		uint64_t start_ns = requests->held_ns != 0 ? requests->held_ns : monotonic_ns();

		requests->deadlines[key] = start_ns + limit_s * NS_PER_S;
	}
	update_timer(requests);
	pthread_mutex_unlock(&requests->lock);
}

void requests_hold(struct requests *requests, bool held)
{
	pthread_mutex_lock(&requests->lock);
	if (held) {
		requests->held_ns = monotonic_ns();
	} else if (requests->held_ns != 0) {
		uint64_t held_for_ns = monotonic_ns() - requests->held_ns;

		for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
			requests->deadlines[key] += requests->deadlines[key] != 0 ? held_for_ns : 0;
		}
		requests->held_ns = 0;
	}
	update_timer(requests);
	pthread_mutex_unlock(&requests->lock);
}

int requests_fd(const struct requests *requests)
{
	return requests->timer_fd;
}

enum power_key requests_overdue(struct requests *requests)
{
	enum power_key overdue = POWER_KEY_NONE;
	uint64_t now;

	pthread_mutex_lock(&requests->lock);
	now = monotonic_ns();
	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		uint64_t deadline_ns = requests->deadlines[key];

		if (requests->held_ns == 0 && deadline_ns != 0 && deadline_ns <= now &&
		    overdue == POWER_KEY_NONE) {
			overdue = key;
		}
	}
	/* Which makes the descriptor unreadable, unless a deadline has passed. */
	update_timer(requests);
	pthread_mutex_unlock(&requests->lock);
	return overdue;
}

static bool settles(const struct power_event *event, enum power_key key)
{
	switch (event->kind) {
	case POWER_EVENT_SHUTDOWN:
	case POWER_EVENT_SUSPEND_DISK:
	case POWER_EVENT_RESET:
		return true;
	case POWER_EVENT_SUSPEND:
		return key == POWER_KEY_SLEEP;
	case POWER_EVENT_UNRESPONSIVE:
		return key == event->key;
	case POWER_EVENT_STARTED:
	case POWER_EVENT_CPU_ON:
	case POWER_EVENT_CPU_OFF:
	case POWER_EVENT_WAKEUP:
	case POWER_EVENT_STOP:
	case POWER_EVENT_RESUME:
	case POWER_EVENT_ASKED:
	case POWER_EVENT_WATCHDOG:
	case POWER_EVENT_GUEST_PANICKED:
	case POWER_EVENT_GUEST_CRASHLOADED:
	case POWER_EVENT_GUEST_PVSHUTDOWN:
	case POWER_EVENT_BALLOON_CHANGE:
		break;
	}
	return false;
}

bool requests_pass(struct requests *requests, const struct power_event *event)
{
	bool pass;

	pthread_mutex_lock(&requests->lock);
	pass = event->kind != POWER_EVENT_UNRESPONSIVE || requests->deadlines[event->key] != 0;
	for (unsigned key = POWER_KEY_POWER; key < POWER_KEY_COUNT; key++) {
		if (requests->deadlines[key] != 0 && settles(event, key)) {
			requests->deadlines[key] = 0;
			update_timer(requests);
		}
	}
	pthread_mutex_unlock(&requests->lock);
	return pass;
}
