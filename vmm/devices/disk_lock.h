/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk in use is locked, so that two machines do not write to one, or one read what another
 * changes. Readers share it.
 *
 * The locks are those of QEMU's raw images (open file description locks on single bytes), so each
 * respects the other's. They are advisory, and a host that has none for the file (some network file
 * systems) goes without. A process that is killed leaves them to the end of its I/O, which io_uring
 * may finish a moment after it: that long a new lock waits.
 */
#ifndef VMM_DEVICES_DISK_LOCK_H
#define VMM_DEVICES_DISK_LOCK_H

#include <stdbool.h>

/**
 * disk_lock() - lock an open disk, until disk_unlock() or the end of the process
 * @fd:        of the disk
 * @read_only: others may read it too
 *
 * Return: 0, also where there are no locks; -EBUSY if another has it in a way that does not go
 * together with this, after some waiting.
 */
int disk_lock(int fd, bool read_only);

/** disk_unlock() - end the lock of a disk that is not used any more, if there is one */
void disk_unlock(int fd);

#endif /* VMM_DEVICES_DISK_LOCK_H */
