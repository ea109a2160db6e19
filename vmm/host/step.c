/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that kills itself where a test wants it.
 *
 *   TORPOR_FAULT="store: commit/after#2"  at the second time that it gets there
 *   TORPOR_FAULT_GROUP=1                  its process group too
 *   TORPOR_FAULT_LOG=FILE                 has a line for each step, before it is taken
 */
#include "host/step.h"

#ifdef TORPOR_FAULT_POINTS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The linker's, around what STEP() puts there: strings, one after the other. */
extern const char __start_torpor_steps[];
extern const char __stop_torpor_steps[];

static void write_log(const char *point)
{
	const char *path = getenv("TORPOR_FAULT_LOG");
	int fd = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd >= 0) {
		(void)dprintf(fd, "%s\n", point);
		(void)close(fd);
	}
}

/* Whether it is the place, of which @count says how often it was come to. */
static bool is_wanted(const char *point, const char *when, unsigned *count)
{
	const char *fault = getenv("TORPOR_FAULT");
	size_t length = strlen(point);
	const char *number;
	unsigned long nth;

	if (fault == NULL || strncmp(fault, point, length) != 0) {
		return false;
	}
	fault += length;
	length = strlen(when);
	if (strncmp(fault, when, length) != 0 || (fault[length] != '\0' && fault[length] != '#')) {
		return false;
	}
	number = fault + length;
	nth = number[0] == '#' ? strtoul(number + 1, NULL, 10) : 1;
	return __atomic_add_fetch(count, 1, __ATOMIC_RELAXED) == nth;
}

static void die(void)
{
	(void)kill(getenv("TORPOR_FAULT_GROUP") != NULL ? 0 : getpid(), SIGKILL);
	for (;;) {
		(void)pause();
	}
}

long long step_before(const char *point)
{
	static unsigned count;
	int error = errno;

	write_log(point);
	if (is_wanted(point, "/before", &count)) {
		die();
	}
	errno = error;
	return 0;
}

long long step_after(const char *point, long long result)
{
	static unsigned count;
	int error = errno;

	if (is_wanted(point, "/after", &count)) {
		die();
	}
	errno = error;
	return result;
}

void step_list(void)
{
	const char *point = __start_torpor_steps;

	for (; point < __stop_torpor_steps; point += strlen(point) + 1) {
		(void)puts(point);
	}
}

#endif /* TORPOR_FAULT_POINTS */
