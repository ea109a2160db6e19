/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive queue of a network device: from the host into buffers of the guest.
 *
 * Buffers are taken ahead of the frames, each one's chain walked once, and frames are stored right
 * into them. Frames are told of in batches. On the device's I/O thread alone, but for
 * virtio_net_rx_put_back().
 */
#ifndef VMM_DEVICES_VIRTIO_NET_RX_H
#define VMM_DEVICES_VIRTIO_NET_RX_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/net_backend.h"
#include "devices/virtio_mmio.h"

#define VIRTIO_NET_RX_QUEUE 0
/* Of these the last one that is used lies before one that a backend may use. */
#define VIRTIO_NET_RX_SEGMENTS 1000

/**
 * struct virtio_net_buffer - a buffer that the driver has given
 * @head:      its request
 * @iov_count: its segments
 * @room:      bytes, or the most that counts
 */
struct virtio_net_buffer {
	uint16_t head;
	uint16_t iov_count;
	uint32_t room;
};

/**
 * struct virtio_net_rx - the queue
 * @mmio:       the device's transport
 * @features:   that the driver has accepted
 * @waiting:    a frame is there that the driver has to give more buffers for
 * @since_ns:   since when, by monotonic_ns(); 0: there is no such frame
 * @room:       of all buffers that were taken
 * @buf_at:     first of @buf
 * @buf_end:    end of those in @buf
 * @iov_at:     first segment of the first buffer
 * @iov_end:    end of those in @iov
 * @used_count: buffers in @used
 * @buf:        taken, and not filled yet
 * @used:       filled, and not told of yet
 * @iov:        segments of the buffers, in their order
 * @chain:      the request that is being taken
 */
struct virtio_net_rx {
	struct virtio_mmio *mmio;
	uint64_t features;
	bool waiting;
	uint64_t since_ns;
	uint64_t room;
	unsigned buf_at;
	unsigned buf_end;
	unsigned iov_at;
	unsigned iov_end;
	unsigned used_count;
	struct virtio_net_buffer buf[VIRTQ_SIZE_MAX];
	struct virtq_used used[VIRTQ_SIZE_MAX];
	struct iovec iov[VIRTIO_NET_RX_SEGMENTS + 1];
	struct virtq_chain chain;
};

/**
 * virtio_net_rx_serve() - move frames from the backend to the driver, a bounded number
 * @rx:      its members above @room are set
 * @backend: where frames come from
 * @more:    set if there may be more at once
 *
 * Return: 0; -errno if the backend has come to its end.
 */
int virtio_net_rx_serve(struct virtio_net_rx *rx, struct net_backend *backend, bool *more);

/**
 * virtio_net_rx_has_room() - is it worth waiting for a frame?
 * @rx: the queue
 *
 * Return: true; false if the driver has to give buffers first.
 */
bool virtio_net_rx_has_room(const struct virtio_net_rx *rx);

/**
 * virtio_net_rx_stop_waiting() - no frame waits for buffers any more
 * @rx: the queue
 */
void virtio_net_rx_stop_waiting(struct virtio_net_rx *rx);

/**
 * virtio_net_rx_put_back() - let go of all buffers that hold no frame
 * @rx: the queue
 *
 * Context: while the I/O thread does not use the queue.
 */
void virtio_net_rx_put_back(struct virtio_net_rx *rx);

#endif /* VMM_DEVICES_VIRTIO_NET_RX_H */
