/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_rings.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <string.h>
#include <unistd.h>

#define AVAIL 0x1000
#define USED 0x2000
#define RING_BYTES 0x3000
#define STEP_US 200
#define WAIT_US 10000000

static void *at(const struct ring *ring, uint64_t offset)
{
	return guest_ram_at(&ring->driver->ram, ring->base_ipa + offset, 1);
}

void ring_open(struct ring *ring)
{
	struct driver *driver = ring->driver;

	ring->avail_at = 0;
	ring->used_at = 0;
	memset(at(ring, 0), 0, RING_BYTES);
	driver_set(driver, VIRTIO_MMIO_QUEUE_SEL, ring->queue);
	driver_set(driver, VIRTIO_MMIO_QUEUE_NUM, DRIVER_QUEUE_SIZE);
	driver_set(driver, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)ring->base_ipa);
	driver_set(driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)(ring->base_ipa + AVAIL));
	driver_set(driver, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)(ring->base_ipa + USED));
	driver_set(driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

void rings_driver_ok(struct driver *driver)
{
	driver_set(driver, VIRTIO_MMIO_STATUS,
		   driver_get(driver, VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
}

void ring_desc(struct ring *ring, uint16_t head, uint64_t ipa, uint32_t len_bytes, uint16_t flags)
{
	driver_desc(ring->driver, ring->base_ipa, head, ipa, len_bytes, flags, 0);
}

void ring_offer(struct ring *ring, uint16_t head)
{
	uint16_t *avail = at(ring, AVAIL);

	avail[2 + ring->avail_at % DRIVER_QUEUE_SIZE] = head;
	ring->avail_at++;
	__atomic_store_n(&avail[1], ring->avail_at, __ATOMIC_RELEASE);
	driver_set(ring->driver, VIRTIO_MMIO_QUEUE_NOTIFY, ring->queue);
}

bool ring_wait(struct ring *ring, uint32_t *head)
{
	const uint16_t *index = at(ring, USED + 2);
	const uint32_t *entries = at(ring, USED + 4);

	for (unsigned us = 0; us < WAIT_US; us += STEP_US) {
		if (__atomic_load_n(index, __ATOMIC_ACQUIRE) != ring->used_at) {
			*head = entries[2 * (ring->used_at++ % DRIVER_QUEUE_SIZE)];
			return true;
		}
		(void)usleep(STEP_US);
	}
	return false;
}
