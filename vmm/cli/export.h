/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a machine as a JSON document, to be taken elsewhere
 *
 * All that is kept of it but its history: its disks are named in it and are not part of it. The
 * form is described in torpor(1), and checked in full when it is read.
 */
#ifndef VMM_CLI_EXPORT_H
#define VMM_CLI_EXPORT_H

#include <stdint.h>

#include "cli/keeper.h"

#define EXPORT_FORMAT "torpor-machine"
#define EXPORT_VERSION 1

struct json_object;

/**
 * struct export_blob - a file's content
 * @bytes: owned; NULL if there is no file
 * @count: of @bytes
 */
struct export_blob {
	uint8_t *bytes;
	size_t count;
};

/**
 * export_write() - make the document
 * @variables: the firmware's variable store; may be empty
 */
struct json_object *export_write(const struct machine_record *record,
				 const struct export_blob *variables);

/**
 * export_read() - read a document
 * @record:    filled on success; for record_free()
 * @variables: filled on success; @bytes is to be freed
 *
 * Return: true; false with @error filled, which names the member that is wrong.
 */
bool export_read(struct json_object *document, struct machine_record *record,
		 struct export_blob *variables, struct vmm_error *error);

/** export_base64() - text of bytes, to be freed; NULL without memory */
char *export_base64(const struct export_blob *blob);

/** export_base64_read() - bytes of text; false if it is none */
bool export_base64_read(const char *text, struct export_blob *blob);

#endif /* VMM_CLI_EXPORT_H */
