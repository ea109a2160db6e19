/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the control socket's commands, without the socket
 *
 * Main thread only: commands call the machine, which may stop a CPU for a moment. No lock that an
 * event needs may be held here.
 */
#ifndef VMM_CONTROL_COMMANDS_H
#define VMM_CONTROL_COMMANDS_H

#include <stdint.h>

#include "error.h"
#include "machine/machine.h"

struct json_object;

/**
 * enum command_result - how a command ended; each but the first is an error class of QMP
 */
enum command_result {
	COMMAND_OK,
	COMMAND_FAILED,
	COMMAND_NOT_FOUND,
};

/**
 * struct command_target - what commands act on
 * @machine:   or NULL while there is none
 * @cpu_count: of @machine
 */
struct command_target {
	struct machine *machine;
	uint32_t cpu_count;
};

/**
 * command_execute() - run one
 * @name:      as the client gave it
 * @arguments: a JSON object, or NULL for none; borrowed
 * @value:     filled on COMMAND_OK: what to return; the caller's
 * @error:     filled otherwise
 */
enum command_result command_execute(const struct command_target *target, const char *name,
				    struct json_object *arguments, struct json_object **value,
				    struct vmm_error *error);

/**
 * command_version() - {"qemu":{"major","minor","micro"},"package"}, torpor's own numbers
 *
 * "qemu" is the member's name in QMP's schema, and clients look there.
 *
 * Return: an object, the caller's.
 */
struct json_object *command_version(void);

#endif /* VMM_CONTROL_COMMANDS_H */
