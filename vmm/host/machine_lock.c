/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/machine_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/step.h"

#define LOCK_MODE 0600
/* How long to wait for who mends a machine: 5 s. */
#define PAUSE_NS 5000000L
#define TRIES 1000U

/* Only one has the first byte. Who runs the machine has all of the file. */
#define ALL_START 0
#define ALL_BYTES 0
#define MEND_BYTES 1
#define RUN_START 1

static struct flock write_lock(off_t start, off_t len_bytes)
{
	return (struct flock){
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = len_bytes};
}

/* Whoever removes a machine removes the file while holding its lock: it locks nothing any more. */
static bool is_removed(int fd)
{
	struct stat file;

	return fstat(fd, &file) != 0 || file.st_nlink == 0;
}

static int try_lock(int fd, off_t len_bytes)
{
	struct flock lock = write_lock(ALL_START, len_bytes);

	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	}
	return is_removed(fd) ? -ESTALE : 0;
}

static void write_pid(int fd)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	/* For people, so nothing depends on it. */
	if (STEP("lock: empty", ftruncate(fd, 0)) == 0) {
		(void)!STEP("lock: write pid", pwrite(fd, text, (size_t)length, 0));
	}
}

static int take(const struct home *home, const char *name, off_t len_bytes, int *fd,
		struct vmm_error *error)
{
	char path[HOME_FILE_PATH_SIZE];
	int ret;

	home_machine_file(home, name, HOME_FILE_LOCK, path);
	do {
		*fd = STEP("lock: make", open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE));
		ret = *fd < 0 ? -errno : try_lock(*fd, len_bytes);
		if (ret != 0) {
			machine_lock_give(*fd);
		}
	} while (ret == -ESTALE);
	if (ret == -EBUSY) {
		vmm_error_set(error, "machine '%s': another torpor has it right now", name);
	} else if (ret != 0) {
		vmm_error_set(error,
			      "%s: cannot be locked: %s: expected a file system with locks, "
			      "and to be its owner",
			      path, strerror(-ret));
	}
	return ret;
}

int machine_lock_take(const struct home *home, const char *name, int *fd, struct vmm_error *error)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int ret = take(home, name, ALL_BYTES, fd, error);
	bool held = false;

	/* Who mends it is done soon. */
	for (unsigned tries = 1; ret == -EBUSY && tries < TRIES; tries++) {
		if (machine_lock_held(home, name, &held, error) != 0 || held) {
			return ret;
		}
		(void)nanosleep(&pause, NULL);
		ret = take(home, name, ALL_BYTES, fd, error);
	}
	if (ret == 0) {
		write_pid(*fd);
	}
	return ret;
}

int machine_lock_take_to_mend(const struct home *home, const char *name, int *fd,
			      struct vmm_error *error)
{
	return take(home, name, MEND_BYTES, fd, error);
}

int machine_lock_held(const struct home *home, const char *name, bool *held,
		      struct vmm_error *error)
{
	struct flock lock = write_lock(RUN_START, ALL_BYTES);
	char path[HOME_FILE_PATH_SIZE];
	int ret = 0;
	int fd;

	*held = false;
	home_machine_file(home, name, HOME_FILE_LOCK, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ret = fcntl(fd, F_OFD_GETLK, &lock) == 0 ? 0 : -errno;
		*held = ret == 0 && lock.l_type != F_UNLCK;
		(void)close(fd);
	} else if (errno != ENOENT) {
		ret = -errno;
	}
	if (ret != 0) {
		vmm_error_set(error, "%s: cannot be read: %s: expected to be its owner", path,
			      strerror(-ret));
	}
	return ret;
}

void machine_lock_give(int fd)
{
	if (fd >= 0) {
		(void)close(fd);
	}
}
