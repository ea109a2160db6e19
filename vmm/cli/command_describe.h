/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_CLI_COMMAND_DESCRIBE_H
#define VMM_CLI_COMMAND_DESCRIBE_H

/**
 * command_describe() - `torpor describe [--like FILE] [options of run]`
 * @argc: of @argv
 * @argv: from the word "describe" on
 *
 * Prints the description of the machine that these options make. With --like it is rebuilt as the
 * description in FILE says, and what differs from that is told.
 *
 * Return: the exit status: RUN_STATUS_FAILED also if something differs.
 */
int command_describe(int argc, char **argv);

#endif /* VMM_CLI_COMMAND_DESCRIBE_H */
