/* SPDX-License-Identifier: BSD-3-Clause */
/* "Processing of Incoming Packets" of the OASIS virtio 1.2 standard, section 5.1.6.4. */
#include "devices/virtio_net_rx.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "devices/iov.h"
#include "platform/monotonic.h"

#define FEATURE(bit) (UINT64_C(1) << (bit))
#define FRAMES_AT_ONCE 64
#define ROOM_WANTED (NET_HEADER_BYTES + NET_FRAME_BYTES_MAX)

static bool mergeable(const struct virtio_net_rx *rx)
{
	return (rx->features & FEATURE(VIRTIO_NET_F_MRG_RXBUF)) != 0;
}

static unsigned buffer_count(const struct virtio_net_rx *rx)
{
	return rx->buf_end - rx->buf_at;
}

bool virtio_net_rx_has_room(const struct virtio_net_rx *rx)
{
	return buffer_count(rx) > 0 && !rx->waiting;
}

void virtio_net_rx_stop_waiting(struct virtio_net_rx *rx)
{
	rx->waiting = false;
	rx->since_ns = 0;
}

void virtio_net_rx_put_back(struct virtio_net_rx *rx)
{
	if (buffer_count(rx) > 0) {
		virtio_mmio_unpop(rx->mmio, VIRTIO_NET_RX_QUEUE, buffer_count(rx));
	}
	rx->buf_at = 0;
	rx->buf_end = 0;
	rx->iov_at = 0;
	rx->iov_end = 0;
	rx->room = 0;
	virtio_net_rx_stop_waiting(rx);
}

static void tell(struct virtio_net_rx *rx)
{
	if (rx->used_count > 0) {
		virtio_mmio_push_many(rx->mmio, VIRTIO_NET_RX_QUEUE, rx->used, rx->used_count);
		rx->used_count = 0;
	}
}

/* A place for one more buffer, however many segments it has. */
static bool make_place(struct virtio_net_rx *rx)
{
	unsigned buf_count = buffer_count(rx);
	unsigned iov_count = rx->iov_end - rx->iov_at;

	if (rx->buf_end < VIRTQ_SIZE_MAX &&
	    rx->iov_end + VIRTQ_SIZE_MAX <= VIRTIO_NET_RX_SEGMENTS) {
		return true;
	}
	if (buf_count == VIRTQ_SIZE_MAX || iov_count + VIRTQ_SIZE_MAX > VIRTIO_NET_RX_SEGMENTS) {
		return false;
	}
	memmove(rx->buf, rx->buf + rx->buf_at, buf_count * sizeof(rx->buf[0]));
	memmove(rx->iov, rx->iov + rx->iov_at, iov_count * sizeof(rx->iov[0]));
	rx->buf_at = 0;
	rx->buf_end = buf_count;
	rx->iov_at = 0;
	rx->iov_end = iov_count;
	return true;
}

/* The request in @chain becomes a buffer. False if it is none: nothing in it may be written. */
static bool add_buffer(struct virtio_net_rx *rx)
{
	const struct virtq_chain *chain = &rx->chain;
	uint64_t room = iov_bytes(chain->iov, chain->in_count);

	if (chain->out_count > 0 || chain->in_count == 0) {
		return false;
	}
	room = room < ROOM_WANTED ? room : ROOM_WANTED;
	rx->buf[rx->buf_end] = (struct virtio_net_buffer){
		.head = chain->head,
		.iov_count = (uint16_t)chain->in_count,
		.room = (uint32_t)room,
	};
	memcpy(rx->iov + rx->iov_end, chain->iov, chain->in_count * sizeof(chain->iov[0]));
	rx->buf_end++;
	rx->iov_end += chain->in_count;
	rx->room += room;
	return true;
}

/* Enough buffers for any frame, or all that there are. False if the driver has no more. */
static bool take_buffers(struct virtio_net_rx *rx)
{
	uint64_t wanted = mergeable(rx) ? ROOM_WANTED : 1;

	while (rx->room < wanted && make_place(rx)) {
		if (!virtio_mmio_pop(rx->mmio, VIRTIO_NET_RX_QUEUE, &rx->chain)) {
			return false;
		}
		if (!add_buffer(rx)) {
			virtio_mmio_fail(rx->mmio);
			return false;
		}
	}
	return true;
}

/* Only what the driver has said it understands; another guest may have been here before. */
static bool understood(const struct virtio_net_rx *rx, const struct iovec *iov, unsigned count)
{
	struct virtio_net_hdr_v1 header = {0};

	(void)iov_get(iov, count, 0, &header, sizeof(header));
	if ((header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0 &&
	    (rx->features & FEATURE(VIRTIO_NET_F_GUEST_CSUM)) == 0) {
		return false;
	}
	switch (header.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return (rx->features & FEATURE(VIRTIO_NET_F_GUEST_TSO4)) != 0;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return (rx->features & FEATURE(VIRTIO_NET_F_GUEST_TSO6)) != 0;
	default:
		return false;
	}
}

/* @len_bytes were stored from the first buffer on: so many buffers are done. */
static void use_buffers(struct virtio_net_rx *rx, size_t len_bytes)
{
	const unsigned iov_at = rx->iov_at;
	uint16_t used = 0;
	uint16_t count;

	while (len_bytes > 0) {
		const struct virtio_net_buffer *buf = &rx->buf[rx->buf_at];
		uint32_t part = len_bytes < buf->room ? (uint32_t)len_bytes : buf->room;

		rx->used[rx->used_count++] = (struct virtq_used){buf->head, part};
		len_bytes -= part;
		rx->room -= buf->room;
		rx->iov_at += buf->iov_count;
		rx->buf_at++;
		used++;
	}
	count = htole16(used);
	(void)iov_put(rx->iov + iov_at, rx->iov_at - iov_at,
		      offsetof(struct virtio_net_hdr_v1, num_buffers), &count, sizeof(count));
}

/* One frame. Returns 1; 0 if none can be moved now; -errno. */
static int move_one(struct virtio_net_rx *rx, struct net_backend *backend)
{
	bool driver_has_more = take_buffers(rx);
	struct iovec *iov = rx->iov + rx->iov_at;
	unsigned count;
	ssize_t got;

	if (buffer_count(rx) == 0) {
		return 0;
	}
	count = mergeable(rx) ? rx->iov_end - rx->iov_at : rx->buf[rx->buf_at].iov_count;
	got = backend->ops->receive(backend->ctx, iov, count);
	if (got == -EMSGSIZE) {
		if (mergeable(rx) && !driver_has_more) {
			rx->waiting = true;
			/* The same frame may have waited before. */
			rx->since_ns = rx->since_ns != 0 ? rx->since_ns : monotonic_ns();
			return 0;
		}
		backend->ops->drop(backend->ctx);
		return 1;
	}
	rx->since_ns = 0;
	if (got < 0) {
		return got == -EAGAIN ? 0 : (int)got;
	}
	if ((size_t)got < NET_HEADER_BYTES + NET_FRAME_BYTES_MIN || (size_t)got > ROOM_WANTED ||
	    !understood(rx, iov, count)) {
		return 1;
	}
	if (rx->used_count + buffer_count(rx) > VIRTQ_SIZE_MAX) {
		tell(rx);
	}
	use_buffers(rx, (size_t)got);
	return 1;
}

int virtio_net_rx_serve(struct virtio_net_rx *rx, struct net_backend *backend, bool *more)
{
	int ret = 1;

	rx->waiting = false;
	for (unsigned i = 0; i < FRAMES_AT_ONCE && ret == 1; i++) {
		ret = move_one(rx, backend);
	}
	tell(rx);
	if (ret == 1) {
		*more = true;
	}
	return ret < 0 ? ret : 0;
}
