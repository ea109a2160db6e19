/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Promises of host/resume_marker.h: where a mark is found, what clearing one writes, and that no
 * disk, whatever its guest has put on it, leads anywhere else.
 */
#include "check.h"

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/partitions.h"
#include "host/resume_marker.h"
#include "leaks.h"
#include "temp_file.h"

#define DISK_BYTES (8U << 20)
#define SECTOR 512

/* A disk in memory, and its file. */
struct disk {
	struct temp_dir dir;
	struct leaks leaks;
	uint8_t bytes[DISK_BYTES];
};

static int setup(void **state)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	assert_non_null(disk);
	disk->leaks = leaks_begin();
	temp_dir_make(&disk->dir);
	*state = disk;
	return 0;
}

static int teardown(void **state)
{
	struct disk *disk = *state;
	struct leaks leaks = disk->leaks;

	temp_dir_remove(&disk->dir);
	free(disk);
	assert_no_leaks(&leaks);
	return 0;
}

static const char *path_of(struct disk *disk)
{
	return temp_path(&disk->dir, "disk");
}

static void save(struct disk *disk, size_t size)
{
	temp_write(&disk->dir, "disk", disk->bytes, size);
}

static struct resume_marker_count look(struct disk *disk)
{
	struct resume_marker_count count;
	struct vmm_error error = {.text = ""};

	save(disk, DISK_BYTES);
	if (resume_marker_look(path_of(disk), &count, &error) != 0) {
		fail_msg("%s", error.text);
	}
	return count;
}

static void put_area(struct disk *disk, size_t start, size_t page, const char *before,
		     const char *now)
{
	memcpy(disk->bytes + start + page - 20, before, 10);
	memcpy(disk->bytes + start + page - 10, now, 10);
}

static void put32(struct disk *disk, size_t at, uint32_t value)
{
	const uint32_t le = htole32(value);

	memcpy(disk->bytes + at, &le, sizeof(le));
}

static void put64(struct disk *disk, size_t at, uint64_t value)
{
	const uint64_t le = htole64(value);

	memcpy(disk->bytes + at, &le, sizeof(le));
}

static void put_gpt(struct disk *disk, size_t lba_bytes, uint64_t first_lba)
{
	memcpy(disk->bytes + lba_bytes, "EFI PART", 8);
	put64(disk, lba_bytes + 72, 2);
	put32(disk, lba_bytes + 80, 128);
	put32(disk, lba_bytes + 84, 128);
	/* The second entry; the first is not used. */
	memset(disk->bytes + 2 * lba_bytes + 128, 0x11, 16);
	put64(disk, 2 * lba_bytes + 128 + 32, first_lba);
}

static void put_mbr(struct disk *disk, uint64_t lba, unsigned n, uint8_t type, uint32_t first)
{
	size_t at = lba * SECTOR;

	disk->bytes[at + 510] = 0x55;
	disk->bytes[at + 511] = 0xAA;
	disk->bytes[at + 446 + 16 * n + 4] = type;
	put32(disk, at + 446 + 16 * n + 8, first);
}

/* A disk that is a swap area, for each size of a page; only the mark counts as one. */
static void whole_disks(void **state)
{
	static const struct {
		size_t page;
		const char *before;
		const char *now;
		unsigned areas;
		unsigned marked;
	} rows[] = {
		{4096, "SWAPSPACE2", "S1SUSPEND\0", 1, 1},
		{16384, "SWAPSPACE2", "S1SUSPEND\0", 1, 1},
		{65536, "SWAP-SPACE", "S1SUSPEND\0", 1, 1},
		{4096, "..........", "SWAPSPACE2", 1, 0},
		{65536, "..........", "SWAPSPACE2", 1, 0},
		{4096, "SWAPSPACE2", "S1SUSPENDX", 0, 0},
		{8192, "SWAPSPACE2", "S1SUSPEND\0", 0, 0},
	};
	struct disk *disk = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct resume_marker_count count;

		memset(disk->bytes, 0, DISK_BYTES);
		put_area(disk, 0, rows[i].page, rows[i].before, rows[i].now);
		count = look(disk);
		assert_int_equal(count.areas, rows[i].areas);
		assert_int_equal(count.marked, rows[i].marked);
	}
}

static void partitions(void **state)
{
	struct disk *disk = *state;
	struct resume_marker_count count;

	put_area(disk, 2048 * SECTOR, 4096, "SWAPSPACE2", "S1SUSPEND\0");
	put_area(disk, 4096 * SECTOR, 4096, "..........", "SWAPSPACE2");
	assert_int_equal(look(disk).areas, 0);
	put_gpt(disk, SECTOR, 2048);
	assert_int_equal(look(disk).marked, 1);
	memset(disk->bytes, 0, 40 * SECTOR);
	put_gpt(disk, 4096, 2048 / 8);
	assert_int_equal(look(disk).marked, 1);
	memset(disk->bytes, 0, 40 * SECTOR);
	put_mbr(disk, 0, 0, 0x82, 2048);
	put_mbr(disk, 0, 1, 0x83, 4096);
	count = look(disk);
	assert_int_equal(count.areas, 2);
	assert_int_equal(count.marked, 1);
	/* A logical one, the second of its chain. */
	memset(disk->bytes, 0, SECTOR);
	put_mbr(disk, 0, 3, 0x05, 64);
	put_mbr(disk, 64, 0, 0x83, 8);
	put_mbr(disk, 64, 1, 0x05, 100);
	put_mbr(disk, 164, 0, 0x82, 2048 - 164);
	assert_int_equal(look(disk).marked, 1);
}

/* The signature that was there is there again, nothing else has changed; and only once. */
static void clears(void **state)
{
	struct disk *disk = *state;
	struct resume_marker_count count;
	struct vmm_error error;
	uint8_t end[20];
	int fd;

	put_mbr(disk, 0, 0, 0x82, 2048);
	memset(disk->bytes + 2048 * SECTOR, 0x5A, 8192);
	put_area(disk, 2048 * SECTOR, 4096, "SWAPSPACE2", "S1SUSPEND\0");
	save(disk, DISK_BYTES);
	assert_int_equal(resume_marker_clear(path_of(disk), &count, &error), 0);
	assert_int_equal(count.marked, 1);
	assert_int_equal(resume_marker_look(path_of(disk), &count, &error), 0);
	assert_int_equal(count.marked, 0);
	assert_int_equal(count.areas, 1);
	memcpy(disk->bytes + 2048 * SECTOR + 4096 - 10, "SWAPSPACE2", 10);
	fd = open(path_of(disk), O_RDONLY);
	for (size_t at = 0; at < DISK_BYTES; at += SECTOR) {
		uint8_t sector[SECTOR];

		assert_int_equal(pread(fd, sector, SECTOR, (off_t)at), SECTOR);
		assert_memory_equal(sector, disk->bytes + at, SECTOR);
	}
	/* A mark beside which no swap area's signature is kept is none of ours to mend. */
	memset(disk->bytes, 0, DISK_BYTES);
	put_area(disk, 0, 4096, "something!", "S1SUSPEND\0");
	save(disk, DISK_BYTES);
	assert_int_equal(resume_marker_clear(path_of(disk), &count, &error), 0);
	(void)close(fd);
	fd = open(path_of(disk), O_RDONLY);
	assert_int_equal(pread(fd, end, sizeof(end), 4096 - 20), sizeof(end));
	assert_memory_equal(end, "something!S1SUSPEND\0", 20);
	(void)close(fd);
}

/* Tables that point anywhere, to themselves, or have no end. */
static void nonsense_is_bounded(void **state)
{
	struct disk *disk = *state;
	uint64_t starts[PARTITIONS_MAX];
	int fd;

	put_gpt(disk, SECTOR, UINT64_MAX);
	assert_int_equal(look(disk).areas, 0);
	put_gpt(disk, SECTOR, DISK_BYTES / SECTOR - 1);
	assert_int_equal(look(disk).areas, 0);
	put64(disk, SECTOR + 72, UINT64_MAX / SECTOR);
	put32(disk, SECTOR + 80, UINT32_MAX);
	assert_int_equal(look(disk).areas, 0);
	put64(disk, SECTOR + 72, 2);
	put32(disk, SECTOR + 84, UINT32_MAX);
	assert_int_equal(look(disk).areas, 0);
	memset(disk->bytes, 0, 4096);
	/* A chain that leads to itself. */
	put_mbr(disk, 0, 0, 0x05, 64);
	put_mbr(disk, 64, 0, 0x82, 8);
	put_mbr(disk, 64, 1, 0x05, 0);
	assert_int_equal(look(disk).areas, 0);
	fd = open(path_of(disk), O_RDONLY);
	assert_int_equal(partitions_find(fd, DISK_BYTES, starts), PARTITIONS_MAX);
	(void)close(fd);
	srand(1);
	for (unsigned round = 0; round < 50; round++) {
		for (size_t at = 0; at < 64 * SECTOR; at++) {
			disk->bytes[at] = (uint8_t)rand();
		}
		memcpy(disk->bytes + SECTOR, "EFI PART", round % 2 == 0 ? 8 : 0);
		disk->bytes[510] = 0x55;
		disk->bytes[511] = 0xAA;
		(void)look(disk);
	}
}

static void small_and_missing_disks(void **state)
{
	struct disk *disk = *state;
	struct resume_marker_count count;
	struct vmm_error error = {.text = ""};

	put_area(disk, 0, 4096, "SWAPSPACE2", "S1SUSPEND\0");
	save(disk, SECTOR);
	assert_int_equal(resume_marker_look(path_of(disk), &count, &error), 0);
	assert_int_equal(count.areas, 0);
	assert_true(resume_marker_look(temp_path(&disk->dir, "none"), &count, &error) < 0);
	assert_non_null(strstr(error.text, "none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_disks, setup, teardown),
		cmocka_unit_test_setup_teardown(partitions, setup, teardown),
		cmocka_unit_test_setup_teardown(clears, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(small_and_missing_disks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
