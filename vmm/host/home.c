/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/home.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/step.h"

#define FOLDER_MODE 0700
#define ROOT_HOME "/var/lib/torpor"
#define MACHINES "machines"

static const char *const file_names[HOME_FILE_COUNT] = {
	[HOME_FILE_LOCK] = "lock",	 [HOME_FILE_CONTROL] = "control",
	[HOME_FILE_CONSOLE] = "console", [HOME_FILE_CONSOLE_LOG] = "console.log",
	[HOME_FILE_LOG] = "log",	 [HOME_FILE_VARIABLES] = "variables",
};

static int set_home(struct home *home, const char *variable, const char *value, const char *rest,
		    struct vmm_error *error)
{
	int length = snprintf(home->path, sizeof(home->path), "%s%s", value, rest);

	if (value[0] != '/' || length < 0 || (size_t)length >= sizeof(home->path)) {
		vmm_error_set(error,
			      "%s '%.80s': expected the absolute path of a folder, shorter than %d "
			      "bytes",
			      variable, value, HOME_PATH_SIZE);
		error->bad_input = true;
		return -EINVAL;
	}
	while (length > 1 && home->path[length - 1] == '/') {
		home->path[--length] = '\0';
	}
	return 0;
}

static const char *get_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

int home_find(struct home *home, struct vmm_error *error)
{
	const char *value = get_variable("TORPOR_HOME");

	if (value != NULL) {
		return set_home(home, "TORPOR_HOME", value, "", error);
	}
	if (geteuid() == 0) {
		return set_home(home, "TORPOR_HOME", ROOT_HOME, "", error);
	}
	value = get_variable("XDG_STATE_HOME");
	/* The XDG base directory specification: a relative one is to be ignored. */
	if (value != NULL && value[0] == '/') {
		return set_home(home, "XDG_STATE_HOME", value, "/torpor", error);
	}
	value = get_variable("HOME");
	if (value != NULL) {
		return set_home(home, "HOME", value, "/.local/state/torpor", error);
	}
	vmm_error_set(error, "HOME is not set: expected it, or TORPOR_HOME with the folder where "
			     "machines are to be kept");
	error->bad_input = true;
	return -EINVAL;
}

static int cannot(const char *what, const char *path, int why, struct vmm_error *error)
{
	vmm_error_set(error,
		      "%s: cannot %s: %s: expected a folder that you may write to; TORPOR_HOME can "
		      "name another",
		      path, what, strerror(why));
	return -why;
}

/* So that an entry that was made in it, or removed, is so for good. */
static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int why = 0;

	if (fd < 0) {
		return -errno;
	}
	if (STEP("home: sync folder", fsync(fd)) != 0) {
		why = errno;
	}
	(void)close(fd);
	return -why;
}

static int sync_parent(const char *path)
{
	char parent[HOME_FILE_PATH_SIZE];
	char *slash;

	(void)snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	slash[slash == parent ? 1 : 0] = '\0';
	return sync_folder(parent);
}

/* One that is there is fine. */
static int make_folder(const char *path, struct vmm_error *error)
{
	struct stat file;
	int ret = 0;

	if (STEP("home: make folder", mkdir(path, FOLDER_MODE)) != 0) {
		ret = -errno;
	}
	if (ret == -EEXIST && (stat(path, &file) != 0 || !S_ISDIR(file.st_mode))) {
		ret = -ENOTDIR;
	} else if (ret == -EEXIST) {
		ret = 0;
	}
	/* Also of one that is there: who made it may have come no further than that. */
	ret = ret == 0 ? sync_parent(path) : ret;
	return ret != 0 ? cannot("make the folder", path, -ret, error) : 0;
}

/* The path and all above that is not there; a folder that may not be made need not be. */
static int make_folders(const char *path, struct vmm_error *error)
{
	char part[HOME_PATH_SIZE];

	(void)snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		int ret = 0;

		*slash = '\0';
		if (access(part, F_OK) != 0) {
			ret = make_folder(part, error);
		}
		if (ret != 0) {
			return ret;
		}
		*slash = '/';
	}
	return make_folder(part, error);
}

int home_make(const struct home *home, struct vmm_error *error)
{
	char machines[HOME_FILE_PATH_SIZE];
	int ret;

	(void)snprintf(machines, sizeof(machines), "%s/" MACHINES, home->path);
	/* It is made last, and syncing it on each command costs. */
	if (access(machines, F_OK) == 0) {
		return access(home->path, W_OK) == 0
			       ? 0
			       : cannot("write to it", home->path, errno, error);
	}
	ret = make_folders(home->path, error);
	return ret == 0 ? make_folder(machines, error) : ret;
}

void home_machine_folder(const struct home *home, const char *name, char path[HOME_FILE_PATH_SIZE])
{
	(void)snprintf(path, HOME_FILE_PATH_SIZE, "%s/" MACHINES "/%s", home->path, name);
}

void home_machine_file(const struct home *home, const char *name, enum home_file file,
		       char path[HOME_FILE_PATH_SIZE])
{
	(void)snprintf(path, HOME_FILE_PATH_SIZE, "%s/" MACHINES "/%s/%s", home->path, name,
		       file_names[file]);
}

int home_make_machine(const struct home *home, const char *name, struct vmm_error *error)
{
	char path[HOME_FILE_PATH_SIZE];

	home_machine_folder(home, name, path);
	return make_folder(path, error);
}

static int remove_file(const char *path, struct vmm_error *error)
{
	if (STEP("home: remove file", unlink(path)) != 0 && errno != ENOENT) {
		return cannot("remove it", path, errno, error);
	}
	return 0;
}

int home_remove_sockets(const struct home *home, const char *name, struct vmm_error *error)
{
	static const enum home_file sockets[] = {HOME_FILE_CONTROL, HOME_FILE_CONSOLE};
	char path[HOME_FILE_PATH_SIZE];
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		home_machine_file(home, name, sockets[i], path);
		if (access(path, F_OK) == 0) {
			ret = remove_file(path, error);
		}
	}
	return ret;
}

int home_clear_machine(const struct home *home, const char *name, struct vmm_error *error)
{
	char folder[HOME_FILE_PATH_SIZE];
	const struct dirent *entry;
	int ret = 0;
	DIR *dir;

	home_machine_folder(home, name, folder);
	dir = opendir(folder);
	if (dir == NULL) {
		return errno == ENOENT ? 0 : cannot("read it", folder, errno, error);
	}
	while (ret == 0 && (entry = readdir(dir)) != NULL) {
		char path[HOME_FILE_PATH_SIZE + sizeof(entry->d_name)];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, file_names[HOME_FILE_LOCK]) == 0) {
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		ret = remove_file(path, error);
	}
	(void)closedir(dir);
	return ret;
}

int home_remove_machine(const struct home *home, const char *name, struct vmm_error *error)
{
	char path[HOME_FILE_PATH_SIZE];
	int ret = home_clear_machine(home, name, error);

	if (ret == 0) {
		home_machine_file(home, name, HOME_FILE_LOCK, path);
		ret = remove_file(path, error);
	}
	home_machine_folder(home, name, path);
	if (ret == 0 && STEP("home: remove folder", rmdir(path)) != 0 && errno != ENOENT) {
		ret = cannot("remove it", path, errno, error);
	}
	if (ret == 0) {
		ret = sync_parent(path);
		ret = ret != 0 ? cannot("have its removal on disk", path, -ret, error) : 0;
	}
	return ret;
}
