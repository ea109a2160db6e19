/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: lines for the operator
 */
#ifndef VMM_CLI_DIAG_H
#define VMM_CLI_DIAG_H

/**
 * diag_line() - write "torpor: " and @line to standard error, as one line
 * @line: without newline; control characters in it, of a file's name say, are shown as '?'
 *
 * Context: any thread. Lines of several threads are not mixed.
 */
void diag_line(const char *line);

/** diag_log() - diag_line() as struct machine_host has it */
void diag_log(void *ctx, const char *line);

#endif /* VMM_CLI_DIAG_H */
