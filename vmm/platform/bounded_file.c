/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/bounded_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int bounded_file_open(struct bounded_file *file, const char *path, size_t limit_bytes)
{
	struct stat status;

	*file = (struct bounded_file){
		.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600),
		.limit_bytes = (off_t)limit_bytes,
	};
	if (file->fd < 0) {
		return -errno;
	}
	if (fstat(file->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		bounded_file_close(file);
		return -EINVAL;
	}
	file->size_bytes = status.st_size;
	return 0;
}

size_t bounded_file_tail(const struct bounded_file *file, void *bytes, size_t size)
{
	off_t from = file->size_bytes > (off_t)size ? file->size_bytes - (off_t)size : 0;
	ssize_t count = file->fd >= 0 ? pread(file->fd, bytes, size, from) : 0;

	return count > 0 ? (size_t)count : 0;
}

/* Keeps the newer half of what it may hold. */
static void cut(struct bounded_file *file)
{
	size_t keep = (size_t)file->limit_bytes / 2;
	char *bytes = malloc(keep);
	size_t count = bytes != NULL ? bounded_file_tail(file, bytes, keep) : 0;

	if (ftruncate(file->fd, 0) == 0) {
		ssize_t written = pwrite(file->fd, bytes, count, 0);

		file->size_bytes = written > 0 ? written : 0;
	}
	free(bytes);
}

void bounded_file_append(struct bounded_file *file, const void *bytes, size_t count)
{
	ssize_t written;

	if (file->fd < 0) {
		return;
	}
	if (file->size_bytes + (off_t)count > file->limit_bytes) {
		cut(file);
	}
	written = pwrite(file->fd, bytes, count, file->size_bytes);
	if (written > 0) {
		file->size_bytes += written;
	}
}

void bounded_file_close(struct bounded_file *file)
{
	if (file->fd >= 0) {
		(void)close(file->fd);
		file->fd = -1;
	}
}
