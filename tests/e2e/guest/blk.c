/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a disk is tried with, past the page cache:
 *
 *   blk fill DEVICE OFFSET BYTES SEED     writes words that tell seed and place, and flushes them
 *   blk check DEVICE OFFSET BYTES SEED    looks for them; seed 0: for zeros
 *   blk discard|zero DEVICE OFFSET BYTES
 *   blk load DEVICE FILE                  writes, flushes and reads in four threads until FILE is
 *                                         there, then checks all that it wrote
 *   blk speed DEVICE MS                   one line a kind of access: bytes and nanoseconds
 *
 * Answers a line for people; ends with 0 if all was well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
#define BLOCK_BYTES 4096
#define THREADS 4
#define BLOCKS 256 /* a thread's part of the disk: 1 MiB */

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static void *buffer(size_t bytes)
{
	void *at = NULL;

	return posix_memalign(&at, BLOCK_BYTES, bytes) == 0 ? at : NULL;
}

static uint64_t word(uint64_t seed, uint64_t offset)
{
	return seed == 0 ? 0 : seed << 40 | offset;
}

static void put(uint64_t *at, size_t bytes, uint64_t seed, uint64_t offset)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		at[i] = word(seed, offset + i * 8);
	}
}

static bool is(const uint64_t *at, size_t bytes, uint64_t seed, uint64_t offset)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		if (at[i] != word(seed, offset + i * 8)) {
			printf("at %" PRIu64 ": %#" PRIx64 ", expected %#" PRIx64 "\n",
			       offset + i * 8, at[i], word(seed, offset + i * 8));
			return false;
		}
	}
	return true;
}

static int fill(int fd, uint64_t offset, uint64_t bytes, uint64_t seed)
{
	uint64_t *chunk = buffer(CHUNK_BYTES);

	for (uint64_t end = offset + bytes; offset < end;) {
		size_t part = end - offset < CHUNK_BYTES ? end - offset : CHUNK_BYTES;

		put(chunk, part, seed, offset);
		if (pwrite(fd, chunk, part, (off_t)offset) != (ssize_t)part) {
			return fail("write");
		}
		offset += part;
	}
	return fdatasync(fd) == 0 ? 0 : fail("flush");
}

static int check(int fd, uint64_t offset, uint64_t bytes, uint64_t seed)
{
	uint64_t *chunk = buffer(CHUNK_BYTES);

	for (uint64_t end = offset + bytes; offset < end;) {
		size_t part = end - offset < CHUNK_BYTES ? end - offset : CHUNK_BYTES;

		if (pread(fd, chunk, part, (off_t)offset) != (ssize_t)part) {
			return fail("read");
		}
		if (!is(chunk, part, seed, offset)) {
			return 1;
		}
		offset += part;
	}
	return 0;
}

static int range(int fd, unsigned long request, uint64_t offset, uint64_t bytes)
{
	uint64_t both[2] = {offset, bytes};

	return ioctl(fd, request, both) == 0 ? 0 : fail("ioctl");
}

struct load {
	int fd;
	const char *stop;
	unsigned number;
	unsigned steps;
	int bad;
	uint8_t seeds[BLOCKS]; /* what each block was last written with */
};

static uint64_t load_offset(const struct load *load, unsigned block)
{
	return ((uint64_t)load->number * BLOCKS + block) * BLOCK_BYTES;
}

static bool load_step(struct load *load, unsigned *random, uint64_t *memory)
{
	unsigned block = (unsigned)rand_r(random) % BLOCKS;
	uint64_t offset = load_offset(load, block);

	if (load->steps % 3 != 0) {
		uint8_t seed = (uint8_t)(load->seeds[block] % 255 + 1);

		put(memory, BLOCK_BYTES, seed, offset);
		load->seeds[block] = seed;
		return pwrite(load->fd, memory, BLOCK_BYTES, (off_t)offset) == BLOCK_BYTES &&
		       (load->steps % 16 != 1 || fdatasync(load->fd) == 0);
	}
	return load->seeds[block] == 0 ||
	       (pread(load->fd, memory, BLOCK_BYTES, (off_t)offset) == BLOCK_BYTES &&
		is(memory, BLOCK_BYTES, load->seeds[block], offset));
}

static void *load_main(void *argument)
{
	struct load *load = argument;
	uint64_t *memory = buffer(BLOCK_BYTES);
	unsigned random = load->number;

	while (load->bad == 0 && access(load->stop, F_OK) != 0) {
		load->bad = !load_step(load, &random, memory);
		load->steps++;
	}
	for (unsigned block = 0; block < BLOCKS && load->bad == 0; block++) {
		uint64_t offset = load_offset(load, block);

		if (load->seeds[block] != 0) {
			load->bad = pread(load->fd, memory, BLOCK_BYTES, (off_t)offset) !=
					    BLOCK_BYTES ||
				    !is(memory, BLOCK_BYTES, load->seeds[block], offset);
		}
	}
	return NULL;
}

static int load(int fd, const char *stop)
{
	static struct load loads[THREADS];
	pthread_t threads[THREADS];
	unsigned steps = 0;
	int bad = 0;

	for (unsigned n = 0; n < THREADS; n++) {
		loads[n].fd = fd;
		loads[n].stop = stop;
		loads[n].number = n;
		if (pthread_create(&threads[n], NULL, load_main, &loads[n]) != 0) {
			return fail("thread");
		}
	}
	for (unsigned n = 0; n < THREADS; n++) {
		(void)pthread_join(threads[n], NULL);
		steps += loads[n].steps;
		bad |= loads[n].bad;
	}
	printf("%u accesses\n", steps);
	return bad;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct speed {
	int fd;
	bool write;
	size_t bytes;
	uint64_t span_ns;
	uint64_t disk_bytes;
	unsigned random;
	uint64_t done;
};

static void *speed_main(void *argument)
{
	struct speed *speed = argument;
	void *memory = buffer(speed->bytes);
	uint64_t end = now_ns() + speed->span_ns;

	memset(memory, 0x5A, speed->bytes);
	while (now_ns() < end) {
		uint64_t at = ((uint64_t)rand_r(&speed->random) << 8) %
			      (speed->disk_bytes / speed->bytes) * speed->bytes;
		ssize_t done = speed->write ? pwrite(speed->fd, memory, speed->bytes, (off_t)at)
					    : pread(speed->fd, memory, speed->bytes, (off_t)at);

		speed->done += done > 0 ? (uint64_t)done : 0;
	}
	return NULL;
}

static int speed_of(int fd, const char *name, bool write, size_t bytes, unsigned threads,
		    uint64_t span_ns)
{
	struct speed speeds[THREADS] = {{0}};
	pthread_t ids[THREADS];
	uint64_t disk_bytes = 0;
	uint64_t total = 0;
	uint64_t begun = now_ns();

	if (ioctl(fd, BLKGETSIZE64, &disk_bytes) != 0) {
		return fail("size");
	}
	for (unsigned n = 0; n < threads; n++) {
		speeds[n] = (struct speed){.fd = fd,
					   .write = write,
					   .bytes = bytes,
					   .span_ns = span_ns,
					   .disk_bytes = disk_bytes,
					   .random = n + 1};
		(void)pthread_create(&ids[n], NULL, speed_main, &speeds[n]);
	}
	for (unsigned n = 0; n < threads; n++) {
		(void)pthread_join(ids[n], NULL);
		total += speeds[n].done;
	}
	printf("%s %" PRIu64 " %" PRIu64 "\n", name, total, now_ns() - begun);
	return total > 0 ? 0 : 1;
}

static int speed(int fd, uint64_t span_ns)
{
	return speed_of(fd, "write-256k", true, 262144, 1, span_ns) |
	       speed_of(fd, "read-256k", false, 262144, 1, span_ns) |
	       speed_of(fd, "write-4k", true, BLOCK_BYTES, 1, span_ns) |
	       speed_of(fd, "read-4k", false, BLOCK_BYTES, 1, span_ns) |
	       speed_of(fd, "write-4k-4", true, BLOCK_BYTES, THREADS, span_ns) |
	       speed_of(fd, "read-4k-4", false, BLOCK_BYTES, THREADS, span_ns);
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	int fd = argc > 3 ? open(argv[2], O_RDWR | O_DIRECT) : -1;
	uint64_t offset = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	uint64_t bytes = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;
	uint64_t seed = argc > 5 ? strtoull(argv[5], NULL, 0) : 0;

	if (fd < 0) {
		return fail(argc > 3 ? argv[2] : "usage");
	}
	if (strcmp(what, "fill") == 0) {
		return fill(fd, offset, bytes, seed);
	}
	if (strcmp(what, "check") == 0) {
		return check(fd, offset, bytes, seed);
	}
	if (strcmp(what, "discard") == 0) {
		return range(fd, BLKDISCARD, offset, bytes);
	}
	if (strcmp(what, "zero") == 0) {
		return range(fd, BLKZEROOUT, offset, bytes);
	}
	if (strcmp(what, "speed") == 0) {
		return speed(fd, offset * 1000000);
	}
	return strcmp(what, "load") == 0 ? load(fd, argv[3]) : 1;
}
