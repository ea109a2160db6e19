/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor create, torpor delete */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/create_machine.h"
#include "cli/describe.h"
#include "cli/keeper.h"
#include "cli/options.h"
#include "cli/show.h"
#include "host/machine_lock.h"
#include "machine/description.h"

/* The machine's own words: what was given, checked and complete. */
static enum command_status read_words(const struct command_call *call, struct options_words *words)
{
	struct run_options options;
	struct vmm_error error;
	bool good = options_parse(call->machine_argc, call->machine_argv, &options, &error) ==
		    OPTIONS_RUN;

	/* For its message alone, which is about the words as they were given. */
	options_free(&options);
	good = good && options_words_keep(call->machine_argc, call->machine_argv, words, &error) &&
	       options_words_complete(words, &error) && describe_check(words, &error);
	if (good) {
		return COMMAND_STATUS_DONE;
	}
	error.bad_input = true;
	return keeper_failed(&error);
}

/* A host that can't make the machine may keep it all the same: each start describes it anew. */
static void describe(struct options_words *words, struct machine_record *record)
{
	struct vmm_error error;

	if (describe_words(words, NULL, &record->description, &error) != 0) {
		(void)keeper_refuse(COMMAND_STATUS_DONE,
				    "%s can't be described before its first start: %s",
				    record->name, error.text);
	}
	record->signature = description_signature(
		record->description != NULL ? record->description : "", record->epoch);
}

static enum command_status create(struct keeper *keeper, const struct command_call *call)
{
	struct options_words words = {.argc = 0};
	struct machine_record record = {.state = MACHINE_STATE_OFF};
	enum command_status status = keeper_check_name(call->names[0]);

	if (status == COMMAND_STATUS_DONE) {
		status = read_words(call, &words);
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)snprintf(record.name, sizeof(record.name), "%s", call->names[0]);
		record.options = options_words_json(&words);
		describe(&words, &record);
		status = create_add(keeper, &record, NULL, "CREATE", "it was created");
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)printf("%s is created, signature 0x%08x\n", record.name,
			     (unsigned)record.signature);
		status = show_flush();
	}
	options_words_free(&words);
	record_free(&record);
	return status;
}

static enum command_status run_create(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = create(&keeper, call);
	}
	keeper_close(&keeper);
	return status;
}

static bool may_have_image(const struct machine_record *record)
{
	return record->image == RECORD_IMAGE_SAVED || record->image == RECORD_IMAGE_LIKELY;
}

/* The record first: a folder without one is nobody's, and the next of that name clears it. */
static enum command_status delete_machine(struct keeper *keeper, const char *name, bool force)
{
	struct machine_record record = {.options = NULL};
	struct vmm_error error;
	enum command_status status =
		keeper_lock(keeper, name, "'torpor stop' it before it is deleted", &record);

	if (status == COMMAND_STATUS_DONE && may_have_image(&record) && !force) {
		status = keeper_refuse(COMMAND_STATUS_STATE,
				       "%s hibernated, and can't be resumed once it is deleted: "
				       "expected --force with it",
				       name);
	}
	if (status == COMMAND_STATUS_DONE &&
	    (store_remove(keeper->store, &record, &error) != 0 ||
	     home_remove_machine(&keeper->home, name, &error) != 0)) {
		status = keeper_failed(&error);
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)printf("%s is deleted; its disks are as they were\n", name);
		status = show_flush();
	}
	record_free(&record);
	return status;
}

static enum command_status run_delete(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = delete_machine(&keeper, call->names[0],
					command_has(&verb_delete, call, "force"));
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_create = {
	.name = "create",
	.arguments = "NAME --kernel FILE [OPTION]...",
	.summary = "make a machine that is kept by name",
	.machine_options = true,
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "OPTION is one of 'torpor run', but for those that are about one process: "
		"--events,\n"
		"--control and --pidfile. Paths are kept as absolute ones, the machine type and "
		"the\n"
		"PSCI version as they are now.\n",
	.run = run_create,
};

const struct command verb_delete = {
	.name = "delete",
	.arguments = "NAME",
	.summary = "forget a machine, its history and its folder; not its disks",
	.options = {{"force", NULL, "even if it is hibernated", false}},
	.name_count_min = 1,
	.name_count_max = 1,
	.run = run_delete,
};
