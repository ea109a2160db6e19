/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp_ask.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/qmp_frame.h"
#include "platform/monotonic.h"
#include "platform/unix_path.h"

#define EVENT_COUNT_MAX 64
#define BUFFER_SIZE 4096

/**
 * struct qmp_ask - a client
 * @fd:          connected
 * @frame:       the message that is being received
 * @bytes:       received
 * @next:        of @bytes
 * @end:         of @bytes
 * @events:      that came while an answer was waited for; the oldest are dropped
 * @event_count: of @events
 */
struct qmp_ask {
	int fd;
	struct qmp_frame frame;
	uint8_t bytes[BUFFER_SIZE];
	size_t next;
	size_t end;
	struct json_object *events[EVENT_COUNT_MAX];
	size_t event_count;
};

static int64_t deadline_after(int timeout_ms)
{
	return monotonic_ms() + timeout_ms;
}

/* -ETIMEDOUT, -EINTR, or 0. */
static int wait_for(int fd, short what, int64_t deadline_ms)
{
	struct pollfd wait = {.fd = fd, .events = what};
	int64_t left = deadline_ms - monotonic_ms();
	int ready = poll(&wait, 1, left > 0 ? (int)left : 0);

	if (ready < 0) {
		return -errno;
	}
	return ready == 0 ? -ETIMEDOUT : 0;
}

static int fill(struct qmp_ask *ask, int64_t deadline_ms)
{
	int ret = wait_for(ask->fd, POLLIN, deadline_ms);
	ssize_t count;

	if (ret != 0) {
		return ret;
	}
	count = recv(ask->fd, ask->bytes, sizeof(ask->bytes), MSG_DONTWAIT);
	if (count <= 0) {
		return count == 0 || errno == ECONNRESET ? -EPIPE : -errno;
	}
	ask->next = 0;
	ask->end = (size_t)count;
	return 0;
}

/* The next whole message. */
static int receive(struct qmp_ask *ask, struct json_object **message, int64_t deadline_ms)
{
	for (;;) {
		while (ask->next < ask->end) {
			enum qmp_frame_result result =
				qmp_frame_push(&ask->frame, ask->bytes[ask->next++]);
			struct json_tokener *tokener;

			if (result == QMP_FRAME_TOO_BIG) {
				return -EPROTO;
			}
			if (result != QMP_FRAME_MESSAGE) {
				continue;
			}
			tokener = json_tokener_new();
			*message = tokener == NULL
					   ? NULL
					   : json_tokener_parse_ex(tokener, ask->frame.bytes,
								   (int)ask->frame.count);
			json_tokener_free(tokener);
			qmp_frame_reset(&ask->frame);
			return *message != NULL ? 0 : -EPROTO;
		}
		int ret = fill(ask, deadline_ms);

		if (ret != 0) {
			return ret;
		}
	}
}

static int transmit(struct qmp_ask *ask, const char *text, int64_t deadline_ms)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t count = send(ask->fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count > 0) {
			text += count;
			left -= (size_t)count;
		} else if (errno == EAGAIN) {
			int ret = wait_for(ask->fd, POLLOUT, deadline_ms);

			if (ret != 0 && ret != -EINTR) {
				return ret;
			}
		} else if (errno != EINTR) {
			return errno == ECONNRESET ? -EPIPE : -errno;
		}
	}
	return 0;
}

static void keep_event(struct qmp_ask *ask, struct json_object *event)
{
	if (ask->event_count == EVENT_COUNT_MAX) {
		(void)json_object_put(ask->events[0]);
		ask->event_count--;
		memmove(ask->events, ask->events + 1, ask->event_count * sizeof(ask->events[0]));
	}
	ask->events[ask->event_count++] = event;
}

static int take_answer(struct json_object *message, struct json_object **value,
		       struct vmm_error *error)
{
	struct json_object *member;
	struct json_object *text = NULL;
	int ret = -EREMOTEIO;

	if (json_object_object_get_ex(message, "return", &member)) {
		if (value != NULL) {
			*value = json_object_get(member);
		}
		ret = 0;
	} else if (json_object_object_get_ex(message, "error", &member) &&
		   json_object_object_get_ex(member, "desc", &text)) {
		vmm_error_set(error, "%s", json_object_get_string(text));
	} else {
		vmm_error_set(error, "an answer that is none");
	}
	(void)json_object_put(message);
	return ret;
}

static int wait_answer(struct qmp_ask *ask, struct json_object **value, int64_t deadline_ms,
		       struct vmm_error *error)
{
	for (;;) {
		struct json_object *message;
		int ret = receive(ask, &message, deadline_ms);

		if (ret == -EINTR) {
			continue;
		}
		if (ret != 0) {
			vmm_error_set(error, "the machine's process does not answer: %s",
				      strerror(-ret));
			return ret;
		}
		if (!json_object_object_get_ex(message, "event", NULL)) {
			return take_answer(message, value, error);
		}
		keep_event(ask, message);
	}
}

int qmp_ask(struct qmp_ask *ask, const char *name, const char *argument, int64_t number,
	    struct json_object **value, int timeout_ms, struct vmm_error *error)
{
	int64_t deadline_ms = deadline_after(timeout_ms);
	struct json_object *request = json_object_new_object();
	int ret;

	(void)json_object_object_add(request, "execute", json_object_new_string(name));
	if (argument != NULL) {
		struct json_object *arguments = json_object_new_object();

		(void)json_object_object_add(arguments, argument, json_object_new_int64(number));
		(void)json_object_object_add(request, "arguments", arguments);
	}
	ret = transmit(ask, json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN),
		       deadline_ms);
	(void)json_object_put(request);
	if (ret != 0) {
		vmm_error_set(error, "the machine's process cannot be asked: %s", strerror(-ret));
		return ret;
	}
	return wait_answer(ask, value, deadline_ms, error);
}

static bool greet(struct qmp_ask *ask, int timeout_ms, struct vmm_error *error)
{
	struct json_object *greeting = NULL;
	int ret = receive(ask, &greeting, deadline_after(timeout_ms));

	(void)json_object_put(greeting);
	if (ret != 0) {
		vmm_error_set(error, "the machine's process does not answer: %s", strerror(-ret));
		return false;
	}
	return qmp_ask(ask, "qmp_capabilities", NULL, 0, NULL, timeout_ms, error) == 0;
}

struct qmp_ask *qmp_ask_open(const char *path, int timeout_ms, struct vmm_error *error)
{
	struct qmp_ask *ask = calloc(1, sizeof(*ask));

	if (ask == NULL) {
		vmm_error_set(error, "%s", strerror(ENOMEM));
		return NULL;
	}
	ask->fd = unix_path_connect(path);
	if (ask->fd < 0) {
		vmm_error_set(error, "the machine's process cannot be asked: %s",
			      strerror(-ask->fd));
		free(ask);
		return NULL;
	}
	if (!greet(ask, timeout_ms, error)) {
		qmp_ask_close(ask);
		return NULL;
	}
	return ask;
}

int qmp_ask_event(struct qmp_ask *ask, struct json_object **event, int timeout_ms)
{
	int64_t deadline_ms = deadline_after(timeout_ms);

	if (ask->event_count > 0) {
		*event = ask->events[0];
		ask->event_count--;
		memmove(ask->events, ask->events + 1, ask->event_count * sizeof(ask->events[0]));
		return 0;
	}
	for (;;) {
		int ret = receive(ask, event, deadline_ms);

		if (ret != 0 || json_object_object_get_ex(*event, "event", NULL)) {
			return ret;
		}
		(void)json_object_put(*event);
	}
}

int qmp_ask_process(const char *path)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int fd = unix_path_connect(path);
	long process = -1;
	int ret = fd;

	if (fd >= 0) {
		/* Connected still, when there is the pidfd: so it is of no other process. */
		process = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0
				  ? syscall(SYS_pidfd_open, peer.pid, 0)
				  : -1;
		ret = process < 0 ? -errno : (int)process;
		(void)close(fd);
	}
	return ret;
}

void qmp_ask_close(struct qmp_ask *ask)
{
	if (ask == NULL) {
		return;
	}
	(void)close(ask->fd);
	qmp_frame_free(&ask->frame);
	for (size_t i = 0; i < ask->event_count; i++) {
		(void)json_object_put(ask->events[i]);
	}
	free(ask);
}
