/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/named_options.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "run" and the words of @array; false if it is no array of words, or there is no memory. */
static bool take_words(struct named_options *named, struct json_object *array)
{
	size_t count;

	if (!json_object_is_type(array, json_type_array)) {
		return false;
	}
	count = json_object_array_length(array);
	named->words = calloc(count + 2, sizeof(*named->words));
	if (named->words == NULL) {
		return false;
	}
	for (size_t i = 0; i <= count; i++) {
		struct json_object *word = i == 0 ? NULL : json_object_array_get_idx(array, i - 1);

		if (i > 0 && !json_object_is_type(word, json_type_string)) {
			return false;
		}
		named->words[i] = strdup(i == 0 ? "run" : json_object_get_string(word));
		if (named->words[i] == NULL) {
			return false;
		}
		named->count++;
	}
	return true;
}

static void explain(const struct machine_record *record, struct vmm_error *error)
{
	struct vmm_error why = *error;

	vmm_error_set(error, "machine %s: %.160s; 'torpor edit %s' changes its options",
		      record->name, why.text, record->name);
	error->bad_input = true;
}

bool named_options_parse(struct named_options *named, const struct machine_record *record,
			 struct vmm_error *error)
{
	struct json_object *array = json_tokener_parse(record->options);
	bool good;

	memset(named, 0, sizeof(*named));
	good = take_words(named, array);
	json_object_put(array);
	if (!good) {
		vmm_error_set(error,
			      "machine %s: its record has no list of options; "
			      "delete it and make it anew",
			      record->name);
		return false;
	}
	if (options_parse(named->count, named->words, &named->options, error) != OPTIONS_RUN ||
	    !options_check(&named->options, error)) {
		explain(record, error);
		return false;
	}
	return true;
}

bool named_options_append(struct named_options *named, const char *word, struct vmm_error *error)
{
	const char *old = named->options.machine.cmdline;
	char *cmdline;

	if (asprintf(&cmdline, "%s%s%s", old, *old != '\0' ? " " : "", word) < 0) {
		vmm_error_set(error, "no memory for the kernel's command line");
		return false;
	}
	free(named->cmdline);
	named->cmdline = cmdline;
	named->options.machine.cmdline = cmdline;
	return true;
}

void named_options_free(struct named_options *named)
{
	if (named->count > 0) {
		options_free(&named->options);
	}
	for (int i = 0; i < named->count; i++) {
		free(named->words[i]);
	}
	free(named->words);
	free(named->cmdline);
	memset(named, 0, sizeof(*named));
}
