/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio entropy device, from the host's getrandom().
 *
 * The caller owns the struct, which must not move between virtio_rng_init() and
 * virtio_rng_destroy(). Its @mmio is the transport: put that on the bus, and reset it with
 * virtio_mmio_reset(). There is no thread: requests are served on the vCPU that makes them, each
 * with at most VIRTIO_RNG_REQUEST_BYTES bytes, as the driver asks again for more. What is more than
 * a vCPU should be kept for goes on in virtio_rng_dispatch(), in the main loop.
 */
#ifndef VMM_DEVICES_VIRTIO_RNG_H
#define VMM_DEVICES_VIRTIO_RNG_H

#include <pthread.h>

#include "devices/virtio_mmio.h"

#define VIRTIO_RNG_REQUEST_BYTES 4096

/**
 * struct virtio_rng - an entropy source; members but @mmio are its own
 * @mmio:     the transport
 * @lock:     held while a request is served
 * @event_fd: eventfd: there may be requests left for the main loop
 * @chain:    the request being served
 */
struct virtio_rng {
	struct virtio_mmio mmio;
	pthread_mutex_t lock;
	int event_fd;
	struct virtq_chain chain;
};

/**
 * virtio_rng_init() - set up an entropy source
 * @rng: filled; destroy it with virtio_rng_destroy()
 * @ram: copied; the memory must outlive the device
 * @irq: copied
 *
 * Context: before any other call.
 * Return: 0; -errno of eventfd() or pthread_mutex_init().
 */
int virtio_rng_init(struct virtio_rng *rng, const struct guest_ram *ram,
		    const struct irq_line *irq);

/**
 * virtio_rng_destroy() - free what virtio_rng_init() took
 * @rng: set up; not to be used afterwards
 *
 * Context: no other thread uses the device.
 */
void virtio_rng_destroy(struct virtio_rng *rng);

/**
 * virtio_rng_fd() - readable when virtio_rng_dispatch() has something to do
 * @rng: set up, keeps owning the descriptor
 *
 * Return: the descriptor, the same for the device's life.
 */
int virtio_rng_fd(const struct virtio_rng *rng);

/**
 * virtio_rng_dispatch() - go on with requests
 * @rng: set up
 *
 * Context: any thread; does not wait.
 */
void virtio_rng_dispatch(struct virtio_rng *rng);

#endif /* VMM_DEVICES_VIRTIO_RNG_H */
