/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/qmp_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct qmp_client *qmp_client_create(int fd, int epoll_fd)
{
	struct qmp_client *client = calloc(1, sizeof(*client));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (client == NULL || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		(void)close(fd);
		free(client);
		return NULL;
	}
	client->fd = fd;
	client->epoll_fd = epoll_fd;
	client->interest = EPOLLIN;
	return client;
}

static void drop(struct qmp_client *client)
{
	client->dropped = true;
	/* The main thread learns of it as a hang-up, whatever it waits for. */
	(void)shutdown(client->fd, SHUT_RDWR);
}

/* How many of @bytes the socket took; what it can't take now or ever is for the caller to see. */
static size_t send_now(struct qmp_client *client, const char *bytes, size_t count)
{
	size_t sent = 0;

	while (sent < count) {
		ssize_t taken =
			send(client->fd, bytes + sent, count - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (taken < 0 && errno == EINTR) {
			continue;
		}
		if (taken < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK) {
				drop(client);
			}
			break;
		}
		sent += (size_t)taken;
	}
	return sent;
}

static bool reserve(struct qmp_client *client, size_t count)
{
	size_t needed = client->out_count + count;
	size_t capacity = client->out_capacity == 0 ? 4096 : client->out_capacity;
	char *out;

	if (client->out_at > 0) {
		memmove(client->out, client->out + client->out_at, client->out_count);
		client->out_at = 0;
	}
	if (needed <= client->out_capacity) {
		return true;
	}
	if (needed > QMP_CLIENT_OUT_MAX) {
		return false;
	}
	while (capacity < needed) {
		capacity *= 2;
	}
	out = realloc(client->out, capacity);
	if (out == NULL) {
		return false;
	}
	client->out = out;
	client->out_capacity = capacity;
	return true;
}

void qmp_client_send(struct qmp_client *client, const char *bytes, size_t count)
{
	if (client->dropped || client->closing) {
		return;
	}
	if (client->out_count == 0) {
		size_t sent = send_now(client, bytes, count);

		bytes += sent;
		count -= sent;
	}
	if (count > 0 && !client->dropped) {
		if (reserve(client, count)) {
			memcpy(client->out + client->out_count, bytes, count);
			client->out_count += count;
		} else {
			drop(client);
		}
	}
	qmp_client_update(client);
}

void qmp_client_flush(struct qmp_client *client)
{
	if (client->out_count > 0 && !client->dropped) {
		size_t sent = send_now(client, client->out + client->out_at, client->out_count);

		client->out_at += sent;
		client->out_count -= sent;
	}
	if (client->out_count == 0) {
		client->out_at = 0;
	}
	qmp_client_update(client);
}

void qmp_client_update(struct qmp_client *client)
{
	bool listen = !client->eof && !client->closing && client->out_count < QMP_CLIENT_OUT_BUSY;
	uint32_t wanted =
		(listen ? (uint32_t)EPOLLIN : 0) | (client->out_count > 0 ? (uint32_t)EPOLLOUT : 0);
	struct epoll_event event = {.events = wanted, .data.ptr = client};

	if (wanted != client->interest &&
	    epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, client->fd, &event) == 0) {
		client->interest = wanted;
	}
}

bool qmp_client_finished(const struct qmp_client *client)
{
	return client->dropped || ((client->eof || client->closing) && client->out_count == 0);
}

void qmp_client_destroy(struct qmp_client *client)
{
	(void)close(client->fd);
	qmp_frame_free(&client->frame);
	free(client->out);
	free(client);
}
