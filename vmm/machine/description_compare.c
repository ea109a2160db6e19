/* SPDX-License-Identifier: BSD-3-Clause */
/* What a description is used for: to tell machines apart, and a number that stands for it. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "machine/description.h"

/* The line at @at, without its newline. Returns where the next one begins. */
static const char *next_line(const char *at, size_t *length)
{
	const char *end = strchrnul(at, '\n');

	*length = (size_t)(end - at);
	return *end != '\0' ? end + 1 : end;
}

static size_t field_length(const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);

	return space != NULL ? (size_t)(space - line) : length;
}

/* In the order of the lines, which a shorter field comes first in. */
static int compare_fields(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t shorter = a_length < b_length ? a_length : b_length;
	int order = memcmp(a, b, shorter);

	if (order != 0 || a_length == b_length) {
		return order;
	}
	return a_length < b_length ? -1 : 1;
}

/* A side of the comparison: the line that it is at. */
struct side {
	const char *line;
	size_t length;
	size_t field;
	const char *next;
};

static void advance(struct side *side)
{
	side->line = side->next;
	side->next = next_line(side->line, &side->length);
	side->field = field_length(side->line, side->length);
}

/* Which side's field comes first; one that has come to its end has the last. */
static int compare_sides(const struct side *was, const struct side *is)
{
	if (was->length == 0 || is->length == 0) {
		return was->length == 0 ? 1 : -1;
	}
	return compare_fields(was->line, was->field, is->line, is->field);
}

static char *value_of(const struct side *side)
{
	size_t skip = side->field < side->length ? side->field + 1 : side->length;

	return strndup(side->line + skip, side->length - skip);
}

/* The side that lacks the field is NULL. */
static bool tell(const struct side *was, const struct side *is,
		 void (*differs)(void *ctx, const char *field, const char *was, const char *is),
		 void *ctx)
{
	const struct side *either = was != NULL ? was : is;
	char *field = strndup(either->line, either->field);
	char *old = was != NULL ? value_of(was) : strdup(DESCRIPTION_NONE);
	char *new = is != NULL ? value_of(is) : strdup(DESCRIPTION_NONE);
	bool told = field != NULL && old != NULL && new != NULL;

	if (told && differs != NULL) {
		differs(ctx, field, old, new);
	}
	free(field);
	free(old);
	free(new);
	return told;
}

size_t description_compare(const char *was_text, const char *is_text,
			   void (*differs)(void *ctx, const char *field, const char *was,
					   const char *is),
			   void *ctx)
{
	struct side was = {.next = was_text};
	struct side is = {.next = is_text};
	size_t count = 0;

	advance(&was);
	advance(&is);
	while (was.length > 0 || is.length > 0) {
		int order = compare_sides(&was, &is);
		bool same = order == 0 && was.length == is.length &&
			    memcmp(was.line, is.line, was.length) == 0;

		if (!same &&
		    !tell(order <= 0 ? &was : NULL, order >= 0 ? &is : NULL, differs, ctx)) {
			return SIZE_MAX;
		}
		count += same ? 0 : 1;
		if (order <= 0) {
			advance(&was);
		}
		if (order >= 0) {
			advance(&is);
		}
	}
	return count;
}

uint32_t description_signature(const char *text, uint32_t epoch)
{
	uint64_t hash = XXH3_64bits_withSeed(text, strlen(text), epoch);
	uint32_t folded = (uint32_t)(hash ^ hash >> 32);

	/* 0 says in the guest's tables that there is none. */
	return folded != 0 ? folded : 1;
}
