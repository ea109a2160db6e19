/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command_describe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/describe.h"
#include "cli/diag.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/run.h"
#include "machine/description.h"

/* Longer than any description. */
#define LIKE_BYTES_MAX (1 << 20)

/* The text of a description; to be freed. */
static char *read_like(const char *path, struct vmm_error *error)
{
	FILE *file = fopen(path, "re");
	char *text = file != NULL ? calloc(1, LIKE_BYTES_MAX + 1) : NULL;
	size_t count = text != NULL ? fread(text, 1, LIKE_BYTES_MAX, file) : 0;

	if (file == NULL || text == NULL || ferror(file) != 0) {
		vmm_error_set(error, "--like %s cannot be read: %s", path, strerror(errno));
	} else if (count == 0 || strlen(text) != count) {
		vmm_error_set(error, "--like %s: expected what 'torpor describe' prints", path);
		count = 0;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	if (count == 0) {
		free(text);
		text = NULL;
	}
	return text;
}

static void tell_difference(void *ctx, const char *field, const char *was, const char *is)
{
	struct vmm_error line;

	(void)ctx;
	vmm_error_set(&line, "%s was %.90s, is %.90s", field, was, is);
	diag_line(line.text);
}

static int print(const char *text, const char *like)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
		diag_line("standard output cannot be written");
		return RUN_STATUS_FAILED;
	}
	return like == NULL || description_compare(like, text, tell_difference, NULL) == 0
		       ? EXIT_SUCCESS
		       : RUN_STATUS_FAILED;
}

static int describe(const struct run_options *options, const char *like)
{
	struct vmm_error error;
	char *text = NULL;
	int status;

	if (describe_config(&options->machine, like, diag_log, &text, &error) != 0) {
		diag_line(error.text);
		return error.bad_input ? RUN_STATUS_USAGE : RUN_STATUS_FAILED;
	}
	status = print(text, like);
	free(text);
	return status;
}

/* @argv: from a word on that stands before the options, as "run" does. */
static int parse(int argc, char **argv, const char *like)
{
	struct run_options options;
	struct vmm_error error;
	enum options_result result = options_parse(argc, argv, &options, &error);
	int status = RUN_STATUS_USAGE;

	if (result == OPTIONS_HELP) {
		status = fputs(help_describe(), stdout) < 0 ? RUN_STATUS_FAILED : EXIT_SUCCESS;
	} else if (result == OPTIONS_BAD || !options_check(&options, &error)) {
		diag_line(error.text);
	} else {
		status = describe(&options, like);
	}
	options_free(&options);
	return status;
}

int command_describe(int argc, char **argv)
{
	bool has_like = argc > 2 && strcmp(argv[1], "--like") == 0;
	struct vmm_error error;
	char *like = NULL;
	int status;

	if (has_like) {
		like = read_like(argv[2], &error);
		if (like == NULL) {
			diag_line(error.text);
			return RUN_STATUS_USAGE;
		}
	}
	status = has_like ? parse(argc - 2, argv + 2, like) : parse(argc, argv, NULL);
	free(like);
	return status;
}
