/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a time that a user gave
 */
#ifndef VMM_CLI_TIME_OF_H
#define VMM_CLI_TIME_OF_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define TIME_OF_NEVER INT64_MIN

/**
 * time_of_parse() - read a time
 * @text: 'YYYY-MM-DD HH:MM[:SS]' or 'HH:MM[:SS]', local; '+N' with s, m, h or d; '@SECONDS' since
 *        1970; or 'never'
 * @at_s: CLOCK_REALTIME, or TIME_OF_NEVER
 *
 * Return: true; false with @error filled.
 */
bool time_of_parse(const char *text, int64_t *at_s, struct vmm_error *error);

#endif /* VMM_CLI_TIME_OF_H */
