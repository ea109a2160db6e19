/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/time_of.h"

#include <string.h>
#include <time.h>

#include "cli/options_internal.h"

#define DAY_S 86400
/* Some thousand years: no sum of two overflows. */
#define SECONDS_MAX UINT64_C(100000000000)

/* "+N" and a unit. */
static bool parse_from_now(const char *text, int64_t *at_s)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = {1, 60, 3600, DAY_S};
	const char *end;
	const char *unit;
	uint64_t number;

	if (!options_parse_number(text, &end, &number) || number > SECONDS_MAX / DAY_S ||
	    *end == '\0' || end[1] != '\0') {
		return false;
	}
	unit = strchr(units, *end);
	if (unit == NULL) {
		return false;
	}
	*at_s = (int64_t)time(NULL) + (int64_t)number * seconds[unit - units];
	return true;
}

static bool parse_seconds(const char *text, int64_t *at_s)
{
	const char *end;
	uint64_t number;
	bool good =
		options_parse_number(text, &end, &number) && *end == '\0' && number <= SECONDS_MAX;

	*at_s = good ? (int64_t)number : 0;
	return good;
}

static bool parse_form(const char *text, const char *form, struct tm *parts)
{
	const char *end;

	parts->tm_sec = 0;
	end = strptime(text, form, parts);
	return end != NULL && *end == '\0';
}

/* A time of day is that of today, or of tomorrow if it has passed. */
static bool parse_local(const char *text, int64_t *at_s)
{
	static const char *const dates[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
					    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"};
	time_t now = time(NULL);
	struct tm parts;
	time_t at;

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		parts = (struct tm){.tm_isdst = -1};
		if (parse_form(text, dates[i], &parts)) {
			at = mktime(&parts);
			*at_s = at;
			return at != (time_t)-1;
		}
	}
	(void)localtime_r(&now, &parts);
	if (!parse_form(text, "%H:%M:%S", &parts) && !parse_form(text, "%H:%M", &parts)) {
		return false;
	}
	parts.tm_isdst = -1;
	at = mktime(&parts);
	if (at <= now) {
		parts.tm_mday++;
		parts.tm_isdst = -1;
		at = mktime(&parts);
	}
	*at_s = at;
	return at != (time_t)-1;
}

bool time_of_parse(const char *text, int64_t *at_s, struct vmm_error *error)
{
	bool good;

	if (strcmp(text, "never") == 0) {
		*at_s = TIME_OF_NEVER;
		return true;
	}
	if (*text == '+') {
		good = parse_from_now(text + 1, at_s);
	} else if (*text == '@') {
		good = parse_seconds(text + 1, at_s);
	} else {
		good = parse_local(text, at_s);
	}
	if (!good) {
		vmm_error_set(error,
			      "--at '%.80s': expected 'YYYY-MM-DD HH:MM[:SS]', 'HH:MM[:SS]', '+N' "
			      "with s, m, h or d, '@SECONDS' or 'never'",
			      text);
		error->bad_input = true;
	}
	return good;
}
