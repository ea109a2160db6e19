/* SPDX-License-Identifier: BSD-3-Clause */
/* A command line for tests, written as one string. */
#ifndef TESTS_VMM_OPTIONS_LINE_H
#define TESTS_VMM_OPTIONS_LINE_H

#include <string.h>

#include "check.h"

#include "cli/options.h"

#define ARGUMENT_COUNT_MAX 48

/* Splits @line at blanks, with "run" in front; @words keeps the text. */
static inline int split(const char *line, char *words, char **argv)
{
	static char run[] = "run";
	char *place = NULL;
	int argc = 1;

	argv[0] = run;
	(void)strcpy(words, line);
	for (char *word = strtok_r(words, " ", &place); word != NULL;
	     word = strtok_r(NULL, " ", &place)) {
		assert_true(argc < ARGUMENT_COUNT_MAX - 1);
		/* '~' stands for an empty word. */
		argv[argc++] = strcmp(word, "~") == 0 ? word + 1 : word;
	}
	argv[argc] = NULL;
	return argc;
}

static inline enum options_result parse(const char *line, struct run_options *options,
					struct vmm_error *error)
{
	/* The options point into these. */
	static char words[4096];
	static char *argv[ARGUMENT_COUNT_MAX];
	int argc = split(line, words, argv);

	error->text[0] = '\0';
	return options_parse(argc, argv, options, error);
}

static inline void parse_ok(const char *line, struct run_options *options)
{
	struct vmm_error error;
	enum options_result result = parse(line, options, &error);

	if (result != OPTIONS_RUN) {
		fail_msg("'%s': %s", line, error.text);
	}
}

/**
 * struct bad_line - a command line that is refused
 * @line:    itself
 * @names:   what the message names
 * @expects: what it says was expected
 */
struct bad_line {
	const char *line;
	const char *names;
	const char *expects;
};

/* Each is refused in one line. */
static inline void check_bad_lines(const struct bad_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct run_options options;
		struct vmm_error error;

		if (parse(lines[i].line, &options, &error) != OPTIONS_BAD) {
			fail_msg("'%s' is taken", lines[i].line);
		}
		if (strstr(error.text, lines[i].names) == NULL ||
		    strstr(error.text, lines[i].expects) == NULL ||
		    strchr(error.text, '\n') != NULL) {
			fail_msg("'%s': %s", lines[i].line, error.text);
		}
		options_free(&options);
	}
}

#endif /* TESTS_VMM_OPTIONS_LINE_H */
