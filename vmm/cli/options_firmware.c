/* SPDX-License-Identifier: BSD-3-Clause */
/* --firmware, --variables and --variables-template: a guest that starts from flash. */
#include "cli/options_internal.h"

bool options_set_firmware(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->machine.firmware = value;
	return true;
}

bool options_set_variables(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->machine.variables = value;
	return true;
}

bool options_set_variables_template(struct run_options *options, const char *value,
				    struct vmm_error *error)
{
	(void)error;
	options->machine.variables_template = value;
	return true;
}

static bool check_without(const struct machine_config *machine, struct vmm_error *error)
{
	if (machine->variables != NULL || machine->variables_template != NULL) {
		vmm_error_set(error,
			      "--variables%s: expected --firmware too, whose variables they are",
			      machine->variables != NULL ? "" : "-template");
		return false;
	}
	if (machine->kernel == NULL) {
		vmm_error_set(error, "--kernel is missing: expected --kernel FILE, an arm64 Linux "
				     "Image, or --firmware FILE; 'torpor run --help' has examples");
		return false;
	}
	return true;
}

bool options_check_firmware(const struct machine_config *machine, struct vmm_error *error)
{
	const char *given;

	if (machine->firmware == NULL) {
		return check_without(machine, error);
	}
	given = machine->kernel != NULL	      ? "--kernel"
		: machine->initrd != NULL     ? "--initrd"
		: machine->cmdline[0] != '\0' ? "--append"
					      : NULL;
	if (given != NULL) {
		vmm_error_set(error,
			      "%s: expected none with --firmware, which finds the kernel and its "
			      "command line on a disk",
			      given);
		return false;
	}
	if (machine->firmware_tables == MACHINE_TABLES_ACPI) {
		vmm_error_set(error, "--firmware-tables acpi: expected dt with --firmware: there "
				     "is no fw_cfg to hand ACPI tables to the firmware");
		return false;
	}
	if (machine->ramoops_bytes != 0) {
		vmm_error_set(error, "--ramoops: expected none with --firmware, which uses the "
				     "end of RAM itself at each start");
		return false;
	}
	return true;
}
