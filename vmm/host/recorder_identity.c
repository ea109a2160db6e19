/* SPDX-License-Identifier: BSD-3-Clause */
/* Which machine it is: the one that hibernated, or one that boots clean. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/recorder_internal.h"
#include "machine/description.h"
#include "machine/machine.h"

/* Differences that are told one by one. */
#define DIFFERENCES_MAX 16

/* What differs, told as it is found. */
struct differences {
	struct recorder *recorder;
	size_t count;
	struct vmm_error first;
};

static void take_difference(void *ctx, const char *field, const char *was, const char *is)
{
	struct differences *all = ctx;
	struct vmm_error line;

	vmm_error_set(&line, "%s was %.80s, is %.80s", field, was, is);
	if (all->count == 0) {
		all->first = line;
	} else if (all->count < DIFFERENCES_MAX) {
		all->recorder->config.log(all->recorder->config.ctx, line.text);
	}
	all->count++;
}

static int refuse(const struct differences *all, struct vmm_error *error)
{
	vmm_error_set(error,
		      "not the machine that hibernated: %.120s: undo that, or boot clean with "
		      "--discard-hibernation",
		      all->first.text);
	error->bad_input = true;
	return -EPERM;
}

int recorder_check_machine(struct recorder *recorder, struct vmm_error *error)
{
	const struct machine_record *record = recorder->config.record;
	struct differences all = {.recorder = recorder};
	char *is = NULL;
	int ret = machine_describe(recorder->machine, &is, error);

	if (ret != 0) {
		return ret;
	}
	if (record->description == NULL) {
		vmm_error_set(error, "its record does not say which machine hibernated: boot clean "
				     "with --discard-hibernation");
		ret = -EPERM;
	} else if (description_compare(record->description, is, take_difference, &all) != 0) {
		ret = refuse(&all, error);
	}
	free(is);
	if (ret == 0) {
		machine_set_hardware_signature(recorder->machine, record->signature);
	}
	return ret;
}

int recorder_note_machine(struct recorder *recorder, struct machine_record *next,
			  struct vmm_error *error)
{
	uint32_t old = next->signature;
	int ret = machine_describe(recorder->machine, &next->description, error);

	if (ret != 0) {
		next->description = recorder->config.record->description;
		return ret;
	}
	next->signature = description_signature(next->description, next->epoch);
	/* What must not be resumed was saved under the old one. */
	while (recorder_must_not_resume(recorder) && recorder->config.discard &&
	       next->signature == old) {
		next->signature = description_signature(next->description, ++next->epoch);
	}
	machine_set_hardware_signature(recorder->machine, next->signature);
	return 0;
}
