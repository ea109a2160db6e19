/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the file of a listening Unix socket
 */
#ifndef VMM_CONTROL_QMP_LISTEN_H
#define VMM_CONTROL_QMP_LISTEN_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "error.h"

/**
 * struct qmp_listener - a listening socket and its file
 * @fd:     non-blocking
 * @path:   owned
 * @device: with @inode: the file that was made, so that no other is removed
 * @inode:  see @device
 */
struct qmp_listener {
	int fd;
	char *path;
	dev_t device;
	ino_t inode;
};

/**
 * qmp_listen() - make the file, for its owner alone, and listen
 *
 * A file that nobody listens on any more is replaced.
 *
 * Return: true; false with @error filled.
 */
bool qmp_listen(struct qmp_listener *listener, const char *path, struct vmm_error *error);

/** qmp_unlisten() - close, and remove the file if it is still ours */
void qmp_unlisten(struct qmp_listener *listener);

#endif /* VMM_CONTROL_QMP_LISTEN_H */
