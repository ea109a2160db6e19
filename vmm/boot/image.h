/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel files: what they are, and how they get into guest RAM.
 *
 * Taken are arm64 Linux Images, plain, gzipped, or wrapped for EFI with a gzip payload (as
 * distributions' vmlinuz often is). Everything else is refused with a line that says what the file
 * seems to be.
 */
#ifndef VMM_BOOT_IMAGE_H
#define VMM_BOOT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/blob.h"
#include "error.h"
#include "platform/ram.h"

/**
 * struct image_header - what an Image asks for
 * @text_offset: where it wants to be, in bytes from a 2 MiB boundary
 * @size_bytes:  what it needs there, its zeroed data included
 * @big_endian:  it makes its CPU so, and needs one that can
 */
struct image_header {
	uint64_t text_offset;
	uint64_t size_bytes;
	bool big_endian;
};

/**
 * struct image_place - where a kernel was put
 * @entry_ipa:  its first byte, where it is entered
 * @end_ipa:    first byte after what it needs
 * @big_endian: as in its header
 */
struct image_place {
	uint64_t entry_ipa;
	uint64_t end_ipa;
	bool big_endian;
};

/**
 * image_parse() - check the header of an Image that is not compressed
 * @bytes:  the file
 * @count:  its length
 * @path:   its name, for the message
 * @header: filled on success
 * @err:    one line that names @path
 *
 * Return: 0; -EINVAL if this is no arm64 Image.
 */
int image_parse(const uint8_t *bytes, size_t count, const char *path, struct image_header *header,
		struct vmm_error *err);

/**
 * image_load() - read a kernel file, decompress it, and put it into RAM
 * @fd:    from blob_open(); its position is neither used nor changed
 * @path:  its name, for messages
 * @raw:   the file has no header: put it 512 KiB above the start of RAM, as QEMU does with such
 * @ram:   the guest's memory; written only once the file is known to be a kernel that fits
 * @place: filled on success
 * @err:   one line that names @path
 *
 * Return: 0; -EINVAL for a file of the wrong kind; -EBADMSG for a damaged one; -ENOSPC if RAM is
 * too small; -ENOMEM; -errno of reading.
 */
int image_load(int fd, const char *path, bool raw, const struct guest_ram *ram,
	       struct image_place *place, struct vmm_error *err);

#endif /* VMM_BOOT_IMAGE_H */
