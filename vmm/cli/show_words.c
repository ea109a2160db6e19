/* SPDX-License-Identifier: BSD-3-Clause */
/* Words and times. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/show.h"

#define NS_PER_S INT64_C(1000000000)

static const char *const images[] = {
	[RECORD_IMAGE_NONE] = "none",		[RECORD_IMAGE_MAYBE] = "maybe",
	[RECORD_IMAGE_LIKELY] = "likely",	[RECORD_IMAGE_SAVED] = "saved",
	[RECORD_IMAGE_DISCARDED] = "discarded",
};

const char *show_image(enum record_image image)
{
	return images[image];
}

bool show_image_parse(const char *name, enum record_image *image)
{
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		if (strcmp(images[i], name) == 0) {
			*image = (enum record_image)i;
			return true;
		}
	}
	return false;
}

const char *show_wake(enum record_wake wake)
{
	static const char *const names[] = {
		[RECORD_WAKE_NONE] = "none",
		[RECORD_WAKE_ALARM] = "alarm",
		[RECORD_WAKE_USER] = "user",
	};

	return names[wake];
}

bool show_resuming(const struct show *show)
{
	return show->process && show->record.state == MACHINE_STATE_HIBERNATED;
}

const char *show_state(const struct show *show)
{
	return show_resuming(show) ? "hibernated, resuming"
				   : machine_state_name(show->record.state);
}

static void format(int64_t time_ns, bool local, const char *form, char text[SHOW_TIME_SIZE])
{
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm parts;

	if ((local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)) == NULL ||
	    strftime(text, SHOW_TIME_SIZE, form, &parts) == 0) {
		(void)snprintf(text, SHOW_TIME_SIZE, "@%lld", (long long)seconds);
	}
}

void show_time(int64_t time_ns, char text[SHOW_TIME_SIZE])
{
	format(time_ns, true, "%Y-%m-%d %H:%M:%S", text);
}

void show_time_utc(int64_t time_ns, char text[SHOW_TIME_SIZE])
{
	format(time_ns, false, "%Y-%m-%dT%H:%M:%SZ", text);
}

void show_age(int64_t time_ns, char text[SHOW_TIME_SIZE])
{
	static const struct {
		int64_t up_to_s;
		int64_t unit_s;
		const char *unit;
	} units[] = {
		{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {INT64_MAX, 86400, "days"}};
	int64_t age_s = (int64_t)time(NULL) - time_ns / NS_PER_S;
	size_t i = 0;

	/* The host's clock may have been set back. */
	age_s = age_s > 0 ? age_s : 0;
	while (age_s >= units[i].up_to_s) {
		i++;
	}
	(void)snprintf(text, SHOW_TIME_SIZE, "%lld %s ago", (long long)(age_s / units[i].unit_s),
		       units[i].unit);
}
