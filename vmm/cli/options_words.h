/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a machine's options as words that are kept
 *
 * A record has them as a JSON array of words, each option one word "--name" or "--name=value", so
 * that they mean the same whoever reads them, wherever and whenever: paths are absolute, and what
 * has a default that is part of the machine type is written out.
 */
#ifndef VMM_CLI_OPTIONS_WORDS_H
#define VMM_CLI_OPTIONS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/**
 * struct options_name - an option of `torpor run`
 * @name:    without the dashes
 * @value:   what its value is called; NULL if it takes none
 * @repeats: it may come again
 */
struct options_name {
	const char *name;
	const char *value;
	bool repeats;
};

/** options_at() - an option of the table; false if there is no more */
bool options_at(size_t index, struct options_name *option);

/** options_find() - the option whose name is the first @length bytes; NULL if there is none */
const struct options_name *options_find(const char *name, size_t length);

/**
 * struct options_words - words, as main() has them
 * @argv:  "run", the words, NULL; owned
 * @argc:  of @argv
 */
struct options_words {
	char **argv;
	int argc;
};

/**
 * options_words_keep() - make words that can be kept of options that were given
 * @argc:  of @argv
 * @argv:  "run" and options, as options_parse() took them
 * @words: filled on success; to be freed
 *
 * Return: true; false with @error filled, by an option that is of one process only, say.
 */
bool options_words_keep(int argc, char **argv, struct options_words *words,
			struct vmm_error *error);

/**
 * options_words_complete() - add the machine type and the PSCI version, if they are not there
 *
 * Return: true; false with @error filled.
 */
bool options_words_complete(struct options_words *words, struct vmm_error *error);

/** options_words_remove() - remove all options of that name; returns how many there were */
size_t options_words_remove(struct options_words *words, const char *name);

/**
 * options_words_replace() - add @more, in place of the options that it names
 *
 * Return: true; false with @error filled.
 */
bool options_words_replace(struct options_words *words, const struct options_words *more,
			   struct vmm_error *error);

/** options_words_value() - the value of the first option of that name, "" if none; else NULL */
const char *options_words_value(const struct options_words *words, const char *name);

/** options_words_json() - as a record has them; to be freed. NULL without memory */
char *options_words_json(const struct options_words *words);

/**
 * options_words_read() - read what a record has
 * @words: filled on success; to be freed
 *
 * Return: true; false with @error filled.
 */
bool options_words_read(const char *json, struct options_words *words, struct vmm_error *error);

/** options_words_free() - free what is owned */
void options_words_free(struct options_words *words);

#endif /* VMM_CLI_OPTIONS_WORDS_H */
