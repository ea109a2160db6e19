/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network device for tests: its driver with both queues, and the peer at the other end of a
 * socket pair.
 */
#ifndef TESTS_VMM_NET_RIG_H
#define TESTS_VMM_NET_RIG_H

#include "check.h"

#include "devices/virtio_net.h"
#include "virtio_driver.h"

#define NET_RIG_QUEUE_SIZE 64
#define NET_RIG_BUFFERS_IPA (DRIVER_RAM_IPA + 0x8000)
#define NET_RIG_BUFFERS_BYTES 0x20000
#define NET_RIG_FRAMES_IPA (DRIVER_RAM_IPA + 0x28000)
#define NET_RIG_FRAMES_BYTES 0x18000
#define FEATURE(bit) (UINT64_C(1) << (bit))

/**
 * struct net_queue - a queue, as its driver sees it
 * @index:    of the queue
 * @base_ipa: descriptors, 0x1000 after them the available ring, and the used one
 * @avail_at: requests made so far
 * @used_at:  requests seen back so far
 */
struct net_queue {
	unsigned index;
	uint64_t base_ipa;
	uint16_t avail_at;
	uint16_t used_at;
};

/**
 * struct net_rig - all of it
 * @driver:   registers and RAM
 * @net:      the device
 * @irq:      its interrupt
 * @rx:       receive queue
 * @tx:       transmit queue
 * @peer:     the other end of its backend, or -1
 * @lines:    what it has logged
 * @line:     the last one
 */
struct net_rig {
	struct driver driver;
	struct virtio_net net;
	struct irq_probe irq;
	struct net_queue rx;
	struct net_queue tx;
	int peer;
	unsigned lines;
	char line[256];
};

/* The device with @backend, no driver yet; or with the end of a socket pair if that is NULL. */
void net_rig_init(struct net_rig *rig, struct net_backend *backend);
void net_rig_destroy(struct net_rig *rig);

/* Reset, negotiate VERSION_1 and @features, start both queues. */
void net_rig_start(struct net_rig *rig, uint64_t features);

/* One descriptor of a queue. */
void net_rig_desc(struct net_rig *rig, const struct net_queue *queue, uint16_t index, uint64_t ipa,
		  uint32_t len_bytes, uint16_t flags, uint16_t next);
void net_rig_offer(struct net_rig *rig, struct net_queue *queue, uint16_t head);
void net_rig_kick(struct net_rig *rig, const struct net_queue *queue);

/* Waits up to @wait_ms for the next request to come back; false if none does. */
bool net_rig_used(struct net_rig *rig, struct net_queue *queue, unsigned wait_ms, uint32_t *head,
		  uint32_t *len_bytes);

/* Gives @count receive buffers, numbered from @first on, of @size bytes one after the other. */
void net_rig_give(struct net_rig *rig, uint16_t first, unsigned count, uint32_t size);

/* Where buffer @index of net_rig_give() is. */
uint8_t *net_rig_buffer(struct net_rig *rig, uint16_t index, uint32_t size);

/* Puts a frame at @offset of the frames' memory, after its header. */
void net_rig_put(struct net_rig *rig, uint32_t offset, const struct virtio_net_hdr_v1 *header,
		 const uint8_t *frame, uint32_t len);

/* The same, and queues it as request @head; no kick. */
void net_rig_queue(struct net_rig *rig, uint16_t head, uint32_t offset,
		   const struct virtio_net_hdr_v1 *header, const uint8_t *frame, uint32_t len);

/* A frame of @len bytes that differs for each @seed. */
void net_rig_frame(uint8_t *frame, uint32_t len, unsigned seed);

/* The peer: a frame with its length before it. Receiving waits up to 10 s; returns its length. */
void net_rig_peer_send(struct net_rig *rig, const uint8_t *frame, uint32_t len);
uint32_t net_rig_peer_receive(struct net_rig *rig, uint8_t *frame, uint32_t room);

/* Is the link up, as the driver reads it? Waits up to @wait_ms for it to be as @wanted. */
bool net_rig_link(struct net_rig *rig, bool wanted, unsigned wait_ms);

#endif /* TESTS_VMM_NET_RIG_H */
