/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the file of a listening Unix socket
 */
#ifndef VMM_PLATFORM_UNIX_LISTEN_H
#define VMM_PLATFORM_UNIX_LISTEN_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "error.h"

/**
 * struct unix_listener - a listening socket and its file
 * @fd:     non-blocking
 * @path:   owned
 * @device: with @inode: the file that was made, so that no other is removed
 * @inode:  see @device
 */
struct unix_listener {
	int fd;
	char *path;
	dev_t device;
	ino_t inode;
};

/**
 * unix_listen() - make the file, for its owner alone, and listen
 * @option: the command line's, for @error
 *
 * A file that nobody listens on any more is replaced.
 *
 * Return: true; false with @error filled.
 */
bool unix_listen(struct unix_listener *listener, const char *option, const char *path,
		 struct vmm_error *error);

/** unix_unlisten() - close, and remove the file if it is still ours */
void unix_unlisten(struct unix_listener *listener);

#endif /* VMM_PLATFORM_UNIX_LISTEN_H */
