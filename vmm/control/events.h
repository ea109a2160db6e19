/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: power events as JSON, and the log that --events writes
 *
 * A line of the log is one JSON object:
 *
 *   {"event":"WAKEUP","ts_ns":81542331,"cpu":0,"reason":"device","intid":34,"device":"pl031"}
 *
 * "event" and "ts_ns" (CLOCK_MONOTONIC) are always there; "cpu", "reason" and what belongs to the
 * reason only where there is something to say. The control socket sends the same members as the
 * "data" of a QMP event.
 *
 * The caller owns struct event_log, which must not move while it is open. events_write() may be
 * called on any thread, one call at a time. It allocates for a moment.
 */
#ifndef VMM_CONTROL_EVENTS_H
#define VMM_CONTROL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "power/event.h"

struct json_object;

/**
 * struct event_log - where --events writes
 * @fd:       of the log, or -1
 * @path:     as the user gave it; borrowed
 * @line_end: of a terminal in raw mode, or of a file
 * @owned:    @fd is closed by events_close()
 * @torn:     the last line could not be written whole
 * @stalled:  the last reader did not read
 * @reported: a failure has been logged
 * @log:      takes a line for the operator
 * @ctx:      passed to @log
 */
struct event_log {
	int fd;
	const char *path;
	const char *line_end;
	bool owned;
	bool torn;
	bool stalled;
	bool reported;
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/**
 * events_name() - what an event is called
 *
 * Return: a static string; QMP's word where it has one.
 */
const char *events_name(const struct power_event *event);

/**
 * events_reason() - why it happened, in a word
 *
 * The words of SHUTDOWN and RESET are QMP's where it has one.
 *
 * Return: a static string, or NULL if there is nothing to say.
 */
const char *events_reason(const struct power_event *event);

/**
 * events_qmp_reason() - the same, of SHUTDOWN and RESET, in a word of QMP's ShutdownCause
 *
 * Clients have that enumeration in their types, and take no other word.
 *
 * Return: a static string, or NULL if there is nothing to say.
 */
const char *events_qmp_reason(const struct power_event *event);

/**
 * events_by_guest() - whether the guest caused it, QMP's "guest" of SHUTDOWN and RESET
 */
bool events_by_guest(const struct power_event *event);

/**
 * events_add_data() - add "cpu", "reason", "request", "intid", "device", "key", "type" and
 *                     "cookie", where known
 * @object: a JSON object
 */
void events_add_data(struct json_object *object, const struct power_event *event);

/**
 * events_open() - open the log
 * @path: a file, which is appended to; "-" for standard error; NULL for no log
 * @log:  is told, once, that the log cannot be written
 *
 * Opening a FIFO waits for its reader, as the shell's redirection does.
 *
 * Return: true; false with @error filled.
 */
bool events_open(struct event_log *events, const char *path,
		 void (*log)(void *ctx, const char *line), void *ctx, struct vmm_error *error);

/**
 * events_write() - append one line
 *
 * A reader of a pipe that does not read is waited for, a second at most, and then loses events.
 */
void events_write(struct event_log *events, const struct power_event *event);

/**
 * events_close() - close the log; what was written stays
 */
void events_close(struct event_log *events);

#endif /* VMM_CONTROL_EVENTS_H */
