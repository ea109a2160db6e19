/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio block device over a raw file.
 *
 * Its requests are carried out off the vCPUs, which never wait for the host's storage: by a thread
 * a queue, one request of a queue after the other, or by io_uring, fed by one thread for all
 * queues, as many at a time as there are; that thread itself makes what would only be handed to
 * another, such as writes to a file. Either way a request that the guest is told has succeeded
 * is done, and a flush that it is told has succeeded means that all writes it had been told of
 * before are on the medium; a guest that has not negotiated flushes has each write put there before
 * it is told.
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

#include "devices/dirty_map.h"
#include "devices/disk_file.h"
#include "devices/virtio_mmio.h"
#include "devices/write_gate.h"
#include "error.h"

#define VIRTIO_BLK_SERIAL_BYTES 20
#define VIRTIO_BLK_QUEUES_MAX VIRTIO_MMIO_QUEUES_MAX

/**
 * struct virtio_blk_setup - a disk
 * @path:        raw image or block device; borrowed for the life of the disk
 * @read_only:   the guest may not write
 * @discard:     the guest may free the disk's space on the host
 * @queue_count: 1 .. VIRTIO_BLK_QUEUES_MAX
 * @aio:         how requests are carried out
 * @look_only:   it is only looked at: the file is neither locked nor written to, and no request
 *               is ever carried out
 * @serial:      what the guest reads as the disk's serial number, up to VIRTIO_BLK_SERIAL_BYTES
 *               bytes; NULL or empty for none; copied
 * @log:         told one line, without a newline, about the first failed access to the file, once a
 *               disk, on a thread of the disk. NULL: not told
 * @log_ctx:     first argument of @log
 * @gate:        what each write, discard and zeroing passes first: one that it does not let through
 *               fails, and that is not told to @log. Borrowed; NULL for none
 * @irq:         the transport's interrupt
 */
struct virtio_blk_setup {
	const char *path;
	bool read_only;
	bool discard;
	unsigned queue_count;
	enum disk_aio aio;
	bool look_only;
	const char *serial;
	void (*log)(void *ctx, const char *msg);
	void *log_ctx;
	struct write_gate *gate;
	struct irq_line irq;
};

struct blk_worker;

/**
 * struct virtio_blk - a disk; members but @mmio are its own
 * @mmio:         the transport
 * @file:         the open file
 * @setup:        as given
 * @serial:       padded with zeros
 * @written:      what the guest has written, discarded or zeroed
 * @aio:          what @setup's came to
 * @workers:      the threads
 * @worker_count: one a queue, or one
 * @lock:         guards all below, and parts of the workers; never held while the transport or the
 *                file is used
 * @changed:      something that it guards has changed
 * @ending:       the workers are to end; atomic, as what takes long looks at it without the lock
 * @draining:     nothing more is taken than each worker's budget
 * @logged:       @log has been called
 * @flush_errno:  the first failure of a flush, as a positive errno, or 0
 */
struct virtio_blk {
	struct virtio_mmio mmio;
	struct disk_file file;
	struct virtio_blk_setup setup;
	uint8_t serial[VIRTIO_BLK_SERIAL_BYTES];
	struct dirty_map written;
	enum disk_aio aio;
	struct blk_worker *workers;
	unsigned worker_count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ending;
	bool draining;
	bool logged;
	int flush_errno;
};

/**
 * virtio_blk_init() - open the file and start the threads
 * @blk:   filled; destroy it with virtio_blk_destroy()
 * @setup: copied, but see its members
 * @ram:   copied; the memory must outlive the disk
 * @err:   one line that names the file
 *
 * Context: before any other call. The threads have all signals blocked.
 * Return: 0; -errno, see disk_file_open(); -EINVAL for a bad number of queues; -errno if io_uring
 * was asked for and the host does not give it.
 */
int virtio_blk_init(struct virtio_blk *blk, const struct virtio_blk_setup *setup,
		    const struct guest_ram *ram, struct vmm_error *err);

/**
 * virtio_blk_destroy() - end the threads and close the file
 * @blk: set up; not to be used afterwards
 *
 * The requests in progress are completed, or fail where zeros are being written; others are left.
 * Flushes nothing: see virtio_blk_flush().
 *
 * Context: no other thread uses the disk.
 */
void virtio_blk_destroy(struct virtio_blk *blk);

/**
 * virtio_blk_drain() - complete what the driver has queued, then take nothing more
 * @blk: set up
 *
 * In all queues, also what the driver has queued without a notification. A driver that goes on
 * queueing is cut off after one queue's worth a queue.
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
