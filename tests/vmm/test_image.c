/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of boot/image.h: what is taken, where it goes, and what is said of the rest. */

/* Asks zlib.h for const input. */
#define ZLIB_CONST

#include "check.h"

#include <errno.h>
#include <string.h>

#include "boot/image.h"
#include "kernel_file.h"
#include "platform/layout.h"
#include "temp_file.h"

#define RAM_BYTES (UINT64_C(4) << 20)

struct fixture {
	struct temp_dir dir;
	struct guest_ram ram;
	struct vmm_error err;
	struct image_place place;
	uint8_t kernel[KERNEL_FILE_BYTES];
	uint8_t packed[2 * KERNEL_FILE_BYTES];
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	temp_dir_make(&f.dir);
	kernel_file_make(f.kernel, 0, 0x20000, 0xA);
	*state = &f;
	return guest_ram_map(&f.ram, RAM_BYTES);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_ram_unmap(&f->ram);
	temp_dir_remove(&f->dir);
	return 0;
}

static int load_as(struct fixture *f, const void *bytes, size_t count, bool raw)
{
	const char *path = temp_path(&f->dir, "kernel");
	int ret;
	int fd;

	temp_write(&f->dir, "kernel", bytes, count);
	fd = blob_open(path, "kernel", &f->err);
	assert_true(fd >= 0);
	f->err.text[0] = '\0';
	ret = image_load(fd, path, raw, &f->ram, &f->place, &f->err);
	assert_int_equal(close(fd), 0);
	if (ret != 0) {
		assert_non_null(strstr(f->err.text, path));
		assert_null(strchr(f->err.text, '\n'));
	}
	return ret;
}

static int load(struct fixture *f, const void *bytes, size_t count)
{
	return load_as(f, bytes, count, false);
}

static void assert_placed(struct fixture *f, uint64_t offset, uint64_t size_bytes)
{
	assert_true(f->place.entry_ipa == LAYOUT_RAM_BASE + offset);
	assert_true(f->place.end_ipa == LAYOUT_RAM_BASE + offset + size_bytes);
	assert_memory_equal(f->ram.host + offset, f->kernel, KERNEL_FILE_BYTES);
}

static void plain_image(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), 0);
	assert_placed(f, 0, 0x20000);
	kernel_file_make(f->kernel, 0x80000, 0x30000, 0);
	assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), 0);
	assert_placed(f, 0x80000, 0x30000);
}

/* A kernel older than 3.17: no size, and an offset that counts whatever the field says. */
static void old_image(void **state)
{
	struct fixture *f = *state;

	kernel_file_make(f->kernel, UINT64_C(0x0000080000000000), 0, 0);
	assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), 0);
	assert_placed(f, 0x80000, KERNEL_FILE_BYTES);
}

static void gzipped_image(void **state)
{
	struct fixture *f = *state;
	size_t count = kernel_file_gzip(f->kernel, sizeof(f->kernel), f->packed, sizeof(f->packed));

	assert_int_equal(load(f, f->packed, count), 0);
	assert_placed(f, 0, 0x20000);
	/* What follows the stream does not matter. */
	assert_int_equal(load(f, f->packed, count + 100), 0);
	assert_placed(f, 0, 0x20000);
}

/* Any byte cut off or changed is noticed: gzip has a checksum and a length. */
static void damaged_gzip_is_refused(void **state)
{
	struct fixture *f = *state;
	size_t count = kernel_file_gzip(f->kernel, sizeof(f->kernel), f->packed, sizeof(f->packed));

	assert_int_equal(load(f, f->packed, count - 1), -EBADMSG);
	assert_int_equal(load(f, f->packed, 20), -EBADMSG);
	assert_int_equal(load(f, f->packed, 2), -EBADMSG);
	f->packed[count / 2] ^= 0x40;
	assert_int_equal(load(f, f->packed, count), -EBADMSG);
}

/* As vmlinuz is in distributions whose kernels unpack themselves under EFI. */
static void zboot_image(void **state)
{
	struct fixture *f = *state;
	size_t count = kernel_file_gzip(f->kernel, sizeof(f->kernel), f->packed + 64,
					sizeof(f->packed) - 64);
	uint32_t place[2] = {64, (uint32_t)count};

	memcpy(f->packed, "MZ\0\0zimg", 8);
	memcpy(f->packed + 8, place, sizeof(place));
	memcpy(f->packed + 24, "gzip", 5);
	assert_int_equal(load(f, f->packed, 64 + count), 0);
	assert_placed(f, 0, 0x20000);
	place[1]++;
	memcpy(f->packed + 8, place, sizeof(place));
	assert_int_equal(load(f, f->packed, 64 + count), -EBADMSG);
	memcpy(f->packed + 24, "zstd22", 7);
	assert_int_equal(load(f, f->packed, 64 + count), -EINVAL);
	assert_non_null(strstr(f->err.text, "zstd22"));
}

/* A small file that unpacks into more than RAM is given up on, not unpacked to the end. */
static void gzip_bomb_is_refused(void **state)
{
	struct fixture *f = *state;
	size_t big_bytes = 2 * RAM_BYTES;
	uint8_t *big = test_calloc(1, big_bytes);
	size_t count = kernel_file_gzip(big, big_bytes, f->packed, sizeof(f->packed));

	assert_int_equal(load(f, f->packed, count), -ENOSPC);
	assert_non_null(strstr(f->err.text, "--memory"));
	test_free(big);
}

static void image_must_fit(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint64_t text_offset;
		uint64_t image_size;
	} bad[] = {
		{0, RAM_BYTES + 1},    {RAM_BYTES - 0x1000, 0x20000},
		{UINT64_MAX, 0x20000}, {UINT64_MAX - LAYOUT_RAM_BASE + 1, 0x20000},
		{0, UINT64_MAX},       {0x1000, UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kernel_file_make(f->kernel, bad[i].text_offset, bad[i].image_size, 0);
		assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), -ENOSPC);
		assert_non_null(strstr(f->err.text, "--memory"));
	}
	kernel_file_make(f->kernel, 0, RAM_BYTES, 0);
	assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), 0);
}

/* People give the wrong file; the line says what it is and what to give instead. */
static void wrong_kinds_are_named(void **state)
{
	static const struct {
		size_t offset;
		const char *magic;
		size_t count;
		const char *text;
	} kinds[] = {
		{0,
		 "\x7F"
		 "ELF",
		 4, "ELF"},
		{0x202, "HdrS", 4, "x86"},
		{0x24, "\x18\x28\x6F\x01", 4, "32-bit"},
		{0,
		 "\xFD"
		 "7zXZ\0",
		 6, "xz"},
		{0, "\x28\xB5\x2F\xFD", 4, "zstd"},
		{0, "070701", 6, "initrd"},
		{0, "MZ", 2, "EFI"},
		{0, "#!/bin/sh", 9, "no arm64 kernel"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		memset(f->kernel, 0, sizeof(f->kernel));
		memcpy(f->kernel + kinds[i].offset, kinds[i].magic, kinds[i].count);
		assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), -EINVAL);
		assert_non_null(strstr(f->err.text, kinds[i].text));
	}
}

/* Bit 0 of the header's flags is told on; the header itself is little-endian all the same. */
static void endianness_is_told(void **state)
{
	struct fixture *f = *state;

	for (unsigned big = 0; big < 2; big++) {
		kernel_file_make(f->kernel, 0, 0x20000, big);
		assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), 0);
		assert_int_equal(f->place.big_endian, big);
		assert_true(f->place.end_ipa - f->place.entry_ipa == 0x20000);
	}
}

static void short_files_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, f->kernel, 0), -EINVAL);
	assert_non_null(strstr(f->err.text, "empty"));
	for (size_t count = 1; count < 64; count++) {
		assert_int_equal(load(f, f->kernel, count), -EINVAL);
	}
}

/* A file without a header goes where QEMU puts such, if one asks for it. */
static void raw_file(void **state)
{
	struct fixture *f = *state;

	memset(f->kernel, 0x1F, sizeof(f->kernel));
	assert_int_equal(load(f, f->kernel, sizeof(f->kernel)), -EINVAL);
	assert_int_equal(load_as(f, f->kernel, sizeof(f->kernel), true), 0);
	assert_placed(f, 0x80000, KERNEL_FILE_BYTES);
}

static void what_is_no_file_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(blob_open("/nonexistent/Image", "kernel", &f->err), -ENOENT);
	assert_non_null(strstr(f->err.text, "/nonexistent/Image"));
	assert_int_equal(blob_open(f->dir.path, "kernel", &f->err), -EINVAL);
	assert_int_equal(mkfifo(temp_path(&f->dir, "fifo"), 0600), 0);
	assert_int_equal(blob_open(temp_path(&f->dir, "fifo"), "initrd", &f->err), -EINVAL);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(plain_image),	       T(old_image),
		T(gzipped_image),      T(damaged_gzip_is_refused),
		T(zboot_image),	       T(gzip_bomb_is_refused),
		T(image_must_fit),     T(wrong_kinds_are_named),
		T(endianness_is_told), T(short_files_are_refused),
		T(raw_file),	       T(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
