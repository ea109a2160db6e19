/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/char_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/monotonic.h"

/* How often a turn of the main loop reads, at most; others want their turn too. */
#define READS_A_TURN 16

/* epoll's data of each descriptor. */
enum source {
	SOURCE_LISTENER,
	SOURCE_CLIENT,
	SOURCE_POKE,
	SOURCE_COUNT,
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		(void)close(fd);
	}
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int watch(struct char_socket *socket, int operation, int fd, enum source source,
		 uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = source};

	return epoll_ctl(socket->epoll_fd, operation, fd, &event);
}

/* Locked. A client that has hung up is not watched: epoll would tell of it for ever. */
static void update_interest(struct char_socket *socket)
{
	bool reads = !socket->in_ended && socket->in_count == 0;
	uint32_t wanted = (reads ? (uint32_t)EPOLLIN : 0) |
			  (socket->out_count > 0 || socket->refused ? (uint32_t)EPOLLOUT : 0);

	if (socket->client_fd >= 0 && !socket->gone && wanted != socket->interest &&
	    watch(socket, EPOLL_CTL_MOD, socket->client_fd, SOURCE_CLIENT, wanted) == 0) {
		socket->interest = wanted;
	}
}

/* Locked. How many of @bytes the client's socket took. */
static size_t send_now(struct char_socket *socket, const uint8_t *bytes, size_t count)
{
	size_t sent = 0;

	while (sent < count) {
		ssize_t taken = send(socket->client_fd, bytes + sent, count - sent,
				     MSG_DONTWAIT | MSG_NOSIGNAL);

		if (taken < 0 && errno == EINTR) {
			continue;
		}
		if (taken < 0) {
			socket->broken = errno != EAGAIN && errno != EWOULDBLOCK;
			break;
		}
		sent += (size_t)taken;
	}
	return sent;
}

/* Locked. As much as fits. */
static size_t put_out(struct char_socket *socket, const uint8_t *bytes, size_t count)
{
	size_t taken = least(count, CHAR_SOCKET_OUT_BYTES - socket->out_count);
	size_t tail = (socket->out_at + socket->out_count) % CHAR_SOCKET_OUT_BYTES;
	size_t first = least(taken, CHAR_SOCKET_OUT_BYTES - tail);

	memcpy(socket->out + tail, bytes, first);
	memcpy(socket->out, bytes + first, taken - first);
	socket->out_count += taken;
	return taken;
}

/* Locked. */
static void send_waiting(struct char_socket *socket)
{
	while (socket->out_count > 0 && !socket->broken) {
		size_t part = least(socket->out_count, CHAR_SOCKET_OUT_BYTES - socket->out_at);
		size_t sent = send_now(socket, socket->out + socket->out_at, part);

		socket->out_count -= sent;
		/* An empty ring starts over, so that it stays in few pages. */
		socket->out_at = socket->out_count == 0
					 ? 0
					 : (socket->out_at + sent) % CHAR_SOCKET_OUT_BYTES;
		if (sent < part) {
			break;
		}
	}
	if (socket->broken) {
		socket->out_at = 0;
		socket->out_count = 0;
	}
}

static void log_loss(const struct char_socket *socket)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "%s '%s': output was lost: the client does not read it",
		       socket->config.option, socket->config.path);
	socket->config.log(socket->config.log_ctx, line);
}

size_t char_socket_write(struct char_socket *socket, const uint8_t *bytes, size_t count)
{
	size_t taken = count;
	bool lost_now = false;

	(void)pthread_mutex_lock(&socket->lock);
	if (socket->client_fd >= 0 && !socket->broken) {
		taken = socket->out_count == 0 ? send_now(socket, bytes, count) : 0;
		taken += put_out(socket, bytes + taken, count - taken);
		if (socket->broken) {
			taken = count;
		}
		if (taken < count && socket->config.lossy) {
			lost_now = !socket->lost;
			socket->lost = true;
			taken = count;
		}
		socket->refused = socket->refused || taken < count;
		update_interest(socket);
	}
	(void)pthread_mutex_unlock(&socket->lock);
	if (lost_now) {
		log_loss(socket);
	}
	return taken;
}

void char_socket_room(struct char_socket *socket)
{
	const uint64_t one = 1;

	(void)!write(socket->poke_fd, &one, sizeof(one));
}

static void tell_writable(struct char_socket *socket)
{
	bool refused;

	(void)pthread_mutex_lock(&socket->lock);
	refused = socket->refused && (socket->client_fd < 0 || socket->broken ||
				      socket->out_count < CHAR_SOCKET_OUT_BYTES);
	socket->refused = socket->refused && !refused;
	update_interest(socket);
	(void)pthread_mutex_unlock(&socket->lock);
	if (refused) {
		socket->config.writable(socket->config.ctx);
	}
}

static void drop_client(struct char_socket *socket)
{
	int fd;

	(void)pthread_mutex_lock(&socket->lock);
	fd = socket->client_fd;
	socket->client_fd = -1;
	socket->out_at = 0;
	socket->out_count = 0;
	(void)pthread_mutex_unlock(&socket->lock);
	(void)close(fd);
	socket->in_at = 0;
	socket->in_count = 0;
	socket->config.attached(socket->config.ctx, false);
	tell_writable(socket);
	(void)watch(socket, EPOLL_CTL_MOD, socket->listener.fd, SOURCE_LISTENER, EPOLLIN);
}

/* True if there is some. */
static bool read_input(struct char_socket *socket)
{
	ssize_t count = recv(socket->client_fd, socket->in, sizeof(socket->in), MSG_DONTWAIT);

	if (count > 0) {
		socket->in_at = 0;
		socket->in_count = (size_t)count;
	} else if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		socket->in_ended = true;
	}
	return count > 0;
}

static void take_input(struct char_socket *socket)
{
	unsigned reads = 0;

	while (!socket->in_ended && (socket->in_count > 0 || read_input(socket))) {
		size_t taken = socket->config.input(socket->config.ctx, socket->in + socket->in_at,
						    socket->in_count);

		socket->in_at += taken;
		socket->in_count -= taken;
		if (socket->in_count > 0) {
			break;
		}
		if (++reads == READS_A_TURN) {
			char_socket_room(socket);
			break;
		}
	}
	if (socket->gone && socket->in_ended) {
		drop_client(socket);
	}
	(void)pthread_mutex_lock(&socket->lock);
	update_interest(socket);
	(void)pthread_mutex_unlock(&socket->lock);
}

static void start_client(struct char_socket *socket, int fd)
{
	if (watch(socket, EPOLL_CTL_ADD, fd, SOURCE_CLIENT, EPOLLIN) != 0) {
		(void)close(fd);
		return;
	}
	(void)watch(socket, EPOLL_CTL_MOD, socket->listener.fd, SOURCE_LISTENER, 0);
	socket->in_ended = false;
	socket->gone = false;
	(void)pthread_mutex_lock(&socket->lock);
	socket->client_fd = fd;
	socket->broken = false;
	socket->lost = false;
	socket->interest = EPOLLIN;
	(void)pthread_mutex_unlock(&socket->lock);
	socket->config.attached(socket->config.ctx, true);
}

/* Else a client that can't be accepted would be there to accept for ever. */
static void turn_away(struct char_socket *socket)
{
	close_fd(socket->spare_fd);
	close_fd(accept4(socket->listener.fd, NULL, NULL, SOCK_CLOEXEC));
	socket->spare_fd = open_spare();
}

static void accept_client(struct char_socket *socket)
{
	int fd;

	if (socket->client_fd >= 0) {
		if (!socket->gone) {
			return;
		}
		drop_client(socket);
	}
	fd = accept4(socket->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		start_client(socket, fd);
	} else if (errno == EMFILE || errno == ENFILE) {
		turn_away(socket);
	}
}

/* The device may wait for room that a client who has gone will not make. */
static void hang_up(struct char_socket *socket)
{
	socket->gone = true;
	(void)watch(socket, EPOLL_CTL_DEL, socket->client_fd, SOURCE_CLIENT, 0);
	(void)watch(socket, EPOLL_CTL_MOD, socket->listener.fd, SOURCE_LISTENER, EPOLLIN);
	(void)pthread_mutex_lock(&socket->lock);
	/* Which finds that nobody takes it any more. */
	send_waiting(socket);
	(void)pthread_mutex_unlock(&socket->lock);
	tell_writable(socket);
}

static void serve_client(struct char_socket *socket, uint32_t events)
{
	if (socket->client_fd < 0) {
		return;
	}
	if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !socket->gone) {
		hang_up(socket);
	} else if ((events & EPOLLOUT) != 0) {
		(void)pthread_mutex_lock(&socket->lock);
		send_waiting(socket);
		(void)pthread_mutex_unlock(&socket->lock);
		tell_writable(socket);
	}
	take_input(socket);
}

void char_socket_dispatch(struct char_socket *socket)
{
	struct epoll_event ready[SOURCE_COUNT];
	int count = epoll_wait(socket->epoll_fd, ready, SOURCE_COUNT, 0);
	uint64_t pokes;

	for (int i = 0; i < count; i++) {
		switch ((enum source)ready[i].data.u32) {
		case SOURCE_LISTENER:
			accept_client(socket);
			break;
		case SOURCE_CLIENT:
			serve_client(socket, ready[i].events);
			break;
		case SOURCE_POKE:
			(void)!read(socket->poke_fd, &pokes, sizeof(pokes));
			serve_client(socket, 0);
			break;
		case SOURCE_COUNT:
			break;
		}
	}
}

static int no_resources(const struct char_socket *socket, int err, struct vmm_error *error)
{
	const char *mend = "";

	if (err == EMFILE) {
		mend = ": raise ulimit -n";
	} else if (err == ENFILE) {
		mend = ": raise the host's fs.file-max";
	}
	vmm_error_set(error, "%s '%s': %s%s", socket->config.option, socket->config.path,
		      strerror(err), mend);
	return -err;
}

static int get_resources(struct char_socket *socket, struct vmm_error *error)
{
	socket->out = malloc(CHAR_SOCKET_OUT_BYTES);
	socket->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	socket->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (socket->out == NULL || socket->epoll_fd < 0 || socket->poke_fd < 0 ||
	    watch(socket, EPOLL_CTL_ADD, socket->poke_fd, SOURCE_POKE, EPOLLIN) != 0) {
		return no_resources(socket, errno, error);
	}
	return 0;
}

static int start_listening(struct char_socket *socket, struct vmm_error *error)
{
	if (!unix_listen(&socket->listener, socket->config.option, socket->config.path, error)) {
		error->bad_input = true;
		return -EINVAL;
	}
	if (watch(socket, EPOLL_CTL_ADD, socket->listener.fd, SOURCE_LISTENER, EPOLLIN) != 0) {
		return no_resources(socket, errno, error);
	}
	return 0;
}

int char_socket_open(struct char_socket *socket, const struct char_socket_config *config,
		     struct vmm_error *error)
{
	int ret;

	memset(socket, 0, sizeof(*socket));
	socket->config = *config;
	socket->client_fd = -1;
	socket->listener.fd = -1;
	socket->spare_fd = open_spare();
	(void)pthread_mutex_init(&socket->lock, NULL);
	ret = get_resources(socket, error);
	if (ret == 0) {
		ret = start_listening(socket, error);
	}
	if (ret != 0) {
		char_socket_close(socket, 0);
	}
	return ret;
}

bool char_socket_flush(struct char_socket *socket, int wait_ms)
{
	int64_t deadline_ms = monotonic_ms() + wait_ms;

	while (socket->out_count > 0) {
		struct pollfd writable = {.fd = socket->client_fd, .events = POLLOUT};
		int64_t left_ms = deadline_ms - monotonic_ms();

		if (left_ms <= 0 || poll(&writable, 1, (int)left_ms) == 0) {
			return false;
		}
		(void)pthread_mutex_lock(&socket->lock);
		send_waiting(socket);
		(void)pthread_mutex_unlock(&socket->lock);
	}
	return true;
}

void char_socket_close(struct char_socket *socket, int wait_ms)
{
	(void)char_socket_flush(socket, wait_ms);
	close_fd(socket->client_fd);
	socket->client_fd = -1;
	unix_unlisten(&socket->listener);
	close_fd(socket->spare_fd);
	close_fd(socket->poke_fd);
	close_fd(socket->epoll_fd);
	free(socket->out);
	(void)pthread_mutex_destroy(&socket->lock);
}

int char_socket_fd(const struct char_socket *socket)
{
	return socket->epoll_fd;
}
