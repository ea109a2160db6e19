/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the words of a command
 *
 * Names and options come in any order. A command that takes a machine's options gets those apart,
 * for options_parse().
 */
#ifndef VMM_CLI_ARGUMENTS_H
#define VMM_CLI_ARGUMENTS_H

#include "cli/commands.h"
#include "error.h"

/**
 * enum arguments_result - what to do
 * @ARGUMENTS_RUN:  run the command
 * @ARGUMENTS_HELP: print its help
 * @ARGUMENTS_BAD:  print the error, exit status 2
 */
enum arguments_result {
	ARGUMENTS_RUN,
	ARGUMENTS_HELP,
	ARGUMENTS_BAD,
};

/**
 * arguments_parse() - read a command's words
 * @argv: from the command's name on; borrowed as long as @call is used
 * @call: filled; to be given to arguments_free() whatever the result
 */
enum arguments_result arguments_parse(const struct command *command, int argc, char **argv,
				      struct command_call *call, struct vmm_error *error);

/** arguments_free() - free what is owned */
void arguments_free(struct command_call *call);

#endif /* VMM_CLI_ARGUMENTS_H */
