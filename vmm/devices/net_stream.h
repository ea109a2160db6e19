/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames over a Unix stream socket, as passt and QEMU's "-netdev stream" speak: before each frame
 * its length in 32 bits, big-endian.
 *
 * The peer may cut the stream anywhere; a length that no frame can have ends it, as what follows
 * cannot be told apart any more. The peer's end is the backend's end. One that was connected by
 * name can be connected again.
 */
#ifndef VMM_DEVICES_NET_STREAM_H
#define VMM_DEVICES_NET_STREAM_H

#include "devices/net_backend.h"
#include "error.h"

/* What a socket is asked to hold. */
#define NET_STREAM_SOCKET_BYTES (1 << 20)

/* VIRTIO_NET_F_*: the protocol has no headers. Part of the machine type. */
#define NET_STREAM_OFFERS UINT64_C(0)

/**
 * net_stream_connect() - connect to a listening socket
 * @path: its name; copied
 * @out:  the backend; free it with its destroy op
 * @err:  one line that names the socket
 *
 * Context: any thread; does not wait for the peer to accept.
 * Return: 0; -ENAMETOOLONG; -ENOMEM; -errno of socket() or connect().
 */
int net_stream_connect(const char *path, struct net_backend **out, struct vmm_error *err);

/**
 * net_stream_adopt() - use a connected socket
 * @fd:   the socket; the backend's once 0 is returned
 * @name: for messages
 * @out:  the backend; free it with its destroy op
 *
 * Context: any thread.
 * Return: 0; -ENOMEM.
 */
int net_stream_adopt(int fd, const char *name, struct net_backend **out);

#endif /* VMM_DEVICES_NET_STREAM_H */
