/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A digest of what a guest has written to a disk, by which a copy of that disk is known.
 */
#ifndef VMM_HOST_DISK_DIGEST_H
#define VMM_HOST_DISK_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "host/record.h"

/* More stretches than that are made fewer, and hold what lies between. */
#define DISK_EXTENT_COUNT_MAX 4096

/**
 * struct disk_digest_job - a disk to look at
 * @fd:           open for reading
 * @path:         for messages
 * @extents:      what to look at, in order
 * @extent_count: of @extents
 * @log:          told now and then how far it is if it takes long
 * @ctx:          passed to @log
 */
struct disk_digest_job {
	int fd;
	const char *path;
	const struct record_extent *extents;
	size_t extent_count;
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/**
 * disk_digest() - read it all
 * @digest: filled: XXH3's 128 bits over the bytes of the extents, in its canonical form
 *
 * Return: 0; -errno with @error filled, -EIO if the disk is shorter.
 */
int disk_digest(const struct disk_digest_job *job, uint8_t digest[RECORD_DIGEST_BYTES],
		struct vmm_error *error);

/**
 * disk_extents() - gather stretches
 * @next:    gives them one by one, as machine_disk_written() does
 * @ctx:     passed to @next
 * @extents: set; to be freed; NULL if there are none
 * @count:   of @extents, at most DISK_EXTENT_COUNT_MAX
 *
 * Return: 0 or -ENOMEM.
 */
int disk_extents(bool (*next)(void *ctx, uint64_t from, uint64_t *offset, uint64_t *len_bytes),
		 void *ctx, struct record_extent **extents, size_t *count);

#endif /* VMM_HOST_DISK_DIGEST_H */
