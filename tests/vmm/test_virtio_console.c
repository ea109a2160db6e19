/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_console.h: the console port, which all drivers know. */
#include "console_rig.h"

#include <string.h>

#include "leaks.h"

static int setup(void **state)
{
	*state = rig_make(1, true);
	rig_start(*state, 0);
	return 0;
}

/* The simplest driver finds what it knows: two queues and no feature. */
static void console_alone_is_plain(void **state)
{
	struct console_rig *f = *state;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 3);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & 7, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 2);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
}

static void output_comes_in_order(void **state)
{
	struct console_rig *f = *state;

	memcpy(rig_data(f, 1, 0), "worldhello ", 11);
	driver_desc(&f->driver, QUEUE_IPA(1), 0, QUEUE_DATA_IPA(1) + 5, 6, NEXT, 1);
	driver_desc(&f->driver, QUEUE_IPA(1), 1, QUEUE_DATA_IPA(1), 5, 0, 0);
	rig_offer(f, 1, 0);
	f->next_desc[1] = 2;
	rig_kick(f, 1);
	assert_int_equal(rig_written(f, 1), 0);
	assert_true(f->irq.level);
	rig_say(f, 1, "!");
	rig_assert_got(&f->owners[0], "hello world!");
}

/* Nothing to write, or nothing but room to write to: ended all the same. */
static void empty_output_is_ended(void **state)
{
	struct console_rig *f = *state;

	rig_add(f, 1, 0, 16, WRITE);
	rig_add(f, 1, 0, 0, 0);
	rig_kick(f, 1);
	assert_int_equal(rig_done(f, 1), 2);
	assert_int_equal(f->owners[0].count, 0);
}

/* Linux waits for the end: it must come when the owner has taken all, and not before. */
static void end_of_output_waits_for_the_owner(void **state)
{
	struct console_rig *f = *state;

	f->owners[0].room_left = 3;
	rig_say(f, 1, "0123456789");
	rig_assert_got(&f->owners[0], "012");
	assert_int_equal(rig_done(f, 1), 0);
	virtio_console_writable(&f->console, 0);
	assert_int_equal(rig_done(f, 1), 0);
	f->owners[0].room_left = 6;
	virtio_console_writable(&f->console, 0);
	rig_assert_got(&f->owners[0], "012345678");
	assert_int_equal(rig_done(f, 1), 0);
	f->owners[0].room_left = SIZE_MAX;
	virtio_console_writable(&f->console, 0);
	rig_assert_got(&f->owners[0], "0123456789");
	assert_int_equal(rig_done(f, 1), 1);
}

/* Much output does not keep the vCPU: the rest goes on in the main loop, and all of it comes. */
static void much_output_goes_on_in_the_main_loop(void **state)
{
	struct console_rig *f = *state;
	size_t total = 0;
	size_t before;

	for (unsigned i = 0; i < SIZE; i++) {
		/* Over the other queues' data too: 7 x 24 KiB. */
		driver_desc(&f->driver, QUEUE_IPA(1), i, QUEUE_DATA_IPA(1), 0x6000, 0, 0);
		rig_offer(f, 1, (uint16_t)i);
		total += 0x6000;
	}
	rig_kick(f, 1);
	before = f->owners[0].count;
	assert_in_range(before, 1, 0x10000);
	assert_true(rig_work_left(f));
	for (unsigned turns = 0; rig_work_left(f); turns++) {
		assert_in_range(turns, 0, 10);
		before = f->owners[0].count;
		virtio_console_dispatch(&f->console);
		assert_in_range(f->owners[0].count - before, 0, 0x10000);
	}
	assert_int_equal(f->owners[0].count, total);
	assert_int_equal(rig_done(f, 1), SIZE);
}

/* Nor do the smallest segments that there are, of which each is a call of the owner. */
static void many_segments_go_on_in_the_main_loop(void **state)
{
	struct console_rig *f = *state;
	const size_t total = (size_t)VIRTQ_SIZE_MAX * VIRTQ_SIZE_MAX;

	rig_start_big(f, 1);
	for (unsigned i = 0; i < VIRTQ_SIZE_MAX; i++) {
		driver_desc(&f->driver, RIG_BIG_IPA, i, QUEUE_DATA_IPA(1), 1,
			    i + 1 < VIRTQ_SIZE_MAX ? NEXT : 0, (uint16_t)(i + 1));
	}
	rig_offer_big(f, VIRTQ_SIZE_MAX);
	rig_kick(f, 1);
	assert_in_range(f->owners[0].count, 256, 2048);
	while (rig_work_left(f)) {
		size_t before = f->owners[0].count;

		virtio_console_dispatch(&f->console);
		assert_in_range(f->owners[0].count - before, 1, 2048);
	}
	assert_int_equal(f->owners[0].count, total);
	assert_int_equal(rig_done_big(f), VIRTQ_SIZE_MAX);
}

/* At the machine's end: until nothing is left, or the owner takes no more. */
static void drain_goes_on(void **state)
{
	struct console_rig *f = *state;

	f->owners[0].room_left = 0;
	driver_desc(&f->driver, QUEUE_IPA(1), 0, QUEUE_DATA_IPA(1), 0x11000, 0, 0);
	rig_offer(f, 1, 0);
	rig_kick(f, 1);
	assert_true(virtio_console_drain(&f->console, 0));
	assert_int_equal(f->owners[0].count, 0);
	f->owners[0].room_left = SIZE_MAX;
	assert_true(virtio_console_drain(&f->console, 0));
	assert_false(virtio_console_drain(&f->console, 0));
	assert_int_equal(f->owners[0].count, 0x11000);
	assert_int_equal(rig_done(f, 1), 1);
}

/* The driver is not asked to notify, so the main loop must look again. */
static void input_goes_on_after_useless_buffers(void **state)
{
	struct console_rig *f = *state;

	rig_start_big(f, 0);
	driver_desc(&f->driver, RIG_BIG_IPA, 0, QUEUE_DATA_IPA(0), 0, WRITE, 0);
	rig_offer_big(f, VIRTQ_SIZE_MAX);
	rig_kick(f, 0);
	assert_int_equal(rig_input(f, 0, "x"), 0);
	assert_int_equal(rig_done_big(f), VIRTQ_SIZE_MAX);
	driver_desc(&f->driver, RIG_BIG_IPA, 0, QUEUE_DATA_IPA(0), 16, WRITE, 0);
	rig_offer_big(f, 1);
	assert_true(rig_work_left(f));
	virtio_console_dispatch(&f->console);
	assert_int_equal(f->owners[0].rooms, 1);
	assert_int_equal(rig_input(f, 0, "x"), 1);
	assert_false(rig_work_left(f));
}

static void input_fills_the_buffers(void **state)
{
	struct console_rig *f = *state;

	assert_int_equal(rig_input(f, 0, "early"), 0);
	rig_add(f, 0, 0, 4, WRITE);
	rig_add(f, 0, 0x100, 4, WRITE);
	assert_int_equal(f->owners[0].rooms, 0);
	rig_kick(f, 0);
	assert_int_equal(f->owners[0].rooms, 1);
	assert_int_equal(rig_input(f, 0, "0123456789"), 8);
	assert_memory_equal(rig_data(f, 0, 0), "0123", 4);
	assert_memory_equal(rig_data(f, 0, 0x100), "4567", 4);
	assert_int_equal(rig_written(f, 0), 4);
	assert_int_equal(rig_written(f, 0), 4);
	rig_add(f, 0, 0, 16, WRITE);
	rig_kick(f, 0);
	assert_int_equal(f->owners[0].rooms, 2);
	assert_int_equal(rig_input(f, 0, "89"), 2);
	assert_int_equal(rig_written(f, 0), 2);
	/* All was taken, so nobody waits for room. */
	rig_add(f, 0, 0, 16, WRITE);
	rig_kick(f, 0);
	assert_int_equal(f->owners[0].rooms, 2);
}

/* Buffers that can't be written to end unused, and a queue full of them is no trap. */
static void bad_input_buffers_end(void **state)
{
	struct console_rig *f = *state;

	for (unsigned i = 0; i < SIZE; i++) {
		rig_add(f, 0, 0, i % 2 == 0 ? 0 : 16, i % 2 == 0 ? WRITE : 0);
	}
	rig_kick(f, 0);
	assert_int_equal(rig_input(f, 0, "x"), 0);
	assert_int_equal(rig_done(f, 0), SIZE);
}

static void broken_ring_needs_a_reset(void **state)
{
	for (unsigned q = 0; q < 2; q++) {
		struct console_rig *f = *state;

		driver_desc(&f->driver, QUEUE_IPA(q), 0, 0, 16, q == 0 ? WRITE : 0, 0);
		rig_offer(f, q, 0);
		rig_kick(f, q);
		assert_int_equal(rig_input(f, 0, "x"), 0);
		assert_true(driver_needs_reset(&f->driver, 0));
		rig_start(f, 0);
		rig_say(f, 1, "!");
		assert_int_equal(f->owners[0].got[f->owners[0].count - 1], '!');
	}
}

/* After a reset nothing of the old request is read, and the queue works. */
static void reset_ends_what_is_written(void **state)
{
	struct console_rig *f = *state;

	f->owners[0].room_left = 3;
	rig_say(f, 1, "0123456789");
	driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
	f->owners[0].room_left = SIZE_MAX;
	virtio_console_writable(&f->console, 0);
	virtio_console_dispatch(&f->console);
	rig_assert_got(&f->owners[0], "012");
	rig_start(f, 0);
	rig_say(f, 1, "again");
	rig_assert_got(&f->owners[0], "012again");
	assert_int_equal(rig_done(f, 1), 1);
}

/* Another queue's stop must not leave this one's request without an end. */
static void stopped_queue_ends_requests(void **state)
{
	struct console_rig *f = *state;

	f->owners[0].room_left = 3;
	rig_say(f, 1, "0123456789");
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(rig_done(f, 1), 1);
	f->owners[0].room_left = SIZE_MAX;
	rig_say(f, 1, "!");
	rig_assert_got(&f->owners[0], "012!");
}

static void bad_setups_are_refused(void **state)
{
	struct console_rig *f = *state;
	struct virtio_console_setup setup = {
		.ram = &f->driver.ram,
		.ports = {{.write = rig_take}, {.write = rig_take}},
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
		setup.ports[setup.port_count - 1].write = rig_take;
		assert_int_equal(virtio_console_init(&other, &setup), 0);
		virtio_console_destroy(&other);
	}
	assert_no_leaks(&before);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(console_alone_is_plain),
		T(output_comes_in_order),
		T(empty_output_is_ended),
		T(end_of_output_waits_for_the_owner),
		T(much_output_goes_on_in_the_main_loop),
		T(many_segments_go_on_in_the_main_loop),
		T(drain_goes_on),
		T(input_goes_on_after_useless_buffers),
		T(input_fills_the_buffers),
		T(bad_input_buffers_end),
		T(broken_ring_needs_a_reset),
		T(reset_ends_what_is_written),
		T(stopped_queue_ends_requests),
		T(bad_setups_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
