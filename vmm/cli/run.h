/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: `torpor run`: a machine, its console, its control socket and its events, in one loop
 */
#ifndef VMM_CLI_RUN_H
#define VMM_CLI_RUN_H

#include "cli/options.h"

#define RUN_STATUS_FAILED 1
#define RUN_STATUS_USAGE 2

struct recorder;

/**
 * run_machine() - run until the machine ends
 * @options:  checked
 * @recorder: of a machine that has a name, begun; or NULL
 *
 * Return: the exit status.
 */
int run_machine(const struct run_options *options, struct recorder *recorder);

#endif /* VMM_CLI_RUN_H */
