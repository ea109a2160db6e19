/* SPDX-License-Identifier: BSD-3-Clause */
/* A control socket in a folder of its own, a machine without KVM, and a client's few words. */
#ifndef TESTS_VMM_QMP_FIXTURE_H
#define TESTS_VMM_QMP_FIXTURE_H

#include "fake_machine.h"

#include "control/qmp.h"

#define TEXT_SIZE ((size_t)1 << 16)
#define OK "{\"return\":{}}\r\n"
#define NEGOTIATE "{\"execute\":\"qmp_capabilities\"}"

/**
 * struct qmp_fixture - a server and its machine
 * @server:  listens on qmp_fixture_path()
 * @machine: made, not started
 */
struct qmp_fixture {
	struct qmp_server *server;
	struct machine *machine;
};

/* For cmocka: the folder, for a whole group; the server and its machine, for a test. */
int qmp_fixture_make_folder(void **state);
int qmp_fixture_remove_folder(void **state);
int qmp_fixture_set_up(void **state);
int qmp_fixture_tear_down(void **state);

const char *qmp_fixture_path(void);

/* A connected client. */
int client_connect(void);

/* Lets the server do all that is due. */
void qmp_fixture_serve(struct qmp_fixture *fixture);

/* What has come so far; "" if nothing, "EOF" at the end of it all. */
const char *client_receive(int fd);

void client_send(int fd, const char *bytes, size_t count);

/* Sends @text and gives the answer. */
const char *client_ask(struct qmp_fixture *fixture, int fd, const char *text);

int client_connect_and_greet(struct qmp_fixture *fixture);
int client_connect_and_negotiate(struct qmp_fixture *fixture);

#endif /* TESTS_VMM_QMP_FIXTURE_H */
