/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_console.h: named ports, and the messages about them. */
#include "console_rig.h"

#include <string.h>

static int setup(void **state)
{
	*state = rig_make(2, true);
	rig_start(*state, MULTIPORT);
	return 0;
}

/* A message of the guest's. */
static void tell(struct console_rig *f, uint32_t id, uint16_t event, uint16_t value)
{
	const uint8_t message[8] = {
		(uint8_t)id,	(uint8_t)(id >> 8),    (uint8_t)(id >> 16), (uint8_t)(id >> 24),
		(uint8_t)event, (uint8_t)(event >> 8), (uint8_t)value,	    (uint8_t)(value >> 8)};

	memcpy(rig_data(f, CONTROL_OUT, 0), message, sizeof(message));
	rig_add(f, CONTROL_OUT, 0, sizeof(message), 0);
	rig_kick(f, CONTROL_OUT);
}

/* Buffers for @count messages, of @len_bytes each. */
static void listen_for(struct console_rig *f, unsigned count, uint32_t len_bytes)
{
	for (unsigned i = 0; i < count; i++) {
		rig_add(f, CONTROL_IN, 0x80 * (f->next_desc[CONTROL_IN] % SIZE), len_bytes, WRITE);
	}
	rig_kick(f, CONTROL_IN);
}

/* The next message must be that; returns what follows its head. */
static const uint8_t *heard(struct console_rig *f, uint32_t id, uint16_t event, uint16_t value,
			    uint32_t rest)
{
	const uint8_t *message = rig_data(f, CONTROL_IN, 0x80 * (f->used_at[CONTROL_IN] % SIZE));

	assert_int_equal(rig_written(f, CONTROL_IN), 8 + rest);
	assert_int_equal(message[0] | message[1] << 8, id);
	assert_int_equal(message[2] | message[3], 0);
	assert_int_equal(message[4] | message[5] << 8, event);
	assert_int_equal(message[6] | message[7] << 8, value);
	return message + 8;
}

/* What Linux's driver does for each port, with buffers for all that is to come. */
static void open_session(struct console_rig *f)
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
	struct console_rig *f = *state;

	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & MULTIPORT,
			 MULTIPORT);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG), 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG + 4), 2);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG + 8), 0);
	open_session(f);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
	assert_int_equal(rig_done(f, CONTROL_OUT), 3);
}

/* A driver that comes after another is told all again. */
static void second_session_starts_over(void **state)
{
	struct console_rig *f = *state;

	open_session(f);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	rig_start(f, MULTIPORT);
	open_session(f);
	rig_add(f, NAMED_IN, 0, 16, WRITE);
	rig_kick(f, NAMED_IN);
	assert_int_equal(rig_input(f, 1, "x"), 0);
}

/* What the last driver was owed, and knew, is nothing to the next one until it asks. */
static void nothing_outlasts_a_reset(void **state)
{
	struct console_rig *f = *state;

	open_session(f);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	virtio_console_attach(&f->console, 0, true);
	rig_start(f, MULTIPORT);
	listen_for(f, SIZE, 0x80);
	virtio_console_attach(&f->console, 1, true);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
	rig_add(f, NAMED_IN, 0, 16, WRITE);
	rig_kick(f, NAMED_IN);
	assert_int_equal(rig_input(f, 1, "x"), 0);
}

/* A stop of one queue is none: the ports stay open. */
static void session_outlasts_a_stopped_queue(void **state)
{
	struct console_rig *f = *state;

	open_session(f);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, NAMED_OUT);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	rig_add(f, NAMED_IN, 0, 16, WRITE);
	assert_int_equal(rig_input(f, 1, "x"), 1);
}

/* Linux goes on after a suspend with the ports that it had, without a DEVICE_READY. */
static void ports_are_ready_again_after_a_suspend(void **state)
{
	struct console_rig *f = *state;

	open_session(f);
	rig_start(f, MULTIPORT);
	virtio_console_attach(&f->console, 1, true);
	listen_for(f, 2, 0x80);
	tell(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_NAME, 1, sizeof(NAME) - 1);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1, 0);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	rig_add(f, NAMED_IN, 0, 16, WRITE);
	assert_int_equal(rig_input(f, 1, "x"), 1);
}

/* The driver is not asked to notify of what follows so many, so the main loop must look again. */
static void messages_go_on_after_many(void **state)
{
	struct console_rig *f = *state;
	const uint8_t ready[8] = {0, 0, 0, 0, VIRTIO_CONSOLE_DEVICE_READY, 0, 1, 0};

	rig_start_big(f, CONTROL_OUT);
	driver_desc(&f->driver, RIG_BIG_IPA, 0, QUEUE_DATA_IPA(CONTROL_OUT), 8, 0, 0);
	*rig_data(f, CONTROL_OUT, 4) = UINT8_MAX;
	rig_offer_big(f, VIRTQ_SIZE_MAX);
	rig_kick(f, CONTROL_OUT);
	assert_int_equal(rig_done_big(f), VIRTQ_SIZE_MAX);
	listen_for(f, 2, 0x80);
	memcpy(rig_data(f, CONTROL_OUT, 0), ready, sizeof(ready));
	rig_offer_big(f, 1);
	assert_true(rig_work_left(f));
	virtio_console_dispatch(&f->console);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	assert_false(rig_work_left(f));
}

static void messages_wait_for_buffers(void **state)
{
	struct console_rig *f = *state;

	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	tell(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	virtio_console_attach(&f->console, 1, true);
	virtio_console_attach(&f->console, 1, false);
	virtio_console_attach(&f->console, 1, true);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
	listen_for(f, 1, 0x80);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	listen_for(f, 5, 0x80);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_NAME, 1, sizeof(NAME) - 1);
	/* As it is now, once. */
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1, 0);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
}

static void small_buffers_cut_messages(void **state)
{
	struct console_rig *f = *state;

	listen_for(f, 2, 3);
	listen_for(f, 1, 0);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	tell(f, 1, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(rig_written(f, CONTROL_IN), 3);
	assert_int_equal(rig_written(f, CONTROL_IN), 3);
	assert_int_equal(rig_written(f, CONTROL_IN), 0);
	assert_int_equal(*rig_data(f, CONTROL_IN, 3), 0);
}

static void guest_hears_who_is_attached(void **state)
{
	struct console_rig *f = *state;

	virtio_console_attach(&f->console, 0, true);
	listen_for(f, 2, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	f->used_at[CONTROL_IN] += 2;
	listen_for(f, 4, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_PORT_READY, 1);
	(void)heard(f, 0, VIRTIO_CONSOLE_CONSOLE_PORT, 1, 0);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 1, 0);
	virtio_console_attach(&f->console, 0, true);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
	virtio_console_attach(&f->console, 0, false);
	(void)heard(f, 0, VIRTIO_CONSOLE_PORT_OPEN, 0, 0);
}

/* What comes for a port that no program has open is not lost: it waits with the owner. */
static void named_port_takes_input_while_open(void **state)
{
	struct console_rig *f = *state;

	open_session(f);
	rig_add(f, NAMED_IN, 0, 16, WRITE);
	rig_kick(f, NAMED_IN);
	assert_int_equal(rig_input(f, 1, "one"), 0);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(f->owners[1].rooms, 1);
	assert_int_equal(rig_input(f, 1, "one"), 3);
	assert_memory_equal(rig_data(f, NAMED_IN, 0), "one", 3);
	tell(f, 1, VIRTIO_CONSOLE_PORT_OPEN, 0);
	rig_add(f, NAMED_IN, 0, 16, WRITE);
	rig_kick(f, NAMED_IN);
	assert_int_equal(rig_input(f, 1, "two"), 0);
}

static void ports_do_not_mix(void **state)
{
	struct console_rig *f = *state;

	open_session(f);
	f->owners[1].room_left = 2;
	rig_say(f, NAMED_OUT, "agent");
	rig_say(f, 1, "console");
	rig_assert_got(&f->owners[0], "console");
	rig_assert_got(&f->owners[1], "ag");
	f->owners[1].room_left = SIZE_MAX;
	virtio_console_writable(&f->console, 1);
	rig_assert_got(&f->owners[1], "agent");
	assert_int_equal(rig_done(f, NAMED_OUT), 1);
}

/* Nothing that a guest says there reaches a port that isn't, or any memory. */
static void nonsense_is_ignored(void **state)
{
	struct console_rig *f = *state;

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
	/* Too short to say DEVICE_READY, and with nothing to read. */
	memset(rig_data(f, CONTROL_OUT, 0), 0, 8);
	*rig_data(f, CONTROL_OUT, 6) = 1;
	rig_add(f, CONTROL_OUT, 0, 7, 0);
	rig_add(f, CONTROL_OUT, 0, 0x80, WRITE);
	rig_kick(f, CONTROL_OUT);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, UINT16_MAX);
	assert_int_equal(rig_done(f, CONTROL_IN), 2);
}

/* A driver that knows no named ports has a console all the same. */
static void simple_driver_on_a_device_with_names(void **state)
{
	struct console_rig *f = *state;

	rig_start(f, 0);
	rig_add(f, 0, 0, 16, WRITE);
	rig_kick(f, 0);
	assert_int_equal(rig_input(f, 0, "in"), 2);
	rig_say(f, 1, "out");
	rig_assert_got(&f->owners[0], "out");
	virtio_console_attach(&f->console, 1, true);
	assert_int_equal(rig_input(f, 1, "x"), 0);
}

/* With named ports alone, the console's queues are there and lead nowhere. */
static void named_port_without_a_console(void **state)
{
	struct console_rig *f;

	rig_teardown(state);
	*state = f = rig_make(2, false);
	rig_start(f, MULTIPORT);
	listen_for(f, 2, 0x80);
	tell(f, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	(void)heard(f, 1, VIRTIO_CONSOLE_PORT_ADD, 1, 0);
	assert_int_equal(rig_done(f, CONTROL_IN), 0);
	rig_say(f, 1, "nobody");
	assert_int_equal(rig_done(f, 1), 1);
	assert_int_equal(f->owners[0].count, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		T(ports_are_introduced),
		T(second_session_starts_over),
		T(nothing_outlasts_a_reset),
		T(session_outlasts_a_stopped_queue),
		T(ports_are_ready_again_after_a_suspend),
		T(messages_go_on_after_many),
		T(messages_wait_for_buffers),
		T(small_buffers_cut_messages),
		T(guest_hears_who_is_attached),
		T(named_port_takes_input_while_open),
		T(ports_do_not_mix),
		T(nonsense_is_ignored),
		T(simple_driver_on_a_device_with_names),
		T(named_port_without_a_console),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
