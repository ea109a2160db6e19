/* SPDX-License-Identifier: BSD-3-Clause */
/* The machines in the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/step.h"
#include "host/store_internal.h"

#define SELECT                                                                                     \
	"SELECT id, revision, name, uuid, state, since_ns, boot_id, created_ns, options, image,"   \
	" epoch, signature, description, wake, wake_at_s FROM machine WHERE name = ?1"
#define INSERT                                                                                     \
	"INSERT INTO machine (state, since_ns, boot_id, options, image, epoch, signature,"         \
	" description, wake, wake_at_s, name, uuid, created_ns, revision, events)"                 \
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1, 0)"
#define UPDATE                                                                                     \
	"UPDATE machine SET state = ?1, since_ns = ?2, boot_id = ?3, options = ?4, image = ?5,"    \
	" epoch = ?6, signature = ?7, description = ?8, wake = ?9, wake_at_s = ?10,"               \
	" revision = revision + 1 WHERE id = ?11 AND revision = ?12"
#define DELETE "DELETE FROM machine WHERE id = ?1 AND revision = ?2"

void store_read_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
	const unsigned char *value = sqlite3_column_text(statement, column);

	(void)snprintf(text, size, "%s", value != NULL ? (const char *)value : "");
}

bool store_copy_text(sqlite3_stmt *statement, int column, char **text)
{
	const unsigned char *value = sqlite3_column_text(statement, column);

	*text = value != NULL ? strdup((const char *)value) : NULL;
	return *text != NULL || sqlite3_column_type(statement, column) == SQLITE_NULL;
}

static bool read_words(sqlite3_stmt *statement, struct machine_record *record)
{
	char state[16];
	char image[16];
	char wake[16];

	store_read_text(statement, 4, state, sizeof(state));
	store_read_text(statement, 9, image, sizeof(image));
	store_read_text(statement, 13, wake, sizeof(wake));
	return machine_state_parse(state, &record->state) &&
	       record_image_parse(image, &record->image) && record_wake_parse(wake, &record->wake);
}

static int read_row(struct store *store, sqlite3_stmt *statement, struct machine_record *record,
		    struct vmm_error *error)
{
	record->id = sqlite3_column_int64(statement, 0);
	record->revision = sqlite3_column_int64(statement, 1);
	store_read_text(statement, 2, record->name, sizeof(record->name));
	store_read_text(statement, 3, record->uuid, sizeof(record->uuid));
	record->since_ns = sqlite3_column_int64(statement, 5);
	store_read_text(statement, 6, record->boot_id, sizeof(record->boot_id));
	record->created_ns = sqlite3_column_int64(statement, 7);
	record->epoch = (uint32_t)sqlite3_column_int64(statement, 10);
	record->signature = (uint32_t)sqlite3_column_int64(statement, 11);
	record->wake_at_s = sqlite3_column_int64(statement, 14);
	if (!read_words(statement, record)) {
		return store_bad_row(store, "state", error);
	}
	if (!store_copy_text(statement, 8, &record->options) ||
	    !store_copy_text(statement, 12, &record->description)) {
		return store_no_memory(store, error);
	}
	return 0;
}

/* All of one moment: within a transaction. */
static int read_machine(struct store *store, const char *name, struct machine_record *record,
			struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, SELECT, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	code = store_next_row(statement);
	if (code == SQLITE_ROW) {
		ret = read_row(store, statement, record, error);
	} else if (code == SQLITE_DONE) {
		vmm_error_set(error,
			      "there is no machine '%s': expected a name that 'torpor list' shows",
			      name);
		ret = -ENOENT;
	} else {
		ret = store_failed(store, code, error);
	}
	(void)sqlite3_finalize(statement);
	return ret == 0 ? store_get_disks(store, record, error) : ret;
}

int store_get(struct store *store, const char *name, struct machine_record *record,
	      struct vmm_error *error)
{
	int code = STEP("store: begin reading", sqlite3_exec(store->db, "BEGIN", 0, 0, 0));
	int ret;

	memset(record, 0, sizeof(*record));
	if (code != SQLITE_OK) {
		return store_failed(store, code, error);
	}
	ret = read_machine(store, name, record, error);
	(void)STEP("store: end reading", sqlite3_exec(store->db, "ROLLBACK", 0, 0, 0));
	if (ret != 0) {
		record_free(record);
	}
	return ret;
}

/* Adds to *names, of which the first *count are used. */
static bool add_name(sqlite3_stmt *statement, char ***names, size_t *count)
{
	char **more = realloc(*names, (*count + 1) * sizeof(**names));

	if (more == NULL) {
		return false;
	}
	*names = more;
	if (!store_copy_text(statement, 0, &more[*count])) {
		return false;
	}
	(*count)++;
	return true;
}

int store_list(struct store *store, char ***names, size_t *count, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, "SELECT name FROM machine ORDER BY name", &statement, error);
	int code = SQLITE_ROW;

	*names = NULL;
	*count = 0;
	while (ret == 0 && (code = store_next_row(statement)) == SQLITE_ROW) {
		ret = add_name(statement, names, count) ? 0 : store_no_memory(store, error);
	}
	if (ret == 0 && code != SQLITE_DONE) {
		ret = store_failed(store, code, error);
	}
	(void)sqlite3_finalize(statement);
	if (ret != 0) {
		for (size_t i = 0; i < *count; i++) {
			free((*names)[i]);
		}
		free(*names);
		*names = NULL;
		*count = 0;
	}
	return ret;
}

static void bind_record(sqlite3_stmt *statement, const struct machine_record *record)
{
	const char *state = machine_state_name(record->state);

	(void)sqlite3_bind_text(statement, 1, state, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, record->since_ns);
	(void)sqlite3_bind_text(statement, 3, record->boot_id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 4, record->options, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 5, record_image_name(record->image), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 6, record->epoch);
	(void)sqlite3_bind_int64(statement, 7, record->signature);
	(void)sqlite3_bind_text(statement, 8, record->description, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 9, record_wake_name(record->wake), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 10, record->wake_at_s);
}

static int insert(struct store *store, const struct machine_record *record, int64_t *id,
		  struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, INSERT, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	bind_record(statement, record);
	(void)sqlite3_bind_text(statement, 11, record->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 12, record->uuid, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 13, record->created_ns);
	code = STEP("store: add machine", sqlite3_step(statement));
	if (code == SQLITE_CONSTRAINT_UNIQUE) {
		vmm_error_set(error, "there is a machine '%s' already: expected another name",
			      record->name);
		ret = -EEXIST;
	} else if (code != SQLITE_DONE) {
		ret = store_failed(store, code, error);
	}
	*id = sqlite3_last_insert_rowid(store->db);
	(void)sqlite3_finalize(statement);
	return ret;
}

int store_add(struct store *store, struct machine_record *record, const struct machine_event *event,
	      struct vmm_error *error)
{
	struct machine_record added = *record;
	int ret = store_begin(store, error);

	if (ret != 0) {
		return ret;
	}
	ret = insert(store, record, &added.id, error);
	ret = ret == 0 ? store_put_disks(store, &added, error) : ret;
	ret = ret == 0 ? store_put_events(store, added.id, event, 1, error) : ret;
	ret = store_end(store, ret, error);
	if (ret == 0) {
		record->id = added.id;
		record->revision = 1;
	}
	return ret;
}

/* Why a change of the record met no row. */
static int missed(struct store *store, const struct machine_record *record, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, "SELECT 1 FROM machine WHERE id = ?1", &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, record->id);
	code = store_next_row(statement);
	if (code == SQLITE_ROW) {
		vmm_error_set(error,
			      "machine '%s' was changed by another torpor meanwhile: try again",
			      record->name);
		ret = -ESTALE;
	} else if (code == SQLITE_DONE) {
		vmm_error_set(error, "machine '%s' was removed meanwhile", record->name);
		ret = -ENOENT;
	} else {
		ret = store_failed(store, code, error);
	}
	(void)sqlite3_finalize(statement);
	return ret;
}

/* After the step of a statement that was to change the record's row. */
static int changed(struct store *store, int code, const struct machine_record *record,
		   struct vmm_error *error)
{
	if (code != SQLITE_DONE) {
		return store_failed(store, code, error);
	}
	return sqlite3_changes(store->db) == 1 ? 0 : missed(store, record, error);
}

static int update(struct store *store, const struct machine_record *record, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, UPDATE, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	bind_record(statement, record);
	(void)sqlite3_bind_int64(statement, 11, record->id);
	(void)sqlite3_bind_int64(statement, 12, record->revision);
	code = STEP("store: change machine", sqlite3_step(statement));
	ret = changed(store, code, record, error);
	(void)sqlite3_finalize(statement);
	return ret;
}

int store_update(struct store *store, struct machine_record *record,
		 const struct machine_event *event, struct vmm_error *error)
{
	int ret = store_begin(store, error);

	if (ret != 0) {
		return ret;
	}
	ret = update(store, record, error);
	ret = ret == 0 ? store_put_disks(store, record, error) : ret;
	ret = ret == 0 ? store_put_events(store, record->id, event, 1, error) : ret;
	ret = store_end(store, ret, error);
	if (ret == 0) {
		record->revision++;
	}
	return ret;
}

static int remove_row(struct store *store, const struct machine_record *record,
		      struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, DELETE, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, record->id);
	(void)sqlite3_bind_int64(statement, 2, record->revision);
	code = STEP("store: remove machine", sqlite3_step(statement));
	ret = changed(store, code, record, error);
	(void)sqlite3_finalize(statement);
	return ret;
}

int store_remove(struct store *store, const struct machine_record *record, struct vmm_error *error)
{
	int ret = store_begin(store, error);

	if (ret != 0) {
		return ret;
	}
	/* Its disks and history go with it: they refer to it. */
	return store_end(store, remove_row(store, record, error), error);
}
