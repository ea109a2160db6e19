/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: asking a machine that runs, and waiting for what comes of it
 *
 * As in cli/keeper.h, what fails has been said on standard error.
 */
#ifndef VMM_CLI_ASK_MACHINE_H
#define VMM_CLI_ASK_MACHINE_H

#include "cli/keeper.h"

#define ASK_LIMIT_DEFAULT_S 60

struct qmp_ask;

/**
 * struct ask - a machine that is asked
 * @keeper: where it is kept
 * @name:   its own
 * @qmp:    its process
 */
struct ask {
	struct keeper *keeper;
	const char *name;
	struct qmp_ask *qmp;
};

/**
 * enum ask_end - what came of it
 * @ASK_EVENT:        the event that was waited for
 * @ASK_ENDED:        the machine's process has ended
 * @ASK_UNRESPONSIVE: the guest did not do it in time
 * @ASK_LOST:         the process did not end in time
 */
enum ask_end {
	ASK_EVENT,
	ASK_ENDED,
	ASK_UNRESPONSIVE,
	ASK_LOST,
};

/** ask_open() - reach the process of a machine; to be followed by ask_close() if it did */
enum command_status ask_open(struct ask *ask, struct keeper *keeper, const char *name);

/** ask_close() - hang up */
void ask_close(struct ask *ask);

/** ask_limit() - the value of --timeout; @text may be NULL */
enum command_status ask_limit(const char *text, int64_t *limit_s);

/**
 * ask_command() - a command without an answer
 * @argument: name of its argument, or NULL
 */
enum command_status ask_command(struct ask *ask, const char *command, const char *argument,
				int64_t number);

/** ask_say() - print what the guest was asked for, "power off" say, and within how many seconds */
void ask_say(const struct ask *ask, const char *verb, int64_t limit_s);

/**
 * ask_wait() - wait for what a key asked the guest to do
 * @event:   ends the wait; NULL if only the end of the process does
 * @limit_s: that the guest was given; 0: none
 */
enum ask_end ask_wait(struct ask *ask, const char *event, int64_t limit_s);

/** ask_wait_gone() - after the end was seen: wait until nobody has the machine */
enum ask_end ask_wait_gone(const struct ask *ask, int limit_ms);

/** ask_tell() - print "NAME is STATE"; @state is set to it */
enum command_status ask_tell(struct keeper *keeper, const char *name, enum machine_state *state);

#endif /* VMM_CLI_ASK_MACHINE_H */
