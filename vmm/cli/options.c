/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options_internal.h"
#include "cli/options_words.h"

static bool set_events(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->events = value;
	return true;
}

static bool set_control(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->control = value;
	return true;
}

static bool set_pidfile(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->pidfile = value;
	return true;
}

/**
 * struct option_spec - one option
 * @name:    without the dashes
 * @value:   what its value is called; NULL if it takes none
 * @set:     takes the value
 * @repeats: it may come again
 */
struct option_spec {
	const char *name;
	const char *value;
	option_set_fn *set;
	bool repeats;
};

static const struct option_spec specs[] = {
	{"kernel", "FILE", options_set_kernel, false},
	{"initrd", "FILE", options_set_initrd, false},
	{"append", "STRING", options_set_append, false},
	{"firmware", "FILE", options_set_firmware, false},
	{"variables", "FILE", options_set_variables, false},
	{"variables-template", "FILE", options_set_variables_template, false},
	{"disk", "FILE[,OPTION]...", options_set_disk, true},
	{"watchdog", NULL, options_set_watchdog, false},
	{"watchdog-action", "reset|poweroff", options_set_watchdog_action, false},
	{"panic-action", "run|poweroff", options_set_panic_action, false},
	{"virtio-console", "SOCKET|stdio", options_set_virtio_console, false},
	{"virtio-port", "NAME=SOCKET", options_set_virtio_port, true},
	{"vsock", "CID", options_set_vsock, false},
	{"balloon", NULL, options_set_balloon, false},
	{"net", "KIND", options_set_net, true},
	{"cpus", "N", options_set_cpus, false},
	{"cpu-features", "NAME=on|off,...", options_set_cpu_features, false},
	{"memory", "SIZE", options_set_memory, false},
	{"hugepages", NULL, options_set_hugepages, false},
	{"machine", "TYPE", options_set_machine, false},
	{"psci", "X.Y", options_set_psci, false},
	{"idle-states", NULL, options_set_idle_states, false},
	{"clusters", "N", options_set_clusters, false},
	{"ramoops", "SIZE", options_set_ramoops, false},
	{"firmware-tables", "dt|acpi", options_set_firmware_tables, false},
	{"hardware-signature", "N", options_set_hardware_signature, false},
	{"no-reboot", NULL, options_set_no_reboot, false},
	{"events", "FILE|-", set_events, false},
	{"control", "SOCKET", set_control, false},
	{"pidfile", "FILE", set_pidfile, false},
};

#define SPEC_COUNT (sizeof(specs) / sizeof(specs[0]))
/* getopt_long() returns this plus an option's place in the table. */
#define SPEC_BASE 256
#define SPEC_HELP (SPEC_BASE + (int)SPEC_COUNT)

bool options_at(size_t index, struct options_name *option)
{
	if (index >= SPEC_COUNT) {
		return false;
	}
	*option = (struct options_name){
		.name = specs[index].name,
		.value = specs[index].value,
		.repeats = specs[index].repeats,
	};
	return true;
}

static void fill_long_options(struct option *longs)
{
	for (size_t i = 0; i < SPEC_COUNT; i++) {
		longs[i] = (struct option){
			.name = specs[i].name,
			.has_arg = specs[i].value != NULL ? required_argument : no_argument,
			.val = SPEC_BASE + (int)i,
		};
	}
	longs[SPEC_COUNT] = (struct option){.name = "help", .val = SPEC_HELP};
	longs[SPEC_COUNT + 1] = (struct option){0};
}

static bool is_option_name(const char *name)
{
	for (size_t i = 0; i < SPEC_COUNT; i++) {
		if (strcmp(name, specs[i].name) == 0) {
			return true;
		}
	}
	return false;
}

/* The word with an unknown option: a cluster such as "-kernel" is still the next one. */
static void explain_unknown(char **argv, struct vmm_error *error)
{
	const char *word = argv[optind - 1];
	const char *next = argv[optind];

	if (optopt != 0 && next != NULL && next[0] == '-' && (unsigned char)next[1] == optopt) {
		word = next;
	}
	if (word[0] == '-' && is_option_name(word + 1)) {
		vmm_error_set(error, "unknown option '%s': expected -%s, with two dashes", word,
			      word);
	} else {
		vmm_error_set(error, "unknown option '%s': 'torpor run --help' lists them", word);
	}
}

/* What getopt_long() answered with '?' or ':'. */
static void explain(int found, char **argv, struct vmm_error *error)
{
	const struct option_spec *spec;

	if (optopt == SPEC_HELP) {
		vmm_error_set(error, "%s: expected --help alone, it takes no value",
			      argv[optind - 1]);
		return;
	}
	if (optopt < SPEC_BASE) {
		explain_unknown(argv, error);
		return;
	}
	spec = &specs[optopt - SPEC_BASE];
	if (found == ':') {
		vmm_error_set(error, "--%s has no value: expected --%s %s", spec->name, spec->name,
			      spec->value);
	} else {
		vmm_error_set(error, "%s: expected --%s alone, it takes no value", argv[optind - 1],
			      spec->name);
	}
}

/* getopt_long() takes "--mem" too, and a script with that breaks when an option is added. */
static bool check_whole_name(const struct option_spec *spec, char **argv, struct vmm_error *error)
{
	bool separate = optarg != NULL && optarg == argv[optind - 1];
	const char *word = argv[separate ? optind - 2 : optind - 1];
	size_t length = strcspn(word, "=");

	if (length == strlen(spec->name) + 2 && memcmp(word + 2, spec->name, length - 2) == 0) {
		return true;
	}
	vmm_error_set(error, "unknown option '%.*s': expected --%s, names are not shortened",
		      (int)length, word, spec->name);
	return false;
}

static bool take_option(int found, char **argv, uint64_t *seen, struct run_options *options,
			struct vmm_error *error)
{
	const struct option_spec *spec = &specs[found - SPEC_BASE];
	uint64_t bit = UINT64_C(1) << (found - SPEC_BASE);

	if (!check_whole_name(spec, argv, error)) {
		return false;
	}
	if ((*seen & bit) != 0 && !spec->repeats) {
		vmm_error_set(error, "--%s is given twice: expected it once", spec->name);
		return false;
	}
	*seen |= bit;
	if (spec->value != NULL && *optarg == '\0' && spec->set != options_set_append) {
		vmm_error_set(error, "--%s '': is empty: expected --%s %s", spec->name, spec->name,
			      spec->value);
		return false;
	}
	return spec->set(options, optarg, error);
}

enum options_result options_parse(int argc, char **argv, struct run_options *options,
				  struct vmm_error *error)
{
	struct option longs[SPEC_COUNT + 2];
	uint64_t seen = 0;
	int found;

	options_set_defaults(options);
	fill_long_options(longs);
	/* GNU: 0 starts over; "+" stops at the first word that is no option. */
	optind = 0;
	opterr = 0;
	while ((found = getopt_long(argc, argv, "+:h", longs, NULL)) != -1) {
		if (found == 'h' || found == SPEC_HELP) {
			return OPTIONS_HELP;
		}
		if (found == '?' || found == ':') {
			explain(found, argv, error);
			return OPTIONS_BAD;
		}
		if (!take_option(found, argv, &seen, options, error)) {
			return OPTIONS_BAD;
		}
	}
	if (optind < argc) {
		vmm_error_set(error,
			      "unexpected argument '%s': expected options only, such as "
			      "--kernel FILE",
			      argv[optind]);
		return OPTIONS_BAD;
	}
	return options_check_firmware(&options->machine, error) &&
			       options_check_power(&options->machine, error) &&
			       options_check_tables(options, error)
		       ? OPTIONS_RUN
		       : OPTIONS_BAD;
}

void options_free(struct run_options *options)
{
	for (size_t i = 0; i < options->machine.console.port_count; i++) {
		free(options->port_names[i]);
		options->port_names[i] = NULL;
	}
	options->machine.console.port_count = 0;
	for (size_t i = 0; i < options->machine.disk_count; i++) {
		free(options->disk_paths[i]);
		options->disk_paths[i] = NULL;
	}
	options->machine.disk_count = 0;
	for (size_t i = 0; i < options->machine.net_count; i++) {
		free(options->net_words[i]);
		options->net_words[i] = NULL;
	}
	options->machine.net_count = 0;
}
