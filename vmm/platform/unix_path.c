/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/unix_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder by a descriptor, whose name is short. */
static int open_folder(struct sockaddr_un *address, const char *path, int *folder_fd)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int length;
	int why;

	if (slash == NULL) {
		return -ENAMETOOLONG;
	}
	folder = strndup(path, (size_t)(slash - path) + 1);
	if (folder == NULL) {
		return -ENOMEM;
	}
	*folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	why = errno;
	free(folder);
	if (*folder_fd < 0) {
		return -why;
	}
	length = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
			  *folder_fd, slash + 1);
	if (length >= (int)sizeof(address->sun_path)) {
		(void)close(*folder_fd);
		*folder_fd = -1;
		return -ENAMETOOLONG;
	}
	return 0;
}

int unix_path_open(struct sockaddr_un *address, const char *path, int *folder_fd)
{
	size_t length = strlen(path);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	*folder_fd = -1;
	if (length < sizeof(address->sun_path)) {
		memcpy(address->sun_path, path, length);
		return length > 0 ? 0 : -ENOENT;
	}
	return open_folder(address, path, folder_fd);
}

int unix_path_connect(const char *path)
{
	struct sockaddr_un address;
	int folder_fd;
	int ret = unix_path_open(&address, path, &folder_fd);
	int fd = ret == 0 ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

	if (ret == 0 && fd < 0) {
		ret = -errno;
	}
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		ret = -errno;
		(void)close(fd);
	}
	if (folder_fd >= 0) {
		(void)close(folder_fd);
	}
	return ret == 0 ? fd : ret;
}
