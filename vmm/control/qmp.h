/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the control socket
 *
 * A Unix stream socket that speaks QMP, to several clients at once. Its user has a main loop: it
 * waits until qmp_fd() is readable and calls qmp_dispatch(). All functions are for that main
 * thread, except qmp_emit(). Nothing a client does or leaves undone holds anybody up.
 */
#ifndef VMM_CONTROL_QMP_H
#define VMM_CONTROL_QMP_H

#include <stdint.h>

#include "error.h"
#include "power/event.h"

#define QMP_CLIENT_COUNT_MAX 16

struct machine;
struct qmp_server;

/**
 * qmp_open() - listen
 * @path: of the socket; copied. The socket of a process that is gone is replaced, and only its
 *        owner may connect
 *
 * Not for use once there are other threads: it sets the umask for a moment.
 *
 * Return: a server; NULL with @error filled.
 */
struct qmp_server *qmp_open(const char *path, struct vmm_error *error);

/**
 * qmp_set_machine() - what commands act on
 * @machine:   borrowed; NULL once it is gone
 * @cpu_count: its number of CPUs
 */
void qmp_set_machine(struct qmp_server *server, struct machine *machine, uint32_t cpu_count);

/**
 * qmp_set_asker() - who is told whose command is about to be carried out
 * @asked: on the main thread, with the client's user on the host
 * @ctx:   passed to it
 */
void qmp_set_asker(struct qmp_server *server, void (*asked)(void *ctx, uint32_t uid), void *ctx);

/**
 * qmp_fd() - readable when qmp_dispatch() has something to do
 *
 * Return: a file descriptor for poll(), the same for the server's whole life; not to be closed.
 */
int qmp_fd(const struct qmp_server *server);

/**
 * qmp_dispatch() - accept, read, execute and answer what is there; does not wait
 */
void qmp_dispatch(struct qmp_server *server);

/**
 * qmp_emit() - tell the clients that have negotiated; any thread, does not wait
 * @server: or NULL
 *
 * As QEMU does: the reasons of SHUTDOWN and RESET are QMP's, and a SHUTDOWN follows SUSPEND_DISK
 * and a RESET that ends the machine.
 */
void qmp_emit(struct qmp_server *server, const struct power_event *event);

/**
 * qmp_close() - send what waits, a second at most, close all and remove the socket
 * @server: or NULL
 */
void qmp_close(struct qmp_server *server);

#endif /* VMM_CONTROL_QMP_H */
