/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/disk_stamp.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define TIME_BYTES 40
#define MENDS "put it back, or boot clean with --discard-hibernation"

static int64_t ns_of(struct timespec time)
{
	return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static int take(int fd, const char *path, struct record_disk *disk, bool *is_device,
		struct vmm_error *error)
{
	struct stat info;
	uint64_t size_bytes = 0;

	if (fstat(fd, &info) != 0 ||
	    (S_ISBLK(info.st_mode) && ioctl(fd, BLKGETSIZE64, &size_bytes) != 0)) {
		vmm_error_set(error, "disk %s cannot be looked at: %s", path, strerror(errno));
		return -errno;
	}
	*is_device = S_ISBLK(info.st_mode);
	disk->device = info.st_dev;
	disk->inode = info.st_ino;
	disk->size_bytes = *is_device ? size_bytes : (uint64_t)info.st_size;
	disk->mtime_ns = ns_of(info.st_mtim);
	disk->ctime_ns = ns_of(info.st_ctim);
	return 0;
}

int disk_stamp_take(int fd, const char *path, struct record_disk *disk, struct vmm_error *error)
{
	bool is_device;

	return take(fd, path, disk, &is_device, error);
}

static void show_time(int64_t time_ns, char text[TIME_BYTES])
{
	time_t time_s = (time_t)(time_ns / NS_PER_S);
	struct tm utc;
	char seconds[24];

	(void)strftime(seconds, sizeof(seconds), "%Y-%m-%d %H:%M:%S", gmtime_r(&time_s, &utc));
	(void)snprintf(text, TIME_BYTES, "%s.%06lld", seconds,
		       (long long)(time_ns % NS_PER_S / 1000));
}

/* Its content is another. Who changed it is best found by when. */
static int refuse(const struct record_disk *was, const struct record_disk *is, const char *path,
		  struct vmm_error *error)
{
	char before[TIME_BYTES];
	char now[TIME_BYTES];

	show_time(was->mtime_ns, before);
	show_time(is->mtime_ns, now);
	vmm_error_set(error,
		      "disk %s: its content has changed since the guest hibernated (mtime was %s, "
		      "is %s): " MENDS,
		      path, before, now);
	error->bad_input = true;
	return -EPERM;
}

static bool is_untouched(const struct record_disk *was, const struct record_disk *is)
{
	return was->device == is->device && was->inode == is->inode &&
	       was->mtime_ns == is->mtime_ns && was->ctime_ns == is->ctime_ns;
}

int disk_stamp_check(const struct record_disk *was, const struct disk_digest_job *job,
		     struct vmm_error *error)
{
	uint8_t digest[RECORD_DIGEST_BYTES];
	struct record_disk is = {.path = NULL};
	bool is_device;
	int ret = take(job->fd, job->path, &is, &is_device, error);

	if (ret != 0) {
		return ret;
	}
	if (was->size_bytes != is.size_bytes) {
		vmm_error_set(error, "disk %s: size was %llu bytes, is %llu: " MENDS, job->path,
			      (unsigned long long)was->size_bytes,
			      (unsigned long long)is.size_bytes);
		error->bad_input = true;
		return -EPERM;
	}
	if (!is_device && is_untouched(was, &is)) {
		return 0;
	}
	ret = disk_digest(job, digest, error);
	if (ret == 0 && memcmp(digest, was->digest, sizeof(digest)) != 0) {
		ret = refuse(was, &is, job->path, error);
	}
	return ret;
}
