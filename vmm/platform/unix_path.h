/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the address of a Unix socket whose path may be longer than an address
 */
#ifndef VMM_PLATFORM_UNIX_PATH_H
#define VMM_PLATFORM_UNIX_PATH_H

#include <sys/socket.h>
#include <sys/un.h>

/**
 * unix_path_open() - make an address of a path
 * @address:   filled; good for as long as @folder_fd is open
 * @folder_fd: set; -1 if none is needed, else to be closed after the call that needs the address
 *
 * Return: 0; -ENAMETOOLONG if the path's last part alone is too long, or -errno.
 */
int unix_path_open(struct sockaddr_un *address, const char *path, int *folder_fd);

/**
 * unix_path_connect() - connect to the socket at a path
 *
 * Return: a blocking, close-on-exec descriptor, or -errno.
 */
int unix_path_connect(const char *path);

#endif /* VMM_PLATFORM_UNIX_PATH_H */
