/* SPDX-License-Identifier: BSD-3-Clause */
/* Options about how the guest is told what its machine is. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <torpor/abi.h>

#include "cli/options_internal.h"

bool options_set_firmware_tables(struct run_options *options, const char *value,
				 struct vmm_error *error)
{
	if (strcmp(value, "acpi") == 0) {
		options->machine.firmware_tables = MACHINE_TABLES_ACPI;
	} else if (strcmp(value, "dt") == 0) {
		options->machine.firmware_tables = MACHINE_TABLES_DT;
	} else {
		vmm_error_set(error, "--firmware-tables '%s': expected dt, a device tree, or acpi",
			      value);
		return false;
	}
	return true;
}

bool options_set_hardware_signature(struct run_options *options, const char *value,
				    struct vmm_error *error)
{
	char *end = NULL;
	unsigned long long number = 0;

	errno = 0;
	if (isdigit((unsigned char)value[0]) != 0) {
		number = strtoull(value, &end, value[0] == '0' ? 16 : 10);
	}
	if (end == NULL || *end != '\0' || errno != 0 || number == 0 || number > UINT32_MAX) {
		vmm_error_set(error,
			      "--hardware-signature '%s': expected a number from 1 to 0xffffffff, "
			      "such as 0x5eed1234",
			      value);
		return false;
	}
	options->hardware_signature = (uint32_t)number;
	return true;
}

bool options_check_tables(const struct run_options *options, struct vmm_error *error)
{
	const struct machine_config *machine = &options->machine;

	if (machine->firmware_tables == MACHINE_TABLES_DT) {
		if (options->hardware_signature != 0) {
			vmm_error_set(error, "--hardware-signature: expected --firmware-tables "
					     "acpi too: a device tree has no place for it");
		}
		return options->hardware_signature == 0;
	}
	if (machine->psci_version < TORPOR_PSCI_0_2) {
		vmm_error_set(error, "--firmware-tables acpi: expected --psci 0.2 or later: only a "
				     "device tree can tell a guest of 0.1");
		return false;
	}
	if (machine->cluster_count != 0) {
		vmm_error_set(error,
			      "--clusters %u: expected --firmware-tables dt: guests with ACPI do "
			      "not use OS-initiated mode",
			      machine->cluster_count);
		return false;
	}
	if (machine->ramoops_bytes != 0) {
		vmm_error_set(error, "--ramoops: expected --firmware-tables dt: ACPI has no way to "
				     "tell a guest of the region");
		return false;
	}
	return true;
}
