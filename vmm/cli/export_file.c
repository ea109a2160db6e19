/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/export_file.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a document, or of a variable store. */
#define FILE_SIZE_MAX ((size_t)256 << 20)
#define CHUNK_SIZE ((size_t)64 << 10)

const char *export_text(struct json_object *document)
{
	return json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
								JSON_C_TO_STRING_SPACED |
								JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* All there is; 0 or -errno. */
static int read_all(int fd, struct export_blob *blob)
{
	size_t room = 0;

	*blob = (struct export_blob){.bytes = NULL};
	for (;;) {
		ssize_t count;

		if (blob->count == room) {
			uint8_t *grown = room < FILE_SIZE_MAX
						 ? realloc(blob->bytes, 2 * room + CHUNK_SIZE)
						 : NULL;

			if (grown == NULL) {
				return -EFBIG;
			}
			blob->bytes = grown;
			room = 2 * room + CHUNK_SIZE;
		}
		count = read(fd, blob->bytes + blob->count, room - blob->count);
		if (count < 0 && errno != EINTR) {
			return -errno;
		}
		if (count == 0) {
			return 0;
		}
		blob->count += count > 0 ? (size_t)count : 0;
	}
}

static struct json_object *parse(const struct export_blob *blob)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *document = NULL;

	if (tokener != NULL && blob->count <= INT_MAX) {
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
		document =
			json_tokener_parse_ex(tokener, (const char *)blob->bytes, (int)blob->count);
	}
	json_tokener_free(tokener);
	return document;
}

struct json_object *export_read_document(const char *path)
{
	bool input = strcmp(path, "-") == 0;
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct export_blob blob = {.bytes = NULL};
	int ret = fd >= 0 ? read_all(fd, &blob) : -errno;
	struct json_object *document = ret == 0 ? parse(&blob) : NULL;

	if (fd >= 0 && !input) {
		(void)close(fd);
	}
	free(blob.bytes);
	if (document == NULL) {
		(void)keeper_refuse(COMMAND_STATUS_USAGE,
				    "FILE '%.150s': %s: expected what 'torpor export' writes", path,
				    ret != 0 ? strerror(-ret) : "is no JSON document");
	}
	return document;
}

enum command_status export_read_variables(const struct home *home, const char *name,
					  struct export_blob *variables)
{
	char path[HOME_FILE_PATH_SIZE];
	int ret = 0;
	int fd;

	home_machine_file(home, name, HOME_FILE_VARIABLES, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		ret = errno == ENOENT ? 0 : -errno;
	} else {
		ret = read_all(fd, variables);
		(void)close(fd);
	}
	if (ret != 0) {
		return keeper_refuse(COMMAND_STATUS_FAILED, "'%.180s': %s", path, strerror(-ret));
	}
	return COMMAND_STATUS_DONE;
}

enum command_status export_write_variables(const struct home *home, const char *name,
					   const struct export_blob *variables)
{
	char path[HOME_FILE_PATH_SIZE];
	int fd;
	bool good;

	if (variables->bytes == NULL) {
		return COMMAND_STATUS_DONE;
	}
	home_machine_file(home, name, HOME_FILE_VARIABLES, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	good = fd >= 0 &&
	       write(fd, variables->bytes, variables->count) == (ssize_t)variables->count &&
	       fsync(fd) == 0;
	if (!good) {
		(void)keeper_refuse(COMMAND_STATUS_FAILED, "'%.180s': %s", path, strerror(errno));
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return good ? COMMAND_STATUS_DONE : COMMAND_STATUS_FAILED;
}
