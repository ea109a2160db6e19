/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/commands.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "control/version.h"

typedef enum command_result command_fn(const struct command_target *target,
				       struct json_object *arguments, struct json_object **value,
				       struct vmm_error *error);

/**
 * struct command - one command
 * @name:     of it
 * @argument: the one member that "arguments" must have; NULL if it takes none
 * @run:      does it; @value is an empty object, which it may fill or replace
 */
struct command {
	const char *name;
	const char *argument;
	command_fn *run;
};

static const char *status_name(enum machine_status status)
{
	switch (status) {
	case MACHINE_STATUS_PRELAUNCH:
		return "prelaunch";
	case MACHINE_STATUS_RUNNING:
		return "running";
	case MACHINE_STATUS_SUSPENDED:
		return "suspended";
	case MACHINE_STATUS_SHUTDOWN:
		return "shutdown";
	case MACHINE_STATUS_INTERNAL_ERROR:
		return "internal-error";
	}
	return "internal-error";
}

static enum machine_status status_of(const struct command_target *target)
{
	return target->machine != NULL ? machine_status(target->machine) : MACHINE_STATUS_PRELAUNCH;
}

static void add_u64(struct json_object *object, const char *name, uint64_t value)
{
	json_object_object_add(object, name, json_object_new_uint64(value));
}

static enum command_result query_status(const struct command_target *target,
					struct json_object *arguments, struct json_object **value,
					struct vmm_error *error)
{
	enum machine_status status = status_of(target);

	(void)arguments;
	(void)error;
	json_object_object_add(*value, "status", json_object_new_string(status_name(status)));
	json_object_object_add(*value, "running",
			       json_object_new_boolean(status == MACHINE_STATUS_RUNNING));
	return COMMAND_OK;
}

static enum command_result system_wakeup(const struct command_target *target,
					 struct json_object *arguments, struct json_object **value,
					 struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	if (target->machine == NULL || !machine_wake(target->machine)) {
		vmm_error_set(error, "cannot wake the machine: expected it suspended, it is %s",
			      status_name(status_of(target)));
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

static enum command_result refuse_suspend(const struct command_target *target,
					  struct json_object *arguments, struct json_object **value,
					  struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	if (target->machine == NULL || !machine_refuse_suspend(target->machine)) {
		vmm_error_set(error,
			      "no suspend to refuse: expected the machine suspended, it is %s",
			      status_name(status_of(target)));
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

static enum command_result quit(const struct command_target *target, struct json_object *arguments,
				struct json_object **value, struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	(void)error;
	if (target->machine != NULL) {
		machine_end_by_host(target->machine, POWER_REASON_HOST);
	}
	return COMMAND_OK;
}

static bool cpu_argument(const struct command_target *target, struct json_object *arguments,
			 uint32_t *cpu, struct vmm_error *error)
{
	struct json_object *member = json_object_object_get(arguments, "cpu");
	int64_t number = json_object_get_int64(member);

	if (!json_object_is_type(member, json_type_int) || number < 0 ||
	    number >= (int64_t)target->cpu_count) {
		vmm_error_set(error,
			      "argument 'cpu' is %.40s: expected a whole number from 0 to %u",
			      json_object_to_json_string(member),
			      target->cpu_count > 0 ? target->cpu_count - 1 : 0);
		return false;
	}
	*cpu = (uint32_t)number;
	return true;
}

static enum command_result query_cpu(const struct command_target *target,
				     struct json_object *arguments, struct json_object **value,
				     struct vmm_error *error)
{
	struct power_cpu_info info;
	struct json_object *registers;
	uint32_t cpu;

	if (!cpu_argument(target, arguments, &cpu, error)) {
		return COMMAND_FAILED;
	}
	if (target->machine == NULL || !machine_query_cpu(target->machine, cpu, &info)) {
		vmm_error_set(error,
			      "CPU %u cannot be read: expected the machine running or "
			      "suspended, it is %s",
			      cpu, status_name(status_of(target)));
		return COMMAND_FAILED;
	}
	add_u64(*value, "cpu", cpu);
	json_object_object_add(*value, "state", json_object_new_string(info.state));
	add_u64(*value, "pc", info.pc);
	add_u64(*value, "pstate", info.pstate);
	registers = json_object_new_array();
	for (size_t i = 0; i < sizeof(info.x) / sizeof(info.x[0]); i++) {
		json_object_array_add(registers, json_object_new_uint64(info.x[i]));
	}
	json_object_object_add(*value, "x", registers);
	return COMMAND_OK;
}

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

static enum command_result query_commands(const struct command_target *target,
					  struct json_object *arguments, struct json_object **value,
					  struct vmm_error *error);

static const struct command commands[] = {
	{"query-commands", NULL, query_commands},
	{"query-status", NULL, query_status},
	{"query-version", NULL, query_version},
	{"quit", NULL, quit},
	{"system_wakeup", NULL, system_wakeup},
	{"x-torpor-query-cpu", "cpu", query_cpu},
	{"x-torpor-refuse-suspend", NULL, refuse_suspend},
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

/* Each command takes no argument or exactly one. */
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
	if (command->argument != NULL && !found) {
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
