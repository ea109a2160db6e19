/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: starting a machine in the background
 */
#ifndef VMM_CLI_START_MACHINE_H
#define VMM_CLI_START_MACHINE_H

#include "cli/keeper.h"

/**
 * start_machine() - start it, and wait until its guest runs or it has failed
 * @options: further words for `torpor run`, up to NULL
 *
 * Prints what came of it; of a failure, what the process had to say. Ctrl-C ends the wait only.
 */
enum command_status start_machine(struct keeper *keeper, const char *name,
				  const char *const *options);

#endif /* VMM_CLI_START_MACHINE_H */
