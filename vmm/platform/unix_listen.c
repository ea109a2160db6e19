/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/unix_listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/unix_path.h"

#define BACKLOG 8

static bool fill_address(struct sockaddr_un *address, int *folder_fd, const char *option,
			 const char *path, struct vmm_error *error)
{
	int ret = unix_path_open(address, path, folder_fd);

	if (ret == -ENAMETOOLONG) {
		vmm_error_set(error,
			      "%s '%.120s': expected a name of at most %zu bytes after the last "
			      "'/', choose a shorter one",
			      option, path, sizeof(address->sun_path) - 32);
	} else if (ret != 0) {
		vmm_error_set(error, "%s '%.120s': %s: expected a path where a socket can be made",
			      option, path, strerror(-ret));
	}
	return ret == 0;
}

/* Not fchmod() later: between the two anybody could connect. */
static bool bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	bool bound = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	int why = errno;

	(void)umask(mask);
	errno = why;
	return bound;
}

/* Whether the file at @address can go: a socket that refuses to connect has no process. */
static bool remove_stale(const struct sockaddr_un *address, const char *path, const char *option,
			 struct vmm_error *error)
{
	struct stat file;
	int probe;
	int why;

	if (lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode)) {
		vmm_error_set(error,
			      "%s '%s': is there and not a socket: remove it or choose "
			      "another path",
			      option, path);
		return false;
	}
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0) {
		vmm_error_set(error, "%s '%s': %s", option, path, strerror(errno));
		return false;
	}
	why = connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	(void)close(probe);
	if (why == 0 || why == EAGAIN) {
		vmm_error_set(error,
			      "%s '%s': another process listens there: choose another "
			      "path or end that process",
			      option, path);
		return false;
	}
	if (why == ECONNREFUSED && unlink(path) != 0) {
		why = errno;
	}
	if (why != ECONNREFUSED && why != ENOENT) {
		vmm_error_set(error, "%s '%s': is there and cannot be replaced: %s", option, path,
			      strerror(why));
		return false;
	}
	return true;
}

static bool bind_address(struct unix_listener *listener, const struct sockaddr_un *address,
			 const char *option, const char *path, struct vmm_error *error)
{
	struct stat file;
	bool bound = bind_private(listener->fd, address);

	if (!bound && errno == EADDRINUSE) {
		if (!remove_stale(address, path, option, error)) {
			return false;
		}
		bound = bind_private(listener->fd, address);
	}
	if (!bound || listen(listener->fd, BACKLOG) != 0 || lstat(path, &file) != 0) {
		vmm_error_set(error, "%s '%s': %s: expected a path where a socket can be made",
			      option, path, strerror(errno));
		return false;
	}
	listener->device = file.st_dev;
	listener->inode = file.st_ino;
	return true;
}

static bool bind_path(struct unix_listener *listener, const char *option, const char *path,
		      struct vmm_error *error)
{
	struct sockaddr_un address;
	int folder_fd;
	bool bound;

	if (!fill_address(&address, &folder_fd, option, path, error)) {
		return false;
	}
	bound = bind_address(listener, &address, option, path, error);
	if (folder_fd >= 0) {
		(void)close(folder_fd);
	}
	return bound;
}

bool unix_listen(struct unix_listener *listener, const char *option, const char *path,
		 struct vmm_error *error)
{
	*listener = (struct unix_listener){.fd = -1};
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	listener->path = strdup(path);
	if (listener->fd < 0 || listener->path == NULL) {
		vmm_error_set(error, "%s '%s': %s", option, path, strerror(errno));
	} else if (bind_path(listener, option, path, error)) {
		return true;
	}
	if (listener->fd >= 0) {
		(void)close(listener->fd);
	}
	free(listener->path);
	*listener = (struct unix_listener){.fd = -1};
	return false;
}

void unix_unlisten(struct unix_listener *listener)
{
	struct stat file;

	if (listener->fd < 0) {
		return;
	}
	(void)close(listener->fd);
	if (lstat(listener->path, &file) == 0 && file.st_dev == listener->device &&
	    file.st_ino == listener->inode) {
		(void)unlink(listener->path);
	}
	free(listener->path);
	*listener = (struct unix_listener){.fd = -1};
}
