/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor export */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/export.h"
#include "cli/export_file.h"
#include "cli/keeper.h"
#include "cli/show.h"

static enum command_status print_document(struct json_object *document)
{
	(void)puts(export_text(document));
	return show_flush();
}

/* A file that is there is not written over: it may be all that is left of a machine. */
static enum command_status write_document(struct json_object *document, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	bool good = fd >= 0 && dprintf(fd, "%s\n", export_text(document)) > 0 && fsync(fd) == 0;
	int why = errno;

	if (fd >= 0 && close(fd) != 0 && good) {
		good = false;
		why = errno;
	}
	if (good) {
		return COMMAND_STATUS_DONE;
	}
	if (fd >= 0) {
		(void)unlink(path);
	}
	return keeper_refuse(why == EEXIST ? COMMAND_STATUS_USAGE : COMMAND_STATUS_FAILED,
			     "FILE '%.150s': %s: expected a new file", path, strerror(why));
}

static enum command_status export_machine(struct keeper *keeper, const char *name, const char *path)
{
	struct export_blob variables = {.bytes = NULL};
	struct machine_record record = {.options = NULL};
	struct json_object *document = NULL;
	enum command_status status =
		keeper_lock(keeper, name, "'torpor stop' it before it is exported", &record);

	if (status == COMMAND_STATUS_DONE) {
		status = export_read_variables(&keeper->home, name, &variables);
	}
	if (status == COMMAND_STATUS_DONE) {
		document = export_write(&record, &variables);
		status = path != NULL && strcmp(path, "-") != 0 ? write_document(document, path)
								: print_document(document);
	}
	(void)json_object_put(document);
	free(variables.bytes);
	record_free(&record);
	return status;
}

static enum command_status run_export(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = export_machine(&keeper, call->names[0],
					call->name_count > 1 ? call->names[1] : NULL);
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_export = {
	.name = "export",
	.arguments = "NAME [FILE]",
	.summary = "write what is kept of a machine to a file, or to standard output",
	.name_count_min = 1,
	.name_count_max = 2,
	.more = "A JSON document with its record, its hibernation and its firmware's variables. "
		"Its\n"
		"disks are named in it, not copied.\n",
	.run = run_export,
};
