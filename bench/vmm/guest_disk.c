/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk's throughput past the page cache: one stream, and blocks in no order from four threads. */
/* For O_DIRECT. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>
#include "guest_work.h"

#define DISK "/dev/vda"
#define WAIT_MS 10000
#define SPAN_NS INT64_C(1500000000)
#define STREAM_BYTES ((size_t)256 << 10)
#define BLOCK_BYTES 4096
#define THREADS 4

struct job {
	int fd;
	bool write;
	uint64_t blocks;
	uint64_t done;
	unsigned seed;
	pthread_t thread;
};

static int open_disk(void)
{
	int fd = -1;

	for (int n = 0; n < WAIT_MS / 10 && fd < 0; n++) {
		fd = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (fd < 0) {
			(void)usleep(10000);
		}
	}
	return fd;
}

static void *buffer(size_t len_bytes)
{
	void *memory = NULL;

	if (posix_memalign(&memory, BLOCK_BYTES, len_bytes) == 0) {
		memset(memory, 0x5A, len_bytes);
	}
	return memory;
}

static ssize_t transfer(int fd, bool write, void *memory, size_t len_bytes, uint64_t offset)
{
	return write ? pwrite(fd, memory, len_bytes, (off_t)offset)
		     : pread(fd, memory, len_bytes, (off_t)offset);
}

static void stream(int fd, bool write, uint64_t disk_bytes)
{
	void *memory = buffer(STREAM_BYTES);
	uint64_t offset = 0;
	uint64_t total = 0;
	int64_t begun = now_ns();

	while (now_ns() - begun < SPAN_NS) {
		if (transfer(fd, write, memory, STREAM_BYTES, offset) != (ssize_t)STREAM_BYTES) {
			say("@fail disk: %s\n", strerror(errno));
			break;
		}
		total += STREAM_BYTES;
		offset = (offset + STREAM_BYTES) % disk_bytes;
	}
	say("@bench disk-%s %llu %lld\n", write ? "write" : "read", (unsigned long long)total,
	    (long long)(now_ns() - begun));
	free(memory);
}

static void *scatter(void *argument)
{
	struct job *job = argument;
	void *memory = buffer(BLOCK_BYTES);
	int64_t begun = now_ns();

	while (now_ns() - begun < SPAN_NS) {
		uint64_t block =
			((uint64_t)rand_r(&job->seed) << 16 ^ rand_r(&job->seed)) % job->blocks;

		if (transfer(job->fd, job->write, memory, BLOCK_BYTES, block * BLOCK_BYTES) !=
		    BLOCK_BYTES) {
			say("@fail disk: %s\n", strerror(errno));
			break;
		}
		job->done++;
	}
	free(memory);
	return NULL;
}

static void scattered(int fd, bool write, uint64_t disk_bytes)
{
	struct job jobs[THREADS];
	int64_t begun = now_ns();
	uint64_t total = 0;

	for (unsigned n = 0; n < THREADS; n++) {
		jobs[n] = (struct job){.fd = fd, .write = write, .seed = n + 1};
		jobs[n].blocks = disk_bytes / BLOCK_BYTES;
		(void)pthread_create(&jobs[n].thread, NULL, scatter, &jobs[n]);
	}
	for (unsigned n = 0; n < THREADS; n++) {
		(void)pthread_join(jobs[n].thread, NULL);
		total += jobs[n].done;
	}
	say("@bench disk-%s-4k %llu %lld\n", write ? "write" : "read", (unsigned long long)total,
	    (long long)(now_ns() - begun));
}

void work_disk(void)
{
	uint64_t disk_bytes = 0;
	int fd = open_disk();

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &disk_bytes) != 0 || disk_bytes < STREAM_BYTES) {
		say("@fail " DISK ": %s\n", strerror(errno));
		return;
	}
	disk_bytes -= disk_bytes % STREAM_BYTES;
	stream(fd, true, disk_bytes);
	stream(fd, false, disk_bytes);
	scattered(fd, true, disk_bytes);
	scattered(fd, false, disk_bytes);
	close(fd);
}
