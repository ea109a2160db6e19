/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor start, and the supervisor that it may leave behind */
#include <stdio.h>
#include <sys/wait.h>

#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/keeper.h"
#include "cli/show.h"
#include "cli/start_machine.h"
#include "cli/time_of.h"
#include "host/supervise.h"

static enum command_status set_time(struct keeper *keeper, const char *name, const char *text)
{
	struct machine_record record = {.options = NULL};
	struct vmm_error error;
	char cause[sizeof(((struct machine_event *)0)->cause)];
	char when[SHOW_TIME_SIZE];
	int64_t at_s;
	enum command_status status;

	if (!time_of_parse(text, &at_s, &error)) {
		return keeper_failed(&error);
	}
	status = keeper_lock(keeper, name, "expected it off, hibernated or crashed", &record);
	if (status == COMMAND_STATUS_DONE) {
		record.wake = at_s == TIME_OF_NEVER ? RECORD_WAKE_NONE : RECORD_WAKE_USER;
		record.wake_at_s = at_s == TIME_OF_NEVER ? 0 : at_s;
		show_time(at_s * INT64_C(1000000000), when);
		(void)snprintf(cause, sizeof(cause),
			       at_s == TIME_OF_NEVER ? "it is no longer to be started at a time"
						     : "it is to be started at %s",
			       when);
		status = keeper_update(keeper, &record, record.state, "EDIT", cause);
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)printf("%s: %s\n", name, cause);
		status = show_flush();
	}
	record_free(&record);
	return status;
}

static enum command_status start_now(struct keeper *keeper, const struct command_call *call)
{
	const char *options[SUPERVISE_OPTION_COUNT_MAX + 1] = {NULL};
	size_t count = 0;
	enum command_status status;

	if (command_has(&verb_start, call, "discard-hibernation")) {
		options[count++] = "--discard-hibernation";
	}
	if (command_has(&verb_start, call, "clear-resume-marker")) {
		options[count++] = "--clear-resume-marker";
	}
	status = start_machine(keeper, call->names[0], options);
	if (status == COMMAND_STATUS_DONE && command_has(&verb_start, call, "console")) {
		status = attach_console(keeper, call->names[0]);
	}
	return status;
}

static enum command_status check(const struct command_call *call)
{
	bool clear = command_has(&verb_start, call, "clear-resume-marker");
	bool discard = command_has(&verb_start, call, "discard-hibernation");

	if (clear && !discard) {
		return keeper_refuse(COMMAND_STATUS_USAGE,
				     "--clear-resume-marker: expected --discard-hibernation with "
				     "it, as the image can't be resumed afterwards");
	}
	if (command_has(&verb_start, call, "at") &&
	    (discard || command_has(&verb_start, call, "console"))) {
		return keeper_refuse(COMMAND_STATUS_USAGE,
				     "--at: expected no other option with it: the start is later");
	}
	return COMMAND_STATUS_DONE;
}

static enum command_status run_start(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = check(call);
	}
	if (status == COMMAND_STATUS_DONE) {
		status = command_has(&verb_start, call, "at")
				 ? set_time(&keeper, call->names[0],
					    command_value(&verb_start, call, "at"))
				 : start_now(&keeper, call);
	}
	keeper_close(&keeper);
	return status;
}

/* The words after the name are for `torpor run`. */
static enum command_status run_supervise(const struct command_call *call)
{
	const char *options[SUPERVISE_OPTION_COUNT_MAX + 1] = {NULL};
	struct machine_record record;
	struct vmm_error error;
	struct keeper keeper;
	struct home home;
	int status = 0;

	for (size_t i = 1; i < call->name_count; i++) {
		options[i - 1] = call->names[i];
	}
	if (!record_name_ok(call->names[0]) || home_find(&home, &error) != 0 ||
	    supervise_run(&home, call->names[0], options, &status, &error) != 0) {
		return COMMAND_STATUS_FAILED;
	}
	/* That a crash is on record at once, and not when somebody looks. */
	if (keeper_open(&keeper) == COMMAND_STATUS_DONE &&
	    keeper_get(&keeper, call->names[0], &record) == COMMAND_STATUS_DONE) {
		record_free(&record);
	}
	keeper_close(&keeper);
	supervise_tell(status);
	return COMMAND_STATUS_DONE;
}

const struct command verb_start = {
	.name = "start",
	.arguments = "NAME",
	.summary = "start a machine, or resume it if it is hibernated",
	.options =
		{
			{"console", NULL, "then attach to its console", false},
			{"at", "TIME", "start it at that time, by 'torpor wake-due'", false},
			{"discard-hibernation", NULL, "boot clean: its image is never resumed",
			 false},
			{"clear-resume-marker", NULL, "and clear the image's marker from its disks",
			 false},
		},
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "It runs in the background, watched over by systemd where torpor's unit is\n"
		"installed, else by torpor. The command returns when its guest runs, or says why "
		"it\n"
		"does not.\n"
		"\n"
		"TIME is 'YYYY-MM-DD HH:MM[:SS]', 'HH:MM[:SS]', '+N' with s, m, h or d, "
		"'@SECONDS'\n"
		"since 1970, or 'never'.\n",
	.run = run_start,
};

const struct command verb_supervise = {
	.name = "supervise",
	.arguments = "NAME [-- OPTION]...",
	.summary = "for torpor's own use: run a machine and see how it ends",
	.name_count_min = 1,
	.name_count_max = 1 + SUPERVISE_OPTION_COUNT_MAX,
	.hidden = true,
	.run = run_supervise,
};
