/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/systemd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEMPLATE "torpor@.service"
#define PATH_SIZE 4096

static bool is_root(void)
{
	return geteuid() == 0;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

static bool exists(const char *folder, const char *rest)
{
	char path[PATH_SIZE];
	int length = snprintf(path, sizeof(path), "%s/%s", folder, rest);

	return *folder == '/' && length < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* A unit of the distribution's, of the administrator's, or of the user's own. */
static bool has_template(void)
{
	static const char *const folders[] = {"/etc/systemd", "/run/systemd",
					      "/usr/local/lib/systemd", "/usr/lib/systemd",
					      "/lib/systemd"};
	const char *rest = is_root() ? "system/" TEMPLATE : "user/" TEMPLATE;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (exists(folders[i], rest)) {
			return true;
		}
	}
	return !is_root() && (exists(variable("HOME"), ".config/systemd/user/" TEMPLATE) ||
			      exists(variable("HOME"), ".local/share/systemd/user/" TEMPLATE));
}

static bool is_default_home(const struct home *home)
{
	char path[PATH_SIZE];

	if (is_root()) {
		return strcmp(home->path, "/var/lib/torpor") == 0;
	}
	(void)snprintf(path, sizeof(path), "%s/.local/state/torpor", variable("HOME"));
	return strcmp(home->path, path) == 0;
}

bool systemd_wanted(const struct home *home)
{
	const char *choice = variable("TORPOR_SUPERVISOR");

	if (*choice != '\0') {
		return strcmp(choice, "systemd") == 0;
	}
	return exists("/run/systemd", "system") &&
	       (is_root() || exists(variable("XDG_RUNTIME_DIR"), "systemd/private")) &&
	       is_default_home(home) && has_template();
}

/* As systemd-escape(1) does; what unit and file share. */
static void escape(const char *name, char *text, size_t size)
{
	size_t used = 0;

	for (; *name != '\0' && used + 5 < size; name++) {
		if (isalnum((unsigned char)*name) || *name == '_' || *name == '.') {
			text[used++] = *name;
		} else {
			used += (size_t)snprintf(text + used, size - used, "\\x%02x",
						 (unsigned char)*name);
		}
	}
	text[used] = '\0';
}

void systemd_unit(const char *name, char unit[SYSTEMD_UNIT_SIZE])
{
	char escaped[SYSTEMD_UNIT_SIZE - 16];

	escape(name, escaped, sizeof(escaped));
	(void)snprintf(unit, SYSTEMD_UNIT_SIZE, "torpor@%s.service", escaped);
}

/* Its exit status, or -errno. */
static int systemctl(const char *verb, const char *more, const char *unit)
{
	const char *const words[] = {"systemctl", is_root() ? "--system" : "--user", verb, more,
				     unit};
	char *argv[6];
	int status;
	pid_t pid;

	for (size_t i = 0; i < 5; i++) {
		argv[i] = (char *)(uintptr_t)words[i];
	}
	argv[5] = NULL;
	pid = fork();
	if (pid == 0) {
		/* Standard output is for what we say. */
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0) {
		return -errno;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* The unit's EnvironmentFile=, which it removes as soon as it is read. */
static void options_path(const char *name, char path[PATH_SIZE])
{
	char escaped[SYSTEMD_UNIT_SIZE - 16];
	const char *folder = is_root() ? "/run" : variable("XDG_RUNTIME_DIR");

	escape(name, escaped, sizeof(escaped));
	(void)snprintf(path, PATH_SIZE, "%s/torpor", folder);
	(void)mkdir(path, 0700);
	(void)snprintf(path, PATH_SIZE, "%s/torpor/%s.start", folder, escaped);
}

static int write_options(const char *path, const char *const *options, struct vmm_error *error)
{
	int fd;
	bool good;

	(void)unlink(path);
	if (options[0] == NULL) {
		return 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	good = fd >= 0 && dprintf(fd, "TORPOR_START=") > 0;
	for (size_t i = 0; good && options[i] != NULL; i++) {
		good = dprintf(fd, "%s%s", i > 0 ? " " : "", options[i]) > 0;
	}
	good = good && dprintf(fd, "\n") > 0;
	if (!good) {
		vmm_error_set(error, "'%s': %s", path, strerror(errno));
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return good ? 0 : -EIO;
}

int systemd_start(const char *name, const char *const *options, struct vmm_error *error)
{
	char unit[SYSTEMD_UNIT_SIZE];
	char path[PATH_SIZE];
	int ret;

	options_path(name, path);
	ret = write_options(path, options, error);
	if (ret != 0) {
		return ret;
	}
	systemd_unit(name, unit);
	ret = systemctl("start", "--quiet", unit);
	(void)unlink(path);
	if (ret != 0) {
		vmm_error_set(error, "'systemctl start %s' failed; 'journalctl -u' says why", unit);
		return -EIO;
	}
	return 0;
}

bool systemd_active(const char *name)
{
	char unit[SYSTEMD_UNIT_SIZE];

	systemd_unit(name, unit);
	return systemctl("is-active", "--quiet", unit) == 0;
}
