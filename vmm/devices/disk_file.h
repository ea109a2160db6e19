/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's side of a disk: a raw file or a block device, opened once and read and written whole.
 * While it is open it is locked, see disk_lock.h.
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
 * enum disk_aio - who carries out a disk's requests
 * @DISK_AIO_AUTO:     io_uring where the host has it and the file does well with it, else threads
 * @DISK_AIO_THREADS:  threads of the VMM, one request of a queue after the other
 * @DISK_AIO_IO_URING: the host's kernel, many at a time
 */
enum disk_aio {
	DISK_AIO_AUTO,
	DISK_AIO_THREADS,
	DISK_AIO_IO_URING,
};

/**
 * struct disk_file - an open disk
 * @fd:           owned
 * @read_only:    opened for reading only
 * @block_device: it is one, not a file
 * @size_bytes:   at the time it was opened; a multiple of DISK_SECTOR_BYTES
 * @sector_bytes: of a block device, what its ioctls count in; of a file DISK_SECTOR_BYTES
 * @block_bytes:  what the host allocates and writes at a time; a power of two, at least
 *                DISK_SECTOR_BYTES
 * @has_ranges:   the host has means to free and zero ranges of it, see disk_range.h
 */
struct disk_file {
	int fd;
	bool read_only;
	bool block_device;
	uint64_t size_bytes;
	uint32_t sector_bytes;
	uint32_t block_bytes;
	bool has_ranges;
};

/**
 * disk_file_open() - open a raw image or a block device
 * @disk:      filled on success; close it with disk_file_close()
 * @path:      the file
 * @read_only: do not ask for the right to write
 * @err:       one line that names @path
 *
 * Context: any thread.
 * Return: 0; -errno of open(); -EISDIR, -EINVAL for a file that is no disk; -EBUSY if another
 * program has it locked.
 */
int disk_file_open(struct disk_file *disk, const char *path, bool read_only, struct vmm_error *err);

/**
 * disk_file_look() - open one to see what it is; it is neither locked nor ever written to
 * @disk:      filled on success, as if it were open as @read_only says
 * @path:      the file
 * @read_only: as what it would be opened
 * @err:       one line that names @path
 *
 * Return: 0; -errno, see disk_file_open().
 */
int disk_file_look(struct disk_file *disk, const char *path, bool read_only, struct vmm_error *err);

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
 * disk_iov_advance() - drop the first @done bytes of an I/O vector
 * @iov:   changed
 * @count: entries of @iov; changed
 * @done:  at most what there is
 */
void disk_iov_advance(struct iovec **iov, unsigned *count, size_t done);

/**
 * disk_file_tries_first() - can the host tell that an access would have to wait?
 * @disk: open
 *
 * Without that io_uring hands each access to a thread of its own.
 *
 * Return: true if it can.
 */
bool disk_file_tries_first(const struct disk_file *disk);

/**
 * disk_file_flush() - have all that was written on the medium
 * @disk: open
 *
 * Context: any thread; blocks.
 * Return: 0; -errno.
 */
int disk_file_flush(const struct disk_file *disk);

#endif /* VMM_DEVICES_DISK_FILE_H */
