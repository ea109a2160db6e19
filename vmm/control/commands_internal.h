/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands, for the table in commands.c. Each fills @value, an empty object that it may
 * replace, or @error; @arguments are known to be what the table says, but not their types.
 */
#ifndef VMM_CONTROL_COMMANDS_INTERNAL_H
#define VMM_CONTROL_COMMANDS_INTERNAL_H

#include <json-c/json.h>

#include "control/commands.h"

typedef enum command_result command_fn(const struct command_target *target,
				       struct json_object *arguments, struct json_object **value,
				       struct vmm_error *error);

/* What QMP calls a status, and the machine's, MACHINE_STATUS_PRELAUNCH without one. */
const char *command_status_name(enum machine_status status);
enum machine_status command_status(const struct command_target *target);

/* The argument "cpu": true if it is one of the machine's, else false with @error filled. */
bool command_cpu_argument(const struct command_target *target, struct json_object *arguments,
			  uint32_t *cpu, struct vmm_error *error);

/* commands_balloon.c */
command_fn command_balloon;
command_fn command_query_balloon;
command_fn command_query_balloon_stats;

/* commands_query.c: what looks. */
command_fn command_query_cpu;
command_fn command_query_cpus_fast;
command_fn command_query_current_machine;
command_fn command_query_kvm;
command_fn command_query_name;
command_fn command_query_status;
command_fn command_query_target;

/* commands_stats.c */
command_fn command_query_psci_stats;

/* commands_power.c: what acts. */
command_fn command_cont;
command_fn command_hibernate;
command_fn command_quit;
command_fn command_refuse_suspend;
command_fn command_stop;
command_fn command_suspend;
command_fn command_system_powerdown;
command_fn command_system_reset;
command_fn command_system_wakeup;

#endif /* VMM_CONTROL_COMMANDS_INTERNAL_H */
