/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/bounded_file.h"

#define LOG_LIMIT_BYTES ((size_t)512 << 10)
#define CHUNK_SIZE 4096
#define PROGRAM "/proc/self/exe"

static int failed(const char *name, const char *what, struct vmm_error *error)
{
	int why = errno;

	vmm_error_set(error, "%s: %s: %s", name, what, strerror(why));
	return -why;
}

/* In a child: standard files of its own, and nothing of how its parent takes signals. */
static void settle(int in, int out, int err)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
}

static void fill_argv(char **argv, const char *const *words, size_t count,
		      const char *const *options)
{
	for (size_t i = 0; i < count; i++) {
		/* exec's arrays are not const for old times' sake; it changes nothing. */
		*argv++ = (char *)(uintptr_t)words[i];
	}
	for (size_t i = 0; i < SUPERVISE_OPTION_COUNT_MAX && options[i] != NULL; i++) {
		*argv++ = (char *)(uintptr_t)options[i];
	}
	*argv = NULL;
}

/* The child of supervise_spawn(). */
__attribute__((noreturn)) static void become_supervisor(const char *name,
							const char *const *options, int status_fd)
{
	const char *const words[] = {"torpor", "supervise", name, "--"};
	char *argv[SUPERVISE_OPTION_COUNT_MAX + 5];
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)chdir("/");
	settle(nothing, nothing, nothing);
	if (status_fd == SUPERVISE_STATUS_FD) {
		(void)fcntl(status_fd, F_SETFD, 0);
	} else {
		(void)dup2(status_fd, SUPERVISE_STATUS_FD);
	}
	fill_argv(argv, words, 4, options);
	(void)execv(PROGRAM, argv);
	_exit(127);
}

int supervise_spawn(const char *name, const char *const *options, int *status_fd,
		    struct vmm_error *error)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return failed(name, "cannot be started", error);
	}
	pid = fork();
	if (pid == 0) {
		become_supervisor(name, options, ends[1]);
	}
	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return failed(name, "cannot be started", error);
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*status_fd = ends[0];
	return 0;
}

static pid_t start_machine(const char *name, const char *const *options, int err)
{
	const char *const words[] = {"torpor", "run", "--name", name};
	char *argv[SUPERVISE_OPTION_COUNT_MAX + 5];
	pid_t pid = fork();

	if (pid != 0) {
		return pid;
	}
	settle(STDIN_FILENO, err, err);
	fill_argv(argv, words, 4, options);
	(void)execv(PROGRAM, argv);
	_exit(127);
}

/* False when there is nothing now. */
static bool copy_some(int from, struct bounded_file *log)
{
	char bytes[CHUNK_SIZE];
	ssize_t count = read(from, bytes, sizeof(bytes));

	if (count > 0) {
		bounded_file_append(log, bytes, (size_t)count);
	}
	return count > 0;
}

/* Until the process has ended: what it started may have its standard error open for longer. */
static void keep_log(pid_t pid, int from, struct bounded_file *log)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd polls[2] = {
		{.fd = from, .events = POLLIN},
		{.fd = process, .events = POLLIN},
	};

	while (poll(polls, 2, -1) >= 0 || errno == EINTR) {
		bool more = polls[0].revents != 0 && copy_some(from, log);

		if (!more && (polls[1].revents != 0 || process < 0)) {
			break;
		}
		if (!more && (polls[0].revents & (POLLHUP | POLLERR)) != 0) {
			polls[0].fd = -1;
		}
	}
	while (copy_some(from, log)) {
	}
	if (process >= 0) {
		(void)close(process);
	}
}

/* It must see its child's end, whatever ends its session. */
static void ignore_signals(void)
{
	static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		(void)sigaddset(&set, numbers[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

int supervise_run(const struct home *home, const char *name, const char *const *options,
		  int *status, struct vmm_error *error)
{
	char path[HOME_FILE_PATH_SIZE];
	struct bounded_file log;
	int ends[2];
	pid_t pid;

	if (fcntl(SUPERVISE_STATUS_FD, F_SETFD, FD_CLOEXEC) < 0) {
		/* Run by hand: no other file is to be there. */
		(void)open("/dev/null", O_WRONLY | O_CLOEXEC);
	}
	ignore_signals();
	home_machine_file(home, name, HOME_FILE_LOG, path);
	/* Without a log the machine can run all the same. */
	(void)bounded_file_open(&log, path, LOG_LIMIT_BYTES);
	if (pipe2(ends, O_CLOEXEC) != 0) {
		bounded_file_close(&log);
		return failed(name, "cannot be started", error);
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	pid = start_machine(name, options, ends[1]);
	(void)close(ends[1]);
	if (pid > 0) {
		keep_log(pid, ends[0], &log);
		while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
		}
	}
	(void)close(ends[0]);
	bounded_file_close(&log);
	return pid > 0 ? 0 : failed(name, "cannot be started", error);
}

void supervise_tell(int status)
{
	/* Who started it may be gone. */
	(void)!write(SUPERVISE_STATUS_FD, &status, sizeof(status));
}
