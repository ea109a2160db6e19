/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the console's escape key
 *
 * Ctrl-A p presses the power key, Ctrl-A x ends the machine, Ctrl-A c or h shows the keys, Ctrl-A
 * Ctrl-A sends one Ctrl-A. Who is attached to a console that is elsewhere detaches by Ctrl-A d.
 * After any other key both go to the guest: someone who types Ctrl-A to a shell need not know of
 * us.
 */
#ifndef VMM_CLI_ESCAPE_H
#define VMM_CLI_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESCAPE_KEY 0x01

/**
 * struct escape - whether the escape key was the last one
 * @pending:  it was
 * @attached: there is something to detach from
 */
struct escape {
	bool pending;
	bool attached;
};

/**
 * enum escape_action - what a key asks for besides its bytes
 */
enum escape_action {
	ESCAPE_NONE,
	ESCAPE_END,
	ESCAPE_POWER,
	ESCAPE_HELP,
	ESCAPE_DETACH,
};

/**
 * escape_feed() - the next key
 * @bytes: filled with what is for the guest
 * @count: how many, 0 to 2
 */
enum escape_action escape_feed(struct escape *escape, uint8_t key, uint8_t bytes[2], size_t *count);

#endif /* VMM_CLI_ESCAPE_H */
