/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that change what the machine does, or ask its guest to. */
#include <errno.h>

#include "control/commands_internal.h"

#define LIMIT_DEFAULT_S 60
#define LIMIT_MAX_S 86400

static enum command_result not_alive(const struct command_target *target, struct vmm_error *error)
{
	vmm_error_set(error,
		      "there is no guest: expected it running, suspended or paused, it is %s",
		      command_status_name(command_status(target)));
	return COMMAND_FAILED;
}

static enum command_result done_or_not_alive(bool done, const struct command_target *target,
					     struct vmm_error *error)
{
	return done ? COMMAND_OK : not_alive(target, error);
}

/* For what only a suspended machine that is not paused can do; @what it is. */
static enum command_result not_suspended(const char *what, const struct command_target *target,
					 struct vmm_error *error)
{
	if (target->machine != NULL && machine_suspended(target->machine)) {
		vmm_error_set(error, "%s: the suspended machine is paused: 'cont' first", what);
	} else {
		vmm_error_set(error, "%s: expected the machine suspended, it is %s", what,
			      command_status_name(command_status(target)));
	}
	return COMMAND_FAILED;
}

enum command_result command_system_wakeup(const struct command_target *target,
					  struct json_object *arguments, struct json_object **value,
					  struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	if (target->machine == NULL || !machine_wake(target->machine)) {
		return not_suspended("cannot wake the machine", target, error);
	}
	return COMMAND_OK;
}

enum command_result command_refuse_suspend(const struct command_target *target,
					   struct json_object *arguments,
					   struct json_object **value, struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	if (target->machine == NULL || !machine_refuse_suspend(target->machine)) {
		return not_suspended("no suspend to refuse", target, error);
	}
	return COMMAND_OK;
}

enum command_result command_quit(const struct command_target *target, struct json_object *arguments,
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

enum command_result command_stop(const struct command_target *target, struct json_object *arguments,
				 struct json_object **value, struct vmm_error *error)
{
	int ret = target->machine != NULL ? machine_pause(target->machine, error) : -ESRCH;

	(void)arguments;
	(void)value;
	if (ret == -ESRCH) {
		return not_alive(target, error);
	}
	return ret == 0 ? COMMAND_OK : COMMAND_FAILED;
}

enum command_result command_cont(const struct command_target *target, struct json_object *arguments,
				 struct json_object **value, struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	return done_or_not_alive(target->machine != NULL && machine_resume(target->machine), target,
				 error);
}

enum command_result command_system_reset(const struct command_target *target,
					 struct json_object *arguments, struct json_object **value,
					 struct vmm_error *error)
{
	(void)arguments;
	(void)value;
	return done_or_not_alive(target->machine != NULL && machine_reset_by_host(target->machine),
				 target, error);
}

static bool limit_argument(struct json_object *arguments, uint32_t *limit_s,
			   struct vmm_error *error)
{
	struct json_object *member = NULL;
	int64_t number;

	*limit_s = LIMIT_DEFAULT_S;
	if (arguments == NULL || !json_object_object_get_ex(arguments, "timeout", &member)) {
		return true;
	}
	number = json_object_get_int64(member);
	if (!json_object_is_type(member, json_type_int) || number < 0 || number > LIMIT_MAX_S) {
		vmm_error_set(error,
			      "argument 'timeout' is %.40s: expected whole seconds, 1 to %d, or 0 "
			      "for no limit",
			      json_object_to_json_string(member), LIMIT_MAX_S);
		return false;
	}
	*limit_s = (uint32_t)number;
	return true;
}

static enum command_result press(const struct command_target *target, struct json_object *arguments,
				 enum power_key key, struct vmm_error *error)
{
	uint32_t limit_s;

	if (!limit_argument(arguments, &limit_s, error)) {
		return COMMAND_FAILED;
	}
	return done_or_not_alive(
		target->machine != NULL &&
			machine_press_key(target->machine, key, POWER_REASON_HOST, limit_s),
		target, error);
}

enum command_result command_system_powerdown(const struct command_target *target,
					     struct json_object *arguments,
					     struct json_object **value, struct vmm_error *error)
{
	(void)value;
	return press(target, arguments, POWER_KEY_POWER, error);
}

enum command_result command_suspend(const struct command_target *target,
				    struct json_object *arguments, struct json_object **value,
				    struct vmm_error *error)
{
	(void)value;
	/* A press would wake it, to be asked for what it has done. */
	if (target->machine != NULL && machine_suspended(target->machine)) {
		vmm_error_set(error, "the machine is already suspended: expected it running");
		return COMMAND_FAILED;
	}
	return press(target, arguments, POWER_KEY_SLEEP, error);
}

enum command_result command_hibernate(const struct command_target *target,
				      struct json_object *arguments, struct json_object **value,
				      struct vmm_error *error)
{
	(void)value;
	return press(target, arguments, POWER_KEY_HIBERNATE, error);
}
