/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio socket device, carried out by the host's kernel (vhost): sockets of family AF_VSOCK
 * between the guest, which has a context id (CID) of its own, and the host, whose CID is 2.
 *
 * The transport keeps registers and negotiation; the kernel has the two queues of packets from the
 * moment the driver is ready until the device is quiesced, and interrupts by @call_fd, for which
 * the main thread waits. The event queue is never used: it is for a guest that goes on while its
 * connections are gone, and Linux resets them itself before it suspends or hibernates.
 *
 * The caller owns the struct, which must not move between vhost_vsock_init() and
 * vhost_vsock_destroy(). Its @mmio is the transport: put that on the bus.
 */
#ifndef VMM_DEVICES_VHOST_VSOCK_H
#define VMM_DEVICES_VHOST_VSOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/vhost.h"
#include "devices/virtio_mmio.h"
#include "error.h"

/* 0 to 2 are reserved, and so is all ones. */
#define VHOST_VSOCK_CID_MIN UINT32_C(3)
#define VHOST_VSOCK_CID_MAX UINT32_C(0xFFFFFFFE)

/**
 * struct vhost_vsock_setup - a socket device
 * @guest_cid: the guest's CID, VHOST_VSOCK_CID_MIN to VHOST_VSOCK_CID_MAX
 * @look_only: it is only looked at: nothing of the host is opened, and no driver will come
 * @log:       told one line, without a newline, when the kernel first refuses something, on any
 *             thread. NULL: not told
 * @log_ctx:   first argument of @log
 * @irq:       the transport's interrupt
 */
struct vhost_vsock_setup {
	uint32_t guest_cid;
	bool look_only;
	void (*log)(void *ctx, const char *msg);
	void *log_ctx;
	struct irq_line irq;
};

/**
 * struct vhost_vsock - a socket device; members but @mmio and @call_fd are its own
 * @mmio:    the transport
 * @call_fd: readable when vhost_vsock_called() is due
 * @setup:   as given
 * @lock:    guards all below; taken before the transport's
 * @vhost:   the kernel's device
 * @running: the kernel has the queues
 * @drained: it is not to get them until the next reset
 * @logged:  @log has been called
 */
struct vhost_vsock {
	struct virtio_mmio mmio;
	int call_fd;
	struct vhost_vsock_setup setup;
	pthread_mutex_t lock;
	struct vhost vhost;
	bool running;
	bool drained;
	bool logged;
};

/**
 * vhost_vsock_init() - set up a socket device and claim its CID
 * @vsock: filled; destroy it with vhost_vsock_destroy()
 * @setup: copied
 * @ram:   copied; the memory must outlive the device
 * @err:   one line that names the option and says what would mend it; bad_input if the CID is
 *         another machine's
 *
 * Context: before any other call.
 * Return: 0; -ENOENT, -ENODEV or -ENXIO where the host has no such device; -EADDRINUSE if the CID
 * is taken; another -errno of the kernel's.
 */
int vhost_vsock_init(struct vhost_vsock *vsock, const struct vhost_vsock_setup *setup,
		     const struct guest_ram *ram, struct vmm_error *err);

/**
 * vhost_vsock_destroy() - give up the CID, and free what vhost_vsock_init() took
 * @vsock: set up; not to be used afterwards
 *
 * Sockets of the host that are connected to the guest get ECONNRESET.
 *
 * Context: no other thread uses the device.
 */
void vhost_vsock_destroy(struct vhost_vsock *vsock);

/**
 * vhost_vsock_called() - interrupt the guest, if the kernel wants it
 * @vsock: set up
 *
 * Context: one thread, when @call_fd is readable.
 */
void vhost_vsock_called(struct vhost_vsock *vsock);

/**
 * vhost_vsock_drain() - send what the guest has queued, then nothing more until the next reset
 * @vsock: set up
 *
 * Context: no vCPU runs.
 */
void vhost_vsock_drain(struct vhost_vsock *vsock);

/**
 * vhost_vsock_reset() - put the device into its reset state; the CID stays
 * @vsock: set up
 *
 * Context: as virtio_mmio_reset().
 */
void vhost_vsock_reset(struct vhost_vsock *vsock);

#endif /* VMM_DEVICES_VHOST_VSOCK_H */
