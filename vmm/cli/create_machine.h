/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a new machine's place and record
 */
#ifndef VMM_CLI_CREATE_MACHINE_H
#define VMM_CLI_CREATE_MACHINE_H

#include "cli/export.h"
#include "cli/keeper.h"

/**
 * create_add() - make the machine's folder and keep its record
 * @record:    with a name and options; a uuid and times are given to it if it has none
 * @variables: of its firmware, or NULL
 */
enum command_status create_add(struct keeper *keeper, struct machine_record *record,
			       const struct export_blob *variables, const char *kind,
			       const char *cause);

#endif /* VMM_CLI_CREATE_MACHINE_H */
