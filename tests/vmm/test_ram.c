/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of platform/ram.h. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/huge_pages.h"
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

/* Bytes that the host has given to the file. */
static uint64_t held_bytes(const struct guest_ram *ram)
{
	struct stat facts;

	assert_int_equal(fstat(ram->fd, &facts), 0);
	return (uint64_t)facts.st_blocks * 512;
}

/* The host gives memory only for what the guest touches. */
static void untouched_ram_costs_nothing(void **state)
{
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, UINT64_C(1) << 36, GUEST_RAM_FILE), 0);
	assert_true(held_bytes(&ram) == 0);
	ram.host[UINT64_C(1) << 35] = 1;
	assert_in_range(held_bytes(&ram), 1, 2U << 20);
	guest_ram_unmap(&ram);
}

/* Whoever is given the file sees the guest's memory, and can't take it away. */
static void file_is_ram_and_keeps_its_size(void **state)
{
	struct guest_ram ram;
	uint8_t *other;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, SIZE_BYTES, GUEST_RAM_FILE), 0);
	other = mmap(NULL, SIZE_BYTES, PROT_READ, MAP_SHARED, ram.fd, 0);
	assert_ptr_not_equal(other, MAP_FAILED);
	ram.host[0x1234] = 0x5A;
	assert_int_equal(other[0x1234], 0x5A);
	assert_int_equal(munmap(other, SIZE_BYTES), 0);
	assert_int_equal(ftruncate(ram.fd, 0), -1);
	assert_int_equal(ftruncate(ram.fd, 2 * SIZE_BYTES), -1);
	assert_int_equal(fcntl(ram.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fcntl(ram.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	guest_ram_unmap(&ram);
}

/* The whole pages of a range go back to the host, and nothing around them changes. */
static void release_gives_whole_pages_back(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t ipa = LAYOUT_RAM_BASE;
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, SIZE_BYTES, GUEST_RAM_FILE), 0);
	memset(ram.host, 0xA5, SIZE_BYTES);
	assert_true(held_bytes(&ram) == SIZE_BYTES);
	assert_int_equal(guest_ram_release(&ram, ipa + page - 1, 3 * page), 0);
	assert_true(held_bytes(&ram) == SIZE_BYTES - 2 * page);
	assert_int_equal(ram.host[page - 1], 0xA5);
	assert_int_equal(ram.host[page], 0);
	assert_int_equal(ram.host[3 * page - 1], 0);
	assert_int_equal(ram.host[3 * page], 0xA5);
	assert_int_equal(guest_ram_release(&ram, ipa, SIZE_BYTES), 0);
	assert_true(held_bytes(&ram) == 0);
	guest_ram_unmap(&ram);
}

static void release_checks_its_range(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t ipa = LAYOUT_RAM_BASE;
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, SIZE_BYTES, GUEST_RAM_FILE), 0);
	memset(ram.host, 0xA5, SIZE_BYTES);
	assert_int_equal(guest_ram_release(&ram, ipa - page, page), -EINVAL);
	assert_int_equal(guest_ram_release(&ram, ipa + SIZE_BYTES - page, 2 * page), -EINVAL);
	assert_int_equal(guest_ram_release(&ram, ipa, UINT64_MAX), -EINVAL);
	assert_int_equal(guest_ram_release(&ram, UINT64_MAX, 2), -EINVAL);
	assert_int_equal(guest_ram_release(&ram, ipa + 1, page), 0);
	assert_int_equal(guest_ram_release(&ram, ipa + 1, 0), 0);
	assert_int_equal(guest_ram_release(&ram, ipa + SIZE_BYTES, 0), 0);
	assert_true(held_bytes(&ram) == SIZE_BYTES);
	guest_ram_unmap(&ram);
}

/* Pages of a range that this process has. */
static uint64_t resident_pages(const uint8_t *first, uint64_t count)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned char pages[64];
	uint64_t resident = 0;

	assert_true(count <= sizeof(pages));
	assert_int_equal(mincore((void *)(uintptr_t)first, count * page, pages), 0);
	for (uint64_t i = 0; i < count; i++) {
		resident += pages[i] & 1;
	}
	return resident;
}

/* Anonymous memory is as good: zero, given back by the page and as a whole, and no file. */
static void anonymous_ram_does_the_same(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, SIZE_BYTES, GUEST_RAM_ANONYMOUS), 0);
	assert_int_equal(ram.fd, -1);
	assert_int_equal((uintptr_t)ram.host % (2U << 20), 0);
	/* So that what is counted is single pages. */
	assert_int_equal(madvise(ram.host, SIZE_BYTES, MADV_NOHUGEPAGE), 0);
	assert_int_equal(resident_pages(ram.host, 64), 0);
	memset(ram.host, 0xA5, SIZE_BYTES);
	assert_int_equal(resident_pages(ram.host, 64), 64);
	assert_int_equal(guest_ram_release(&ram, ram.ipa + page - 1, 3 * page), 0);
	assert_int_equal(resident_pages(ram.host, 64), 62);
	assert_int_equal(ram.host[page - 1], 0xA5);
	assert_int_equal(ram.host[page], 0);
	assert_int_equal(guest_ram_discard(&ram), 0);
	assert_int_equal(resident_pages(ram.host, 64), 0);
	assert_int_equal(ram.host[0] | ram.host[SIZE_BYTES - 1], 0);
	guest_ram_unmap(&ram);
}

/* The switch as Linux writes it: the word in brackets counts. */
static void switches_are_read(void **state)
{
	static const struct {
		const char *text;
		bool given;
	} rows[] = {
		{"[always] madvise never\n", true},
		{"always [madvise] never\n", true},
		{"always madvise [never]\n", false},
		{"always within_size [advise] never deny force\n", true},
		{"always [within_size] advise never deny force\n", true},
		{"always within_size advise never deny [force]\n", true},
		{"always within_size advise [never] deny force\n", false},
		{"always within_size advise never [deny] force\n", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(huge_pages_given(rows[i].text), rows[i].given);
	}
}

/* The kind that is taken is the one that gets huge pages, if only one does. */
static void better_kind_is_taken(void **state)
{
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map(&ram, SIZE_BYTES), 0);
	assert_int_equal(ram.fd < 0, huge_pages_anonymous_only());
	guest_ram_unmap(&ram);
}

/* Huge pages that the pool does not have are refused at once, with what would mend it. */
static void huge_pages_are_reserved_or_refused(void **state)
{
	struct vmm_error error = {.text = ""};
	struct guest_ram ram;

	(void)state;
	assert_int_not_equal(guest_ram_map_huge(&ram, UINT64_C(1) << 46, &error), 0);
	assert_non_null(strstr(error.text, "--hugepages"));
	assert_int_equal(guest_ram_map_huge(&ram, 4096, &error), -EINVAL);
	assert_true(error.bad_input);
}

/* A reset's RAM has nothing left of what was there. */
static void discard_zeroes(void **state)
{
	struct guest_ram ram;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, SIZE_BYTES, GUEST_RAM_FILE), 0);
	memset(ram.host, 0xA5, SIZE_BYTES);
	assert_int_equal(guest_ram_discard(&ram), 0);
	assert_true(held_bytes(&ram) == 0);
	for (uint64_t i = 0; i < SIZE_BYTES; i++) {
		assert_int_equal(ram.host[i], 0);
	}
	guest_ram_unmap(&ram);
}

/* What was set aside stays so: its pages are zeroed where they are, and others are not touched. */
static void reserved_ram_is_zeroed_in_place(void **state)
{
	struct guest_ram ram;
	uint64_t held;

	(void)state;
	assert_int_equal(guest_ram_map_as(&ram, SIZE_BYTES, GUEST_RAM_FILE), 0);
	assert_int_equal(madvise(ram.host, SIZE_BYTES, MADV_NOHUGEPAGE), 0);
	ram.reserved = true;
	assert_int_equal(guest_ram_discard(&ram), 0);
	assert_true(held_bytes(&ram) == 0);
	memset(ram.host, 0xA5, SIZE_BYTES / 4);
	memset(ram.host + SIZE_BYTES / 2, 0xA5, SIZE_BYTES / 4);
	ram.host[SIZE_BYTES - 1] = 0xA5;
	held = held_bytes(&ram);
	assert_in_range(held, SIZE_BYTES / 2 + 1, SIZE_BYTES - 1);
	assert_int_equal(guest_ram_discard(&ram), 0);
	assert_true(held_bytes(&ram) == held);
	for (uint64_t i = 0; i < SIZE_BYTES; i++) {
		assert_int_equal(ram.host[i], 0);
	}
	guest_ram_unmap(&ram);
}

static void range_must_be_inside(void **state)
{
	uint8_t bytes[16];
	struct guest_ram ram = {.host = bytes, .ipa = 0x1000, .size_bytes = sizeof(bytes)};

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
		cmocka_unit_test(anonymous_ram_does_the_same),
		cmocka_unit_test(switches_are_read),
		cmocka_unit_test(better_kind_is_taken),
		cmocka_unit_test(discard_zeroes),
		cmocka_unit_test(untouched_ram_costs_nothing),
		cmocka_unit_test(file_is_ram_and_keeps_its_size),
		cmocka_unit_test(release_gives_whole_pages_back),
		cmocka_unit_test(release_checks_its_range),
		cmocka_unit_test(huge_pages_are_reserved_or_refused),
		cmocka_unit_test(reserved_ram_is_zeroed_in_place),
		cmocka_unit_test(range_must_be_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
