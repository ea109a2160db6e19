/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options that a machine's record keeps, read again.
 */
#ifndef VMM_CLI_NAMED_OPTIONS_H
#define VMM_CLI_NAMED_OPTIONS_H

#include <stdbool.h>

#include "cli/options.h"
#include "host/record.h"

/**
 * struct named_options - what a record's words come to
 * @options: the machine and where its files are
 * @words:   that @options points into, owned
 * @count:   of @words
 * @cmdline: in place of the record's, or NULL; owned
 */
struct named_options {
	struct run_options options;
	char **words;
	int count;
	char *cmdline;
};

/**
 * named_options_parse() - parse a record's words
 * @named: filled; to be given to named_options_free() whatever the result
 *
 * Return: true; false with @error filled, which names the machine.
 */
bool named_options_parse(struct named_options *named, const struct machine_record *record,
			 struct vmm_error *error);

/**
 * named_options_append() - add a word to the kernel's command line
 *
 * Return: true; false with @error filled.
 */
bool named_options_append(struct named_options *named, const char *word, struct vmm_error *error);

/** named_options_free() - free what is owned */
void named_options_free(struct named_options *named);

#endif /* VMM_CLI_NAMED_OPTIONS_H */
