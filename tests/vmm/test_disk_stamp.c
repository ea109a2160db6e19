/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of host/disk_digest.h and host/disk_stamp.h. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/disk_stamp.h"
#include "leaks.h"
#include "temp_file.h"

#define MIB (UINT64_C(1) << 20)
#define DISK_BYTES (40 * MIB)

static const struct record_extent extents[] = {{MIB, 2 * MIB}, {20 * MIB, 20 * MIB}};

struct fixture {
	struct temp_dir dir;
	struct leaks leaks;
	struct record_disk was;
	struct disk_digest_job job;
	unsigned lines;
};

static void count_line(void *ctx, const char *line)
{
	struct fixture *f = ctx;

	(void)line;
	f->lines++;
}

static void open_disk(struct fixture *f)
{
	f->job.fd = open(f->job.path, O_RDWR);
	assert_true(f->job.fd >= 0);
}

static int setup(void **state)
{
	static char path[128];
	static struct fixture f;
	struct vmm_error error;

	memset(&f, 0, sizeof(f));
	f.leaks = leaks_begin();
	temp_dir_make(&f.dir);
	temp_zeros(&f.dir, "disk", DISK_BYTES);
	(void)snprintf(path, sizeof(path), "%s", temp_path(&f.dir, "disk"));
	f.job = (struct disk_digest_job){
		.path = path,
		.extents = extents,
		.extent_count = 2,
		.log = count_line,
		.ctx = &f,
	};
	open_disk(&f);
	assert_int_equal(pwrite(f.job.fd, "in", 2, (off_t)(2 * MIB)), 2);
	assert_int_equal(disk_stamp_take(f.job.fd, path, &f.was, &error), 0);
	assert_int_equal(disk_digest(&f.job, f.was.digest, &error), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)close(f->job.fd);
	temp_dir_remove(&f->dir);
	assert_no_leaks(&f->leaks);
	return 0;
}

/* The bytes of the extents, in order, and nothing else. */
static void digest_is_of_the_extents(void **state)
{
	static const struct {
		uint64_t at;
		bool counts;
	} rows[] = {
		{0, false},	  {MIB - 1, false},	 {MIB, true},	   {3 * MIB - 1, true},
		{3 * MIB, false}, {20 * MIB - 1, false}, {20 * MIB, true}, {DISK_BYTES - 1, true},
	};
	struct fixture *f = *state;
	uint8_t digest[RECORD_DIGEST_BYTES];
	struct vmm_error error;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(pwrite(f->job.fd, "x", 1, (off_t)rows[i].at), 1);
		assert_int_equal(disk_digest(&f->job, digest, &error), 0);
		assert_int_equal(memcmp(digest, f->was.digest, sizeof(digest)) != 0,
				 rows[i].counts);
		assert_int_equal(pwrite(f->job.fd, "", 1, (off_t)rows[i].at), 1);
	}
	assert_int_equal(f->lines, 0);
}

/* XXH3's 128 bits in canonical form: a record that is read later must find the same. */
static void digest_is_known(void **state)
{
	/* Of no bytes. */
	static const uint8_t empty[RECORD_DIGEST_BYTES] = {0x99, 0xAA, 0x06, 0xD3, 0x01, 0x47,
							   0x98, 0xD8, 0x60, 0x01, 0xC3, 0x24,
							   0x46, 0x8D, 0x49, 0x7F};
	struct fixture *f = *state;
	uint8_t digest[RECORD_DIGEST_BYTES];
	struct vmm_error error;

	f->job.extent_count = 0;
	assert_int_equal(disk_digest(&f->job, digest, &error), 0);
	assert_memory_equal(digest, empty, sizeof(empty));
}

static void untouched_is_not_read(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	/* A digest would say no. */
	f->was.digest[0] ^= 1;
	assert_int_equal(disk_stamp_check(&f->was, &f->job, &error), 0);
}

/* Each member of the stamp alone makes the digest decide. */
static void digest_decides(void **state)
{
	struct fixture *f = *state;

	for (unsigned member = 0; member < 4; member++) {
		struct record_disk was = f->was;
		struct vmm_error error;

		was.device += member == 0;
		was.inode += member == 1;
		was.mtime_ns += member == 2;
		was.ctime_ns += member == 3;
		assert_int_equal(disk_stamp_check(&was, &f->job, &error), 0);
		was.digest[3] ^= 1;
		assert_int_equal(disk_stamp_check(&was, &f->job, &error), -EPERM);
		assert_true(error.bad_input);
		assert_non_null(strstr(error.text, f->job.path));
		assert_non_null(strstr(error.text, "--discard-hibernation"));
	}
}

static void another_size_is_refused(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	assert_int_equal(ftruncate(f->job.fd, (off_t)(30 * MIB)), 0);
	assert_int_equal(disk_stamp_check(&f->was, &f->job, &error), -EPERM);
	assert_non_null(strstr(error.text, "size was 41943040 bytes, is 31457280"));
	/* One that shrinks while it is read. */
	assert_true(disk_digest(&f->job, f->was.digest, &error) < 0);
	assert_non_null(strstr(error.text, "shorter"));
}

/* Every second MiB of a disk, as far as it goes. */
struct comb {
	uint64_t count;
};

static bool next_tooth(void *ctx, uint64_t from, uint64_t *offset, uint64_t *len_bytes)
{
	const struct comb *comb = ctx;
	uint64_t n = (from + 2 * MIB - 1) / (2 * MIB);

	*offset = n * 2 * MIB;
	*len_bytes = MIB;
	return n < comb->count;
}

/* However it is written, there are so many at most, and all that was written is in them. */
static void extents_are_bounded(void **state)
{
	static const uint64_t counts[] = {0, 1, DISK_EXTENT_COUNT_MAX, DISK_EXTENT_COUNT_MAX + 1,
					  5 * DISK_EXTENT_COUNT_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct comb comb = {.count = counts[i]};
		struct record_extent *found;
		uint64_t end = 0;
		size_t count;

		assert_int_equal(disk_extents(next_tooth, &comb, &found, &count), 0);
		assert_true(count <= DISK_EXTENT_COUNT_MAX);
		assert_true(counts[i] > DISK_EXTENT_COUNT_MAX || count == counts[i]);
		for (size_t n = 0; n < count; n++) {
			assert_true(n == 0 ? found[n].offset == 0 : found[n].offset > end);
			end = found[n].offset + found[n].len_bytes;
		}
		assert_int_equal(end, counts[i] == 0 ? 0 : (2 * counts[i] - 1) * MIB);
		free(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(digest_is_of_the_extents, setup, teardown),
		cmocka_unit_test_setup_teardown(digest_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(untouched_is_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(digest_decides, setup, teardown),
		cmocka_unit_test_setup_teardown(another_size_is_refused, setup, teardown),
		cmocka_unit_test(extents_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
