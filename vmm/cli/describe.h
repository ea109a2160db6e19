/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what a machine with some options would be to its guest
 */
#ifndef VMM_CLI_DESCRIBE_H
#define VMM_CLI_DESCRIBE_H

#include "cli/options_words.h"
#include "error.h"

struct machine_config;

/**
 * describe_check() - see that options make a machine that can be kept, and that its files are there
 *
 * Return: true; false with @error filled.
 */
bool describe_check(struct options_words *words, struct vmm_error *error);

/**
 * describe_config() - describe a machine (machine/description.h) that is made for nothing else
 * @config:   what it is; its describe_only is taken as set
 * @recorded: a description to rebuild, or NULL
 * @log:      takes a line for the operator; or NULL
 * @text:     set on success; to be freed
 *
 * Return: 0 or -errno with @error filled, without KVM, say.
 */
int describe_config(const struct machine_config *config, const char *recorded,
		    void (*log)(void *ctx, const char *line), char **text, struct vmm_error *error);

/**
 * describe_words() - the same, of the machine that options make
 *
 * Return: as describe_config().
 */
int describe_words(struct options_words *words, const char *recorded, char **text,
		   struct vmm_error *error);

#endif /* VMM_CLI_DESCRIBE_H */
