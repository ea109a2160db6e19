/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's side of a disk: a raw file or a block device, opened once and read and written whole.
 *
 * The caller owns the struct. Reads and writes may be made from any thread; a range has its own
 * place in the file, so nothing is shared but the file itself.
 */
#ifndef VMM_DEVICES_DISK_FILE_H
#define VMM_DEVICES_DISK_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "error.h"

#define DISK_SECTOR_BYTES 512

/**
 * struct disk_file - an open disk
 * @fd:         owned
 * @read_only:  opened for reading only
 * @size_bytes: at the time it was opened; a multiple of DISK_SECTOR_BYTES
 */
struct disk_file {
	int fd;
	bool read_only;
	uint64_t size_bytes;
};

/**
 * disk_file_open() - open a raw image or a block device
 * @disk:      filled on success; close it with disk_file_close()
 * @path:      the file
 * @read_only: do not ask for the right to write
 * @err:       one line that names @path
 *
 * Context: any thread.
 * Return: 0; -errno of open(); -EISDIR, -EINVAL for a file that is no disk.
 */
int disk_file_open(struct disk_file *disk, const char *path, bool read_only, struct vmm_error *err);

/**
 * disk_file_close() - close the file; what was written may still be in the host's cache
 * @disk: open
 */
void disk_file_close(struct disk_file *disk);

/**
 * disk_file_read() - fill memory from the disk
 * @disk:   open
 * @iov:    where to; changed
 * @count:  entries, at most VIRTQ_SIZE_MAX
 * @offset: in bytes; the caller has checked the range against the size
 *
 * Context: any thread; blocks.
 * Return: 0 when all was read; -errno; -EIO if the file has become shorter.
 */
int disk_file_read(const struct disk_file *disk, struct iovec *iov, unsigned count,
		   uint64_t offset);

/**
 * disk_file_write() - write memory to the disk
 * @disk:   open for writing
 * @iov:    where from; changed
 * @count:  entries, at most VIRTQ_SIZE_MAX
 * @offset: in bytes; the caller has checked the range against the size
 *
 * Context: any thread; blocks.
 * Return: 0 when all was written, though perhaps only to the host's cache; -errno.
 */
int disk_file_write(const struct disk_file *disk, struct iovec *iov, unsigned count,
		    uint64_t offset);

/**
 * disk_file_flush() - have all that was written on the medium
 * @disk: open
 *
 * Context: any thread; blocks.
 * Return: 0; -errno.
 */
int disk_file_flush(const struct disk_file *disk);

#endif /* VMM_DEVICES_DISK_FILE_H */
