/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what --help prints
 */
#ifndef VMM_CLI_HELP_H
#define VMM_CLI_HELP_H

/** help_torpor() - the text of `torpor --help` */
const char *help_torpor(void);

/** help_describe() - the text of `torpor describe --help` */
const char *help_describe(void);

/** help_run() - the text of `torpor run --help` */
const char *help_run(void);

#endif /* VMM_CLI_HELP_H */
