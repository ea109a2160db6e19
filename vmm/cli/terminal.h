/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the terminal's raw mode
 *
 * The terminal is put back on every way out: an exit, and the signals that kill a program that
 * has a fault. That needs the one piece of state here that is global.
 */
#ifndef VMM_CLI_TERMINAL_H
#define VMM_CLI_TERMINAL_H

#include <stdbool.h>

/**
 * terminal_raw() - give every key to whoever reads @fd
 *
 * A process in the background must not touch its terminal and leaves it as it is.
 *
 * Context: main thread, once, before others exist.
 * Return: true; false if @fd is no terminal, or one that isn't ours.
 */
bool terminal_raw(int fd);

/**
 * terminal_continued() - make it raw again after SIGCONT, as the shell may have changed it
 *
 * Does nothing unless terminal_raw() returned true.
 */
void terminal_continued(void);

/**
 * terminal_restore() - put it back as it was; may be called at any time, by signal handlers too
 */
void terminal_restore(void);

#endif /* VMM_CLI_TERMINAL_H */
