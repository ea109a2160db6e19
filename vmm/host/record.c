/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/record.h"

#include <stdlib.h>
#include <string.h>

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

void record_event_free(struct machine_event *event)
{
	free(event->detail);
	event->detail = NULL;
}
