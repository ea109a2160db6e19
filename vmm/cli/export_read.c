/* SPDX-License-Identifier: BSD-3-Clause */
/* The document is read, and nothing in it believed. */
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/export.h"
#include "cli/options_words.h"
#include "cli/show.h"

#define EXTENT_COUNT_MAX (1U << 22)

/**
 * struct reader - an object that is being read
 * @object: it
 * @error:  filled at the first fault
 * @good:   there was none
 */
struct reader {
	struct json_object *object;
	struct vmm_error *error;
	bool good;
};

static void fault(struct reader *reader, const char *name, const char *expected)
{
	if (reader->good) {
		vmm_error_set(reader->error, "member '%s': expected %s", name, expected);
		reader->error->bad_input = true;
	}
	reader->good = false;
}

static struct json_object *member(struct reader *reader, const char *name, enum json_type type,
				  const char *expected)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(reader->object, name, &value) ||
	    !json_object_is_type(value, type)) {
		fault(reader, name, expected);
		return NULL;
	}
	return value;
}

/* "" if it is none. */
static const char *text(struct reader *reader, const char *name, const char *expected)
{
	struct json_object *value = member(reader, name, json_type_string, expected);
	const char *string = value != NULL ? json_object_get_string(value) : "";

	if (value != NULL && strlen(string) != (size_t)json_object_get_string_len(value)) {
		fault(reader, name, expected);
		return "";
	}
	return string;
}

/* NULL if it is null, too. */
static char *optional_text(struct reader *reader, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(reader->object, name, &value) && value == NULL) {
		return NULL;
	}
	return strdup(text(reader, name, "a text or null"));
}

static uint64_t number(struct reader *reader, const char *name, uint64_t max)
{
	struct json_object *value = member(reader, name, json_type_int, "a number from 0 on");

	if (value != NULL &&
	    (json_object_get_int64(value) < 0 || json_object_get_uint64(value) > max)) {
		fault(reader, name, "a number in its range");
	}
	return value != NULL ? json_object_get_uint64(value) : 0;
}

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

static void read_digest(struct reader *reader, struct record_disk *disk)
{
	const char *hex = text(reader, "digest", "32 digits, 0 to 9 and a to f");

	if (strlen(hex) != (size_t)2 * RECORD_DIGEST_BYTES) {
		fault(reader, "digest", "32 digits, 0 to 9 and a to f");
		return;
	}
	for (size_t i = 0; i < RECORD_DIGEST_BYTES; i++) {
		int high = hex_digit(hex[2 * i]);
		int low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			fault(reader, "digest", "32 digits, 0 to 9 and a to f");
			return;
		}
		disk->digest[i] = (uint8_t)(high << 4 | low);
	}
}

static bool read_extent(struct json_object *pair, uint64_t from, const struct record_disk *disk,
			struct record_extent *extent)
{
	struct json_object *offset;
	struct json_object *length;

	if (!json_object_is_type(pair, json_type_array) || json_object_array_length(pair) != 2) {
		return false;
	}
	offset = json_object_array_get_idx(pair, 0);
	length = json_object_array_get_idx(pair, 1);
	if (!json_object_is_type(offset, json_type_int) ||
	    !json_object_is_type(length, json_type_int) || json_object_get_int64(offset) < 0 ||
	    json_object_get_int64(length) <= 0) {
		return false;
	}
	extent->offset = json_object_get_uint64(offset);
	extent->len_bytes = json_object_get_uint64(length);
	return extent->offset >= from && extent->offset < disk->size_bytes &&
	       extent->len_bytes <= disk->size_bytes - extent->offset;
}

static void read_extents(struct reader *reader, struct record_disk *disk)
{
	static const char expected[] = "pairs of offset and length, in order, within the disk";
	struct json_object *array = member(reader, "extents", json_type_array, expected);
	size_t count = array != NULL ? json_object_array_length(array) : 0;
	uint64_t from = 0;

	if (count == 0) {
		return;
	}
	disk->extents = count <= EXTENT_COUNT_MAX ? calloc(count, sizeof(*disk->extents)) : NULL;
	if (disk->extents == NULL) {
		fault(reader, "extents", "fewer of them");
		return;
	}
	for (; disk->extent_count < count; disk->extent_count++) {
		struct record_extent *extent = &disk->extents[disk->extent_count];

		if (!read_extent(json_object_array_get_idx(array, disk->extent_count), from, disk,
				 extent)) {
			fault(reader, "extents", expected);
			return;
		}
		from = extent->offset + extent->len_bytes;
	}
}

static void read_disk(struct reader *parent, struct json_object *object, struct record_disk *disk)
{
	struct reader reader = {.object = object, .error = parent->error, .good = parent->good};
	const char *path = text(&reader, "path", "an absolute path");

	if (*path != '/') {
		fault(&reader, "path", "an absolute path");
	}
	disk->path = strdup(path);
	disk->device = number(&reader, "device", UINT64_MAX);
	disk->inode = number(&reader, "inode", UINT64_MAX);
	disk->size_bytes = number(&reader, "size", INT64_MAX);
	disk->mtime_ns = (int64_t)number(&reader, "mtime_ns", INT64_MAX);
	disk->ctime_ns = (int64_t)number(&reader, "ctime_ns", INT64_MAX);
	read_extents(&reader, disk);
	read_digest(&reader, disk);
	parent->good = reader.good;
}

static void read_disks(struct reader *reader, struct machine_record *record)
{
	struct json_object *array = member(reader, "disks", json_type_array, "a list");
	size_t count = array != NULL ? json_object_array_length(array) : 0;

	if (count > RECORD_DISK_COUNT_MAX) {
		fault(reader, "disks", "16 at most");
		return;
	}
	for (size_t i = 0; i < count && reader->good; i++) {
		record->disk_count++;
		read_disk(reader, json_object_array_get_idx(array, i), &record->disks[i]);
	}
}

static void read_words(struct reader *reader, struct machine_record *record)
{
	struct json_object *array =
		member(reader, "options", json_type_array, "a list of a machine's options");
	struct options_words words;
	struct vmm_error error;

	if (array == NULL) {
		return;
	}
	if (!options_words_read(json_object_to_json_string(array), &words, &error)) {
		fault(reader, "options", "a list of words");
		return;
	}
	record->options = options_words_json(&words);
	options_words_free(&words);
}

static void read_name(struct reader *reader, struct machine_record *record)
{
	const char *name = text(reader, "name", "a machine's name");
	const char *uuid = text(reader, "uuid", "a UUID");

	if (!record_name_ok(name)) {
		fault(reader, "name", "a machine's name");
		return;
	}
	if (strlen(uuid) != RECORD_UUID_SIZE - 1 ||
	    strspn(uuid, "0123456789abcdef-") != RECORD_UUID_SIZE - 1) {
		fault(reader, "uuid", "a UUID in lower case");
		return;
	}
	memcpy(record->name, name, strlen(name) + 1);
	memcpy(record->uuid, uuid, RECORD_UUID_SIZE);
}

static void read_wake(struct reader *reader, struct machine_record *record)
{
	const char *wake = text(reader, "wake", "none, alarm or user");

	record->wake_at_s = (int64_t)number(reader, "wake_at_s", INT64_MAX / 1000000000);
	if (strcmp(wake, "alarm") == 0) {
		record->wake = RECORD_WAKE_ALARM;
	} else if (strcmp(wake, "user") == 0) {
		record->wake = RECORD_WAKE_USER;
	} else if (strcmp(wake, "none") != 0) {
		fault(reader, "wake", "none, alarm or user");
	}
}

static void read_state(struct reader *reader, struct machine_record *record)
{
	if (!machine_state_parse(text(reader, "state", "a power state"), &record->state) ||
	    machine_state_needs_process(record->state)) {
		fault(reader, "state", "off, hibernated or crashed");
	}
	if (!show_image_parse(text(reader, "image", "whether there is an image"), &record->image)) {
		fault(reader, "image", "none, maybe, likely, saved or discarded");
	}
	if ((record->state == MACHINE_STATE_HIBERNATED) != (record->image == RECORD_IMAGE_SAVED)) {
		fault(reader, "image", "saved with the state hibernated, and only then");
	}
	record->epoch = (uint32_t)number(reader, "epoch", UINT32_MAX);
	record->signature = (uint32_t)number(reader, "signature", UINT32_MAX);
	if (record->signature == 0) {
		fault(reader, "signature", "a number other than 0");
	}
	record->created_ns = (int64_t)number(reader, "created_ns", INT64_MAX);
	record->description = optional_text(reader, "description");
	if (record->state == MACHINE_STATE_HIBERNATED && record->description == NULL) {
		fault(reader, "description", "a text, as the machine is hibernated");
	}
}

static void read_variables(struct reader *reader, struct export_blob *variables)
{
	char *base64 = optional_text(reader, "variables");

	if (base64 != NULL && reader->good && !export_base64_read(base64, variables)) {
		fault(reader, "variables", "base 64, or null");
	}
	free(base64);
}

bool export_read(struct json_object *document, struct machine_record *record,
		 struct export_blob *variables, struct vmm_error *error)
{
	struct reader reader = {.object = document, .error = error, .good = true};

	*record = (struct machine_record){.id = 0};
	*variables = (struct export_blob){.bytes = NULL};
	if (!json_object_is_type(document, json_type_object)) {
		fault(&reader, "format", "an object, with the member format: " EXPORT_FORMAT);
	} else if (strcmp(text(&reader, "format", EXPORT_FORMAT), EXPORT_FORMAT) != 0) {
		fault(&reader, "format", EXPORT_FORMAT);
	} else if (number(&reader, "version", INT_MAX) != EXPORT_VERSION) {
		fault(&reader, "version", "1, the only one that this torpor knows");
	} else {
		read_name(&reader, record);
		read_words(&reader, record);
		read_state(&reader, record);
		read_disks(&reader, record);
		read_wake(&reader, record);
		read_variables(&reader, variables);
	}
	if (!reader.good) {
		record_free(record);
		free(variables->bytes);
		*variables = (struct export_blob){.bytes = NULL};
	}
	return reader.good;
}
