/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: one connection to the control socket
 *
 * What is sent to a client goes to its socket at once as far as that takes it, on whichever
 * thread has something to say, and the rest is kept, up to a bound. A client that lets it grow
 * beyond is dropped. No call here waits.
 *
 * The server's lock is held for every function but qmp_client_create(), which nobody else knows
 * yet, and for @frame, which is the main thread's.
 */
#ifndef VMM_CONTROL_QMP_CLIENT_H
#define VMM_CONTROL_QMP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/qmp_frame.h"

/* What may wait for a client to read; and the part of it from which on it is not listened to. */
#define QMP_CLIENT_OUT_MAX ((size_t)256 << 10)
#define QMP_CLIENT_OUT_BUSY ((size_t)64 << 10)

/**
 * struct qmp_client - one connection
 * @next:         of the server's list
 * @fd:           non-blocking
 * @epoll_fd:     the server's, where @fd is registered with this struct as its data
 * @interest:     what @fd is registered for
 * @negotiated:   qmp_capabilities has been answered
 * @eof:          the client sends no more
 * @closing:      it is let go once it has read what waits
 * @dropped:      it is let go now
 * @frame:        the message that is coming in
 * @out:          what waits for it to read
 * @out_at:       the first byte of that
 * @out_count:    in bytes
 * @out_capacity: of @out
 */
struct qmp_client {
	struct qmp_client *next;
	int fd;
	int epoll_fd;
	uint32_t interest;
	bool negotiated;
	bool eof;
	bool closing;
	bool dropped;
	struct qmp_frame frame;
	char *out;
	size_t out_at;
	size_t out_count;
	size_t out_capacity;
};

/**
 * qmp_client_create() - take a connection and register it
 * @fd: the client's from now on, also on failure
 *
 * Return: the client, or NULL.
 */
struct qmp_client *qmp_client_create(int fd, int epoll_fd);

/** qmp_client_send() - send, or keep for later; a client that reads too little is dropped */
void qmp_client_send(struct qmp_client *client, const char *bytes, size_t count);

/** qmp_client_flush() - send what waits, as far as it goes now */
void qmp_client_flush(struct qmp_client *client);

/** qmp_client_update() - register for what is to be waited for now */
void qmp_client_update(struct qmp_client *client);

/** qmp_client_finished() - whether it can be destroyed */
bool qmp_client_finished(const struct qmp_client *client);

/** qmp_client_destroy() - close the connection and free everything */
void qmp_client_destroy(struct qmp_client *client);

#endif /* VMM_CONTROL_QMP_CLIENT_H */
