/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the files of an export
 */
#ifndef VMM_CLI_EXPORT_FILE_H
#define VMM_CLI_EXPORT_FILE_H

#include "cli/export.h"

/** export_text() - the document's text; lives as long as it */
const char *export_text(struct json_object *document);

/** export_read_document() - parse a file, "-" for standard input; NULL if it says why not */
struct json_object *export_read_document(const char *path);

/** export_read_variables() - read a machine's variable store; none is empty */
enum command_status export_read_variables(const struct home *home, const char *name,
					  struct export_blob *variables);

/** export_write_variables() - write it, durably; an empty one is none */
enum command_status export_write_variables(const struct home *home, const char *name,
					   const struct export_blob *variables);

#endif /* VMM_CLI_EXPORT_FILE_H */
