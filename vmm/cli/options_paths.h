/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the paths in the values of a machine's options
 */
#ifndef VMM_CLI_OPTIONS_PATHS_H
#define VMM_CLI_OPTIONS_PATHS_H

#include <stddef.h>

#include "error.h"

/**
 * options_absolute() - the value of an option as it can be kept
 * @name: the option's, without the dashes
 *
 * Return: with absolute paths, to be freed; NULL with @error filled, if it is for one process only
 * or no path can be had.
 */
char *options_absolute(const char *name, const char *value, struct vmm_error *error);

/** options_disk_path_length() - how much of the value of --disk is the path; the rest is options */
size_t options_disk_path_length(const char *value);

#endif /* VMM_CLI_OPTIONS_PATHS_H */
