/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options_words.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_paths.h"

/* What an option's default is, where that is part of the machine type. */
static const char *const defaults[][2] = {{"machine", "torpor-1"}, {"psci", "1.3"}};

const struct options_name *options_find(const char *name, size_t length)
{
	static _Thread_local struct options_name found;

	for (size_t i = 0; options_at(i, &found); i++) {
		if (strlen(found.name) == length && memcmp(found.name, name, length) == 0) {
			return &found;
		}
	}
	return NULL;
}

static bool no_memory(struct vmm_error *error)
{
	vmm_error_set(error, "the options: %s", strerror(ENOMEM));
	return false;
}

/* Takes over @word, also when it fails. */
static bool append(struct options_words *words, char *word, struct vmm_error *error)
{
	char **grown = realloc(words->argv, ((size_t)words->argc + 2) * sizeof(*grown));

	if (grown == NULL || word == NULL) {
		words->argv = grown != NULL ? grown : words->argv;
		free(word);
		return no_memory(error);
	}
	grown[words->argc++] = word;
	grown[words->argc] = NULL;
	words->argv = grown;
	return true;
}

static bool begin(struct options_words *words, struct vmm_error *error)
{
	*words = (struct options_words){.argc = 0};
	return append(words, strdup("run"), error);
}

static char *join(const char *name, const char *value)
{
	char *word = NULL;
	int length = value != NULL ? asprintf(&word, "--%s=%s", name, value)
				   : asprintf(&word, "--%s", name);

	return length >= 0 ? word : NULL;
}

/* One option of @argv, from *@next on, which moves on. */
static bool keep_one(int argc, char **argv, int *next, struct options_words *words,
		     struct vmm_error *error)
{
	const char *word = argv[(*next)++] + 2;
	size_t length = strcspn(word, "=");
	const struct options_name *option = options_find(word, length);
	const char *value = NULL;
	char *absolute = NULL;

	if (option == NULL || (option->value != NULL && word[length] == '\0' && *next == argc)) {
		vmm_error_set(error, "unexpected argument '--%.80s'", word);
		return false;
	}
	if (option->value != NULL) {
		value = word[length] == '=' ? word + length + 1 : argv[(*next)++];
		absolute = options_absolute(option->name, value, error);
		if (absolute == NULL) {
			return false;
		}
	}
	if (!append(words, join(option->name, absolute), error)) {
		free(absolute);
		return false;
	}
	free(absolute);
	return true;
}

bool options_words_keep(int argc, char **argv, struct options_words *words, struct vmm_error *error)
{
	int next = 1;

	if (!begin(words, error)) {
		return false;
	}
	while (next < argc) {
		if (!keep_one(argc, argv, &next, words, error)) {
			options_words_free(words);
			return false;
		}
	}
	return true;
}

static bool is_option(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 &&
	       (word[length + 2] == '=' || word[length + 2] == '\0');
}

const char *options_words_value(const struct options_words *words, const char *name)
{
	for (int i = 1; i < words->argc; i++) {
		if (is_option(words->argv[i], name)) {
			const char *value = words->argv[i] + 2 + strlen(name);

			return *value == '=' ? value + 1 : value;
		}
	}
	return NULL;
}

bool options_words_complete(struct options_words *words, struct vmm_error *error)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (options_words_value(words, defaults[i][0]) == NULL &&
		    !append(words, join(defaults[i][0], defaults[i][1]), error)) {
			return false;
		}
	}
	return true;
}

size_t options_words_remove(struct options_words *words, const char *name)
{
	size_t removed = 0;
	int kept = 1;

	for (int i = 1; i < words->argc; i++) {
		if (is_option(words->argv[i], name)) {
			free(words->argv[i]);
			removed++;
		} else {
			words->argv[kept++] = words->argv[i];
		}
	}
	words->argc = kept;
	words->argv[kept] = NULL;
	return removed;
}

bool options_words_replace(struct options_words *words, const struct options_words *more,
			   struct vmm_error *error)
{
	for (int i = 1; i < more->argc; i++) {
		const char *word = more->argv[i] + 2;
		const struct options_name *option = options_find(word, strcspn(word, "="));

		if (option != NULL) {
			(void)options_words_remove(words, option->name);
		}
	}
	for (int i = 1; i < more->argc; i++) {
		if (!append(words, strdup(more->argv[i]), error)) {
			return false;
		}
	}
	return true;
}

char *options_words_json(const struct options_words *words)
{
	struct json_object *array = json_object_new_array();
	char *text = NULL;

	if (array == NULL) {
		return NULL;
	}
	for (int i = 1; i < words->argc; i++) {
		(void)json_object_array_add(array, json_object_new_string(words->argv[i]));
	}
	text = strdup(json_object_to_json_string_ext(
		array, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(array);
	return text;
}

static bool read_words(struct json_object *array, struct options_words *words,
		       struct vmm_error *error)
{
	vmm_error_set(error, "expected a list of words, such as [\"--kernel=/boot/Image\"]");
	if (!json_object_is_type(array, json_type_array)) {
		return false;
	}
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *word = json_object_array_get_idx(array, i);
		size_t length = (size_t)json_object_get_string_len(word);

		if (!json_object_is_type(word, json_type_string) ||
		    strlen(json_object_get_string(word)) != length ||
		    !append(words, strdup(json_object_get_string(word)), error)) {
			return false;
		}
	}
	return true;
}

bool options_words_read(const char *json, struct options_words *words, struct vmm_error *error)
{
	struct json_object *array = json_tokener_parse(json);
	bool good = begin(words, error) && read_words(array, words, error);

	(void)json_object_put(array);
	if (!good) {
		options_words_free(words);
	}
	return good;
}

void options_words_free(struct options_words *words)
{
	for (int i = 0; i < words->argc; i++) {
		free(words->argv[i]);
	}
	free(words->argv);
	*words = (struct options_words){.argc = 0};
}
