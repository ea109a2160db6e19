/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of platform/ram.h. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "platform/layout.h"
#include "platform/ram.h"

#define SIZE_BYTES (UINT64_C(4) << 20)

static void ram_is_aligned_and_zero(void **state)
{
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map(&ram, SIZE_BYTES), 0);
	assert_int_equal((uintptr_t)ram.host % (2U << 20), 0);
	assert_true(ram.ipa == LAYOUT_RAM_BASE);
	assert_true(ram.size_bytes == SIZE_BYTES);
	assert_int_equal(ram.host[0] | ram.host[SIZE_BYTES - 1], 0);
	guest_ram_unmap(&ram);
	assert_null(ram.host);
	guest_ram_unmap(&ram);
}

static void bad_size_is_refused(void **state)
{
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map(&ram, 0), -EINVAL);
	assert_int_equal(guest_ram_map(&ram, SIZE_BYTES + 1), -EINVAL);
	assert_int_equal(guest_ram_map(&ram, UINT64_C(0xFFFFFFFFFFFFF000)), -EINVAL);
	assert_int_equal(guest_ram_map(&ram, UINT64_C(1) << 60), -ENOMEM);
}

/* A reset's RAM has nothing left of what was there. */
static void discard_zeroes(void **state)
{
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map(&ram, SIZE_BYTES), 0);
	memset(ram.host, 0xA5, SIZE_BYTES);
	assert_int_equal(guest_ram_discard(&ram), 0);
	for (uint64_t i = 0; i < SIZE_BYTES; i++) {
		assert_int_equal(ram.host[i], 0);
	}
	guest_ram_unmap(&ram);
}

static void range_must_be_inside(void **state)
{
	uint8_t bytes[16];
	struct guest_ram ram = {bytes, 0x1000, sizeof(bytes)};

	(void)state;
	assert_ptr_equal(guest_ram_at(&ram, 0x1000, 16), bytes);
	assert_ptr_equal(guest_ram_at(&ram, 0x100F, 1), bytes + 15);
	assert_ptr_equal(guest_ram_at(&ram, 0x1010, 0), bytes + 16);
	assert_null(guest_ram_at(&ram, 0x1000, 17));
	assert_null(guest_ram_at(&ram, 0x1010, 1));
	assert_null(guest_ram_at(&ram, 0x1011, 0));
	assert_null(guest_ram_at(&ram, 0xFFF, 2));
	assert_null(guest_ram_at(&ram, 0x1008, UINT64_MAX));
	assert_null(guest_ram_at(&ram, UINT64_MAX, 2));
	assert_null(guest_ram_at(&ram, 0, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_is_aligned_and_zero),
		cmocka_unit_test(bad_size_is_refused),
		cmocka_unit_test(discard_zeroes),
		cmocka_unit_test(range_must_be_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
