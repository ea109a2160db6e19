/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event_log.h"

#define WAIT_S 20

static const char *const kinds[] = {
	[POWER_EVENT_STARTED] = "STARTED",
	[POWER_EVENT_CPU_ON] = "CPU_ON",
	[POWER_EVENT_CPU_OFF] = "CPU_OFF",
	[POWER_EVENT_SUSPEND] = "SUSPEND",
	[POWER_EVENT_WAKEUP] = "WAKEUP",
	[POWER_EVENT_SUSPEND_DISK] = "SUSPEND_DISK",
	[POWER_EVENT_SHUTDOWN] = "SHUTDOWN",
	[POWER_EVENT_RESET] = "RESET",
	[POWER_EVENT_STOP] = "STOP",
	[POWER_EVENT_RESUME] = "RESUME",
	[POWER_EVENT_ASKED] = "ASKED",
	[POWER_EVENT_UNRESPONSIVE] = "UNRESPONSIVE",
	[POWER_EVENT_WATCHDOG] = "WATCHDOG",
	[POWER_EVENT_GUEST_PANICKED] = "GUEST_PANICKED",
	[POWER_EVENT_GUEST_CRASHLOADED] = "GUEST_CRASHLOADED",
	[POWER_EVENT_GUEST_PVSHUTDOWN] = "GUEST_PVSHUTDOWN",
	[POWER_EVENT_BALLOON_CHANGE] = "BALLOON_CHANGE",
};

static const char *const keys[] = {
	[POWER_KEY_NONE] = "",
	[POWER_KEY_POWER] = " key=power",
	[POWER_KEY_SLEEP] = " key=sleep",
	[POWER_KEY_HIBERNATE] = " key=hibernate",
};

static const char *const reasons[] = {
	[POWER_REASON_NONE] = "",
	[POWER_REASON_GUEST] = " guest",
	[POWER_REASON_GUEST_RESET2] = " guest-reset2",
	[POWER_REASON_GUEST_PANIC] = " guest-panic",
	[POWER_REASON_WATCHDOG] = " watchdog",
	[POWER_REASON_HOST] = " host",
	[POWER_REASON_HOST_SIGNAL] = " host-signal",
	[POWER_REASON_HOST_ERROR] = " host-error",
	[POWER_REASON_REFUSED] = " refused",
	[POWER_REASON_INTERRUPT] = " interrupt",
};

void event_log_init(struct event_log *log)
{
	pthread_condattr_t attr;

	memset(log, 0, sizeof(*log));
	(void)pthread_mutex_init(&log->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&log->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void event_log_free(struct event_log *log)
{
	(void)pthread_mutex_destroy(&log->lock);
	(void)pthread_cond_destroy(&log->changed);
}

static void add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + used, EVENT_TEXT_BYTES - used, format, args);
	va_end(args);
}

static void describe(const struct power_event *event, char *text)
{
	text[0] = '\0';
	add(text, "%s", kinds[event->kind]);
	if (event->cpu >= 0) {
		add(text, " cpu=%" PRId32, event->cpu);
	}
	add(text, "%s", reasons[event->reason]);
	if (event->action != NULL) {
		add(text, " action=%s", event->action);
	}
	if (event->reason == POWER_REASON_INTERRUPT && event->intid >= 0) {
		add(text, " %" PRId32 " %s", event->intid,
		    event->device != NULL ? event->device : "-");
	}
	if (event->kind == POWER_EVENT_BALLOON_CHANGE) {
		add(text, " actual=0x%" PRIx64, event->balloon_bytes);
	}
	add(text, "%s", keys[event->key]);
	if (event->reason == POWER_REASON_GUEST_RESET2) {
		add(text, " type=0x%" PRIx32 " cookie=0x%" PRIx64, event->reset_type,
		    event->cookie);
	}
}

static void emit(void *ctx, const struct power_event *event)
{
	struct event_log *log = ctx;

	if (__atomic_fetch_add(&log->inside, 1, __ATOMIC_RELAXED) != 0) {
		__atomic_store_n(&log->overlap, true, __ATOMIC_RELAXED);
	}
	pthread_mutex_lock(&log->lock);
	if (log->count < EVENT_LOG_COUNT) {
		describe(event, log->texts[log->count]);
	}
	log->back = log->back || event->time_ns < log->time_ns || event->time_ns == 0;
	log->time_ns = event->time_ns;
	log->count++;
	if (log->watch != NULL) {
		log->watch(log->watch_ctx, event);
	}
	pthread_cond_broadcast(&log->changed);
	pthread_mutex_unlock(&log->lock);
	(void)__atomic_sub_fetch(&log->inside, 1, __ATOMIC_RELAXED);
}

struct power_event_sink event_log_sink(struct event_log *log)
{
	return (struct power_event_sink){.emit = emit, .ctx = log};
}

size_t event_log_count(struct event_log *log)
{
	size_t count;

	pthread_mutex_lock(&log->lock);
	count = log->count;
	pthread_mutex_unlock(&log->lock);
	return count;
}

bool event_log_wait(struct event_log *log, size_t count)
{
	struct timespec limit;
	bool come;
	int ret = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += WAIT_S;
	pthread_mutex_lock(&log->lock);
	while (log->count < count && ret != ETIMEDOUT) {
		ret = pthread_cond_timedwait(&log->changed, &log->lock, &limit);
	}
	come = log->count >= count;
	pthread_mutex_unlock(&log->lock);
	return come;
}

size_t event_log_find(struct event_log *log, const char *text)
{
	size_t found = 0;

	pthread_mutex_lock(&log->lock);
	for (size_t n = 0; n < log->count && n < EVENT_LOG_COUNT; n++) {
		found += strncmp(log->texts[n], text, strlen(text)) == 0 ? 1 : 0;
	}
	pthread_mutex_unlock(&log->lock);
	return found;
}

void event_log_copy(struct event_log *log, size_t n, char text[EVENT_TEXT_BYTES])
{
	pthread_mutex_lock(&log->lock);
	text[0] = '\0';
	if (n < log->count && n < EVENT_LOG_COUNT) {
		memcpy(text, log->texts[n], EVENT_TEXT_BYTES);
	}
	pthread_mutex_unlock(&log->lock);
}

void assert_events(struct event_log *log, ...)
{
	char text[EVENT_TEXT_BYTES];
	const char *want;
	va_list args;
	size_t n = 0;

	va_start(args, log);
	for (want = va_arg(args, const char *); want != NULL; want = va_arg(args, const char *)) {
		(void)event_log_wait(log, n + 1);
		event_log_copy(log, n, text);
		assert_string_equal(text, want);
		n++;
	}
	va_end(args);
	assert_int_equal(event_log_count(log), n);
	assert_false(log->overlap);
	assert_false(log->back);
}
