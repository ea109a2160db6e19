/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: who watches over a machine's process where systemd does not
 *
 * A process of torpor's own, in a session of its own, that has `torpor run --name NAME` as its
 * child. It keeps what the child writes to standard error in the machine's log, which is bounded,
 * and sees how it ends. Nothing is lost if it is killed: the record is mended by whoever looks at
 * it next.
 */
#ifndef VMM_HOST_SUPERVISE_H
#define VMM_HOST_SUPERVISE_H

#include "error.h"
#include "host/home.h"

/* Where the supervisor's parent hears from it. */
#define SUPERVISE_STATUS_FD 3
#define SUPERVISE_OPTION_COUNT_MAX 4

/**
 * supervise_spawn() - start the supervisor of a machine, as `torpor supervise NAME`
 * @options:   further words for `torpor run`, up to NULL, SUPERVISE_OPTION_COUNT_MAX at most
 * @status_fd: set; non-blocking. Readable at the end of the machine's process: an int, as
 *             waitpid() has it, or nothing if the supervisor was killed
 *
 * Return: 0 or -errno with @error filled.
 */
int supervise_spawn(const char *name, const char *const *options, int *status_fd,
		    struct vmm_error *error);

/**
 * supervise_run() - be the supervisor until the machine's process has ended
 * @options: as given to supervise_spawn()
 * @status:  set, as waitpid() has it
 *
 * Return: 0 or -errno with @error filled, if there is no process.
 */
int supervise_run(const struct home *home, const char *name, const char *const *options,
		  int *status, struct vmm_error *error);

/** supervise_tell() - tell the parent the status; it may be gone */
void supervise_tell(int status);

#endif /* VMM_HOST_SUPERVISE_H */
