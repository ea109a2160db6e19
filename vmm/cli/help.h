/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what --help prints
 */
#ifndef VMM_CLI_HELP_H
#define VMM_CLI_HELP_H

#include <stdbool.h>

struct command;

/** help_torpor() - print `torpor --help`; false, with a line on standard error, if it can't be */
bool help_torpor(void);

/** help_command() - print `torpor COMMAND --help`; likewise */
bool help_command(const struct command *command);

/** help_describe() - the text of `torpor describe --help` */
const char *help_describe(void);

/** help_run() - the text of `torpor run --help` */
const char *help_run(void);

#endif /* VMM_CLI_HELP_H */
