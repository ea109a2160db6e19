/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel files for tests: an Image header with a recognisable body, plain or packed. */
#ifndef TESTS_VMM_KERNEL_FILE_H
#define TESTS_VMM_KERNEL_FILE_H

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "check.h"

#define KERNEL_FILE_BYTES 10000

/**
 * struct kernel_header - an Image's first 64 bytes
 */
struct kernel_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	char magic[4];
	uint32_t pe_offset;
};

static inline void kernel_file_make(uint8_t bytes[KERNEL_FILE_BYTES], uint64_t text_offset,
				    uint64_t image_size, uint64_t flags)
{
	struct kernel_header header = {
		.text_offset = text_offset,
		.image_size = image_size,
		.flags = flags,
		.magic = {'A', 'R', 'M', 'd'},
	};

	for (unsigned i = 0; i < KERNEL_FILE_BYTES; i++) {
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	}
	memcpy(bytes, &header, sizeof(header));
}

/* Returns the packed length. */
static inline size_t kernel_file_gzip(const uint8_t *from, size_t count, uint8_t *to, size_t room)
{
	z_stream stream = {0};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = from;
	stream.avail_in = (uInt)count;
	stream.next_out = to;
	stream.avail_out = (uInt)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	return room - stream.avail_out;
}

#endif /* TESTS_VMM_KERNEL_FILE_H */
