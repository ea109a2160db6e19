/* SPDX-License-Identifier: BSD-3-Clause */
/* The last bytes of a swap area's first page, as Linux's swap and hibernation code have them. */
#include "host/resume_marker.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "devices/disk_file.h"
#include "host/partitions.h"
#include "host/step.h"

#define SIGNATURE_BYTES 10
#define MARK "S1SUSPEND"

/* The end of the page: what the signature was before, and what it is. */
struct page_end {
	char before[SIGNATURE_BYTES];
	char now[SIGNATURE_BYTES];
};

_Static_assert(sizeof(MARK) == SIGNATURE_BYTES, "with the NUL that Linux compares too");

static const unsigned page_sizes[] = {4096, 16384, 65536};

static bool is_swap(const char signature[SIGNATURE_BYTES])
{
	return memcmp(signature, "SWAPSPACE2", SIGNATURE_BYTES) == 0 ||
	       memcmp(signature, "SWAP-SPACE", SIGNATURE_BYTES) == 0;
}

static int failed(const char *path, const char *what, struct vmm_error *error)
{
	int err = errno != 0 ? errno : EIO;

	vmm_error_set(error, "disk %s: its resume marker cannot be %s: %s", path, what,
		      strerror(err));
	return -err;
}

static int clear_mark(int fd, uint64_t at, const char *path, const struct page_end *end,
		      struct vmm_error *error)
{
	uint64_t to = at + offsetof(struct page_end, now);

	errno = 0;
	if (STEP("resume marker: write signature",
		 pwrite(fd, end->before, SIGNATURE_BYTES, (off_t)to)) != SIGNATURE_BYTES ||
	    STEP("resume marker: sync disk", fsync(fd)) != 0) {
		return failed(path, "cleared", error);
	}
	return 0;
}

/* A swap area that begins at @start, if one does. */
static int look_at(const struct disk_file *disk, const char *path, uint64_t start, bool clear,
		   struct resume_marker_count *count, struct vmm_error *error)
{
	for (size_t i = 0; i < sizeof(page_sizes) / sizeof(page_sizes[0]); i++) {
		struct page_end end;
		uint64_t at = start + page_sizes[i] - sizeof(end);

		if (at + sizeof(end) > disk->size_bytes) {
			break;
		}
		errno = 0;
		if (pread(disk->fd, &end, sizeof(end), (off_t)at) != (ssize_t)sizeof(end)) {
			return failed(path, "looked for", error);
		}
		if (memcmp(end.now, MARK, SIGNATURE_BYTES) == 0) {
			count->areas++;
			count->marked++;
			return clear && is_swap(end.before)
				       ? clear_mark(disk->fd, at, path, &end, error)
				       : 0;
		}
		if (is_swap(end.now)) {
			count->areas++;
			return 0;
		}
	}
	return 0;
}

static int look(const struct disk_file *disk, const char *path, bool clear,
		struct resume_marker_count *count, struct vmm_error *error)
{
	uint64_t starts[PARTITIONS_MAX];
	size_t partitions = partitions_find(disk->fd, disk->size_bytes, starts);
	int ret = look_at(disk, path, 0, clear, count, error);

	for (size_t i = 0; ret == 0 && i < partitions; i++) {
		ret = look_at(disk, path, starts[i], clear, count, error);
	}
	return ret;
}

static int open_and_look(const char *path, bool clear, struct resume_marker_count *count,
			 struct vmm_error *error)
{
	struct disk_file disk;
	int ret;

	*count = (struct resume_marker_count){.areas = 0};
	ret = disk_file_open(&disk, path, !clear, error);
	if (ret == 0) {
		ret = look(&disk, path, clear, count, error);
		disk_file_close(&disk);
	}
	return ret;
}

int resume_marker_look(const char *path, struct resume_marker_count *count, struct vmm_error *error)
{
	return open_and_look(path, false, count, error);
}

int resume_marker_clear(const char *path, struct resume_marker_count *count,
			struct vmm_error *error)
{
	return open_and_look(path, true, count, error);
}
