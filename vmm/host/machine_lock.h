/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has a machine: the process that runs it, or that is about to change what is kept of it.
 *
 * An open file description's lock on the machine's file `lock`, so it ends with its process,
 * however that ends. The process id in the file is for people; nothing reads it.
 */
#ifndef VMM_HOST_MACHINE_LOCK_H
#define VMM_HOST_MACHINE_LOCK_H

#include <stdbool.h>

#include "error.h"
#include "host/home.h"

/**
 * machine_lock_take() - take the lock, if nobody has it
 * @fd: set on success; close-on-exec. Closing it is giving up the lock
 *
 * The machine's folder must be there.
 *
 * Waits for who mends the machine.
 *
 * Return: 0, or -errno with @error filled: -EBUSY if somebody has it, -ENOENT if there is no
 * folder.
 */
int machine_lock_take(const struct home *home, const char *name, int *fd, struct vmm_error *error);

/**
 * machine_lock_take_to_mend() - the same, for a moment, by one that does not run the machine
 *
 * machine_lock_held() takes no notice of it: a machine that is being mended is nobody's.
 */
int machine_lock_take_to_mend(const struct home *home, const char *name, int *fd,
			      struct vmm_error *error);

/**
 * machine_lock_held() - whether somebody has the lock, other than to mend: another process, or
 * this one by another fd
 *
 * Return: 0, or -errno with @error filled. Without a folder or file nobody has it.
 */
int machine_lock_held(const struct home *home, const char *name, bool *held,
		      struct vmm_error *error);

/** machine_lock_give() - give up a lock; a negative @fd is none */
void machine_lock_give(int fd);

#endif /* VMM_HOST_MACHINE_LOCK_H */
