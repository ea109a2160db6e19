/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the commands about machines that are kept by name
 *
 * A command is a row of a table: its words are parsed, its help is written and completed from it.
 * It opens the store by itself, and first mends what it is about to look at (cli/keeper.h).
 */
#ifndef VMM_CLI_COMMANDS_H
#define VMM_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define COMMAND_OPTION_COUNT_MAX 6
#define COMMAND_NAME_COUNT_MAX 5

/**
 * enum command_status - the exit statuses of all commands but `torpor run`
 * @COMMAND_STATUS_DONE:         it did what it was asked to
 * @COMMAND_STATUS_FAILED:       it could not
 * @COMMAND_STATUS_USAGE:        a bad option, name or file
 * @COMMAND_STATUS_NO_MACHINE:   there is none of that name
 * @COMMAND_STATUS_STATE:        the machine's state does not allow it
 * @COMMAND_STATUS_UNRESPONSIVE: the guest did not do it in time
 */
enum command_status {
	COMMAND_STATUS_DONE = 0,
	COMMAND_STATUS_FAILED = 1,
	COMMAND_STATUS_USAGE = 2,
	COMMAND_STATUS_NO_MACHINE = 3,
	COMMAND_STATUS_STATE = 4,
	COMMAND_STATUS_UNRESPONSIVE = 5,
};

/**
 * struct command_option - an option of a command's own
 * @name:    without the dashes
 * @value:   what its value is called; NULL if it takes none
 * @help:    what it does, in some words
 * @repeats: it may come again
 */
struct command_option {
	const char *name;
	const char *value;
	const char *help;
	bool repeats;
};

/**
 * struct command_word - a value that was given
 * @option: index in the command's options
 * @text:   its value; NULL if it takes none
 */
struct command_word {
	size_t option;
	const char *text;
};

/**
 * struct command_call - what a command was told; all borrowed from the command line
 * @names:         the words that are no options
 * @name_count:    of @names
 * @words:         the command's own options, in the order given
 * @word_count:    of @words
 * @machine_argv:  with &struct command's machine_options: "run", options of `torpor run`, NULL
 * @machine_argc:  of @machine_argv
 */
struct command_call {
	const char *names[COMMAND_NAME_COUNT_MAX];
	size_t name_count;
	struct command_word *words;
	size_t word_count;
	char **machine_argv;
	int machine_argc;
};

/**
 * struct command - a row of the table
 * @name:            the word
 * @arguments:       what follows it, for people
 * @summary:         what it does, in a line
 * @options:         its own, up to one without a name
 * @machine_options: it takes those of `torpor run`, too
 * @name_count_min:  how many names it takes
 * @name_count_max:  likewise
 * @hidden:          for torpor's own use
 * @more:            further lines of its help, or NULL
 * @run:             does it; returns the exit status
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	struct command_option options[COMMAND_OPTION_COUNT_MAX + 1];
	bool machine_options;
	size_t name_count_min;
	size_t name_count_max;
	bool hidden;
	const char *more;
	enum command_status (*run)(const struct command_call *call);
};

extern const struct command verb_console;
extern const struct command verb_create;
extern const struct command verb_delete;
extern const struct command verb_export;
extern const struct command verb_hibernate;
extern const struct command verb_import;
extern const struct command verb_edit;
extern const struct command verb_events;
extern const struct command verb_list;
extern const struct command verb_reset;
extern const struct command verb_start;
extern const struct command verb_status;
extern const struct command verb_stop;
extern const struct command verb_supervise;
extern const struct command verb_suspend;
extern const struct command verb_wake;
extern const struct command verb_wake_due;

/** commands_at() - a command of the table, in the order of the help; NULL if there is no more */
const struct command *commands_at(size_t index);

/** commands_find() - the command of that name, or NULL */
const struct command *commands_find(const char *name);

/**
 * commands_run() - parse a command's words and do it
 * @argc: of @argv
 * @argv: from the command's name on
 *
 * Return: the exit status.
 */
int commands_run(const struct command *command, int argc, char **argv);

/** command_value() - the value of an option of its own: NULL if not given, "" if it takes none */
const char *command_value(const struct command *command, const struct command_call *call,
			  const char *name);

/** command_has() - whether an option of its own is given */
bool command_has(const struct command *command, const struct command_call *call, const char *name);

#endif /* VMM_CLI_COMMANDS_H */
