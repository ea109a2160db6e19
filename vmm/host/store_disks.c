/* SPDX-License-Identifier: BSD-3-Clause */
/* What the store keeps of the disks of a hibernated machine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/step.h"
#include "host/store_internal.h"

#define NUMBER_BYTES 8
#define EXTENT_BYTES ((size_t)2 * NUMBER_BYTES)

#define DELETE "DELETE FROM disk WHERE machine = ?1"
#define INSERT                                                                                     \
	"INSERT INTO disk (machine, number, path, device, inode, size_bytes, mtime_ns, ctime_ns,"  \
	" extents, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
#define SELECT                                                                                     \
	"SELECT path, device, inode, size_bytes, mtime_ns, ctime_ns, extents, digest FROM disk"    \
	" WHERE machine = ?1 ORDER BY number"

static void put_number(uint8_t bytes[NUMBER_BYTES], uint64_t number)
{
	for (unsigned i = 0; i < NUMBER_BYTES; i++) {
		bytes[i] = (uint8_t)(number >> (8 * (NUMBER_BYTES - 1 - i)));
	}
}

static uint64_t get_number(const uint8_t bytes[NUMBER_BYTES])
{
	uint64_t number = 0;

	for (unsigned i = 0; i < NUMBER_BYTES; i++) {
		number = number << 8 | bytes[i];
	}
	return number;
}

/* The extents as they are kept; NULL without memory. */
static uint8_t *pack(const struct record_disk *disk)
{
	/* One more, as there may be none, for which NULL would stand. */
	uint8_t *bytes = malloc((disk->extent_count + 1) * EXTENT_BYTES);

	for (size_t i = 0; bytes != NULL && i < disk->extent_count; i++) {
		put_number(bytes + i * EXTENT_BYTES, disk->extents[i].offset);
		put_number(bytes + i * EXTENT_BYTES + NUMBER_BYTES, disk->extents[i].len_bytes);
	}
	return bytes;
}

static int remove_disks(struct store *store, int64_t machine, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, DELETE, &statement, error);
	int code;

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, machine);
	code = STEP("store: remove disks", sqlite3_step(statement));
	ret = code == SQLITE_DONE ? 0 : store_failed(store, code, error);
	(void)sqlite3_finalize(statement);
	return ret;
}

static int put_disk(struct store *store, sqlite3_stmt *statement, const struct record_disk *disk,
		    struct vmm_error *error)
{
	uint8_t *extents = pack(disk);
	int code;

	if (extents == NULL) {
		return store_no_memory(store, error);
	}
	(void)sqlite3_bind_text(statement, 3, disk->path, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 4, (int64_t)disk->device);
	(void)sqlite3_bind_int64(statement, 5, (int64_t)disk->inode);
	(void)sqlite3_bind_int64(statement, 6, (int64_t)disk->size_bytes);
	(void)sqlite3_bind_int64(statement, 7, disk->mtime_ns);
	(void)sqlite3_bind_int64(statement, 8, disk->ctime_ns);
	(void)sqlite3_bind_blob64(statement, 9, extents, disk->extent_count * EXTENT_BYTES,
				  SQLITE_STATIC);
	(void)sqlite3_bind_blob(statement, 10, disk->digest, sizeof(disk->digest), SQLITE_STATIC);
	code = STEP("store: add disk", sqlite3_step(statement));
	(void)sqlite3_reset(statement);
	free(extents);
	return code == SQLITE_DONE ? 0 : store_failed(store, code, error);
}

int store_put_disks(struct store *store, const struct machine_record *record,
		    struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = remove_disks(store, record->id, error);

	ret = ret == 0 ? store_prepare(store, INSERT, &statement, error) : ret;
	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, record->id);
	for (size_t i = 0; ret == 0 && i < record->disk_count; i++) {
		(void)sqlite3_bind_int64(statement, 2, (int64_t)i);
		ret = put_disk(store, statement, &record->disks[i], error);
	}
	(void)sqlite3_finalize(statement);
	return ret;
}

static bool unpack(sqlite3_stmt *statement, int column, struct record_disk *disk)
{
	const uint8_t *bytes = sqlite3_column_blob(statement, column);
	size_t count = (size_t)sqlite3_column_bytes(statement, column) / EXTENT_BYTES;

	disk->extents = calloc(count + 1, sizeof(*disk->extents));
	if (disk->extents == NULL) {
		return false;
	}
	disk->extent_count = count;
	for (size_t i = 0; i < count; i++) {
		disk->extents[i].offset = get_number(bytes + i * EXTENT_BYTES);
		disk->extents[i].len_bytes = get_number(bytes + i * EXTENT_BYTES + NUMBER_BYTES);
	}
	return true;
}

static int get_disk(struct store *store, sqlite3_stmt *statement, struct record_disk *disk,
		    struct vmm_error *error)
{
	const void *digest;

	disk->device = (uint64_t)sqlite3_column_int64(statement, 1);
	disk->inode = (uint64_t)sqlite3_column_int64(statement, 2);
	disk->size_bytes = (uint64_t)sqlite3_column_int64(statement, 3);
	disk->mtime_ns = sqlite3_column_int64(statement, 4);
	disk->ctime_ns = sqlite3_column_int64(statement, 5);
	if (!store_copy_text(statement, 0, &disk->path) || !unpack(statement, 6, disk)) {
		return store_no_memory(store, error);
	}
	digest = sqlite3_column_blob(statement, 7);
	if (digest == NULL || sqlite3_column_bytes(statement, 7) != RECORD_DIGEST_BYTES) {
		return store_bad_row(store, "disks' digest", error);
	}
	memcpy(disk->digest, digest, RECORD_DIGEST_BYTES);
	return 0;
}

int store_get_disks(struct store *store, struct machine_record *record, struct vmm_error *error)
{
	sqlite3_stmt *statement;
	int ret = store_prepare(store, SELECT, &statement, error);
	int code = SQLITE_DONE;

	if (ret != 0) {
		return ret;
	}
	(void)sqlite3_bind_int64(statement, 1, record->id);
	while (ret == 0 && (code = store_next_row(statement)) == SQLITE_ROW) {
		if (record->disk_count == RECORD_DISK_COUNT_MAX) {
			ret = store_bad_row(store, "number of disks", error);
		} else {
			ret = get_disk(store, statement, &record->disks[record->disk_count++],
				       error);
		}
	}
	if (ret == 0 && code != SQLITE_DONE) {
		ret = store_failed(store, code, error);
	}
	(void)sqlite3_finalize(statement);
	return ret;
}
