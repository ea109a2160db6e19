/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/machine_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_COUNT 10
#define TAIL_SIZE 4096

static int open_log(const struct home *home, const char *name, struct stat *status)
{
	char path[HOME_FILE_PATH_SIZE];
	int fd;

	home_machine_file(home, name, HOME_FILE_LOG, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, status) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

size_t machine_log_size(const struct home *home, const char *name)
{
	struct stat status;
	int fd = open_log(home, name, &status);

	if (fd < 0) {
		return 0;
	}
	(void)close(fd);
	return (size_t)status.st_size;
}

/* The start of the last lines of @text. */
static const char *last_lines(const char *text, size_t count)
{
	const char *at = text + count;

	for (unsigned lines = 0; at > text; at--) {
		if (at[-1] == '\n' && at != text + count && ++lines == LINE_COUNT) {
			break;
		}
	}
	return at;
}

void machine_log_show(const struct home *home, const char *name, size_t from)
{
	char text[TAIL_SIZE];
	struct stat status;
	int fd = open_log(home, name, &status);
	size_t size;
	ssize_t count;

	if (fd < 0) {
		return;
	}
	size = (size_t)status.st_size;
	/* Cut meanwhile: all of it is new, or near it. */
	from = from <= size ? from : 0;
	if (size - from > sizeof(text)) {
		from = size - sizeof(text);
	}
	count = pread(fd, text, sizeof(text), (off_t)from);
	(void)close(fd);
	if (count > 0) {
		const char *lines = last_lines(text, (size_t)count);

		(void)fwrite(lines, 1, (size_t)(text + count - lines), stderr);
	}
}
