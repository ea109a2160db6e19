/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the options of `torpor run`
 *
 * Parsing looks at nothing but the command line; options_check() then looks at the files. Both
 * end at the first fault, in one line that names it and says what was expected.
 */
#ifndef VMM_CLI_OPTIONS_H
#define VMM_CLI_OPTIONS_H

#include <stdbool.h>

#include "error.h"
#include "machine/machine.h"

/**
 * struct run_options - what `torpor run` was told
 * @machine:    the machine; its strings are the command line's or in the next two
 * @disk_paths: owned, without ",ro"
 * @port_names: owned, of --virtio-port
 * @net_words:  owned: the values of --net, cut into words
 * @hardware_signature: --hardware-signature, or 0
 * @events:     --events, or NULL
 * @control:    --control, or NULL
 * @pidfile:    --pidfile, or NULL
 * @console_socket: of a machine that is kept by name: where its console is if nobody is at
 *              standard input; or NULL
 * @console_log: with @console_socket: where it says what it has said
 */
struct run_options {
	struct machine_config machine;
	char *disk_paths[MACHINE_DISK_COUNT_MAX];
	char *port_names[MACHINE_PORT_COUNT_MAX];
	char *net_words[MACHINE_NET_COUNT_MAX];
	uint32_t hardware_signature;
	const char *events;
	const char *control;
	const char *pidfile;
	const char *console_socket;
	const char *console_log;
};

/**
 * enum options_result - what to do
 * @OPTIONS_RUN:  run the machine
 * @OPTIONS_HELP: print the help
 * @OPTIONS_BAD:  print the error, exit status 2
 */
enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_BAD,
};

/**
 * options_parse() - read the command line
 * @argc:    of @argv
 * @argv:    from the word "run" on; borrowed as long as @options is used
 * @options: filled; to be given to options_free() whatever the result
 * @error:   filled with OPTIONS_BAD
 *
 * Context: main thread; getopt's state is reset.
 */
enum options_result options_parse(int argc, char **argv, struct run_options *options,
				  struct vmm_error *error);

/**
 * options_check() - see whether the files can be what they are said to be, and the host has the
 * memory
 *
 * Return: true; false with @error filled.
 */
bool options_check(const struct run_options *options, struct vmm_error *error);

/** options_free() - free what is owned */
void options_free(struct run_options *options);

#endif /* VMM_CLI_OPTIONS_H */
