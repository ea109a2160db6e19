/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/create_machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "cli/export_file.h"
#include "host/boot_id.h"
#include "host/machine_lock.h"
#include "platform/wall_clock.h"

#define UUID_BYTES 16

/* RFC 9562's version 4. */
static bool make_uuid(char uuid[RECORD_UUID_SIZE])
{
	uint8_t bytes[UUID_BYTES];
	size_t used = 0;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		return false;
	}
	bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
	for (size_t i = 0; i < UUID_BYTES; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		used += (size_t)snprintf(uuid + used, RECORD_UUID_SIZE - used, "%s%02x",
					 dash ? "-" : "", bytes[i]);
	}
	return true;
}

static int add(struct keeper *keeper, struct machine_record *record, const char *kind,
	       const char *cause, struct vmm_error *error)
{
	struct machine_event event = record_event(kind, keeper->by, cause);

	event.from = event.to = record->state;
	event.time_ns = record->since_ns;
	return store_add(keeper->store, record, &event, error);
}

static bool complete(struct machine_record *record, struct vmm_error *error)
{
	if (record->options == NULL || (record->uuid[0] == '\0' && !make_uuid(record->uuid))) {
		vmm_error_set(error, "%s: %s", record->name, strerror(ENOMEM));
		return false;
	}
	record->since_ns = wall_clock_ns();
	boot_id_read(record->boot_id);
	if (record->created_ns == 0) {
		record->created_ns = record->since_ns;
	}
	return true;
}

/* Locked: whether the name is free. What is in its folder is of a machine that was deleted. */
static int clear(struct keeper *keeper, const char *name, struct vmm_error *error)
{
	struct machine_record old;
	int ret = store_get(keeper->store, name, &old, error);

	if (ret == 0) {
		record_free(&old);
		return -EEXIST;
	}
	return ret == -ENOENT ? home_clear_machine(&keeper->home, name, error) : ret;
}

enum command_status create_add(struct keeper *keeper, struct machine_record *record,
			       const struct export_blob *variables, const char *kind,
			       const char *cause)
{
	struct vmm_error error;
	int ret = complete(record, &error) ? 0 : -ENOMEM;

	if (ret == 0) {
		ret = home_make(&keeper->home, &error);
	}
	if (ret == 0) {
		ret = home_make_machine(&keeper->home, record->name, &error);
	}
	if (ret == 0) {
		ret = machine_lock_take(&keeper->home, record->name, &keeper->lock_fd, &error);
	}
	if (ret == 0) {
		ret = clear(keeper, record->name, &error);
	}
	/* Before the record: what has one is complete. */
	if (ret == 0 && variables != NULL &&
	    export_write_variables(&keeper->home, record->name, variables) != COMMAND_STATUS_DONE) {
		return COMMAND_STATUS_FAILED;
	}
	if (ret == 0) {
		ret = add(keeper, record, kind, cause, &error);
	}
	if (ret == -EEXIST || ret == -EBUSY) {
		return keeper_refuse(COMMAND_STATUS_STATE,
				     "%s is there already: expected another name, or 'torpor "
				     "delete' it",
				     record->name);
	}
	return ret == 0 ? COMMAND_STATUS_DONE : keeper_failed(&error);
}
