/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of a description while it is made.
 *
 * Once there is no memory for one, further ones are left out and lines_finish() says so.
 */
#ifndef VMM_MACHINE_DESCRIPTION_LINES_H
#define VMM_MACHINE_DESCRIPTION_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct description_lines {
	char **lines;
	size_t count;
	size_t room;
	bool failed;
};

/** lines_add() - add a field; nothing in @field is a space, nothing in the value a newline */
__attribute__((format(printf, 3, 4))) void lines_add(struct description_lines *lines,
						     const char *field, const char *format, ...);

/**
 * lines_finish() - sort, put together, and free the lines
 *
 * Return: the text, to be freed; NULL if there was no memory.
 */
char *lines_finish(struct description_lines *lines);

/** lines_free() - free them without a text */
void lines_free(struct description_lines *lines);

#endif /* VMM_MACHINE_DESCRIPTION_LINES_H */
