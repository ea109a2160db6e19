/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's side of a virtio device, for tests: registers through the transport's mmio ops, one
 * queue in fake guest RAM, and descriptors written as the test wants them, good or bad.
 *
 * RAM from its start: descriptors, available ring, used ring, indirect table, then data.
 */
#ifndef TESTS_VMM_VIRTIO_DRIVER_H
#define TESTS_VMM_VIRTIO_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/virtio_mmio.h"
#include "platform/ram.h"

#define DRIVER_RAM_IPA UINT64_C(0x40000000)
#define DRIVER_RAM_BYTES 0x40000
#define DRIVER_DESC_IPA (DRIVER_RAM_IPA)
#define DRIVER_AVAIL_IPA (DRIVER_RAM_IPA + 0x1000)
#define DRIVER_USED_IPA (DRIVER_RAM_IPA + 0x2000)
#define DRIVER_INDIRECT_IPA (DRIVER_RAM_IPA + 0x3000)
#define DRIVER_DATA_IPA (DRIVER_RAM_IPA + 0x8000)
#define DRIVER_QUEUE_SIZE 8

/**
 * struct driver - a driver and its RAM
 * @ram:      @bytes, as the device sees them
 * @mmio:     the device
 * @used_at:  requests seen back so far
 * @avail_at: requests made so far
 * @bytes:    the memory
 */
struct driver {
	struct guest_ram ram;
	struct virtio_mmio *mmio;
	uint16_t used_at;
	uint16_t avail_at;
	_Alignas(4096) uint8_t bytes[DRIVER_RAM_BYTES];
};

/* Zero RAM, no device yet: give @ram to the device's init, then set @mmio. */
void driver_init(struct driver *driver);

uint32_t driver_get(struct driver *driver, uint64_t offset);
void driver_set(struct driver *driver, uint64_t offset, uint32_t value);

/* Accepts @features of those offered; returns the device status that came of it. */
uint32_t driver_negotiate(struct driver *driver, uint64_t features);

/* Queue 0 with the addresses above, and DRIVER_OK. */
void driver_queue_start(struct driver *driver);

/* Reset, negotiate VERSION_1 and @features, start the queue. */
void driver_start(struct driver *driver, uint64_t features);

/* Writes descriptor @index of the table at @table_ipa. */
void driver_desc(struct driver *driver, uint64_t table_ipa, unsigned index, uint64_t ipa,
		 uint32_t len_bytes, uint16_t flags, uint16_t next);

/* Makes the chain that starts at @head available; driver_kick() notifies of it. */
void driver_offer(struct driver *driver, uint16_t head);
void driver_kick(struct driver *driver);

/* The used ring's index. */
uint16_t driver_used(const struct driver *driver);

/* Waits up to 10 s for the next request to come back; false if none does. */
bool driver_wait(struct driver *driver, uint32_t *head, uint32_t *written_len);

/* True if the device has said that it needs a reset; waits up to @wait_ms for it. */
bool driver_needs_reset(struct driver *driver, unsigned wait_ms);

#endif /* TESTS_VMM_VIRTIO_DRIVER_H */
