/* SPDX-License-Identifier: BSD-3-Clause */
/* torpor console */
#include "cli/attach.h"
#include "cli/commands.h"
#include "cli/keeper.h"

static enum command_status run_console(const struct command_call *call)
{
	struct keeper keeper;
	enum command_status status = keeper_open(&keeper);

	if (status == COMMAND_STATUS_DONE) {
		status = command_has(&verb_console, call, "log")
				 ? attach_show_log(&keeper, call->names[0])
				 : attach_console(&keeper, call->names[0]);
	}
	keeper_close(&keeper);
	return status;
}

const struct command verb_console = {
	.name = "console",
	.arguments = "NAME",
	.summary = "attach to the console of a machine that runs in the background",
	.options = {{"log", NULL, "print what it has said, also of a machine that is off", false}},
	.name_count_min = 1,
	.name_count_max = 1,
	.more = "The last output is shown first. Any number may be attached, and each may type.\n"
		"Keys: Ctrl-A d detaches, Ctrl-A p presses the power key, Ctrl-A x ends the "
		"machine,\n"
		"Ctrl-A h shows the keys. Without a terminal, standard input goes to the guest as\n"
		"it is.\n",
	.run = run_console,
};
