/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/mend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/boot_id.h"
#include "host/machine_lock.h"
#include "host/store.h"

/* How long another may take to mend. */
#define PAUSE_NS 5000000L
#define TRIES 4000U

static struct machine_event mend_event(const struct machine_record *record, const char *cause)
{
	struct machine_event event = record_event("MEND", "torpor", cause);

	event.from = event.to = record->state;
	return event;
}

static int record_crash(struct store *store, struct machine_record *record, struct vmm_error *error)
{
	struct machine_record next = *record;
	struct machine_event event = mend_event(record, "");
	bool restarted;
	int ret;

	boot_id_read(next.boot_id);
	restarted = strcmp(next.boot_id, record->boot_id) != 0;
	(void)snprintf(event.cause, sizeof(event.cause), "%s while it was %s",
		       restarted ? "the host was restarted" : "its process was killed",
		       machine_state_name(record->state));
	next.state = event.to = MACHINE_STATE_CRASHED;
	next.since_ns = event.time_ns;
	/* While it starts no code of the guest has run. */
	if (record->state != MACHINE_STATE_STARTING && next.image == RECORD_IMAGE_NONE) {
		next.image = RECORD_IMAGE_MAYBE;
	}
	ret = store_update(store, &next, &event, error);
	if (ret == 0) {
		*record = next;
	}
	return ret;
}

static bool is_there(const struct home *home, const char *name, enum home_file file)
{
	char path[HOME_FILE_PATH_SIZE];

	home_machine_file(home, name, file, path);
	return access(path, F_OK) == 0;
}

/* Sockets, by which we know that a process was there. */
static bool has_left_overs(const struct home *home, const char *name)
{
	return is_there(home, name, HOME_FILE_CONTROL) || is_there(home, name, HOME_FILE_CONSOLE);
}

static int log_resume(struct store *store, const struct machine_record *record,
		      struct vmm_error *error)
{
	struct machine_event event = mend_event(record, "its process was killed before its guest's "
							"first write: it can be resumed again");

	return store_log(store, record->id, &event, 1, error);
}

/* With the lock held, and the record read since. */
static int mend(const struct home *home, struct store *store, struct machine_record *record,
		struct vmm_error *error)
{
	bool left = has_left_overs(home, record->name);
	int ret = 0;

	if (machine_state_needs_process(record->state)) {
		ret = record_crash(store, record, error);
	} else if (left && record->state == MACHINE_STATE_HIBERNATED) {
		ret = log_resume(store, record, error);
	}
	return ret == 0 && left ? home_remove_sockets(home, record->name, error) : ret;
}

int mend_locked(const struct home *home, struct store *store, const char *name,
		struct machine_record *record, struct vmm_error *error)
{
	int ret = store_get(store, name, record, error);

	if (ret == 0) {
		ret = mend(home, store, record, error);
		if (ret != 0) {
			record_free(record);
		}
	}
	return ret;
}

/* Takes the lock for it; -EAGAIN if somebody else has it. */
static int lock_and_mend(const struct home *home, struct store *store, const char *name,
			 struct machine_record *record, struct vmm_error *error)
{
	/* The folder may have been lost. */
	int ret = home_make_machine(home, name, error);
	int fd = -1;

	ret = ret == 0 ? machine_lock_take_to_mend(home, name, &fd, error) : ret;
	if (ret != 0) {
		return ret == -EBUSY ? -EAGAIN : ret;
	}
	ret = mend_locked(home, store, name, record, error);
	machine_lock_give(fd);
	return ret;
}

static bool is_to_be_mended(const struct home *home, const struct machine_record *record)
{
	return machine_state_needs_process(record->state) || has_left_overs(home, record->name);
}

/* -EAGAIN if that is not sure yet. */
static int look(const struct home *home, struct store *store, const char *name,
		struct machine_record *record, struct vmm_error *error)
{
	bool held = false;
	int ret = store_get(store, name, record, error);

	if (ret != 0 || !is_to_be_mended(home, record)) {
		return ret;
	}
	ret = machine_lock_held(home, name, &held, error);
	if (ret == 0 && held) {
		return 0;
	}
	record_free(record);
	return ret == 0 ? lock_and_mend(home, store, name, record, error) : ret;
}

int mend_machine(const struct home *home, struct store *store, const char *name,
		 struct machine_record *record, struct vmm_error *error)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int ret = look(home, store, name, record, error);

	/* Who has the lock mends it, or is about to run the machine. */
	for (unsigned tries = 1; ret == -EAGAIN && tries < TRIES; tries++) {
		(void)nanosleep(&pause, NULL);
		ret = look(home, store, name, record, error);
	}
	return ret;
}
