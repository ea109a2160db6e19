/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/keeper.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/diag.h"
#include "host/machine_lock.h"
#include "host/mend.h"

enum command_status keeper_failed(const struct vmm_error *error)
{
	diag_line(error->text);
	return error->bad_input ? COMMAND_STATUS_USAGE : COMMAND_STATUS_FAILED;
}

enum command_status keeper_refuse(enum command_status status, const char *format, ...)
{
	struct vmm_error line;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line.text, sizeof(line.text), format, args);
	va_end(args);
	diag_line(line.text);
	return status;
}

enum command_status keeper_open(struct keeper *keeper)
{
	struct vmm_error error;

	*keeper = (struct keeper){.lock_fd = -1};
	who_is(getuid(), keeper->by);
	if (home_find(&keeper->home, &error) != 0 ||
	    store_open(&keeper->store, keeper->home.path, &error) != 0) {
		return keeper_failed(&error);
	}
	return COMMAND_STATUS_DONE;
}

void keeper_close(struct keeper *keeper)
{
	store_close(keeper->store);
	keeper->store = NULL;
	keeper_unlock(keeper);
}

void keeper_unlock(struct keeper *keeper)
{
	machine_lock_give(keeper->lock_fd);
	keeper->lock_fd = -1;
}

enum command_status keeper_check_name(const char *name)
{
	if (record_name_ok(name)) {
		return COMMAND_STATUS_DONE;
	}
	return keeper_refuse(COMMAND_STATUS_USAGE,
			     "NAME '%.80s': expected up to %d letters, digits, '.', '_' and '-', "
			     "the first a letter or a digit",
			     name, RECORD_NAME_SIZE - 1);
}

static enum command_status found(int ret, const char *name, const struct vmm_error *error)
{
	if (ret == -ENOENT) {
		return keeper_refuse(COMMAND_STATUS_NO_MACHINE,
				     "there is no machine %s: 'torpor list' shows all", name);
	}
	return ret == 0 ? COMMAND_STATUS_DONE : keeper_failed(error);
}

enum command_status keeper_get(struct keeper *keeper, const char *name,
			       struct machine_record *record)
{
	struct vmm_error error;
	enum command_status status = keeper_check_name(name);

	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	return found(mend_machine(&keeper->home, keeper->store, name, record, &error), name,
		     &error);
}

bool keeper_running(const struct keeper *keeper, const char *name)
{
	struct vmm_error error;
	bool held = false;

	return machine_lock_held(&keeper->home, name, &held, &error) == 0 && held;
}

static enum command_status busy(struct keeper *keeper, const char *name, const char *expected)
{
	struct machine_record record;
	enum command_status status = keeper_get(keeper, name, &record);

	if (status == COMMAND_STATUS_DONE) {
		if (machine_state_needs_process(record.state)) {
			(void)keeper_refuse(status, "%s is %s: %s", name,
					    machine_state_name(record.state), expected);
		} else {
			(void)keeper_refuse(status, "%s is being started or changed: %s", name,
					    expected);
		}
		record_free(&record);
		status = COMMAND_STATUS_STATE;
	}
	return status;
}

enum command_status keeper_lock(struct keeper *keeper, const char *name, const char *expected,
				struct machine_record *record)
{
	struct vmm_error error;
	enum command_status status = keeper_check_name(name);
	int ret;

	/* Mended first: who has this lock is taken for the machine's process. */
	if (status == COMMAND_STATUS_DONE) {
		status = keeper_get(keeper, name, record);
	}
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	record_free(record);
	ret = machine_lock_take(&keeper->home, name, &keeper->lock_fd, &error);
	if (ret == -EBUSY) {
		return busy(keeper, name, expected);
	}
	if (ret == -ENOENT) {
		/* Its folder may have been lost: then a process can't run it either. */
		return keeper_get(keeper, name, record);
	}
	if (ret != 0) {
		return keeper_failed(&error);
	}
	return found(mend_locked(&keeper->home, keeper->store, name, record, &error), name, &error);
}

enum command_status keeper_update(struct keeper *keeper, struct machine_record *record,
				  enum machine_state from, const char *kind, const char *cause)
{
	struct machine_event event = record_event(kind, keeper->by, cause);
	struct vmm_error error;

	event.from = from;
	event.to = record->state;
	if (record->state != from) {
		record->since_ns = event.time_ns;
	}
	if (store_update(keeper->store, record, &event, &error) != 0) {
		return keeper_failed(&error);
	}
	return COMMAND_STATUS_DONE;
}
