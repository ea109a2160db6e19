/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: `torpor run`: a machine, its console, its control socket and its events, in one loop
 */
#ifndef VMM_CLI_RUN_H
#define VMM_CLI_RUN_H

#include "cli/options.h"

#define RUN_STATUS_FAILED 1
#define RUN_STATUS_USAGE 2

/**
 * run_machine() - run until the machine ends
 * @options: checked
 *
 * Return: the exit status.
 */
int run_machine(const struct run_options *options);

#endif /* VMM_CLI_RUN_H */
