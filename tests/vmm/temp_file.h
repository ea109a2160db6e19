/* SPDX-License-Identifier: BSD-3-Clause */
/* Files for tests, in a directory of their own that is removed with what is in it. */
#ifndef TESTS_VMM_TEMP_FILE_H
#define TESTS_VMM_TEMP_FILE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

/**
 * struct temp_dir - a directory
 * @path: its name
 */
struct temp_dir {
	char path[64];
};

static inline void temp_dir_make(struct temp_dir *dir)
{
	(void)snprintf(dir->path, sizeof(dir->path), "/tmp/torpor-test-XXXXXX");
	assert_non_null(mkdtemp(dir->path));
}

static inline void temp_dir_remove(struct temp_dir *dir)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir->path);
	assert_int_equal(system(command), 0);
}

/* The name of a file in it; good until the second call from now. */
static inline const char *temp_path(const struct temp_dir *dir, const char *name)
{
	static char paths[2][128];
	static unsigned at;

	at ^= 1;
	(void)snprintf(paths[at], sizeof(paths[at]), "%s/%s", dir->path, name);
	return paths[at];
}

static inline void temp_write(const struct temp_dir *dir, const char *name, const void *bytes,
			      size_t count)
{
	int fd = open(temp_path(dir, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_true(write(fd, bytes, count) == (ssize_t)count);
	assert_int_equal(close(fd), 0);
}

/* A file of zeros. */
static inline void temp_zeros(const struct temp_dir *dir, const char *name, off_t size_bytes)
{
	temp_write(dir, name, "", 0);
	assert_int_equal(truncate(temp_path(dir, name), size_bytes), 0);
}

#endif /* TESTS_VMM_TEMP_FILE_H */
