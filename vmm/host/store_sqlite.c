/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/home.h"
#include "host/step.h"
#include "host/store_internal.h"

#define FILE_MODE 0600
/* How long another process may take with its transaction, or with recovery after a crash. */
#define BUSY_MS 20000
#define RETRY_NS 5000000L
#define RETRIES (BUSY_MS / 5)

static int errno_of(int code)
{
	switch (code & 0xFF) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -ETIMEDOUT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return -EACCES;
	default:
		return -EIO;
	}
}

int store_failed(struct store *store, int code, struct vmm_error *error)
{
	const char *what = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
	int ret = errno_of(code);

	switch (ret) {
	case -EUCLEAN:
		vmm_error_set(error,
			      "%s: %s: expected a sound database; it was left as it is: put a copy "
			      "of it back, or move it away to begin without machines",
			      store->path, what);
		break;
	case -ETIMEDOUT:
		vmm_error_set(error,
			      "%s: %s: expected other processes to be done with it within "
			      "%d s",
			      store->path, what, BUSY_MS / 1000);
		break;
	default:
		vmm_error_set(error,
			      "%s: %s: expected a file that you may write to, and room for it",
			      store->path, what);
		break;
	}
	return ret;
}

int store_no_memory(struct store *store, struct vmm_error *error)
{
	return store_failed(store, SQLITE_NOMEM, error);
}

int store_bad_row(struct store *store, const char *what, struct vmm_error *error)
{
	vmm_error_set(error,
		      "%s: the %s of a machine makes no sense: expected what torpor wrote; it was "
		      "left as it is: put a copy of it back",
		      store->path, what);
	return -EUCLEAN;
}

int store_prepare(struct store *store, const char *sql, sqlite3_stmt **statement,
		  struct vmm_error *error)
{
	int code = sqlite3_prepare_v2(store->db, sql, -1, statement, NULL);

	return code == SQLITE_OK ? 0 : store_failed(store, code, error);
}

int store_next_row(sqlite3_stmt *statement)
{
	return sqlite3_stmt_readonly(statement) != 0 ? sqlite3_step(statement) : SQLITE_MISUSE;
}

int store_begin(struct store *store, struct vmm_error *error)
{
	int code = STEP("store: begin", sqlite3_exec(store->db, "BEGIN IMMEDIATE", 0, 0, 0));

	return code == SQLITE_OK ? 0 : store_failed(store, code, error);
}

int store_end(struct store *store, int ret, struct vmm_error *error)
{
	if (ret == 0) {
		int code = STEP("store: commit", sqlite3_exec(store->db, "COMMIT", 0, 0, 0));

		ret = code == SQLITE_OK ? 0 : store_failed(store, code, error);
	}
	/* SQLite may have done so by itself. */
	if (ret != 0 && sqlite3_get_autocommit(store->db) == 0) {
		(void)STEP("store: undo", sqlite3_exec(store->db, "ROLLBACK", 0, 0, 0));
	}
	return ret;
}

/*
 * SQLite would make it readable for others. Not if it is there: to close a file ends all locks of
 * the process on it, also those of another connection.
 */
static int make_file(struct store *store, struct vmm_error *error)
{
	int fd;

	if (access(store->path, F_OK) == 0) {
		return 0;
	}
	fd = STEP("store: make file",
		  open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE));
	if (fd < 0 && errno != EEXIST) {
		int why = errno;

		vmm_error_set(error, "%s: %s: expected a folder that you may write to", store->path,
			      strerror(why));
		return -why;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return 0;
}

/* The switch to WAL does not wait for others that are at it too. */
static int set_up(sqlite3 *db)
{
	const struct timespec pause = {.tv_nsec = RETRY_NS};
	int code = SQLITE_BUSY;

	(void)sqlite3_busy_timeout(db, BUSY_MS);
	for (unsigned tries = 0; code == SQLITE_BUSY && tries < RETRIES; tries++) {
		if (tries > 0) {
			(void)nanosleep(&pause, NULL);
		}
		code = STEP("store: set up", sqlite3_exec(db,
							  "PRAGMA journal_mode = WAL;"
							  "PRAGMA synchronous = FULL;"
							  "PRAGMA foreign_keys = ON;",
							  0, 0, 0));
	}
	return code;
}

static int open_file(struct store *store, struct vmm_error *error)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int ret = make_file(store, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	code = sqlite3_open_v2(store->path, &store->db, flags, NULL);
	code = code == SQLITE_OK ? set_up(store->db) : code;
	return code == SQLITE_OK ? store_migrate(store, error) : store_failed(store, code, error);
}

int store_open(struct store **store, const char *folder, struct vmm_error *error)
{
	struct store *made = calloc(1, sizeof(*made));
	struct home home;
	int ret;

	if (made == NULL) {
		vmm_error_set(error, "the store cannot be opened: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	(void)snprintf(home.path, sizeof(home.path), "%s", folder);
	(void)snprintf(made->path, sizeof(made->path), "%s/" STORE_FILE, home.path);
	ret = home_make(&home, error);
	ret = ret == 0 ? open_file(made, error) : ret;
	if (ret != 0) {
		store_close(made);
		return ret;
	}
	*store = made;
	return 0;
}

void store_close(struct store *store)
{
	if (store != NULL) {
		/* The last to close it writes what is in the WAL to the file. */
		(void)STEP("store: close", sqlite3_close(store->db));
		free(store);
	}
}
