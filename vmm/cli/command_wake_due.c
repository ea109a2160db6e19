/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor wake-due */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/keeper.h"
#include "cli/show.h"
#include "cli/start_machine.h"

static bool is_due(const struct show *show)
{
	const struct machine_record *record = &show->record;

	return !show->process && record->wake != RECORD_WAKE_NONE &&
	       record->wake_at_s <= (int64_t)time(NULL) &&
	       (record->state == MACHINE_STATE_OFF || record->state == MACHINE_STATE_HIBERNATED ||
		record->state == MACHINE_STATE_CRASHED);
}

/* One that can't be started is not tried for ever. */
static void give_up(struct keeper *keeper, const char *name, int64_t at_s)
{
	struct machine_record record = {.options = NULL};

	if (keeper_lock(keeper, name, "its wake time stays", &record) == COMMAND_STATUS_DONE &&
	    record.wake != RECORD_WAKE_NONE && record.wake_at_s == at_s) {
		record.wake = RECORD_WAKE_NONE;
		record.wake_at_s = 0;
		(void)keeper_update(keeper, &record, record.state, "EDIT",
				    "its start at a time failed, and is not tried again");
	}
	keeper_unlock(keeper);
	record_free(&record);
}

static enum command_status wake(struct keeper *keeper, const struct show *show)
{
	const char *const options[] = {NULL};
	char when[SHOW_TIME_SIZE];
	enum command_status status;

	show_time(show->record.wake_at_s * INT64_C(1000000000), when);
	(void)printf("%s is due since %s\n", show->record.name, when);
	(void)fflush(stdout);
	status = start_machine(keeper, show->record.name, options);
	if (status == COMMAND_STATUS_FAILED) {
		give_up(keeper, show->record.name, show->record.wake_at_s);
	}
	/* Somebody else was first. */
	return status == COMMAND_STATUS_STATE ? COMMAND_STATUS_DONE : status;
}

static enum command_status look_at(struct keeper *keeper, const char *name)
{
	struct show show;
	enum command_status status = show_read(keeper, name, &show);

	if (status == COMMAND_STATUS_DONE && is_due(&show)) {
		status = wake(keeper, &show);
	}
	show_free(&show);
	return status == COMMAND_STATUS_NO_MACHINE ? COMMAND_STATUS_DONE : status;
}

static enum command_status run_wake_due(const struct command_call *call)
{
	struct keeper keeper;
	struct vmm_error error;
	char **names = NULL;
	size_t count = 0;
	enum command_status status = keeper_open(&keeper);

	(void)call;
	if (status == COMMAND_STATUS_DONE &&
	    store_list(keeper.store, &names, &count, &error) != 0) {
		status = keeper_failed(&error);
	}
	for (size_t i = 0; i < count; i++) {
		enum command_status woken = look_at(&keeper, names[i]);

		status = woken != COMMAND_STATUS_DONE ? woken : status;
		free(names[i]);
	}
	free(names);
	keeper_close(&keeper);
	return status;
}

const struct command verb_wake_due = {
	.name = "wake-due",
	.arguments = "",
	.summary = "start the machines whose time to be woken has come",
	.more = "That is what a guest's alarm, or 'torpor start NAME --at TIME', asks for. To be "
		"run\n"
		"every minute, by torpor-wake.timer of systemd or by any other scheduler.\n",
	.run = run_wake_due,
};
