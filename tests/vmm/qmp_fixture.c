/* SPDX-License-Identifier: BSD-3-Clause */
#include "qmp_fixture.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/test_qmp.XXXXXX";
static char path[64];

static void ignore_console(void *ctx, const uint8_t *bytes, size_t count)
{
	(void)ctx;
	(void)bytes;
	(void)count;
}

static void ignore_event(void *ctx, const struct power_event *event)
{
	(void)ctx;
	(void)event;
}

int qmp_fixture_set_up(void **state)
{
	static struct qmp_fixture fixture;
	const struct machine_config config = {.cmdline = "", .cpu_count = 2};
	const struct machine_host host = {
		.events = {.emit = ignore_event},
		.console_tx = ignore_console,
	};
	struct vmm_error error;

	fixture.server = qmp_open(path, &error);
	fixture.machine = machine_create(&config, &host, &error);
	qmp_set_machine(fixture.server, fixture.machine, config.cpu_count);
	fake_machine_set(fixture.machine, MACHINE_STATUS_RUNNING);
	*state = &fixture;
	return fixture.server != NULL ? 0 : -1;
}

int qmp_fixture_tear_down(void **state)
{
	struct qmp_fixture *fixture = *state;

	qmp_close(fixture->server);
	machine_destroy(fixture->machine);
	return 0;
}

int qmp_fixture_make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/control", folder);
	return 0;
}

int qmp_fixture_remove_folder(void **state)
{
	(void)state;
	/* Empty: no test leaves its socket. */
	return rmdir(folder);
}

const char *qmp_fixture_path(void)
{
	return path;
}

int client_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void qmp_fixture_serve(struct qmp_fixture *fixture)
{
	struct pollfd ready = {.fd = qmp_fd(fixture->server), .events = POLLIN};

	while (poll(&ready, 1, 0) > 0) {
		qmp_dispatch(fixture->server);
	}
}

const char *client_receive(int fd)
{
	static char text[TEXT_SIZE];
	ssize_t count = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (count == 0) {
		return "EOF";
	}
	text[count < 0 ? 0 : count] = '\0';
	return text;
}

void client_send(int fd, const char *bytes, size_t count)
{
	assert_int_equal(send(fd, bytes, count, MSG_NOSIGNAL), (ssize_t)count);
}

const char *client_ask(struct qmp_fixture *fixture, int fd, const char *text)
{
	client_send(fd, text, strlen(text));
	qmp_fixture_serve(fixture);
	return client_receive(fd);
}

int client_connect_and_greet(struct qmp_fixture *fixture)
{
	int fd = client_connect();

	qmp_fixture_serve(fixture);
	assert_non_null(strstr(client_receive(fd), "\"QMP\""));
	return fd;
}

int client_connect_and_negotiate(struct qmp_fixture *fixture)
{
	int fd = client_connect_and_greet(fixture);

	assert_string_equal(client_ask(fixture, fd, NEGOTIATE), OK);
	return fd;
}
