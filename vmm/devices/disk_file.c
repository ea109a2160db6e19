/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/disk_lock.h"
#include "devices/disk_range.h"

/* A block is worth telling the guest of up to here. */
#define BLOCK_BYTES_MAX 65536

static int open_failed(const char *path, bool read_only, int error, struct vmm_error *err)
{
	if (error == EISDIR) {
		vmm_error_set(err,
			      "disk %s is a directory: give a raw image file or a block device",
			      path);
	} else if (error == ENOENT) {
		vmm_error_set(err,
			      "disk %s does not exist: make one with \"truncate -s 1G %s\", or "
			      "correct the name",
			      path, path);
	} else if (!read_only && (error == EACCES || error == EROFS || error == EPERM)) {
		vmm_error_set(
			err,
			"disk %s cannot be opened for writing (%s): allow it, or add \",ro\" to "
			"use it read-only",
			path, strerror(error));
	} else {
		vmm_error_set(err, "disk %s cannot be opened: %s", path, strerror(error));
	}
	return -error;
}

static int measure_device(struct disk_file *disk, const char *path, struct vmm_error *err)
{
	int sector = DISK_SECTOR_BYTES;
	unsigned block = DISK_SECTOR_BYTES;

	if (ioctl(disk->fd, BLKGETSIZE64, &disk->size_bytes) != 0) {
		return open_failed(path, true, errno, err);
	}
	(void)ioctl(disk->fd, BLKSSZGET, &sector);
	(void)ioctl(disk->fd, BLKPBSZGET, &block);
	disk->block_device = true;
	disk->sector_bytes = sector > 0 ? (uint32_t)sector : DISK_SECTOR_BYTES;
	disk->block_bytes = block;
	return 0;
}

static int measure(struct disk_file *disk, const char *path, struct vmm_error *err)
{
	struct stat info;
	int ret = 0;

	if (fstat(disk->fd, &info) != 0) {
		return open_failed(path, true, errno, err);
	}
	if (S_ISDIR(info.st_mode)) {
		return open_failed(path, true, EISDIR, err);
	}
	disk->block_device = false;
	disk->size_bytes = (uint64_t)info.st_size;
	disk->sector_bytes = DISK_SECTOR_BYTES;
	disk->block_bytes = (uint32_t)info.st_blksize;
	if (S_ISBLK(info.st_mode)) {
		ret = measure_device(disk, path, err);
	} else if (!S_ISREG(info.st_mode)) {
		vmm_error_set(err,
			      "disk %s is neither a file nor a block device: give one of them, a "
			      "raw image or a disk in /dev",
			      path);
		ret = -EINVAL;
	}
	if (disk->block_bytes < DISK_SECTOR_BYTES || disk->block_bytes > BLOCK_BYTES_MAX ||
	    (disk->block_bytes & (disk->block_bytes - 1)) != 0) {
		disk->block_bytes = DISK_SECTOR_BYTES;
	}
	return ret;
}

static int check_size(const struct disk_file *disk, const char *path, struct vmm_error *err)
{
	if (disk->size_bytes == 0) {
		vmm_error_set(err, "disk %s is empty: give it a size with \"truncate -s 1G %s\"",
			      path, path);
		return -EINVAL;
	}
	if (disk->size_bytes % DISK_SECTOR_BYTES != 0) {
		vmm_error_set(err,
			      "disk %s has %" PRIu64
			      " bytes, not a multiple of %d: it is no raw disk "
			      "image, or is cut short (\"truncate -s %%%d %s\" rounds it up)",
			      path, disk->size_bytes, DISK_SECTOR_BYTES, DISK_SECTOR_BYTES, path);
		return -EINVAL;
	}
	return 0;
}

static int take_lock(const struct disk_file *disk, const char *path, struct vmm_error *err)
{
	int ret = disk_lock(disk->fd, disk->read_only);

	if (ret != 0) {
		vmm_error_set(err,
			      "disk %s is in use by another program (a second machine?)%s: end "
			      "that first, or use a copy",
			      path, disk->read_only ? ", which may write to it" : "");
	}
	return ret;
}

/* Without O_NONBLOCK a FIFO's open would wait for its other end. */
static int open_disk(struct disk_file *disk, const char *path, bool read_only,
		     struct vmm_error *err)
{
	int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int ret;

	disk->fd = open(path, flags);
	if (disk->fd < 0) {
		return open_failed(path, read_only, errno, err);
	}
	disk->read_only = read_only;
	ret = measure(disk, path, err);
	if (ret == 0) {
		ret = check_size(disk, path, err);
	}
	if (ret == -EINVAL && err != NULL) {
		err->bad_input = true;
	}
	if (ret == 0 && fcntl(disk->fd, F_SETFL, 0) != 0) {
		ret = open_failed(path, read_only, errno, err);
	}
	return ret;
}

static void give_up(struct disk_file *disk)
{
	if (disk->fd >= 0) {
		(void)close(disk->fd);
	}
	disk->fd = -1;
}

int disk_file_open(struct disk_file *disk, const char *path, bool read_only, struct vmm_error *err)
{
	int ret = open_disk(disk, path, read_only, err);

	if (ret == 0) {
		ret = take_lock(disk, path, err);
	}
	if (ret == 0) {
		disk->has_ranges = disk_range_is_helped(disk);
	} else {
		give_up(disk);
	}
	return ret;
}

/* Whether there are means for ranges only a write would tell. */
int disk_file_look(struct disk_file *disk, const char *path, bool read_only, struct vmm_error *err)
{
	int ret = open_disk(disk, path, true, err);

	disk->read_only = read_only;
	disk->has_ranges = true;
	if (ret != 0) {
		give_up(disk);
	}
	return ret;
}

void disk_file_close(struct disk_file *disk)
{
	/* At once, also where something else still has the file open. */
	disk_unlock(disk->fd);
	(void)close(disk->fd);
	disk->fd = -1;
}

void disk_iov_advance(struct iovec **iov, unsigned *count, size_t done)
{
	while (*count > 0 && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
}

/* preadv() or pwritev() until all is done. */
static int transfer(ssize_t (*step)(int fd, const struct iovec *iov, int count, off_t offset),
		    int fd, struct iovec *iov, unsigned count, uint64_t offset)
{
	while (count > 0) {
		ssize_t done = step(fd, iov, (int)count, (off_t)offset);

		if (done < 0) {
			if (errno == EINTR) {
				continue;
			}
			return -errno;
		}
		if (done == 0) {
			return -EIO;
		}
		offset += (uint64_t)done;
		disk_iov_advance(&iov, &count, (size_t)done);
	}
	return 0;
}

int disk_file_read(const struct disk_file *disk, struct iovec *iov, unsigned count, uint64_t offset)
{
	return transfer(preadv, disk->fd, iov, count, offset);
}

int disk_file_write(const struct disk_file *disk, struct iovec *iov, unsigned count,
		    uint64_t offset)
{
	return transfer(pwritev, disk->fd, iov, count, offset);
}

bool disk_file_tries_first(const struct disk_file *disk)
{
	uint8_t byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = sizeof(byte)};

	return preadv2(disk->fd, &iov, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN;
}

int disk_file_flush(const struct disk_file *disk)
{
	int ret;

	do {
		ret = fdatasync(disk->fd);
	} while (ret != 0 && errno == EINTR);
	return ret != 0 ? -errno : 0;
}
