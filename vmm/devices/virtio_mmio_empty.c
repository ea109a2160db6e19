/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport without a device, section 4.2.2.2 of the OASIS virtio 1.2 standard: device ID 0. */
#include <linux/virtio_mmio.h>

#include "devices/virtio_mmio.h"

static uint64_t empty_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	uint64_t in_slot = offset % 0x200;

	(void)dev;
	if (len_bytes != 4) {
		return 0;
	}
	if (in_slot == VIRTIO_MMIO_MAGIC_VALUE) {
		return VIRTIO_MMIO_MAGIC;
	}
	return in_slot == VIRTIO_MMIO_VERSION ? VIRTIO_MMIO_VERSION_2 : 0;
}

static void empty_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	(void)dev;
	(void)offset;
	(void)len_bytes;
	(void)value;
}

const struct mmio_ops virtio_mmio_empty_ops = {
	.read = empty_read,
	.write = empty_write,
};
