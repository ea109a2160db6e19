/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <torpor/abi.h>

#define MEMORY_DEFAULT_BYTES (UINT64_C(512) << 20)
#define MEMORY_STEP_BYTES (UINT64_C(2) << 20)
/* Constants of the machine type torpor-1; they never change. */
#define MACHINE_TYPE "torpor-1"
#define MACHINE_PSCI_DEFAULT TORPOR_PSCI_1_3
/* arm64 Linux takes no more, with the NUL. */
#define CMDLINE_SIZE_MAX 2048

typedef bool set_fn(struct run_options *options, const char *value, struct vmm_error *error);

static bool set_kernel(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->machine.kernel = value;
	return true;
}

static bool set_initrd(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)error;
	options->machine.initrd = value;
	return true;
}

static bool set_append(struct run_options *options, const char *value, struct vmm_error *error)
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

static bool set_disk(struct run_options *options, const char *value, struct vmm_error *error)
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

/* Decimal digits and nothing else. */
static bool parse_number(const char *text, const char **end, uint64_t *number)
{
	char *after;

	if (*text < '0' || *text > '9') {
		return false;
	}
	errno = 0;
	*number = strtoull(text, &after, 10);
	*end = after;
	return errno == 0;
}

static bool set_cpus(struct run_options *options, const char *value, struct vmm_error *error)
{
	const char *end;
	uint64_t number;

	if (!parse_number(value, &end, &number) || *end != '\0' || number < 1 ||
	    number > MACHINE_CPU_COUNT_MAX) {
		vmm_error_set(error, "--cpus '%s': expected a number from 1 to %d", value,
			      MACHINE_CPU_COUNT_MAX);
		return false;
	}
	options->machine.cpu_count = (uint32_t)number;
	return true;
}

/* Left shift of a size's unit, or -1. */
static int unit_shift(const char *unit)
{
	static const char letters[] = "KMG";
	const char *found;

	if (unit[0] == '\0' || unit[1] != '\0') {
		return -1;
	}
	/* Lower case too: nobody means milli-bytes. */
	found = strchr(letters, toupper((unsigned char)unit[0]));
	return found != NULL ? 10 * (int)(found - letters + 1) : -1;
}

static bool set_memory(struct run_options *options, const char *value, struct vmm_error *error)
{
	const char *end;
	uint64_t number;
	int shift;

	if (!parse_number(value, &end, &number) || (shift = unit_shift(end)) < 0 ||
	    number > (UINT64_MAX >> shift)) {
		vmm_error_set(error,
			      "--memory '%s': expected a number with K, M or G, such as 512M",
			      value);
		return false;
	}
	number <<= shift;
	if (number == 0 || number % MEMORY_STEP_BYTES != 0) {
		vmm_error_set(error, "--memory '%s': expected a multiple of 2M, such as 512M",
			      value);
		return false;
	}
	options->machine.memory_bytes = number;
	return true;
}

static bool set_machine(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)options;
	if (strcmp(value, MACHINE_TYPE) != 0) {
		vmm_error_set(error,
			      "--machine '%s': expected " MACHINE_TYPE ", the only type there is",
			      value);
		return false;
	}
	return true;
}

static bool set_psci(struct run_options *options, const char *value, struct vmm_error *error)
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

static bool set_no_reboot(struct run_options *options, const char *value, struct vmm_error *error)
{
	(void)value;
	(void)error;
	options->machine.reboot = false;
	return true;
}

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
	set_fn *set;
	bool repeats;
};

static const struct option_spec specs[] = {
	{"kernel", "FILE", set_kernel, false},
	{"initrd", "FILE", set_initrd, false},
	{"append", "STRING", set_append, false},
	{"disk", "FILE[,ro]", set_disk, true},
	{"cpus", "N", set_cpus, false},
	{"memory", "SIZE", set_memory, false},
	{"machine", "TYPE", set_machine, false},
	{"psci", "X.Y", set_psci, false},
	{"no-reboot", NULL, set_no_reboot, false},
	{"events", "FILE|-", set_events, false},
	{"control", "SOCKET", set_control, false},
	{"pidfile", "FILE", set_pidfile, false},
};

#define SPEC_COUNT (sizeof(specs) / sizeof(specs[0]))
/* getopt_long() returns this plus an option's place in the table. */
#define SPEC_BASE 256
#define SPEC_HELP (SPEC_BASE + (int)SPEC_COUNT)

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

static bool take_option(int found, char **argv, unsigned *seen, struct run_options *options,
			struct vmm_error *error)
{
	const struct option_spec *spec = &specs[found - SPEC_BASE];
	unsigned bit = 1U << (found - SPEC_BASE);

	if (!check_whole_name(spec, argv, error)) {
		return false;
	}
	if ((*seen & bit) != 0 && !spec->repeats) {
		vmm_error_set(error, "--%s is given twice: expected it once", spec->name);
		return false;
	}
	*seen |= bit;
	if (spec->value != NULL && *optarg == '\0' && spec->set != set_append) {
		vmm_error_set(error, "--%s '': is empty: expected --%s %s", spec->name, spec->name,
			      spec->value);
		return false;
	}
	return spec->set(options, optarg, error);
}

static void set_defaults(struct run_options *options)
{
	*options = (struct run_options){
		.machine =
			{
				.cmdline = "",
				.cpu_count = 1,
				.memory_bytes = MEMORY_DEFAULT_BYTES,
				.psci_version = MACHINE_PSCI_DEFAULT,
				.reboot = true,
			},
	};
}

enum options_result options_parse(int argc, char **argv, struct run_options *options,
				  struct vmm_error *error)
{
	struct option longs[SPEC_COUNT + 2];
	unsigned seen = 0;
	int found;

	set_defaults(options);
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
	if (options->machine.kernel == NULL) {
		vmm_error_set(error, "--kernel is missing: expected --kernel FILE, an arm64 Linux "
				     "Image; 'torpor run --help' has examples");
		return OPTIONS_BAD;
	}
	return OPTIONS_RUN;
}

void options_free(struct run_options *options)
{
	for (size_t i = 0; i < options->machine.disk_count; i++) {
		free(options->disk_paths[i]);
		options->disk_paths[i] = NULL;
	}
	options->machine.disk_count = 0;
}
