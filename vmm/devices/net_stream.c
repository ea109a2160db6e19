/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/net_stream.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/iov.h"

#define LENGTH_BYTES sizeof(uint32_t)
/* Many small frames, or a few large ones, with one system call; and one that is cut at its end. */
#define IN_BYTES (0x20000 + LENGTH_BYTES + NET_FRAME_BYTES_MAX)
#define OUT_BYTES (LENGTH_BYTES + NET_FRAME_BYTES_MAX)

/**
 * struct net_stream - a stream backend
 * @backend: what the network device sees
 * @path:    to connect to, or NULL
 * @dry:     the last read took all there was
 * @in_at:   first byte of @in that was not looked at
 * @in_end:  end of the bytes in @in
 * @out_at:  first byte of @out that is unsent
 * @out_end: end of the bytes in @out
 * @in:      received
 * @out:     the rest of a frame that the socket took a part of
 */
struct net_stream {
	struct net_backend backend;
	char *path;
	bool dry;
	size_t in_at;
	size_t in_end;
	size_t out_at;
	size_t out_end;
	uint8_t in[IN_BYTES];
	uint8_t out[OUT_BYTES];
};

/* Bytes sent; -errno. */
static ssize_t send_iov(int fd, struct iovec *iov, size_t count)
{
	const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
	ssize_t sent;

	do {
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

static int send_rest(struct net_stream *stream)
{
	while (stream->out_at < stream->out_end) {
		struct iovec rest = {
			.iov_base = stream->out + stream->out_at,
			.iov_len = stream->out_end - stream->out_at,
		};
		ssize_t sent = send_iov(stream->backend.fd, &rest, 1);

		if (sent < 0) {
			return (int)sent;
		}
		stream->out_at += (size_t)sent;
	}
	stream->backend.unsent = false;
	return 0;
}

/* The guest's memory is not kept waiting for the peer: the rest of the frame is copied. */
static void keep_rest(struct net_stream *stream, const struct net_frame *frame, size_t sent)
{
	stream->out_at = 0;
	stream->out_end = iov_get(frame->iov, frame->iov_count, sent, stream->out, OUT_BYTES);
	stream->backend.unsent = true;
}

/* How many frames the socket has taken with @sent bytes, the one that it cut included. */
static int frames_taken(struct net_stream *stream, const struct net_frame *frames, unsigned count,
			size_t sent)
{
	int taken = 0;

	for (unsigned i = 0; i < count && sent > 0; i++) {
		size_t frame_bytes = LENGTH_BYTES + frames[i].len_bytes;

		taken++;
		if (sent < frame_bytes) {
			keep_rest(stream, &frames[i], sent);
			break;
		}
		sent -= frame_bytes;
	}
	return taken;
}

static int stream_send(void *ctx, struct net_frame *frames, unsigned count)
{
	struct net_stream *stream = ctx;
	size_t entries = 0;
	ssize_t sent = send_rest(stream);

	if (sent < 0 || count == 0) {
		return (int)sent;
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t length = htobe32((uint32_t)frames[i].len_bytes);

		/* No header goes along: what it could ask for was not offered. */
		memcpy(frames[i].prefix.bytes, &length, LENGTH_BYTES);
		frames[i].iov[0] = (struct iovec){frames[i].prefix.bytes, LENGTH_BYTES};
		entries += frames[i].iov_count;
	}
	sent = send_iov(stream->backend.fd, frames[0].iov, entries);
	return sent < 0 ? (int)sent : frames_taken(stream, frames, count, (size_t)sent);
}

/* More of the stream; 0 or -errno. */
static int fill(struct net_stream *stream)
{
	ssize_t got;

	if (stream->dry) {
		stream->dry = false;
		return -EAGAIN;
	}
	memmove(stream->in, stream->in + stream->in_at, stream->in_end - stream->in_at);
	stream->in_end -= stream->in_at;
	stream->in_at = 0;
	do {
		got = recv(stream->backend.fd, stream->in + stream->in_end,
			   IN_BYTES - stream->in_end, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		return got < 0 ? -errno : -ECONNRESET;
	}
	stream->in_end += (size_t)got;
	/* poll() tells of what comes now, without another read to find nothing. */
	stream->dry = stream->in_end < IN_BYTES;
	return 0;
}

/* A whole frame is at @in_at, with its length before it: how long it is. 0 if not yet; -EPROTO. */
static ssize_t whole_frame(struct net_stream *stream)
{
	while (stream->in_end - stream->in_at >= LENGTH_BYTES) {
		uint32_t length;

		memcpy(&length, stream->in + stream->in_at, LENGTH_BYTES);
		length = be32toh(length);
		if (length > NET_FRAME_BYTES_MAX) {
			return -EPROTO;
		}
		if (length > 0) {
			bool whole = stream->in_end - stream->in_at >= LENGTH_BYTES + length;

			return whole ? (ssize_t)length : 0;
		}
		stream->in_at += LENGTH_BYTES;
	}
	return 0;
}

static ssize_t stream_receive(void *ctx, struct iovec *iov, unsigned count)
{
	static const struct virtio_net_hdr_v1 header;
	struct net_stream *stream = ctx;
	ssize_t length = whole_frame(stream);

	while (length == 0) {
		int ret = fill(stream);

		if (ret != 0) {
			return ret;
		}
		length = whole_frame(stream);
	}
	if (length < 0) {
		return length;
	}
	if (iov_bytes(iov, count) < NET_HEADER_BYTES + (size_t)length) {
		return -EMSGSIZE;
	}
	(void)iov_put(iov, count, 0, &header, NET_HEADER_BYTES);
	(void)iov_put(iov, count, NET_HEADER_BYTES, stream->in + stream->in_at + LENGTH_BYTES,
		      (size_t)length);
	stream->in_at += LENGTH_BYTES + (size_t)length;
	return (ssize_t)NET_HEADER_BYTES + length;
}

static void stream_drop(void *ctx)
{
	struct net_stream *stream = ctx;
	ssize_t length = whole_frame(stream);

	if (length > 0) {
		stream->in_at += LENGTH_BYTES + (size_t)length;
	}
}

static void stream_features(void *ctx, uint64_t features)
{
	(void)ctx;
	(void)features;
}

/* As far as the host allows; a smaller one only has more waits. */
static void enlarge(int fd)
{
	const int large = NET_STREAM_SOCKET_BYTES;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
}

/* A connected socket, or -errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path));
	/* A peer that does not accept shall not keep us: EAGAIN then. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int err = errno;

		(void)close(fd);
		return -err;
	}
	enlarge(fd);
	return fd;
}

static int stream_revive(void *ctx)
{
	struct net_stream *stream = ctx;
	int fd;

	if (stream->path == NULL) {
		return -ENOTCONN;
	}
	fd = connect_to(stream->path);
	if (fd < 0) {
		return fd;
	}
	(void)close(stream->backend.fd);
	stream->backend.fd = fd;
	stream->backend.unsent = false;
	stream->dry = false;
	stream->in_at = 0;
	stream->in_end = 0;
	stream->out_at = 0;
	stream->out_end = 0;
	return 0;
}

static void stream_destroy(void *ctx)
{
	struct net_stream *stream = ctx;

	(void)close(stream->backend.fd);
	free(stream->path);
	free(stream);
}

static const struct net_backend_ops adopted_ops = {
	.send = stream_send,
	.receive = stream_receive,
	.drop = stream_drop,
	.features = stream_features,
	.destroy = stream_destroy,
};

static const struct net_backend_ops connected_ops = {
	.send = stream_send,
	.receive = stream_receive,
	.drop = stream_drop,
	.features = stream_features,
	.revive = stream_revive,
	.destroy = stream_destroy,
};

/* The large buffers are touched only as far as they are used. */
static struct net_stream *make(int fd, const struct net_backend_ops *ops)
{
	struct net_stream *stream = calloc(1, sizeof(*stream));

	if (stream != NULL) {
		stream->backend.ops = ops;
		stream->backend.ctx = stream;
		stream->backend.fd = fd;
		stream->backend.offers = NET_STREAM_OFFERS;
	}
	return stream;
}

int net_stream_adopt(int fd, const char *name, struct net_backend **out)
{
	struct net_stream *stream = make(fd, &adopted_ops);

	if (stream == NULL) {
		return -ENOMEM;
	}
	enlarge(fd);
	(void)snprintf(stream->backend.name, sizeof(stream->backend.name), "%s", name);
	*out = &stream->backend;
	return 0;
}

static void explain(const char *path, int error, struct vmm_error *err)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		vmm_error_set(err,
			      "net stream=%s: nothing listens there (%s): expected a Unix socket "
			      "of passt ('passt --socket %s') or a program that speaks as it does",
			      path, strerror(error), path);
		err->bad_input = true;
		break;
	case EAGAIN:
		vmm_error_set(
			err,
			"net stream=%s: its queue of connections is full: expected a passt of "
			"this machine's own, as one serves one machine",
			path);
		break;
	default:
		vmm_error_set(err, "net stream=%s: %s", path, strerror(error));
		break;
	}
}

int net_stream_connect(const char *path, struct net_backend **out, struct vmm_error *err)
{
	struct net_stream *stream;
	int fd = connect_to(path);

	if (fd < 0) {
		explain(path, -fd, err);
		return fd;
	}
	stream = make(fd, &connected_ops);
	if (stream != NULL) {
		stream->path = strdup(path);
	}
	if (stream == NULL || stream->path == NULL) {
		free(stream);
		(void)close(fd);
		explain(path, ENOMEM, err);
		return -ENOMEM;
	}
	(void)snprintf(stream->backend.name, sizeof(stream->backend.name), "stream=%s", path);
	*out = &stream->backend;
	return 0;
}
