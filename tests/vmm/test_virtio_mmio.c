/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_mmio.h: registers, negotiation, interrupts, life of a queue. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "devices/virtio_mmio.h"
#include "virtio_driver.h"

#define VERSION_1 (UINT64_C(1) << VIRTIO_F_VERSION_1)
#define OWN_BIT (UINT64_C(1) << 5)

/* A device that holds requests until the test answers them. */
struct fixture {
	struct driver driver;
	struct virtio_mmio mmio;
	struct irq_probe irq;
	unsigned notified;
	unsigned quiesced;
	bool pop_while_quiescing;
	struct virtq_chain chain;
};

static uint8_t config_read(void *ctx, uint64_t offset)
{
	(void)ctx;
	return offset < 8 ? (uint8_t)(0x10 + offset) : 0;
}

static void notify(void *ctx, unsigned queue)
{
	(void)queue;
	((struct fixture *)ctx)->notified++;
}

static void quiesce(void *ctx)
{
	struct fixture *f = ctx;

	f->quiesced++;
	/* While this runs nothing may be taken any more. */
	f->pop_while_quiescing = virtio_mmio_pop(&f->mmio, 0, &f->chain);
}

static const struct virtio_device_ops ops = {
	.config_read = config_read,
	.notify = notify,
	.quiesce = quiesce,
};

static int setup(void **state)
{
	static struct fixture f;
	struct virtio_device device = {
		.ops = &ops,
		.ctx = &f,
		.features = OWN_BIT,
		.device_id = 42,
		.queue_count = 1,
	};
	struct irq_line line = irq_probe_line(&f.irq);

	memset(&f, 0, sizeof(f));
	driver_init(&f.driver);
	f.driver.mmio = &f.mmio;
	*state = &f;
	return virtio_mmio_init(&f.mmio, &device, &f.driver.ram, &line);
}

static int teardown(void **state)
{
	virtio_mmio_destroy(&((struct fixture *)*state)->mmio);
	return 0;
}

/* One readable segment, as request @head. */
static void offer_one(struct fixture *f, uint16_t head)
{
	driver_desc(&f->driver, DRIVER_DESC_IPA, head, DRIVER_DATA_IPA, 16, 0, 0);
	driver_offer(&f->driver, head);
}

static void identifies_itself(void **state)
{
	struct fixture *f = *state;
	uint64_t features;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 42);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	features |= driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES);
	assert_true(features == (VERSION_1 | OWN_BIT | UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX |
				 UINT64_C(1) << VIRTIO_RING_F_INDIRECT_DESC));
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES), 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_SHM_LEN_LOW), UINT32_MAX);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_NUM_MAX), VIRTQ_SIZE_MAX);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 1);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
}

static void config_is_read_in_any_width(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(virtio_mmio_ops.read(&f->mmio, 0x100, 1), 0x10);
	assert_int_equal(virtio_mmio_ops.read(&f->mmio, 0x102, 2), 0x1312);
	assert_int_equal(driver_get(&f->driver, 0x104), 0x17161514);
	assert_int_equal(driver_get(&f->driver, 0x106), 0x1716);
	assert_true(virtio_mmio_ops.read(&f->mmio, 0x100, 8) == UINT64_C(0x1716151413121110));
	virtio_mmio_ops.write(&f->mmio, 0x100, 8, 0);
}

/* A driver reads the generation before and after, and is interrupted once it is ready for that. */
static void changed_config_has_a_new_generation(void **state)
{
	struct fixture *f = *state;
	uint32_t before = driver_get(&f->driver, VIRTIO_MMIO_CONFIG_GENERATION);

	virtio_mmio_config_changed(&f->mmio);
	assert_int_not_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG_GENERATION), before);
	assert_false(f->irq.level);
	driver_start(&f->driver, 0);
	before = driver_get(&f->driver, VIRTIO_MMIO_CONFIG_GENERATION);
	virtio_mmio_config_changed(&f->mmio);
	assert_int_not_equal(driver_get(&f->driver, VIRTIO_MMIO_CONFIG_GENERATION), before);
	assert_true(f->irq.level);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS),
			 VIRTIO_MMIO_INT_CONFIG);
	driver_set(&f->driver, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	assert_false(f->irq.level);
}

static void empty_slots_have_no_device(void **state)
{
	(void)state;
	assert_int_equal(virtio_mmio_empty_ops.read(NULL, 0x600, 4), 0x74726976);
	assert_int_equal(virtio_mmio_empty_ops.read(NULL, 0x604, 4), 2);
	assert_int_equal(virtio_mmio_empty_ops.read(NULL, 0x608, 4), 0);
	virtio_mmio_empty_ops.write(NULL, 0x670, 4, 1);
}

/* FEATURES_OK stays only for bits that were offered, with VERSION_1 among them. */
static void negotiation(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_negotiate(&f->driver, OWN_BIT) & VIRTIO_CONFIG_S_FEATURES_OK, 0);
	assert_int_equal(driver_negotiate(&f->driver, VERSION_1 | OWN_BIT << 1) &
				 VIRTIO_CONFIG_S_FEATURES_OK,
			 0);
	assert_false(virtio_mmio_has_feature(&f->mmio, 5));
	assert_int_not_equal(
		driver_negotiate(&f->driver, VERSION_1 | OWN_BIT) & VIRTIO_CONFIG_S_FEATURES_OK, 0);
	assert_true(virtio_mmio_has_feature(&f->mmio, 5));
	/* Too late to change. */
	driver_set(&f->driver, VIRTIO_MMIO_DRIVER_FEATURES, 0);
	assert_true(virtio_mmio_has_feature(&f->mmio, 5));
}

/* The line is high from the first unacknowledged reason on, and rises anew for each later one. */
static void interrupts_are_raised_and_acknowledged(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t len;

	driver_start(&f->driver, 0);
	offer_one(f, 0);
	offer_one(f, 1);
	driver_kick(&f->driver);
	assert_true(f->notified > 0);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	assert_int_equal(f->chain.out_count, 1);
	assert_int_equal(f->chain.iov[0].iov_len, 16);
	assert_false(f->irq.level);
	virtio_mmio_push(&f->mmio, 0, f->chain.head, 7);
	assert_true(f->irq.level);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS),
			 VIRTIO_MMIO_INT_VRING);
	assert_true(driver_wait(&f->driver, &head, &len));
	assert_int_equal(head, 0);
	assert_int_equal(len, 7);
	driver_set(&f->driver, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	assert_false(f->irq.level);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	virtio_mmio_push(&f->mmio, 0, f->chain.head, 0);
	assert_int_equal(f->irq.rises, 2);
	assert_false(virtio_mmio_pop(&f->mmio, 0, &f->chain));
}

static void no_interrupt_flag_is_respected(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, 0);
	f->driver.bytes[DRIVER_AVAIL_IPA - DRIVER_RAM_IPA] = VRING_AVAIL_F_NO_INTERRUPT;
	offer_one(f, 0);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	virtio_mmio_push(&f->mmio, 0, f->chain.head, 0);
	assert_false(f->irq.level);
}

/* With EVENT_IDX: an interrupt at the index that was asked for, a notification when run dry. */
static void event_index(void **state)
{
	struct fixture *f = *state;
	uint16_t *used_event =
		(uint16_t *)(void *)(f->driver.bytes + 0x1000 + 4 + 2 * DRIVER_QUEUE_SIZE);
	uint16_t *avail_event =
		(uint16_t *)(void *)(f->driver.bytes + 0x2000 + 4 + 8 * DRIVER_QUEUE_SIZE);

	driver_start(&f->driver, UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX);
	*used_event = 1;
	offer_one(f, 0);
	offer_one(f, 1);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	virtio_mmio_push(&f->mmio, 0, f->chain.head, 0);
	assert_false(f->irq.level);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	virtio_mmio_push(&f->mmio, 0, f->chain.head, 0);
	assert_true(f->irq.level);
	assert_int_equal(*avail_event, 0);
	assert_false(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	assert_int_equal(*avail_event, 2);
}

/* Nothing is taken before DRIVER_OK; what waits then is told of without a notification. */
static void queue_opens_with_driver_ok(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, 0);
	driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_READY), 0);
	offer_one(f, 0);
	driver_kick(&f->driver);
	assert_int_equal(f->notified, 1);
	assert_false(virtio_mmio_pop(&f->mmio, 0, &f->chain));
}

/* A device may take requests ahead of their use and put them back. */
static void unpopped_request_is_taken_again(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, 0);
	offer_one(f, 0);
	offer_one(f, 1);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	virtio_mmio_unpop(&f->mmio, 0, 1);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	assert_int_equal(f->chain.head, 1);
	assert_false(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	/* A queue that is closed, or is not there, is left alone. */
	driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
	virtio_mmio_unpop(&f->mmio, 0, 1);
	virtio_mmio_unpop(&f->mmio, 7, 1);
	driver_start(&f->driver, 0);
	assert_false(virtio_mmio_pop(&f->mmio, 0, &f->chain));
}

/* A reset waits for the device, then all is as at the start and the line low. */
static void reset_quiesces_first(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, 0);
	offer_one(f, 0);
	offer_one(f, 1);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	virtio_mmio_push(&f->mmio, 0, f->chain.head, 0);
	assert_true(f->irq.level);
	f->quiesced = 0;
	driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
	assert_int_equal(f->quiesced, 1);
	assert_false(f->pop_while_quiescing);
	assert_false(f->irq.level);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_STATUS), 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	/* A late answer finds nothing to write to. */
	virtio_mmio_push(&f->mmio, 0, 0, 0);
	assert_false(f->irq.level);
}

static void stopping_a_queue_quiesces_too(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, 0);
	offer_one(f, 0);
	f->quiesced = 0;
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_equal(f->quiesced, 1);
	assert_false(f->pop_while_quiescing);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_READY), 0);
	assert_false(virtio_mmio_pop(&f->mmio, 0, &f->chain));
}

/* Addresses outside RAM, unaligned ones, sizes that are no power of two: refused at the start. */
static void bad_queue_needs_a_reset(void **state)
{
	static const struct {
		uint64_t reg;
		uint32_t value;
	} bad[] = {
		{VIRTIO_MMIO_QUEUE_NUM, 0},
		{VIRTIO_MMIO_QUEUE_NUM, 3},
		{VIRTIO_MMIO_QUEUE_NUM, 512},
		{VIRTIO_MMIO_QUEUE_NUM, UINT32_MAX},
		{VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)DRIVER_DESC_IPA + 8},
		{VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)(DRIVER_RAM_IPA + DRIVER_RAM_BYTES - 112)},
		{VIRTIO_MMIO_QUEUE_DESC_HIGH, UINT32_MAX},
		{VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)DRIVER_AVAIL_IPA + 1},
		{VIRTIO_MMIO_QUEUE_AVAIL_LOW, 0},
		{VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)DRIVER_USED_IPA + 2},
		{VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)(DRIVER_RAM_IPA + DRIVER_RAM_BYTES - 64)},
		{VIRTIO_MMIO_QUEUE_USED_HIGH, 1},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		driver_start(&f->driver, 0);
		assert_false(driver_needs_reset(&f->driver, 0));
		driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
		driver_set(&f->driver, bad[i].reg, bad[i].value);
		driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
		assert_true(driver_needs_reset(&f->driver, 0));
		assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_QUEUE_READY), 0);
		assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS),
				 VIRTIO_MMIO_INT_CONFIG);
		assert_true(f->irq.level);
	}
	driver_start(&f->driver, 0);
	assert_false(driver_needs_reset(&f->driver, 0));
}

/* While a queue is in use its place and size stay as they are. */
static void queue_in_use_does_not_move(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NUM, 1);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_DESC_HIGH, 1);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
	offer_one(f, 5);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	assert_int_equal(f->chain.head, 5);
}

/* All registers, all widths, all bits set: the transport stays in one piece. */
static void odd_accesses_are_harmless(void **state)
{
	static const unsigned lengths[] = {1, 2, 4, 8};
	struct fixture *f = *state;

	for (uint64_t offset = 0; offset < 0x200; offset++) {
		for (unsigned i = 0; i < 4; i++) {
			virtio_mmio_ops.write(&f->mmio, offset, lengths[i], UINT64_MAX);
			(void)virtio_mmio_ops.read(&f->mmio, offset, lengths[i]);
		}
	}
	driver_start(&f->driver, 0);
	offer_one(f, 0);
	assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
}

/* One interrupt for all of them, which the driver finds in their order. */
static void requests_are_given_back_together(void **state)
{
	static const struct virtq_used used[] = {{2, 20}, {0, 0}, {1, 10}};
	struct fixture *f = *state;
	uint32_t head;
	uint32_t len;

	driver_start(&f->driver, 0);
	for (uint16_t i = 0; i < 3; i++) {
		offer_one(f, i);
		assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
	}
	virtio_mmio_push_many(&f->mmio, 0, used, 3);
	assert_int_equal(f->irq.rises, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(driver_wait(&f->driver, &head, &len));
		assert_int_equal(head, used[i].head);
		assert_int_equal(len, used[i].written_len);
	}
	assert_int_equal(driver_used(&f->driver), 3);
}

/* With EVENT_IDX the one that is waited for may be any of them. */
static void event_index_within_a_batch(void **state)
{
	static const struct virtq_used used[] = {{0, 0}, {1, 0}, {2, 0}};
	struct fixture *f = *state;
	uint16_t *used_event =
		(uint16_t *)(void *)(f->driver.bytes + 0x1000 + 4 + 2 * DRIVER_QUEUE_SIZE);

	for (uint16_t event = 0; event < 4; event++) {
		driver_start(&f->driver, UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX);
		*used_event = event;
		for (uint16_t i = 0; i < 3; i++) {
			offer_one(f, i);
			assert_true(virtio_mmio_pop(&f->mmio, 0, &f->chain));
		}
		virtio_mmio_push_many(&f->mmio, 0, used, 3);
		assert_int_equal(f->irq.level, event < 3);
	}
}

/* How often the eventfd was signalled since the last look. */
static uint64_t signals(struct fixture *f)
{
	struct pollfd wait = {.fd = virtio_mmio_event_fd(&f->mmio, 0), .events = POLLIN};
	uint64_t count = 0;

	if (poll(&wait, 1, 0) == 1) {
		assert_int_equal(read(wait.fd, &count, sizeof(count)), sizeof(count));
	}
	return count;
}

/* A queue with an eventfd has no use for the notify op, and is silent while it is closed. */
static void notifications_by_eventfd(void **state)
{
	static const struct virtio_device_ops quiet = {.quiesce = quiesce};
	struct virtio_device device = {
		.ops = &quiet, .device_id = 42, .queue_count = 1, .event_queues = 1};
	struct fixture *f = *state;
	struct irq_line line = irq_probe_line(&f->irq);

	virtio_mmio_destroy(&f->mmio);
	device.ctx = f;
	assert_int_equal(virtio_mmio_init(&f->mmio, &device, &f->driver.ram, &line), 0);
	assert_true(virtio_mmio_event_fd(&f->mmio, 0) >= 0);
	assert_int_equal(virtio_mmio_event_fd(&f->mmio, 1), -1);
	driver_kick(&f->driver);
	assert_int_equal(signals(f), 0);
	driver_start(&f->driver, 0);
	/* What was queued before DRIVER_OK needs no notification. */
	assert_int_equal(signals(f), 1);
	driver_kick(&f->driver);
	driver_kick(&f->driver);
	assert_int_equal(signals(f), 2);
	virtio_mmio_fail(&f->mmio);
	driver_kick(&f->driver);
	assert_int_equal(signals(f), 0);
	driver_set(&f->driver, VIRTIO_MMIO_STATUS, 0);
	driver_kick(&f->driver);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, UINT32_MAX);
	assert_int_equal(signals(f), 0);
	assert_int_equal(f->notified, 0);
}

static void device_without_ops_is_refused(void **state)
{
	static const struct virtio_device_ops no_notify = {.quiesce = quiesce};
	struct virtio_device device = {.ops = &no_notify, .queue_count = 1};
	struct guest_ram ram = {0};
	struct irq_line line = {0};
	struct virtio_mmio mmio;

	(void)state;
	assert_int_equal(virtio_mmio_init(&mmio, &device, &ram, &line), -EINVAL);
	device.queue_count = 2;
	device.event_queues = 2;
	assert_int_equal(virtio_mmio_init(&mmio, &device, &ram, &line), -EINVAL);
	device = (struct virtio_device){.ops = &ops, .queue_count = VIRTIO_MMIO_QUEUES_MAX + 1};
	assert_int_equal(virtio_mmio_init(&mmio, &device, &ram, &line), -EINVAL);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(identifies_itself),
		T(config_is_read_in_any_width),
		T(changed_config_has_a_new_generation),
		T(empty_slots_have_no_device),
		T(negotiation),
		T(interrupts_are_raised_and_acknowledged),
		T(no_interrupt_flag_is_respected),
		T(event_index),
		T(queue_opens_with_driver_ok),
		T(unpopped_request_is_taken_again),
		T(reset_quiesces_first),
		T(stopping_a_queue_quiesces_too),
		T(bad_queue_needs_a_reset),
		T(queue_in_use_does_not_move),
		T(odd_accesses_are_harmless),
		T(requests_are_given_back_together),
		T(event_index_within_a_batch),
		T(notifications_by_eventfd),
		T(device_without_ops_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
