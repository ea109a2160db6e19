/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/flash_store.h and flash_file.h. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/flash_store.h"
#include "temp_file.h"

#define BANK_BYTES UINT64_C(0x100000)

static int setup(void **state)
{
	static struct temp_dir dir;

	temp_dir_make(&dir);
	*state = &dir;
	return 0;
}

static int teardown(void **state)
{
	temp_dir_remove(*state);
	return 0;
}

/* @fd_bytes of @value, at @path. */
static void put(const char *path, size_t count, uint8_t value)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	while (count-- > 0) {
		assert_int_equal(write(fd, &value, 1), 1);
	}
	(void)close(fd);
}

/* A new store is erased, as large as the bank, and nobody else's to read. */
static void a_blank_store_is_made(void **state)
{
	const char *path = temp_path(*state, "vars");
	struct flash_store store;
	struct vmm_error error;
	struct stat info;

	assert_int_equal(flash_store_open(&store, path, NULL, BANK_BYTES, &error), 0);
	assert_int_equal(store.memory.bytes[0], 0xFF);
	assert_int_equal(store.memory.bytes[BANK_BYTES - 1], 0xFF);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, BANK_BYTES);
	assert_int_equal(info.st_mode & 077, 0);
	flash_store_close(&store);
}

/* Zeroes of a template stay holes, what is behind it is erased, and it is read but once. */
static void a_template_is_copied(void **state)
{
	char template[160];
	const char *path;
	struct flash_store store;
	struct vmm_error error;
	struct stat info;

	(void)snprintf(template, sizeof(template), "%s", temp_path(*state, "template"));
	put(template, 1, 0x5A);
	assert_int_equal(truncate(template, BANK_BYTES - 4096), 0);
	path = temp_path(*state, "vars");
	assert_int_equal(flash_store_open(&store, path, template, BANK_BYTES, &error), 0);
	assert_int_equal(store.memory.bytes[0], 0x5A);
	assert_int_equal(store.memory.bytes[1], 0);
	assert_int_equal(store.memory.bytes[BANK_BYTES - 1], 0xFF);
	assert_int_equal(stat(path, &info), 0);
	assert_true(info.st_blocks * 512 < (off_t)BANK_BYTES / 2);
	store.memory.bytes[1] = 0x77;
	assert_int_equal(flash_store_write(&store, 1, 1), 0);
	assert_int_equal(flash_store_flush(&store), 0);
	flash_store_close(&store);

	put(template, 1, 0x11);
	assert_int_equal(flash_store_open(&store, path, template, BANK_BYTES, &error), 0);
	assert_int_equal(store.memory.bytes[0], 0x5A);
	assert_int_equal(store.memory.bytes[1], 0x77);
	flash_store_close(&store);
}

/* Without a file it is a bank all the same. */
static void no_file_is_needed(void **state)
{
	struct flash_store store;
	struct vmm_error error;

	(void)state;
	assert_int_equal(flash_store_open(&store, NULL, NULL, BANK_BYTES, &error), 0);
	assert_int_equal(store.memory.bytes[0], 0xFF);
	assert_int_equal(flash_store_write(&store, 0, BANK_BYTES), 0);
	assert_int_equal(flash_store_flush(&store), 0);
	flash_store_close(&store);
}

static void refused(const char *path, const char *template, int ret, bool bad_input,
		    const char *text)
{
	struct flash_store store;
	struct vmm_error error = {0};

	assert_int_equal(flash_store_open(&store, path, template, BANK_BYTES, &error), ret);
	assert_int_equal(error.bad_input, bad_input);
	if (strstr(error.text, text) == NULL) {
		fail_msg("'%s' does not say '%s'", error.text, text);
	}
}

static void bad_files_are_refused(void **state)
{
	struct temp_dir *dir = *state;
	struct flash_store store;
	struct vmm_error error;
	char path[160];

	temp_zeros(dir, "short", BANK_BYTES - 1);
	refused(temp_path(dir, "short"), NULL, -EINVAL, true, "exactly 1048576 bytes");
	refused("/dev/null", NULL, -EINVAL, true, "exactly");
	refused(dir->path, NULL, -EISDIR, true, "directory");
	(void)snprintf(path, sizeof(path), "%s", temp_path(dir, "none/vars"));
	refused(path, NULL, -ENOENT, false, path);
	(void)snprintf(path, sizeof(path), "%s", temp_path(dir, "vars"));
	refused(path, temp_path(dir, "no-template"), -ENOENT, true, "no-template");
	refused(path, dir->path, -EISDIR, true, "template");
	temp_zeros(dir, "long", BANK_BYTES + 1);
	refused(path, temp_path(dir, "long"), -EFBIG, true, "at most 1048576 bytes");
	/* None of them made anything. */
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(flash_store_open(&store, path, NULL, BANK_BYTES, &error), 0);
	refused(path, NULL, -EBUSY, false, "in use");
	flash_store_close(&store);
}

static void images_are_loaded(void **state)
{
	struct temp_dir *dir = *state;
	struct flash_memory memory;
	struct vmm_error error = {0};
	uint64_t count;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s", temp_path(dir, "image"));
	put(path, 5, 0x42);
	assert_int_equal(flash_memory_load(&memory, path, BANK_BYTES, &count, &error), 0);
	assert_int_equal(count, 5);
	assert_int_equal(memory.bytes[4], 0x42);
	assert_int_equal(memory.bytes[5], 0);
	flash_memory_free(&memory);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(flash_memory_load(&memory, path, BANK_BYTES, &count, &error), -EINVAL);
	assert_true(error.bad_input);
	assert_int_equal(truncate(path, BANK_BYTES + 1), 0);
	assert_int_equal(flash_memory_load(&memory, path, BANK_BYTES, &count, &error), -EFBIG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(flash_memory_load(&memory, path, BANK_BYTES, &count, &error), -ENOENT);
	assert_non_null(strstr(error.text, path));
	assert_int_equal(flash_memory_load(&memory, dir->path, BANK_BYTES, &count, &error),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_blank_store_is_made, setup, teardown),
		cmocka_unit_test_setup_teardown(a_template_is_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file_is_needed, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(images_are_loaded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
