/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that look at the machine. */
#include <stdio.h>

#include "control/commands_internal.h"

const char *command_status_name(enum machine_status status)
{
	switch (status) {
	case MACHINE_STATUS_PRELAUNCH:
		return "prelaunch";
	case MACHINE_STATUS_RUNNING:
		return "running";
	case MACHINE_STATUS_SUSPENDED:
		return "suspended";
	case MACHINE_STATUS_PAUSED:
		return "paused";
	case MACHINE_STATUS_SHUTDOWN:
		return "shutdown";
	case MACHINE_STATUS_INTERNAL_ERROR:
		return "internal-error";
	}
	return "internal-error";
}

enum machine_status command_status(const struct command_target *target)
{
	return target->machine != NULL ? machine_status(target->machine) : MACHINE_STATUS_PRELAUNCH;
}

static void add_u64(struct json_object *object, const char *name, uint64_t value)
{
	json_object_object_add(object, name, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, json_object_new_string(value));
}

static void add_bool(struct json_object *object, const char *name, bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

enum command_result command_query_status(const struct command_target *target,
					 struct json_object *arguments, struct json_object **value,
					 struct vmm_error *error)
{
	enum machine_status status = command_status(target);

	(void)arguments;
	(void)error;
	add_string(*value, "status", command_status_name(status));
	add_bool(*value, "running", status == MACHINE_STATUS_RUNNING);
	return COMMAND_OK;
}

bool command_cpu_argument(const struct command_target *target, struct json_object *arguments,
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

enum command_result command_query_cpu(const struct command_target *target,
				      struct json_object *arguments, struct json_object **value,
				      struct vmm_error *error)
{
	struct power_cpu_info info;
	struct json_object *registers;
	uint32_t cpu;

	if (!command_cpu_argument(target, arguments, &cpu, error)) {
		return COMMAND_FAILED;
	}
	if (target->machine == NULL || !machine_query_cpu(target->machine, cpu, &info)) {
		vmm_error_set(error,
			      "CPU %u cannot be read: expected the machine running or "
			      "suspended, it is %s",
			      cpu, command_status_name(command_status(target)));
		return COMMAND_FAILED;
	}
	add_u64(*value, "cpu", cpu);
	add_string(*value, "state", info.state);
	add_u64(*value, "pc", info.pc);
	add_u64(*value, "pstate", info.pstate);
	registers = json_object_new_array();
	for (size_t i = 0; i < sizeof(info.x) / sizeof(info.x[0]); i++) {
		json_object_array_add(registers, json_object_new_uint64(info.x[i]));
	}
	json_object_object_add(*value, "x", registers);
	return COMMAND_OK;
}

/* QMP's CpuInfoFast. There is no object model here, so the path is but a name. */
static struct json_object *cpu_info_fast(uint32_t cpu, int64_t thread)
{
	struct json_object *info = json_object_new_object();
	struct json_object *props = json_object_new_object();
	char path[48];

	(void)snprintf(path, sizeof(path), "/machine/cpu[%u]", cpu);
	json_object_object_add(info, "thread-id", json_object_new_int64(thread));
	add_u64(props, "core-id", cpu);
	add_u64(props, "thread-id", 0);
	add_u64(props, "cluster-id", 0);
	add_u64(props, "socket-id", 0);
	json_object_object_add(info, "props", props);
	add_string(info, "qom-path", path);
	add_string(info, "target", "aarch64");
	add_u64(info, "cpu-index", cpu);
	return info;
}

enum command_result command_query_cpus_fast(const struct command_target *target,
					    struct json_object *arguments,
					    struct json_object **value, struct vmm_error *error)
{
	(void)arguments;
	json_object_put(*value);
	*value = json_object_new_array();
	for (uint32_t cpu = 0; cpu < target->cpu_count; cpu++) {
		int64_t thread = machine_cpu_thread(target->machine, cpu);

		if (thread == 0) {
			break;
		}
		json_object_array_add(*value, cpu_info_fast(cpu, thread));
	}
	if (target->cpu_count == 0 || json_object_array_length(*value) < target->cpu_count) {
		vmm_error_set(error, "no CPU has a thread: expected the machine started, it is %s",
			      command_status_name(command_status(target)));
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}

enum command_result command_query_current_machine(const struct command_target *target,
						  struct json_object *arguments,
						  struct json_object **value,
						  struct vmm_error *error)
{
	(void)target;
	(void)arguments;
	(void)error;
	add_bool(*value, "wakeup-suspend-support", true);
	return COMMAND_OK;
}

enum command_result command_query_kvm(const struct command_target *target,
				      struct json_object *arguments, struct json_object **value,
				      struct vmm_error *error)
{
	(void)target;
	(void)arguments;
	(void)error;
	add_bool(*value, "enabled", true);
	add_bool(*value, "present", true);
	return COMMAND_OK;
}

/* The machine has none. */
enum command_result command_query_name(const struct command_target *target,
				       struct json_object *arguments, struct json_object **value,
				       struct vmm_error *error)
{
	(void)target;
	(void)arguments;
	(void)value;
	(void)error;
	return COMMAND_OK;
}

enum command_result command_query_target(const struct command_target *target,
					 struct json_object *arguments, struct json_object **value,
					 struct vmm_error *error)
{
	(void)target;
	(void)arguments;
	(void)error;
	add_string(*value, "arch", "aarch64");
	return COMMAND_OK;
}
