/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/commands.h"
#include "control/events.h"
#include "control/qmp_client.h"
#include "platform/monotonic.h"
#include "platform/unix_listen.h"

#define MESSAGE_DEPTH_MAX 32
#define READ_SIZE 4096
#define CLOSE_WAIT_MS 1000
#define NS_PER_S INT64_C(1000000000)

/**
 * struct qmp_server - the control socket
 * @listener:     where clients come from
 * @epoll_fd:     all sockets; a client's data is itself, the listener's is NULL
 * @spare_fd:     given up to accept and close a client when there are no more descriptors
 * @target:       what commands act on
 * @asked:        see qmp_set_asker(); or NULL
 * @asked_ctx:    for @asked
 * @lock:         guards @clients, and of each client what qmp_client.h says; taken for moments,
 *                and never while the machine is called, since that may emit an event
 * @clients:      the list; only the main thread changes it
 * @client_count: in it
 */
struct qmp_server {
	struct unix_listener listener;
	int epoll_fd;
	int spare_fd;
	struct command_target target;
	void (*asked)(void *ctx, uint32_t uid);
	void *asked_ctx;
	pthread_mutex_t lock;
	struct qmp_client *clients;
	size_t client_count;
};

/* Frees @message; its text goes out with QMP's line end. */
static void send_message(struct qmp_client *client, struct json_object *message)
{
	size_t count;
	const char *text = json_object_to_json_string_length(
		message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &count);

	if (text != NULL) {
		qmp_client_send(client, text, count);
		qmp_client_send(client, "\r\n", 2);
	}
	json_object_put(message);
}

static const char *class_name(enum command_result result)
{
	return result == COMMAND_NOT_FOUND ? "CommandNotFound" : "GenericError";
}

static struct json_object *error_message(enum command_result result, const struct vmm_error *error)
{
	struct json_object *message = json_object_new_object();
	struct json_object *body = json_object_new_object();
	struct vmm_error text = *error;

	/* It may quote what the client sent, cut anywhere. */
	for (char *at = text.text; *at != '\0'; at++) {
		if ((unsigned char)*at >= 0x7F) {
			*at = '?';
		}
	}
	json_object_object_add(body, "class", json_object_new_string(class_name(result)));
	json_object_object_add(body, "desc", json_object_new_string(text.text));
	json_object_object_add(message, "error", body);
	return message;
}

static void answer(struct qmp_server *server, struct qmp_client *client,
		   struct json_object *message)
{
	(void)pthread_mutex_lock(&server->lock);
	send_message(client, message);
	(void)pthread_mutex_unlock(&server->lock);
}

static void answer_error(struct qmp_server *server, struct qmp_client *client, const char *text)
{
	struct vmm_error error;

	vmm_error_set(&error, "%s", text);
	answer(server, client, error_message(COMMAND_FAILED, &error));
}

/* "enable" may only name capabilities that the greeting offered, and it offered none. */
static enum command_result negotiate(struct json_object *arguments, struct vmm_error *error)
{
	if (arguments == NULL) {
		return COMMAND_OK;
	}
	json_object_object_foreach(arguments, name, member)
	{
		if (strcmp(name, "enable") != 0) {
			vmm_error_set(error, "qmp_capabilities does not take the argument '%.60s'",
				      name);
			return COMMAND_FAILED;
		}
		if (!json_object_is_type(member, json_type_array) ||
		    json_object_array_length(member) > 0) {
			vmm_error_set(error,
				      "argument 'enable' is %.60s: expected an empty array, "
				      "no capability is offered",
				      json_object_to_json_string(member));
			return COMMAND_FAILED;
		}
	}
	return COMMAND_OK;
}

/* The command's name, or NULL with @error filled. */
static const char *check_request(struct json_object *request, struct vmm_error *error)
{
	struct json_object *name = json_object_object_get(request, "execute");
	struct json_object *arguments;

	json_object_object_foreach(request, key, member)
	{
		(void)member;
		if (strcmp(key, "execute") != 0 && strcmp(key, "arguments") != 0 &&
		    strcmp(key, "id") != 0) {
			vmm_error_set(error,
				      "member '%.60s' is unknown: expected execute, arguments "
				      "and id",
				      key);
			return NULL;
		}
	}
	if (!json_object_is_type(name, json_type_string) ||
	    strlen(json_object_get_string(name)) != (size_t)json_object_get_string_len(name)) {
		vmm_error_set(error,
			      "member 'execute' is missing or not a command's name: expected, "
			      "for example, {\"execute\":\"query-status\"}");
		return NULL;
	}
	if (json_object_object_get_ex(request, "arguments", &arguments) &&
	    !json_object_is_type(arguments, json_type_object)) {
		vmm_error_set(error, "member 'arguments' is %.60s: expected an object",
			      json_object_to_json_string(arguments));
		return NULL;
	}
	return json_object_get_string(name);
}

static void tell_asker(const struct qmp_server *server, const struct qmp_client *client,
		       const char *name)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	/* Who only looks asks for nothing. */
	if (server->asked != NULL && strstr(name, "query") == NULL &&
	    getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0) {
		server->asked(server->asked_ctx, peer.uid);
	}
}

static enum command_result execute(struct qmp_server *server, struct qmp_client *client,
				   struct json_object *request, struct json_object **value,
				   struct vmm_error *error)
{
	const char *name = check_request(request, error);
	struct json_object *arguments = json_object_object_get(request, "arguments");
	bool is_negotiation;

	if (name == NULL) {
		return COMMAND_FAILED;
	}
	is_negotiation = strcmp(name, "qmp_capabilities") == 0;
	if (is_negotiation && client->negotiated) {
		vmm_error_set(error, "qmp_capabilities comes once, and it came already");
		return COMMAND_NOT_FOUND;
	}
	if (is_negotiation) {
		*value = json_object_new_object();
		return negotiate(arguments, error);
	}
	if (!client->negotiated) {
		vmm_error_set(error, "'%.60s' came too early: expected qmp_capabilities first",
			      name);
		return COMMAND_NOT_FOUND;
	}
	tell_asker(server, client, name);
	return command_execute(&server->target, name, arguments, value, error);
}

static void handle_request(struct qmp_server *server, struct qmp_client *client,
			   struct json_object *request)
{
	struct json_object *value = NULL;
	struct json_object *message;
	struct json_object *id;
	struct vmm_error error;
	enum command_result result = execute(server, client, request, &value, &error);

	if (result == COMMAND_OK) {
		message = json_object_new_object();
		json_object_object_add(message, "return", value);
	} else {
		json_object_put(value);
		message = error_message(result, &error);
	}
	if (json_object_object_get_ex(request, "id", &id)) {
		json_object_object_add(message, "id", json_object_get(id));
	}
	(void)pthread_mutex_lock(&server->lock);
	send_message(client, message);
	/* From its answer on: no event comes before that. */
	client->negotiated = client->negotiated || result == COMMAND_OK;
	(void)pthread_mutex_unlock(&server->lock);
}

static void handle_message(struct qmp_server *server, struct qmp_client *client)
{
	struct json_tokener *parser = json_tokener_new_ex(MESSAGE_DEPTH_MAX);
	struct json_object *request = NULL;
	struct vmm_error error;

	if (parser == NULL) {
		answer_error(server, client, "out of memory");
		return;
	}
	json_tokener_set_flags(parser, JSON_TOKENER_VALIDATE_UTF8);
	request = json_tokener_parse_ex(parser, client->frame.bytes, (int)client->frame.count);
	if (json_object_is_type(request, json_type_object)) {
		handle_request(server, client, request);
	} else if (request != NULL) {
		answer_error(server, client,
			     "expected a JSON object, such as "
			     "{\"execute\":\"query-status\"}");
	} else {
		vmm_error_set(&error, "malformed JSON: %s, at byte %zu of the message",
			      json_tokener_error_desc(json_tokener_get_error(parser)),
			      json_tokener_get_parse_end(parser));
		answer(server, client, error_message(COMMAND_FAILED, &error));
	}
	json_object_put(request);
	json_tokener_free(parser);
}

static void receive(struct qmp_server *server, struct qmp_client *client, const uint8_t *bytes,
		    size_t count)
{
	for (size_t i = 0; i < count && !client->closing; i++) {
		switch (qmp_frame_push(&client->frame, bytes[i])) {
		case QMP_FRAME_MORE:
			break;
		case QMP_FRAME_MESSAGE:
			handle_message(server, client);
			qmp_frame_reset(&client->frame);
			break;
		case QMP_FRAME_BAD:
			answer_error(server, client,
				     "malformed JSON: expected an object, such as "
				     "{\"execute\":\"query-status\"}");
			break;
		case QMP_FRAME_TOO_BIG:
			answer_error(server, client, "a message may have 65536 bytes at most");
			(void)pthread_mutex_lock(&server->lock);
			client->closing = true;
			(void)pthread_mutex_unlock(&server->lock);
			break;
		}
	}
}

static void read_client(struct qmp_server *server, struct qmp_client *client)
{
	uint8_t bytes[READ_SIZE];
	ssize_t count = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (count > 0) {
		receive(server, client, bytes, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		(void)pthread_mutex_lock(&server->lock);
		client->eof = true;
		/* Only the sending side may be closed: what waits can still be read. */
		client->dropped = client->dropped || count < 0;
		(void)pthread_mutex_unlock(&server->lock);
	}
}

static void remove_client(struct qmp_server *server, struct qmp_client *client)
{
	struct qmp_client **at = &server->clients;

	while (*at != client) {
		at = &(*at)->next;
	}
	*at = client->next;
	server->client_count--;
	qmp_client_destroy(client);
}

static void dispatch_client(struct qmp_server *server, struct qmp_client *client, uint32_t ready)
{
	if ((ready & EPOLLIN) != 0) {
		read_client(server, client);
	}
	(void)pthread_mutex_lock(&server->lock);
	qmp_client_flush(client);
	/* Both directions are closed, or broken: nobody is there to read. */
	if (qmp_client_finished(client) ||
	    ((ready & (EPOLLHUP | EPOLLERR)) != 0 && (ready & EPOLLIN) == 0)) {
		remove_client(server, client);
	}
	(void)pthread_mutex_unlock(&server->lock);
}

static void greet(struct qmp_client *client)
{
	struct json_object *message = json_object_new_object();
	struct json_object *body = json_object_new_object();

	json_object_object_add(body, "version", command_version());
	json_object_object_add(body, "capabilities", json_object_new_array());
	json_object_object_add(message, "QMP", body);
	send_message(client, message);
}

static void turn_away(struct qmp_client *client)
{
	struct vmm_error error;

	vmm_error_set(&error, "%d clients are connected: expected one of them to leave first",
		      QMP_CLIENT_COUNT_MAX);
	send_message(client, error_message(COMMAND_FAILED, &error));
	qmp_client_destroy(client);
}

static void accept_client(struct qmp_server *server)
{
	int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct qmp_client *client;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE) && server->spare_fd >= 0) {
		/* Left in the queue, the client would keep the main loop spinning. */
		(void)close(server->spare_fd);
		fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			(void)close(fd);
		}
		server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return;
	}
	client = fd >= 0 ? qmp_client_create(fd, server->epoll_fd) : NULL;
	if (client == NULL) {
		return;
	}
	if (server->client_count == QMP_CLIENT_COUNT_MAX) {
		turn_away(client);
		return;
	}
	(void)pthread_mutex_lock(&server->lock);
	greet(client);
	client->next = server->clients;
	server->clients = client;
	server->client_count++;
	(void)pthread_mutex_unlock(&server->lock);
}

struct qmp_server *qmp_open(const char *path, struct vmm_error *error)
{
	struct qmp_server *server = calloc(1, sizeof(*server));
	struct epoll_event event = {.events = EPOLLIN};

	if (server == NULL) {
		vmm_error_set(error, "--control '%s': %s", path, strerror(errno));
		return NULL;
	}
	if (!unix_listen(&server->listener, "--control", path, error)) {
		free(server);
		return NULL;
	}
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0 ||
	    epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listener.fd, &event) != 0) {
		vmm_error_set(error, "--control '%s': %s", path, strerror(errno));
		unix_unlisten(&server->listener);
		if (server->epoll_fd >= 0) {
			(void)close(server->epoll_fd);
		}
		free(server);
		return NULL;
	}
	server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)pthread_mutex_init(&server->lock, NULL);
	return server;
}

void qmp_set_machine(struct qmp_server *server, struct machine *machine, uint32_t cpu_count)
{
	server->target = (struct command_target){.machine = machine, .cpu_count = cpu_count};
}

void qmp_set_asker(struct qmp_server *server, void (*asked)(void *ctx, uint32_t uid), void *ctx)
{
	server->asked = asked;
	server->asked_ctx = ctx;
}

int qmp_fd(const struct qmp_server *server)
{
	return server->epoll_fd;
}

void qmp_dispatch(struct qmp_server *server)
{
	struct epoll_event ready[QMP_CLIENT_COUNT_MAX + 1];
	int count = epoll_wait(server->epoll_fd, ready, QMP_CLIENT_COUNT_MAX + 1, 0);

	for (int i = 0; i < count; i++) {
		if (ready[i].data.ptr == NULL) {
			accept_client(server);
		} else {
			dispatch_client(server, ready[i].data.ptr, ready[i].events);
		}
	}
}

/* When @time_ns of the monotonic clock was, on the wall clock. */
static struct json_object *timestamp(uint64_t time_ns)
{
	struct json_object *object = json_object_new_object();
	struct timespec wall;
	struct timespec monotonic;
	int64_t ns;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
	ns = (wall.tv_sec - monotonic.tv_sec) * NS_PER_S + wall.tv_nsec - monotonic.tv_nsec +
	     (int64_t)time_ns;
	json_object_object_add(object, "seconds", json_object_new_int64(ns / NS_PER_S));
	json_object_object_add(object, "microseconds", json_object_new_int64(ns % NS_PER_S / 1000));
	return object;
}

static bool has_cause(const struct power_event *event)
{
	return event->kind == POWER_EVENT_SHUTDOWN || event->kind == POWER_EVENT_RESET;
}

/* "reason" in a word of QMP's, and the one of ours beside it if that says more. */
static void add_cause(struct json_object *data, const struct power_event *event)
{
	const char *reason = events_qmp_reason(event);
	const char *own = events_reason(event);

	json_object_object_add(data, "guest", json_object_new_boolean(events_by_guest(event)));
	if (reason != NULL) {
		json_object_object_add(data, "reason", json_object_new_string(reason));
	}
	if (reason != own) {
		json_object_object_add(data, "x-torpor-reason", json_object_new_string(own));
	}
}

static struct json_object *event_message(const char *name, const struct power_event *event)
{
	struct json_object *message = json_object_new_object();
	struct json_object *data = json_object_new_object();

	json_object_object_add(message, "event", json_object_new_string(name));
	events_add_data(data, event);
	if (has_cause(event)) {
		add_cause(data, event);
	}
	json_object_object_add(message, "data", data);
	json_object_object_add(message, "timestamp", timestamp(event->time_ns));
	return message;
}

static void emit_one(struct qmp_server *server, const char *name, const struct power_event *event)
{
	struct json_object *message = event_message(name, event);

	(void)pthread_mutex_lock(&server->lock);
	for (struct qmp_client *client = server->clients; client != NULL; client = client->next) {
		if (client->negotiated) {
			send_message(client, json_object_get(message));
		}
	}
	(void)pthread_mutex_unlock(&server->lock);
	json_object_put(message);
}

void qmp_emit(struct qmp_server *server, const struct power_event *event)
{
	struct power_event end = *event;

	if (server == NULL) {
		return;
	}
	emit_one(server, events_name(event), event);
	/* Clients of QMP wait for a SHUTDOWN at each end; of a reset, with the words of RESET. */
	if (event->kind == POWER_EVENT_SUSPEND_DISK) {
		end.kind = POWER_EVENT_SHUTDOWN;
		emit_one(server, events_name(&end), &end);
	} else if (event->last) {
		emit_one(server, "SHUTDOWN", event);
	}
}

/* Sends what waits until @deadline_ms; the machine is gone, so nothing is added. */
static void drain_client(struct qmp_client *client, int64_t deadline_ms)
{
	while (client->out_count > 0 && !client->dropped) {
		struct pollfd writable = {.fd = client->fd, .events = POLLOUT};
		int64_t left_ms = deadline_ms - monotonic_ms();

		if (left_ms <= 0 || poll(&writable, 1, (int)left_ms) == 0) {
			return;
		}
		qmp_client_flush(client);
	}
}

void qmp_close(struct qmp_server *server)
{
	int64_t deadline_ms = monotonic_ms() + CLOSE_WAIT_MS;

	if (server == NULL) {
		return;
	}
	unix_unlisten(&server->listener);
	while (server->clients != NULL) {
		drain_client(server->clients, deadline_ms);
		remove_client(server, server->clients);
	}
	(void)close(server->epoll_fd);
	if (server->spare_fd >= 0) {
		(void)close(server->spare_fd);
	}
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}
