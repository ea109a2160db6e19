/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's disks. */
#include <stdio.h>
#include <string.h>
#include "machine/board_internal.h"
#include "platform/layout.h"

/* All queues share one interrupt, so more gain little. */
#define QUEUE_COUNT_DEFAULT 1

static void disk_reset(void *dev)
{
	struct virtio_blk *disk = dev;

	virtio_mmio_reset(&disk->mmio);
	virtio_blk_resume(disk);
}

static void disk_drain(void *dev)
{
	virtio_blk_drain(dev);
}

static int disk_flush(void *dev, struct vmm_error *error)
{
	struct virtio_blk *disk = dev;
	int ret = virtio_blk_flush(disk);

	if (ret != 0) {
		vmm_error_set(error,
			      "disk %s could not be flushed: %s; what the guest wrote last may be "
			      "lost, so check the file system it is on",
			      disk->setup.path, strerror(-ret));
	}
	return ret;
}

/* Whoever copies the file meanwhile finds all of it there. */
static void disk_pause(void *dev, bool paused)
{
	struct virtio_blk *disk = dev;
	struct vmm_error error;

	if (!paused) {
		virtio_blk_resume(disk);
		return;
	}
	virtio_blk_drain(disk);
	if (disk_flush(disk, &error) != 0 && disk->setup.log != NULL) {
		disk->setup.log(disk->setup.log_ctx, error.text);
	}
}

static void disk_destroy(void *dev)
{
	virtio_blk_destroy(dev);
}

static const struct device_ops disk_ops = {
	.reset = disk_reset,
	.pause = disk_pause,
	.drain = disk_drain,
	.flush = disk_flush,
	.destroy = disk_destroy,
};

static int add_disk(struct board *board, unsigned n, struct vmm_error *error)
{
	char serial[VIRTIO_BLK_SERIAL_BYTES];
	const struct device device = {
		.name = "virtio-blk",
		.ops = &disk_ops,
		.dev = &board->disks[n],
		.fd = DEVICE_NO_FD,
		.intid = LAYOUT_VIRTIO_SLOT_INTID(BOARD_DISK_SLOT(n)),
	};
	const struct virtio_blk_setup setup = {
		.path = board->config.disks[n].path,
		.read_only = board->config.disks[n].read_only,
		.discard = board->config.disks[n].discard,
		.queue_count = board->config.disks[n].queue_count != 0
				       ? board->config.disks[n].queue_count
				       : QUEUE_COUNT_DEFAULT,
		.aio = board->config.disks[n].aio,
		.look_only = board->config.look_only,
		.serial = serial,
		.log = board->config.log,
		.log_ctx = board->config.ctx,
		.gate = &board->gate,
		.irq = board_wire(board, device.intid),
	};
	int ret;

	(void)snprintf(serial, sizeof(serial), "torpor-disk%u", n);
	ret = virtio_blk_init(&board->disks[n], &setup, &board->config.ram, error);
	if (ret != 0) {
		return ret;
	}
	ret = board_add(board, &device);
	if (ret == 0) {
		ret = board_map_virtio(board, device.name, BOARD_DISK_SLOT(n),
				       &board->disks[n].mmio);
	}
	return board_failed(ret, device.name, error);
}

int board_add_disks(struct board *board, struct vmm_error *error)
{
	int ret = write_gate_init(&board->gate, board->config.first_write, board->config.ctx);

	board->has_gate = ret == 0;
	if (ret != 0) {
		return board_failed(ret, "disks", error);
	}

	for (unsigned n = 0; ret == 0 && n < board->config.disk_count; n++) {
		ret = add_disk(board, n, error);
	}
	return ret;
}

bool board_disk_written(const struct board *board, size_t disk, uint64_t from, uint64_t *offset,
			uint64_t *len_bytes)
{
	return dirty_map_next(&board->disks[disk].written, from, offset, len_bytes);
}
