/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the SQLite store share.
 *
 * Words for states and the like are kept as words, so that the file can be read without us.
 */
#ifndef VMM_HOST_STORE_INTERNAL_H
#define VMM_HOST_STORE_INTERNAL_H

#include <sqlite3.h>

#include "host/store.h"

/* Of a machine: the oldest go, so that a guest can't fill the host's disk. */
#define STORE_EVENT_COUNT_MAX 100000
#define STORE_FILE "torpor.db"

/** struct store - an open store; @path is of its file, for messages */
struct store {
	sqlite3 *db;
	char path[1100];
};

/* store_sqlite.c: fills @error from SQLite's code and message; the errno for it, negative. */
int store_failed(struct store *store, int code, struct vmm_error *error);

/* store_sqlite.c: a statement to bind and step; 0 or -errno. */
int store_prepare(struct store *store, const char *sql, sqlite3_stmt **statement,
		  struct vmm_error *error);

/*
 * store_sqlite.c: the next row of a statement that only reads: SQLITE_ROW, SQLITE_DONE or an error.
 * One that changes something is a step (step.h), and is refused here.
 */
int store_next_row(sqlite3_stmt *statement);

/*
 * store_sqlite.c: a transaction. store_end() commits if @ret is 0 and that works, else it undoes
 * all; it returns what it came to.
 */
int store_begin(struct store *store, struct vmm_error *error);
int store_end(struct store *store, int ret, struct vmm_error *error);

/* store_schema.c: makes or upgrades the tables, each step in a transaction. */
int store_migrate(struct store *store, struct vmm_error *error);

/* store_disks.c: of the disks of a machine, within a transaction. */
int store_put_disks(struct store *store, const struct machine_record *record,
		    struct vmm_error *error);
int store_get_disks(struct store *store, struct machine_record *record, struct vmm_error *error);

/*
 * store_history.c: adds events to a machine, within a transaction, and removes the oldest.
 * -ENOENT, without a text, if there is no such machine.
 */
int store_put_events(struct store *store, int64_t machine, const struct machine_event *events,
		     size_t count, struct vmm_error *error);

/* store_record.c: text of a column, cut to fit, "" for NULL; and in memory of its own. */
void store_read_text(sqlite3_stmt *statement, int column, char *text, size_t size);
bool store_copy_text(sqlite3_stmt *statement, int column, char **text);

/* store_sqlite.c: memory ran out, or a row says what it can't; the errno, with @error filled. */
int store_no_memory(struct store *store, struct vmm_error *error);
int store_bad_row(struct store *store, const char *what, struct vmm_error *error);

#endif /* VMM_HOST_STORE_INTERNAL_H */
