/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/disk_digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "platform/monotonic.h"

#define READ_BYTES (UINT64_C(1) << 20)
#define AHEAD_BYTES (8 * READ_BYTES)
#define MIB (UINT64_C(1) << 20)
#define PROGRESS_MS 5000

_Static_assert(sizeof(XXH128_canonical_t) == RECORD_DIGEST_BYTES, "the digest's form");

/* A digest that is being made. */
struct work {
	const struct disk_digest_job *job;
	XXH3_state_t *state;
	uint8_t *bytes;
	uint64_t done_bytes;
	uint64_t all_bytes;
	int64_t told_ms;
};

static void tell_progress(struct work *work)
{
	struct vmm_error line;

	if (monotonic_ms() - work->told_ms < PROGRESS_MS) {
		return;
	}
	work->told_ms = monotonic_ms();
	vmm_error_set(&line, "disk %s: %llu of %llu MiB that the guest wrote are looked at",
		      work->job->path, (unsigned long long)(work->done_bytes / MIB),
		      (unsigned long long)(work->all_bytes / MIB));
	work->job->log(work->job->ctx, line.text);
}

static int read_failed(const struct work *work, int err, struct vmm_error *error)
{
	vmm_error_set(error, "disk %s cannot be read: %s", work->job->path,
		      err == 0 ? "it is shorter than it was" : strerror(err));
	return err == 0 ? -EIO : -err;
}

static int take(struct work *work, uint64_t offset, uint64_t len_bytes, struct vmm_error *error)
{
	size_t want = len_bytes < READ_BYTES ? (size_t)len_bytes : (size_t)READ_BYTES;
	ssize_t got;

	do {
		got = pread(work->job->fd, work->bytes, want, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		return read_failed(work, got < 0 ? errno : 0, error);
	}
	(void)XXH3_128bits_update(work->state, work->bytes, (size_t)got);
	work->done_bytes += (uint64_t)got;
	tell_progress(work);
	return (int)got;
}

static int take_extent(struct work *work, const struct record_extent *extent,
		       struct vmm_error *error)
{
	uint64_t done = 0;

	while (done < extent->len_bytes) {
		int got;

		if (done % AHEAD_BYTES == 0) {
			/* The next stretch is read while this one is looked at. */
			(void)posix_fadvise(work->job->fd, (off_t)(extent->offset + done),
					    (off_t)(2 * AHEAD_BYTES), POSIX_FADV_WILLNEED);
		}
		got = take(work, extent->offset + done, extent->len_bytes - done, error);
		if (got < 0) {
			return got;
		}
		done += (uint64_t)got;
	}
	return 0;
}

static int take_all(struct work *work, struct vmm_error *error)
{
	const struct disk_digest_job *job = work->job;
	int ret = 0;

	(void)XXH3_128bits_reset(work->state);
	work->told_ms = monotonic_ms();
	for (size_t i = 0; i < job->extent_count; i++) {
		work->all_bytes += job->extents[i].len_bytes;
	}
	for (size_t i = 0; ret == 0 && i < job->extent_count; i++) {
		ret = take_extent(work, &job->extents[i], error);
	}
	return ret;
}

int disk_digest(const struct disk_digest_job *job, uint8_t digest[RECORD_DIGEST_BYTES],
		struct vmm_error *error)
{
	struct work work = {.job = job};
	XXH128_canonical_t canonical;
	int ret = -ENOMEM;

	work.state = XXH3_createState();
	work.bytes = malloc(READ_BYTES);
	if (work.state != NULL && work.bytes != NULL) {
		ret = take_all(&work, error);
	} else {
		vmm_error_set(error, "disk %s: no memory to look at it", job->path);
	}
	if (ret == 0) {
		XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(work.state));
		memcpy(digest, &canonical, RECORD_DIGEST_BYTES);
	}
	free(work.bytes);
	(void)XXH3_freeState(work.state);
	return ret;
}

/* With stretches that are closer than @gap_bytes taken for one; false if there are too many. */
static bool gather(bool (*next)(void *ctx, uint64_t from, uint64_t *offset, uint64_t *len_bytes),
		   void *ctx, uint64_t gap_bytes, struct record_extent *extents, size_t *count)
{
	struct record_extent found;
	uint64_t from = 0;

	*count = 0;
	while (next(ctx, from, &found.offset, &found.len_bytes)) {
		struct record_extent *last = *count > 0 ? &extents[*count - 1] : NULL;

		from = found.offset + found.len_bytes;
		if (last != NULL && found.offset - (last->offset + last->len_bytes) < gap_bytes) {
			last->len_bytes = from - last->offset;
		} else if (*count == DISK_EXTENT_COUNT_MAX) {
			return false;
		} else {
			extents[(*count)++] = found;
		}
	}
	return true;
}

int disk_extents(bool (*next)(void *ctx, uint64_t from, uint64_t *offset, uint64_t *len_bytes),
		 void *ctx, struct record_extent **extents, size_t *count)
{
	struct record_extent *all = calloc(DISK_EXTENT_COUNT_MAX, sizeof(*all));
	uint64_t gap_bytes = 1;

	*extents = NULL;
	*count = 0;
	if (all == NULL) {
		return -ENOMEM;
	}
	while (!gather(next, ctx, gap_bytes, all, count)) {
		gap_bytes = gap_bytes < MIB ? 2 * MIB : 2 * gap_bytes;
	}
	if (*count == 0) {
		free(all);
		return 0;
	}
	*extents = realloc(all, *count * sizeof(*all));
	*extents = *extents != NULL ? *extents : all;
	return 0;
}
