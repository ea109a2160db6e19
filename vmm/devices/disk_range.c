/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/disk_range.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define ZEROS_BYTES 65536
#define ZEROS_SEGMENTS 64

int disk_range_mode(const struct disk_file *disk, bool unmap)
{
	if (disk->block_device) {
		return -1;
	}
	return FALLOC_FL_KEEP_SIZE | (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
}

static int allocate(const struct disk_file *disk, int mode, uint64_t offset, uint64_t len_bytes)
{
	int ret;

	do {
		ret = fallocate(disk->fd, mode, (off_t)offset, (off_t)len_bytes);
	} while (ret != 0 && errno == EINTR);
	return ret != 0 ? -errno : 0;
}

static int device_range(const struct disk_file *disk, unsigned long request, uint64_t offset,
			uint64_t len_bytes)
{
	uint64_t range[2] = {offset, len_bytes};

	if (offset % disk->sector_bytes != 0 || len_bytes % disk->sector_bytes != 0) {
		return -EOPNOTSUPP;
	}
	return ioctl(disk->fd, request, range) != 0 ? -errno : 0;
}

/* What a host says that has no such operation, or not for this range. */
static bool is_unsupported(int ret)
{
	return ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ENOSYS || ret == -ENOTTY ||
	       ret == -ENODEV;
}

static int write_zeros(const struct disk_file *disk, uint64_t offset, uint64_t len_bytes,
		       const bool *give_up)
{
	static uint8_t zeros[ZEROS_BYTES];
	struct iovec iov[ZEROS_SEGMENTS];
	int ret = 0;

	while (ret == 0 && len_bytes > 0) {
		unsigned count = 0;
		uint64_t part = 0;

		if (__atomic_load_n(give_up, __ATOMIC_RELAXED)) {
			return -ECANCELED;
		}
		while (count < ZEROS_SEGMENTS && part < len_bytes) {
			uint64_t left = len_bytes - part;

			iov[count] = (struct iovec){
				.iov_base = zeros,
				.iov_len = left < sizeof(zeros) ? (size_t)left : sizeof(zeros),
			};
			part += iov[count].iov_len;
			count++;
		}
		ret = disk_file_write(disk, iov, count, offset);
		offset += part;
		len_bytes -= part;
	}
	return ret;
}

/* Past the end there is nothing to free, and nothing changes. */
bool disk_range_is_helped(const struct disk_file *disk)
{
	return disk->block_device || disk->read_only ||
	       !is_unsupported(allocate(disk, disk_range_mode(disk, true), disk->size_bytes,
					disk->block_bytes));
}

int disk_range_discard(const struct disk_file *disk, uint64_t offset, uint64_t len_bytes)
{
	int ret = 0;

	if (len_bytes > 0) {
		ret = disk->block_device
			      ? device_range(disk, BLKDISCARD, offset, len_bytes)
			      : allocate(disk, disk_range_mode(disk, true), offset, len_bytes);
	}
	return is_unsupported(ret) ? 0 : ret;
}

/* Without an answer that the host has none, in the order of what is cheapest afterwards. */
static int zero_by_host(const struct disk_file *disk, uint64_t offset, uint64_t len_bytes,
			bool unmap)
{
	int ret = -EOPNOTSUPP;

	if (unmap) {
		ret = allocate(disk, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, len_bytes);
	}
	if (is_unsupported(ret)) {
		ret = disk->block_device
			      ? device_range(disk, BLKZEROOUT, offset, len_bytes)
			      : allocate(disk, disk_range_mode(disk, false), offset, len_bytes);
	}
	return ret;
}

int disk_range_zero(const struct disk_file *disk, uint64_t offset, uint64_t len_bytes, bool unmap,
		    const bool *give_up)
{
	int ret;

	if (len_bytes == 0) {
		return 0;
	}
	ret = zero_by_host(disk, offset, len_bytes, unmap);
	return is_unsupported(ret) ? write_zeros(disk, offset, len_bytes, give_up) : ret;
}
