/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct whole_file *file, int result, struct vmm_error *error)
{
	vmm_error_set(error, "%s: %s: expected a file that can be written", file->name,
		      strerror(-result));
	return result;
}

static void release(struct whole_file *file)
{
	free(file->path);
	free(file->temporary);
	*file = (struct whole_file){.name = file->name};
}

/* A device, say: written as it is, since a file must not take its place. */
static int open_as_it_is(struct whole_file *file, const char *path)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
					: open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		return -errno;
	}
	file->stream = fdopen(fd, "w");
	if (file->stream == NULL) {
		int result = -errno;

		(void)close(fd);
		return result;
	}
	return 0;
}

/* As others would be made there. */
static mode_t mode_of_new(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return 0666 & ~mask;
}

static int open_temporary(struct whole_file *file, mode_t mode)
{
	int result;
	int fd;

	if (file->path == NULL || asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
		file->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(file->temporary, O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	file->stream = fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
	if (file->stream != NULL) {
		return 0;
	}
	result = -errno;
	(void)close(fd);
	(void)unlink(file->temporary);
	return result;
}

int whole_file_open(struct whole_file *file, const char *path, struct vmm_error *error)
{
	struct stat old;
	bool there;
	int result;

	*file = (struct whole_file){.name = strcmp(path, "-") == 0 ? "standard output" : path};
	there = stat(path, &old) == 0;
	if (strcmp(path, "-") == 0 || (there && !S_ISREG(old.st_mode))) {
		result = open_as_it_is(file, path);
	} else {
		file->path = there ? realpath(path, NULL) : strdup(path);
		result = open_temporary(file, there ? old.st_mode & 0777 : mode_of_new());
	}
	if (result != 0) {
		release(file);
		return fail(file, result, error);
	}
	return 0;
}

/* The name is as durable as its folder. */
static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	int result = 0;
	int fd;

	if (copy == NULL) {
		return -ENOMEM;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		result = -errno;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	free(copy);
	return result;
}

static int finish(struct whole_file *file)
{
	int result = 0;

	errno = 0;
	if (fflush(file->stream) != 0 || ferror(file->stream) != 0 ||
	    (file->path != NULL && fsync(fileno(file->stream)) != 0)) {
		result = errno != 0 ? -errno : -EIO;
	}
	if (fclose(file->stream) != 0 && result == 0) {
		result = -errno;
	}
	file->stream = NULL;
	if (file->path == NULL) {
		return result;
	}
	if (result == 0 && rename(file->temporary, file->path) != 0) {
		result = -errno;
	}
	if (result != 0) {
		(void)unlink(file->temporary);
		return result;
	}
	return sync_folder(file->path);
}

int whole_file_commit(struct whole_file *file, struct vmm_error *error)
{
	int result = finish(file);

	release(file);
	return result != 0 ? fail(file, result, error) : 0;
}

void whole_file_drop(struct whole_file *file)
{
	(void)fclose(file->stream);
	if (file->temporary != NULL) {
		(void)unlink(file->temporary);
	}
	release(file);
}
