/* SPDX-License-Identifier: BSD-3-Clause */
/* The document is written. */
#include "cli/export.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"

static void add_text(struct json_object *object, const char *name, const char *text)
{
	(void)json_object_object_add(object, name,
				     text != NULL ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *object, const char *name, int64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_int64(number));
}

static void add_unsigned(struct json_object *object, const char *name, uint64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_uint64(number));
}

static struct json_object *write_extents(const struct record_disk *disk)
{
	struct json_object *extents = json_object_new_array();

	for (size_t i = 0; i < disk->extent_count; i++) {
		struct json_object *extent = json_object_new_array();

		(void)json_object_array_add(extent,
					    json_object_new_uint64(disk->extents[i].offset));
		(void)json_object_array_add(extent,
					    json_object_new_uint64(disk->extents[i].len_bytes));
		(void)json_object_array_add(extents, extent);
	}
	return extents;
}

static struct json_object *write_disk(const struct record_disk *disk)
{
	struct json_object *object = json_object_new_object();
	char digest[2 * RECORD_DIGEST_BYTES + 1];

	for (size_t i = 0; i < RECORD_DIGEST_BYTES; i++) {
		(void)snprintf(digest + 2 * i, 3, "%02x", disk->digest[i]);
	}
	add_text(object, "path", disk->path);
	add_unsigned(object, "device", disk->device);
	add_unsigned(object, "inode", disk->inode);
	add_unsigned(object, "size", disk->size_bytes);
	add_number(object, "mtime_ns", disk->mtime_ns);
	add_number(object, "ctime_ns", disk->ctime_ns);
	(void)json_object_object_add(object, "extents", write_extents(disk));
	add_text(object, "digest", digest);
	return object;
}

struct json_object *export_write(const struct machine_record *record,
				 const struct export_blob *variables)
{
	struct json_object *object = json_object_new_object();
	struct json_object *disks = json_object_new_array();
	char *base64 = variables->bytes != NULL ? export_base64(variables) : NULL;

	for (size_t i = 0; i < record->disk_count; i++) {
		(void)json_object_array_add(disks, write_disk(&record->disks[i]));
	}
	add_text(object, "format", EXPORT_FORMAT);
	add_number(object, "version", EXPORT_VERSION);
	add_text(object, "name", record->name);
	add_text(object, "uuid", record->uuid);
	add_text(object, "state", machine_state_name(record->state));
	add_number(object, "created_ns", record->created_ns);
	(void)json_object_object_add(object, "options", json_tokener_parse(record->options));
	add_text(object, "image", show_image(record->image));
	add_number(object, "epoch", record->epoch);
	add_number(object, "signature", record->signature);
	add_text(object, "description", record->description);
	(void)json_object_object_add(object, "disks", disks);
	add_text(object, "wake", show_wake(record->wake));
	add_number(object, "wake_at_s", record->wake_at_s);
	add_text(object, "variables", base64);
	free(base64);
	return object;
}
