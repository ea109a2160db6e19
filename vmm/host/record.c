/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/wall_clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const image_names[] = {
	[RECORD_IMAGE_NONE] = "none",		[RECORD_IMAGE_MAYBE] = "maybe",
	[RECORD_IMAGE_LIKELY] = "likely",	[RECORD_IMAGE_SAVED] = "saved",
	[RECORD_IMAGE_DISCARDED] = "discarded",
};

static const char *const wake_names[] = {
	[RECORD_WAKE_NONE] = "none",
	[RECORD_WAKE_ALARM] = "alarm",
	[RECORD_WAKE_USER] = "user",
};

/* The index of a name; -1 if it is none of them. */
static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

const char *record_image_name(enum record_image image)
{
	return image_names[image];
}

const char *record_wake_name(enum record_wake wake)
{
	return wake_names[wake];
}

bool record_image_parse(const char *name, enum record_image *image)
{
	int found = find_name(image_names, COUNT(image_names), name);

	if (found >= 0) {
		*image = (enum record_image)found;
	}
	return found >= 0;
}

bool record_wake_parse(const char *name, enum record_wake *wake)
{
	int found = find_name(wake_names, COUNT(wake_names), name);

	if (found >= 0) {
		*wake = (enum record_wake)found;
	}
	return found >= 0;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool record_name_ok(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= RECORD_NAME_SIZE || !is_alphanumeric(name[0])) {
		return false;
	}
	for (size_t i = 1; i < length; i++) {
		if (!is_alphanumeric(name[i]) && strchr("._-", name[i]) == NULL) {
			return false;
		}
	}
	return true;
}

void record_clear_disks(struct machine_record *record)
{
	for (size_t i = 0; i < record->disk_count; i++) {
		free(record->disks[i].path);
		free(record->disks[i].extents);
	}
	memset(record->disks, 0, sizeof(record->disks));
	record->disk_count = 0;
}

void record_free(struct machine_record *record)
{
	if (record == NULL) {
		return;
	}
	record_clear_disks(record);
	free(record->options);
	free(record->description);
	memset(record, 0, sizeof(*record));
}

struct machine_event record_event(const char *kind, const char *by, const char *cause)
{
	struct machine_event event = {.time_ns = wall_clock_ns()};

	(void)snprintf(event.kind, sizeof(event.kind), "%s", kind);
	(void)snprintf(event.by, sizeof(event.by), "%s", by);
	(void)snprintf(event.cause, sizeof(event.cause), "%s", cause);
	return event;
}

void record_event_free(struct machine_event *event)
{
	free(event->detail);
	event->detail = NULL;
}
