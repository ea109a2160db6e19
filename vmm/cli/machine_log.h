/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what a machine's process had to say
 */
#ifndef VMM_CLI_MACHINE_LOG_H
#define VMM_CLI_MACHINE_LOG_H

#include <stddef.h>

#include "host/home.h"

/** machine_log_size() - how long the log is now */
size_t machine_log_size(const struct home *home, const char *name);

/** machine_log_show() - print the last lines that came after @from to standard error */
void machine_log_show(const struct home *home, const char *name, size_t from);

#endif /* VMM_CLI_MACHINE_LOG_H */
