/* SPDX-License-Identifier: BSD-3-Clause */
/* Several queues of one device, for tests: rings of their own beside those of struct driver. */
#ifndef TESTS_VMM_VIRTIO_RINGS_H
#define TESTS_VMM_VIRTIO_RINGS_H

#include "virtio_driver.h"

/**
 * struct ring - a queue of DRIVER_QUEUE_SIZE entries
 * @driver:   whose registers and RAM
 * @queue:    its number
 * @base_ipa: descriptors here, available ring 4 KiB on, used ring 8 KiB on
 * @avail_at: requests made
 * @used_at:  requests seen back
 */
struct ring {
	struct driver *driver;
	uint32_t queue;
	uint64_t base_ipa;
	uint16_t avail_at;
	uint16_t used_at;
};

/* Empty rings, given to the device and made ready. */
void ring_open(struct ring *ring);

/* The driver is ready: to be called once all rings are open. */
void rings_driver_ok(struct driver *driver);

/* Makes descriptor @head one segment of @len_bytes at @ipa, with VRING_DESC_F_* @flags. */
void ring_desc(struct ring *ring, uint16_t head, uint64_t ipa, uint32_t len_bytes, uint16_t flags);

/* Makes request @head available and notifies. */
void ring_offer(struct ring *ring, uint16_t head);

/* Waits up to 10 s for the next request to come back; false if none does. */
bool ring_wait(struct ring *ring, uint32_t *head);

#endif /* TESTS_VMM_VIRTIO_RINGS_H */
