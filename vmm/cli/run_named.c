/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/run_named.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <torpor/abi.h>
#include <unistd.h>

#include "cli/diag.h"
#include "cli/named_options.h"
#include "cli/run.h"
#include "host/home.h"
#include "host/machine_lock.h"
#include "host/mend.h"
#include "host/recorder.h"
#include "host/store.h"
#include "host/who.h"

/**
 * struct named - a machine that is about to run, and then does
 * @name:     its own
 * @discard:  --discard-hibernation
 * @clear:    --clear-resume-marker
 * @home:     where it is kept
 * @lock_fd:  its lock, or -1
 * @store:    where its record is, or NULL
 * @record:   its record
 * @machine:  what that says it is
 * @control:  path of its control socket
 * @console:  path of its console's socket
 * @said:     path of the file with what its console said
 * @variables: path of its firmware's variable store, if its options name none
 * @recorder: keeps @record, or NULL
 */
struct named {
	const char *name;
	bool discard;
	bool clear;
	struct home home;
	int lock_fd;
	struct store *store;
	struct machine_record record;
	struct named_options machine;
	char control[HOME_FILE_PATH_SIZE];
	char console[HOME_FILE_PATH_SIZE];
	char said[HOME_FILE_PATH_SIZE];
	char variables[HOME_FILE_PATH_SIZE];
	struct recorder *recorder;
};

bool run_named_wanted(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "--name") == 0 || strncmp(argv[1], "--name=", 7) == 0);
}

static bool parse(struct named *named, int argc, char **argv, struct vmm_error *error)
{
	static const struct option longs[] = {
		{"name", required_argument, NULL, 'n'},
		{"discard-hibernation", no_argument, NULL, 'd'},
		{"clear-resume-marker", no_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	int found;

	optind = 0;
	opterr = 0;
	while ((found = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
		if (found == 'n') {
			named->name = optarg;
		} else if (found == 'd') {
			named->discard = true;
		} else if (found == 'c') {
			named->clear = true;
		} else {
			break;
		}
	}
	if (found != -1 || optind < argc || named->name == NULL) {
		vmm_error_set(error,
			      "run --name: expected --name NAME, --discard-hibernation and "
			      "--clear-resume-marker only: all else is in the machine's record, "
			      "which 'torpor edit' changes");
		return false;
	}
	if (!record_name_ok(named->name)) {
		vmm_error_set(error,
			      "--name '%.80s': expected up to %d letters, digits, '.', '_' and "
			      "'-', the first a letter or a digit",
			      named->name, RECORD_NAME_SIZE - 1);
		return false;
	}
	return true;
}

static int no_machine(const struct named *named, int ret, struct vmm_error *error)
{
	if (ret == -ENOENT) {
		vmm_error_set(error, "there is no machine %s: 'torpor list' shows all",
			      named->name);
		error->bad_input = true;
	}
	return ret;
}

static int take(struct named *named, struct vmm_error *error)
{
	int ret = home_find(&named->home, error);

	if (ret == 0) {
		ret = no_machine(
			named, machine_lock_take(&named->home, named->name, &named->lock_fd, error),
			error);
	}
	if (ret == 0) {
		ret = store_open(&named->store, named->home.path, error);
	}
	if (ret == 0) {
		ret = no_machine(
			named,
			mend_locked(&named->home, named->store, named->name, &named->record, error),
			error);
	}
	return ret;
}

/* What the record says, with the sockets where they belong to a machine of that name. */
static int prepare(struct named *named, struct vmm_error *error)
{
	struct machine_config *machine = &named->machine.options.machine;

	if (!named_options_parse(&named->machine, &named->record, error)) {
		error->bad_input = true;
		return -EINVAL;
	}
	home_machine_file(&named->home, named->name, HOME_FILE_CONTROL, named->control);
	named->machine.options.control = named->control;
	home_machine_file(&named->home, named->name, HOME_FILE_CONSOLE, named->console);
	named->machine.options.console_socket = named->console;
	home_machine_file(&named->home, named->name, HOME_FILE_CONSOLE_LOG, named->said);
	named->machine.options.console_log = named->said;
	home_machine_file(&named->home, named->name, HOME_FILE_VARIABLES, named->variables);
	if (machine->firmware != NULL && machine->variables == NULL) {
		machine->variables = named->variables;
	}
	return home_remove_sockets(&named->home, named->name, error);
}

/* With ACPI it is the signature that says so. */
static int keep_from_resuming(struct named *named, struct vmm_error *error)
{
	const struct machine_config *machine = &named->machine.options.machine;

	if (machine->firmware_tables != MACHINE_TABLES_DT ||
	    !recorder_must_not_resume(named->recorder)) {
		return 0;
	}
	if (machine->firmware != NULL) {
		vmm_error_set(error,
			      "machine %s: its firmware has the kernel's command line from a "
			      "disk, so the guest can't be told not to resume what was "
			      "discarded: expected --clear-resume-marker too",
			      named->name);
		error->bad_input = true;
		return -EINVAL;
	}
	return named_options_append(&named->machine, "noresume", error) ? 0 : -ENOMEM;
}

static int begin(struct named *named, struct vmm_error *error)
{
	struct machine_config *machine = &named->machine.options.machine;
	const struct recorder_config config = {
		.store = named->store,
		.record = &named->record,
		.discard = named->discard,
		.clear_marker = named->clear,
		.tells_hibernation = machine->psci_version >= TORPOR_PSCI_1_3,
		.disks = machine->disks,
		.disk_count = machine->disk_count,
		.log = diag_log,
	};
	char by[WHO_SIZE];
	int ret;

	who_is(getuid(), by);
	named->recorder = recorder_create(&config, by, error);
	if (named->recorder == NULL) {
		return -ENOMEM;
	}
	ret = recorder_begin(named->recorder, error);
	if (ret != 0) {
		if (machine_state_needs_process(named->record.state)) {
			recorder_end(named->recorder, error->text);
		}
		return ret;
	}
	machine->recorded = recorder_recorded(named->recorder);
	ret = keep_from_resuming(named, error);
	if (ret != 0) {
		recorder_end(named->recorder, error->text);
	}
	return ret;
}

static int run(struct named *named)
{
	struct vmm_error error = {.text = ""};
	int ret = take(named, &error);

	if (ret == 0) {
		ret = prepare(named, &error);
	}
	if (ret == 0) {
		ret = begin(named, &error);
	}
	if (ret != 0) {
		diag_line(error.text);
		return error.bad_input ? RUN_STATUS_USAGE : RUN_STATUS_FAILED;
	}
	return run_machine(&named->machine.options, named->recorder);
}

int run_named(int argc, char **argv)
{
	struct named named = {.lock_fd = -1};
	struct vmm_error error;
	int status;

	if (!parse(&named, argc, argv, &error)) {
		diag_line(error.text);
		return RUN_STATUS_USAGE;
	}
	status = run(&named);
	recorder_destroy(named.recorder);
	named_options_free(&named.machine);
	record_free(&named.record);
	store_close(named.store);
	/* Last: who has the lock finds the record as this process leaves it. */
	machine_lock_give(named.lock_fd);
	return status;
}
