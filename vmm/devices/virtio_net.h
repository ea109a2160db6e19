/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio network device: one pair of queues, and a backend behind them.
 *
 * One I/O thread a device moves frames both ways in batches; vCPUs only wake it. It waits for the
 * backend only while the driver has given buffers, so a guest that sleeps or takes nothing costs
 * nothing. When the backend comes to its end the driver sees its link go down, and what it sends
 * is lost; a backend that can begin again is tried once a second.
 *
 * The caller owns the struct, which must not move between virtio_net_init() and
 * virtio_net_destroy(). Its @mmio is the transport: put that on the bus, and reset it with
 * virtio_mmio_reset().
 */
#ifndef VMM_DEVICES_VIRTIO_NET_H
#define VMM_DEVICES_VIRTIO_NET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/net_backend.h"
#include "devices/virtio_mmio.h"
#include "devices/virtio_net_rx.h"
#include "devices/virtio_net_tx.h"
#include "error.h"

#define VIRTIO_NET_MAC_BYTES 6
/* What a driver may be told of; the least is that of IPv4. */
#define VIRTIO_NET_MTU_MIN 68
#define VIRTIO_NET_MTU_MAX 65535

/**
 * struct virtio_net_setup - a network device
 * @backend: its own once virtio_net_init() has returned 0
 * @mac:     its address
 * @mtu:     the longest packet that the driver may send, from VIRTIO_NET_MTU_MIN on; 0: not told
 * @log:     told one line, without a newline, about the backend's end and new beginning, a limited
 *           number in all, on the I/O thread. NULL: not told
 * @log_ctx: first argument of @log
 * @irq:     the transport's interrupt
 */
struct virtio_net_setup {
	struct net_backend *backend;
	uint8_t mac[VIRTIO_NET_MAC_BYTES];
	uint16_t mtu;
	void (*log)(void *ctx, const char *msg);
	void *log_ctx;
	struct irq_line irq;
};

/**
 * struct virtio_net - a device; members but @mmio are its own
 * @mmio:       the transport
 * @setup:      as given
 * @rx:         of the I/O thread, and of the quiesce op while that thread does nothing
 * @tx:         likewise
 * @negotiated: likewise: rx, tx and backend know the driver's features
 * @again:      of the I/O thread: there is more to do at once
 * @revive_ns:  of the I/O thread: when to try the backend again that has come to its end
 * @log_left:   of the I/O thread: lines that @log may still be told
 * @link_up:    changed by the I/O thread, read by any
 * @wake_fd:    eventfd: look at what is below
 * @io:         the I/O thread
 * @lock:       guards all below; never held while the backend is used, and only by the quiesce op
 *              while the transport is, whose own lock comes after it
 * @changed:    something below has changed
 * @busy:       the I/O thread uses the queues
 * @ending:     it is to end
 * @draining:   it is to send what is queued
 * @drained:    it has, and takes nothing more
 */
struct virtio_net {
	struct virtio_mmio mmio;
	struct virtio_net_setup setup;
	struct virtio_net_rx rx;
	struct virtio_net_tx tx;
	bool negotiated;
	bool again;
	uint64_t revive_ns;
	unsigned log_left;
	bool link_up;
	int wake_fd;
	pthread_t io;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool busy;
	bool ending;
	bool draining;
	bool drained;
};

/**
 * virtio_net_init() - make the device and start its I/O thread
 * @net:   filled; destroy it with virtio_net_destroy()
 * @setup: copied
 * @ram:   copied; the memory must outlive the device
 * @err:   one line that names the backend
 *
 * Context: before any other call. The thread has all signals blocked.
 * Return: 0; -errno, and the backend is still the caller's.
 */
int virtio_net_init(struct virtio_net *net, const struct virtio_net_setup *setup,
		    const struct guest_ram *ram, struct vmm_error *err);

/**
 * virtio_net_destroy() - end the I/O thread and the backend
 * @net: set up; not to be used afterwards
 *
 * Context: no other thread uses the device.
 */
void virtio_net_destroy(struct virtio_net *net);

/**
 * virtio_net_drain() - send what the driver has queued, then move nothing more either way
 * @net: set up
 *
 * Does not wait for a backend that takes nothing: such frames are left. A driver that goes on
 * queueing is cut off after one queue's worth.
 *
 * Context: any thread, best with all vCPUs stopped; blocks until done. Repeating it is harmless.
 */
void virtio_net_drain(struct virtio_net *net);

/**
 * virtio_net_resume() - move frames again after virtio_net_drain()
 * @net: set up
 *
 * Context: any thread.
 */
void virtio_net_resume(struct virtio_net *net);

#endif /* VMM_DEVICES_VIRTIO_NET_H */
