/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a machine's record while a process runs it
 *
 * Power events become transitions of the record, each committed before anybody hears of what
 * follows from it. Its user holds the machine's lock, so nobody else changes the record, and goes
 * through
 *
 *   recorder_begin()      before machine_create()
 *   recorder_ready()      before machine_start()
 *   recorder_dispatch()   whenever recorder_fd() is readable
 *   recorder_end()        when the machine has ended, or could not be made
 *
 * with recorder_emit(), recorder_ending(), recorder_commit(), recorder_first_write() and
 * recorder_log() as its struct machine_host's. Those say on which threads they are called; the
 * others are for the main thread.
 */
#ifndef VMM_HOST_RECORDER_H
#define VMM_HOST_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "host/record.h"
#include "power/event.h"

struct machine;
struct machine_disk_config;
struct recorder;
struct store;

/**
 * struct recorder_config - what to keep, and where
 * @store:   the recorder's alone until recorder_destroy()
 * @record:  as it was read, in a state that needs no process; borrowed, and kept as it is in @store
 * @discard: its image must not be resumed
 * @clear_marker: of an image that must not be resumed, the mark is taken off the disks
 * @tells_hibernation: its guest can say that it hibernates (PSCI 1.3): one that powers off has not
 * @disks:   its disks; borrowed
 * @disk_count: of @disks
 * @log:     takes a line for the operator; any thread
 * @ctx:     passed to @log
 */
struct recorder_config {
	struct store *store;
	struct machine_record *record;
	bool discard;
	bool clear_marker;
	bool tells_hibernation;
	const struct machine_disk_config *disks;
	size_t disk_count;
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/**
 * recorder_create() - make one; nothing is recorded yet
 * @by: who starts the machine, as struct machine_event has it
 *
 * Return: a recorder, or NULL with @error filled.
 */
struct recorder *recorder_create(const struct recorder_config *config, const char *by,
				 struct vmm_error *error);

/**
 * recorder_begin() - a start begins: starting, or still hibernated if it resumes
 *
 * Return: 0 or -errno with @error filled.
 */
int recorder_begin(struct recorder *recorder, struct vmm_error *error);

/**
 * recorder_recorded() - the machine that must be rebuilt, for struct machine_config
 *
 * After recorder_begin(). Return: its description, the record's; NULL for a start that boots clean.
 */
const char *recorder_recorded(const struct recorder *recorder);

/**
 * recorder_must_not_resume() - whether the guest's disks may hold an image that was discarded
 *
 * After recorder_begin(). A guest without ACPI is told by "noresume" then.
 */
bool recorder_must_not_resume(const struct recorder *recorder);

/**
 * recorder_ready() - the machine is made: see that it may start, and record that it runs
 * @machine: not started; borrowed until recorder_end()
 *
 * One that resumes stays hibernated. It may not start if it is another machine than the one that
 * hibernated, or a disk is not as it was: the text names the first thing that differs.
 *
 * Return: 0 or -errno with @error filled.
 */
int recorder_ready(struct recorder *recorder, struct machine *machine, struct vmm_error *error);

/** recorder_asked() - who asks for what the host does from now on; any thread */
void recorder_asked(struct recorder *recorder, uint32_t uid);

/** recorder_emit() - a power event; any thread, does not wait */
void recorder_emit(void *recorder, const struct power_event *event);

/** recorder_log() - a line for the operator, remembered as the cause of what may follow */
void recorder_log(void *recorder, const char *line);

/** recorder_ending() - see struct machine_host */
void recorder_ending(void *recorder, const struct power_event *event);

/** recorder_commit() - see struct machine_host */
int recorder_commit(void *recorder, const struct power_event *event, struct vmm_error *error);

/** recorder_first_write() - see struct machine_host */
int recorder_first_write(void *recorder);

/**
 * recorder_fd() - readable when recorder_dispatch() has something to do
 *
 * Return: a descriptor for poll(), the same for the recorder's whole life; not to be closed.
 */
int recorder_fd(const struct recorder *recorder);

/** recorder_dispatch() - record what has happened since */
void recorder_dispatch(struct recorder *recorder);

/**
 * recorder_end() - record what is left, and an end that nobody has committed
 * @why: the machine could not be made or started; NULL: the last line of the log says why, if
 *       there is something to say
 *
 * A state that needs a process becomes crashed, or what it was before if no guest code has run.
 */
void recorder_end(struct recorder *recorder, const char *why);

/** recorder_destroy() - free it; NULL is allowed */
void recorder_destroy(struct recorder *recorder);

#endif /* VMM_HOST_RECORDER_H */
