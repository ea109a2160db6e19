/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket under clients that misbehave, and its file. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "qmp_fixture.h"

static void test_too_big(void **state)
{
	static char big[(size_t)70 << 10];
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	int other = client_connect_and_negotiate(fixture);

	memset(big, ' ', sizeof(big));
	big[0] = '{';
	client_send(fd, big, sizeof(big));
	qmp_fixture_serve(fixture);
	assert_non_null(strstr(client_receive(fd), "65536"));
	(void)client_receive(fd);
	assert_int_equal(recv(fd, big, 1, MSG_DONTWAIT), 0);
	assert_non_null(
		strstr(client_ask(fixture, other, "{\"execute\":\"query-status\"}"), "running"));
	(void)close(fd);
	(void)close(other);
}

/* It is let go, and neither the emitter nor another client notices. */
static void test_client_that_never_reads(void **state)
{
	struct qmp_fixture *fixture = *state;
	struct power_event event = {.kind = POWER_EVENT_CPU_ON, .reason = POWER_REASON_GUEST};
	int lazy = client_connect_and_negotiate(fixture);
	int other = client_connect_and_negotiate(fixture);
	size_t events = 0;
	char byte;

	for (int i = 0; i < 20000; i++) {
		qmp_emit(fixture->server, &event);
		for (const char *at = client_receive(other); (at = strstr(at, "CPU_ON")) != NULL;
		     at++) {
			events++;
		}
	}
	assert_int_equal(events, 20000);
	qmp_fixture_serve(fixture);
	assert_non_null(
		strstr(client_ask(fixture, other, "{\"execute\":\"query-status\"}"), "running"));
	/* What it had been sent is there, then the end. */
	while (recv(lazy, &byte, 1, MSG_DONTWAIT) == 1) {
	}
	assert_int_equal(recv(lazy, &byte, 1, MSG_DONTWAIT), 0);
	(void)close(lazy);
	(void)close(other);
}

/* It is not listened to meanwhile, so that it can't fill our memory; nothing is lost. */
static void test_client_that_asks_without_reading(void **state)
{
	static const char request[] = "{\"execute\":\"query-commands\"}\n";
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	size_t asked = 0;
	size_t answered = 0;
	size_t quiet = 0;

	while (quiet < 3) {
		ssize_t sent = send(fd, request, sizeof(request) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);

		/* Cut requests would not be worth counting. */
		assert_true(sent < 0 || sent == (ssize_t)sizeof(request) - 1);
		asked += sent > 0 ? 1 : 0;
		quiet = sent > 0 ? 0 : quiet + 1;
		qmp_fixture_serve(fixture);
	}
	assert_true(asked > 100);
	while (answered < asked) {
		const char *text = client_receive(fd);

		assert_string_not_equal(text, "EOF");
		/* The last line end of each answer, whole or not. */
		for (; (text = strchr(text, '\n')) != NULL; text++) {
			answered++;
		}
		qmp_fixture_serve(fixture);
	}
	assert_non_null(
		strstr(client_ask(fixture, fd, "{\"execute\":\"query-status\"}"), "running"));
	(void)close(fd);
}

/* printf ... | socat: the answer comes after the client has closed its sending side. */
static void test_half_closed(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_greet(fixture);

	client_send(fd, NEGOTIATE NEGOTIATE, strlen(NEGOTIATE NEGOTIATE));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	qmp_fixture_serve(fixture);
	assert_non_null(strstr(client_receive(fd), OK "{\"error\""));
	assert_string_equal(client_receive(fd), "EOF");
	(void)close(fd);
}

static void test_client_count(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fds[QMP_CLIENT_COUNT_MAX + 1];

	for (int i = 0; i < QMP_CLIENT_COUNT_MAX; i++) {
		fds[i] = client_connect_and_negotiate(fixture);
	}
	fds[QMP_CLIENT_COUNT_MAX] = client_connect();
	qmp_fixture_serve(fixture);
	assert_non_null(strstr(client_receive(fds[QMP_CLIENT_COUNT_MAX]), "16 clients"));
	assert_string_equal(client_receive(fds[QMP_CLIENT_COUNT_MAX]), "EOF");
	(void)close(fds[3]);
	qmp_fixture_serve(fixture);
	fds[3] = client_connect_and_negotiate(fixture);
	for (int i = 0; i <= QMP_CLIENT_COUNT_MAX; i++) {
		(void)close(fds[i]);
	}
}

/* The connection that can't be taken is turned away and does not keep the main loop busy. */
static void test_no_descriptors(void **state)
{
	struct qmp_fixture *fixture = *state;
	int fd = client_connect_and_negotiate(fixture);
	int late = client_connect();
	struct rlimit before;
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)late + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	qmp_fixture_serve(fixture);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_string_equal(client_receive(late), "EOF");
	assert_non_null(
		strstr(client_ask(fixture, fd, "{\"execute\":\"query-status\"}"), "running"));
	(void)close(late);
	(void)close(fd);
}

static void *emit_many(void *arg)
{
	struct qmp_fixture *fixture = arg;
	struct power_event event = {.kind = POWER_EVENT_CPU_OFF, .reason = POWER_REASON_GUEST};

	for (int i = 0; i < 2000; i++) {
		qmp_emit(fixture->server, &event);
	}
	return NULL;
}

/* Clients that come and go while events are emitted on another thread. */
static void test_emit_on_another_thread(void **state)
{
	struct qmp_fixture *fixture = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, emit_many, fixture), 0);
	for (int i = 0; i < 200; i++) {
		int fd = client_connect_and_greet(fixture);

		(void)client_ask(fixture, fd, NEGOTIATE);
		(void)client_ask(fixture, fd, "{\"execute\":\"query-status\"}");
		(void)close(fd);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_socket_file(void **state)
{
	struct stat file;

	(void)state;
	assert_int_equal(lstat(qmp_fixture_path(), &file), 0);
	assert_true(S_ISSOCK(file.st_mode));
	assert_int_equal(file.st_mode & 0777, 0600);
}

static void test_live_socket_is_kept(void **state)
{
	struct qmp_fixture *fixture = *state;
	struct vmm_error error;
	int fd;

	assert_null(qmp_open(qmp_fixture_path(), &error));
	assert_non_null(strstr(error.text, qmp_fixture_path()));
	assert_non_null(strstr(error.text, "another process listens there"));
	fd = client_connect_and_negotiate(fixture);
	(void)close(fd);
}

static void test_stale_socket_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct vmm_error error;
	struct qmp_server *server;

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", qmp_fixture_path());
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	server = qmp_open(qmp_fixture_path(), &error);
	assert_non_null(server);
	(void)close(client_connect());
	qmp_close(server);
	assert_int_equal(access(qmp_fixture_path(), F_OK), -1);
}

static void test_other_files_are_kept(void **state)
{
	FILE *file = fopen(qmp_fixture_path(), "w");
	struct vmm_error error;
	char longer[256];

	(void)state;
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_null(qmp_open(qmp_fixture_path(), &error));
	assert_non_null(strstr(error.text, "not a socket"));
	assert_int_equal(unlink(qmp_fixture_path()), 0);
	assert_null(qmp_open("/nonexistent/control", &error));
	assert_non_null(strstr(error.text, "/nonexistent/control"));
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_null(qmp_open(longer, &error));
	assert_non_null(strstr(error.text, "76 bytes"));
}

/* Somebody else's socket that has taken the name is not removed at the end. */
static void test_only_our_file_is_removed(void **state)
{
	struct vmm_error error;
	struct qmp_server *first = qmp_open(qmp_fixture_path(), &error);
	struct qmp_server *second;

	(void)state;
	assert_non_null(first);
	assert_int_equal(unlink(qmp_fixture_path()), 0);
	second = qmp_open(qmp_fixture_path(), &error);
	assert_non_null(second);
	qmp_close(first);
	(void)close(client_connect());
	qmp_close(second);
}

static void take_asker(void *ctx, uint32_t uid)
{
	unsigned *asked = ctx;

	assert_int_equal(uid, getuid());
	(*asked)++;
}

/* Who has a command carried out is told before it is, and who only looks is not. */
static void test_who_asks(void **state)
{
	struct qmp_fixture *fixture = *state;
	unsigned asked = 0;
	int fd;

	qmp_set_asker(fixture->server, take_asker, &asked);
	fd = client_connect_and_negotiate(fixture);
	(void)client_ask(fixture, fd, "{\"execute\":\"query-status\"}");
	(void)client_ask(fixture, fd, "{\"execute\":\"x-torpor-query-psci-stats\"}");
	assert_int_equal(asked, 0);
	(void)client_ask(fixture, fd, "{\"execute\":\"system_powerdown\"}");
	assert_int_equal(asked, 1);
	(void)close(fd);
	qmp_fixture_serve(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_too_big, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_client_that_never_reads, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_client_that_asks_without_reading,
						qmp_fixture_set_up, qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_half_closed, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_client_count, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_no_descriptors, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_emit_on_another_thread, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_socket_file, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_live_socket_is_kept, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_who_asks, qmp_fixture_set_up,
						qmp_fixture_tear_down),
		cmocka_unit_test(test_stale_socket_is_replaced),
		cmocka_unit_test(test_other_files_are_kept),
		cmocka_unit_test(test_only_our_file_is_removed),
	};

	return cmocka_run_group_tests_name("qmp_server", tests, qmp_fixture_make_folder,
					   qmp_fixture_remove_folder);
}
