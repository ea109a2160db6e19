/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command_describe.h"
#include "cli/commands.h"
#include "cli/diag.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/run_named.h"
#include "control/version.h"
#include "host/step.h"

/* A file that we open must not become standard error because somebody closed that. */
static void fill_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
			_exit(RUN_STATUS_FAILED);
		}
	}
}

static int print(const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
		struct vmm_error error;

		vmm_error_set(&error, "standard output: %s", strerror(errno));
		diag_line(error.text);
		return RUN_STATUS_FAILED;
	}
	return EXIT_SUCCESS;
}

static int usage(const struct vmm_error *error)
{
	diag_line(error->text);
	return RUN_STATUS_USAGE;
}

static int run(int argc, char **argv)
{
	struct run_options options;
	struct vmm_error error;
	enum options_result result = options_parse(argc, argv, &options, &error);
	int status = RUN_STATUS_USAGE;

	if (result == OPTIONS_HELP) {
		status = print(help_run());
	} else if (result == OPTIONS_BAD || !options_check(&options, &error)) {
		status = usage(&error);
	} else {
		status = run_machine(&options, NULL);
	}
	options_free(&options);
	return status;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	struct vmm_error error;

	fill_standard_files();
	if (word == NULL) {
		vmm_error_set(&error, "no command: expected 'torpor create NAME --kernel FILE' or "
				      "'torpor run --kernel FILE', say; 'torpor --help' lists "
				      "them");
		return usage(&error);
	}
	if (strcmp(word, "run") == 0 && run_named_wanted(argc - 1, argv + 1)) {
		return run_named(argc - 1, argv + 1);
	}
	if (strcmp(word, "run") == 0) {
		return run(argc - 1, argv + 1);
	}
	if (strcmp(word, "describe") == 0) {
		return command_describe(argc - 1, argv + 1);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		return help_torpor() ? EXIT_SUCCESS : RUN_STATUS_FAILED;
	}
	if (strcmp(word, "--version") == 0) {
		return print("torpor " TORPOR_VERSION_STRING "\n");
	}
#ifdef TORPOR_FAULT_POINTS
	if (strcmp(word, "--fault-points") == 0) {
		step_list();
		return EXIT_SUCCESS;
	}
#endif
	if (commands_find(word) != NULL) {
		return commands_run(commands_find(word), argc - 1, argv + 1);
	}
	vmm_error_set(&error, "unknown %s '%.80s': 'torpor --help' lists them",
		      word[0] == '-' ? "option" : "command", word);
	return usage(&error);
}
