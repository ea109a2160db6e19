/* SPDX-License-Identifier: BSD-3-Clause */
/* An image that must never be resumed: until it is gone, the guest is told not to look for it. */
#include <errno.h>
#include <stdio.h>

#include "host/recorder_internal.h"
#include "host/resume_marker.h"
#include "machine/machine.h"

static void log_cleared(struct recorder *recorder, const char *path)
{
	struct vmm_error line;

	vmm_error_set(&line, "disk %s: its resume marker is cleared", path);
	recorder->config.log(recorder->config.ctx, line.text);
}

static int clear_all(struct recorder *recorder, struct vmm_error *error)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < recorder->config.disk_count; i++) {
		const struct machine_disk_config *disk = &recorder->config.disks[i];
		struct resume_marker_count count = {.areas = 0};

		if (!disk->read_only) {
			ret = resume_marker_clear(disk->path, &count, error);
		}
		if (count.marked > 0) {
			log_cleared(recorder, disk->path);
		}
	}
	return ret;
}

/*
 * Only a swap area that is seen and has no mark says so: where none is seen, the image may be in a
 * file, or behind a volume manager or a cipher.
 */
static bool is_gone(struct recorder *recorder)
{
	unsigned areas = 0;

	for (size_t i = 0; i < recorder->config.disk_count; i++) {
		struct resume_marker_count count;
		struct vmm_error error;

		if (resume_marker_look(recorder->config.disks[i].path, &count, &error) != 0) {
			recorder->config.log(recorder->config.ctx, error.text);
			return false;
		}
		if (count.marked > 0) {
			return false;
		}
		areas += count.areas;
	}
	return areas > 0;
}

int recorder_look_for_discarded(struct recorder *recorder, struct machine_record *next,
				struct vmm_error *error)
{
	int ret = 0;

	if (next->image != RECORD_IMAGE_DISCARDED) {
		return 0;
	}
	if (recorder->config.clear_marker) {
		ret = clear_all(recorder, error);
	}
	if (ret == 0 && is_gone(recorder)) {
		next->image = RECORD_IMAGE_MAYBE;
	}
	return ret;
}

bool recorder_must_not_resume(const struct recorder *recorder)
{
	return recorder->config.record->image == RECORD_IMAGE_DISCARDED;
}
