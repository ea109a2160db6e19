/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio block device over a raw file.
 *
 * One worker thread a disk carries out requests in the order in which the driver queued them, so
 * vCPUs never wait for the host's storage. A flush that the guest is told has succeeded means that
 * all it wrote before is on the medium; a guest that has not negotiated flushes has each write put
 * there before it is told.
 *
 * The caller owns the struct, which must not move between virtio_blk_init() and
 * virtio_blk_destroy(). Its @mmio is the transport: put that on the bus, and reset it with
 * virtio_mmio_reset().
 */
#ifndef VMM_DEVICES_VIRTIO_BLK_H
#define VMM_DEVICES_VIRTIO_BLK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/disk_file.h"
#include "devices/virtio_mmio.h"
#include "error.h"

#define VIRTIO_BLK_SERIAL_BYTES 20

/**
 * struct virtio_blk_setup - a disk
 * @path:      raw image or block device; borrowed for the life of the disk
 * @read_only: the guest may not write
 * @serial:    what the guest reads as the disk's serial number, up to VIRTIO_BLK_SERIAL_BYTES
 *             bytes; NULL or empty for none; copied
 * @log:       told one line, without a newline, about the first failed access to the file, once a
 *             disk, on the disk's worker thread. NULL: not told
 * @log_ctx:   first argument of @log
 * @irq:       the transport's interrupt
 */
struct virtio_blk_setup {
	const char *path;
	bool read_only;
	const char *serial;
	void (*log)(void *ctx, const char *msg);
	void *log_ctx;
	struct irq_line irq;
};

/**
 * struct virtio_blk - a disk; members but @mmio are its own
 * @mmio:         the transport
 * @file:         the open file
 * @setup:        as given
 * @serial:       padded with zeros
 * @worker:       the thread
 * @lock:         guards all below; never held while the transport or the file is used
 * @changed:      something below has changed
 * @kicked:       requests may be waiting
 * @busy:         the worker is in the middle of a request, or between two
 * @ending:       the worker is to end
 * @draining:     nothing more is taken once @budget requests have been
 * @budget:       requests that a drain may still take
 * @logged:       @log has been called
 * @flush_errno:  the first failure of a flush, as a positive errno, or 0
 * @chain:        the worker's request
 */
struct virtio_blk {
	struct virtio_mmio mmio;
	struct disk_file file;
	struct virtio_blk_setup setup;
	uint8_t serial[VIRTIO_BLK_SERIAL_BYTES];
	pthread_t worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool kicked;
	bool busy;
	bool ending;
	bool draining;
	unsigned budget;
	bool logged;
	int flush_errno;
	struct virtq_chain chain;
};

/**
 * virtio_blk_init() - open the file and start the worker
 * @blk:    filled; destroy it with virtio_blk_destroy()
 * @setup: copied, but see its members
 * @ram:    copied; the memory must outlive the disk
 * @err:    one line that names the file
 *
 * Context: before any other call. The worker has all signals blocked.
 * Return: 0; -errno, see disk_file_open().
 */
int virtio_blk_init(struct virtio_blk *blk, const struct virtio_blk_setup *setup,
		    const struct guest_ram *ram, struct vmm_error *err);

/**
 * virtio_blk_destroy() - end the worker and close the file
 * @blk: set up; not to be used afterwards
 *
 * The request in progress is completed, others are left. Flushes nothing: see virtio_blk_flush().
 *
 * Context: no other thread uses the disk.
 */
void virtio_blk_destroy(struct virtio_blk *blk);

/**
 * virtio_blk_drain() - complete what the driver has queued, then take nothing more
 * @blk: set up
 *
 * Also what the driver has queued without a notification. A driver that goes on queueing is cut
 * off after one queue's worth.
 *
 * Context: any thread, best with all vCPUs stopped; blocks until done. Repeating it is harmless.
 */
void virtio_blk_drain(struct virtio_blk *blk);

/**
 * virtio_blk_resume() - take requests again after virtio_blk_drain()
 * @blk: set up
 *
 * Context: any thread.
 */
void virtio_blk_resume(struct virtio_blk *blk);

/**
 * virtio_blk_flush() - have all that the guest has written on the medium
 * @blk: set up
 *
 * Once a flush has failed, the guest's or this one, the host may have dropped the data, and a
 * later success would say nothing about it: then every further call returns that first failure.
 *
 * Context: any thread, after virtio_blk_drain(); blocks.
 * Return: 0; -errno.
 */
int virtio_blk_flush(struct virtio_blk *blk);

#endif /* VMM_DEVICES_VIRTIO_BLK_H */
