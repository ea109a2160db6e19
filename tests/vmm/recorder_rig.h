/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A recorder with the machine that needs no KVM (fake_machine.h), a disk, and a store that keeps
 * one record in memory and can fail.
 */
#ifndef TESTS_VMM_RECORDER_RIG_H
#define TESTS_VMM_RECORDER_RIG_H

#include "check.h"

#include <pthread.h>

#include "host/record.h"
#include "host/recorder.h"
#include "leaks.h"
#include "machine/machine.h"
#include "temp_file.h"

#define RIG_DISK_BYTES (4U << 20)
#define RIG_JOURNAL_BYTES 16384

/**
 * struct recorder_rig - members may be changed between two runs
 * @dir:       of the disk
 * @disk:      its path
 * @config:    of the recorder; record, store and disks are the rig's
 * @record:    as the machine left it
 * @disks:     one
 * @journal:   a line a change or event: "off>starting START: cause; by"
 * @updates:   how many changes there were
 * @fail_update: fail the one of that number, 1 the first; 0 for none
 * @fail_from: and all after it
 * @log_count: how many events were logged without a change
 * @console:   what the guest said
 * @log:       lines for the operator
 * @leaks:     what was there before
 */
struct recorder_rig {
	struct temp_dir dir;
	char disk[128];
	struct recorder_config config;
	struct machine_record record;
	struct machine_disk_config disks[1];
	char journal[RIG_JOURNAL_BYTES];
	unsigned updates;
	unsigned fail_update;
	bool fail_from;
	unsigned log_count;
	char console[512];
	char log[1024];
	pthread_mutex_t lock;
	struct recorder *recorder;
	struct machine *machine;
	struct leaks leaks;
};

int recorder_rig_setup(void **state);
int recorder_rig_teardown(void **state);

/*
 * As `torpor run --name` does, with the guest's program; the journal, the console and the log begin
 * anew. @during, or NULL, is called once the guest runs.
 *
 * Return: how it ended; MACHINE_END_FAILED also if it did not start, with the text in the log.
 */
enum machine_end recorder_rig_run(struct recorder_rig *rig, const char *program,
				  void (*during)(struct recorder_rig *rig));

/* Until the journal has @text: the main loop goes on meanwhile. */
void recorder_rig_wait(struct recorder_rig *rig, const char *text);

/* Does the journal have these, in this order? */
void assert_journal(struct recorder_rig *rig, ...) __attribute__((sentinel));

#define RECORDER_TEST(name)                                                                        \
	cmocka_unit_test_setup_teardown(name, recorder_rig_setup, recorder_rig_teardown)

#endif /* TESTS_VMM_RECORDER_RIG_H */
