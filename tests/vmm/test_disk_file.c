/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/disk_file.h, disk_lock.h and disk_range.h. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "devices/disk_file.h"
#include "devices/disk_lock.h"
#include "devices/disk_range.h"
#include "temp_file.h"

static int setup(void **state)
{
	static struct temp_dir dir;

	temp_dir_make(&dir);
	temp_zeros(&dir, "disk", 1 << 20);
	*state = &dir;
	return 0;
}

static int teardown(void **state)
{
	temp_dir_remove(*state);
	return 0;
}

static void refused(const char *path, bool read_only, int ret, const char *text)
{
	struct disk_file disk;
	struct vmm_error err;

	assert_int_equal(disk_file_open(&disk, path, read_only, &err), ret);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, text));
}

/* One line that names the file, what was expected, and what would mend it. */
static void bad_files_are_refused(void **state)
{
	struct temp_dir *dir = *state;

	refused(temp_path(dir, "none"), false, -ENOENT, "does not exist");
	refused(dir->path, false, -EISDIR, "directory");
	refused(dir->path, true, -EISDIR, "directory");
	temp_zeros(dir, "odd", 1000);
	refused(temp_path(dir, "odd"), false, -EINVAL, "1000 bytes");
	temp_zeros(dir, "empty", 0);
	refused(temp_path(dir, "empty"), false, -EINVAL, "empty");
	refused("/dev/null", false, -EINVAL, "neither");
	refused("/dev/null", false, -EINVAL, "give one of them");
	assert_int_equal(mkfifo(temp_path(dir, "fifo"), 0600), 0);
	refused(temp_path(dir, "fifo"), true, -EINVAL, "neither");
	if (geteuid() != 0) {
		assert_int_equal(chmod(temp_path(dir, "disk"), 0400), 0);
		refused(temp_path(dir, "disk"), false, -EACCES, ",ro");
	}
}

/* A writer is alone, readers share; a lock ends with its holder's descriptor. */
static void disks_in_use_are_locked(void **state)
{
	static const struct {
		bool first_reads;
		bool second_reads;
		int ret;
	} rows[] = {
		{false, false, -EBUSY},
		{false, true, -EBUSY},
		{true, false, -EBUSY},
		{true, true, 0},
	};
	const char *path = temp_path(*state, "disk");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct disk_file first;
		struct disk_file second;
		struct vmm_error err;

		assert_int_equal(disk_file_open(&first, path, rows[i].first_reads, &err), 0);
		assert_int_equal(disk_file_open(&second, path, rows[i].second_reads, &err),
				 rows[i].ret);
		if (rows[i].ret == 0) {
			disk_file_close(&second);
		} else {
			assert_non_null(strstr(err.text, path));
			assert_non_null(strstr(err.text, "in use"));
		}
		disk_file_close(&first);
		assert_int_equal(disk_file_open(&second, path, false, &err), 0);
		disk_file_close(&second);
	}
}

/* Another program that has these bytes of the disk locked. */
static int other_program(const char *path, const short *bytes)
{
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	for (; *bytes != 0; bytes++) {
		struct flock lock = {.l_type = F_RDLCK, .l_start = *bytes, .l_len = 1};

		assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	}
	return fd;
}

/* QEMU's, of a machine that has the image open for writing, or for reading. */
static void locks_of_qemu_are_respected(void **state)
{
	static const short writer[] = {100, 101, 103, 201, 203, 0};
	static const short reader[] = {100, 201, 203, 0};
	static const short unrelated[] = {1, 0};
	const char *path = temp_path(*state, "disk");
	const struct {
		const short *held;
		bool read_only;
		int ret;
	} rows[] = {
		{writer, false, -EBUSY}, {writer, true, -EBUSY}, {reader, false, -EBUSY},
		{reader, true, 0},	 {unrelated, false, 0},	 {unrelated, true, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int other = other_program(path, rows[i].held);
		int fd = open(path, O_RDWR);

		assert_true(fd >= 0);
		assert_int_equal(disk_lock(fd, rows[i].read_only), rows[i].ret);
		assert_int_equal(close(fd), 0);
		assert_int_equal(close(other), 0);
	}
}

/* And QEMU would see ours: it looks for these, as a writer and as a reader. */
static bool qemu_would_start(const char *path, const short *looks)
{
	int fd = open(path, O_RDWR);
	bool free = true;

	assert_true(fd >= 0);
	for (; *looks != 0; looks++) {
		struct flock lock = {.l_type = F_WRLCK, .l_start = *looks, .l_len = 1};

		assert_int_equal(fcntl(fd, F_OFD_GETLK, &lock), 0);
		free = free && lock.l_type == F_UNLCK;
	}
	assert_int_equal(close(fd), 0);
	return free;
}

static void qemu_sees_our_locks(void **state)
{
	static const short writer[] = {200, 201, 203, 101, 103, 0};
	static const short reader[] = {200, 101, 103, 0};
	/* One that would bear other writers. */
	static const short sharer[] = {200, 201, 0};
	const char *path = temp_path(*state, "disk");
	struct disk_file disk;
	struct vmm_error err;

	assert_int_equal(disk_file_open(&disk, path, false, &err), 0);
	assert_false(qemu_would_start(path, writer));
	assert_false(qemu_would_start(path, reader));
	assert_false(qemu_would_start(path, sharer));
	disk_file_close(&disk);
	assert_int_equal(disk_file_open(&disk, path, true, &err), 0);
	assert_false(qemu_would_start(path, writer));
	assert_true(qemu_would_start(path, reader));
	assert_false(qemu_would_start(path, sharer));
	disk_file_close(&disk);
	assert_true(qemu_would_start(path, writer));
}

/* Where the host can't free or zero a range, a discard is no failure, and zeros are written. */
static void ranges_without_help_of_the_host(void **state)
{
	static uint8_t bytes[300000];
	const bool going_on = false;
	const bool ending = true;
	int fd = open(temp_path(*state, "pipe"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	/* A block device's ioctls, which a file has not. */
	struct disk_file disk = {
		.fd = fd, .block_device = true, .size_bytes = sizeof(bytes), .sector_bytes = 512};

	memset(bytes, 0x5A, sizeof(bytes));
	assert_true(pwrite(fd, bytes, sizeof(bytes), 0) == sizeof(bytes));
	assert_int_equal(disk_range_discard(&disk, 0, 4096), 0);
	assert_int_equal(disk_range_zero(&disk, 0, 512, false, &ending), -ECANCELED);
	assert_int_equal(disk_range_zero(&disk, 512, 299000, false, &going_on), 0);
	assert_true(pread(fd, bytes, sizeof(bytes), 0) == sizeof(bytes));
	assert_int_equal(bytes[0], 0x5A);
	assert_int_equal(bytes[511], 0x5A);
	for (size_t i = 512; i < 512 + 299000; i++) {
		assert_int_equal(bytes[i], 0);
	}
	assert_int_equal(bytes[512 + 299000], 0x5A);
	assert_int_equal(close(fd), 0);
}

/* Whether the host helps is known at once, and finding out leaves the file as it is. */
static void help_of_the_host_is_looked_for(void **state)
{
	const char *path = temp_path(*state, "disk");
	struct disk_file none = {.fd = open("/dev/null", O_RDWR), .block_bytes = 4096};
	struct disk_file disk;
	struct stat info;
	struct vmm_error err;

	assert_int_equal(disk_file_open(&disk, path, false, &err), 0);
	assert_true(disk.has_ranges);
	assert_int_equal(fstat(disk.fd, &info), 0);
	assert_int_equal(info.st_size, 1 << 20);
	assert_int_equal(info.st_blocks, 0);
	disk_file_close(&disk);
	assert_false(disk_range_is_helped(&none));
	assert_int_equal(close(none.fd), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_files_are_refused),	       TEST(disks_in_use_are_locked),
		TEST(locks_of_qemu_are_respected),     TEST(qemu_sees_our_locks),
		TEST(ranges_without_help_of_the_host), TEST(help_of_the_host_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
