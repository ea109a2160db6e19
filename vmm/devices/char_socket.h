/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Unix socket on which one client at a time has a stream to and from a device of the guest.
 *
 * While nobody is attached, output is dropped and said to be taken. A second client waits until
 * the first has gone. A client that has sent its end still gets output. What one has sent before it
 * went is still given to the device, unless another comes first.
 *
 * What a client does not read waits here, CHAR_SOCKET_OUT_BYTES of it and no more. What comes then
 * is either left with the device or, if the socket is lossy, dropped, which is logged once a
 * client. What the device does not take waits here and in the client's socket.
 *
 * There is no thread. Output goes out on the thread that writes it; the rest happens in
 * char_socket_dispatch(), in the VMM's main loop. The caller owns the struct, which must not move
 * between open and close.
 */
#ifndef VMM_DEVICES_CHAR_SOCKET_H
#define VMM_DEVICES_CHAR_SOCKET_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "platform/unix_listen.h"

#define CHAR_SOCKET_OUT_BYTES ((size_t)64 << 10)
#define CHAR_SOCKET_IN_BYTES ((size_t)4096)

/**
 * struct char_socket_config - what a socket is connected to; copied
 * @path:     where its file is made; borrowed for the socket's life
 * @option:   of the command line, for messages; likewise
 * @lossy:    drop what a client does not read, and never take less than was written
 * @input:    takes what the client sent; returns how many bytes it took
 * @writable: char_socket_write() would take more, after it took less than it was given
 * @attached: a client has come, or has gone
 * @ctx:      first argument of the three, which are called in char_socket_dispatch() with no lock
 *            held
 * @log:      a line for the operator; any thread
 * @log_ctx:  first argument of @log
 */
struct char_socket_config {
	const char *path;
	const char *option;
	bool lossy;
	size_t (*input)(void *ctx, const uint8_t *bytes, size_t count);
	void (*writable)(void *ctx);
	void (*attached)(void *ctx, bool attached);
	void *ctx;
	void (*log)(void *ctx, const char *line);
	void *log_ctx;
};

/**
 * struct char_socket - a socket; members are its own
 * @config:    as given
 * @listener:  where clients come from
 * @epoll_fd:  of the listener, the client and @poke_fd
 * @poke_fd:   eventfd: the device would take input
 * @spare_fd:  given up to accept and close a client when there are no more descriptors
 * @in:        sent by the client, and not yet taken by the device; main thread only
 * @in_at:     first of @in
 * @in_count:  of @in
 * @in_ended:  the client sends no more
 * @gone:      the client has hung up; what it sent before is still read
 * @lock:      guards what follows
 * @client_fd: or -1
 * @broken:    the client takes no more output
 * @refused:   char_socket_write() took less than it was given
 * @lost:      that output was dropped has been logged for this client
 * @interest:  what epoll looks for on @client_fd
 * @out:       for the client, a ring of CHAR_SOCKET_OUT_BYTES
 * @out_at:    first of @out
 * @out_count: of @out
 */
struct char_socket {
	struct char_socket_config config;
	struct unix_listener listener;
	int epoll_fd;
	int poke_fd;
	int spare_fd;
	uint8_t in[CHAR_SOCKET_IN_BYTES];
	size_t in_at;
	size_t in_count;
	bool in_ended;
	bool gone;
	pthread_mutex_t lock;
	int client_fd;
	bool broken;
	bool refused;
	bool lost;
	uint32_t interest;
	uint8_t *out;
	size_t out_at;
	size_t out_count;
};

/**
 * char_socket_open() - make the file and listen
 * @socket: filled; close it with char_socket_close()
 * @config: copied
 * @error:  names the option and the path, and says whether they are at fault
 *
 * Return: 0; -EINVAL if @config's path cannot be listened on; another -errno.
 */
int char_socket_open(struct char_socket *socket, const struct char_socket_config *config,
		     struct vmm_error *error);

/**
 * char_socket_close() - give a client the time to read what waits, and end
 * @socket:  open; not to be used afterwards
 * @wait_ms: how long that may take in all
 *
 * Context: no other thread uses the socket.
 */
void char_socket_close(struct char_socket *socket, int wait_ms);

/**
 * char_socket_flush() - give a client the time to read what waits
 * @socket:  open
 * @wait_ms: how long that may take
 *
 * Context: main thread; waits.
 * Return: true if nothing waits any more.
 */
bool char_socket_flush(struct char_socket *socket, int wait_ms);

/**
 * char_socket_fd() - readable when char_socket_dispatch() has something to do
 * @socket: open, keeps owning the descriptor
 *
 * Return: the descriptor, the same for the socket's life.
 */
int char_socket_fd(const struct char_socket *socket);

/**
 * char_socket_dispatch() - do what is due
 * @socket: open
 *
 * Context: main thread; does not wait.
 */
void char_socket_dispatch(struct char_socket *socket);

/**
 * char_socket_write() - output for the client
 * @socket: open
 * @bytes:  what
 * @count:  number of bytes
 *
 * Context: any thread; does not wait.
 * Return: how many bytes were taken, from the first on; all of them if nobody is attached or the
 * socket is lossy.
 */
size_t char_socket_write(struct char_socket *socket, const uint8_t *bytes, size_t count);

/**
 * char_socket_room() - the device would take input again
 * @socket: open
 *
 * Context: any thread; does not wait.
 */
void char_socket_room(struct char_socket *socket);

#endif /* VMM_DEVICES_CHAR_SOCKET_H */
