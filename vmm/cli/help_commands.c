/* SPDX-License-Identifier: BSD-3-Clause */
/* Help that is made of the table of commands. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/options_words.h"
#include "cli/show.h"

#define OPTION_WIDTH 24

/* As the texts look. */
/* clang-format off */
static const char head[] =
"torpor - arm64 Linux guests whose power states are real\n"
"\n"
"Usage:\n"
"  torpor run --kernel FILE [OPTION]...    run a machine in the foreground\n"
"  torpor COMMAND [NAME] [OPTION]...       machines that are kept by name\n"
"  torpor COMMAND --help                   what a command does, and its options\n"
"  torpor --version\n"
"\n"
"Commands:\n"
"  run          run a machine in the foreground; 'torpor run --help' has a machine's options\n"
"  describe     print what a machine with some options is to its guest\n";

static const char tail[] =
"\n"
"A guest that suspends sleeps in RAM until its clock, a key or the host wakes it; one that\n"
"hibernates is known to be hibernated, and its next start resumes it, on the machine as it was.\n"
"It sees the PSCI version that --psci pins, on any host kernel.\n"
"\n"
"Needs an arm64 host with Linux 6.4 or later and access to /dev/kvm. Machines are kept in\n"
"$TORPOR_HOME, or for root in /var/lib/torpor, for others in ~/.local/state/torpor.\n"
"\n"
"Examples:\n"
"  torpor run --kernel Image --initrd initrd.img --append 'console=ttyAMA0' --cpus 2\n"
"\n"
"  torpor create demo --kernel Image --initrd initrd.img --disk swap.img \\\n"
"      --append 'console=ttyAMA0 resume=/dev/vda'\n"
"  torpor start demo --console\n"
"  torpor hibernate demo; torpor status demo; torpor start demo\n"
"\n"
"Exit status of all commands but run\n"
"  0  done\n"
"  1  failed\n"
"  2  usage: a bad option, name or file; the message names it\n"
"  3  there is no machine of that name\n"
"  4  the machine's state does not allow it\n"
"  5  the guest did not do in time what it was asked for\n";
/* clang-format on */

bool help_torpor(void)
{
	const struct command *command;

	(void)fputs(head, stdout);
	for (size_t i = 0; (command = commands_at(i)) != NULL; i++) {
		if (!command->hidden) {
			(void)printf("  %-11s  %s\n", command->name, command->summary);
		}
	}
	(void)fputs(tail, stdout);
	return show_flush() == COMMAND_STATUS_DONE;
}

static void print_option(const struct command_option *option)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "--%s%s%s", option->name,
		       option->value != NULL ? " " : "",
		       option->value != NULL ? option->value : "");
	(void)printf("  %-*s%s%s\n", OPTION_WIDTH, text, strlen(text) < OPTION_WIDTH ? "" : "  ",
		     option->help);
}

static void print_machine_options(void)
{
	struct options_name option;
	size_t column = 0;

	(void)puts("\nA machine's options ('torpor run --help' says what they do):");
	for (size_t i = 0; options_at(i, &option); i++) {
		size_t length = strlen(option.name) + 3;

		if (column + length > 92) {
			(void)putchar('\n');
			column = 0;
		}
		(void)printf("%s--%s", column == 0 ? "  " : " ", option.name);
		column += length;
	}
	(void)putchar('\n');
}

bool help_command(const struct command *command)
{
	const struct command_option *option = command->options;

	(void)printf("Usage: torpor %s%s%s%s\n\n%s\n", command->name,
		     *command->arguments != '\0' ? " " : "", command->arguments,
		     option->name != NULL && !command->machine_options ? " [OPTION]..." : "",
		     command->summary);
	if (command->more != NULL) {
		(void)printf("\n%s", command->more);
	}
	(void)puts("\nOptions:");
	for (; option->name != NULL; option++) {
		print_option(option);
	}
	(void)printf("  %-*s%s\n", OPTION_WIDTH, "-h, --help", "print this");
	if (command->machine_options) {
		print_machine_options();
	}
	return show_flush() == COMMAND_STATUS_DONE;
}
