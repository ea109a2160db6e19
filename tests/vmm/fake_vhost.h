/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stands in for /dev/vhost-vsock: notes what it is told, and refuses what the test wants refused.
 *
 * For programs linked with --wrap of open, open64 and ioctl. Its descriptor is a real one, so that
 * a test sees whether it was closed.
 */
#ifndef TESTS_VMM_FAKE_VHOST_H
#define TESTS_VMM_FAKE_VHOST_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_VHOST_RINGS 2

/**
 * struct fake_vhost_ring - a ring, as the kernel was told
 * @num, @base: entries, and where to go on; the test moves @base as the kernel would
 * @desc, @avail, @used: addresses in this process
 * @kick, @call: eventfds, -1 for none
 */
struct fake_vhost_ring {
	unsigned num;
	unsigned base;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	int kick;
	int call;
};

/**
 * struct fake_vhost - the device
 * @open_errno: open() fails with that, unless 0
 * @refuse:     this ioctl fails, unless 0
 * @refuse_errno: with that
 * @offered:    features that it has
 * @fd:         the descriptor, -1 before open()
 * @features:   as set
 * @cid:        as set
 * @running:    as set
 * @memory_ipa, @memory_bytes, @memory_host: as set
 * @rings:      as set
 * @stopped_at: calls so far when it was last stopped with no ring kicked; 0: never
 * @calls:      ioctls so far
 */
struct fake_vhost {
	int open_errno;
	unsigned long refuse;
	int refuse_errno;
	uint64_t offered;
	int fd;
	uint64_t features;
	uint64_t cid;
	bool running;
	uint64_t memory_ipa;
	uint64_t memory_bytes;
	uint64_t memory_host;
	struct fake_vhost_ring rings[FAKE_VHOST_RINGS];
	unsigned stopped_at;
	unsigned calls;
};

extern struct fake_vhost fake_vhost;

/* As a kernel of today has it, and not open. */
void fake_vhost_reset(void);

/* Is the descriptor open? */
bool fake_vhost_is_open(void);

#endif /* TESTS_VMM_FAKE_VHOST_H */
