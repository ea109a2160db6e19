/* SPDX-License-Identifier: BSD-3-Clause */
/* What must be as it was when the guest hibernated: its disks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/disk_digest.h"
#include "host/disk_stamp.h"
#include "host/recorder_internal.h"
#include "machine/machine.h"

static struct disk_digest_job job_of(const struct recorder *recorder, size_t n,
				     const struct record_disk *disk)
{
	return (struct disk_digest_job){
		.fd = machine_disk_fd(recorder->machine, n),
		.path = recorder->config.disks[n].path,
		.extents = disk->extents,
		.extent_count = disk->extent_count,
		.log = recorder->config.log,
		.ctx = recorder->config.ctx,
	};
}

int recorder_check_resume(struct recorder *recorder, struct vmm_error *error)
{
	const struct machine_record *record = recorder->config.record;
	int ret = 0;

	if (record->disk_count != recorder->config.disk_count) {
		vmm_error_set(error,
			      "the machine had %zu disks when it hibernated, has %zu: put them "
			      "back, or boot clean with --discard-hibernation",
			      record->disk_count, recorder->config.disk_count);
		error->bad_input = true;
		return -EPERM;
	}
	for (size_t n = 0; ret == 0 && n < record->disk_count; n++) {
		const struct disk_digest_job job = job_of(recorder, n, &record->disks[n]);

		ret = disk_stamp_check(&record->disks[n], &job, error);
	}
	return ret;
}

struct written {
	const struct machine *machine;
	size_t disk;
};

static bool next_written(void *ctx, uint64_t from, uint64_t *offset, uint64_t *len_bytes)
{
	const struct written *of = ctx;

	return machine_disk_written(of->machine, of->disk, from, offset, len_bytes);
}

static int save_disk(struct recorder *recorder, size_t n, struct record_disk *disk,
		     struct vmm_error *error)
{
	struct written of = {.machine = recorder->machine, .disk = n};
	struct disk_digest_job job;
	int ret;

	disk->path = strdup(recorder->config.disks[n].path);
	ret = disk->path != NULL
		      ? disk_extents(next_written, &of, &disk->extents, &disk->extent_count)
		      : -ENOMEM;
	if (ret != 0) {
		vmm_error_set(error, "disk %s: no memory for what is to be kept of it",
			      recorder->config.disks[n].path);
		return ret;
	}
	job = job_of(recorder, n, disk);
	ret = disk_stamp_take(job.fd, job.path, disk, error);
	return ret == 0 ? disk_digest(&job, disk->digest, error) : ret;
}

int recorder_save_disks(struct recorder *recorder, struct machine_record *next,
			struct vmm_error *error)
{
	int ret = 0;

	memset(next->disks, 0, sizeof(next->disks));
	next->disk_count = recorder->config.disk_count;
	for (size_t n = 0; ret == 0 && n < next->disk_count; n++) {
		ret = save_disk(recorder, n, &next->disks[n], error);
	}
	if (ret != 0) {
		record_clear_disks(next);
	}
	return ret;
}
