/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the console of a machine without a terminal: a socket with any number of watchers
 *
 * The guest's output comes by a pipe and goes to all watchers and to a file, which is bounded; who
 * attaches is sent the last of it first. Each watcher may type. A watcher that does not read loses
 * output, and holds up nobody. All of it is done by a thread of the hub's own.
 */
#ifndef VMM_CLI_CONSOLE_HUB_H
#define VMM_CLI_CONSOLE_HUB_H

#include "error.h"

struct console_hub;

/**
 * console_hub_open() - listen
 * @socket_path: of the socket; only its owner may connect
 * @log_path:    of the file; what is in it comes before what the guest writes
 *
 * Context: main thread, with the signals blocked that the thread is not to take.
 * Return: a hub, or NULL with @error filled.
 */
struct console_hub *console_hub_open(const char *socket_path, const char *log_path,
				     struct vmm_error *error);

/** console_hub_in() - what watchers type; the hub's to close */
int console_hub_in(const struct console_hub *hub);

/** console_hub_out() - takes the guest's output; the hub's to close */
int console_hub_out(const struct console_hub *hub);

/** console_hub_close() - give what is left to those who read, hang up and remove the socket; NULL
 *  is allowed
 */
void console_hub_close(struct console_hub *hub);

#endif /* VMM_CLI_CONSOLE_HUB_H */
