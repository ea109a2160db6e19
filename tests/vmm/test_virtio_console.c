/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_console.h. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "devices/virtio_console.h"
#include "leaks.h"
#include "virtio_driver.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define VERSION_1 (UINT64_C(1) << VIRTIO_F_VERSION_1)
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
 * struct owner - a port's other side
 * @got:       what was written
 * @count:     of it
 * @room_left: how many more bytes it takes
 * @rooms:     calls of room()
 */
struct owner {
	uint8_t got[0x40000];
	size_t count;
	size_t room_left;
	unsigned rooms;
};

struct fixture {
	struct driver driver;
	struct virtio_console console;
	struct irq_probe irq;
	struct owner owners[2];
	uint16_t avail_at[QUEUE_COUNT];
	uint16_t used_at[QUEUE_COUNT];
	unsigned next_desc[QUEUE_COUNT];
};

static size_t take(void *ctx, const uint8_t *bytes, size_t count)
{
	struct owner *owner = ctx;
	size_t taken = count < owner->room_left ? count : owner->room_left;

	assert_true(owner->count + taken <= sizeof(owner->got));
	memcpy(owner->got + owner->count, bytes, taken);
	owner->count += taken;
	owner->room_left -= taken;
	return taken;
}

static void room(void *ctx)
{
	((struct owner *)ctx)->rooms++;
}

static struct fixture *make(unsigned port_count, bool has_console)
{
	static struct fixture f;
	struct virtio_console_setup setup = {
		.ram = &f.driver.ram,
		.irq = irq_probe_line(&f.irq),
		.ports =
			{
				{.write = has_console ? take : NULL,
				 .room = room,
				 .ctx = &f.owners[0]},
				{.name = NAME, .write = take, .room = room, .ctx = &f.owners[1]},
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

static void start_queue(struct fixture *f, unsigned q)
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

static void start(struct fixture *f, uint64_t features)
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

static int setup_plain(void **state)
{
	*state = make(1, true);
	start(*state, 0);
	return 0;
}

static int setup_named(void **state)
{
	*state = make(2, true);
	start(*state, MULTIPORT);
	return 0;
}

static int teardown(void **state)
{
	virtio_console_destroy(&((struct fixture *)*state)->console);
	return 0;
}

static void kick(struct fixture *f, unsigned q)
{
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, q);
}

static void offer(struct fixture *f, unsigned q, uint16_t head)
{
	uint16_t *ring = guest_ram_at(&f->driver.ram, QUEUE_IPA(q) + 0x400, 0x100);

	ring[2 + f->avail_at[q]++ % SIZE] = head;
	__atomic_store_n(&ring[1], f->avail_at[q], __ATOMIC_RELEASE);
}

/* A request of one segment, at an offset of the queue's data. */
static void add(struct fixture *f, unsigned q, uint32_t at, uint32_t len_bytes, uint16_t flags)
{
	unsigned desc = f->next_desc[q]++ % SIZE;

	driver_desc(&f->driver, QUEUE_IPA(q), desc, QUEUE_DATA_IPA(q) + at, len_bytes, flags, 0);
	offer(f, q, (uint16_t)desc);
}

static uint8_t *data(struct fixture *f, unsigned q, uint32_t at)
{
	return guest_ram_at(&f->driver.ram, QUEUE_DATA_IPA(q) + at, 1);
}

static unsigned done(struct fixture *f, unsigned q)
{
	const uint16_t *ring = guest_ram_at(&f->driver.ram, QUEUE_IPA(q) + 0x800, 0x100);

	return (uint16_t)(ring[1] - f->used_at[q]);
}

/* The length that the next request that is done has. */
static uint32_t written(struct fixture *f, unsigned q)
{
	const uint32_t *ring = guest_ram_at(&f->driver.ram, QUEUE_IPA(q) + 0x804, 0x100);

	assert_true(done(f, q) > 0);
	return ring[2 * (f->used_at[q]++ % SIZE) + 1];
}

static void say(struct fixture *f, unsigned q, const char *text)
{
	memcpy(data(f, q, 0), text, strlen(text));
	add(f, q, 0, (uint32_t)strlen(text), 0);
	kick(f, q);
}

static void assert_got(const struct owner *owner, const char *text)
{
	assert_int_equal(owner->count, strlen(text));
	assert_memory_equal(owner->got, text, strlen(text));
}

static size_t input(struct fixture *f, unsigned port, const char *text)
{
	return virtio_console_input(&f->console, port, (const uint8_t *)text, strlen(text));
}

/* The simplest driver finds what it knows: two queues and no feature. */
static void console_alone_is_plain(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 3);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & 7, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 2);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
}

static void output_comes_in_order(void **state)
{
	struct fixture *f = *state;

	memcpy(data(f, 1, 0), "worldhello ", 11);
	driver_desc(&f->driver, QUEUE_IPA(1), 0, QUEUE_DATA_IPA(1) + 5, 6, NEXT, 1);
	driver_desc(&f->driver, QUEUE_IPA(1), 1, QUEUE_DATA_IPA(1), 5, 0, 0);
	offer(f, 1, 0);
	f->next_desc[1] = 2;
	kick(f, 1);
	assert_int_equal(written(f, 1), 0);
	assert_true(f->irq.level);
	say(f, 1, "!");
	assert_got(&f->owners[0], "hello world!");
}

/* Nothing to write, or nothing but room to write to: ended all the same. */
static void empty_output_is_ended(void **state)
{
	struct fixture *f = *state;

	add(f, 1, 0, 16, WRITE);
	add(f, 1, 0, 0, 0);
	kick(f, 1);
	assert_int_equal(done(f, 1), 2);
	assert_int_equal(f->owners[0].count, 0);
}

/* Linux waits for the end: it must come when the owner has taken all, and not before. */
static void end_of_output_waits_for_the_owner(void **state)
{
	struct fixture *f = *state;

	f->owners[0].room_left = 3;
	say(f, 1, "0123456789");
	assert_got(&f->owners[0], "012");
	assert_int_equal(done(f, 1), 0);
	virtio_console_writable(&f->console, 0);
	assert_int_equal(done(f, 1), 0);
	f->owners[0].room_left = 6;
	virtio_console_writable(&f->console, 0);
	assert_got(&f->owners[0], "012345678");
	assert_int_equal(done(f, 1), 0);
	f->owners[0].room_left = SIZE_MAX;
	virtio_console_writable(&f->console, 0);
	assert_got(&f->owners[0], "0123456789");
	assert_int_equal(done(f, 1), 1);
}

static int work_left(struct fixture *f)
{
	struct pollfd poll_fd = {.fd = virtio_console_fd(&f->console), .events = POLLIN};

	return poll(&poll_fd, 1, 0);
}

/* Much output does not keep the vCPU: the rest goes on in the main loop, in turns, and all comes. */
static void much_output_goes_on_in_the_main_loop(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;
	size_t before;

	for (unsigned i = 0; i < SIZE; i++) {
		/* Over the other queues' data too: 7 x 24 KiB. */
		driver_desc(&f->driver, QUEUE_IPA(1), i, QUEUE_DATA_IPA(1), 0x6000, 0, 0);
		offer(f, 1, (uint16_t)i);
		total += 0x6000;
	}
	kick(f, 1);
	before = f->owners[0].count;
	assert_in_range(before, 1, 0x10000);
	assert_int_equal(work_left(f), 1);
	for (unsigned turns = 0; work_left(f) != 0; turns++) {
		assert_in_range(turns, 0, 10);
		before = f->owners[0].count;
		virtio_console_dispatch(&f->console);
		assert_in_range(f->owners[0].count - before, 0, 0x10000);
	}
	assert_int_equal(f->owners[0].count, total);
	assert_int_equal(done(f, 1), SIZE);
}

static void input_fills_the_buffers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(input(f, 0, "early"), 0);
	add(f, 0, 0, 4, WRITE);
	add(f, 0, 0x100, 4, WRITE);
	assert_int_equal(f->owners[0].rooms, 0);
	kick(f, 0);
	assert_int_equal(f->owners[0].rooms, 1);
	assert_int_equal(input(f, 0, "0123456789"), 8);
	assert_memory_equal(data(f, 0, 0), "0123", 4);
	assert_memory_equal(data(f, 0, 0x100), "4567", 4);
	assert_int_equal(written(f, 0), 4);
	assert_int_equal(written(f, 0), 4);
	add(f, 0, 0, 16, WRITE);
	kick(f, 0);
	assert_int_equal(f->owners[0].rooms, 2);
	assert_int_equal(input(f, 0, "89"), 2);
	assert_int_equal(written(f, 0), 2);
	/* All was taken, so nobody waits for room. */
	add(f, 0, 0, 16, WRITE);
	kick(f, 0);
	assert_int_equal(f->owners[0].rooms, 2);
}

/* Buffers that can't be written to end unused, and a queue full of them is no trap. */
static void bad_input_buffers_end(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < SIZE; i++) {
		add(f, 0, 0, i % 2 == 0 ? 0 : 16, i % 2 == 0 ? WRITE : 0);
	}
	kick(f, 0);
	assert_int_equal(input(f, 0, "x"), 0);
	assert_int_equal(done(f, 0), SIZE);
}

static void broken_ring_needs_a_reset(void **state)
{
	for (unsigned q = 0; q < 2; q++) {
		struct fixture *f = *state;

		driver_desc(&f->driver, QUEUE_IPA(q), 0, 0, 16, q == 0 ? WRITE : 0, 0);
		offer(f, q, 0);
		kick(f, q);
		assert_int_equal(input(f, 0, "x"), 0);
		assert_true(driver_needs_reset(&f->driver, 0));
		start(f, 0);
		say(f, 1, "!");
		assert_int_equal(f->owners[0].got[f->owners[0].count - 1], '!');
	}
}

/* After a reset nothing of the old request is read, and the queue works. */
static void reset_ends_what_is_written(void **state)
{
	struct fixture *f = *state;

	f->owners[0].room_left = 3;
	say(f, 1, "0123456789");
	driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
	f->owners[0].room_left = SIZE_MAX;
	virtio_console_writable(&f->console, 0);
	virtio_console_dispatch(&f->console);
	assert_got(&f->owners[0], "012");
	start(f, 0);
	say(f, 1, "again");
	assert_got(&f->owners[0], "012again");
	assert_int_equal(done(f, 1), 1);
}

/* Another queue's stop must not leave this one's request without an end. */
static void stopped_queue_ends_requests(void **state)
{
	struct fixture *f = *state;

	f->owners[0].room_left = 3;
	say(f, 1, "0123456789");
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(done(f, 1), 1);
	f->owners[0].room_left = SIZE_MAX;
	say(f, 1, "!");
	assert_got(&f->owners[0], "012!");
}

/* A message of the guest's. */
static void tell(struct fixture *f, uint32_t id, uint16_t event, uint16_t value)
{
	const uint8_t message[8] = {
		(uint8_t)id,	(uint8_t)(id >> 8),    (uint8_t)(id >> 16), (uint8_t)(id >> 24),
		(uint8_t)event, (uint8_t)(event >> 8), (uint8_t)value,	    (uint8_t)(value >> 8)};

	memcpy(data(f, CONTROL_OUT, 0), message, sizeof(message));
	add(f, CONTROL_OUT, 0, sizeof(message), 0);
	kick(f, CONTROL_OUT);
}

/* Buffers for @count messages, of @len_bytes each. */
static void listen_for(struct fixture *f, unsigned count, uint32_t len_bytes)
{
	for (unsigned i = 0; i < count; i++) {
		add(f, CONTROL_IN, 0x80 * (f->next_desc[CONTROL_IN] % SIZE), len_bytes, WRITE);
	}
	kick(f, CONTROL_IN);
}

/* The next message must be that; returns what follows its head. */
static const uint8_t *heard(struct fixture *f, uint32_t id, uint16_t event, uint16_t value,
			    uint32_t rest)
{
	const uint8_t *message = data(f, CONTROL_IN, 0x80 * (f->used_at[CONTROL_IN] % SIZE));

	assert_int_equal(written(f, CONTROL_IN), 8 + rest);
	assert_int_equal(message[0] | message[1] << 8, id);
	assert_int_equal(message[2] | message[3], 0);
	assert_int_equal(message[4] | message[5] << 8, event);
	assert_int_equal(message[6] | message[7] << 8, value);
	return message + 8;
}

/* What Linux's driver does for each port, with buffers for all that is to come. */
static void open_session(struct fixture *f)
{
	listen_for(f, 2, 0x80);
	tell(f, UINT32_MAX, VIRTIO_CONSOLE_DEVICE_READY, 1);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	listen_for(f, 2, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	(void)heard(f, 0, VIRTIO_CONSOLE_CONSOLE_PORT, 1, 0);
	tell(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_memory_equal(heard(f, 1, VIRTIO_CONSOLE_PORT_NAME, 1, sizeof(NAME) - 1), NAME,
			    sizeof(NAME) - 1);
}

static void ports_are_introduced(void **state)
{
	struct fixture *f = *state;

	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & MULTIPORT,
			 MULTIPORT);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG), 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG + 4), 2);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG + 8), 0);
	open_session(f);
	assert_int_equal(done(f, CONTROL_IN), 0);
	assert_int_equal(done(f, CONTROL_OUT), 3);
}

/* A driver that comes after another is told all again. */
static void second_session_starts_over(void **state)
{
	struct fixture *f = *state;

	open_session(f);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	start(f, MULTIPORT);
	open_session(f);
	add(f, NAMED_IN, 0, 16, WRITE);
	kick(f, NAMED_IN);
	assert_int_equal(input(f, 1, "x"), 0);
}

static void messages_wait_for_buffers(void **state)
{
	struct fixture *f = *state;

	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	tell(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	virtio_console_attach(&f->console, 1, true);
	virtio_console_attach(&f->console, 1, false);
	virtio_console_attach(&f->console, 1, true);
	assert_int_equal(done(f, CONTROL_IN), 0);
	listen_for(f, 1, 0x80);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	listen_for(f, 5, 0x80);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_NAME, 1, sizeof(NAME) - 1);
	/* As it is now, once. */
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1, 0);
	assert_int_equal(done(f, CONTROL_IN), 0);
}

static void small_buffers_cut_messages(void **state)
{
	struct fixture *f = *state;

	listen_for(f, 2, 3);
	listen_for(f, 1, 0);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	tell(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(written(f, CONTROL_IN), 3);
	assert_int_equal(written(f, CONTROL_IN), 3);
	assert_int_equal(written(f, CONTROL_IN), 0);
	assert_int_equal(*data(f, CONTROL_IN, 3), 0);
}

static void guest_hears_who_is_attached(void **state)
{
	struct fixture *f = *state;

	virtio_console_attach(&f->console, 0, true);
	listen_for(f, 2, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	f->used_at[CONTROL_IN] += 2;
	listen_for(f, 4, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	(void)heard(f, 0, VIRTIO_CONSOLE_CONSOLE_PORT, 1, 0);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 1, 0);
	virtio_console_attach(&f->console, 0, true);
	assert_int_equal(done(f, CONTROL_IN), 0);
	virtio_console_attach(&f->console, 0, false);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 0, 0);
}

/* What comes for a port that no program has open is not lost: it waits with the owner. */
static void named_port_takes_input_while_open(void **state)
{
	struct fixture *f = *state;

	open_session(f);
	add(f, NAMED_IN, 0, 16, WRITE);
	kick(f, NAMED_IN);
	assert_int_equal(input(f, 1, "one"), 0);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(f->owners[1].rooms, 1);
	assert_int_equal(input(f, 1, "one"), 3);
	assert_memory_equal(data(f, NAMED_IN, 0), "one", 3);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 0);
	add(f, NAMED_IN, 0, 16, WRITE);
	kick(f, NAMED_IN);
	assert_int_equal(input(f, 1, "two"), 0);
}

static void ports_do_not_mix(void **state)
{
	struct fixture *f = *state;

	open_session(f);
	f->owners[1].room_left = 2;
	say(f, NAMED_OUT, "agent");
	say(f, 1, "console");
	assert_got(&f->owners[0], "console");
	assert_got(&f->owners[1], "ag");
	f->owners[1].room_left = SIZE_MAX;
	virtio_console_writable(&f->console, 1);
	assert_got(&f->owners[1], "agent");
	assert_int_equal(done(f, NAMED_OUT), 1);
}

/* Nothing that a guest says there reaches a port that isn't, or any memory. */
static void nonsense_is_ignored(void **state)
{
	struct fixture *f = *state;

	listen_for(f, SIZE, 0x80);
	for (uint16_t event = 0; event < 16; event++) {
		for (uint32_t id = 2; id != 0; id <<= 3) {
			if (event != VIRTIO_CONSOLE_DEVICE_READY) {
				tell(f, id, event, 1);
			}
		}
	}
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 0);
	tell(f, 0, VIRTIO_CONSOLE_PORT_READY, 0);
	tell(f, 1, UINT16_MAX, UINT16_MAX);
	/* Too short, of two segments, and with none to read. */
	add(f, CONTROL_OUT, 0, 7, 0);
	add(f, CONTROL_OUT, 0, 0x80, WRITE);
	kick(f, CONTROL_OUT);
	assert_int_equal(done(f, CONTROL_IN), 0);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, UINT16_MAX);
	assert_int_equal(done(f, CONTROL_IN), 2);
}

/* A driver that knows no named ports has a console all the same. */
static void simple_driver_on_a_device_with_names(void **state)
{
	struct fixture *f = *state;

	start(f, 0);
	add(f, 0, 0, 16, WRITE);
	kick(f, 0);
	assert_int_equal(input(f, 0, "in"), 2);
	say(f, 1, "out");
	assert_got(&f->owners[0], "out");
	virtio_console_attach(&f->console, 1, true);
	assert_int_equal(input(f, 1, "x"), 0);
}

/* With named ports alone, the console's queues are there and lead nowhere. */
static void named_port_without_a_console(void **state)
{
	struct fixture *f;

	teardown(state);
	*state = f = make(2, false);
	start(f, MULTIPORT);
	listen_for(f, 2, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	assert_int_equal(done(f, CONTROL_IN), 0);
	say(f, 1, "nobody");
	assert_int_equal(done(f, 1), 1);
	assert_int_equal(f->owners[0].count, 0);
}

static void bad_setups_are_refused(void **state)
{
	struct fixture *f = *state;
	struct virtio_console_setup setup = {
		.ram = &f->driver.ram,
		.ports = {{.write = take}, {.write = take}},
		.port_count = 2,
	};
	struct leaks before = leaks_begin();
	struct virtio_console other;

	assert_int_equal(virtio_console_init(&other, &setup), -EINVAL);
	setup.ports[1].name = NAME;
	setup.ports[1].write = NULL;
	assert_int_equal(virtio_console_init(&other, &setup), -EINVAL);
	setup.port_count = 0;
	assert_int_equal(virtio_console_init(&other, &setup), -EINVAL);
	setup.port_count = VIRTIO_CONSOLE_PORT_COUNT_MAX + 1;
	assert_int_equal(virtio_console_init(&other, &setup), -EINVAL);
	for (setup.port_count = 1; setup.port_count <= VIRTIO_CONSOLE_PORT_COUNT_MAX;
	     setup.port_count++) {
		setup.ports[setup.port_count - 1].name = NAME;
		setup.ports[setup.port_count - 1].write = take;
		assert_int_equal(virtio_console_init(&other, &setup), 0);
		virtio_console_destroy(&other);
	}
	assert_no_leaks(&before);
}

int main(void)
{
#define P(test) cmocka_unit_test_setup_teardown(test, setup_plain, teardown)
#define N(test) cmocka_unit_test_setup_teardown(test, setup_named, teardown)
	const struct CMUnitTest tests[] = {
		P(console_alone_is_plain),
		P(output_comes_in_order),
		P(empty_output_is_ended),
		P(end_of_output_waits_for_the_owner),
		P(much_output_goes_on_in_the_main_loop),
		P(input_fills_the_buffers),
		P(bad_input_buffers_end),
		P(broken_ring_needs_a_reset),
		P(reset_ends_what_is_written),
		P(stopped_queue_ends_requests),
		N(ports_are_introduced),
		N(second_session_starts_over),
		N(messages_wait_for_buffers),
		N(small_buffers_cut_messages),
		N(guest_hears_who_is_attached),
		N(named_port_takes_input_while_open),
		N(ports_do_not_mix),
		N(nonsense_is_ignored),
		N(simple_driver_on_a_device_with_names),
		N(named_port_without_a_console),
		P(bad_setups_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
