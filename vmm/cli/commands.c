/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/diag.h"
#include "cli/help.h"

static const struct command *const commands[] = {
	&verb_create,	 &verb_start,  &verb_status, &verb_list,     &verb_stop,      &verb_suspend,
	&verb_hibernate, &verb_wake,   &verb_reset,  &verb_console,  &verb_events,    &verb_edit,
	&verb_delete,	 &verb_export, &verb_import, &verb_wake_due, &verb_supervise,
};

const struct command *commands_at(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

const struct command *commands_find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = commands_at(i)) != NULL; i++) {
		if (strcmp(command->name, name) == 0) {
			return command;
		}
	}
	return NULL;
}

int commands_run(const struct command *command, int argc, char **argv)
{
	struct command_call call = {.name_count = 0};
	struct vmm_error error;
	int status = COMMAND_STATUS_USAGE;

	switch (arguments_parse(command, argc, argv, &call, &error)) {
	case ARGUMENTS_HELP:
		status = help_command(command) ? COMMAND_STATUS_DONE : COMMAND_STATUS_FAILED;
		break;
	case ARGUMENTS_BAD:
		diag_line(error.text);
		break;
	case ARGUMENTS_RUN:
		status = (int)command->run(&call);
		break;
	}
	arguments_free(&call);
	return status;
}

static const struct command_word *find_word(const struct command *command,
					    const struct command_call *call, const char *name)
{
	for (size_t i = 0; i < call->word_count; i++) {
		if (strcmp(command->options[call->words[i].option].name, name) == 0) {
			return &call->words[i];
		}
	}
	return NULL;
}

const char *command_value(const struct command *command, const struct command_call *call,
			  const char *name)
{
	const struct command_word *word = find_word(command, call, name);

	if (word == NULL) {
		return NULL;
	}
	return word->text != NULL ? word->text : "";
}

bool command_has(const struct command *command, const struct command_call *call, const char *name)
{
	return find_word(command, call, name) != NULL;
}
