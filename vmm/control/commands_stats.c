/* SPDX-License-Identifier: BSD-3-Clause */
/* x-torpor-query-psci-stats: how a CPU's power states were used. */
#include "control/commands_internal.h"

static struct json_object *state_object(const struct power_state_info *info)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(info->name));
	json_object_object_add(object, "power-state", json_object_new_uint64(info->power_state));
	json_object_object_add(object, "count", json_object_new_uint64(info->count));
	json_object_object_add(object, "residency-us", json_object_new_uint64(info->residency_us));
	return object;
}

enum command_result command_query_psci_stats(const struct command_target *target,
					     struct json_object *arguments,
					     struct json_object **value, struct vmm_error *error)
{
	struct json_object *states;
	struct power_state_info info;
	uint32_t cpu;

	if (!command_cpu_argument(target, arguments, &cpu, error)) {
		return COMMAND_FAILED;
	}
	if (target->machine == NULL || !machine_query_state(target->machine, cpu, 0, &info)) {
		vmm_error_set(error,
			      "CPU %u has no statistics: expected a machine with --idle-states "
			      "and --psci 1.0 or later",
			      cpu);
		return COMMAND_FAILED;
	}
	states = json_object_new_array();
	for (uint32_t i = 0; machine_query_state(target->machine, cpu, i, &info); i++) {
		json_object_array_add(states, state_object(&info));
	}
	json_object_object_add(*value, "cpu", json_object_new_uint64(cpu));
	json_object_object_add(*value, "states", states);
	return COMMAND_OK;
}
