/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/description_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct description_lines *lines)
{
	size_t room = lines->room == 0 ? 256 : 2 * lines->room;
	char **more;

	if (lines->count < lines->room) {
		return true;
	}
	more = realloc(lines->lines, room * sizeof(*more));
	if (more == NULL) {
		return false;
	}
	lines->lines = more;
	lines->room = room;
	return true;
}

void lines_add(struct description_lines *lines, const char *field, const char *format, ...)
{
	char *value = NULL;
	char *line = NULL;
	va_list args;

	if (lines->failed) {
		return;
	}
	va_start(args, format);
	if (vasprintf(&value, format, args) < 0) {
		value = NULL;
	}
	va_end(args);
	if (value == NULL || !make_room(lines) || asprintf(&line, "%s %s\n", field, value) < 0) {
		lines->failed = true;
	} else {
		lines->lines[lines->count++] = line;
	}
	free(value);
}

/* By bytes, whatever the locale: a space sorts before all that a field is made of. */
static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const struct description_lines *lines)
{
	size_t bytes = 1;
	char *text;
	char *at;

	for (size_t i = 0; i < lines->count; i++) {
		bytes += strlen(lines->lines[i]);
	}
	text = malloc(bytes);
	at = text;
	for (size_t i = 0; text != NULL && i < lines->count; i++) {
		at = stpcpy(at, lines->lines[i]);
	}
	return text;
}

char *lines_finish(struct description_lines *lines)
{
	char *text = NULL;

	if (!lines->failed && lines->count > 0) {
		qsort(lines->lines, lines->count, sizeof(lines->lines[0]), compare);
		text = join(lines);
	}
	lines_free(lines);
	return text;
}

void lines_free(struct description_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->lines[i]);
	}
	free(lines->lines);
	*lines = (struct description_lines){0};
}
