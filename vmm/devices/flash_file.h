/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is in a bank of flash: memory of this process, filled from a file.
 *
 * It is a copy, and not the file mapped: a file that is cut short meanwhile does not matter, and a
 * write that finds no room is an error and not a signal. Zeroes in the file take no memory.
 */
#ifndef VMM_DEVICES_FLASH_FILE_H
#define VMM_DEVICES_FLASH_FILE_H

#include <stdint.h>

#include "error.h"

/* How flash reads that has been erased. */
#define FLASH_ERASED 0xFF

/**
 * struct flash_memory - a bank
 * @bytes:      whole pages; NULL: none
 * @size_bytes: of the bank
 */
struct flash_memory {
	uint8_t *bytes;
	uint64_t size_bytes;
};

/**
 * flash_memory_init() - allocate a bank, all zero
 *
 * Return: 0 or -errno.
 */
int flash_memory_init(struct flash_memory *memory, uint64_t size_bytes);

/** flash_memory_free() - free it, if there is one */
void flash_memory_free(struct flash_memory *memory);

/**
 * flash_memory_read() - fill a bank from its start
 * @memory: all zero
 * @fd:     a file
 * @count:  its length, at most the bank's
 *
 * Return: 0 or -errno; -EIO if the file has become shorter.
 */
int flash_memory_read(struct flash_memory *memory, int fd, uint64_t count);

/**
 * flash_memory_load() - a bank with an image in it, zero behind that
 * @memory:     filled on success; flash_memory_free() it
 * @path:       the image
 * @size_bytes: of the bank
 * @count:      filled: the image's length
 * @error:      one line that names @path
 *
 * Return: 0 or -errno.
 */
int flash_memory_load(struct flash_memory *memory, const char *path, uint64_t size_bytes,
		      uint64_t *count, struct vmm_error *error);

#endif /* VMM_DEVICES_FLASH_FILE_H */
