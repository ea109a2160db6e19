/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/commands.h"

#include <stdio.h>
#include <string.h>

#include "control/commands_internal.h"
#include "control/version.h"

/**
 * struct command - one command
 * @name:     of it
 * @argument: the one member that "arguments" may have; NULL if it takes none
 * @optional: "arguments" may lack it
 * @run:      does it
 */
struct command {
	const char *name;
	const char *argument;
	bool optional;
	command_fn *run;
};

static enum command_result query_version(const struct command_target *target,
					 struct json_object *arguments, struct json_object **value,
					 struct vmm_error *error)
{
	(void)target;
	(void)arguments;
	(void)error;
	json_object_put(*value);
	*value = command_version();
	return COMMAND_OK;
}

static command_fn query_commands;

static const struct command commands[] = {
	{"balloon", "value", false, command_balloon},
	{"cont", NULL, false, command_cont},
	{"query-balloon", NULL, false, command_query_balloon},
	{"query-commands", NULL, false, query_commands},
	{"query-cpus-fast", NULL, false, command_query_cpus_fast},
	{"query-current-machine", NULL, false, command_query_current_machine},
	{"query-kvm", NULL, false, command_query_kvm},
	{"query-name", NULL, false, command_query_name},
	{"query-status", NULL, false, command_query_status},
	{"query-target", NULL, false, command_query_target},
	{"query-version", NULL, false, query_version},
	{"quit", NULL, false, command_quit},
	{"stop", NULL, false, command_stop},
	{"system_powerdown", "timeout", true, command_system_powerdown},
	{"system_reset", NULL, false, command_system_reset},
	{"system_wakeup", NULL, false, command_system_wakeup},
	{"x-torpor-hibernate", "timeout", true, command_hibernate},
	{"x-torpor-query-balloon-stats", NULL, false, command_query_balloon_stats},
	{"x-torpor-query-cpu", "cpu", false, command_query_cpu},
	{"x-torpor-query-psci-stats", "cpu", false, command_query_psci_stats},
	{"x-torpor-refuse-suspend", NULL, false, command_refuse_suspend},
	{"x-torpor-suspend", "timeout", true, command_suspend},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void add_name(struct json_object *array, const char *name)
{
	struct json_object *entry = json_object_new_object();

	json_object_object_add(entry, "name", json_object_new_string(name));
	json_object_array_add(array, entry);
}

static enum command_result query_commands(const struct command_target *target,
					  struct json_object *arguments, struct json_object **value,
					  struct vmm_error *error)
{
	(void)target;
	(void)arguments;
	(void)error;
	json_object_put(*value);
	*value = json_object_new_array();
	/* The one that belongs to the connection. */
	add_name(*value, "qmp_capabilities");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		add_name(*value, commands[i].name);
	}
	return COMMAND_OK;
}

struct json_object *command_version(void)
{
	struct json_object *version = json_object_new_object();
	struct json_object *numbers = json_object_new_object();
	int major = 0;
	int minor = 0;
	int micro = 0;

	(void)sscanf(TORPOR_VERSION_STRING, "%d.%d.%d", &major, &minor, &micro);
	json_object_object_add(numbers, "micro", json_object_new_int(micro));
	json_object_object_add(numbers, "minor", json_object_new_int(minor));
	json_object_object_add(numbers, "major", json_object_new_int(major));
	json_object_object_add(version, "qemu", numbers);
	json_object_object_add(version, "package",
			       json_object_new_string("torpor " TORPOR_VERSION_STRING));
	return version;
}

/* Each command takes one argument at most. */
static bool check_arguments(const struct command *command, struct json_object *arguments,
			    struct vmm_error *error)
{
	bool found = false;

	if (arguments != NULL) {
		json_object_object_foreach(arguments, name, member)
		{
			(void)member;
			if (command->argument == NULL || strcmp(name, command->argument) != 0) {
				vmm_error_set(error, "%s does not take the argument '%.60s'",
					      command->name, name);
				return false;
			}
			found = true;
		}
	}
	if (command->argument != NULL && !command->optional && !found) {
		vmm_error_set(error, "%s needs the argument '%s'", command->name,
			      command->argument);
		return false;
	}
	return true;
}

enum command_result command_execute(const struct command_target *target, const char *name,
				    struct json_object *arguments, struct json_object **value,
				    struct vmm_error *error)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		enum command_result result;

		if (strcmp(name, commands[i].name) != 0) {
			continue;
		}
		if (!check_arguments(&commands[i], arguments, error)) {
			return COMMAND_FAILED;
		}
		*value = json_object_new_object();
		result = commands[i].run(target, arguments, value, error);
		if (result != COMMAND_OK) {
			json_object_put(*value);
			*value = NULL;
		}
		return result;
	}
	vmm_error_set(error, "there is no command '%.100s': query-commands lists them", name);
	return COMMAND_NOT_FOUND;
}
