/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a disk is as it was when its guest hibernated.
 */
#ifndef VMM_HOST_DISK_STAMP_H
#define VMM_HOST_DISK_STAMP_H

#include "error.h"
#include "host/disk_digest.h"
#include "host/record.h"

/**
 * disk_stamp_take() - what stat() says of an open disk
 * @fd:   of the disk
 * @path: for messages
 * @disk: device to ctime_ns are filled
 *
 * Return: 0 or -errno with @error filled.
 */
int disk_stamp_take(int fd, const char *path, struct record_disk *disk, struct vmm_error *error);

/**
 * disk_stamp_check() - is it as it was?
 * @was: its stamp, extents and digest
 * @job: the disk as it is, open and locked; its extents are those of @was
 *
 * A file whose stamp is the same is; else the size must be, and then the digest decides.
 *
 * Return: 0; -EPERM if it is not, with what differs, was and is, in @error; -errno with @error
 * filled.
 */
int disk_stamp_check(const struct record_disk *was, const struct disk_digest_job *job,
		     struct vmm_error *error);

#endif /* VMM_HOST_DISK_STAMP_H */
