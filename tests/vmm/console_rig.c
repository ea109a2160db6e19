/* SPDX-License-Identifier: BSD-3-Clause */
#include "console_rig.h"

#include <poll.h>
#include <string.h>

#define VERSION_1 (UINT64_C(1) << VIRTIO_F_VERSION_1)

size_t rig_take(void *ctx, const uint8_t *bytes, size_t count)
{
	struct rig_owner *owner = ctx;
	size_t taken = count < owner->room_left ? count : owner->room_left;

	assert_true(owner->count + taken <= sizeof(owner->got));
	memcpy(owner->got + owner->count, bytes, taken);
	owner->count += taken;
	owner->room_left -= taken;
	return taken;
}

static void room(void *ctx)
{
	((struct rig_owner *)ctx)->rooms++;
}

struct console_rig *rig_make(unsigned port_count, bool has_console)
{
	static struct console_rig f;
	struct virtio_console_setup setup = {
		.ram = &f.driver.ram,
		.irq = irq_probe_line(&f.irq),
		.ports =
			{
				{.write = has_console ? rig_take : NULL,
				 .room = room,
				 .ctx = &f.owners[0]},
				{.name = NAME,
				 .write = rig_take,
				 .room = room,
				 .ctx = &f.owners[1]},
			},
		.port_count = port_count,
	};

	memset(&f, 0, sizeof(f));
	driver_init(&f.driver);
	assert_int_equal(virtio_console_init(&f.console, &setup), 0);
	f.driver.mmio = &f.console.mmio;
	f.owners[0].room_left = f.owners[1].room_left = SIZE_MAX;
	return &f;
}

static void start_queue(struct console_rig *f, unsigned q)
{
	uint64_t ipa = QUEUE_IPA(q);

	memset(guest_ram_at(&f->driver.ram, ipa, 0x3000), 0, 0x3000);
	f->avail_at[q] = f->used_at[q] = 0;
	f->next_desc[q] = 0;
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, q);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NUM, SIZE);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)ipa);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)ipa + 0x400);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)ipa + 0x800);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

void rig_start(struct console_rig *f, uint64_t features)
{
	unsigned count = (features & MULTIPORT) != 0 ? 6 : 2;

	(void)driver_negotiate(&f->driver, VERSION_1 | features);
	for (unsigned q = 0; q < count; q++) {
		start_queue(f, q);
	}
	driver_set(&f->driver, VIRTIO_MMIO_STATUS,
		   VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
			   VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
}

void rig_start_big(struct console_rig *f, unsigned q)
{
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, q);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NUM, VIRTQ_SIZE_MAX);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)RIG_BIG_IPA);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)RIG_BIG_IPA + 0x1000);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)RIG_BIG_IPA + 0x2000);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

void rig_offer_big(struct console_rig *f, unsigned count)
{
	uint16_t *ring = guest_ram_at(&f->driver.ram, RIG_BIG_IPA + 0x1000, 0x400);

	__atomic_store_n(&ring[1], (uint16_t)(ring[1] + count), __ATOMIC_RELEASE);
}

unsigned rig_done_big(struct console_rig *f)
{
	const uint16_t *ring = guest_ram_at(&f->driver.ram, RIG_BIG_IPA + 0x2000, 4);

	return ring[1];
}

bool rig_work_left(struct console_rig *f)
{
	struct pollfd poll_fd = {.fd = virtio_console_fd(&f->console), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

int rig_teardown(void **state)
{
	virtio_console_destroy(&((struct console_rig *)*state)->console);
	return 0;
}

void rig_kick(struct console_rig *f, unsigned q)
{
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, q);
}

void rig_offer(struct console_rig *f, unsigned q, uint16_t head)
{
	uint16_t *ring = guest_ram_at(&f->driver.ram, QUEUE_IPA(q) + 0x400, 0x100);

	ring[2 + f->avail_at[q]++ % SIZE] = head;
	__atomic_store_n(&ring[1], f->avail_at[q], __ATOMIC_RELEASE);
}

void rig_add(struct console_rig *f, unsigned q, uint32_t at, uint32_t len_bytes, uint16_t flags)
{
	unsigned desc = f->next_desc[q]++ % SIZE;

	driver_desc(&f->driver, QUEUE_IPA(q), desc, QUEUE_DATA_IPA(q) + at, len_bytes, flags, 0);
	rig_offer(f, q, (uint16_t)desc);
}

uint8_t *rig_data(struct console_rig *f, unsigned q, uint32_t at)
{
	return guest_ram_at(&f->driver.ram, QUEUE_DATA_IPA(q) + at, 1);
}

unsigned rig_done(struct console_rig *f, unsigned q)
{
	const uint16_t *ring = guest_ram_at(&f->driver.ram, QUEUE_IPA(q) + 0x800, 0x100);

	return (uint16_t)(ring[1] - f->used_at[q]);
}

uint32_t rig_written(struct console_rig *f, unsigned q)
{
	const uint32_t *ring = guest_ram_at(&f->driver.ram, QUEUE_IPA(q) + 0x804, 0x100);

	assert_true(rig_done(f, q) > 0);
	return ring[2 * (f->used_at[q]++ % SIZE) + 1];
}

void rig_say(struct console_rig *f, unsigned q, const char *text)
{
	memcpy(rig_data(f, q, 0), text, strlen(text));
	rig_add(f, q, 0, (uint32_t)strlen(text), 0);
	rig_kick(f, q);
}

void rig_assert_got(const struct rig_owner *owner, const char *text)
{
	assert_int_equal(owner->count, strlen(text));
	assert_memory_equal(owner->got, text, strlen(text));
}

size_t rig_input(struct console_rig *f, unsigned port, const char *text)
{
	return virtio_console_input(&f->console, port, (const uint8_t *)text, strlen(text));
}
