/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/diag.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void diag_line(const char *line)
{
	char text[1024];
	int length = snprintf(text, sizeof(text) - 2, "torpor: %s", line);
	size_t count = strnlen(text, sizeof(text) - 3);

	if (length < 0) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
			text[i] = '?';
		}
	}
	/* In raw mode a newline does not go back to the first column. */
	if (isatty(STDERR_FILENO) == 1) {
		text[count++] = '\r';
	}
	text[count++] = '\n';
	/* One write a line. There is nobody to tell if it fails. */
	if (write(STDERR_FILENO, text, count) < 0) {
		return;
	}
}

void diag_log(void *ctx, const char *line)
{
	(void)ctx;
	diag_line(line);
}
