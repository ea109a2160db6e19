/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/net_passt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/net_stream.h"

#define WORDS_MAX 64
#define START_MS 30000
/* Bounds each wait, so that the whole is bounded whatever it prints. */
#define READS_MAX 4096

/**
 * struct child - passt while it starts
 * @pid:    process
 * @said:   what it printed first, NUL-terminated
 * @said_len: bytes in it
 */
struct child {
	pid_t pid;
	char said[4096];
	size_t said_len;
};

/* The words of @text, which is changed, behind those in @argv; false if they are too many. */
static bool add_words(char **argv, unsigned count, char *text)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t", &rest); word != NULL;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (count == WORDS_MAX) {
			return false;
		}
		argv[count++] = word;
	}
	argv[count] = NULL;
	return true;
}

/* With our signals' settings undone, @link open, and all that it prints going to @output. */
static int spawn(char *const *argv, int link, int output, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int err = posix_spawn_file_actions_init(&files);

	if (err != 0) {
		return -err;
	}
	err = posix_spawnattr_init(&attr);
	if (err != 0) {
		(void)posix_spawn_file_actions_destroy(&files);
		return -err;
	}
	(void)sigemptyset(&none);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)sigaddset(&none, SIGPIPE);
	(void)posix_spawnattr_setsigdefault(&attr, &none);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (err == 0) {
		err = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	}
	if (err == 0) {
		err = posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	}
	/* Onto itself: it is then not closed by exec. */
	if (err == 0) {
		err = posix_spawn_file_actions_adddup2(&files, link, link);
	}
	if (err == 0) {
		err = posix_spawnp(pid, NET_PASST_PROGRAM, &files, &attr, argv, environ);
	}
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return -err;
}

static int start(const char *args, int link, int output, pid_t *pid, struct vmm_error *err)
{
	char number[16];
	char *words = strdup(args != NULL ? args : "");
	char *argv[WORDS_MAX + 1] = {NET_PASST_PROGRAM, "--quiet", "--fd", number, NULL};
	int ret;

	(void)snprintf(number, sizeof(number), "%d", link);
	if (words == NULL) {
		ret = -ENOMEM;
	} else if (!add_words(argv, 4, words)) {
		ret = -E2BIG;
	} else {
		ret = spawn(argv, link, output, pid);
	}
	free(words);
	if (ret == -ENOENT) {
		vmm_error_set(err, "net passt: there is no program 'passt' in PATH; Debian's "
				   "package passt has it");
	} else if (ret != 0) {
		vmm_error_set(err, "net passt: cannot be started: %s", strerror(-ret));
	}
	return ret;
}

/* Until it has closed its output: it has then ended, or gone into the background. */
static int wait_output(struct child *child, int output)
{
	for (unsigned i = 0; i < READS_MAX; i++) {
		struct pollfd fds = {.fd = output, .events = POLLIN};
		char skipped[512];
		size_t room = sizeof(child->said) - 1 - child->said_len;
		char *to = room > 0 ? child->said + child->said_len : skipped;
		ssize_t got;

		if (poll(&fds, 1, START_MS) <= 0) {
			return -ETIMEDOUT;
		}
		got = read(output, to, room > 0 ? room : sizeof(skipped));
		if (got <= 0) {
			return 0;
		}
		child->said_len += room > 0 ? (size_t)got : 0;
	}
	return -ETIMEDOUT;
}

/* The first line that is about what is wrong. */
static const char *reason(char *said)
{
	static const char *const others[] = {"Failed to send", "Don't run as root",
					     "No external routable interface for IPv"};
	char *rest = NULL;

	for (char *line = strtok_r(said, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		bool other = false;

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			other = other || strncmp(line, others[i], strlen(others[i])) == 0;
		}
		if (!other) {
			return line;
		}
	}
	return "it did not say why";
}

/* 0 once it is ready; it is waited for in any case. */
static int wait_ready(struct child *child, int output, struct vmm_error *err)
{
	int ret = wait_output(child, output);
	int status = 0;

	if (ret != 0) {
		(void)kill(child->pid, SIGKILL);
	}
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
	}
	child->said[child->said_len] = '\0';
	if (ret != 0) {
		vmm_error_set(err,
			      "net passt: was not ready after %d s: expected it to go into the "
			      "background, so without --foreground",
			      START_MS / 1000);
	} else if (status != 0) {
		vmm_error_set(err, "net passt: does not start: %s", reason(child->said));
		err->bad_input = true;
		ret = -EINVAL;
	}
	return ret;
}

/* Both of passt's ends are closed here. */
static int run(const char *args, int link, struct vmm_error *err)
{
	struct child child = {0};
	int output[2];
	int ret;

	if (pipe2(output, O_CLOEXEC) != 0) {
		ret = -errno;
		(void)close(link);
		vmm_error_set(err, "net passt: cannot be started: %s", strerror(-ret));
		return ret;
	}
	ret = start(args, link, output[1], &child.pid, err);
	(void)close(link);
	(void)close(output[1]);
	if (ret == 0) {
		ret = wait_ready(&child, output[0], err);
	}
	(void)close(output[0]);
	return ret;
}

int net_passt_start(const char *args, struct net_backend **out, struct vmm_error *err)
{
	const int large = NET_STREAM_SOCKET_BYTES;
	int ends[2];
	int ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		ret = -errno;
		vmm_error_set(err, "net passt: cannot be started: %s", strerror(-ret));
		return ret;
	}
	/* What does not fit there passt drops, and the sender has to notice. */
	(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
	ret = run(args, ends[1], err);
	if (ret == 0) {
		ret = net_stream_adopt(ends[0], "passt", out);
		if (ret != 0) {
			vmm_error_set(err, "net passt: %s", strerror(-ret));
		}
	}
	if (ret != 0) {
		(void)close(ends[0]);
	}
	return ret;
}
