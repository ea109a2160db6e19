/* SPDX-License-Identifier: BSD-3-Clause */
/* "Packet Transmission" of the OASIS virtio 1.2 standard, section 5.1.6.2. */
#include "devices/virtio_net_tx.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "devices/iov.h"

#define FEATURE(bit) (UINT64_C(1) << (bit))

static bool has(const struct virtio_net_tx *tx, unsigned bit)
{
	return (tx->features & FEATURE(bit)) != 0;
}

/* A segmentation that was negotiated, and makes segments of some length. */
static bool segmentation_is_good(const struct virtio_net_tx *tx,
				 const struct virtio_net_hdr_v1 *header, size_t len_bytes)
{
	bool ecn = (header->gso_type & VIRTIO_NET_HDR_GSO_ECN) != 0;
	unsigned feature;

	switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return !ecn;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		feature = VIRTIO_NET_F_HOST_TSO4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		feature = VIRTIO_NET_F_HOST_TSO6;
		break;
	default:
		return false;
	}
	return has(tx, feature) && (!ecn || has(tx, VIRTIO_NET_F_HOST_ECN)) &&
	       (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0 && header->gso_size != 0 &&
	       le16toh(header->hdr_len) <= len_bytes;
}

/* Is it a frame that the host can be asked to send? Bits that mean nothing here are cleared. */
static bool frame_is_good(const struct virtio_net_tx *tx, struct net_frame *frame)
{
	struct virtio_net_hdr_v1 *header = &frame->prefix.header;
	uint32_t start = le16toh(header->csum_start);
	uint32_t offset = le16toh(header->csum_offset);

	if (frame->len_bytes < NET_FRAME_BYTES_MIN || frame->len_bytes > NET_FRAME_BYTES_MAX) {
		return false;
	}
	header->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->num_buffers = 0;
	if (header->flags != 0 &&
	    (!has(tx, VIRTIO_NET_F_CSUM) || start + offset + sizeof(uint16_t) > frame->len_bytes)) {
		return false;
	}
	return segmentation_is_good(tx, header, frame->len_bytes);
}

/* The request in @chain becomes a frame. False if it is none at all. */
static bool add_frame(struct virtio_net_tx *tx)
{
	const struct virtq_chain *chain = &tx->chain;
	struct net_frame *frame = &tx->frame[tx->frame_count];
	uint64_t len_bytes = iov_bytes(chain->iov, chain->out_count);
	size_t skip = NET_HEADER_BYTES;
	unsigned first = 0;

	if (chain->in_count > 0 || len_bytes < NET_HEADER_BYTES) {
		return false;
	}
	(void)iov_get(chain->iov, chain->out_count, 0, frame->prefix.bytes, NET_HEADER_BYTES);
	while (skip > 0 && skip >= chain->iov[first].iov_len) {
		skip -= chain->iov[first++].iov_len;
	}
	frame->iov = tx->iov + tx->iov_count;
	frame->iov_count = 1 + chain->out_count - first;
	frame->len_bytes = (size_t)(len_bytes - NET_HEADER_BYTES);
	memcpy(frame->iov + 1, chain->iov + first,
	       (chain->out_count - first) * sizeof(chain->iov[0]));
	if (first < chain->out_count) {
		frame->iov[1].iov_base = (uint8_t *)frame->iov[1].iov_base + skip;
		frame->iov[1].iov_len -= skip;
	}
	if (!frame_is_good(tx, frame)) {
		frame->iov_count = 0;
	}
	tx->iov_count += frame->iov_count;
	tx->used[tx->frame_count++] = (struct virtq_used){.head = chain->head};
	return true;
}

/* False if the driver has no more; only then it has been asked to notify. */
static bool take_frames(struct virtio_net_tx *tx, unsigned max)
{
	tx->frame_count = 0;
	tx->iov_count = 0;
	while (tx->frame_count < max &&
	       tx->iov_count + 1 + VIRTQ_SIZE_MAX <= VIRTIO_NET_TX_SEGMENTS) {
		if (!virtio_mmio_pop(tx->mmio, VIRTIO_NET_TX_QUEUE, &tx->chain)) {
			return false;
		}
		if (!add_frame(tx)) {
			virtio_mmio_fail(tx->mmio);
			return false;
		}
	}
	return true;
}

/* How many frames are done with; @error is set if the backend did not take the next one. */
static unsigned send_frames(struct virtio_net_tx *tx, struct net_backend *backend, int *error)
{
	unsigned done = 0;

	while (done < tx->frame_count) {
		unsigned end = done;
		int ret;

		while (end < tx->frame_count && tx->frame[end].iov_count > 0) {
			end++;
		}
		if (end == done) {
			done++;
			continue;
		}
		ret = backend->ops->send(backend->ctx, tx->frame + done, end - done);
		if (ret < 0) {
			*error = ret;
			break;
		}
		done += (unsigned)ret;
	}
	return done;
}

int virtio_net_tx_serve(struct virtio_net_tx *tx, struct net_backend *backend, unsigned max,
			unsigned *moved)
{
	int error = 0;
	unsigned done;
	bool more;

	tx->blocked = false;
	tx->more = false;
	if (backend != NULL && backend->unsent) {
		error = backend->ops->send(backend->ctx, NULL, 0);
	}
	*moved = 0;
	if (error == -EAGAIN) {
		return 0;
	}
	if (error != 0) {
		return error;
	}
	more = take_frames(tx, max < VIRTIO_NET_TX_FRAMES ? max : VIRTIO_NET_TX_FRAMES);
	done = backend != NULL ? send_frames(tx, backend, &error) : tx->frame_count;
	if (done < tx->frame_count) {
		virtio_mmio_unpop(tx->mmio, VIRTIO_NET_TX_QUEUE, tx->frame_count - done);
	}
	if (done > 0) {
		virtio_mmio_push_many(tx->mmio, VIRTIO_NET_TX_QUEUE, tx->used, done);
	}
	*moved = done;
	tx->blocked = error == -EAGAIN;
	tx->more = more && error == 0;
	return tx->blocked ? 0 : error;
}
