/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor edit */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/keeper.h"
#include "cli/options_words.h"
#include "cli/show.h"
#include "machine/description.h"

static enum command_status bad(struct vmm_error *error)
{
	error->bad_input = true;
	return keeper_failed(error);
}

/* Removes what each --remove names. */
static enum command_status remove_options(const struct command_call *call,
					  struct options_words *words)
{
	for (size_t i = 0; i < call->word_count; i++) {
		const char *name = call->words[i].text;

		if (name == NULL) {
			continue;
		}
		name += strncmp(name, "--", 2) == 0 ? 2 : 0;
		if (options_find(name, strlen(name)) == NULL) {
			return keeper_refuse(COMMAND_STATUS_USAGE,
					     "--remove '%.80s': there is no such option: 'torpor "
					     "run --help' lists them",
					     name);
		}
		if (options_words_remove(words, name) == 0) {
			return keeper_refuse(COMMAND_STATUS_USAGE,
					     "--remove '%.80s': the machine has no --%.80s: "
					     "'torpor status %s --json' lists its options",
					     name, name, call->names[0]);
		}
	}
	return COMMAND_STATUS_DONE;
}

/* What the machine's words come to. */
static enum command_status change_words(const struct command_call *call,
					const struct machine_record *record,
					struct options_words *words)
{
	struct options_words more = {.argc = 0};
	struct vmm_error error;
	enum command_status status;

	if (!options_words_read(record->options, words, &error)) {
		return keeper_failed(&error);
	}
	status = remove_options(call, words);
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	if (!options_words_keep(call->machine_argc, call->machine_argv, &more, &error) ||
	    !options_words_replace(words, &more, &error) ||
	    !options_words_complete(words, &error) || !describe_check(words, &error)) {
		status = bad(&error);
	}
	options_words_free(&more);
	return status;
}

static void tell_difference(void *ctx, const char *field, const char *was, const char *is)
{
	(void)keeper_refuse(COMMAND_STATUS_STATE, "%s: %.60s was %.80s and would be %.80s",
			    (const char *)ctx, field, was, is);
}

/* A machine that hibernated stays what it is to its guest. */
static enum command_status check_same(struct machine_record *record, struct options_words *words)
{
	struct vmm_error error;
	char *text = NULL;
	size_t count;

	if (record->description == NULL) {
		return keeper_refuse(COMMAND_STATUS_STATE,
				     "%s hibernated, and it is not known as what machine: expected "
				     "--discard-hibernation with it",
				     record->name);
	}
	if (describe_words(words, record->description, &text, &error) != 0) {
		return keeper_refuse(COMMAND_STATUS_FAILED,
				     "%s hibernated, and whether it stays the same machine can't "
				     "be told here: %.120s",
				     record->name, error.text);
	}
	count = description_compare(record->description, text, tell_difference, record->name);
	free(text);
	if (count == 0) {
		return COMMAND_STATUS_DONE;
	}
	return keeper_refuse(COMMAND_STATUS_STATE,
			     "%s hibernated, and would be another machine to its guest: expected "
			     "--discard-hibernation with it, which gives up its image",
			     record->name);
}

static bool has_image(const struct machine_record *record)
{
	return record->state == MACHINE_STATE_HIBERNATED || record->image == RECORD_IMAGE_SAVED ||
	       record->image == RECORD_IMAGE_LIKELY;
}

/* No guest resumes it: one with ACPI by its signature, one with a device tree by its command
 * line, which each start sees to.
 */
static void discard(struct machine_record *record)
{
	const char *description = record->description != NULL ? record->description : "";
	uint32_t old = record->signature;

	record_clear_disks(record);
	record->image = RECORD_IMAGE_DISCARDED;
	do {
		record->epoch++;
		record->signature = description_signature(description, record->epoch);
	} while (record->signature == old);
	if (record->wake == RECORD_WAKE_ALARM) {
		record->wake = RECORD_WAKE_NONE;
		record->wake_at_s = 0;
	}
	if (record->state == MACHINE_STATE_HIBERNATED) {
		record->state = MACHINE_STATE_OFF;
	}
}

static void warn(const struct machine_record *record)
{
	if (record->image == RECORD_IMAGE_MAYBE) {
		(void)keeper_refuse(COMMAND_STATUS_DONE,
				    "%s: nobody told whether its disks hold an image of its last "
				    "run; its guest may resume it on the changed machine: 'torpor "
				    "start %s --discard-hibernation' boots it clean",
				    record->name, record->name);
	}
}

static enum command_status apply(struct keeper *keeper, const struct command_call *call,
				 struct machine_record *record, struct options_words *words)
{
	bool discards = command_has(&verb_edit, call, "discard-hibernation");
	enum machine_state from = record->state;
	enum command_status status = change_words(call, record, words);
	char *json;

	if (status == COMMAND_STATUS_DONE && has_image(record) && !discards) {
		status = check_same(record, words);
	}
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	json = options_words_json(words);
	if (json == NULL) {
		return keeper_refuse(COMMAND_STATUS_FAILED, "%s: no memory", record->name);
	}
	free(record->options);
	record->options = json;
	if (discards && record->image != RECORD_IMAGE_NONE) {
		discard(record);
	} else {
		warn(record);
	}
	return keeper_update(keeper, record, from, discards ? "DISCARD" : "EDIT",
			     discards ? "it was changed, and its hibernation discarded"
				      : "it was changed");
}

static enum command_status edit(struct keeper *keeper, const struct command_call *call)
{
	struct options_words words = {.argc = 0};
	struct machine_record record = {.options = NULL};
	enum command_status status = keeper_lock(keeper, call->names[0],
						 "'torpor stop' it before it is changed", &record);

	if (status == COMMAND_STATUS_DONE) {
		status = apply(keeper, call, &record, &words);
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)printf("%s is changed\n", call->names[0]);
		status = show_flush();
	}
	options_words_free(&words);
	record_free(&record);
	return status;
}

static enum command_status run_edit(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status;

	if (call->machine_argc == 1 && call->word_count == 0) {
		return keeper_refuse(COMMAND_STATUS_USAGE,
				     "nothing to change: expected torpor edit NAME and options of "
				     "'torpor run', or --remove OPTION");
	}
	status = keeper_open(&keeper);
	if (status == COMMAND_STATUS_DONE) {
		status = edit(&keeper, call);
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_edit = {
	.name = "edit",
	.arguments = "NAME [OPTION]...",
	.summary = "change a machine that does not run",
	.options =
		{
			{"remove", "OPTION", "remove that option of 'torpor run'; may come again",
			 true},
			{"discard-hibernation", NULL,
			 "give up its image, which is never resumed then", false},
		},
	.machine_options = true,
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "OPTION is one of 'torpor run', as for 'torpor create'; it takes the place of "
		"those\n"
		"of its name. A machine that hibernated can be changed in what its guest does not "
		"see\n"
		"only: else the fields that would differ are named.\n",
	.run = run_edit,
};
