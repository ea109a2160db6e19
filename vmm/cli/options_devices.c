/* SPDX-License-Identifier: BSD-3-Clause */
/* Options about devices. */
#include <errno.h>
#include <string.h>

#include "cli/options_internal.h"

bool options_set_disk(struct run_options *options, const char *value, struct vmm_error *error)
{
	struct machine_config *machine = &options->machine;
	size_t length = strlen(value);
	bool read_only = length >= 3 && strcmp(value + length - 3, ",ro") == 0;
	char *path;

	if (machine->disk_count == MACHINE_DISK_COUNT_MAX) {
		vmm_error_set(error, "--disk '%s': expected %d disks at most", value,
			      MACHINE_DISK_COUNT_MAX);
		return false;
	}
	path = strndup(value, read_only ? length - 3 : length);
	if (path == NULL) {
		vmm_error_set(error, "--disk '%s': %s", value, strerror(errno));
		return false;
	}
	options->disk_paths[machine->disk_count] = path;
	machine->disks[machine->disk_count] =
		(struct machine_disk_config){.path = path, .read_only = read_only};
	machine->disk_count++;
	return true;
}
