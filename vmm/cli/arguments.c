/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_words.h"

/**
 * struct cursor - where we are in the words
 * @argc:  of @argv
 * @argv:  the words
 * @next:  index of the next
 * @plain: "--" was there: no more options
 */
struct cursor {
	int argc;
	char **argv;
	int next;
	bool plain;
};

static const struct command_option *find_own(const struct command *command, const char *word,
					     size_t length)
{
	for (const struct command_option *own = command->options; own->name != NULL; own++) {
		if (strlen(own->name) == length && memcmp(own->name, word, length) == 0) {
			return own;
		}
	}
	return NULL;
}

/* The value of "--name=value" or of "--name value"; false if there is none. */
static bool take_value(struct cursor *at, const char *word, const char **value)
{
	const char *equals = strchr(word, '=');

	if (equals != NULL) {
		*value = equals + 1;
		return true;
	}
	if (at->next == at->argc) {
		return false;
	}
	*value = at->argv[at->next++];
	return true;
}

static bool given(const struct command_call *call, size_t option)
{
	for (size_t i = 0; i < call->word_count; i++) {
		if (call->words[i].option == option) {
			return true;
		}
	}
	return false;
}

static bool take_own(const struct command *command, const struct command_option *own,
		     struct cursor *at, const char *word, struct command_call *call,
		     struct vmm_error *error)
{
	size_t option = (size_t)(own - command->options);
	const char *value = NULL;

	if (own->value == NULL && strchr(word, '=') != NULL) {
		vmm_error_set(error, "%s: expected --%s alone, it takes no value", word, own->name);
		return false;
	}
	if (own->value != NULL && !take_value(at, word, &value)) {
		vmm_error_set(error, "--%s has no value: expected --%s %s", own->name, own->name,
			      own->value);
		return false;
	}
	if (value != NULL && *value == '\0') {
		vmm_error_set(error, "--%s '': is empty: expected --%s %s", own->name, own->name,
			      own->value);
		return false;
	}
	if (!own->repeats && given(call, option)) {
		vmm_error_set(error, "--%s is given twice: expected it once", own->name);
		return false;
	}
	call->words[call->word_count++] = (struct command_word){option, value};
	return true;
}

/* Leaves the word, and its value if that is another, to options_parse(). */
static bool take_machine_option(struct cursor *at, const char *word, struct command_call *call)
{
	size_t length = strcspn(word + 2, "=");
	const struct options_name *option = options_find(word + 2, length);

	if (option == NULL) {
		return false;
	}
	call->machine_argv[call->machine_argc++] = at->argv[at->next - 1];
	if (option->value != NULL && word[2 + length] == '\0' && at->next < at->argc) {
		call->machine_argv[call->machine_argc++] = at->argv[at->next++];
	}
	return true;
}

static bool take_option(const struct command *command, struct cursor *at, const char *word,
			struct command_call *call, struct vmm_error *error)
{
	const struct command_option *own = NULL;

	if (strncmp(word, "--", 2) == 0) {
		own = find_own(command, word + 2, strcspn(word + 2, "="));
	}
	if (own != NULL) {
		return take_own(command, own, at, word, call, error);
	}
	if (command->machine_options && strncmp(word, "--", 2) == 0 &&
	    take_machine_option(at, word, call)) {
		return true;
	}
	vmm_error_set(error, "unknown option '%.80s': 'torpor %s --help' lists them", word,
		      command->name);
	return false;
}

static bool take_name(const struct command *command, const char *word, struct command_call *call,
		      struct vmm_error *error)
{
	if (call->name_count == command->name_count_max) {
		vmm_error_set(error, "unexpected argument '%.80s': expected torpor %s%s%s", word,
			      command->name, *command->arguments != '\0' ? " " : "",
			      command->arguments);
		return false;
	}
	call->names[call->name_count++] = word;
	return true;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool allocate(int argc, struct command_call *call, struct vmm_error *error)
{
	static char run[] = "run";
	size_t count = (size_t)argc + 1;

	*call = (struct command_call){
		.words = calloc(count, sizeof(*call->words)),
		.machine_argv = calloc(count + 1, sizeof(*call->machine_argv)),
		.machine_argc = 1,
	};
	if (call->words == NULL || call->machine_argv == NULL) {
		vmm_error_set(error, "%s", strerror(ENOMEM));
		return false;
	}
	call->machine_argv[0] = run;
	return true;
}

enum arguments_result arguments_parse(const struct command *command, int argc, char **argv,
				      struct command_call *call, struct vmm_error *error)
{
	struct cursor at = {.argc = argc, .argv = argv, .next = 1};

	if (!allocate(argc, call, error)) {
		return ARGUMENTS_BAD;
	}
	while (at.next < argc) {
		const char *word = argv[at.next++];
		bool good;

		if (!at.plain && is_help(word)) {
			return ARGUMENTS_HELP;
		}
		if (!at.plain && strcmp(word, "--") == 0) {
			at.plain = true;
			continue;
		}
		if (!at.plain && word[0] == '-' && word[1] != '\0') {
			good = take_option(command, &at, word, call, error);
		} else {
			good = take_name(command, word, call, error);
		}
		if (!good) {
			return ARGUMENTS_BAD;
		}
	}
	if (call->name_count < command->name_count_min) {
		vmm_error_set(error, "%s is missing: expected torpor %s %s",
			      call->name_count == 0 && command->arguments[0] == 'N' ? "NAME"
										    : "FILE",
			      command->name, command->arguments);
		return ARGUMENTS_BAD;
	}
	return ARGUMENTS_RUN;
}

void arguments_free(struct command_call *call)
{
	free(call->words);
	free(call->machine_argv);
	*call = (struct command_call){.name_count = 0};
}
