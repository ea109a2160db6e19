/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/mmio_bus.h. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "devices/mmio_bus.h"

struct echo {
	uint64_t offset;
	unsigned len_bytes;
	uint64_t value;
};

static uint64_t echo_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct echo *echo = dev;

	echo->offset = offset;
	echo->len_bytes = len_bytes;
	return UINT64_C(0x8877665544332211);
}

static void echo_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	*(struct echo *)dev = (struct echo){offset, len_bytes, value};
}

static const struct mmio_ops echo_ops = {.read = echo_read, .write = echo_write};
static const struct mmio_ops half_ops = {.read = echo_read};

static int add(struct mmio_bus *bus, uint64_t base, uint64_t size_bytes, struct echo *dev)
{
	struct mmio_region region = {base, size_bytes, &echo_ops, dev, "echo"};

	return mmio_bus_add(bus, &region);
}

/* Overlaps are refused whichever region came first, also by one byte or wholly inside. */
static void overlap_is_refused(void **state)
{
	struct mmio_bus bus = {0};
	struct echo dev;

	(void)state;
	assert_int_equal(add(&bus, 0x2000, 0x1000, &dev), 0);
	assert_int_equal(add(&bus, 0x1000, 0x1001, &dev), -EEXIST);
	assert_int_equal(add(&bus, 0x2FFF, 1, &dev), -EEXIST);
	assert_int_equal(add(&bus, 0x2000, 0x1000, &dev), -EEXIST);
	assert_int_equal(add(&bus, 0, 0x10000, &dev), -EEXIST);
	assert_int_equal(add(&bus, 0x2800, 8, &dev), -EEXIST);
	assert_int_equal(add(&bus, 0x3000, 0x1000, &dev), 0);
	assert_int_equal(add(&bus, 0x1000, 0x1000, &dev), 0);
	assert_int_equal(add(&bus, UINT64_C(0xFFFFFFFFFFFFF000), 0x1000, &dev), 0);
	assert_int_equal(bus.count, 4);
}

static void bad_regions_are_refused(void **state)
{
	struct mmio_bus bus = {0};
	struct mmio_region half = {0, 0x1000, &half_ops, NULL, "half"};
	struct echo dev;

	(void)state;
	assert_int_equal(add(&bus, 0x1000, 0, &dev), -EINVAL);
	assert_int_equal(add(&bus, UINT64_MAX, 2, &dev), -EINVAL);
	assert_int_equal(mmio_bus_add(&bus, &half), -EINVAL);
	for (unsigned i = 0; i < MMIO_BUS_REGIONS_MAX; i++) {
		assert_int_equal(add(&bus, UINT64_C(0x1000) * i, 0x1000, &dev), 0);
	}
	assert_int_equal(add(&bus, UINT64_C(1) << 40, 0x1000, &dev), -ENOSPC);
}

/* The device gets offsets from its own base; values are cut to the access's length. */
static void access_reaches_its_device(void **state)
{
	struct mmio_bus bus = {0};
	struct echo a = {0};
	struct echo b = {0};
	uint64_t value;

	(void)state;
	assert_int_equal(add(&bus, 0x9000, 0x1000, &b), 0);
	assert_int_equal(add(&bus, 0x1000, 0x200, &a), 0);
	assert_true(mmio_bus_read(&bus, 0x9FFC, 4, &value));
	assert_int_equal(value, 0x44332211);
	assert_int_equal(b.offset, 0xFFC);
	assert_true(mmio_bus_read(&bus, 0x1001, 1, &value));
	assert_int_equal(value, 0x11);
	assert_int_equal(a.offset, 1);
	assert_true(mmio_bus_write(&bus, 0x1010, 2, 0x12345678));
	assert_int_equal(a.value, 0x5678);
	assert_int_equal(a.len_bytes, 2);
	assert_true(mmio_bus_read(&bus, 0x1000, 8, &value));
	assert_true(value == UINT64_C(0x8877665544332211));
}

/* Nothing there, an access over a region's end, an odd length: false, and 0 for a read. */
static void hole_is_no_device(void **state)
{
	struct mmio_bus bus = {0};
	struct echo dev;
	uint64_t value = 1;

	(void)state;
	assert_false(mmio_bus_read(&bus, 0x1000, 4, &value));
	assert_int_equal(value, 0);
	assert_int_equal(add(&bus, 0x1000, 0x200, &dev), 0);
	assert_false(mmio_bus_read(&bus, 0xFFF, 1, &value));
	assert_false(mmio_bus_read(&bus, 0x1200, 1, &value));
	assert_false(mmio_bus_read(&bus, 0x11FE, 4, &value));
	assert_false(mmio_bus_write(&bus, 0xFFF, 2, 0));
	assert_false(mmio_bus_write(&bus, UINT64_MAX, 8, 0));
	assert_false(mmio_bus_read(&bus, 0x1000, 3, &value));
	assert_false(mmio_bus_read(&bus, 0x1000, 0, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlap_is_refused),
		cmocka_unit_test(bad_regions_are_refused),
		cmocka_unit_test(access_reaches_its_device),
		cmocka_unit_test(hole_is_no_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
