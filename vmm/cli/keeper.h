/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the machines, as a command finds them
 *
 * Opens the store and mends what is left over before anything is read. Each function that can fail
 * has said why on standard error, and returns the exit status.
 */
#ifndef VMM_CLI_KEEPER_H
#define VMM_CLI_KEEPER_H

#include <stdbool.h>

#include "cli/commands.h"
#include "error.h"
#include "host/home.h"
#include "host/record.h"
#include "host/store.h"
#include "host/who.h"

/**
 * struct keeper - what a command works on
 * @home:    where it is
 * @store:   opened
 * @by:      who asks, as the history has it
 * @lock_fd: of keeper_lock(), or -1
 */
struct keeper {
	struct home home;
	struct store *store;
	char by[WHO_SIZE];
	int lock_fd;
};

/** keeper_open() - open the store; to be followed by keeper_close() whatever the result */
enum command_status keeper_open(struct keeper *keeper);

/** keeper_close() - close all, and give up the lock */
void keeper_close(struct keeper *keeper);

/** keeper_check_name() - see that a machine may be called that */
enum command_status keeper_check_name(const char *name);

/** keeper_get() - mend and read a machine; @record is for record_free() if it was found */
enum command_status keeper_get(struct keeper *keeper, const char *name,
			       struct machine_record *record);

/**
 * keeper_lock() - keep others from running or changing a machine, then mend and read it
 *
 * One that runs is refused with COMMAND_STATUS_STATE and the line "NAME is STATE: @expected".
 */
enum command_status keeper_lock(struct keeper *keeper, const char *name, const char *expected,
				struct machine_record *record);

/** keeper_unlock() - give up what keeper_lock() took */
void keeper_unlock(struct keeper *keeper);

/** keeper_update() - store_update() with an event; the state was @from */
enum command_status keeper_update(struct keeper *keeper, struct machine_record *record,
				  enum machine_state from, const char *kind, const char *cause);

/** keeper_running() - whether a process has the machine now */
bool keeper_running(const struct keeper *keeper, const char *name);

/** keeper_failed() - say why; COMMAND_STATUS_USAGE if the fault is in what was given */
enum command_status keeper_failed(const struct vmm_error *error);

/** keeper_refuse() - say a line of the machine; returns @status */
__attribute__((format(printf, 2, 3))) enum command_status keeper_refuse(enum command_status status,
									const char *format, ...);

#endif /* VMM_CLI_KEEPER_H */
