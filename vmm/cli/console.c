/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine/machine.h"

/* What a pipe that polls writable takes without waiting, whoever else writes to it. */
#define WRITE_SIZE 4096
#define INPUT_SIZE 4096
/*
 * How long a vCPU waits for room. If the main thread is busy, it may be waiting for that very vCPU
 * to stop; what it does by itself takes far less. If it is not, it waits for a reader, and may have
 * asked the machine to end: at one byte a second, the rest of the ring lasts for days.
 */
#define MAIN_WAIT_MS 50
#define READER_WAIT_MS 1000

enum {
	POLL_IN,
	POLL_OUT,
	POLL_WAKE,
};

/**
 * struct console - the guest's console
 * @config:      as given
 * @out_fd:      written to; our own description of config.out_fd where one could be had
 * @out_owned:   it is ours to close
 * @wake_fd:     eventfd: the ring is no longer empty
 * @escape:      escape key's state
 * @input:       read and not yet taken by the guest
 * @input_count: of @input
 * @input_ended: no more will come
 * @lock:        guards what follows
 * @room:        the ring has room, or waiting is over
 * @ring:        CONSOLE_RING_SIZE bytes
 * @head:        the oldest byte's place in @ring
 * @used:        bytes in @ring
 * @main_waits:  the main thread is in poll()
 * @woken:       @wake_fd has been written to
 * @broken:      nobody will ever read the output
 * @lost:        the loss of output has been logged
 * @refused:     console_take() took less than it was given
 */
struct console {
	struct console_config config;
	int out_fd;
	bool out_owned;
	int wake_fd;
	struct escape escape;
	uint8_t input[INPUT_SIZE];
	size_t input_count;
	bool input_ended;
	pthread_mutex_t lock;
	pthread_cond_t room;
	uint8_t *ring;
	size_t head;
	size_t used;
	bool main_waits;
	bool woken;
	bool broken;
	bool lost;
	bool refused;
};

/*
 * Writes must not wait, and O_NONBLOCK belongs to the open file, which we share with the shell and
 * others: on a pipe or a terminal, open it once more. Elsewhere poll() and small writes must do.
 */
static int open_again(int fd)
{
	char path[64];
	struct stat file;

	if (fstat(fd, &file) != 0 || !(S_ISFIFO(file.st_mode) || S_ISCHR(file.st_mode))) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

struct console *console_create(const struct console_config *config, struct vmm_error *error)
{
	struct console *console = calloc(1, sizeof(*console));
	uint8_t *ring = malloc(CONSOLE_RING_SIZE);
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_condattr_t monotonic;

	if (console == NULL || ring == NULL || wake_fd < 0) {
		vmm_error_set(error, "the console cannot be set up: %s", strerror(errno));
		free(console);
		free(ring);
		if (wake_fd >= 0) {
			(void)close(wake_fd);
		}
		return NULL;
	}
	console->config = *config;
	console->input_ended = config->in_fd < 0;
	console->out_fd = open_again(config->out_fd);
	console->out_owned = console->out_fd >= 0;
	if (!console->out_owned) {
		console->out_fd = config->out_fd;
	}
	console->wake_fd = wake_fd;
	console->ring = ring;
	(void)pthread_mutex_init(&console->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&console->room, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return console;
}

void console_destroy(struct console *console)
{
	if (console == NULL) {
		return;
	}
	if (console->out_owned) {
		(void)close(console->out_fd);
	}
	(void)close(console->wake_fd);
	(void)pthread_cond_destroy(&console->room);
	(void)pthread_mutex_destroy(&console->lock);
	free(console->ring);
	free(console);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Locked. As much as fits below @limit; returns how much that was. */
static size_t ring_put(struct console *console, const uint8_t *bytes, size_t count, size_t limit)
{
	size_t room = console->used < limit ? limit - console->used : 0;
	size_t taken = least(count, room);
	size_t tail = (console->head + console->used) % CONSOLE_RING_SIZE;
	size_t first = least(taken, CONSOLE_RING_SIZE - tail);

	memcpy(console->ring + tail, bytes, first);
	memcpy(console->ring, bytes + first, taken - first);
	console->used += taken;
	return taken;
}

/* Locked. */
static void ring_drop(struct console *console, size_t count)
{
	console->used -= count;
	/* An empty ring starts over, so that it stays in few pages. */
	console->head = console->used == 0 ? 0 : (console->head + count) % CONSOLE_RING_SIZE;
}

/* Locked. */
static void wake_main(struct console *console)
{
	uint64_t one = 1;

	if (!console->woken && console->used > 0) {
		console->woken = write(console->wake_fd, &one, sizeof(one)) == (ssize_t)sizeof(one);
	}
}

/* Locked. False if there is none in time: the ring may then be filled beyond its soft limit. */
static bool wait_for_room(struct console *console)
{
	int64_t wait_ms = console->main_waits ? READER_WAIT_MS : MAIN_WAIT_MS;
	struct timespec until;
	int64_t ns;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	ns = until.tv_nsec + wait_ms * INT64_C(1000000);
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	return pthread_cond_timedwait(&console->room, &console->lock, &until) != ETIMEDOUT;
}

static void log_loss(const struct console *console)
{
	console->config.log(console->config.ctx,
			    "console output was lost: nobody reads standard output");
}

void console_tx(void *ctx, const uint8_t *bytes, size_t count)
{
	struct console *console = ctx;
	bool stuck = false;
	bool lost_now = false;

	(void)pthread_mutex_lock(&console->lock);
	while (count > 0 && !console->broken) {
		size_t taken = ring_put(console, bytes, count,
					stuck ? CONSOLE_RING_SIZE : CONSOLE_RING_SOFT);

		bytes += taken;
		count -= taken;
		wake_main(console);
		if (count > 0 && stuck) {
			lost_now = !console->lost;
			console->lost = true;
			break;
		}
		if (count > 0) {
			stuck = !wait_for_room(console);
		}
	}
	(void)pthread_mutex_unlock(&console->lock);
	if (lost_now) {
		log_loss(console);
	}
}

size_t console_take(void *ctx, const uint8_t *bytes, size_t count, bool last)
{
	struct console *console = ctx;
	size_t taken = count;
	bool lost_now = false;

	(void)pthread_mutex_lock(&console->lock);
	if (!console->broken) {
		taken = ring_put(console, bytes, count,
				 last ? CONSOLE_RING_SIZE : CONSOLE_RING_SOFT);
		wake_main(console);
	}
	if (taken < count && last) {
		lost_now = !console->lost;
		console->lost = true;
		taken = count;
	}
	console->refused = console->refused || taken < count;
	(void)pthread_mutex_unlock(&console->lock);
	if (lost_now) {
		log_loss(console);
	}
	return taken;
}

void console_wait_begin(struct console *console, struct pollfd polls[CONSOLE_POLL_COUNT])
{
	/* The escape key must be seen even if the guest takes no input. */
	bool reads = !console->input_ended &&
		     (console->config.terminal || console->input_count < INPUT_SIZE);

	(void)pthread_mutex_lock(&console->lock);
	console->main_waits = true;
	polls[POLL_IN] = (struct pollfd){
		.fd = reads ? console->config.in_fd : -1,
		.events = POLLIN,
	};
	polls[POLL_OUT] = (struct pollfd){
		.fd = console->used > 0 ? console->out_fd : -1,
		.events = POLLOUT,
	};
	polls[POLL_WAKE] = (struct pollfd){
		/* What is in the ring is known, and waits for POLL_OUT. */
		.fd = console->used > 0 ? -1 : console->wake_fd,
		.events = POLLIN,
	};
	(void)pthread_mutex_unlock(&console->lock);
}

void console_wait_end(struct console *console)
{
	(void)pthread_mutex_lock(&console->lock);
	console->main_waits = false;
	(void)pthread_cond_broadcast(&console->room);
	(void)pthread_mutex_unlock(&console->lock);
}

/* Locked. */
static void output_failed(struct console *console, int why)
{
	char line[128];

	/* A full disk may get room again; of the others nobody comes back to read. */
	console->broken = why != ENOSPC && why != EDQUOT && why != EFBIG;
	ring_drop(console, console->used);
	if (!console->lost) {
		console->lost = true;
		(void)snprintf(line, sizeof(line), "console output is dropped: standard output: %s",
			       strerror(why));
		console->config.log(console->config.ctx, line);
	}
}

/* Locked. Whether anything moved. */
static bool write_some(struct console *console)
{
	size_t count = least(console->used, CONSOLE_RING_SIZE - console->head);
	ssize_t written =
		write(console->out_fd, console->ring + console->head, least(count, WRITE_SIZE));

	if (written > 0) {
		ring_drop(console, (size_t)written);
		return true;
	}
	if (written < 0 && errno == EINTR) {
		return true;
	}
	if (written < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
		output_failed(console, errno);
		return true;
	}
	return false;
}

static bool writable(int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};

	return poll(&out, 1, 0) > 0;
}

void console_output(struct console *console)
{
	uint64_t count;

	(void)pthread_mutex_lock(&console->lock);
	if (console->woken) {
		console->woken = read(console->wake_fd, &count, sizeof(count)) < 0;
	}
	while (console->used > 0 && writable(console->out_fd) && write_some(console)) {
	}
	(void)pthread_cond_broadcast(&console->room);
	(void)pthread_mutex_unlock(&console->lock);
}

/* What does not fit is dropped: only a terminal is read when there is little room. */
static void input_put(struct console *console, const uint8_t *bytes, size_t count)
{
	size_t taken = least(count, INPUT_SIZE - console->input_count);

	memcpy(console->input + console->input_count, bytes, taken);
	console->input_count += taken;
}

static enum escape_action take_keys(struct console *console, const uint8_t *keys, size_t count)
{
	enum escape_action action = ESCAPE_NONE;

	for (size_t i = 0; i < count && action != ESCAPE_END; i++) {
		uint8_t bytes[2];
		size_t byte_count;
		enum escape_action asked =
			escape_feed(&console->escape, keys[i], bytes, &byte_count);

		input_put(console, bytes, byte_count);
		action = asked != ESCAPE_NONE ? asked : action;
	}
	return action;
}

enum escape_action console_input(struct console *console,
				 const struct pollfd polls[CONSOLE_POLL_COUNT])
{
	uint8_t bytes[INPUT_SIZE];
	size_t room = INPUT_SIZE - console->input_count;
	ssize_t count;

	if (polls[POLL_IN].fd < 0 || polls[POLL_IN].revents == 0) {
		return ESCAPE_NONE;
	}
	count = read(console->config.in_fd, bytes, console->config.terminal ? INPUT_SIZE : room);
	if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
		return ESCAPE_NONE;
	}
	if (count <= 0) {
		console->input_ended = true;
		return ESCAPE_NONE;
	}
	if (console->config.terminal) {
		return take_keys(console, bytes, (size_t)count);
	}
	input_put(console, bytes, (size_t)count);
	return ESCAPE_NONE;
}

/* Once, after output was refused. */
static bool has_room_again(struct console *console)
{
	bool again;

	(void)pthread_mutex_lock(&console->lock);
	again = console->refused && (console->broken || console->used < CONSOLE_RING_SOFT);
	console->refused = console->refused && !again;
	(void)pthread_mutex_unlock(&console->lock);
	return again;
}

void console_offer(struct console *console, struct machine *machine)
{
	size_t taken = 0;

	if (console->input_count > 0) {
		taken = machine_console_input(machine, console->input, console->input_count);
	}
	if (taken > 0) {
		console->input_count -= taken;
		memmove(console->input, console->input + taken, console->input_count);
	}
	if (has_room_again(console)) {
		machine_console_writable(machine);
	}
}

/* Whether it may go on: false at the stop, or when nothing moved for too long. */
static bool flush_wait(const struct console *console, int stop_fd, int stall_ms)
{
	struct pollfd polls[2] = {
		{.fd = console->out_fd, .events = POLLOUT},
		{.fd = stop_fd, .events = POLLIN},
	};
	int ready = poll(polls, 2, stall_ms);

	return (ready < 0 && errno == EINTR) || (ready > 0 && polls[1].revents == 0);
}

void console_flush(struct console *console, int stop_fd, int stall_ms)
{
	/* No vCPU is left to add anything, and none waits. */
	while (console->used > 0 && flush_wait(console, stop_fd, stall_ms)) {
		console_output(console);
	}
}
