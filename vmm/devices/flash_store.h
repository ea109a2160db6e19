/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bank of flash that lasts: its bytes in memory, and a file of the same size that each change
 * goes to at once. A process that is killed loses no change; a host that goes down loses those
 * since the last flash_store_flush().
 *
 * The file is locked as disks are (disk_lock.h), and has the form that QEMU's pflash takes.
 */
#ifndef VMM_DEVICES_FLASH_STORE_H
#define VMM_DEVICES_FLASH_STORE_H

#include <stdint.h>

#include "devices/flash_file.h"
#include "error.h"

/**
 * struct flash_store - a bank and its file
 * @memory: what is in it
 * @path:   borrowed; NULL: there is no file, and all is lost at flash_store_close()
 * @fd:     of the file, or -1
 */
struct flash_store {
	struct flash_memory memory;
	const char *path;
	int fd;
};

/**
 * flash_store_open() - open a store, and make it first if there is none
 * @store:      filled on success
 * @path:       the file, or NULL for none; borrowed
 * @template:   what a new one starts with, or NULL; what is behind that is erased
 * @size_bytes: of the bank, and so of the file
 * @error:      one line that names the file
 *
 * A store is made whole or not at all. Return: 0 or -errno.
 */
int flash_store_open(struct flash_store *store, const char *path, const char *template,
		     uint64_t size_bytes, struct vmm_error *error);

/** flash_store_close() - close it; nothing is flushed */
void flash_store_close(struct flash_store *store);

/**
 * flash_store_write() - have a range of the memory, just changed, in the file too
 *
 * Return: 0 or -errno; what is in the file is then either.
 */
int flash_store_write(const struct flash_store *store, uint64_t offset, uint64_t len_bytes);

/** flash_store_flush() - have all that was written durable; blocks. Return: 0 or -errno */
int flash_store_flush(const struct flash_store *store);

#endif /* VMM_DEVICES_FLASH_STORE_H */
