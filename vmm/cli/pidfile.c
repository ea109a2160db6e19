/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIDFILE_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)
#define TEXT_SIZE 32

static bool write_and_rename(int fd, const char *from, const char *to)
{
	bool written = fchmod(fd, PIDFILE_MODE) == 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0;

	written = close(fd) == 0 && written;
	return written && rename(from, to) == 0;
}

bool pidfile_write(const char *path, struct vmm_error *error)
{
	char *temporary = NULL;
	struct stat file;
	int why = 0;
	int fd = -1;

	/* rename() would put a file in the place of /dev/null. */
	if (lstat(path, &file) == 0 && !S_ISREG(file.st_mode)) {
		vmm_error_set(error,
			      "--pidfile '%s': is there and no regular file: expected a file "
			      "that may be replaced",
			      path);
		return false;
	}
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		why = ENOMEM;
	} else {
		fd = mkostemp(temporary, O_CLOEXEC);
		if (fd < 0) {
			why = errno;
		} else if (!write_and_rename(fd, temporary, path)) {
			why = errno;
			(void)unlink(temporary);
		}
	}
	free(temporary);
	if (why != 0) {
		vmm_error_set(error,
			      "--pidfile '%s': %s: expected a file in a directory that can be "
			      "written",
			      path, strerror(why));
	}
	return why == 0;
}

void pidfile_remove(const char *path)
{
	char text[TEXT_SIZE] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t count = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0) {
		(void)close(fd);
	}
	/* Somebody who took the name over keeps the file. */
	if (count > 0 && strtol(text, NULL, 10) == (long)getpid()) {
		(void)unlink(path);
	}
}
