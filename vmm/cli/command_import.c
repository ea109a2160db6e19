/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor import */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/create_machine.h"
#include "cli/describe.h"
#include "cli/export.h"
#include "cli/export_file.h"
#include "cli/keeper.h"
#include "cli/options_paths.h"
#include "cli/options_words.h"
#include "cli/show.h"
#include "host/store.h"

/* The path of "--disk=PATH,OPTION..." becomes @path; its options stay. */
static bool move_disk(char **word, const char *path, struct vmm_error *error)
{
	char *argv[] = {NULL, *word, NULL};
	const struct options_words one = {.argv = argv, .argc = 2};
	const char *value = options_words_value(&one, "disk");
	size_t path_length = options_disk_path_length(value);
	char *absolute = options_absolute("disk", path, error);
	char *moved = NULL;

	if (absolute == NULL ||
	    asprintf(&moved, "--disk=%s%s", absolute, value + path_length) < 0) {
		free(absolute);
		return false;
	}
	free(absolute);
	free(*word);
	*word = moved;
	return true;
}

static bool move_record_disk(struct machine_record *record, size_t disk, const char *path,
			     struct vmm_error *error)
{
	char *absolute;

	if (disk >= record->disk_count) {
		return true;
	}
	absolute = options_absolute("disk", path, error);
	if (absolute == NULL) {
		return false;
	}
	free(record->disks[disk].path);
	record->disks[disk].path = absolute;
	return true;
}

/* Each --disk takes the place of a disk of the machine's, in order. */
static enum command_status move_disks(const struct command_call *call,
				      struct machine_record *record, struct options_words *words)
{
	struct vmm_error error;
	size_t given = 0;

	for (int i = 1; i < words->argc && given < call->word_count; i++) {
		if (strncmp(words->argv[i], "--disk=", 7) != 0) {
			continue;
		}
		if (!move_disk(&words->argv[i], call->words[given].text, &error) ||
		    !move_record_disk(record, given, call->words[given].text, &error)) {
			return keeper_failed(&error);
		}
		given++;
	}
	if (given < call->word_count) {
		return keeper_refuse(COMMAND_STATUS_USAGE,
				     "--disk '%.150s': the machine has %zu disks: expected no more",
				     call->words[given].text, given);
	}
	return COMMAND_STATUS_DONE;
}

static enum command_status check_words(const struct command_call *call,
				       struct machine_record *record)
{
	struct options_words words;
	struct vmm_error error;
	enum command_status status;

	if (!options_words_read(record->options, &words, &error)) {
		return keeper_failed(&error);
	}
	status = move_disks(call, record, &words);
	if (status == COMMAND_STATUS_DONE &&
	    (!options_words_complete(&words, &error) || !describe_check(&words, &error))) {
		status = keeper_failed(&error);
	}
	if (status == COMMAND_STATUS_DONE) {
		free(record->options);
		record->options = options_words_json(&words);
	}
	options_words_free(&words);
	return status;
}

/* One that is imported twice, or beside what was exported, is another machine. */
static enum command_status settle_uuid(struct keeper *keeper, struct machine_record *record)
{
	struct vmm_error error;
	char **names;
	size_t count;

	if (store_list(keeper->store, &names, &count, &error) != 0) {
		return keeper_failed(&error);
	}
	for (size_t i = 0; i < count; i++) {
		struct machine_record other;

		/* One that is deleted meanwhile is none. */
		if (store_get(keeper->store, names[i], &other, &error) == 0) {
			if (strcmp(other.uuid, record->uuid) == 0) {
				record->uuid[0] = '\0';
			}
			record_free(&other);
		}
		free(names[i]);
	}
	free(names);
	return COMMAND_STATUS_DONE;
}

static enum command_status import(struct keeper *keeper, const struct command_call *call,
				  struct machine_record *record,
				  const struct export_blob *variables)
{
	enum command_status status = COMMAND_STATUS_DONE;

	if (call->name_count > 1) {
		status = keeper_check_name(call->names[1]);
		if (status == COMMAND_STATUS_DONE) {
			(void)snprintf(record->name, sizeof(record->name), "%s", call->names[1]);
		}
	}
	if (status == COMMAND_STATUS_DONE) {
		status = check_words(call, record);
	}
	if (status == COMMAND_STATUS_DONE) {
		status = settle_uuid(keeper, record);
	}
	if (status == COMMAND_STATUS_DONE) {
		status = create_add(keeper, record, variables, "IMPORT", "it was imported");
	}
	if (status == COMMAND_STATUS_DONE) {
		(void)printf("%s is imported; it is %s\n", record->name,
			     machine_state_name(record->state));
		status = show_flush();
	}
	return status;
}

static enum command_status run_import(const struct command_call *call)
{
	struct json_object *document = export_read_document(call->names[0]);
	struct export_blob variables = {.bytes = NULL};
	struct machine_record record = {.options = NULL};
	struct vmm_error error;
	struct keeper keeper;
	enum command_status status = COMMAND_STATUS_USAGE;

	if (document == NULL) {
		return status;
	}
	if (!export_read(document, &record, &variables, &error)) {
		status = keeper_refuse(status, "FILE '%.80s': %.160s", call->names[0], error.text);
	} else {
		status = keeper_open(&keeper);
		if (status == COMMAND_STATUS_DONE) {
			status = import(&keeper, call, &record, &variables);
		}
		keeper_close(&keeper);
	}
	(void)json_object_put(document);
	free(variables.bytes);
	record_free(&record);
	return status;
}

const struct command verb_import = {
	.name = "import",
	.arguments = "FILE [NAME]",
	.summary = "keep a machine that 'torpor export' wrote",
	.options = {{"disk", "PATH", "a disk is there now; the first one first, may come again",
		     true}},
	.name_count_min = 1,
	.name_count_max = 2,
	.more = "Everything in the document is checked. A hibernated machine stays hibernated, "
		"and\n"
		"resumes if its disks are what they were, wherever they are.\n",
	.run = run_import,
};
