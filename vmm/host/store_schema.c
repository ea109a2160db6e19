/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables, and how an older file comes to have them. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "host/step.h"
#include "host/store_internal.h"

/* "torp": `file` and we know our own by it. */
#define APPLICATION_ID "1953460848"
#define APPLICATION 1953460848

#define STATES "('off','starting','running','suspended','hibernated','stopping','crashed')"

/*
 * Each leads from the version of its index to the next. What has been released is never changed:
 * another step goes to the end.
 */
static const char *const migrations[] = {
	"PRAGMA application_id = " APPLICATION_ID ";"
	"CREATE TABLE machine ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" revision INTEGER NOT NULL,"
	" name TEXT NOT NULL UNIQUE,"
	" uuid TEXT NOT NULL,"
	" state TEXT NOT NULL CHECK (state IN " STATES "),"
	" since_ns INTEGER NOT NULL,"
	" boot_id TEXT NOT NULL,"
	" created_ns INTEGER NOT NULL,"
	" options TEXT NOT NULL,"
	" image TEXT NOT NULL CHECK (image IN ('none','maybe','likely','saved','discarded')),"
	" epoch INTEGER NOT NULL,"
	" signature INTEGER NOT NULL,"
	" description TEXT,"
	" wake TEXT NOT NULL CHECK (wake IN ('none','alarm','user')),"
	" wake_at_s INTEGER NOT NULL,"
	/* Of the last event, which has that number. */
	" events INTEGER NOT NULL,"
	/* What hibernated can be resumed, and nothing else can. */
	" CHECK ((state = 'hibernated') = (image = 'saved'))"
	") STRICT;"
	"CREATE TABLE disk ("
	" machine INTEGER NOT NULL REFERENCES machine (id) ON DELETE CASCADE,"
	" number INTEGER NOT NULL,"
	" path TEXT NOT NULL,"
	" device INTEGER NOT NULL,"
	" inode INTEGER NOT NULL,"
	" size_bytes INTEGER NOT NULL,"
	" mtime_ns INTEGER NOT NULL,"
	" ctime_ns INTEGER NOT NULL,"
	/* Pairs of offset and length, 64 bits each, most significant byte first. */
	" extents BLOB NOT NULL CHECK (length(extents) % 16 = 0),"
	" digest BLOB NOT NULL CHECK (length(digest) = 16),"
	" UNIQUE (machine, number)"
	") STRICT;"
	"CREATE TABLE event ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" machine INTEGER NOT NULL REFERENCES machine (id) ON DELETE CASCADE,"
	" number INTEGER NOT NULL,"
	" time_ns INTEGER NOT NULL,"
	" kind TEXT NOT NULL,"
	" from_state TEXT NOT NULL CHECK (from_state IN " STATES "),"
	" to_state TEXT NOT NULL CHECK (to_state IN " STATES "),"
	" cause TEXT NOT NULL,"
	" asker TEXT NOT NULL,"
	" detail TEXT,"
	" UNIQUE (machine, number)"
	") STRICT;",
};

#define VERSION ((int)(sizeof(migrations) / sizeof(migrations[0])))

/**
 * struct schema - what is in the file
 * @version:     steps that were taken; 0: none
 * @application: whose it is
 * @tables:      and all else that the schema has
 */
struct schema {
	int version;
	int application;
	int tables;
};

/* In one statement: another process may be making the tables, and comes between two. */
#define LOOK                                                                                       \
	"SELECT (SELECT user_version FROM pragma_user_version),"                                   \
	" (SELECT application_id FROM pragma_application_id),"                                     \
	" (SELECT count(*) FROM sqlite_schema)"

static int look(struct store *store, struct schema *schema, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, LOOK, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	code = store_next_row(statement);
	schema->version = sqlite3_column_int(statement, 0);
	schema->application = sqlite3_column_int(statement, 1);
	schema->tables = sqlite3_column_int(statement, 2);
	ret = code == SQLITE_ROW ? 0 : store_failed(store, code, error);
	(void)sqlite3_finalize(statement);
	return ret;
}

/* Somebody else's database must not get our tables. */
static bool is_foreign(const struct schema *schema)
{
	return schema->version == 0 ? schema->tables != 0 : schema->application != APPLICATION;
}

static int read_version(struct store *store, int *version, struct vmm_error *error)
{
	struct schema schema;
	int ret = look(store, &schema, error);

	if (ret != 0) {
		return ret;
	}
	*version = schema.version;
	if (schema.version > VERSION) {
		vmm_error_set(error,
			      "%s: has schema version %d: expected at most %d; a newer torpor made "
			      "it, which this one must not change: use that",
			      store->path, schema.version, VERSION);
		return -EPROTO;
	}
	if (is_foreign(&schema)) {
		vmm_error_set(error,
			      "%s: is a database of another program: expected one that torpor "
			      "made; TORPOR_HOME can name another folder",
			      store->path);
		return -EUCLEAN;
	}
	return 0;
}

static int apply(struct store *store, int version, struct vmm_error *error)
{
	char pragma[64];
	int code = STEP("store: migrate",
			sqlite3_exec(store->db, migrations[version], NULL, NULL, NULL));

	(void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", version + 1);
	if (code == SQLITE_OK) {
		code = STEP("store: set version", sqlite3_exec(store->db, pragma, 0, 0, 0));
	}
	return code == SQLITE_OK ? 0 : store_failed(store, code, error);
}

int store_migrate(struct store *store, struct vmm_error *error)
{
	int version = 0;
	int ret = read_version(store, &version, error);

	while (ret == 0 && version < VERSION) {
		ret = store_begin(store, error);
		if (ret != 0) {
			return ret;
		}
		/* Another process may have been faster. */
		ret = read_version(store, &version, error);
		if (ret == 0 && version < VERSION) {
			ret = apply(store, version, error);
			version++;
		}
		ret = store_end(store, ret, error);
	}
	return ret;
}
