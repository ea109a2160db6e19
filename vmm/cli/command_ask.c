/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor suspend, hibernate, wake, reset */
#include <stdio.h>
#include <unistd.h>

#include "cli/ask_machine.h"
#include "cli/commands.h"
#include "cli/show.h"
#include "platform/monotonic.h"

#define RECORD_MS 2000
#define TICK_MS 10

/**
 * struct request - what a guest can be asked for
 * @command: of QMP
 * @event:   that says that it did it; NULL if its process ends
 * @state:   it is then in
 * @verb:    what it is asked to do
 */
struct request {
	const char *command;
	const char *event;
	enum machine_state state;
	const char *verb;
};

static const struct request suspend_request = {"x-torpor-suspend", "SUSPEND",
					       MACHINE_STATE_SUSPENDED, "suspend"};
static const struct request hibernate_request = {"x-torpor-hibernate", NULL,
						 MACHINE_STATE_HIBERNATED, "hibernate"};

/* The event is told of a moment before it is on record. */
static enum command_status tell_recorded(struct ask *ask, enum machine_state wanted)
{
	int64_t deadline = monotonic_ms() + RECORD_MS;
	enum machine_state state = MACHINE_STATE_OFF;

	for (;;) {
		struct machine_record record;
		enum command_status status = keeper_get(ask->keeper, ask->name, &record);

		if (status != COMMAND_STATUS_DONE) {
			return status;
		}
		state = record.state;
		record_free(&record);
		if (state == wanted || monotonic_ms() > deadline) {
			return ask_tell(ask->keeper, ask->name, &state);
		}
		(void)usleep(TICK_MS * 1000);
	}
}

static enum command_status judge(struct ask *ask, const struct request *request, enum ask_end how)
{
	enum machine_state state = MACHINE_STATE_OFF;
	enum command_status status;

	if (how == ASK_UNRESPONSIVE) {
		return keeper_refuse(COMMAND_STATUS_UNRESPONSIVE,
				     "%s: its guest did not %s in time", ask->name, request->verb);
	}
	if (how == ASK_EVENT) {
		return tell_recorded(ask, request->state);
	}
	status = ask_tell(ask->keeper, ask->name, &state);
	if (status == COMMAND_STATUS_DONE && state != request->state) {
		status = keeper_refuse(COMMAND_STATUS_FAILED, "%s: its guest did not %s", ask->name,
				       request->verb);
	}
	return status;
}

static enum command_status ask_for(struct ask *ask, const struct request *request, int64_t limit_s)
{
	enum command_status status = ask_command(ask, request->command, "timeout", limit_s);

	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	ask_say(ask, request->verb, limit_s);
	return judge(ask, request, ask_wait(ask, request->event, limit_s));
}

static enum command_status run_request(const struct command *command,
				       const struct command_call *call,
				       const struct request *request)
{
	struct keeper keeper;
	struct ask ask;
	int64_t limit_s = 0;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = ask_limit(command_value(command, call, "timeout"), &limit_s);
	}
	if (status == COMMAND_STATUS_DONE) {
		status = ask_open(&ask, &keeper, call->names[0]);
		if (status == COMMAND_STATUS_DONE) {
			status = ask_for(&ask, request, limit_s);
		}
		ask_close(&ask);
	}
	keeper_close(&keeper);
	return status;
}

static enum command_status run_suspend(const struct command_call *call)
{
	return run_request(&verb_suspend, call, &suspend_request);
}

static enum command_status run_hibernate(const struct command_call *call)
{
	return run_request(&verb_hibernate, call, &hibernate_request);
}

/* What is done at once, without the guest's doing. */
static enum command_status run_command(const struct command_call *call, const char *command,
				       const char *done)
{
	struct keeper keeper;
	struct ask ask;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = ask_open(&ask, &keeper, call->names[0]);
		if (status == COMMAND_STATUS_DONE) {
			status = ask_command(&ask, command, NULL, 0);
		}
		ask_close(&ask);
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)printf("%s is %s\n", call->names[0], done);
		status = show_flush();
	}
	keeper_close(&keeper);
	return status;
}

static enum command_status run_wake(const struct command_call *call)
{
	return run_command(call, "system_wakeup", "woken");
}

static enum command_status run_reset(const struct command_call *call)
{
	return run_command(call, "system_reset", "reset");
}

#define LIMIT_OPTION                                                                               \
	{                                                                                          \
		"timeout", "S", "when to say that it did not, 0 for no limit (default 60)", false  \
	}

const struct command verb_suspend = {
	.name = "suspend",
	.arguments = "NAME",
	.summary = "ask a machine's guest to suspend to RAM, and wait for it",
	.options = {LIMIT_OPTION},
	.name_count_min = 1,
	.name_count_max = 1,
	.run = run_suspend,
};

const struct command verb_hibernate = {
	.name = "hibernate",
	.arguments = "NAME",
	.summary = "ask a machine's guest to hibernate, and wait for it",
	.options = {LIMIT_OPTION},
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "'torpor start NAME' resumes it.\n",
	.run = run_hibernate,
};

const struct command verb_wake = {
	.name = "wake",
	.arguments = "NAME",
	.summary = "wake a machine that is suspended",
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "A hibernated one is resumed by 'torpor start NAME'.\n",
	.run = run_wake,
};

const struct command verb_reset = {
	.name = "reset",
	.arguments = "NAME",
	.summary = "reset a machine, without asking its guest",
	.name_count_min = 1,
	.name_count_max = 1,
	.run = run_reset,
};
