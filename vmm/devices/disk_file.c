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

static int find_size(int fd, const char *path, uint64_t *size_bytes, struct vmm_error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0) {
		return open_failed(path, true, errno, err);
	}
	if (S_ISDIR(info.st_mode)) {
		return open_failed(path, true, EISDIR, err);
	}
	if (S_ISBLK(info.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, size_bytes) != 0) {
			return open_failed(path, true, errno, err);
		}
	} else if (S_ISREG(info.st_mode)) {
		*size_bytes = (uint64_t)info.st_size;
	} else {
		vmm_error_set(err, "disk %s is neither a file nor a block device", path);
		return -EINVAL;
	}
	if (*size_bytes == 0) {
		vmm_error_set(err, "disk %s is empty: give it a size with \"truncate -s 1G %s\"",
			      path, path);
		return -EINVAL;
	}
	if (*size_bytes % DISK_SECTOR_BYTES != 0) {
		vmm_error_set(err,
			      "disk %s has %" PRIu64
			      " bytes, not a multiple of %d: it is no raw disk "
			      "image, or is cut short (\"truncate -s %%%d %s\" rounds it up)",
			      path, *size_bytes, DISK_SECTOR_BYTES, DISK_SECTOR_BYTES, path);
		return -EINVAL;
	}
	return 0;
}

int disk_file_open(struct disk_file *disk, const char *path, bool read_only, struct vmm_error *err)
{
	/* Without O_NONBLOCK a FIFO's open would wait for its other end. */
	int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags);
	int ret;

	if (fd < 0) {
		return open_failed(path, read_only, errno, err);
	}
	disk->fd = fd;
	disk->read_only = read_only;
	ret = find_size(fd, path, &disk->size_bytes, err);
	if (ret == -EINVAL && err != NULL) {
		err->bad_input = true;
	}
	if (ret == 0 && fcntl(fd, F_SETFL, 0) != 0) {
		ret = open_failed(path, read_only, errno, err);
	}
	if (ret != 0) {
		(void)close(fd);
		disk->fd = -1;
	}
	return ret;
}

void disk_file_close(struct disk_file *disk)
{
	(void)close(disk->fd);
	disk->fd = -1;
}

/* Drop the first @done bytes. */
static void iov_advance(struct iovec **iov, unsigned *count, size_t done)
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
		iov_advance(&iov, &count, (size_t)done);
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

int disk_file_flush(const struct disk_file *disk)
{
	int ret;

	do {
		ret = fdatasync(disk->fd);
	} while (ret != 0 && errno == EINTR);
	return ret != 0 ? -errno : 0;
}
