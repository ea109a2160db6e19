/* SPDX-License-Identifier: BSD-3-Clause */
/* The histories of the machines in the store. */
#include <errno.h>
#include <string.h>

#include "host/step.h"
#include "host/store_internal.h"

#define COUNT "UPDATE machine SET events = events + ?2 WHERE id = ?1 RETURNING events"
#define INSERT                                                                                     \
	"INSERT INTO event (machine, number, time_ns, kind, from_state, to_state, cause, asker,"   \
	" detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
#define BOUND "DELETE FROM event WHERE machine = ?1 AND number <= ?2"
#define SELECT                                                                                     \
	"SELECT event.id, time_ns, machine.name, kind, from_state, to_state, cause, asker, detail" \
	" FROM event JOIN machine ON machine.id = event.machine"                                   \
	" WHERE event.id > ?1 AND (?2 IS NULL OR machine.name = ?2) ORDER BY event.id"

/* Numbers for @count more events: @last is that of the last. */
static int count_events(struct store *store, int64_t machine, size_t count, int64_t *last,
			struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, COUNT, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, machine);
	(void)sqlite3_bind_int64(statement, 2, (int64_t)count);
	code = STEP("store: count events", sqlite3_step(statement));
	if (code == SQLITE_ROW) {
		*last = sqlite3_column_int64(statement, 0);
		code = SQLITE_DONE;
	} else if (code == SQLITE_DONE) {
		vmm_error_set(error, "the machine was removed meanwhile");
		ret = -ENOENT;
	}
	if (ret == 0 && code != SQLITE_DONE) {
		ret = store_failed(store, code, error);
	}
	(void)sqlite3_finalize(statement);
	return ret;
}

static int put_event(struct store *store, sqlite3_stmt *statement,
		     const struct machine_event *event, struct vmm_error *error)
{
	const char *from = machine_state_name(event->from);
	const char *to = machine_state_name(event->to);
	int code;

	(void)sqlite3_bind_int64(statement, 3, event->time_ns);
	(void)sqlite3_bind_text(statement, 4, event->kind, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 5, from, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 6, to, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 7, event->cause, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 8, event->by, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 9, event->detail, -1, SQLITE_STATIC);
	code = STEP("store: add event", sqlite3_step(statement));
	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : store_failed(store, code, error);
}

static int remove_oldest(struct store *store, int64_t machine, int64_t last,
			 struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret;
	int code;

	if (last <= STORE_EVENT_COUNT_MAX) {
		return 0;
	}
	ret = store_prepare(store, BOUND, &statement, error);
	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, machine);
	(void)sqlite3_bind_int64(statement, 2, last - STORE_EVENT_COUNT_MAX);
	code = STEP("store: remove oldest events", sqlite3_step(statement));
	ret = code == SQLITE_DONE ? 0 : store_failed(store, code, error);
	(void)sqlite3_finalize(statement);
	return ret;
}

int store_put_events(struct store *store, int64_t machine, const struct machine_event *events,
		     size_t count, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int64_t last = 0;
	int ret = count_events(store, machine, count, &last, error);

	ret = ret == 0 ? store_prepare(store, INSERT, &statement, error) : ret;
	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, machine);
	for (size_t i = 0; ret == 0 && i < count; i++) {
		int64_t number = last - (int64_t)(count - 1 - i);

		(void)sqlite3_bind_int64(statement, 2, number);
		ret = put_event(store, statement, &events[i], error);
	}
	(void)sqlite3_finalize(statement);
	return ret == 0 ? remove_oldest(store, machine, last, error) : ret;
}

int store_log(struct store *store, int64_t id, const struct machine_event *events, size_t count,
	      struct vmm_error *error)
{
	int ret = store_begin(store, error);

	if (ret != 0) {
		return ret;
	}
	return store_end(store, store_put_events(store, id, events, count, error), error);
}

static int read_event(struct store *store, sqlite3_stmt *statement, struct machine_event *event,
		      struct vmm_error *error)
{
	char from[16];
	char to[16];

	memset(event, 0, sizeof(*event));
	event->id = sqlite3_column_int64(statement, 0);
	event->time_ns = sqlite3_column_int64(statement, 1);
	store_read_text(statement, 2, event->machine, sizeof(event->machine));
	store_read_text(statement, 3, event->kind, sizeof(event->kind));
	store_read_text(statement, 4, from, sizeof(from));
	store_read_text(statement, 5, to, sizeof(to));
	store_read_text(statement, 6, event->cause, sizeof(event->cause));
	store_read_text(statement, 7, event->by, sizeof(event->by));
	if (!machine_state_parse(from, &event->from) || !machine_state_parse(to, &event->to)) {
		return store_bad_row(store, "history", error);
	}
	return store_copy_text(statement, 8, &event->detail) ? 0 : store_no_memory(store, error);
}

int store_events(struct store *store, const char *name, int64_t after,
		 bool (*take)(void *ctx, const struct machine_event *event), void *ctx,
		 struct vmm_error *error)
{
	struct machine_event event;
	sqlite3_stmt *statement;
	int code = SQLITE_DONE;
	bool more = true;
	int ret = store_prepare(store, SELECT, &statement, error);

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, after);
	(void)sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	while (ret == 0 && more && (code = store_next_row(statement)) == SQLITE_ROW) {
		ret = read_event(store, statement, &event, error);
		more = ret == 0 && take(ctx, &event);
		record_event_free(&event);
	}
	if (ret == 0 && more && code != SQLITE_DONE) {
		ret = store_failed(store, code, error);
	}
	(void)sqlite3_finalize(statement);
	return ret;
}
