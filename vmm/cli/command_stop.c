/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor stop */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/ask_machine.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "control/qmp_ask.h"

/* How long a process may take to flush its disks when it is told to end, before it is killed. */
#define QUIT_MS 30000
#define KILL_MS 10000

/* A process that hangs: by a pidfd of who listens on the machine's own socket. */
static enum command_status kill_process(struct ask *ask)
{
	char path[HOME_FILE_PATH_SIZE];
	bool killed;
	int fd;

	home_machine_file(&ask->keeper->home, ask->name, HOME_FILE_CONTROL, path);
	fd = qmp_ask_process(path);
	killed = fd >= 0 && keeper_running(ask->keeper, ask->name) &&
		 syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	if (!killed || ask_wait_gone(ask, KILL_MS) != ASK_ENDED) {
		return keeper_refuse(COMMAND_STATUS_FAILED,
				     "%s: its process does not end and can't be killed", ask->name);
	}
	return keeper_refuse(COMMAND_STATUS_DONE, "%s: its process did not end and was killed",
			     ask->name);
}

static enum command_status force(struct ask *ask)
{
	struct vmm_error error;

	if (ask->qmp != NULL &&
	    qmp_ask(ask->qmp, "quit", NULL, 0, NULL, QUIT_MS, &error) != -ETIMEDOUT &&
	    ask_wait_gone(ask, QUIT_MS) == ASK_ENDED) {
		return COMMAND_STATUS_DONE;
	}
	return kill_process(ask);
}

static enum command_status unresponsive(struct ask *ask, bool forced)
{
	if (forced) {
		(void)keeper_refuse(COMMAND_STATUS_DONE,
				    "%s: its guest did not react in time; it is ended by force",
				    ask->name);
		return force(ask);
	}
	return keeper_refuse(COMMAND_STATUS_UNRESPONSIVE,
			     "%s: its guest did not power off in time; 'torpor stop %s --force' "
			     "ends it without asking",
			     ask->name, ask->name);
}

static enum command_status ask_guest(struct ask *ask, int64_t limit_s, bool forced)
{
	enum command_status status = ask_command(ask, "system_powerdown", "timeout", limit_s);

	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	ask_say(ask, "power off", limit_s);
	switch (ask_wait(ask, NULL, limit_s)) {
	case ASK_UNRESPONSIVE:
		return unresponsive(ask, forced);
	case ASK_LOST:
		return forced ? force(ask)
			      : keeper_refuse(COMMAND_STATUS_FAILED, "%s: its process does not end",
					      ask->name);
	case ASK_EVENT:
	case ASK_ENDED:
		break;
	}
	return COMMAND_STATUS_DONE;
}

/* Without --timeout, --force does not ask. */
static enum command_status stop(struct keeper *keeper, const struct command_call *call)
{
	const char *limit = command_value(&verb_stop, call, "timeout");
	bool forced = command_has(&verb_stop, call, "force");
	enum machine_state state;
	struct ask ask;
	int64_t limit_s;
	enum command_status status = ask_limit(limit, &limit_s);

	if (status == COMMAND_STATUS_DONE) {
		status = ask_open(&ask, keeper, call->names[0]);
		/* It hangs, and has said so. */
		if (status == COMMAND_STATUS_FAILED && forced) {
			limit = NULL;
			status = COMMAND_STATUS_DONE;
		}
	}
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	status = forced && limit == NULL ? force(&ask) : ask_guest(&ask, limit_s, forced);
	if (status == COMMAND_STATUS_DONE) {
		status = ask_tell(keeper, call->names[0], &state);
	}
	ask_close(&ask);
	return status;
}

static enum command_status run_stop(const struct command_call *call)
{
	struct show show;
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = show_read(&keeper, call->names[0], &show);
		if (status == COMMAND_STATUS_DONE && !show.process) {
			(void)printf("%s is %s\n", call->names[0], show_state(&show));
			status = show_flush();
		} else if (status == COMMAND_STATUS_DONE) {
			status = stop(&keeper, call);
		}
		show_free(&show);
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_stop = {
	.name = "stop",
	.arguments = "NAME",
	.summary = "ask a machine's guest to power off, and wait for it",
	.options =
		{
			{"timeout", "S", "how long to wait, 0 for no limit (default 60)", false},
			{"force", NULL, "end it without asking; with --timeout, after that", false},
		},
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "Ctrl-C ends the wait and leaves the machine alone. With --force disks are "
		"flushed,\n"
		"unless the process has to be killed.\n",
	.run = run_stop,
};
