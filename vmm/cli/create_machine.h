/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a new machine's place and record
 */
#ifndef VMM_CLI_CREATE_MACHINE_H
#define VMM_CLI_CREATE_MACHINE_H

#include "cli/export.h"
#include "cli/keeper.h"

/** create_check_name() - see that a machine may be called that; says so if not */
enum command_status create_check_name(const char *name);

/** create_uuid() - a new one, random */
bool create_uuid(char uuid[RECORD_UUID_SIZE]);

/** create_time() - when, and in which boot of the host, the record comes to be what it is */
void create_time(struct machine_record *record);

/**
 * create_add() - make the machine's folder and keep its record
 * @record:    with a name and options; a uuid and times are given to it if it has none
 * @variables: of its firmware, or NULL
 */
enum command_status create_add(struct keeper *keeper, struct machine_record *record,
			       const struct export_blob *variables, const char *kind,
			       const char *cause);

#endif /* VMM_CLI_CREATE_MACHINE_H */
