/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio block device on a file of its own, with a driver for its first queue. Each test runs
 * once a kind of I/O.
 */
#ifndef TESTS_VMM_BLK_RIG_H
#define TESTS_VMM_BLK_RIG_H

#include "check.h"

#include <linux/virtio_blk.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "devices/virtio_blk.h"
#include "temp_file.h"
#include "virtio_driver.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define SECTORS 64
#define DISK_BYTES (SECTORS * 512)
#define HEADER_IPA DRIVER_DATA_IPA
#define STATUS_IPA (DRIVER_DATA_IPA + 0x100)
#define BUFFER_IPA (DRIVER_DATA_IPA + 0x1000)
#define BUFFER_SIZE 0x30000
#define FEATURE(b) (UINT64_C(1) << (b))
#define NO_ANSWER 0xEEU

struct fixture {
	struct temp_dir dir;
	char path[128];
	struct driver driver;
	struct virtio_blk_setup setup;
	struct virtio_blk blk;
	struct irq_probe irq;
	unsigned lines;
	char line[256];
};

int blk_rig_setup_threads(void **state);
int blk_rig_setup_uring(void **state);
int blk_rig_teardown(void **state);

/* Another device in its place, of f->setup, with another driver. */
void blk_rig_restart(struct fixture *f, uint64_t features);

uint8_t *blk_rig_buffer(struct fixture *f);
uint8_t *blk_rig_status(struct fixture *f);

/* Header, data (if any), status: the shape that Linux uses; offered, not notified. */
void blk_rig_prepare(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len_bytes,
		     bool write);

/* The same, to its answer. */
uint8_t blk_rig_request(struct fixture *f, uint32_t type, uint64_t sector, uint32_t len_bytes,
			bool write);
uint8_t blk_rig_read(struct fixture *f, uint64_t sector, uint32_t len_bytes);
uint8_t blk_rig_write(struct fixture *f, uint64_t sector, uint32_t len_bytes);

/*
 * Accesses to the file fail from now on: because @path is in its place, if not NULL, or, in the
 * ring, as it says that they do, once @good have succeeded. Until blk_rig_mend().
 */
void blk_rig_break(struct fixture *f, const char *path, unsigned good, int error);
void blk_rig_mend(struct fixture *f);

/* The ring says this of the next access, whatever it did; only for io_uring. */
void blk_rig_next_result(int res);

/* Called on the device's thread ahead of each write to the file; set while it has none to do. */
void blk_rig_on_write(void (*hook)(void *ctx), void *ctx);

/* io_uring_queue_init() fails with that from now on; 0: it does what it does. */
void blk_rig_no_uring(int error);

/* A test of both kinds, and one that is about the ring alone. */
#define BLK_TEST_URING(test)                                                                       \
	{                                                                                          \
#test " (io_uring)", test, blk_rig_setup_uring, blk_rig_teardown, NULL             \
	}
#define BLK_TEST(test)                                                                             \
	{#test " (threads)", test, blk_rig_setup_threads, blk_rig_teardown, NULL},                 \
		BLK_TEST_URING(test)

#endif /* TESTS_VMM_BLK_RIG_H */
