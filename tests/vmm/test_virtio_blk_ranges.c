/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_blk.h about discard and write zeroes, for each kind of I/O. */
#include "blk_rig.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define UNMAP VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP
#define BIG_BYTES (4 << 20)
#define BIG_SECTORS (BIG_BYTES / 512)
#define ZERO_FEATURE FEATURE(VIRTIO_BLK_F_WRITE_ZEROES)
#define ALL_FEATURES (FEATURE(VIRTIO_BLK_F_FLUSH) | FEATURE(VIRTIO_BLK_F_DISCARD) | ZERO_FEATURE)

static void put_range(struct fixture *f, unsigned n, uint64_t sector, uint32_t count,
		      uint32_t flags)
{
	struct virtio_blk_discard_write_zeroes range = {
		.sector = htole64(sector), .num_sectors = htole32(count), .flags = htole32(flags)};

	memcpy(blk_rig_buffer(f) + n * sizeof(range), &range, sizeof(range));
}

static uint8_t send_ranges(struct fixture *f, uint32_t type, unsigned count)
{
	return blk_rig_request(f, type, 0, count * 16, true);
}

static uint8_t one_range(struct fixture *f, uint32_t type, uint64_t sector, uint32_t count,
			 uint32_t flags)
{
	put_range(f, 0, sector, count, flags);
	return send_ranges(f, type, 1);
}

/* A disk of BIG_BYTES, all of which hold something. */
static void fill(struct fixture *f)
{
	static uint8_t bytes[BIG_BYTES];
	uint64_t features = ALL_FEATURES;

	memset(bytes, 0x5A, sizeof(bytes));
	temp_write(&f->dir, "disk", bytes, sizeof(bytes));
	if (f->setup.read_only) {
		features = FEATURE(VIRTIO_BLK_F_FLUSH);
	} else if (!f->setup.discard) {
		features &= ~FEATURE(VIRTIO_BLK_F_DISCARD);
	}
	blk_rig_restart(f, features);
}

/* What the file holds in these sectors, if it is all the same; -1 if not. */
static int held(struct fixture *f, uint64_t sector, uint32_t count)
{
	static uint8_t bytes[BIG_BYTES];
	int fd = open(f->path, O_RDONLY);
	size_t len = (size_t)count * 512;

	assert_true(fd >= 0);
	assert_true(pread(fd, bytes, len, (off_t)sector * 512) == (ssize_t)len);
	assert_int_equal(close(fd), 0);
	return len == 1 || memcmp(bytes, bytes + 1, len - 1) == 0 ? bytes[0] : -1;
}

static int64_t allocated(struct fixture *f)
{
	struct stat info;

	assert_int_equal(stat(f->path, &info), 0);
	assert_int_equal(info.st_size, BIG_BYTES);
	return info.st_blocks * 512;
}

static void limits_are_told(void **state)
{
	struct fixture *f = *state;
	uint32_t features = driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES);

	assert_int_equal(features & FEATURE(VIRTIO_BLK_F_DISCARD), FEATURE(VIRTIO_BLK_F_DISCARD));
	assert_int_equal(features & ZERO_FEATURE, ZERO_FEATURE);
	assert_int_equal(driver_get(&f->driver, 0x100 + 36), 1 << 21);
	assert_int_equal(driver_get(&f->driver, 0x100 + 40), 16);
	assert_int_equal(driver_get(&f->driver, 0x100 + 44), f->blk.file.block_bytes / 512);
	assert_int_equal(driver_get(&f->driver, 0x100 + 48), 1 << 17);
	assert_int_equal(driver_get(&f->driver, 0x100 + 52), 1);
	assert_int_equal(driver_get(&f->driver, 0x100 + 56) & 0xFF, 1);
	f->blk.file.has_ranges = false;
	assert_int_equal(driver_get(&f->driver, 0x100 + 48), 1 << 13);
}

/* The host gets its space back, the guest zeros, and what is beside it stays. */
static void discard_frees_space(void **state)
{
	struct fixture *f = *state;
	int64_t before;

	fill(f);
	before = allocated(f);
	put_range(f, 0, 128, 2048, 0);
	put_range(f, 1, 4096, 2048, 0);
	assert_int_equal(send_ranges(f, VIRTIO_BLK_T_DISCARD, 2), VIRTIO_BLK_S_OK);
	assert_in_range(allocated(f), 0, before - (1 << 20));
	assert_int_equal(held(f, 0, 128), 0x5A);
	assert_int_equal(held(f, 128, 2048), 0);
	assert_int_equal(held(f, 2176, 1920), 0x5A);
	assert_int_equal(held(f, 4096, 2048), 0);
	assert_int_equal(held(f, 6144, 2048), 0x5A);
}

static void zeroes_are_written(void **state)
{
	struct fixture *f = *state;
	int64_t before;

	fill(f);
	before = allocated(f);
	/* Not aligned to anything but sectors. */
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 1, 1023, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 1025, 1, UNMAP), VIRTIO_BLK_S_OK);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 2048, 0, UNMAP), VIRTIO_BLK_S_OK);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 4096, 4096, UNMAP),
			 VIRTIO_BLK_S_OK);
	assert_int_equal(held(f, 0, 1), 0x5A);
	assert_int_equal(held(f, 1, 1023), 0);
	assert_int_equal(held(f, 1024, 1), 0x5A);
	assert_int_equal(held(f, 1025, 1), 0);
	assert_int_equal(held(f, 1026, 3070), 0x5A);
	assert_int_equal(held(f, 4096, 4096), 0);
	assert_in_range(allocated(f), 0, before - (1 << 20));
}

/* Without discard the guest can't free space, and zeros stay allocated. */
static void discard_may_be_off(void **state)
{
	struct fixture *f = *state;
	uint32_t features;
	int64_t before;

	f->setup.discard = false;
	fill(f);
	features = driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES);
	assert_int_equal(features & FEATURE(VIRTIO_BLK_F_DISCARD), 0);
	assert_int_equal(features & ZERO_FEATURE, ZERO_FEATURE);
	assert_int_equal(driver_get(&f->driver, 0x100 + 36), 0);
	assert_int_equal(driver_get(&f->driver, 0x100 + 56) & 0xFF, 0);
	before = allocated(f);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_DISCARD, 0, 2048, 0), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 2048, 2048, UNMAP),
			 VIRTIO_BLK_S_OK);
	assert_int_equal(held(f, 0, 2048), 0x5A);
	assert_int_equal(held(f, 2048, 2048), 0);
	assert_in_range(allocated(f), before, INT32_MAX);
}

static void read_only_disk_keeps_its_contents(void **state)
{
	struct fixture *f = *state;
	uint32_t features;

	f->setup.read_only = true;
	fill(f);
	features = driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES);
	assert_int_equal(features & (FEATURE(VIRTIO_BLK_F_DISCARD) | ZERO_FEATURE), 0);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_DISCARD, 0, 8, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(held(f, 0, BIG_SECTORS), 0x5A);
	assert_int_equal(f->lines, 0);
}

/* All or nothing: one bad range, and none is touched. */
static void bad_ranges_are_refused(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t count;
		uint32_t flags;
		uint8_t answer;
	} rows[] = {
		{VIRTIO_BLK_T_DISCARD, BIG_SECTORS, 1, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_DISCARD, BIG_SECTORS - 1, 2, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_DISCARD, UINT64_MAX, 1, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_DISCARD, UINT64_MAX - 1, UINT32_MAX, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_DISCARD, 0, UINT32_MAX, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_DISCARD, 0, 8, UNMAP, VIRTIO_BLK_S_UNSUPP},
		{VIRTIO_BLK_T_DISCARD, 0, 8, 1U << 31, VIRTIO_BLK_S_UNSUPP},
		{VIRTIO_BLK_T_WRITE_ZEROES, BIG_SECTORS, 1, UNMAP, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_WRITE_ZEROES, 0, BIG_SECTORS + 1, 0, VIRTIO_BLK_S_IOERR},
		{VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 2, VIRTIO_BLK_S_UNSUPP},
		{VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, UINT32_MAX, VIRTIO_BLK_S_UNSUPP},
	};
	struct fixture *f = *state;

	fill(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned good = rows[i].type == VIRTIO_BLK_T_DISCARD ? 1 : 0;

		put_range(f, 0, 0, 8, 0);
		put_range(f, good, rows[i].sector, rows[i].count, rows[i].flags);
		assert_int_equal(send_ranges(f, rows[i].type, good + 1), rows[i].answer);
	}
	assert_int_equal(held(f, 0, BIG_SECTORS), 0x5A);
	assert_int_equal(f->lines, 0);
}

/* What the guest is told at most is the longest, also on a disk that has more. */
static void long_ranges_are_refused(void **state)
{
	struct fixture *f = *state;

	temp_zeros(&f->dir, "disk", (off_t)2 << 30);
	blk_rig_restart(f, ALL_FEATURES);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 1 << 17, UNMAP),
			 VIRTIO_BLK_S_OK);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, (1 << 17) + 1, UNMAP),
			 VIRTIO_BLK_S_IOERR);
	/* Also where fewer are offered: it may have been told of more before it was resumed. */
	f->blk.file.has_ranges = false;
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, (1 << 13) + 1, 0),
			 VIRTIO_BLK_S_OK);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, (1 << 17) + 1, 0),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_DISCARD, 0, 1 << 21, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_DISCARD, 0, (1 << 21) + 1, 0),
			 VIRTIO_BLK_S_IOERR);
}

/* No range, a piece of one, more than there may be. */
static void odd_lengths_are_refused(void **state)
{
	static const uint32_t lengths[] = {0, 1, 15, 17, 17 * 16, BUFFER_SIZE};
	struct fixture *f = *state;

	memset(blk_rig_buffer(f), 0, BUFFER_SIZE);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_DISCARD, 0, lengths[i], true),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, lengths[i], true),
				 VIRTIO_BLK_S_IOERR);
	}
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_DISCARD, 0, 16 * 16, true),
			 VIRTIO_BLK_S_OK);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 2 * 16, true),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(blk_rig_request(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 16, true),
			 VIRTIO_BLK_S_OK);
}

/* A driver that did not negotiate flushes takes zeros for durable too. */
static void zeroes_are_durable_without_flush_feature(void **state)
{
	struct fixture *f = *state;

	driver_start(&f->driver, ZERO_FEATURE);
	blk_rig_break(f, NULL, 1, EIO);
	assert_int_equal(one_range(f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0), VIRTIO_BLK_S_IOERR);
	assert_non_null(strstr(f->line, "flush"));
	blk_rig_mend(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLK_TEST(limits_are_told),
		BLK_TEST(discard_frees_space),
		BLK_TEST(zeroes_are_written),
		BLK_TEST(discard_may_be_off),
		BLK_TEST(read_only_disk_keeps_its_contents),
		BLK_TEST(bad_ranges_are_refused),
		BLK_TEST(long_ranges_are_refused),
		BLK_TEST(odd_lengths_are_refused),
		BLK_TEST_URING(zeroes_are_durable_without_flush_feature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
