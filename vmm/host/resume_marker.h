/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mark that Linux leaves on a swap area when it has saved a hibernation image there.
 *
 * Looked for where it can be without reading a file system: on a disk that is a swap area as a
 * whole, and on the partitions of a GPT or an MBR. What is on a disk is the guest's doing: nothing
 * of it is believed beyond the disk's bounds.
 */
#ifndef VMM_HOST_RESUME_MARKER_H
#define VMM_HOST_RESUME_MARKER_H

#include <stdint.h>

#include "error.h"

/**
 * struct resume_marker_count - what was found
 * @areas:  swap areas, with a mark or without
 * @marked: of these, those with a mark
 */
struct resume_marker_count {
	unsigned areas;
	unsigned marked;
};

/**
 * resume_marker_look() - look at a disk
 * @path:  a file or block device
 * @count: set
 *
 * Return: 0 or -errno with @error filled.
 */
int resume_marker_look(const char *path, struct resume_marker_count *count,
		       struct vmm_error *error);

/**
 * resume_marker_clear() - give marked swap areas back the signature that they had, durably
 * @path:  likewise; locked meanwhile as a machine locks it
 * @count: set to what was there
 *
 * A mark without the swap area's own signature beside it stays.
 *
 * Return: 0 or -errno with @error filled.
 */
int resume_marker_clear(const char *path, struct resume_marker_count *count,
			struct vmm_error *error);

#endif /* VMM_HOST_RESUME_MARKER_H */
