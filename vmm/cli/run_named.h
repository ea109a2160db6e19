/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: `torpor run --name NAME`: a machine that is kept by name, in the foreground
 *
 * It is what `torpor start` and systemd run. What the machine is, and what it may do, is in its
 * record; its power states go there.
 */
#ifndef VMM_CLI_RUN_NAMED_H
#define VMM_CLI_RUN_NAMED_H

#include <stdbool.h>

/** run_named_wanted() - whether the words, from "run" on, are of this form */
bool run_named_wanted(int argc, char **argv);

/**
 * run_named() - run it until it ends
 *
 * Return: the exit status.
 */
int run_named(int argc, char **argv);

#endif /* VMM_CLI_RUN_NAMED_H */
