/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a machine tells whoever keeps its record: that it is about to end, that all is durable, that
 * its guest is about to write for the first time; in which order, and what a failure comes to. And
 * what it can be asked: what was written, and the guest's alarm.
 */
#include "machine_rig.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static int commit_result;
static int gate_result;

static void note(struct machine_rig *rig, const char *what)
{
	size_t used;

	pthread_mutex_lock(&rig->lock);
	used = strlen(rig->order);
	(void)snprintf(rig->order + used, sizeof(rig->order) - used, "%s w%u f%u; ", what,
		       faults_writes(), faults_flushes());
	pthread_mutex_unlock(&rig->lock);
}

static const char *name_of(const struct power_event *event)
{
	if (event->kind == POWER_EVENT_SUSPEND_DISK) {
		return "hibernated";
	}
	if (event->kind == POWER_EVENT_RESET) {
		return event->last ? "last-reset" : "reset";
	}
	return event->kind == POWER_EVENT_SHUTDOWN ? "shutdown" : "?";
}

static void on_ending(void *ctx, const struct power_event *event)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "ending-%s", name_of(event));
	note(ctx, text);
}

static int on_commit(void *ctx, const struct power_event *event, struct vmm_error *error)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "commit-%s", name_of(event));
	note(ctx, text);
	vmm_error_set(error, "the record cannot be written");
	return commit_result;
}

static int on_first_write(void *ctx)
{
	note(ctx, "gate");
	return gate_result;
}

static void on_event(void *ctx, const struct power_event *event)
{
	if (event->kind != POWER_EVENT_STARTED) {
		note(ctx, name_of(event));
	}
}

static void with_hooks(struct machine_rig *rig)
{
	commit_result = 0;
	gate_result = 0;
	rig->ending = on_ending;
	rig->commit = on_commit;
	rig->first_write = on_first_write;
	rig->events.watch = on_event;
	rig->events.watch_ctx = rig;
}

static const struct fake_op hibernates[] = {DISK_WRITE_OPS, FAKE_CALL(SYSTEM_OFF2, 0, 0, 0),
					    FAKE_IDLE};
static const struct fake_op powers_off[] = {FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
static const struct fake_op resets[] = {FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};

/* Told, drained through the gate, flushed, committed, and only then is there an event. */
static void all_is_safe_before_it_is_on_record(void **state)
{
	struct machine_rig *rig = *state;

	with_hooks(rig);
	machine_rig_start(rig, hibernates);
	assert_ends(rig, MACHINE_END_HIBERNATED);
	/* The disk's thread may be ahead of the main thread. */
	assert_non_null(strstr(rig->order, "gate w0 f0; "));
	assert_non_null(strstr(rig->order, "ending-hibernated w"));
	assert_non_null(strstr(rig->order, "commit-hibernated w1 f1; hibernated w1 f1; "));
	assert_int_equal(machine_rig_disk_word(rig), DISK_PATTERN);
}

/* Without a write there is no gate. */
static void off_is_committed(void **state)
{
	struct machine_rig *rig = *state;

	with_hooks(rig);
	machine_rig_start(rig, powers_off);
	assert_ends(rig, MACHINE_END_OFF);
	assert_string_equal(rig->order,
			    "ending-shutdown w0 f0; commit-shutdown w0 f1; shutdown w0 f1; ");
}

/* A flush that fails is never committed. */
static void a_failed_flush_is_no_hibernation(void **state)
{
	struct machine_rig *rig = *state;

	with_hooks(rig);
	faults_flush_errno(EIO);
	machine_rig_start(rig, hibernates);
	assert_ends(rig, MACHINE_END_FAILED);
	assert_null(strstr(rig->order, "commit"));
	assert_null(strstr(rig->order, " hibernated"));
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN host-error", NULL);
}

/* Nor is one that could not be committed told to anybody. */
static void a_failed_commit_is_no_hibernation(void **state)
{
	struct machine_rig *rig = *state;

	with_hooks(rig);
	commit_result = -EIO;
	machine_rig_start(rig, hibernates);
	assert_ends(rig, MACHINE_END_FAILED);
	assert_true(machine_rig_logged(rig, "the record cannot be written"));
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN host-error", NULL);
}

/* A reset is told of, and commits nothing, unless the machine ends with it. */
static void a_reset_goes_on(void **state)
{
	struct machine_rig *rig = *state;

	with_hooks(rig);
	machine_rig_start(rig, resets);
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_memory_equal(rig->order, "ending-reset w0 f0; reset w0 f0; ", 33);
	machine_rig_again(state);
	rig = *state;
	with_hooks(rig);
	rig->config.reboot = false;
	machine_rig_start(rig, resets);
	assert_ends(rig, MACHINE_END_RESET);
	assert_string_equal(rig->order, "ending-last-reset w0 f0; commit-last-reset w0 f1; "
					"last-reset w0 f1; ");
}

/* What the gate refuses is not on the disk, and not among what was written. */
static void a_refused_write_is_not_done(void **state)
{
	struct machine_rig *rig = *state;
	uint64_t offset;
	uint64_t len_bytes;

	with_hooks(rig);
	gate_result = -EIO;
	machine_rig_start(rig, hibernates);
	assert_ends(rig, MACHINE_END_HIBERNATED);
	assert_int_equal(machine_rig_disk_word(rig), 0);
	assert_false(machine_disk_written(rig->machine, 0, 0, &offset, &len_bytes));
}

static void tells_what_was_written(void **state)
{
	struct machine_rig *rig = *state;
	uint64_t offset;
	uint64_t len_bytes;

	machine_rig_start(rig, hibernates);
	assert_ends(rig, MACHINE_END_HIBERNATED);
	assert_true(machine_disk_written(rig->machine, 0, 0, &offset, &len_bytes));
	assert_int_equal(offset, 0);
	assert_int_equal(len_bytes, MACHINE_DISK_BYTES);
	assert_false(machine_disk_written(rig->machine, 0, len_bytes, &offset, &len_bytes));
	assert_false(machine_disk_written(rig->machine, 1, 0, &offset, &len_bytes));
	assert_true(machine_disk_fd(rig->machine, 0) >= 0);
	assert_int_equal(machine_disk_fd(rig->machine, 1), -1);
}

/* An alarm counts if its interrupt is let through and it is still to come. */
static void tells_the_alarm(void **state)
{
	const int64_t now_s = (int64_t)time(NULL);
	const struct {
		int64_t match;
		uint64_t mask;
		bool armed;
	} rows[] = {
		{now_s + 1000, 1, true},
		{now_s + 1000, 0, false},
		{now_s - 1000, 1, false},
		{0, 1, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_op ops[] = {
			FAKE_WRITE(LAYOUT_RTC_BASE + 0x10, 4, rows[i].mask),
			FAKE_WRITE(LAYOUT_RTC_BASE + 0x04, 4, (uint32_t)rows[i].match),
			FAKE_CALL(SYSTEM_OFF2, 0, 0, 0),
			FAKE_IDLE,
		};
		struct machine_rig *rig = *state;
		int64_t when_s = 0;

		machine_rig_start(rig, ops);
		assert_ends(rig, MACHINE_END_HIBERNATED);
		assert_int_equal(machine_alarm(rig->machine, &when_s), rows[i].armed);
		assert_true(!rows[i].armed || when_s == rows[i].match);
		machine_rig_again(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(all_is_safe_before_it_is_on_record),
		MACHINE_RIG_TEST(off_is_committed),
		MACHINE_RIG_TEST(a_failed_flush_is_no_hibernation),
		MACHINE_RIG_TEST(a_failed_commit_is_no_hibernation),
		MACHINE_RIG_TEST(a_reset_goes_on),
		MACHINE_RIG_TEST(a_refused_write_is_not_done),
		MACHINE_RIG_TEST(tells_what_was_written),
		MACHINE_RIG_TEST(tells_the_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
