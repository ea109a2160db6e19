/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest can tell its CPUs by. */
#include <inttypes.h>
#include <string.h>

#include "machine/description_internal.h"

static void describe_features(const struct machine *machine, struct description_lines *lines)
{
	char words[64] = "";

	for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
		size_t used = strlen(words);

		if (kvm_vm_has_feature(machine->vm, (enum cpu_feature)i)) {
			(void)snprintf(words + used, sizeof(words) - used, "%s%s",
				       used > 0 ? " " : "", cpu_feature_name((enum cpu_feature)i));
		}
	}
	lines_add(lines, "cpu.features", "%s", words[0] != '\0' ? words : DESCRIPTION_NONE);
}

int describe_cpus(const struct machine *machine, struct description_lines *lines,
		  struct vmm_error *error)
{
	(void)error;
	lines_add(lines, "cpu.count", "%u", machine->config.cpu_count);
	describe_features(machine, lines);
	return 0;
}
