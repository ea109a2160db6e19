/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/console_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/bounded_file.h"
#include "platform/unix_listen.h"

#define WATCHER_COUNT_MAX 32
#define SCROLL_SIZE ((size_t)64 << 10)
/* What a watcher may be behind before it loses output. */
#define RING_SIZE ((size_t)256 << 10)
#define LOG_LIMIT_BYTES ((size_t)1 << 20)
#define CHUNK_SIZE 4096

enum {
	POLL_OUTPUT,
	POLL_LISTENER,
	POLL_INPUT,
	POLL_WATCHERS,
	POLL_COUNT = POLL_WATCHERS + WATCHER_COUNT_MAX,
};

/**
 * struct console_hub - a hub
 * @listener:    the socket
 * @log:         the file
 * @output:      pipe: the guest's output, read by the thread from [0]
 * @input:       pipe: what is typed, written by the thread to [1]
 * @watchers:    connected, -1 for a free place
 * @seen:        of each: how much of all output it was sent, or has lost
 * @typed:       by watchers, and not yet in @input
 * @typed_count: of @typed
 * @ring:        the last output: byte n of it at n modulo RING_SIZE
 * @total:       bytes of output so far
 * @thread:      does everything
 */
struct console_hub {
	struct unix_listener listener;
	struct bounded_file log;
	int output[2];
	int input[2];
	int watchers[WATCHER_COUNT_MAX];
	uint64_t seen[WATCHER_COUNT_MAX];
	char typed[CHUNK_SIZE];
	size_t typed_count;
	char ring[RING_SIZE];
	uint64_t total;
	pthread_t thread;
};

static void ring_put(struct console_hub *hub, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		hub->ring[hub->total++ % RING_SIZE] = bytes[i];
	}
}

static void give_line(int watcher, const char *line)
{
	ssize_t sent = send(watcher, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)sent;
}

static void hang_up(struct console_hub *hub, size_t place)
{
	(void)close(hub->watchers[place]);
	hub->watchers[place] = -1;
}

/* As far as it goes without waiting. */
static void give(struct console_hub *hub, size_t place)
{
	uint64_t *seen = &hub->seen[place];

	if (hub->total - *seen > RING_SIZE) {
		*seen = hub->total - RING_SIZE;
	}
	while (hub->watchers[place] >= 0 && *seen < hub->total) {
		size_t at = (size_t)(*seen % RING_SIZE);
		uint64_t left = hub->total - *seen;
		size_t count = left < RING_SIZE - at ? (size_t)left : RING_SIZE - at;
		ssize_t sent = send(hub->watchers[place], hub->ring + at, count,
				    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN) {
			hang_up(hub, place);
		}
		if (sent <= 0) {
			return;
		}
		*seen += (uint64_t)sent;
	}
}

static size_t free_place(const struct console_hub *hub)
{
	size_t place = 0;

	while (place < WATCHER_COUNT_MAX && hub->watchers[place] >= 0) {
		place++;
	}
	return place;
}

static void take_watcher(struct console_hub *hub)
{
	int fd = accept4(hub->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	size_t place = free_place(hub);

	if (fd < 0) {
		return;
	}
	if (place == WATCHER_COUNT_MAX) {
		give_line(fd, "torpor: too many watchers\r\n");
		(void)close(fd);
		return;
	}
	hub->watchers[place] = fd;
	hub->seen[place] = hub->total > SCROLL_SIZE ? hub->total - SCROLL_SIZE : 0;
	give(hub, place);
}

/* False at the end. */
static bool take_output(struct console_hub *hub)
{
	char bytes[CHUNK_SIZE];
	ssize_t count = read(hub->output[0], bytes, sizeof(bytes));

	if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
		return true;
	}
	if (count <= 0) {
		return false;
	}
	bounded_file_append(&hub->log, bytes, (size_t)count);
	ring_put(hub, bytes, (size_t)count);
	for (size_t i = 0; i < WATCHER_COUNT_MAX; i++) {
		if (hub->watchers[i] >= 0) {
			give(hub, i);
		}
	}
	return true;
}

static void take_typed(struct console_hub *hub, size_t place)
{
	ssize_t count = recv(hub->watchers[place], hub->typed, sizeof(hub->typed), MSG_DONTWAIT);

	if (count > 0) {
		hub->typed_count = (size_t)count;
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		hang_up(hub, place);
	}
}

static void pass_typed(struct console_hub *hub)
{
	ssize_t count = write(hub->input[1], hub->typed, hub->typed_count);

	if (count > 0) {
		hub->typed_count -= (size_t)count;
		memmove(hub->typed, hub->typed + count, hub->typed_count);
	} else if (count < 0 && errno != EAGAIN && errno != EINTR) {
		/* The console is gone, and the machine with it. */
		hub->typed_count = 0;
	}
}

/* Nobody's typing is read while that of another waits: it stays in the watcher's socket. */
static void fill_polls(const struct console_hub *hub, struct pollfd polls[POLL_COUNT])
{
	bool free = hub->typed_count == 0;

	polls[POLL_OUTPUT] = (struct pollfd){.fd = hub->output[0], .events = POLLIN};
	polls[POLL_LISTENER] = (struct pollfd){.fd = hub->listener.fd, .events = POLLIN};
	polls[POLL_INPUT] = (struct pollfd){
		.fd = hub->typed_count > 0 ? hub->input[1] : -1,
		.events = POLLOUT,
	};
	for (size_t i = 0; i < WATCHER_COUNT_MAX; i++) {
		short out = hub->seen[i] < hub->total ? POLLOUT : 0;
		short events = (short)(out | (free ? POLLIN : 0));

		polls[POLL_WATCHERS + i] = (struct pollfd){
			.fd = events != 0 ? hub->watchers[i] : -1,
			.events = events,
		};
	}
}

static void take_watchers(struct console_hub *hub, const struct pollfd polls[POLL_COUNT])
{
	for (size_t i = 0; i < WATCHER_COUNT_MAX; i++) {
		const struct pollfd *watcher = &polls[POLL_WATCHERS + i];

		if (watcher->fd < 0 || watcher->revents == 0) {
			continue;
		}
		if ((watcher->revents & POLLOUT) != 0) {
			give(hub, i);
		}
		if (hub->watchers[i] >= 0 && hub->typed_count == 0) {
			take_typed(hub, i);
		}
	}
}

static void *serve(void *arg)
{
	struct console_hub *hub = arg;
	struct pollfd polls[POLL_COUNT];
	bool more = true;

	while (more) {
		fill_polls(hub, polls);
		if (poll(polls, POLL_COUNT, -1) < 0) {
			continue;
		}
		if (polls[POLL_LISTENER].revents != 0) {
			take_watcher(hub);
		}
		if (polls[POLL_INPUT].revents != 0) {
			pass_typed(hub);
		}
		take_watchers(hub, polls);
		if (polls[POLL_OUTPUT].revents != 0) {
			more = take_output(hub);
		}
	}
	return NULL;
}

static void close_pipe(int ends[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (ends[i] >= 0) {
			(void)close(ends[i]);
			ends[i] = -1;
		}
	}
}

static void free_hub(struct console_hub *hub)
{
	for (size_t i = 0; i < WATCHER_COUNT_MAX; i++) {
		if (hub->watchers[i] >= 0) {
			hang_up(hub, i);
		}
	}
	close_pipe(hub->output);
	close_pipe(hub->input);
	unix_unlisten(&hub->listener);
	bounded_file_close(&hub->log);
	free(hub);
}

/* What an earlier process of the machine left. A log that can't be had is done without. */
static void open_log(struct console_hub *hub, const char *path)
{
	if (bounded_file_open(&hub->log, path, LOG_LIMIT_BYTES) == 0) {
		hub->total = bounded_file_tail(&hub->log, hub->ring, SCROLL_SIZE);
	}
}

static bool open_hub(struct console_hub *hub, const char *socket_path, const char *log_path,
		     struct vmm_error *error)
{
	int why;

	if (!unix_listen(&hub->listener, "the console's socket", socket_path, error)) {
		return false;
	}
	open_log(hub, log_path);
	if (pipe2(hub->output, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    pipe2(hub->input, O_CLOEXEC | O_NONBLOCK) != 0) {
		vmm_error_set(error, "the console cannot be set up: %s", strerror(errno));
		return false;
	}
	why = pthread_create(&hub->thread, NULL, serve, hub);
	if (why != 0) {
		vmm_error_set(error, "the console cannot be set up: %s", strerror(why));
	}
	return why == 0;
}

struct console_hub *console_hub_open(const char *socket_path, const char *log_path,
				     struct vmm_error *error)
{
	struct console_hub *hub = calloc(1, sizeof(*hub));

	if (hub == NULL) {
		vmm_error_set(error, "the console cannot be set up: %s", strerror(ENOMEM));
		return NULL;
	}
	hub->listener.fd = -1;
	hub->log.fd = -1;
	hub->output[0] = hub->output[1] = hub->input[0] = hub->input[1] = -1;
	for (size_t i = 0; i < WATCHER_COUNT_MAX; i++) {
		hub->watchers[i] = -1;
	}
	if (!open_hub(hub, socket_path, log_path, error)) {
		free_hub(hub);
		return NULL;
	}
	return hub;
}

int console_hub_in(const struct console_hub *hub)
{
	return hub->input[0];
}

int console_hub_out(const struct console_hub *hub)
{
	return hub->output[1];
}

void console_hub_close(struct console_hub *hub)
{
	if (hub == NULL) {
		return;
	}
	/* The thread reads what is left, and then the end. */
	(void)close(hub->output[1]);
	hub->output[1] = -1;
	(void)pthread_join(hub->thread, NULL);
	free_hub(hub);
}
