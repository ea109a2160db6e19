/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where everything is that is kept of machines.
 *
 *   HOME/torpor.db             the store
 *   HOME/machines/NAME/lock    held by the process that runs the machine, or changes it
 *   HOME/machines/NAME/...     its sockets, logs and the firmware's variables
 *
 * HOME is $TORPOR_HOME; else for root /var/lib/torpor, for others $XDG_STATE_HOME/torpor or
 * ~/.local/state/torpor. All folders are their owner's alone.
 *
 * A name that comes here must be record_name_ok(). Functions return 0, or -errno with @error
 * filled.
 */
#ifndef VMM_HOST_HOME_H
#define VMM_HOST_HOME_H

#include "error.h"

#define HOME_PATH_SIZE 1024
#define HOME_FILE_PATH_SIZE 1280

/** struct home - the folder; a value that may be copied */
struct home {
	char path[HOME_PATH_SIZE];
};

/**
 * enum home_file - what is in a machine's folder
 * @HOME_FILE_LOCK:        see machine_lock.h
 * @HOME_FILE_CONTROL:     QMP socket
 * @HOME_FILE_CONSOLE:     socket that leads to its console
 * @HOME_FILE_CONSOLE_LOG: what the console said
 * @HOME_FILE_LOG:         standard error of the process that runs it
 * @HOME_FILE_VARIABLES:   the firmware's variable store
 */
enum home_file {
	HOME_FILE_LOCK,
	HOME_FILE_CONTROL,
	HOME_FILE_CONSOLE,
	HOME_FILE_CONSOLE_LOG,
	HOME_FILE_LOG,
	HOME_FILE_VARIABLES,
	HOME_FILE_COUNT,
};

/**
 * home_find() - where it is for this user; it need not be there yet
 *
 * Return: -EINVAL, a fault of the user's input, if the environment gives no absolute path, or none
 * at all.
 */
int home_find(struct home *home, struct vmm_error *error);

/** home_make() - make the folder and that of the machines, durably, if they are not there */
int home_make(const struct home *home, struct vmm_error *error);

/** home_machine_folder() - write the path of a machine's folder to @path */
void home_machine_folder(const struct home *home, const char *name, char path[HOME_FILE_PATH_SIZE]);

/** home_machine_file() - write the path of a machine's file to @path */
void home_machine_file(const struct home *home, const char *name, enum home_file file,
		       char path[HOME_FILE_PATH_SIZE]);

/** home_make_machine() - make a machine's folder, durably, if it is not there */
int home_make_machine(const struct home *home, const char *name, struct vmm_error *error);

/**
 * home_remove_sockets() - remove what a process that was killed left of its sockets
 *
 * The caller holds the machine's lock.
 */
int home_remove_sockets(const struct home *home, const char *name, struct vmm_error *error);

/**
 * home_clear_machine() - remove all that is in a machine's folder but its lock
 *
 * For the creation of a machine in a folder that one of that name left, as its removal was cut
 * short. The caller holds the machine's lock.
 */
int home_clear_machine(const struct home *home, const char *name, struct vmm_error *error);

/**
 * home_remove_machine() - remove a machine's folder with what is in it, durably
 *
 * The caller holds the machine's lock, and gives it up after this.
 *
 * Return: 0 also if it is not there.
 */
int home_remove_machine(const struct home *home, const char *name, struct vmm_error *error);

#endif /* VMM_HOST_HOME_H */
