/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_rng.h. */
#include "check.h"

#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>

#include "devices/virtio_rng.h"
#include "virtio_driver.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

struct fixture {
	struct driver driver;
	struct virtio_rng rng;
	struct irq_probe irq;
};

static int setup(void **state)
{
	static struct fixture f;
	struct irq_line line = irq_probe_line(&f.irq);

	memset(&f, 0, sizeof(f));
	driver_init(&f.driver);
	assert_int_equal(virtio_rng_init(&f.rng, &f.driver.ram, &line), 0);
	f.driver.mmio = &f.rng.mmio;
	driver_start(&f.driver, 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	virtio_rng_destroy(&((struct fixture *)*state)->rng);
	return 0;
}

static unsigned zeros(struct fixture *f, uint64_t ipa, unsigned count)
{
	const uint8_t *bytes = guest_ram_at(&f->driver.ram, ipa, count);
	unsigned found = 0;

	for (unsigned i = 0; i < count; i++) {
		found += bytes[i] == 0;
	}
	return found;
}

/* All segments are filled, and the interrupt is up when the notification returns. */
static void gives_random_bytes(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 4);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, DRIVER_DATA_IPA, 64, NEXT | WRITE, 1);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 1, DRIVER_DATA_IPA + 128, 64, WRITE, 0);
	driver_offer(&f->driver, 0);
	driver_kick(&f->driver);
	assert_true(f->irq.level);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(written, 128);
	assert_true(zeros(f, DRIVER_DATA_IPA, 64) < 8);
	assert_int_equal(zeros(f, DRIVER_DATA_IPA + 64, 64), 64);
	assert_true(zeros(f, DRIVER_DATA_IPA + 128, 64) < 8);
}

/* However much is asked for, a vCPU is not kept longer than for a page. */
static void one_request_is_bounded(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, DRIVER_DATA_IPA, 0x20000, WRITE, 0);
	driver_offer(&f->driver, 0);
	driver_kick(&f->driver);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(written, VIRTIO_RNG_REQUEST_BYTES);
	assert_int_equal(zeros(f, DRIVER_DATA_IPA + VIRTIO_RNG_REQUEST_BYTES, 64), 64);
}

static void request_without_room_is_answered(void **state)
{
	struct fixture *f = *state;
	uint32_t head;
	uint32_t written;

	driver_desc(&f->driver, DRIVER_DESC_IPA, 3, DRIVER_DATA_IPA, 16, 0, 0);
	driver_offer(&f->driver, 3);
	driver_kick(&f->driver);
	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(head, 3);
	assert_int_equal(written, 0);
}

static void bad_request_needs_a_reset(void **state)
{
	struct fixture *f = *state;

	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, 0, 16, WRITE, 0);
	driver_offer(&f->driver, 0);
	driver_kick(&f->driver);
	assert_true(driver_needs_reset(&f->driver, 0));
	driver_start(&f->driver, 0);
	gives_random_bytes(state);
}

static bool work_left(const struct fixture *f)
{
	struct pollfd poll_fd = {.fd = virtio_rng_fd(&f->rng), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

/* The driver is not asked to notify of what follows so many, so the main loop must look again. */
static void goes_on_after_many_requests(void **state)
{
	struct fixture *f = *state;
	uint16_t *avail = guest_ram_at(&f->driver.ram, DRIVER_AVAIL_IPA, 4);

	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NUM, VIRTQ_SIZE_MAX);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, DRIVER_DATA_IPA, 16, WRITE, 0);
	avail[1] = VIRTQ_SIZE_MAX;
	driver_kick(&f->driver);
	assert_int_equal(driver_used(&f->driver), VIRTQ_SIZE_MAX);
	avail[1]++;
	assert_true(work_left(f));
	virtio_rng_dispatch(&f->rng);
	assert_int_equal(driver_used(&f->driver), VIRTQ_SIZE_MAX + 1);
	assert_false(work_left(f));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(gives_random_bytes),
		T(one_request_is_bounded),
		T(request_without_room_is_answered),
		T(bad_request_needs_a_reset),
		T(goes_on_after_many_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
