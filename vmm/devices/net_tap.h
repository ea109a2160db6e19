/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames through a tap interface of the host, with check sums and segmentation left to it
 * (IFF_VNET_HDR).
 *
 * The interface is made, addressed, bridged and brought up by the host's administrator. One that
 * is down loses frames; one that is removed is the backend's end.
 */
#ifndef VMM_DEVICES_NET_TAP_H
#define VMM_DEVICES_NET_TAP_H

#include <linux/virtio_net.h>

#include "devices/net_backend.h"
#include "error.h"

/* VIRTIO_NET_F_* of all taps, whatever the host: part of the machine type. */
#define NET_TAP_OFFERS                                                                             \
	(UINT64_C(1) << VIRTIO_NET_F_CSUM | UINT64_C(1) << VIRTIO_NET_F_GUEST_CSUM |               \
	 UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO4 | UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO6 |         \
	 UINT64_C(1) << VIRTIO_NET_F_GUEST_ECN | UINT64_C(1) << VIRTIO_NET_F_HOST_TSO4 |           \
	 UINT64_C(1) << VIRTIO_NET_F_HOST_TSO6 | UINT64_C(1) << VIRTIO_NET_F_HOST_ECN)

/**
 * net_tap_open() - attach to an interface that exists
 * @ifname: its name
 * @out:    the backend; free it with its destroy op
 * @err:    one line that names the interface
 *
 * Context: any thread.
 * Return: 0; -ENODEV if there is no such interface; -ENOMEM; -errno of open() or of an ioctl.
 */
int net_tap_open(const char *ifname, struct net_backend **out, struct vmm_error *err);

/**
 * net_tap_adopt() - use a descriptor of a tap or macvtap interface that another program opened
 * @fd:  the descriptor, with IFF_VNET_HDR; the backend's once 0 is returned
 * @out: the backend; free it with its destroy op
 * @err: one line that names the descriptor
 *
 * Context: any thread.
 * Return: 0; -EBADF; -EINVAL if it is no such descriptor; -ENOMEM; -errno of an ioctl.
 */
int net_tap_adopt(int fd, struct net_backend **out, struct vmm_error *err);

#endif /* VMM_DEVICES_NET_TAP_H */
