/* SPDX-License-Identifier: BSD-3-Clause */
/* Options about idle states, and about what outlasts a warm reset. */
#include <torpor/abi.h>

#include "cli/options_internal.h"

/* A power of two is divided without a rest, down to the pages of any guest. */
#define RAMOOPS_MIN_BYTES (UINT64_C(64) << 10)
#define RAMOOPS_MAX_BYTES (UINT64_C(64) << 20)

bool options_set_idle_states(struct run_options *options, const char *value,
			     struct vmm_error *error)
{
	(void)value;
	(void)error;
	options->machine.idle_states = true;
	return true;
}

bool options_set_clusters(struct run_options *options, const char *value, struct vmm_error *error)
{
	const char *end;
	uint64_t number;

	if (!options_parse_number(value, &end, &number) || *end != '\0' || number < 1 ||
	    number > MACHINE_CPU_COUNT_MAX) {
		vmm_error_set(error, "--clusters '%s': expected a number from 1 to %d", value,
			      MACHINE_CPU_COUNT_MAX);
		return false;
	}
	options->machine.cluster_count = (uint32_t)number;
	return true;
}

bool options_set_ramoops(struct run_options *options, const char *value, struct vmm_error *error)
{
	uint64_t bytes;

	if (!options_parse_size(value, &bytes) || bytes < RAMOOPS_MIN_BYTES ||
	    bytes > RAMOOPS_MAX_BYTES || (bytes & (bytes - 1)) != 0) {
		vmm_error_set(error,
			      "--ramoops '%s': expected a power of two from 64K to 64M, such as 1M",
			      value);
		return false;
	}
	options->machine.ramoops_bytes = bytes;
	return true;
}

bool options_check_power(const struct machine_config *machine, struct vmm_error *error)
{
	uint32_t clusters = machine->cluster_count;

	if (clusters != 0 && !machine->idle_states) {
		vmm_error_set(error,
			      "--clusters %u: expected --idle-states too: clusters are there to "
			      "sleep with their CPUs",
			      clusters);
		return false;
	}
	if (clusters > machine->cpu_count) {
		vmm_error_set(error,
			      "--clusters %u: expected no more than the %u of --cpus, so that "
			      "each has one",
			      clusters, machine->cpu_count);
		return false;
	}
	if (clusters != 0 && machine->psci_version < TORPOR_PSCI_1_0) {
		vmm_error_set(error,
			      "--clusters %u: expected --psci 1.0 or later, where OS-initiated "
			      "mode came in",
			      clusters);
		return false;
	}
	if (machine->ramoops_bytes > machine->memory_bytes / 2) {
		vmm_error_set(error, "--ramoops: expected at most half of the %lluM of --memory",
			      (unsigned long long)(machine->memory_bytes >> 20));
		return false;
	}
	return true;
}
