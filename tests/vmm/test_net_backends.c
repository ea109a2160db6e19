/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/net_stream.h, net_passt.h and net_tap.h about their start and their end. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/net_passt.h"
#include "devices/net_stream.h"
#include "devices/net_tap.h"
#include "leaks.h"
#include "net_rig.h"
#include "temp_file.h"

#define WAIT_MS 10000

struct fixture {
	struct temp_dir dir;
	struct leaks before;
	char path[128];
	char old_path[1024];
};

static int setup(void **state)
{
	static struct fixture f;
	const char *path = getenv("PATH");

	memset(&f, 0, sizeof(f));
	temp_dir_make(&f.dir);
	(void)snprintf(f.path, sizeof(f.path), "%s", temp_path(&f.dir, "socket"));
	(void)snprintf(f.old_path, sizeof(f.old_path), "%s", path != NULL ? path : "/bin");
	f.before = leaks_begin();
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("PATH", f->old_path, 1), 0);
	assert_no_leaks(&f->before);
	temp_dir_remove(&f->dir);
	return 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void stream_errors_name_the_socket(void **state)
{
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	char long_path[200];
	int fd;

	assert_int_equal(net_stream_connect(f->path, &backend, &err), -ENOENT);
	assert_non_null(strstr(err.text, f->path));
	assert_non_null(strstr(err.text, "passt"));
	temp_write(&f->dir, "socket", "", 0);
	assert_int_equal(net_stream_connect(f->path, &backend, &err), -ECONNREFUSED);
	assert_int_equal(unlink(f->path), 0);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(net_stream_connect(long_path, &backend, &err), -ENAMETOOLONG);
	/* One that does not accept: no waiting for it. */
	fd = listen_at(f->path);
	assert_int_equal(net_stream_connect(f->path, &backend, &err), 0);
	backend->ops->destroy(backend->ctx);
	assert_int_equal(close(fd), 0);
}

/* One whose queue is full says what would help. */
static void stream_error_of_a_busy_peer(void **state)
{
	struct fixture *f = *state;
	struct net_backend *backend[8];
	struct vmm_error err;
	int fd = listen_at(f->path);
	int ret = 0;
	unsigned count = 0;

	while (count < 8 && ret == 0) {
		ret = net_stream_connect(f->path, &backend[count], &err);
		count += ret == 0;
	}
	assert_int_equal(ret, -EAGAIN);
	assert_non_null(strstr(err.text, "expected a passt of this machine's own"));
	while (count > 0) {
		count--;
		backend[count]->ops->destroy(backend[count]->ctx);
	}
	assert_int_equal(close(fd), 0);
}

static int send_buffer(const struct net_backend *backend)
{
	socklen_t length = sizeof(int);
	int bytes = 0;

	assert_int_equal(getsockopt(backend->fd, SOL_SOCKET, SO_SNDBUF, &bytes, &length), 0);
	return bytes;
}

/* A connection that was made anew is as large as the first. */
static void revived_stream_is_as_large(void **state)
{
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	int fd = listen_at(f->path);
	int plain = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int first;

	assert_int_equal(net_stream_connect(f->path, &backend, &err), 0);
	first = send_buffer(backend);
	assert_true(first > send_buffer(&(struct net_backend){.fd = plain}));
	assert_int_equal(backend->ops->revive(backend->ctx), 0);
	assert_int_equal(send_buffer(backend), first);
	backend->ops->destroy(backend->ctx);
	assert_int_equal(close(plain), 0);
	assert_int_equal(close(fd), 0);
}

/* A peer that was started anew is connected again, and frames flow. */
static void stream_comes_back(void **state)
{
	static struct net_rig rig;
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	uint8_t frame[100];
	uint32_t head;
	uint32_t len;
	int fd = listen_at(f->path);

	assert_int_equal(net_stream_connect(f->path, &backend, &err), 0);
	net_rig_init(&rig, backend);
	net_rig_start(&rig, 0);
	net_rig_give(&rig, 0, 4, 1536);
	rig.peer = accept(fd, NULL, NULL);
	/* In the middle of a frame: what is left of it must not be taken for the next one. */
	assert_int_equal(send(rig.peer, "\0\0\0\x40half", 8, MSG_NOSIGNAL), 8);
	(void)usleep(20000);
	assert_int_equal(close(rig.peer), 0);
	assert_true(net_rig_link(&rig, false, WAIT_MS));
	rig.peer = accept(fd, NULL, NULL);
	assert_true(net_rig_link(&rig, true, WAIT_MS));
	net_rig_frame(frame, sizeof(frame), 1);
	net_rig_peer_send(&rig, frame, sizeof(frame));
	assert_true(net_rig_used(&rig, &rig.rx, WAIT_MS, &head, &len));
	assert_memory_equal(net_rig_buffer(&rig, 0, 1536) + NET_HEADER_BYTES, frame, 100);
	/* The device says so before the line is written. */
	for (unsigned i = 0; i < 1000 && __atomic_load_n(&rig.lines, __ATOMIC_SEQ_CST) < 2; i++) {
		(void)usleep(1000);
	}
	assert_int_equal(rig.lines, 2);
	net_rig_destroy(&rig);
	assert_int_equal(close(fd), 0);
}

/* A driver that goes on notifying does not keep the backend from beginning again. */
static void stream_comes_back_under_load(void **state)
{
	static struct net_rig rig;
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	int fd = listen_at(f->path);
	bool up = false;

	assert_int_equal(net_stream_connect(f->path, &backend, &err), 0);
	net_rig_init(&rig, backend);
	net_rig_start(&rig, 0);
	rig.peer = accept(fd, NULL, NULL);
	assert_int_equal(close(rig.peer), 0);
	net_rig_kick(&rig, &rig.tx);
	assert_true(net_rig_link(&rig, false, WAIT_MS));
	for (unsigned i = 0; i < WAIT_MS && !up; i++) {
		net_rig_kick(&rig, &rig.tx);
		up = net_rig_link(&rig, true, 1);
	}
	assert_true(up);
	rig.peer = accept(fd, NULL, NULL);
	net_rig_destroy(&rig);
	assert_int_equal(close(fd), 0);
}

/* A peer that comes and goes does not flood the host's log. */
static void lines_are_limited(void **state)
{
	static struct net_rig rig;
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	int fd = listen_at(f->path);

	assert_int_equal(net_stream_connect(f->path, &backend, &err), 0);
	net_rig_init(&rig, backend);
	for (unsigned i = 0; i < 7; i++) {
		rig.peer = accept(fd, NULL, NULL);
		assert_true(net_rig_link(&rig, true, WAIT_MS));
		assert_int_equal(close(rig.peer), 0);
		assert_true(net_rig_link(&rig, false, WAIT_MS));
	}
	rig.peer = -1;
	net_rig_destroy(&rig);
	assert_int_equal(rig.lines, 10);
	assert_non_null(strstr(rig.line, "not logged"));
	assert_int_equal(close(fd), 0);
}

/* A program of that name in PATH, and nothing else there but what it needs. */
static void fake_passt(struct fixture *f, const char *script)
{
	char path[2048];

	temp_write(&f->dir, "passt", script, strlen(script));
	assert_int_equal(chmod(temp_path(&f->dir, "passt"), 0700), 0);
	(void)snprintf(path, sizeof(path), "%s:%s", f->dir.path, f->old_path);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

/* It gets its end of the pair, our words, and its output is ours until it is in the background. */
static void passt_is_started(void **state)
{
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	char heard[64];

	fake_passt(f, "#!/bin/sh\n"
		      "test \"$1 $2\" = '--quiet --fd' || { echo no fd; exit 1; }\n"
		      "test \"$4 $5 $6\" = '-t 8080:80 -4' || { echo no words; exit 1; }\n"
		      "eval \"printf '\\000\\000\\000\\020abcdefghijklmnop' >&$3\"\n"
		      "echo noise\n"
		      "exit 0\n");
	assert_int_equal(net_passt_start(" -t  8080:80 -4 ", &backend, &err), 0);
	assert_string_equal(backend->name, "passt");
	assert_int_equal(recv(backend->fd, heard, sizeof(heard), 0), 20);
	assert_memory_equal(heard + 4, "abcdefghijklmnop", 16);
	/* It has ended, and nobody else has its end. */
	assert_int_equal(recv(backend->fd, heard, sizeof(heard), 0), 0);
	backend->ops->destroy(backend->ctx);
}

static void passt_says_what_is_wrong(void **state)
{
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;

	fake_passt(f, "#!/bin/sh\n"
		      "echo \"Don't run as root. Changing to nobody...\"\n"
		      "echo 'Failed to send 47 bytes to syslog'\n"
		      "echo 'No external routable interface for IPv6'\n"
		      "echo 'Invalid port specifier 99999' >&2\n"
		      "echo more\n"
		      "exit 1\n");
	assert_int_equal(net_passt_start("-t 99999", &backend, &err), -EINVAL);
	assert_non_null(strstr(err.text, "does not start: Invalid port specifier 99999"));
	fake_passt(f, "#!/bin/sh\nkill -9 $$\n");
	assert_int_equal(net_passt_start(NULL, &backend, &err), -EINVAL);
	fake_passt(f, "#!/bin/sh\nyes | head -c 100000\nexit 1\n");
	assert_int_equal(net_passt_start(NULL, &backend, &err), -EINVAL);
}

static void missing_passt_names_the_package(void **state)
{
	struct fixture *f = *state;
	struct net_backend *backend;
	struct vmm_error err;
	char words[300];

	assert_int_equal(setenv("PATH", f->dir.path, 1), 0);
	assert_int_equal(net_passt_start(NULL, &backend, &err), -ENOENT);
	assert_non_null(strstr(err.text, "package passt"));
	for (unsigned i = 0; i + 2 < sizeof(words); i += 2) {
		memcpy(words + i, "x ", 3);
	}
	assert_int_equal(net_passt_start(words, &backend, &err), -E2BIG);
}

static void tap_errors_name_the_interface(void **state)
{
	struct net_backend *backend;
	struct vmm_error err;
	int fd = dup(0);

	(void)state;
	assert_int_equal(net_tap_open("torpor-none", &backend, &err), -ENODEV);
	assert_non_null(strstr(err.text, "tap=torpor-none: no such interface"));
	assert_int_equal(net_tap_open("a-name-that-no-interface-has", &backend, &err), -ENODEV);
	assert_int_equal(net_tap_adopt(1000, &backend, &err), -EBADF);
	assert_non_null(strstr(err.text, "tapfd=1000"));
	assert_int_equal(net_tap_adopt(fd, &backend, &err), -EINVAL);
	assert_int_equal(close(fd), 0);
	/* Not one that is there and is no tap. */
	assert_int_not_equal(net_tap_open("lo", &backend, &err), 0);
	assert_non_null(strstr(err.text, "tap=lo"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(stream_errors_name_the_socket),
		T(stream_error_of_a_busy_peer),
		T(revived_stream_is_as_large),
		T(stream_comes_back),
		T(stream_comes_back_under_load),
		T(lines_are_limited),
		T(passt_is_started),
		T(passt_says_what_is_wrong),
		T(missing_passt_names_the_package),
		T(tap_errors_name_the_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
