/* SPDX-License-Identifier: BSD-3-Clause */
#include "faults.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S 20

static struct {
	/* Atomic: */
	unsigned calls;
	unsigned fail_at;
	bool hit;
	int flush_errno;
	int discard_errno;
	unsigned flushes;
	unsigned writes;
	int64_t mapped;
	/* Of the two below: */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool hold;
	unsigned held;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* What --wrap calls the two. */
#define WRAP(type, name, params)                                                                   \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params

void faults_reset(void)
{
	faults_hold_writes(false);
	faults_flush_errno(0);
	faults_discard_errno(0);
	(void)faults_disarm();
	__atomic_store_n(&faults.flushes, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&faults.writes, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&faults.mapped, 0, __ATOMIC_RELAXED);
}

void faults_arm(unsigned nth)
{
	unsigned at = __atomic_load_n(&faults.calls, __ATOMIC_RELAXED) + nth;

	__atomic_store_n(&faults.hit, false, __ATOMIC_RELAXED);
	__atomic_store_n(&faults.fail_at, at, __ATOMIC_RELAXED);
}

bool faults_disarm(void)
{
	__atomic_store_n(&faults.fail_at, 0, __ATOMIC_RELAXED);
	return __atomic_load_n(&faults.hit, __ATOMIC_RELAXED);
}

static bool fails(void)
{
	unsigned call = __atomic_add_fetch(&faults.calls, 1, __ATOMIC_RELAXED);
	bool hit = call == __atomic_load_n(&faults.fail_at, __ATOMIC_RELAXED);

	if (hit) {
		__atomic_store_n(&faults.hit, true, __ATOMIC_RELAXED);
	}
	return hit;
}

static bool fails_with(int error)
{
	bool hit = fails();

	if (hit) {
		errno = error;
	}
	return hit;
}

void faults_flush_errno(int error)
{
	__atomic_store_n(&faults.flush_errno, error, __ATOMIC_RELAXED);
}

void faults_discard_errno(int error)
{
	__atomic_store_n(&faults.discard_errno, error, __ATOMIC_RELAXED);
}

unsigned faults_flushes(void)
{
	return __atomic_load_n(&faults.flushes, __ATOMIC_RELAXED);
}

unsigned faults_writes(void)
{
	return __atomic_load_n(&faults.writes, __ATOMIC_RELAXED);
}

int64_t faults_mapped(void)
{
	return __atomic_load_n(&faults.mapped, __ATOMIC_RELAXED);
}

void faults_hold_writes(bool hold)
{
	pthread_mutex_lock(&faults.lock);
	faults.hold = hold;
	pthread_cond_broadcast(&faults.changed);
	pthread_mutex_unlock(&faults.lock);
}

bool faults_wait_held(void)
{
	struct timespec limit;
	bool held;
	int ret = 0;

	(void)clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAIT_S;
	pthread_mutex_lock(&faults.lock);
	while (faults.held == 0 && ret != ETIMEDOUT) {
		ret = pthread_cond_timedwait(&faults.changed, &faults.lock, &limit);
	}
	held = faults.held > 0;
	pthread_mutex_unlock(&faults.lock);
	return held;
}

static void wait_while_held(void)
{
	pthread_mutex_lock(&faults.lock);
	faults.held++;
	pthread_cond_broadcast(&faults.changed);
	while (faults.hold) {
		pthread_cond_wait(&faults.changed, &faults.lock);
	}
	faults.held--;
	pthread_mutex_unlock(&faults.lock);
}

WRAP(void *, malloc, (size_t size))
{
	return fails_with(ENOMEM) ? NULL : __real_malloc(size);
}

WRAP(void *, calloc, (size_t count, size_t size))
{
	return fails_with(ENOMEM) ? NULL : __real_calloc(count, size);
}

WRAP(void *, realloc, (void *from, size_t size))
{
	return fails_with(ENOMEM) ? NULL : __real_realloc(from, size);
}

WRAP(int, epoll_create1, (int flags))
{
	return fails_with(EMFILE) ? -1 : __real_epoll_create1(flags);
}

WRAP(int, epoll_ctl, (int epfd, int op, int fd, struct epoll_event *event))
{
	return fails_with(ENOSPC) ? -1 : __real_epoll_ctl(epfd, op, fd, event);
}

WRAP(int, eventfd, (unsigned count, int flags))
{
	return fails_with(EMFILE) ? -1 : __real_eventfd(count, flags);
}

WRAP(int, timerfd_create, (int clockid, int flags))
{
	return fails_with(EMFILE) ? -1 : __real_timerfd_create(clockid, flags);
}

WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attr, void *(*main)(void *), void *arg))
{
	return fails() ? EAGAIN : __real_pthread_create(thread, attr, main, arg);
}

static void *count_mapped(void *at, size_t len, int flags)
{
	/* MAP_FIXED takes the place of what has been counted. */
	if (at != MAP_FAILED && (flags & MAP_FIXED) == 0) {
		(void)__atomic_add_fetch(&faults.mapped, (int64_t)len, __ATOMIC_RELAXED);
	}
	return at;
}

WRAP(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t offset))
{
	return count_mapped(fails_with(ENOMEM) ? MAP_FAILED
					       : __real_mmap(at, len, prot, flags, fd, offset),
			    len, flags);
}

/* What mmap() is with _FILE_OFFSET_BITS=64; likewise pwritev64() below. */
WRAP(void *, mmap64, (void *at, size_t len, int prot, int flags, int fd, off64_t offset))
{
	return count_mapped(fails_with(ENOMEM) ? MAP_FAILED
					       : __real_mmap64(at, len, prot, flags, fd, offset),
			    len, flags);
}

WRAP(int, munmap, (void *at, size_t len))
{
	int ret = __real_munmap(at, len);

	if (ret == 0) {
		(void)__atomic_sub_fetch(&faults.mapped, (int64_t)len, __ATOMIC_RELAXED);
	}
	return ret;
}

WRAP(int, madvise, (void *at, size_t len, int advice))
{
	int error = __atomic_load_n(&faults.discard_errno, __ATOMIC_RELAXED);

	if ((advice == MADV_REMOVE || advice == MADV_DONTNEED) && error != 0) {
		errno = error;
		return -1;
	}
	return fails_with(EINVAL) ? -1 : __real_madvise(at, len, advice);
}

WRAP(int, fdatasync, (int fd))
{
	int error = __atomic_load_n(&faults.flush_errno, __ATOMIC_RELAXED);
	int ret = -1;

	if (error != 0) {
		errno = error;
	} else if (!fails_with(EIO)) {
		ret = __real_fdatasync(fd);
	}
	if (ret == 0) {
		(void)__atomic_add_fetch(&faults.flushes, 1, __ATOMIC_RELAXED);
	}
	return ret;
}

static ssize_t count_write(ssize_t done)
{
	if (done >= 0) {
		(void)__atomic_add_fetch(&faults.writes, 1, __ATOMIC_RELAXED);
	}
	return done;
}

WRAP(ssize_t, pwritev, (int fd, const struct iovec *iov, int count, off_t offset))
{
	wait_while_held();
	return count_write(fails_with(EIO) ? -1 : __real_pwritev(fd, iov, count, offset));
}

WRAP(ssize_t, pwritev64, (int fd, const struct iovec *iov, int count, off64_t offset))
{
	wait_while_held();
	return count_write(fails_with(EIO) ? -1 : __real_pwritev64(fd, iov, count, offset));
}
