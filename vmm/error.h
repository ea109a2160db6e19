/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line that tells the user what went wrong.
 *
 * The caller owns the struct, usually on its stack, and may copy it. A function that takes one
 * fills it only when it fails. The text names the thing (a file, an option), says what was
 * expected and what would mend it; it has no newline and no "error:" prefix.
 */
#ifndef VMM_ERROR_H
#define VMM_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/**
 * struct vmm_error - text of a failure, for one line on the user's terminal
 * @text:      NUL-terminated; longer messages are cut
 * @bad_input: the fault is in what the user gave, not in the host; set by those who know, after
 *             vmm_error_set(), which clears it
 */
struct vmm_error {
	char text[256];
	bool bad_input;
};

/**
 * vmm_error_set() - fill in the line, as printf does
 * @err:    filled; NULL is allowed and then nothing happens
 * @format: printf format, without a newline at its end
 *
 * Context: any thread; @err must not be shared.
 */
__attribute__((format(printf, 2, 3))) static inline void vmm_error_set(struct vmm_error *err,
								       const char *format, ...)
{
	va_list args;

	if (err == NULL) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	err->bad_input = false;
	va_end(args);
}

#endif /* VMM_ERROR_H */
