/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: attaching to the console of a machine that runs elsewhere
 */
#ifndef VMM_CLI_ATTACH_H
#define VMM_CLI_ATTACH_H

#include "cli/keeper.h"

/**
 * attach_console() - show it, from its last output on, and send what is typed, until Ctrl-A d or
 * the machine's end
 */
enum command_status attach_console(struct keeper *keeper, const char *name);

/** attach_show_log() - print what the console has said, also of a machine that is off */
enum command_status attach_show_log(struct keeper *keeper, const char *name);

#endif /* VMM_CLI_ATTACH_H */
