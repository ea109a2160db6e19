/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: asking a machine's process by its control socket
 *
 * A client for one command at a time. Nothing here waits beyond the deadline that it was given.
 * For one thread at a time.
 */
#ifndef VMM_CONTROL_QMP_ASK_H
#define VMM_CONTROL_QMP_ASK_H

#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct json_object;
struct qmp_ask;

/**
 * qmp_ask_open() - connect and negotiate
 * @path:       of the socket, of any length
 * @timeout_ms: for all of it
 *
 * Return: a client, or NULL with @error filled: nobody listens there, say.
 */
struct qmp_ask *qmp_ask_open(const char *path, int timeout_ms, struct vmm_error *error);

/**
 * qmp_ask() - a command and its answer
 * @name:       the command
 * @argument:   name of its one argument, or NULL
 * @number:     the argument
 * @value:      set to what was returned, for json_object_put(); or NULL
 * @timeout_ms: for the answer
 *
 * Events that come meanwhile are kept for qmp_ask_event().
 *
 * Return: 0; -EREMOTEIO if the command failed, -ETIMEDOUT, -EPIPE if the process is gone, or
 * another -errno; then with @error filled.
 */
int qmp_ask(struct qmp_ask *ask, const char *name, const char *argument, int64_t number,
	    struct json_object **value, int timeout_ms, struct vmm_error *error);

/**
 * qmp_ask_event() - the next event
 * @event:      set, for json_object_put()
 * @timeout_ms: how long to wait for it
 *
 * Return: 0; -ETIMEDOUT; -EPIPE if the process is gone; -EINTR after a signal.
 */
int qmp_ask_event(struct qmp_ask *ask, struct json_object **event, int timeout_ms);

/**
 * qmp_ask_process() - who listens at a socket, whether it answers or not
 *
 * Return: a pidfd, the caller's to close; or -errno.
 */
int qmp_ask_process(const char *path);

/** qmp_ask_close() - hang up; NULL is allowed */
void qmp_ask_close(struct qmp_ask *ask);

#endif /* VMM_CONTROL_QMP_ASK_H */
