/* SPDX-License-Identifier: BSD-3-Clause */
/* Formats: "Booting AArch64 Linux" in the kernel's documentation, and its EFI zboot header. */
#include "boot/image.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_HEADER_BYTES 64
#define IMAGE_TEXT_OFFSET_AT 8
#define IMAGE_SIZE_AT 16
#define IMAGE_FLAGS_AT 24
#define IMAGE_MAGIC_AT 56
#define IMAGE_MAGIC "ARM\x64"
#define IMAGE_FLAG_BIG_ENDIAN UINT64_C(1)

#define ZBOOT_MAGIC_AT 4
#define ZBOOT_MAGIC "zimg"
#define ZBOOT_OFFSET_AT 8
#define ZBOOT_SIZE_AT 12
#define ZBOOT_TYPE_AT 24
#define ZBOOT_TYPE_BYTES 32
#define ZBOOT_HEADER_BYTES 64

/* Where kernels without a size in their header, and files without a header, are put. */
#define OLD_TEXT_OFFSET UINT64_C(0x80000)
#define MIB_BYTES (UINT64_C(1) << 20)
/* Enough to see what a file is. */
#define HEAD_BYTES 1024

/* Files that people give by mistake, by what stands at some place in them. */
static const struct wrong_kind {
	size_t offset;
	size_t magic_count;
	const char *magic;
	const char *what;
} wrong_kinds[] = {
	{0, 4,
	 "\x7F"
	 "ELF",
	 "is an ELF file (vmlinux?): give the kernel's Image (arch/arm64/boot/Image)"},
	{0x202, 4, "HdrS", "is an x86 kernel: give one for arm64"},
	{0x24, 4, "\x18\x28\x6F\x01", "is a 32-bit Arm kernel: give one for arm64"},
	{0, 6,
	 "\xFD"
	 "7zXZ\0",
	 "is compressed with xz: decompress it, or use gzip"},
	{0, 4, "\x28\xB5\x2F\xFD", "is compressed with zstd: decompress it, or use gzip"},
	{0, 4, "\x04\x22\x4D\x18", "is compressed with lz4: decompress it, or use gzip"},
	{0, 4, "\x02\x21\x4C\x18", "is compressed with lz4: decompress it, or use gzip"},
	{0, 3, "BZh", "is compressed with bzip2: decompress it, or use gzip"},
	{0, 4, "\x27\x05\x19\x56", "is a U-Boot image: give the Image that it was made from"},
	{0, 4, "\xD0\x0D\xFE\xED", "is a device tree or a FIT image: give the kernel's Image"},
	{0, 6, "070701", "is a cpio archive: give it as the initrd"},
	{0, 2, "MZ", "is an EFI program, but no arm64 kernel: give the kernel's Image"},
};

static bool has_magic(const uint8_t *bytes, size_t count, size_t offset, const char *magic,
		      size_t magic_count)
{
	return count >= offset + magic_count && memcmp(bytes + offset, magic, magic_count) == 0;
}

static uint64_t load_le64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

static uint32_t load_le32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static int refuse(const uint8_t *bytes, size_t count, const char *path, struct vmm_error *err)
{
	const char *what = "is no arm64 kernel: give the kernel's Image, plain or gzipped";

	for (size_t i = 0; i < sizeof(wrong_kinds) / sizeof(wrong_kinds[0]); i++) {
		const struct wrong_kind *kind = &wrong_kinds[i];

		if (has_magic(bytes, count, kind->offset, kind->magic, kind->magic_count)) {
			what = kind->what;
			break;
		}
	}
	vmm_error_set(err, "kernel %s %s", path, what);
	return -EINVAL;
}

int image_parse(const uint8_t *bytes, size_t count, const char *path, struct image_header *header,
		struct vmm_error *err)
{
	uint64_t size_bytes;

	if (count < IMAGE_HEADER_BYTES ||
	    !has_magic(bytes, count, IMAGE_MAGIC_AT, IMAGE_MAGIC, 4)) {
		return refuse(bytes, count, path, err);
	}
	header->big_endian = (load_le64(bytes + IMAGE_FLAGS_AT) & IMAGE_FLAG_BIG_ENDIAN) != 0;
	size_bytes = load_le64(bytes + IMAGE_SIZE_AT);
	header->text_offset = load_le64(bytes + IMAGE_TEXT_OFFSET_AT);
	if (size_bytes == 0) {
		/* Before Linux 3.17 neither field can be relied upon. */
		header->text_offset = OLD_TEXT_OFFSET;
	}
	header->size_bytes = size_bytes > count ? size_bytes : count;
	return 0;
}

static bool is_gzip(const uint8_t *bytes, size_t count)
{
	return has_magic(bytes, count, 0, "\x1F\x8B", 2);
}

static bool is_zboot(const uint8_t *bytes, size_t count)
{
	return count >= ZBOOT_HEADER_BYTES && has_magic(bytes, count, 0, "MZ", 2) &&
	       has_magic(bytes, count, ZBOOT_MAGIC_AT, ZBOOT_MAGIC, 4);
}

static bool is_packed(const uint8_t *bytes, size_t count)
{
	return is_gzip(bytes, count) || is_zboot(bytes, count);
}

/* Finds the gzip stream in a file that is packed. */
static int find_gzip(const struct blob *file, const char *path, const uint8_t **stream,
		     size_t *count, struct vmm_error *err)
{
	const uint8_t *bytes = file->bytes;
	uint32_t offset;
	uint32_t size;

	if (is_gzip(bytes, file->count)) {
		*stream = bytes;
		*count = file->count;
		return 0;
	}
	if (!is_zboot(bytes, file->count)) {
		vmm_error_set(err, "kernel %s changed while it was read", path);
		return -EBADMSG;
	}
	if (!has_magic(bytes, file->count, ZBOOT_TYPE_AT, "gzip", 5)) {
		vmm_error_set(err,
			      "kernel %s is an EFI kernel packed with %.*s: only gzip can be "
			      "unpacked here, give the kernel's Image",
			      path, ZBOOT_TYPE_BYTES, (const char *)bytes + ZBOOT_TYPE_AT);
		return -EINVAL;
	}
	offset = load_le32(bytes + ZBOOT_OFFSET_AT);
	size = load_le32(bytes + ZBOOT_SIZE_AT);
	if (offset > file->count || size > file->count - offset) {
		vmm_error_set(err, "kernel %s is damaged: its packed part lies past its end", path);
		return -EBADMSG;
	}
	*stream = bytes + offset;
	*count = size;
	return 0;
}

/* Puts what is in a packed file in its place. */
static int unpack(struct blob *file, const char *path, uint64_t max_bytes, struct vmm_error *err)
{
	const uint8_t *stream = NULL;
	struct blob unpacked;
	size_t count = 0;
	int ret = find_gzip(file, path, &stream, &count, err);

	if (ret != 0) {
		return ret;
	}
	ret = blob_inflate(stream, count, (size_t)max_bytes, &unpacked);
	if (ret == -EFBIG) {
		vmm_error_set(err,
			      "kernel %s is more than the guest's memory of %" PRIu64
			      " MiB: give more with --memory",
			      path, max_bytes / MIB_BYTES);
		return -ENOSPC;
	}
	if (ret != 0) {
		vmm_error_set(err, "kernel %s cannot be unpacked: %s", path,
			      ret == -ENOMEM ? strerror(ENOMEM)
					     : "its gzip data is damaged or cut short");
		return ret;
	}
	blob_free(file);
	*file = unpacked;
	return 0;
}

static int file_size(int fd, const char *path, uint64_t max_bytes, uint64_t *size_bytes,
		     struct vmm_error *err)
{
	int ret = blob_size(fd, path, "kernel", size_bytes, err);

	if (ret == 0 && *size_bytes > max_bytes) {
		vmm_error_set(err,
			      "kernel %s has %" PRIu64
			      " MiB, more than the guest's memory of %" PRIu64
			      " MiB: is it a kernel? Else give more with --memory",
			      path, *size_bytes / MIB_BYTES, max_bytes / MIB_BYTES);
		ret = -ENOSPC;
	}
	return ret;
}

/* Where in RAM a kernel of that header goes, or NULL. */
static uint8_t *find_place(const char *path, const struct image_header *header,
			   const struct guest_ram *ram, struct image_place *place,
			   struct vmm_error *err)
{
	/* A sum that wraps around lies below RAM, where guest_ram_at() finds nothing. */
	uint64_t entry_ipa = ram->ipa + header->text_offset;
	uint8_t *to = guest_ram_at(ram, entry_ipa, header->size_bytes);

	if (to == NULL) {
		vmm_error_set(err,
			      "kernel %s needs %" PRIu64 " MiB, but the guest's memory is %" PRIu64
			      " MiB: give more with --memory",
			      path, header->size_bytes / MIB_BYTES + 1,
			      ram->size_bytes / MIB_BYTES);
		return NULL;
	}
	place->entry_ipa = entry_ipa;
	place->end_ipa = entry_ipa + header->size_bytes;
	place->big_endian = header->big_endian;
	return to;
}

/* Straight into RAM: through memory of our own it would take twice as long. */
static int load_plain(int fd, const char *path, size_t count, const struct image_header *header,
		      const struct guest_ram *ram, struct image_place *place, struct vmm_error *err)
{
	uint8_t *to = find_place(path, header, ram, place, err);

	return to == NULL ? -ENOSPC : blob_read_at(fd, to, count, path, "kernel", err);
}

static int unpack_into(struct blob *file, const char *path, const struct guest_ram *ram,
		       struct image_place *place, struct vmm_error *err)
{
	struct image_header header;
	uint8_t *to;
	int ret = unpack(file, path, ram->size_bytes, err);

	if (ret == 0) {
		ret = image_parse(file->bytes, file->count, path, &header, err);
	}
	if (ret != 0) {
		return ret;
	}
	to = find_place(path, &header, ram, place, err);
	if (to == NULL) {
		return -ENOSPC;
	}
	memcpy(to, file->bytes, file->count);
	return 0;
}

static int load_packed(int fd, const char *path, size_t count, const struct guest_ram *ram,
		       struct image_place *place, struct vmm_error *err)
{
	struct blob file = {.bytes = malloc(count), .count = count};
	int ret;

	if (file.bytes == NULL) {
		vmm_error_set(err, "kernel %s cannot be read: %s", path, strerror(ENOMEM));
		return -ENOMEM;
	}
	ret = blob_read_at(fd, file.bytes, count, path, "kernel", err);
	if (ret == 0) {
		ret = unpack_into(&file, path, ram, place, err);
	}
	blob_free(&file);
	return ret;
}

int image_load(int fd, const char *path, bool raw, const struct guest_ram *ram,
	       struct image_place *place, struct vmm_error *err)
{
	struct image_header header = {.text_offset = OLD_TEXT_OFFSET};
	uint8_t head[HEAD_BYTES];
	uint64_t size_bytes = 0;
	size_t count;
	int ret = file_size(fd, path, ram->size_bytes, &size_bytes, err);

	if (ret != 0) {
		return ret;
	}
	count = size_bytes < sizeof(head) ? (size_t)size_bytes : sizeof(head);
	ret = blob_read_at(fd, head, count, path, "kernel", err);
	if (ret == 0 && !raw) {
		if (is_packed(head, count)) {
			return load_packed(fd, path, (size_t)size_bytes, ram, place, err);
		}
		ret = image_parse(head, count, path, &header, err);
	}
	if (ret != 0) {
		return ret;
	}
	if (header.size_bytes < size_bytes) {
		header.size_bytes = size_bytes;
	}
	return load_plain(fd, path, (size_t)size_bytes, &header, ram, place, err);
}
