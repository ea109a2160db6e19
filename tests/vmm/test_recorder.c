/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of host/recorder.h: which states a record goes through, and what a failure leaves. */
#include "recorder_rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A start, a guest that powers off, and what that says of an image. */
static void a_clean_life(void **state)
{
	struct recorder_rig *rig = *state;

	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_OFF);
	assert_journal(rig, "off>starting START: a start begins; user tester\n",
		       "starting>running START:", "STARTED: the guest starts; torpor\n",
		       "running>stopping SHUTDOWN: the guest powered off; guest\n",
		       "stopping>off SHUTDOWN: the guest powered off; guest\n", NULL);
	assert_int_equal(rig->record.state, MACHINE_STATE_OFF);
	assert_int_equal(rig->record.image, RECORD_IMAGE_NONE);
	/* One that can't tell a hibernation from that leaves the question open. */
	rig->config.tells_hibernation = false;
	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_OFF);
	assert_int_equal(rig->record.image, RECORD_IMAGE_MAYBE);
}

static void other_ends(void **state)
{
	static const struct {
		const char *program;
		enum machine_end end;
		enum machine_state state;
		const char *last;
	} rows[] = {
		{"reset", MACHINE_END_RESET, MACHINE_STATE_OFF,
		 "stopping>off RESET: the guest reset itself; guest"},
		{"log:why crash", MACHINE_END_CRASHED, MACHINE_STATE_CRASHED,
		 "stopping>crashed SHUTDOWN: why; guest"},
		{"fail", MACHINE_END_FAILED, MACHINE_STATE_CRASHED,
		 "stopping>crashed SHUTDOWN: disk could not be flushed; torpor"},
		{"start-fails", MACHINE_END_FAILED, MACHINE_STATE_CRASHED,
		 "running>crashed SHUTDOWN: CPU 0 cannot be started; torpor"},
		{"create-fails", MACHINE_END_FAILED, MACHINE_STATE_OFF,
		 "starting>off SHUTDOWN: /dev/kvm: No such file or directory"},
	};
	struct recorder_rig *rig = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig->record.state = MACHINE_STATE_OFF;
		rig->record.image = RECORD_IMAGE_NONE;
		assert_int_equal(recorder_rig_run(rig, rows[i].program, NULL), rows[i].end);
		assert_journal(rig, rows[i].last, NULL);
		assert_int_equal(rig->record.state, rows[i].state);
		assert_int_equal(rig->record.image, rows[i].state == MACHINE_STATE_OFF && i > 0
							    ? RECORD_IMAGE_NONE
							    : RECORD_IMAGE_MAYBE);
	}
}

static void hibernate(struct recorder_rig *rig, const char *program)
{
	assert_int_equal(recorder_rig_run(rig, program, NULL), MACHINE_END_HIBERNATED);
	assert_int_equal(rig->record.state, MACHINE_STATE_HIBERNATED);
	assert_int_equal(rig->record.image, RECORD_IMAGE_SAVED);
}

/* With all that a resume needs: stamps, what was written, the alarm. */
static void a_hibernation(void **state)
{
	struct recorder_rig *rig = *state;
	const struct record_disk *disk = &rig->record.disks[0];
	struct stat info;

	hibernate(rig, "write:2048 alarm:1000 hibernate");
	assert_journal(rig,
		       "running>stopping SUSPEND_DISK:", "stopping>hibernated SUSPEND_DISK:", NULL);
	assert_int_equal(rig->record.disk_count, 1);
	assert_string_equal(disk->path, rig->disk);
	assert_int_equal(stat(rig->disk, &info), 0);
	assert_int_equal(disk->inode, info.st_ino);
	assert_int_equal(disk->size_bytes, RIG_DISK_BYTES);
	assert_int_equal(disk->extent_count, 2);
	assert_int_equal(disk->extents[0].offset, 0);
	assert_int_equal(disk->extents[0].len_bytes, 1 << 20);
	assert_int_equal(disk->extents[1].offset, 2 << 20);
	assert_int_equal(rig->record.wake, RECORD_WAKE_ALARM);
	assert_true(rig->record.wake_at_s > 1000);
}

/* Hibernated until the guest's first write, which is what consumes the image. */
static void a_resume(void **state)
{
	struct recorder_rig *rig = *state;

	hibernate(rig, "alarm:1000 hibernate print:up off");
	assert_int_equal(recorder_rig_run(rig, "alarm:1000 hibernate print:up off", NULL),
			 MACHINE_END_OFF);
	assert_journal(rig, "hibernated>hibernated START: a start that resumes begins;",
		       "hibernated>hibernated STARTED:", "hibernated>running START: resumed:",
		       "running>stopping", "stopping>off", NULL);
	assert_non_null(strstr(rig->console, "resumed "));
	assert_non_null(strstr(rig->console, "up"));
	assert_int_equal(rig->record.disk_count, 0);
	assert_int_equal(rig->record.wake, RECORD_WAKE_NONE);
}

/* Whatever it does instead of writing: it can be resumed again. */
static void a_resume_without_a_write(void **state)
{
	static const char *const programs[] = {"noresume off",	      "noresume crash",
					       "noresume reset",      "noresume restart off",
					       "noresume doze:1 off", "create-fails noresume",
					       "start-fails noresume"};
	struct recorder_rig *rig = *state;

	hibernate(rig, "hibernate off");
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		(void)recorder_rig_run(rig, programs[i], NULL);
		assert_int_equal(rig->record.state, MACHINE_STATE_HIBERNATED);
		assert_int_equal(rig->record.image, RECORD_IMAGE_SAVED);
		assert_int_equal(rig->record.disk_count, 1);
	}
	assert_int_equal(recorder_rig_run(rig, "hibernate off", NULL), MACHINE_END_OFF);
	assert_non_null(strstr(rig->console, "resumed "));
}

/* The first write's transaction fails: no write, still hibernated; the next write asks anew. */
static void a_first_write_that_cannot_be_recorded(void **state)
{
	struct recorder_rig *rig = *state;

	hibernate(rig, "hibernate off");
	rig->fail_update = 1;
	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_OFF);
	assert_non_null(strstr(rig->console, "not resumed"));
	assert_non_null(strstr(rig->log, "the store cannot be written"));
	assert_int_equal(rig->record.state, MACHINE_STATE_HIBERNATED);
	assert_int_equal(recorder_rig_run(rig, "write:100 off", NULL), MACHINE_END_OFF);
	assert_non_null(strstr(rig->console, "written"));
	assert_int_equal(rig->record.state, MACHINE_STATE_OFF);
}

/* Each transaction of a hibernation fails in turn, alone or with all that follow. */
static void a_failed_commit_is_no_hibernation(void **state)
{
	struct recorder_rig *rig = *state;

	for (unsigned n = 1; n <= 4; n++) {
		for (unsigned from = 0; from < 2; from++) {
			rig->record.state = MACHINE_STATE_OFF;
			rig->fail_update = n;
			rig->fail_from = from == 1;
			assert_int_equal(recorder_rig_run(rig, "noresume hibernate", NULL),
					 MACHINE_END_FAILED);
			assert_int_not_equal(rig->record.state, MACHINE_STATE_HIBERNATED);
			assert_int_equal(rig->record.disk_count, 0);
			if (n > 2 && from == 0) {
				assert_int_equal(rig->record.state, MACHINE_STATE_CRASHED);
				assert_journal(rig,
					       ">crashed SHUTDOWN: the store cannot be written",
					       NULL);
			}
			if (n == 4) {
				assert_int_equal(rig->record.image, RECORD_IMAGE_LIKELY);
			}
		}
	}
}

static void touch(const char *path, off_t at)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, at), 1);
	(void)close(fd);
}

static void copy(struct recorder_rig *rig)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "cp %s %s.copy && mv %s.copy %s", rig->disk,
		       rig->disk, rig->disk, rig->disk);
	assert_int_equal(system(command), 0);
}

/* A copy resumes; a disk that was written, or has another size, does not. */
static void disks_must_be_as_they_were(void **state)
{
	struct recorder_rig *rig = *state;

	hibernate(rig, "hibernate hibernate off");
	copy(rig);
	hibernate(rig, "hibernate hibernate off");
	assert_non_null(strstr(rig->console, "resumed "));
	touch(rig->disk, 1000);
	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_FAILED);
	assert_non_null(strstr(rig->log, rig->disk));
	assert_non_null(strstr(rig->log, "its content has changed"));
	assert_non_null(strstr(rig->log, "--discard-hibernation"));
	assert_string_equal(rig->console, "");
	assert_int_equal(rig->record.state, MACHINE_STATE_HIBERNATED);
	assert_journal(rig, "hibernated>hibernated START: disk ", NULL);
	assert_int_equal(truncate(rig->disk, RIG_DISK_BYTES + 4096), 0);
	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_FAILED);
	assert_non_null(strstr(rig->log, "size was 4194304 bytes, is 4198400"));
	free(rig->record.description);
	rig->record.description = NULL;
	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_FAILED);
	assert_non_null(strstr(rig->log, "does not say which machine"));
}

/* Boots clean, is told not to resume, and is told so until nothing can be resumed. */
static void a_discard(void **state)
{
	struct recorder_rig *rig = *state;
	uint32_t signature;

	hibernate(rig, "alarm:100 hibernate");
	signature = rig->record.signature;
	rig->config.discard = true;
	assert_int_equal(recorder_rig_run(rig, "noresume off", NULL), MACHINE_END_OFF);
	assert_journal(rig, "hibernated>starting DISCARD:", "starting>running", NULL);
	assert_int_equal(rig->record.image, RECORD_IMAGE_DISCARDED);
	assert_int_equal(rig->record.epoch, 4);
	assert_int_not_equal(rig->record.signature, signature);
	assert_int_equal(rig->record.wake, RECORD_WAKE_NONE);
	assert_int_equal(rig->record.disk_count, 0);
	rig->config.discard = false;
	assert_int_equal(recorder_rig_run(rig, "noresume crash", NULL), MACHINE_END_CRASHED);
	assert_int_equal(rig->record.image, RECORD_IMAGE_DISCARDED);
	assert_int_equal(rig->record.epoch, 4);
	hibernate(rig, "noresume hibernate");
}

/* Killed when it had just hibernated: only the same machine may start, whatever its disks are. */
static void a_likely_image_needs_its_machine(void **state)
{
	struct recorder_rig *rig = *state;
	uint32_t signature;

	hibernate(rig, "hibernate off");
	signature = rig->record.signature;
	rig->record.state = MACHINE_STATE_CRASHED;
	rig->record.image = RECORD_IMAGE_LIKELY;
	touch(rig->disk, 1000);
	rig->record.description[10] = '9';
	assert_int_equal(recorder_rig_run(rig, "off", NULL), MACHINE_END_FAILED);
	assert_non_null(strstr(rig->log, "not the machine that hibernated: cpu.count was 9, is 2"));
	assert_int_equal(rig->record.state, MACHINE_STATE_CRASHED);
	assert_int_equal(rig->record.image, RECORD_IMAGE_LIKELY);
	rig->record.description[10] = '2';
	assert_int_equal(recorder_rig_run(rig, "hibernate off", NULL), MACHINE_END_OFF);
	assert_non_null(strstr(rig->console, "resumed"));
	assert_int_equal(rig->record.signature, signature);
}

/* What the guest and the host do while it runs. */
static void press(struct recorder_rig *rig)
{
	recorder_asked(rig->recorder, 0);
	recorder_rig_wait(rig, "STARTED");
	assert_true(machine_press_key(rig->machine, POWER_KEY_SLEEP, POWER_REASON_HOST, 0));
	recorder_rig_wait(rig, "running>suspended SUSPEND: the guest suspended to RAM; guest");
	/* The event comes a moment before the machine can be woken. */
	for (unsigned ms = 0; !machine_wake(rig->machine) && ms < 10000; ms++) {
		(void)usleep(1000);
	}
	recorder_rig_wait(rig, "suspended>running WAKEUP: the host woke the guest; user root");
	assert_true(machine_press_key(rig->machine, POWER_KEY_POWER, POWER_REASON_HOST, 0));
}

static void follows_the_guest(void **state)
{
	struct recorder_rig *rig = *state;

	assert_int_equal(recorder_rig_run(rig, "obey", press), MACHINE_END_OFF);
	assert_journal(rig, "running>running X_TORPOR_SUSPEND_REQUEST: asked to suspend; user root",
		       "stopping>off", NULL);
}

static void ask_in_vain(struct recorder_rig *rig)
{
	struct power_event event = {.kind = POWER_EVENT_ASKED,
				    .reason = POWER_REASON_HOST,
				    .key = POWER_KEY_POWER,
				    .cpu = -1};

	recorder_emit(rig->recorder, &event);
	recorder_rig_wait(rig, "running>stopping POWERDOWN: asked to power off");
	event.kind = POWER_EVENT_UNRESPONSIVE;
	event.time_ns = 1;
	recorder_emit(rig->recorder, &event);
	recorder_rig_wait(rig, "stopping>running X_TORPOR_GUEST_UNRESPONSIVE: the guest did not");
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
}

static void asked_in_vain(void **state)
{
	struct recorder_rig *rig = *state;

	assert_int_equal(recorder_rig_run(rig, "echo", ask_in_vain), MACHINE_END_HOST);
	assert_journal(rig, "stopping>crashed SHUTDOWN: the host ended the guest; user tester",
		       NULL);
}

/* A guest that turns a CPU on and off all the time fills nothing, and hides nothing else. */
static void a_storm_is_left_out(void **state)
{
	struct recorder_rig *rig = *state;

	assert_int_equal(recorder_rig_run(rig, "storm:100000 doze:1 off", NULL), MACHINE_END_OFF);
	assert_true(rig->log_count < 200);
	assert_journal(rig, "events left out; torpor", NULL);
	assert_journal(rig, "stopping>off", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(a_clean_life),
		RECORDER_TEST(other_ends),
		RECORDER_TEST(a_hibernation),
		RECORDER_TEST(a_resume),
		RECORDER_TEST(a_resume_without_a_write),
		RECORDER_TEST(a_first_write_that_cannot_be_recorded),
		RECORDER_TEST(a_failed_commit_is_no_hibernation),
		RECORDER_TEST(disks_must_be_as_they_were),
		RECORDER_TEST(a_discard),
		RECORDER_TEST(a_likely_image_needs_its_machine),
		RECORDER_TEST(follows_the_guest),
		RECORDER_TEST(asked_in_vain),
		RECORDER_TEST(a_storm_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
