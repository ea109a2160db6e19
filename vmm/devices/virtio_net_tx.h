/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transmit queue of a network device: from the guest to the host.
 *
 * Frames are sent from where they lie in guest RAM, several at a time. What the backend does not
 * take yet stays in the queue. On the device's I/O thread alone.
 */
#ifndef VMM_DEVICES_VIRTIO_NET_TX_H
#define VMM_DEVICES_VIRTIO_NET_TX_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/net_backend.h"
#include "devices/virtio_mmio.h"

#define VIRTIO_NET_TX_QUEUE 1
#define VIRTIO_NET_TX_FRAMES 64
/* As many as one system call takes. */
#define VIRTIO_NET_TX_SEGMENTS 1024

/**
 * struct virtio_net_tx - the queue
 * @mmio:        the device's transport
 * @features:    that the driver has accepted
 * @blocked:     frames wait until the backend is writable
 * @more:        there may be more that can be sent at once
 * @frame_count: frames in @frame
 * @iov_count:   entries in @iov
 * @frame:       taken; one without entries is to be lost
 * @used:        their requests
 * @iov:         entries of the frames, in their order
 * @chain:       the request that is being taken
 */
struct virtio_net_tx {
	struct virtio_mmio *mmio;
	uint64_t features;
	bool blocked;
	bool more;
	unsigned frame_count;
	unsigned iov_count;
	struct net_frame frame[VIRTIO_NET_TX_FRAMES];
	struct virtq_used used[VIRTIO_NET_TX_FRAMES];
	struct iovec iov[VIRTIO_NET_TX_SEGMENTS];
	struct virtq_chain chain;
};

/**
 * virtio_net_tx_serve() - move frames from the driver to the backend, a bounded number
 * @tx:      its members above @frame_count are set
 * @backend: where they go; NULL: they are lost
 * @max:     frames at most; up to VIRTIO_NET_TX_FRAMES count
 * @moved:   set to how many it was
 *
 * Return: 0; -errno if the backend has come to its end.
 */
int virtio_net_tx_serve(struct virtio_net_tx *tx, struct net_backend *backend, unsigned max,
			unsigned *moved);

#endif /* VMM_DEVICES_VIRTIO_NET_TX_H */
