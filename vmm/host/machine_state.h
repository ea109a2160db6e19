/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power states of a machine that is kept by name.
 *
 *   create --> off --start--> starting --> running <--> suspended
 *                                |            |  ^         |
 *                                |  asked, or |  | did not |
 *                                |  ending    v  | react   v
 *                                |          stopping <-----+
 *                                |            |
 *                       it failed or its process died, from any of these: crashed
 *                                             |
 *                                             +--> off, hibernated: a clean end
 *
 *   start also from crashed and hibernated
 *
 * A hibernated machine that starts stays hibernated until its guest first writes to a disk, as that
 * is what consumes the image; from then on it is running. A clean start that discards the image
 * goes to starting at once.
 */
#ifndef VMM_HOST_MACHINE_STATE_H
#define VMM_HOST_MACHINE_STATE_H

#include <stdbool.h>

/**
 * enum machine_state - what a machine is
 * @MACHINE_STATE_OFF:        its guest powered off, or it never ran
 * @MACHINE_STATE_STARTING:   a process makes it; no guest code has run
 * @MACHINE_STATE_RUNNING:    its guest runs
 * @MACHINE_STATE_SUSPENDED:  its guest suspended to RAM
 * @MACHINE_STATE_HIBERNATED: its guest hibernated, and the image on its disks can be resumed
 * @MACHINE_STATE_STOPPING:   its guest was asked to power off, or its end is being made safe
 * @MACHINE_STATE_CRASHED:    it ended in any other way, the cause says how
 */
enum machine_state {
	MACHINE_STATE_OFF,
	MACHINE_STATE_STARTING,
	MACHINE_STATE_RUNNING,
	MACHINE_STATE_SUSPENDED,
	MACHINE_STATE_HIBERNATED,
	MACHINE_STATE_STOPPING,
	MACHINE_STATE_CRASHED,
	MACHINE_STATE_COUNT,
};

/** machine_state_name() - its word, "off" and so on; a static string */
const char *machine_state_name(enum machine_state state);

/** machine_state_parse() - the state of that word; false if there is none */
bool machine_state_parse(const char *name, enum machine_state *state);

/** machine_state_may_follow() - whether a machine may go from one state to the other */
bool machine_state_may_follow(enum machine_state from, enum machine_state to);

/**
 * machine_state_needs_process() - whether the state is true only while a process runs the machine
 *
 * Found without one, the machine has crashed.
 */
bool machine_state_needs_process(enum machine_state state);

#endif /* VMM_HOST_MACHINE_STATE_H */
