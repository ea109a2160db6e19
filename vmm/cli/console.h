/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the guest's console on standard input and output
 *
 * vCPU threads write to a ring; the main loop drains it. A guest that writes faster than its
 * output is read is slowed down: its vCPU waits, but never for long, since the main thread may
 * have to stop that very vCPU. What comes meanwhile goes into the ring's other part, which is
 * large against it. So nothing is lost and nothing deadlocks. A device that can leave output with
 * the guest does not wait, and is told when there is room.
 *
 * The main loop's turn:
 *
 *   console_wait_begin()      what to poll for
 *   poll()
 *   console_wait_end()        from now on no vCPU waits longer than a moment
 *   console_output()          drain
 *   console_input()           read what is typed
 *   console_offer()           give it to the guest, and tell of room; also after machine_dispatch()
 */
#ifndef VMM_CLI_CONSOLE_H
#define VMM_CLI_CONSOLE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/escape.h"
#include "error.h"

/* From where on a vCPU waits, and what there is for those that waited long enough. */
#define CONSOLE_RING_SOFT ((size_t)64 << 10)
#define CONSOLE_RING_SIZE ((size_t)1 << 20)
#define CONSOLE_POLL_COUNT 3

struct console;
struct machine;

/**
 * struct console_config - what a console is made of
 * @in_fd:    read from; -1 for no input
 * @out_fd:   written to
 * @terminal: @in_fd is a terminal in raw mode: look for the escape key
 * @log:      takes a line for the operator
 * @ctx:      passed to @log
 */
struct console_config {
	int in_fd;
	int out_fd;
	bool terminal;
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/**
 * console_create() - make a console
 * @config: copied; the descriptors stay the caller's
 *
 * Return: the console, or NULL with @error filled.
 */
struct console *console_create(const struct console_config *config, struct vmm_error *error);

/** console_destroy() - free it, without a flush; NULL is allowed */
void console_destroy(struct console *console);

/**
 * console_tx() - the guest wrote, as struct machine_host has it
 * @ctx: the console
 *
 * Context: any thread.
 */
void console_tx(void *ctx, const uint8_t *bytes, size_t count);

/**
 * console_take() - the guest wrote, as struct machine_host has it
 * @ctx: the console
 *
 * Context: any thread; does not wait.
 * Return: how many bytes were taken; console_offer() tells the machine when there is room for more.
 * With @last it is @count: what there is no room for is dropped, which is logged once.
 */
size_t console_take(void *ctx, const uint8_t *bytes, size_t count, bool last);

/** console_wait_begin() - fill in what to poll for; vCPU threads may wait for a second */
void console_wait_begin(struct console *console, struct pollfd polls[CONSOLE_POLL_COUNT]);

/** console_wait_end() - poll() is over; no vCPU thread waits longer than a moment */
void console_wait_end(struct console *console);

/** console_output() - write what the guest wrote, as far as it goes without waiting */
void console_output(struct console *console);

/**
 * console_input() - read input, if poll() said so
 * @polls: as poll() left them
 *
 * Return: what the escape key asked for.
 */
enum escape_action console_input(struct console *console,
				 const struct pollfd polls[CONSOLE_POLL_COUNT]);

/** console_offer() - give the guest of the input what it takes, and tell it of room for output */
void console_offer(struct console *console, struct machine *machine);

/**
 * console_flush() - write all that is left; call it when the machine has stopped
 * @stop_fd:  gives up when this is readable; -1 for none
 * @stall_ms: gives up when nothing moved for so long; -1 for never
 */
void console_flush(struct console *console, int stop_fd, int stall_ms);

#endif /* VMM_CLI_CONSOLE_H */
