/* SPDX-License-Identifier: BSD-3-Clause */
/* "Split Virtqueues" of the OASIS virtio 1.2 standard, section 2.7. */
#include "devices/virtq.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_ring.h>

#define DESC_BYTES sizeof(struct vring_desc)
/* Both rings: 16-bit flags, 16-bit index, the entries, a 16-bit event index. */
#define RING_FLAGS 0
#define RING_INDEX 2
#define RING_ENTRIES 4
#define AVAIL_ENTRY_SIZE 2
#define USED_ENTRY_SIZE 8
#define RING_EXTRA_BYTES 6

/* Guest memory, read or written exactly once; the rings' alignment was checked at the start. */
static uint16_t load16(const uint8_t *at)
{
	return le16toh(__atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_SEQ_CST));
}

static void store16(uint8_t *at, uint16_t value)
{
	__atomic_store_n((uint16_t *)(void *)at, htole16(value), __ATOMIC_SEQ_CST);
}

static void store32(uint8_t *at, uint32_t value)
{
	__atomic_store_n((uint32_t *)(void *)at, htole32(value), __ATOMIC_RELAXED);
}

/* An indirect table may lie at any address, so no alignment is assumed here. */
static struct vring_desc load_desc(const uint8_t *at)
{
	struct vring_desc desc;
	volatile uint8_t *to = (volatile uint8_t *)&desc;
	const volatile uint8_t *from = at;

	for (size_t i = 0; i < DESC_BYTES; i++) {
		to[i] = from[i];
	}
	desc.addr = le64toh(desc.addr);
	desc.len = le32toh(desc.len);
	desc.flags = le16toh(desc.flags);
	desc.next = le16toh(desc.next);
	return desc;
}

int virtq_start(struct virtq *queue, const struct guest_ram *ram)
{
	uint32_t size = queue->size;

	queue->ready = false;
	queue->avail_at = 0;
	queue->used_at = 0;
	if (size == 0 || size > VIRTQ_SIZE_MAX || (size & (size - 1)) != 0) {
		return -EINVAL;
	}
	if (queue->desc_ipa % 16 != 0 || queue->avail_ipa % 2 != 0 || queue->used_ipa % 4 != 0) {
		return -EINVAL;
	}
	queue->desc = guest_ram_at(ram, queue->desc_ipa, size * DESC_BYTES);
	queue->avail = guest_ram_at(ram, queue->avail_ipa,
				    RING_EXTRA_BYTES + (uint64_t)size * AVAIL_ENTRY_SIZE);
	queue->used = guest_ram_at(ram, queue->used_ipa,
				   RING_EXTRA_BYTES + (uint64_t)size * USED_ENTRY_SIZE);
	if (queue->desc == NULL || queue->avail == NULL || queue->used == NULL) {
		return -EINVAL;
	}
	queue->ready = true;
	return 0;
}

static int chain_add(struct virtq_chain *chain, const struct guest_ram *ram,
		     const struct vring_desc *desc)
{
	unsigned count = chain->out_count + chain->in_count;
	bool in = (desc->flags & VRING_DESC_F_WRITE) != 0;
	void *base = guest_ram_at(ram, desc->addr, desc->len);

	if (base == NULL || (!in && chain->in_count > 0)) {
		return -EINVAL;
	}
	if (desc->len == 0) {
		return 0;
	}
	if (count == VIRTQ_SIZE_MAX) {
		return -EINVAL;
	}
	chain->iov[count] = (struct iovec){.iov_base = base, .iov_len = desc->len};
	if (in) {
		chain->in_count++;
	} else {
		chain->out_count++;
	}
	return 0;
}

/* The whole chain is in one table of its own. */
static int walk_indirect(const struct virtq *queue, const struct guest_ram *ram,
			 const struct vring_desc *indirect, struct virtq_chain *chain)
{
	uint32_t table_size = indirect->len / (uint32_t)DESC_BYTES;
	const uint8_t *table = guest_ram_at(ram, indirect->addr, indirect->len);
	uint32_t at = 0;

	if (!queue->indirect || table == NULL || indirect->len % DESC_BYTES != 0 ||
	    (indirect->flags & VRING_DESC_F_NEXT) != 0) {
		return -EINVAL;
	}
	for (uint32_t steps = 0; steps < queue->size; steps++) {
		struct vring_desc desc;

		if (at >= table_size) {
			return -EINVAL;
		}
		desc = load_desc(table + at * DESC_BYTES);
		if ((desc.flags & VRING_DESC_F_INDIRECT) != 0 ||
		    chain_add(chain, ram, &desc) != 0) {
			return -EINVAL;
		}
		if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
			return 0;
		}
		at = desc.next;
	}
	return -EINVAL;
}

static int walk_chain(const struct virtq *queue, const struct guest_ram *ram,
		      struct virtq_chain *chain)
{
	uint32_t at = chain->head;

	for (uint32_t steps = 0; steps < queue->size; steps++) {
		struct vring_desc desc;

		if (at >= queue->size) {
			return -EINVAL;
		}
		desc = load_desc(queue->desc + at * DESC_BYTES);
		if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
			/* Only as the whole of a request, never as a part of one. */
			return steps == 0 ? walk_indirect(queue, ram, &desc, chain) : -EINVAL;
		}
		if (chain_add(chain, ram, &desc) != 0) {
			return -EINVAL;
		}
		if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
			return 0;
		}
		at = desc.next;
	}
	return -EINVAL;
}

/*
 * Sequentially consistent, where it matters that this side has published its index or event before
 * it looks at the driver's; and acquire: the entries up to this index were written before it.
 */
static uint16_t avail_index(const struct virtq *queue)
{
	const void *at = queue->avail + RING_INDEX;

	return le16toh(__atomic_load_n((const uint16_t *)at, __ATOMIC_SEQ_CST));
}

/* Nothing to do: have the driver notify of the next request, unless it has just come. */
static uint16_t ask_for_notify(const struct virtq *queue)
{
	if (queue->event_idx) {
		store16(queue->used + RING_ENTRIES + queue->size * USED_ENTRY_SIZE,
			queue->avail_at);
	}
	return avail_index(queue);
}

int virtq_pop(struct virtq *queue, const struct guest_ram *ram, struct virtq_chain *chain)
{
	uint16_t index = avail_index(queue);
	uint32_t slot;

	if (index == queue->avail_at) {
		index = ask_for_notify(queue);
		if (index == queue->avail_at) {
			return 0;
		}
	}
	if ((uint16_t)(index - queue->avail_at) > queue->size) {
		return -EINVAL;
	}
	slot = queue->avail_at % queue->size;
	chain->head = load16(queue->avail + RING_ENTRIES + slot * AVAIL_ENTRY_SIZE);
	chain->out_count = 0;
	chain->in_count = 0;
	if (walk_chain(queue, ram, chain) != 0) {
		return -EINVAL;
	}
	queue->avail_at++;
	return 1;
}

static bool wants_interrupt(const struct virtq *queue, uint16_t old_used)
{
	if (queue->event_idx) {
		uint16_t event =
			load16(queue->avail + RING_ENTRIES + queue->size * AVAIL_ENTRY_SIZE);

		/* Did this step of the index go past the one the driver waits for? */
		return (uint16_t)(queue->used_at - event - 1) <
		       (uint16_t)(queue->used_at - old_used);
	}
	return (load16(queue->avail + RING_FLAGS) & VRING_AVAIL_F_NO_INTERRUPT) == 0;
}

bool virtq_push(struct virtq *queue, const struct virtq_used *used, unsigned count)
{
	void *index = queue->used + RING_INDEX;
	uint16_t old_used = queue->used_at;

	for (unsigned i = 0; i < count; i++) {
		uint8_t *entry =
			queue->used + RING_ENTRIES + queue->used_at % queue->size * USED_ENTRY_SIZE;

		store32(entry, used[i].head);
		store32(entry + 4, used[i].written_len);
		queue->used_at++;
	}
	/*
	 * Release: the entries, and the requests' data, are there before the index says so. And
	 * sequentially consistent: the index is out before the driver's wish is read.
	 */
	__atomic_store_n((uint16_t *)index, htole16(queue->used_at), __ATOMIC_SEQ_CST);
	return wants_interrupt(queue, old_used);
}

void virtq_unpop(struct virtq *queue, unsigned count)
{
	queue->avail_at = (uint16_t)(queue->avail_at - count);
}
