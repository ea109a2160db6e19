/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First process of the measured guest. Says "@up" before all else, loads its modules, then does
 * what "work=" on the kernel's command line names, one after the other, and powers off:
 *
 *   disk     "@bench disk-... COUNT NANOSECONDS" of /dev/vda: bytes, or blocks of 4 KiB
 *   net      "@bench net-... BYTES NANOSECONDS", against stream.c on the host
 *   pause    says "@pause" and waits for a line
 *   suspend  says "@suspend", suspends to RAM, and says "@resumed"
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include "guest_work.h"

#define MODULES "/modules"

void say(const char *format, ...)
{
	char line[160];
	va_list args;
	int count;

	va_start(args, format);
	count = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* One write, so that nothing of the kernel's comes in between. */
	if (write(STDOUT_FILENO, line, (size_t)count) != count) {
		_exit(1);
	}
	/* What the kernel itself says would come ahead of it. */
	(void)tcdrain(STDOUT_FILENO);
}

/* Their names begin with a number, so that what is needed first comes first. */
static void load_modules(void)
{
	struct dirent **found = NULL;
	int count = scandir(MODULES, &found, NULL, alphasort);

	for (int n = 0; n < count; n++) {
		char path[512];
		int fd;

		(void)snprintf(path, sizeof(path), MODULES "/%s", found[n]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && found[n]->d_name[0] != '.' &&
		    syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST) {
			say("@fail %s: %s\n", found[n]->d_name, strerror(errno));
		}
		close(fd);
	}
}

static void pause_for_line(void)
{
	char c = 0;

	say("@pause\n");
	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1) {
	}
}

static void suspend_to_ram(void)
{
	int fd = open("/sys/power/state", O_WRONLY | O_CLOEXEC);

	say("@suspend\n");
	if (fd < 0 || write(fd, "mem", 3) != 3) {
		say("@fail suspend: %s\n", strerror(errno));
	}
	close(fd);
	say("@resumed\n");
}

static const struct {
	const char *name;
	void (*run)(void);
} works[] = {
	{"disk", work_disk},
	{"net", work_net},
	{"pause", pause_for_line},
	{"suspend", suspend_to_ram},
};

int main(void)
{
	const char *wanted = getenv("work");
	char *list;
	char *rest = NULL;

	say("@up\n");
	(void)mount("dev", "/dev", "devtmpfs", 0, NULL);
	(void)mount("proc", "/proc", "proc", 0, NULL);
	(void)mount("sys", "/sys", "sysfs", 0, NULL);
	load_modules();
	list = strdup(wanted != NULL ? wanted : "");
	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		for (size_t n = 0; n < sizeof(works) / sizeof(works[0]); n++) {
			if (strcmp(works[n].name, name) == 0) {
				works[n].run();
			}
		}
	}
	say("@done\n");
	(void)reboot(RB_POWER_OFF);
	return 1;
}
