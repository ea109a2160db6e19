/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/ask_machine.h"
#include "cli/diag.h"
#include "cli/escape.h"
#include "cli/show.h"
#include "cli/terminal.h"
#include "platform/unix_path.h"

#define CHUNK_SIZE 4096

/**
 * struct attach - a terminal, or files, and a console
 * @keeper:   where the machine is kept
 * @name:     its own
 * @fd:       connected to its hub
 * @terminal: standard input is one, in raw mode
 * @reads:    standard input has not ended
 * @escape:   the escape key's state
 */
struct attach {
	struct keeper *keeper;
	const char *name;
	int fd;
	bool terminal;
	bool reads;
	struct escape escape;
};

static bool write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0 && errno != EINTR) {
			return false;
		}
		if (written > 0) {
			bytes += written;
			count -= (size_t)written;
		}
	}
	return true;
}

static void show_keys(void)
{
	diag_line("Ctrl-A d       detaches; the machine goes on");
	diag_line("Ctrl-A p       presses the power key: the guest is asked to power off");
	diag_line("Ctrl-A x       ends the machine; the guest is not asked");
	diag_line("Ctrl-A h       shows this");
	diag_line("Ctrl-A Ctrl-A  sends Ctrl-A to the guest");
}

static void command(struct attach *attach, const char *name)
{
	struct ask ask;

	if (ask_open(&ask, attach->keeper, attach->name) == COMMAND_STATUS_DONE) {
		(void)ask_command(&ask, name, NULL, 0);
	}
	ask_close(&ask);
}

/* False to detach. */
static bool act(struct attach *attach, enum escape_action action)
{
	switch (action) {
	case ESCAPE_DETACH:
		return false;
	case ESCAPE_HELP:
		show_keys();
		break;
	case ESCAPE_POWER:
		command(attach, "system_powerdown");
		break;
	case ESCAPE_END:
		command(attach, "quit");
		break;
	case ESCAPE_NONE:
		break;
	}
	return true;
}

/* False to detach, or if the machine is gone. */
static bool send_keys(struct attach *attach, const char *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[2];
		size_t byte_count;
		enum escape_action action =
			escape_feed(&attach->escape, (uint8_t)keys[i], bytes, &byte_count);

		if (!write_all(attach->fd, (const char *)bytes, byte_count) ||
		    !act(attach, action)) {
			return false;
		}
	}
	return true;
}

static bool take_input(struct attach *attach)
{
	char bytes[CHUNK_SIZE];
	ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (count < 0 && errno == EINTR) {
		return true;
	}
	if (count <= 0) {
		attach->reads = false;
		/* A terminal that is gone has nobody to show anything to. */
		return !attach->terminal;
	}
	return attach->terminal ? send_keys(attach, bytes, (size_t)count)
				: write_all(attach->fd, bytes, (size_t)count);
}

/* False at the machine's end. */
static bool take_output(struct attach *attach, bool *failed)
{
	char bytes[CHUNK_SIZE];
	ssize_t count = read(attach->fd, bytes, sizeof(bytes));

	if (count < 0 && errno == EINTR) {
		return true;
	}
	if (count <= 0) {
		return false;
	}
	*failed = !write_all(STDOUT_FILENO, bytes, (size_t)count);
	return !*failed;
}

/* Whether the user detached; else the machine's process ended. */
static bool pump(struct attach *attach, bool *failed)
{
	for (;;) {
		struct pollfd polls[2] = {
			{.fd = attach->reads ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = attach->fd, .events = POLLIN},
		};

		if (poll(polls, 2, -1) < 0) {
			terminal_continued();
			continue;
		}
		if (polls[1].revents != 0 && !take_output(attach, failed)) {
			return false;
		}
		if (polls[0].revents != 0 && !take_input(attach)) {
			return true;
		}
	}
}

static enum command_status tell_end(struct attach *attach)
{
	const struct ask ask = {.keeper = attach->keeper, .name = attach->name};
	struct show show;
	enum command_status status;

	/* How it ended is on record when its process is gone. */
	(void)ask_wait_gone(&ask, 10000);
	status = show_read(attach->keeper, attach->name, &show);
	if (status == COMMAND_STATUS_DONE) {
		(void)keeper_refuse(status, "%s is %s", attach->name, show_state(&show));
	}
	show_free(&show);
	return status;
}

static enum command_status connect_hub(struct attach *attach)
{
	char path[HOME_FILE_PATH_SIZE];
	struct show show;
	enum command_status status = show_read(attach->keeper, attach->name, &show);
	bool process = show.process;

	if (status == COMMAND_STATUS_DONE && !process) {
		status = keeper_refuse(COMMAND_STATUS_STATE,
				       "%s is %s: 'torpor console %s --log' shows what its console "
				       "said",
				       attach->name, show_state(&show), attach->name);
	}
	show_free(&show);
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	home_machine_file(&attach->keeper->home, attach->name, HOME_FILE_CONSOLE, path);
	attach->fd = unix_path_connect(path);
	if (attach->fd < 0) {
		return keeper_refuse(
			COMMAND_STATUS_FAILED,
			"%s: its console can't be reached: %s: expected a machine that "
			"runs in the background",
			attach->name, strerror(-attach->fd));
	}
	return COMMAND_STATUS_DONE;
}

static void on_continue(int number)
{
	(void)number;
}

enum command_status attach_console(struct keeper *keeper, const char *name)
{
	struct attach attach = {
		.keeper = keeper,
		.name = name,
		.reads = true,
		.escape = {.attached = true},
	};
	struct sigaction action = {.sa_handler = on_continue};
	bool failed = false;
	bool detached;
	enum command_status status = connect_hub(&attach);

	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	(void)sigaction(SIGCONT, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	attach.terminal = terminal_raw(STDIN_FILENO);
	if (attach.terminal) {
		diag_line("attached: Ctrl-A d detaches, Ctrl-A h shows the keys");
	}
	detached = pump(&attach, &failed);
	terminal_restore();
	(void)close(attach.fd);
	if (failed) {
		return keeper_refuse(COMMAND_STATUS_FAILED, "standard output: %s", strerror(errno));
	}
	if (!detached) {
		return tell_end(&attach);
	}
	return keeper_refuse(COMMAND_STATUS_DONE, "detached; %s goes on", name);
}

enum command_status attach_show_log(struct keeper *keeper, const char *name)
{
	char path[HOME_FILE_PATH_SIZE];
	char bytes[CHUNK_SIZE];
	struct machine_record record;
	enum command_status status = keeper_get(keeper, name, &record);
	ssize_t count;
	int fd;

	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	record_free(&record);
	home_machine_file(&keeper->home, name, HOME_FILE_CONSOLE_LOG, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		return COMMAND_STATUS_DONE;
	}
	if (fd < 0) {
		return keeper_refuse(COMMAND_STATUS_FAILED, "'%s': %s", path, strerror(errno));
	}
	while ((count = read(fd, bytes, sizeof(bytes))) > 0) {
		if (!write_all(STDOUT_FILENO, bytes, (size_t)count)) {
			status = keeper_refuse(COMMAND_STATUS_FAILED, "standard output: %s",
					       strerror(errno));
			break;
		}
	}
	(void)close(fd);
	return status;
}
