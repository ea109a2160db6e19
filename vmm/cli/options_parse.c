/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and sizes as options have them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"

bool options_parse_number(const char *text, const char **end, uint64_t *number)
{
	char *after;

	if (*text < '0' || *text > '9') {
		return false;
	}
	errno = 0;
	*number = strtoull(text, &after, 10);
	*end = after;
	return errno == 0;
}

/* Left shift of a size's unit, or -1. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "KMG";
	const char *found;

	if (unit[0] == '\0' || unit[1] != '\0') {
		return -1;
	}
	/* Lower case too: nobody means milli-bytes. */
	found = strchr(letters, toupper((unsigned char)unit[0]));
	return found != NULL ? 10 * (int)(found - letters + 1) : -1;
}

bool options_parse_size(const char *text, uint64_t *bytes)
{
	const char *end;
	uint64_t number;
	int shift;

	if (!options_parse_number(text, &end, &number) || (shift = unit_shift(end)) < 0 ||
	    number > (UINT64_MAX >> shift)) {
		return false;
	}
	*bytes = number << shift;
	return true;
}
