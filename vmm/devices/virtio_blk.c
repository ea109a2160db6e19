/* SPDX-License-Identifier: BSD-3-Clause */
/* "Block Device" of the OASIS virtio 1.2 standard, section 5.2. */
#include "devices/virtio_blk.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "devices/blk_request.h"
#include "devices/blk_worker.h"

#define FEATURE(bit) (UINT64_C(1) << (bit))

static void blk_quiesce(void *ctx)
{
	struct virtio_blk *blk = ctx;

	(void)pthread_mutex_lock(&blk->lock);
	blk_workers_wait(blk, false);
	(void)pthread_mutex_unlock(&blk->lock);
}

/* As a power of two of what a sector is to the guest. */
static uint8_t block_exponent(const struct disk_file *file)
{
	return (uint8_t)__builtin_ctz(file->block_bytes / DISK_SECTOR_BYTES);
}

static uint8_t blk_config_read(void *ctx, uint64_t offset)
{
	const struct virtio_blk *blk = ctx;
	uint32_t block_sectors = blk->file.block_bytes / DISK_SECTOR_BYTES;
	struct virtio_blk_config config = {
		.capacity = htole64(blk->file.size_bytes / DISK_SECTOR_BYTES),
		.seg_max = htole32(BLK_SEGMENTS_MAX),
		.blk_size = htole32(DISK_SECTOR_BYTES),
		.physical_block_exp = block_exponent(&blk->file),
		.min_io_size = htole16((uint16_t)block_sectors),
		.num_queues = htole16((uint16_t)blk->setup.queue_count),
	};

	if (!blk->file.read_only) {
		config.max_write_zeroes_sectors = htole32(blk_zero_sectors_max(&blk->file));
		config.max_write_zeroes_seg = htole32(BLK_ZERO_RANGES_MAX);
		config.write_zeroes_may_unmap = blk->setup.discard;
	}
	if (!blk->file.read_only && blk->setup.discard) {
		config.max_discard_sectors = htole32(BLK_DISCARD_SECTORS_MAX);
		config.max_discard_seg = htole32(BLK_RANGES_MAX);
		config.discard_sector_alignment = htole32(block_sectors);
	}
	return offset < sizeof(config) ? ((const uint8_t *)&config)[offset] : 0;
}

static const struct virtio_device_ops blk_ops = {
	.config_read = blk_config_read,
	.quiesce = blk_quiesce,
};

static uint64_t features(const struct virtio_blk *blk)
{
	uint64_t bits = FEATURE(VIRTIO_BLK_F_SEG_MAX) | FEATURE(VIRTIO_BLK_F_BLK_SIZE) |
			FEATURE(VIRTIO_BLK_F_TOPOLOGY) | FEATURE(VIRTIO_BLK_F_FLUSH);

	if (blk->setup.queue_count > 1) {
		bits |= FEATURE(VIRTIO_BLK_F_MQ);
	}
	if (blk->file.read_only) {
		return bits | FEATURE(VIRTIO_BLK_F_RO);
	}
	if (blk->setup.discard) {
		bits |= FEATURE(VIRTIO_BLK_F_DISCARD);
	}
	return bits | FEATURE(VIRTIO_BLK_F_WRITE_ZEROES);
}

static int transport_init(struct virtio_blk *blk, const struct guest_ram *ram)
{
	struct virtio_device device = {
		.ops = &blk_ops,
		.ctx = blk,
		.features = features(blk),
		.device_id = VIRTIO_ID_BLOCK,
		.queue_count = blk->setup.queue_count,
		.event_queues = (UINT32_C(1) << blk->setup.queue_count) - 1,
	};

	return virtio_mmio_init(&blk->mmio, &device, ram, &blk->setup.irq);
}

static int lock_init(struct virtio_blk *blk)
{
	int err = pthread_mutex_init(&blk->lock, NULL);

	if (err != 0) {
		return -err;
	}
	err = pthread_cond_init(&blk->changed, NULL);
	if (err != 0) {
		(void)pthread_mutex_destroy(&blk->lock);
	}
	return -err;
}

static void lock_destroy(struct virtio_blk *blk)
{
	(void)pthread_cond_destroy(&blk->changed);
	(void)pthread_mutex_destroy(&blk->lock);
}

static int start(struct virtio_blk *blk, const struct guest_ram *ram)
{
	int ret = lock_init(blk);

	if (ret != 0) {
		return ret;
	}
	ret = transport_init(blk, ram);
	if (ret == 0) {
		ret = blk->setup.look_only ? 0 : blk_workers_start(blk);
		if (ret != 0) {
			virtio_mmio_destroy(&blk->mmio);
		}
	}
	if (ret != 0) {
		lock_destroy(blk);
	}
	return ret;
}

/* What would mend it. */
static const char *remedy(int ret)
{
	switch (ret) {
	case -EPERM:
	case -ENOSYS:
		return "allow it (sysctl kernel.io_uring_disabled), or use aio=threads";
	case -EMFILE:
		return "raise ulimit -n";
	case -ENFILE:
		return "raise sysctl fs.file-max";
	case -EAGAIN:
		return "raise ulimit -u";
	case -ENOMEM:
		return "the host needs more free memory";
	default:
		return "use aio=threads";
	}
}

static void start_failed(const struct virtio_blk *blk, int ret, struct vmm_error *err)
{
	if (blk->setup.aio == DISK_AIO_IO_URING && (ret == -EPERM || ret == -ENOSYS)) {
		vmm_error_set(err, "disk %s: this host does not give io_uring (%s): %s",
			      blk->setup.path, strerror(-ret), remedy(ret));
	} else if (blk->setup.aio == DISK_AIO_IO_URING) {
		vmm_error_set(err, "disk %s cannot be started with io_uring: %s: %s",
			      blk->setup.path, strerror(-ret), remedy(ret));
	} else {
		vmm_error_set(err, "disk %s: cannot start its threads: %s", blk->setup.path,
			      strerror(-ret));
	}
}

static int open_file(struct virtio_blk *blk, struct vmm_error *err)
{
	return blk->setup.look_only
		       ? disk_file_look(&blk->file, blk->setup.path, blk->setup.read_only, err)
		       : disk_file_open(&blk->file, blk->setup.path, blk->setup.read_only, err);
}

int virtio_blk_init(struct virtio_blk *blk, const struct virtio_blk_setup *setup,
		    const struct guest_ram *ram, struct vmm_error *err)
{
	int ret;

	memset(blk, 0, sizeof(*blk));
	blk->setup = *setup;
	if (setup->queue_count == 0 || setup->queue_count > VIRTIO_BLK_QUEUES_MAX) {
		vmm_error_set(err, "disk %s: %u queues: expected 1 to %d", setup->path,
			      setup->queue_count, VIRTIO_BLK_QUEUES_MAX);
		return -EINVAL;
	}
	if (setup->serial != NULL) {
		memcpy(blk->serial, setup->serial, strnlen(setup->serial, sizeof(blk->serial)));
	}
	ret = open_file(blk, err);
	if (ret != 0) {
		return ret;
	}
	ret = dirty_map_init(&blk->written, blk->file.read_only ? 0 : blk->file.size_bytes);
	if (ret == 0) {
		ret = start(blk, ram);
		if (ret != 0) {
			dirty_map_destroy(&blk->written);
		}
	}
	if (ret != 0) {
		start_failed(blk, ret, err);
		disk_file_close(&blk->file);
	}
	return ret;
}

void virtio_blk_destroy(struct virtio_blk *blk)
{
	blk_workers_stop(blk);
	virtio_mmio_destroy(&blk->mmio);
	lock_destroy(blk);
	dirty_map_destroy(&blk->written);
	disk_file_close(&blk->file);
}

void virtio_blk_drain(struct virtio_blk *blk)
{
	(void)pthread_mutex_lock(&blk->lock);
	for (unsigned i = 0; i < blk->worker_count && !blk->draining; i++) {
		blk->workers[i].budget = blk->workers[i].queue_count * VIRTQ_SIZE_MAX;
	}
	blk->draining = true;
	blk_workers_kick(blk);
	blk_workers_wait(blk, true);
	/* From here on nothing is taken, whatever the driver still queues. */
	for (unsigned i = 0; i < blk->worker_count; i++) {
		blk->workers[i].budget = 0;
	}
	(void)pthread_mutex_unlock(&blk->lock);
}

void virtio_blk_resume(struct virtio_blk *blk)
{
	(void)pthread_mutex_lock(&blk->lock);
	blk->draining = false;
	blk_workers_kick(blk);
	(void)pthread_mutex_unlock(&blk->lock);
}

int virtio_blk_flush(struct virtio_blk *blk)
{
	int first;

	/* The latch must not hide a failure of this flush either. */
	(void)blk_flush(blk);
	(void)pthread_mutex_lock(&blk->lock);
	first = blk->flush_errno;
	(void)pthread_mutex_unlock(&blk->lock);
	return -first;
}
