/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device of the host's kernel that carries out a virtio device's queues by itself (vhost).
 *
 * While a ring is started, the kernel reads and writes guest RAM behind this process's back.
 * Whoever stops the device as a whole has to do so before that memory is used for something else;
 * vhost_close() stops it in any case.
 *
 * The caller owns the struct and lets one thread at a time call these functions.
 */
#ifndef VMM_DEVICES_VHOST_H
#define VMM_DEVICES_VHOST_H

#include <stdint.h>

#include "devices/virtq.h"
#include "platform/ram.h"

/**
 * struct vhost - an open device; members are its own
 * @fd:       the device, or -1
 * @features: what it can do, feature bits of virtio
 */
struct vhost {
	int fd;
	uint64_t features;
};

/**
 * struct vhost_ring - one queue
 * @index:   its number in the device
 * @virtq:   started; copied
 * @kick_fd: eventfd by which the driver's notifications come
 * @call_fd: eventfd that is signalled when the driver is to be interrupted
 */
struct vhost_ring {
	unsigned index;
	const struct virtq *virtq;
	int kick_fd;
	int call_fd;
};

/**
 * vhost_open() - open a device and give it the guest's memory
 * @vhost: filled on success; close it with vhost_close()
 * @path:  of the device, as "/dev/vhost-vsock"
 * @ram:   the guest's memory; it stays where it is until vhost_close()
 *
 * Return: 0; -errno of open(), or of what the device refused.
 */
int vhost_open(struct vhost *vhost, const char *path, const struct guest_ram *ram);

/**
 * vhost_close() - close the device; the kernel has then let go of guest RAM
 * @vhost: opened, or closed already
 */
void vhost_close(struct vhost *vhost);

/**
 * vhost_set_features() - what the driver has negotiated
 * @vhost:    opened, no ring is started
 * @features: those of the device's own that the driver has accepted
 *
 * Return: 0 or -errno.
 */
int vhost_set_features(struct vhost *vhost, uint64_t features);

/**
 * vhost_ring_start() - give a ring to the kernel
 * @vhost: opened
 * @ring:  goes on where its virtq is
 *
 * Nothing is done with it until the device as a whole is told to run, in its own way.
 *
 * Return: 0 or -errno.
 */
int vhost_ring_start(struct vhost *vhost, const struct vhost_ring *ring);

/**
 * vhost_ring_complete() - take no further notifications, and do what has come by those so far
 * @vhost: opened
 * @index: of the ring
 *
 * Return: 0 or -errno.
 */
int vhost_ring_complete(struct vhost *vhost, unsigned index);

/**
 * vhost_ring_position() - where a ring that was stopped is
 * @vhost:    opened; the device as a whole does not run
 * @index:    of the ring
 * @avail_at: filled: requests taken so far, modulo 2^16
 *
 * Return: 0 or -errno.
 */
int vhost_ring_position(struct vhost *vhost, unsigned index, uint16_t *avail_at);

#endif /* VMM_DEVICES_VHOST_H */
