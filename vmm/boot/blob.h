/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes in memory: a file as it was read, or what came out of a decompressor.
 *
 * A blob belongs to whoever made it, until blob_free(). Files are read, never mapped: one that is
 * cut short meanwhile gives an error, not a signal.
 */
#ifndef VMM_BOOT_BLOB_H
#define VMM_BOOT_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/**
 * struct blob - bytes on the heap
 * @bytes: from malloc(); NULL when empty
 * @count: number of bytes
 */
struct blob {
	uint8_t *bytes;
	size_t count;
};

/**
 * blob_free() - free the bytes
 * @blob: empty afterwards; an empty one is allowed
 */
void blob_free(struct blob *blob);

/**
 * blob_open() - open a regular file for reading, and keep it
 * @path: the file
 * @what: what it is to the user, "kernel" for example; starts the message
 * @err:  one line that names @path
 *
 * Return: a file descriptor, the caller's; -errno; -EISDIR or -EINVAL for what is no file.
 */
int blob_open(const char *path, const char *what, struct vmm_error *err);

/**
 * blob_size() - the file's size now
 * @fd:         from blob_open()
 * @path:       its name, for the message
 * @what:       as for blob_open()
 * @size_bytes: filled on success, never 0
 * @err:        one line that names @path
 *
 * Return: 0; -errno; -EINVAL if the file is empty.
 */
int blob_size(int fd, const char *path, const char *what, uint64_t *size_bytes,
	      struct vmm_error *err);

/**
 * blob_read_at() - fill memory from the start of a file
 * @fd:    from blob_open()
 * @to:    @count bytes
 * @count: to read
 * @path:  its name, for the message
 * @what:  as for blob_open()
 * @err:   one line that names @path
 *
 * Return: 0 when all was read; -errno; -EIO if the file has become shorter.
 */
int blob_read_at(int fd, void *to, size_t count, const char *path, const char *what,
		 struct vmm_error *err);

/**
 * blob_inflate() - decompress gzip
 * @from:      compressed bytes; what follows the stream's end is ignored
 * @count:     number of them
 * @max_bytes: how much may come out at most
 * @out:       filled on success; blob_free() it
 *
 * Return: 0; -EBADMSG if the stream is damaged or cut short; -EFBIG if more than @max_bytes come
 * out; -ENOMEM.
 */
int blob_inflate(const uint8_t *from, size_t count, size_t max_bytes, struct blob *out);

#endif /* VMM_BOOT_BLOB_H */
