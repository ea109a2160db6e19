/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the file that --pidfile names
 */
#ifndef VMM_CLI_PIDFILE_H
#define VMM_CLI_PIDFILE_H

#include <stdbool.h>

#include "error.h"

/**
 * pidfile_write() - write the process id, a decimal number and a newline
 *
 * Atomic: a reader sees the old file or the whole new one.
 *
 * Return: true; false with @error filled.
 */
bool pidfile_write(const char *path, struct vmm_error *error);

/**
 * pidfile_remove() - remove it, if it still says our process id
 */
void pidfile_remove(const char *path);

#endif /* VMM_CLI_PIDFILE_H */
