/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a file that is appended to and does not grow without bound
 *
 * When it would be over its limit its old part goes. For one process and thread at a time; who
 * reads it may find it cut.
 */
#ifndef VMM_PLATFORM_BOUNDED_FILE_H
#define VMM_PLATFORM_BOUNDED_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct bounded_file - an open file
 * @fd:          -1 if it is closed
 * @size_bytes:  how long it is
 * @limit_bytes: how long it may be
 */
struct bounded_file {
	int fd;
	off_t size_bytes;
	off_t limit_bytes;
};

/**
 * bounded_file_open() - open the file, and make it, for its owner alone, if it is not there
 *
 * Return: 0 or -errno; then it is closed.
 */
int bounded_file_open(struct bounded_file *file, const char *path, size_t limit_bytes);

/** bounded_file_append() - add to it; does nothing if it is closed. What fails is lost */
void bounded_file_append(struct bounded_file *file, const void *bytes, size_t count);

/** bounded_file_tail() - read up to @size of its last bytes; returns how many */
size_t bounded_file_tail(const struct bounded_file *file, void *bytes, size_t size);

/** bounded_file_close() - close it */
void bounded_file_close(struct bounded_file *file);

#endif /* VMM_PLATFORM_BOUNDED_FILE_H */
