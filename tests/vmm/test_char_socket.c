/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/char_socket.h. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/char_socket.h"
#include "leaks.h"

#define OPTION "--virtio-console"
/* More than a Unix socket holds and we do. */
#define FLOOD ((size_t)4 << 20)

/**
 * struct fixture - a socket, and the device it is connected to
 * @got:       what clients sent
 * @room_left: how many more bytes of that the device takes
 * @writables: calls of writable()
 * @attached:  as told last
 * @changes:   how often told
 * @lines:     logged
 */
struct fixture {
	struct leaks leaks;
	char folder[32];
	char path[64];
	struct char_socket socket;
	char got[0x80000];
	size_t count;
	size_t room_left;
	unsigned writables;
	bool attached;
	unsigned changes;
	unsigned lines;
	char line[256];
};

static size_t take(void *ctx, const uint8_t *bytes, size_t count)
{
	struct fixture *f = ctx;
	size_t taken = count < f->room_left ? count : f->room_left;

	assert_true(f->count + taken <= sizeof(f->got));
	memcpy(f->got + f->count, bytes, taken);
	f->count += taken;
	f->room_left -= taken;
	return taken;
}

static void writable(void *ctx)
{
	((struct fixture *)ctx)->writables++;
}

static void attached(void *ctx, bool is)
{
	struct fixture *f = ctx;

	f->attached = is;
	f->changes++;
}

static void log_line(void *ctx, const char *line)
{
	struct fixture *f = ctx;

	f->lines++;
	(void)snprintf(f->line, sizeof(f->line), "%s", line);
}

static struct char_socket_config config_of(struct fixture *f, bool lossy)
{
	return (struct char_socket_config){
		.path = f->path,
		.option = OPTION,
		.lossy = lossy,
		.input = take,
		.writable = writable,
		.attached = attached,
		.ctx = f,
		.log = log_line,
		.log_ctx = f,
	};
}

static int make(void **state, bool lossy)
{
	static struct fixture f;
	struct char_socket_config config = config_of(&f, lossy);
	struct vmm_error error;

	memset(&f, 0, sizeof(f));
	f.leaks = leaks_begin();
	f.room_left = SIZE_MAX;
	(void)strcpy(f.folder, "/tmp/torpor-char-XXXXXX");
	assert_non_null(mkdtemp(f.folder));
	(void)snprintf(f.path, sizeof(f.path), "%s/socket", f.folder);
	assert_int_equal(char_socket_open(&f.socket, &config, &error), 0);
	*state = &f;
	return 0;
}

static int setup(void **state)
{
	return make(state, false);
}

static int setup_lossy(void **state)
{
	return make(state, true);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	char_socket_close(&f->socket, 0);
	/* The file went with it. */
	assert_int_equal(rmdir(f->folder), 0);
	assert_no_leaks(&f->leaks);
	return 0;
}

static int due(struct fixture *f)
{
	struct pollfd poll_fd = {.fd = char_socket_fd(&f->socket), .events = POLLIN};

	return poll(&poll_fd, 1, 0);
}

/* The main loop, until nothing is due; it must come to that. */
static void settle(struct fixture *f)
{
	for (unsigned turns = 0; due(f) != 0; turns++) {
		assert_in_range(turns, 0, 1000);
		char_socket_dispatch(&f->socket);
	}
}

static int dial(struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)strcpy(address.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int client(struct fixture *f)
{
	int fd = dial(f);

	settle(f);
	return fd;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static size_t out(struct fixture *f, const char *text)
{
	return char_socket_write(&f->socket, (const uint8_t *)text, strlen(text));
}

static void assert_reads(int fd, const char *text)
{
	char bytes[64] = {0};

	assert_int_equal(recv(fd, bytes, sizeof(bytes) - 1, MSG_DONTWAIT), strlen(text));
	assert_string_equal(bytes, text);
}

static void assert_got(const struct fixture *f, const char *text)
{
	assert_int_equal(f->count, strlen(text));
	assert_memory_equal(f->got, text, strlen(text));
}

static void bytes_go_both_ways(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	assert_true(f->attached);
	assert_int_equal(out(f, "hello"), 5);
	assert_reads(fd, "hello");
	send_text(fd, "there");
	settle(f);
	assert_got(f, "there");
	(void)close(fd);
	settle(f);
	assert_false(f->attached);
	assert_int_equal(f->changes, 2);
}

static void nobody_there_takes_all(void **state)
{
	struct fixture *f = *state;
	int fd;

	assert_int_equal(out(f, "lost"), 4);
	fd = client(f);
	assert_int_equal(recv(fd, f->got, 1, MSG_DONTWAIT), -1);
	(void)close(fd);
	/* Gone, though nobody has noticed. */
	assert_int_equal(out(f, "lost too"), 8);
	assert_int_equal(out(f, "lost too"), 8);
	settle(f);
	fd = client(f);
	assert_int_equal(out(f, "new"), 3);
	assert_reads(fd, "new");
	(void)close(fd);
}

/* Writes numbered bytes until no more are taken; returns how many were. */
static size_t flood(struct fixture *f, size_t limit)
{
	uint8_t bytes[1024];
	size_t total = 0;
	size_t taken = sizeof(bytes);

	while (taken == sizeof(bytes) && total < limit) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			bytes[i] = (uint8_t)((total + i) * 31 >> 3);
		}
		taken = char_socket_write(&f->socket, bytes, sizeof(bytes));
		total += taken;
	}
	return total;
}

/* Reads what there is, which must be the bytes from number @at on; returns how many. */
static size_t drink(int fd, size_t at)
{
	uint8_t bytes[4096];
	size_t total = 0;
	ssize_t count;

	while ((count = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		for (size_t i = 0; i < (size_t)count; i++) {
			assert_int_equal(bytes[i], (uint8_t)((at + total + i) * 31 >> 3));
		}
		total += (size_t)count;
	}
	return total;
}

/* What a slow client has not read is bounded, the rest is left, and nothing is lost or twice. */
static void slow_client_holds_the_device_back(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	size_t taken = flood(f, FLOOD);
	size_t seen;

	assert_true(taken < FLOOD);
	assert_int_equal(f->socket.out_count, CHAR_SOCKET_OUT_BYTES);
	settle(f);
	assert_int_equal(f->writables, 0);
	seen = drink(fd, 0);
	settle(f);
	assert_int_equal(f->writables, 1);
	seen += drink(fd, seen);
	assert_int_equal(seen, taken);
	assert_int_equal(f->lines, 0);
	(void)close(fd);
}

/* A device that is held back goes on when the client has gone. */
static void client_that_goes_lets_the_device_go_on(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	assert_true(flood(f, FLOOD) < FLOOD);
	/* Also if what it sent is not taken. */
	f->room_left = 0;
	send_text(fd, "unread");
	settle(f);
	(void)close(fd);
	settle(f);
	assert_int_equal(f->writables, 1);
	assert_int_equal(flood(f, FLOOD), FLOOD);
}

static void lossy_socket_takes_all(void **state)
{
	struct fixture *f = *state;
	size_t seen;
	int fd;

	for (unsigned clients = 1; clients <= 2; clients++) {
		fd = client(f);
		assert_int_equal(flood(f, FLOOD), FLOOD);
		/* Said once of each client, and with the path. */
		assert_int_equal(f->lines, clients);
		assert_non_null(strstr(f->line, f->path));
		seen = drink(fd, 0);
		settle(f);
		seen += drink(fd, seen);
		assert_true(seen >= CHAR_SOCKET_OUT_BYTES && seen < FLOOD);
		/* It works again once it has been read. */
		assert_int_equal(out(f, "later"), 5);
		assert_reads(fd, "later");
		(void)close(fd);
		settle(f);
	}
	assert_int_equal(f->writables, 0);
}

static void second_client_waits(void **state)
{
	struct fixture *f = *state;
	int first = client(f);
	int second = client(f);

	assert_int_equal(f->changes, 1);
	assert_int_equal(out(f, "1"), 1);
	assert_reads(first, "1");
	assert_int_equal(recv(second, f->got, 1, MSG_DONTWAIT), -1);
	(void)close(first);
	settle(f);
	assert_int_equal(f->changes, 3);
	assert_int_equal(out(f, "2"), 1);
	assert_reads(second, "2");
	(void)close(second);
}

/* As "echo question | nc -U socket" does. */
static void client_that_sends_no_more_gets_output(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	send_text(fd, "question");
	(void)shutdown(fd, SHUT_WR);
	settle(f);
	assert_got(f, "question");
	assert_true(f->attached);
	assert_int_equal(out(f, "answer"), 6);
	assert_reads(fd, "answer");
	(void)close(fd);
	settle(f);
	assert_false(f->attached);
}

/* The device takes nothing yet: what comes waits, and the main loop sleeps. */
static void input_waits_for_room(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	f->room_left = 2;
	send_text(fd, "0123");
	settle(f);
	send_text(fd, "456");
	settle(f);
	assert_got(f, "01");
	f->room_left = SIZE_MAX;
	char_socket_room(&f->socket);
	settle(f);
	assert_got(f, "0123456");
	(void)close(fd);
}

/* What was sent before the client went is still given, all of it. */
static void input_outlives_its_client(void **state)
{
	struct fixture *f = *state;
	char bytes[40000];
	int fd = client(f);

	memset(bytes, 'x', sizeof(bytes));
	f->room_left = 0;
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	(void)close(fd);
	settle(f);
	for (unsigned i = 0; i < 5; i++) {
		f->room_left = sizeof(bytes) / 5;
		char_socket_room(&f->socket);
		settle(f);
	}
	assert_int_equal(f->count, sizeof(bytes));
	settle(f);
	f->room_left = 1;
	char_socket_room(&f->socket);
	settle(f);
	assert_false(f->attached);
	assert_int_equal(f->count, sizeof(bytes));
}

/* But not if another comes first: nobody may be kept out by a guest that reads nothing. */
static void next_client_replaces_one_that_went(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	f->room_left = 0;
	send_text(fd, "old");
	(void)close(fd);
	settle(f);
	fd = client(f);
	f->room_left = SIZE_MAX;
	send_text(fd, "new");
	settle(f);
	assert_got(f, "new");
	(void)close(fd);
}

/* A client that sends without end does not keep the main loop from others. */
static void turn_is_bounded(void **state)
{
	struct fixture *f = *state;
	char bytes[150000];
	int fd = client(f);

	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	char_socket_dispatch(&f->socket);
	assert_in_range(f->count, 1, 16 * CHAR_SOCKET_IN_BYTES);
	settle(f);
	assert_int_equal(f->count, sizeof(bytes));
	(void)close(fd);
}

/* With no descriptor left a client is turned away: the loop does not spin, later ones can come. */
static void client_without_a_descriptor_is_turned_away(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit;
	struct rlimit none;
	int fd = dial(f);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	settle(f);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(f->changes, 0);
	assert_int_equal(recv(fd, f->got, 1, MSG_DONTWAIT), 0);
	(void)close(fd);
	fd = client(f);
	assert_int_equal(f->changes, 1);
	(void)close(fd);
}

/* The message says what would mend it. */
static void no_descriptors_are_told_of(void **state)
{
	struct fixture *f = *state;
	struct char_socket_config config = config_of(f, false);
	struct char_socket other;
	struct vmm_error error;
	struct rlimit limit;
	struct rlimit none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(char_socket_open(&other, &config, &error), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_non_null(strstr(error.text, "ulimit -n"));
}

static void close_lets_the_client_read(void **state)
{
	struct fixture *f = *state;
	struct char_socket_config config = config_of(f, false);
	struct vmm_error error;
	int fd = client(f);
	size_t taken = flood(f, FLOOD);
	size_t seen;
	pid_t reader;
	int status;

	/* As slow as it may be, and gone without a word. */
	reader = fork();
	if (reader == 0) {
		(void)usleep(100000);
		seen = 0;
		for (unsigned i = 0; i < 1000 && seen < taken; i++) {
			seen += drink(fd, seen);
			(void)usleep(1000);
		}
		_exit(seen == taken ? 0 : 1);
	}
	(void)close(fd);
	char_socket_close(&f->socket, 5000);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	assert_int_equal(char_socket_open(&f->socket, &config, &error), 0);
}

/* A client that does not read delays the end by the time that was given, no more. */
static void close_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;
	struct char_socket_config config = config_of(f, false);
	struct vmm_error error;
	int fd = client(f);

	assert_true(flood(f, FLOOD) < FLOOD);
	char_socket_close(&f->socket, 50);
	(void)close(fd);
	assert_int_equal(char_socket_open(&f->socket, &config, &error), 0);
}

static void bad_paths_are_named(void **state)
{
	struct fixture *f = *state;
	char long_path[300];
	char file[64];
	const char *paths[] = {long_path, file, f->path, "/nonexistent/socket"};

	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	(void)snprintf(file, sizeof(file), "%s/file", f->folder);
	(void)close(open(file, O_CREAT | O_WRONLY, 0600));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct char_socket_config config = config_of(f, false);
		struct leaks before = leaks_begin();
		struct char_socket other;
		struct vmm_error error;

		config.path = paths[i];
		assert_int_equal(char_socket_open(&other, &config, &error), -EINVAL);
		assert_true(error.bad_input);
		assert_non_null(strstr(error.text, OPTION " '"));
		assert_no_leaks(&before);
	}
	assert_int_equal(unlink(file), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(bytes_go_both_ways),
		T(nobody_there_takes_all),
		T(slow_client_holds_the_device_back),
		T(client_that_goes_lets_the_device_go_on),
		cmocka_unit_test_setup_teardown(lossy_socket_takes_all, setup_lossy, teardown),
		T(second_client_waits),
		T(client_that_sends_no_more_gets_output),
		T(input_waits_for_room),
		T(input_outlives_its_client),
		T(next_client_replaces_one_that_went),
		T(turn_is_bounded),
		T(client_without_a_descriptor_is_turned_away),
		T(no_descriptors_are_told_of),
		T(close_lets_the_client_read),
		T(close_does_not_wait_for_ever),
		T(bad_paths_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
