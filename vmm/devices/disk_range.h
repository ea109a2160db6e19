/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ranges of a disk without data from the guest: to be freed, or to read as zeros.
 *
 * The caller has checked the range against the disk's size. Any thread; both block.
 */
#ifndef VMM_DEVICES_DISK_RANGE_H
#define VMM_DEVICES_DISK_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/disk_file.h"

/**
 * disk_range_discard() - the range's contents are not needed any more
 * @disk:      open for writing
 * @offset:    in bytes
 * @len_bytes: length
 *
 * The host's space is freed as far as the host can: whole blocks, where its storage knows how to.
 *
 * Return: 0, also where nothing could be freed; -errno of a failed access.
 */
int disk_range_discard(const struct disk_file *disk, uint64_t offset, uint64_t len_bytes);

/**
 * disk_range_zero() - have the range read as zeros
 * @disk:      open for writing
 * @offset:    in bytes
 * @len_bytes: length
 * @unmap:     its space may be freed
 * @give_up:   atomic; once it is true no more zeros are written
 *
 * By the host's own means where it has some, else zeros are written, a few MiB at a time.
 *
 * Return: 0; -errno; -ECANCELED if it gave up, with a part of the range zeroed.
 */
int disk_range_zero(const struct disk_file *disk, uint64_t offset, uint64_t len_bytes, bool unmap,
		    const bool *give_up);

/**
 * disk_range_is_helped() - has the host means of its own for ranges?
 * @disk: open, measured
 *
 * Tries one that changes nothing.
 *
 * Return: true if it has, if not for each kind of range; true for a disk that is only read.
 */
bool disk_range_is_helped(const struct disk_file *disk);

/**
 * disk_range_mode() - the fallocate() mode that does either on a file
 * @disk:  open for writing
 * @unmap: free the space, as disk_range_discard() and disk_range_zero() with @unmap do
 *
 * A fallocate() that fails has done nothing that the two above may not do again.
 *
 * Return: the mode; -1 if @disk is a block device, for which there are other ways.
 */
int disk_range_mode(const struct disk_file *disk, bool unmap);

#endif /* VMM_DEVICES_DISK_RANGE_H */
