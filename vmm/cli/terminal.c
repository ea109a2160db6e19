/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* Signal handlers and atexit() functions have no argument to bring these along. */
static struct termios saved;
static struct termios raw;
static volatile sig_atomic_t raw_fd = -1;

static const int fatal_signals[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
				    SIGFPE,  SIGSEGV, SIGSYS,  SIGXCPU};

/* At once: output that a stopped terminal holds back must not hold us. */
static void set_terminal(int fd, const struct termios *mode)
{
	(void)tcsetattr(fd, TCSANOW, mode);
}

static bool in_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);

	/* -1: not our controlling terminal, so nobody's job control is concerned. */
	return group < 0 || group == getpgrp();
}

void terminal_restore(void)
{
	int fd = raw_fd;
	int why = errno;

	if (fd >= 0) {
		raw_fd = -1;
		/* In the background the shell has it, and to touch it would stop us. */
		if (in_foreground(fd)) {
			set_terminal(fd, &saved);
		}
	}
	errno = why;
}

/* Registered with SA_RESETHAND: raising it again ends the process as if there were no handler. */
static void on_fatal_signal(int number)
{
	terminal_restore();
	(void)raise(number);
}

bool terminal_raw(int fd)
{
	struct sigaction action = {.sa_handler = on_fatal_signal,
				   .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	if (!isatty(fd) || !in_foreground(fd) || tcgetattr(fd, &saved) != 0) {
		return false;
	}
	raw = saved;
	cfmakeraw(&raw);
	(void)atexit(terminal_restore);
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(fatal_signals) / sizeof(fatal_signals[0]); i++) {
		(void)sigaction(fatal_signals[i], &action, NULL);
	}
	raw_fd = fd;
	set_terminal(fd, &raw);
	return true;
}

void terminal_continued(void)
{
	if (raw_fd >= 0 && in_foreground(raw_fd)) {
		set_terminal(raw_fd, &raw);
	}
}
