/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_driver.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <unistd.h>

#define VERSION_1 (UINT64_C(1) << VIRTIO_F_VERSION_1)
#define STEP_US 200

static void *at(const struct driver *driver, uint64_t ipa)
{
	return guest_ram_at(&driver->ram, ipa, 1);
}

void driver_init(struct driver *driver)
{
	memset(driver, 0, sizeof(*driver));
	driver->ram = (struct guest_ram){
		.host = driver->bytes,
		.ipa = DRIVER_RAM_IPA,
		.size_bytes = DRIVER_RAM_BYTES,
	};
}

uint32_t driver_get(struct driver *driver, uint64_t offset)
{
	return (uint32_t)virtio_mmio_ops.read(driver->mmio, offset, 4);
}

void driver_set(struct driver *driver, uint64_t offset, uint32_t value)
{
	virtio_mmio_ops.write(driver->mmio, offset, 4, value);
}

uint32_t driver_negotiate(struct driver *driver, uint64_t features)
{
	driver_set(driver, VIRTIO_MMIO_STATUS, 0);
	driver_set(driver, VIRTIO_MMIO_STATUS,
		   VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	driver_set(driver, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	driver_set(driver, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	driver_set(driver, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	driver_set(driver, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	driver_set(driver, VIRTIO_MMIO_STATUS,
		   VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			   VIRTIO_CONFIG_S_FEATURES_OK);
	return driver_get(driver, VIRTIO_MMIO_STATUS);
}

void driver_queue_start(struct driver *driver)
{
	driver->used_at = 0;
	driver->avail_at = 0;
	memset(driver->bytes, 0, DRIVER_INDIRECT_IPA - DRIVER_RAM_IPA);
	driver_set(driver, VIRTIO_MMIO_QUEUE_SEL, 0);
	driver_set(driver, VIRTIO_MMIO_QUEUE_NUM, DRIVER_QUEUE_SIZE);
	driver_set(driver, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DRIVER_DESC_IPA);
	driver_set(driver, VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
	driver_set(driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)DRIVER_AVAIL_IPA);
	driver_set(driver, VIRTIO_MMIO_QUEUE_AVAIL_HIGH, 0);
	driver_set(driver, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)DRIVER_USED_IPA);
	driver_set(driver, VIRTIO_MMIO_QUEUE_USED_HIGH, 0);
	driver_set(driver, VIRTIO_MMIO_QUEUE_READY, 1);
	driver_set(driver, VIRTIO_MMIO_STATUS,
		   VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			   VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

void driver_start(struct driver *driver, uint64_t features)
{
	(void)driver_negotiate(driver, features | VERSION_1);
	driver_queue_start(driver);
}

void driver_desc(struct driver *driver, uint64_t table_ipa, unsigned index, uint64_t ipa,
		 uint32_t len_bytes, uint16_t flags, uint16_t next)
{
	struct vring_desc desc = {.addr = ipa, .len = len_bytes, .flags = flags, .next = next};

	memcpy((uint8_t *)at(driver, table_ipa) + index * sizeof(desc), &desc, sizeof(desc));
}

void driver_offer(struct driver *driver, uint16_t head)
{
	uint16_t *ring = at(driver, DRIVER_AVAIL_IPA);

	ring[2 + driver->avail_at % DRIVER_QUEUE_SIZE] = head;
	driver->avail_at++;
	__atomic_store_n(&ring[1], driver->avail_at, __ATOMIC_RELEASE);
}

void driver_kick(struct driver *driver)
{
	driver_set(driver, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

uint16_t driver_used(const struct driver *driver)
{
	const uint16_t *ring = at(driver, DRIVER_USED_IPA);

	return __atomic_load_n(&ring[1], __ATOMIC_ACQUIRE);
}

bool driver_wait(struct driver *driver, uint32_t *head, uint32_t *written_len)
{
	const uint32_t *ring = at(driver, DRIVER_USED_IPA + 4);

	for (unsigned i = 0; i < 10000000 / STEP_US; i++) {
		if (driver_used(driver) != driver->used_at) {
			unsigned slot = driver->used_at++ % DRIVER_QUEUE_SIZE;

			*head = ring[2 * slot];
			*written_len = ring[2 * slot + 1];
			return true;
		}
		(void)usleep(STEP_US);
	}
	return false;
}

bool driver_needs_reset(struct driver *driver, unsigned wait_ms)
{
	for (unsigned i = 0; i <= wait_ms * 1000 / STEP_US; i++) {
		if ((driver_get(driver, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET) != 0) {
			return true;
		}
		(void)usleep(STEP_US);
	}
	return false;
}
