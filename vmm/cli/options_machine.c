/* SPDX-License-Identifier: BSD-3-Clause */
/* Options about the machine itself. */
#include <string.h>

#include <torpor/abi.h>

#include "cli/options_internal.h"

#define MEMORY_DEFAULT_BYTES (UINT64_C(512) << 20)
#define MEMORY_STEP_BYTES (UINT64_C(2) << 20)
/* arm64 Linux takes no more, with the NUL. */
#define CMDLINE_SIZE_MAX 2048

void options_set_defaults(struct run_options *options)
{
	const struct machine_type *type = machine_type_find(MACHINE_TYPE_DEFAULT);

	*options = (struct run_options){
		.machine =
			{
				.type = type,
				.cmdline = "",
				.cpu_count = 1,
				.memory_bytes = MEMORY_DEFAULT_BYTES,
				.psci_version = type->psci_version,
				.reboot = true,
			},
	};
}

bool options_set_kernel(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->machine.kernel = value;
	return true;
}

bool options_set_initrd(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->machine.initrd = value;
	return true;
}

bool options_set_append(struct run_options *options, const char *value, struct vmm_error *error)
{
	if (strlen(value) >= CMDLINE_SIZE_MAX) {
		vmm_error_set(error,
			      "--append '%.40s...': %zu bytes: expected %d at most, which is "
			      "what an arm64 kernel takes",
			      value, strlen(value), CMDLINE_SIZE_MAX - 1);
		return false;
	}
	options->machine.cmdline = value;
	return true;
}

bool options_set_cpus(struct run_options *options, const char *value, struct vmm_error *error)
{
	const char *end;
	uint64_t number;

	if (!options_parse_number(value, &end, &number) || *end != '\0' || number < 1 ||
	    number > MACHINE_CPU_COUNT_MAX) {
		vmm_error_set(error, "--cpus '%s': expected a number from 1 to %d", value,
			      MACHINE_CPU_COUNT_MAX);
		return false;
	}
	options->machine.cpu_count = (uint32_t)number;
	return true;
}

/* "sve" of "sve=off,pmu=on": the feature of that name, or CPU_FEATURE_COUNT. */
static unsigned find_feature(const char *name, size_t length)
{
	unsigned feature = 0;

	while (feature < CPU_FEATURE_COUNT &&
	       (strlen(cpu_feature_name((enum cpu_feature)feature)) != length ||
		memcmp(cpu_feature_name((enum cpu_feature)feature), name, length) != 0)) {
		feature++;
	}
	return feature;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

bool options_set_cpu_features(struct run_options *options, const char *value,
			      struct vmm_error *error)
{
	struct cpu_features *features = &options->machine.cpu_features;
	const char *at = value;
	bool more = true;

	while (more) {
		size_t length = strcspn(at, ",");
		size_t name_length = strcspn(at, "=,");
		unsigned feature = find_feature(at, name_length);
		const char *state = at + name_length + 1;
		size_t state_length = length - name_length - 1;
		bool on = name_length < length && is_word(state, state_length, "on");
		bool off = name_length < length && is_word(state, state_length, "off");

		if (feature == CPU_FEATURE_COUNT || (!on && !off) ||
		    features->want[feature] != CPU_FEATURE_AUTO) {
			vmm_error_set(error,
				      "--cpu-features '%s': '%.*s': expected pmu, pauth or sve, "
				      "each once, with =on or =off, such as sve=off,pmu=off",
				      value, (int)length, at);
			return false;
		}
		features->want[feature] = on ? CPU_FEATURE_ON : CPU_FEATURE_OFF;
		more = at[length] == ',';
		at += length + 1;
	}
	return true;
}

bool options_set_hugepages(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)value;
	(void)error;
	options->machine.hugepages = true;
	return true;
}

bool options_set_memory(struct run_options *options, const char *value, struct vmm_error *error)
{
	uint64_t bytes;

	if (!options_parse_size(value, &bytes)) {
		vmm_error_set(error,
			      "--memory '%s': expected a number with K, M or G, such as 512M",
			      value);
		return false;
	}
	if (bytes == 0 || bytes % MEMORY_STEP_BYTES != 0) {
		vmm_error_set(error, "--memory '%s': expected a multiple of 2M, such as 512M",
			      value);
		return false;
	}
	options->machine.memory_bytes = bytes;
	return true;
}

bool options_set_machine(struct run_options *options, const char *value, struct vmm_error *error)
{
	const struct machine_type *type = machine_type_find(value);

	if (type == NULL) {
		vmm_error_set(error,
			      "--machine '%s': expected " MACHINE_TYPE_DEFAULT
			      ", the only type there is",
			      value);
		return false;
	}
	options->machine.type = type;
	return true;
}

bool options_set_psci(struct run_options *options, const char *value, struct vmm_error *error)
{
	static const struct {
		const char *name;
		uint32_t version;
	} versions[] = {
		{"0.1", TORPOR_PSCI_0_1}, {"0.2", TORPOR_PSCI_0_2}, {"1.0", TORPOR_PSCI_1_0},
		{"1.1", TORPOR_PSCI_1_1}, {"1.2", TORPOR_PSCI_1_2}, {"1.3", TORPOR_PSCI_1_3},
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (strcmp(value, versions[i].name) == 0) {
			options->machine.psci_version = versions[i].version;
			return true;
		}
	}
	vmm_error_set(error, "--psci '%s': expected 0.1, 0.2, 1.0, 1.1, 1.2 or 1.3", value);
	return false;
}

bool options_set_no_reboot(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)value;
	(void)error;
	options->machine.reboot = false;
	return true;
}
