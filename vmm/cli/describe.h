/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what a machine with some options would be to its guest
 */
#ifndef VMM_CLI_DESCRIBE_H
#define VMM_CLI_DESCRIBE_H

#include "cli/options_words.h"
#include "error.h"

/**
 * describe_check() - see that options make a machine that can be kept, and that its files are there
 *
 * Return: true; false with @error filled.
 */
bool describe_check(struct options_words *words, struct vmm_error *error);

/**
 * describe_words() - describe the machine (machine/description.h)
 * @recorded: a description to rebuild, or NULL
 * @text:     set on success; to be freed
 *
 * Return: 0 or -errno with @error filled, without KVM, say.
 */
int describe_words(struct options_words *words, const char *recorded, char **text,
		   struct vmm_error *error);

#endif /* VMM_CLI_DESCRIBE_H */
