/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's side of a network device: where the guest's frames go and where its own come from.
 *
 * A network device calls it on its I/O thread alone, and waits for @fd with poll(). A frame is an
 * Ethernet frame without its check sum; on the guest's side a struct virtio_net_hdr_v1 stands
 * before it.
 */
#ifndef VMM_DEVICES_NET_BACKEND_H
#define VMM_DEVICES_NET_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linux/virtio_net.h>

#define NET_HEADER_BYTES sizeof(struct virtio_net_hdr_v1)
/* An Ethernet header; and a packet of 64 KiB, with room for that and a few tags. */
#define NET_FRAME_BYTES_MIN 14
#define NET_FRAME_BYTES_MAX (0x10000 + 64)

/**
 * struct net_frame - a frame that the guest sends
 * @prefix:    what goes before the frame: at first the guest's header, checked; the backend may put
 *             something of its own there
 * @iov:       the first entry is for the backend, to point it to @prefix; then the frame
 * @iov_count: entries, the first included
 * @len_bytes: of the frame, from NET_FRAME_BYTES_MIN to NET_FRAME_BYTES_MAX
 */
struct net_frame {
	union {
		struct virtio_net_hdr_v1 header;
		uint8_t bytes[NET_HEADER_BYTES];
	} prefix;
	struct iovec *iov;
	unsigned iov_count;
	size_t len_bytes;
};

/**
 * struct net_backend_ops - what a backend does; never blocks
 * @send:     take frames. The entries of all of them lie in one array, one frame after the other;
 *            may change entries. With no frames: only get on with what is unsent. Returns how many
 *            it has taken, with frames at least 1 (a frame that cannot be sent is lost, as on a
 *            wire); -EAGAIN if none, to be called again when @fd is writable; another -errno if the
 *            backend has come to its end
 * @receive:  store the next frame with its header into the @count segments. Entry @count of @iov
 *            may be used meanwhile, and is put back. Returns bytes stored, header included;
 *            -EAGAIN if there is none; -EMSGSIZE if it is longer than the segments, and is kept;
 *            another -errno if the backend has come to its end
 * @drop:     forget the frame that @receive has last said -EMSGSIZE of
 * @features: the driver has accepted these feature bits, of all; told anew after each reset
 * @revive:   after its end: begin again. Returns 0, with a new @fd maybe; -errno. NULL: it cannot
 * @destroy:  free it
 */
struct net_backend_ops {
	int (*send)(void *ctx, struct net_frame *frames, unsigned count);
	ssize_t (*receive)(void *ctx, struct iovec *iov, unsigned count);
	void (*drop)(void *ctx);
	void (*features)(void *ctx, uint64_t features);
	int (*revive)(void *ctx);
	void (*destroy)(void *ctx);
};

/**
 * struct net_backend - a backend; the network device reads it, the backend changes it
 * @ops:     borrowed
 * @ctx:     first argument of the ops
 * @fd:      to wait for
 * @offers:  VIRTIO_NET_F_* that it can do, as a mask
 * @unsent:  a part of a frame that was taken is still to be sent: @send when @fd is writable
 * @name:    for messages, such as "tap tap0"
 */
struct net_backend {
	const struct net_backend_ops *ops;
	void *ctx;
	int fd;
	uint64_t offers;
	bool unsent;
	char name[128];
};

#endif /* VMM_DEVICES_NET_BACKEND_H */
