/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A split virtqueue in guest RAM, seen from the device.
 *
 * The guest may write anything there at any moment: each value is read once and checked against
 * RAM before it is used, and a walk along a chain ends after as many steps as the queue has
 * entries. What is wrong comes back as -EINVAL, never as a crash.
 *
 * The caller owns the struct and its lock: no two calls on one queue at the same time. Nothing is
 * allocated, nothing blocks.
 */
#ifndef VMM_DEVICES_VIRTQ_H
#define VMM_DEVICES_VIRTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "platform/ram.h"

/* Entries in a queue at most, and segments in a request. */
#define VIRTQ_SIZE_MAX 256

/**
 * struct virtq - a queue
 * @desc_ipa:  descriptor table, as the driver gave it
 * @avail_ipa: available ring, likewise
 * @used_ipa:  used ring, likewise
 * @size:      entries, as the driver gave it
 * @ready:     virtq_start() found it good
 * @indirect:  VIRTIO_F_INDIRECT_DESC was negotiated
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated
 * @desc:      the table in this process, good while @ready
 * @avail:     likewise
 * @used:      likewise
 * @avail_at:  requests taken so far, modulo 2^16
 * @used_at:   requests returned so far, modulo 2^16
 */
struct virtq {
	uint64_t desc_ipa;
	uint64_t avail_ipa;
	uint64_t used_ipa;
	uint32_t size;
	bool ready;
	bool indirect;
	bool event_idx;
	uint8_t *desc;
	uint8_t *avail;
	uint8_t *used;
	uint16_t avail_at;
	uint16_t used_at;
};

/**
 * struct virtq_chain - one request: memory that the device reads, then memory that it writes
 * @head:      names the request to virtq_push()
 * @out_count: segments to read, at the start of @iov
 * @in_count:  segments to write, after those
 * @iov:       pointers into guest RAM; the guest may change what they point to at any moment
 */
struct virtq_chain {
	uint16_t head;
	unsigned out_count;
	unsigned in_count;
	struct iovec iov[VIRTQ_SIZE_MAX];
};

/**
 * virtq_start() - check what the driver has set up and begin at its first entry
 * @queue: the addresses, size and feature flags are filled in
 * @ram:   the guest's memory
 *
 * Return: 0; -EINVAL if the size is not a power of two up to VIRTQ_SIZE_MAX, an address is not
 * aligned as the standard asks, or a part is not wholly in RAM. @ready tells which.
 */
int virtq_start(struct virtq *queue, const struct guest_ram *ram);

/**
 * virtq_pop() - take the next request
 * @queue: started
 * @ram:   the guest's memory
 * @chain: filled when 1 is returned
 *
 * When there is none, the driver is asked to notify the device of the next one.
 *
 * Return: 1; 0 if there is none; -EINVAL if the ring or the request is malformed, after which the
 * queue must not be used until the driver has reset the device.
 */
int virtq_pop(struct virtq *queue, const struct guest_ram *ram, struct virtq_chain *chain);

/**
 * struct virtq_used - a request that is done
 * @head:        of the request
 * @written_len: bytes that the device has written, from the start of the first in segment
 */
struct virtq_used {
	uint16_t head;
	uint32_t written_len;
};

/**
 * virtq_push() - give requests back, all at once as the driver sees it
 * @queue: started
 * @used:  @count of them, in the order in which the driver finds them
 * @count: how many
 *
 * Return: true if the driver wants an interrupt for any of them.
 */
bool virtq_push(struct virtq *queue, const struct virtq_used *used, unsigned count);

/**
 * virtq_unpop() - put back the requests that were taken last
 * @queue: started
 * @count: how many; all of them taken by virtq_pop(), and none of them given back
 *
 * The next virtq_pop() takes the first of them again.
 */
void virtq_unpop(struct virtq *queue, unsigned count);

#endif /* VMM_DEVICES_VIRTQ_H */
