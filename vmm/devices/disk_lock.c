/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/disk_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>

#define TRIES 20U
#define PAUSE_NS 25000000

/*
 * Who does a thing locks its byte of the first kind, who can't bear it in others its byte of the
 * second; all are read locks, and whoever comes looks for the opposite ones after taking his own.
 */
#define DOES(what) (100 + (what))
#define FORBIDS(what) (200 + (what))
#define READ_CONSISTENTLY 0
#define WRITE 1
#define RESIZE 3

static const short reader_locks[] = {DOES(READ_CONSISTENTLY), FORBIDS(WRITE), FORBIDS(RESIZE)};
static const short reader_looks[] = {FORBIDS(READ_CONSISTENTLY), DOES(WRITE), DOES(RESIZE)};
static const short writer_locks[] = {DOES(READ_CONSISTENTLY), DOES(WRITE), FORBIDS(WRITE),
				     FORBIDS(RESIZE)};
static const short writer_looks[] = {FORBIDS(READ_CONSISTENTLY), FORBIDS(WRITE), DOES(WRITE),
				     DOES(RESIZE)};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int lock_bytes(int fd, const short *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct flock lock = {
			.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = bytes[i], .l_len = 1};

		if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
			/* Somebody else's scheme of locks, or none here at all. */
			return errno == EAGAIN || errno == EACCES ? -EBUSY : 0;
		}
	}
	return 0;
}

static int look_at_bytes(int fd, const short *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct flock lock = {
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = bytes[i], .l_len = 1};

		if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
			return -EBUSY;
		}
	}
	return 0;
}

void disk_unlock(int fd)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_OFD_SETLK, &all);
}

static int try_lock(int fd, bool read_only)
{
	int ret = read_only ? lock_bytes(fd, reader_locks, COUNT(reader_locks))
			    : lock_bytes(fd, writer_locks, COUNT(writer_locks));

	if (ret != 0) {
		return ret;
	}
	return read_only ? look_at_bytes(fd, reader_looks, COUNT(reader_looks))
			 : look_at_bytes(fd, writer_looks, COUNT(writer_looks));
}

int disk_lock(int fd, bool read_only)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int ret = try_lock(fd, read_only);

	for (unsigned tries = 1; ret == -EBUSY && tries < TRIES; tries++) {
		/* Not to be in the way of another that waits likewise. */
		disk_unlock(fd);
		(void)nanosleep(&pause, NULL);
		ret = try_lock(fd, read_only);
	}
	return ret;
}
