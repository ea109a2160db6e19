/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio console, the owners of its ports, and a driver with rings for all its queues. */
#ifndef TESTS_VMM_CONSOLE_RIG_H
#define TESTS_VMM_CONSOLE_RIG_H

#include "check.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "devices/virtio_console.h"
#include "virtio_driver.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define MULTIPORT (UINT64_C(1) << VIRTIO_CONSOLE_F_MULTIPORT)

/* Each queue's descriptors, rings and 8 KiB of data. */
#define QUEUE_IPA(q) (DRIVER_DATA_IPA + (uint64_t)(q)*0x3000)
#define QUEUE_DATA_IPA(q) (QUEUE_IPA(q) + 0x1000)
#define QUEUE_COUNT 8U
#define SIZE 8U
#define CONTROL_IN 2U
#define CONTROL_OUT 3U
#define NAMED_IN 4U
#define NAMED_OUT 5U
#define NAME "org.qemu.guest_agent.0"

/**
 * struct rig_owner - a port's other side
 * @got:       what was written
 * @count:     of it
 * @room_left: how many more bytes it takes
 * @rooms:     calls of room()
 */
struct rig_owner {
	uint8_t got[0x40000];
	size_t count;
	size_t room_left;
	unsigned rooms;
};

struct console_rig {
	struct driver driver;
	struct virtio_console console;
	struct irq_probe irq;
	struct rig_owner owners[2];
	uint16_t avail_at[QUEUE_COUNT];
	uint16_t used_at[QUEUE_COUNT];
	unsigned next_desc[QUEUE_COUNT];
};

/* A port's write(): as much as @room_left allows. */
size_t rig_take(void *ctx, const uint8_t *bytes, size_t count);

/* A device with that many ports, the console port among them or not. */
struct console_rig *rig_make(unsigned port_count, bool has_console);
int rig_teardown(void **state);

/* What a driver that accepts @features does up to DRIVER_OK, with empty rings. */
void rig_start(struct console_rig *f, uint64_t features);

/*
 * Has queue @q start over with VIRTQ_SIZE_MAX entries, at RIG_BIG_IPA. Its chains all start at
 * descriptor 0, which is the test's to write.
 */
#define RIG_BIG_IPA (DRIVER_RAM_IPA + 0x30000)
void rig_start_big(struct console_rig *f, unsigned q);

/* Makes @count more of them available. */
void rig_offer_big(struct console_rig *f, unsigned count);

/* How many of them have come back. */
unsigned rig_done_big(struct console_rig *f);

/* Whether the device wants its turn of the main loop. */
bool rig_work_left(struct console_rig *f);

void rig_kick(struct console_rig *f, unsigned q);

/* Makes the chain that starts at @head available. */
void rig_offer(struct console_rig *f, unsigned q, uint16_t head);

/* A request of one segment, at an offset of the queue's data. */
void rig_add(struct console_rig *f, unsigned q, uint32_t at, uint32_t len_bytes, uint16_t flags);

uint8_t *rig_data(struct console_rig *f, unsigned q, uint32_t at);

/* Requests that came back and were not looked at. */
unsigned rig_done(struct console_rig *f, unsigned q);

/* The length that the next request that is done has. */
uint32_t rig_written(struct console_rig *f, unsigned q);

/* The guest writes @text to an output queue. */
void rig_say(struct console_rig *f, unsigned q, const char *text);

void rig_assert_got(const struct rig_owner *owner, const char *text);

/* Somebody types @text; returns how much of it was taken. */
size_t rig_input(struct console_rig *f, unsigned port, const char *text);

#endif /* TESTS_VMM_CONSOLE_RIG_H */
