/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whatever fails while a machine is made, started, reset or taken down: one line says so, and
 * nothing is left behind. Each rig looks for threads, descriptors, VMs and mappings that were.
 */
#include "machine_rig.h"

#include <poll.h>
#include <string.h>

/* More calls that can fail than there are. */
#define CALLS_MAX 400

static const struct fake_op idle[] = {FAKE_IDLE};

static bool create_and_start(struct machine_rig *rig, struct vmm_error *error)
{
	rig->machine = machine_rig_try(rig, error);
	return rig->machine != NULL && machine_start(rig->machine, error) == 0;
}

/* Each call that can fail in turn, until none is left. */
static void each_failure_of_a_start_is_told(void **state)
{
	unsigned failures = 0;
	bool hit = true;

	for (unsigned nth = 1; hit && nth < CALLS_MAX; nth++) {
		struct machine_rig *rig = *state;
		struct vmm_error error = {.text = ""};
		bool started;

		fake_kvm_ops(BOOT, idle);
		rig->config.idle_states = true;
		rig->config.cluster_count = 2;
		faults_arm(nth);
		started = create_and_start(rig, &error);
		hit = faults_disarm();
		/* Huge pages and such are only wished for: those may fail. */
		assert_true(started || error.text[0] != '\0');
		assert_true(started || hit);
		failures += started ? 0 : 1;
		machine_rig_again(state);
	}
	assert_false(hit);
	assert_true(failures > 10);
}

/* The same for the seam's own functions. */
static void each_failure_of_kvm_at_a_start_is_told(void **state)
{
	static const struct {
		enum fake_fn fn;
		const char *part;
	} rows[] = {
		{FAKE_VM_CREATE, "the fake KVM makes no VM"},
		{FAKE_ENTER, "the boot CPU's registers can't be set"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine_rig *rig = *state;
		struct vmm_error error = {.text = ""};

		fake_kvm_ops(BOOT, idle);
		fake_kvm_fail(rows[i].fn, 1);
		assert_false(create_and_start(rig, &error));
		assert_non_null(strstr(error.text, rows[i].part));
		assert_int_equal(event_log_count(&rig->events), 0);
		machine_rig_again(state);
	}
}

static void wait_for_end(struct machine_rig *rig)
{
	struct pollfd ready = {.fd = machine_fd(rig->machine), .events = POLLIN};

	assert_int_equal(poll(&ready, 1, 20000), 1);
}

/* A machine that could not be reset has ended, and says so in its log and its last event. */
static void each_failure_of_a_reset_is_told(void **state)
{
	static const struct fake_op ops[] = {FAKE_GATE(0), FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
					     FAKE_IDLE};
	unsigned failures = 0;
	bool hit = true;

	for (unsigned nth = 1; hit && nth < CALLS_MAX; nth++) {
		struct machine_rig *rig = *state;
		enum machine_end end;

		machine_rig_start(rig, ops);
		fake_kvm_open(0);
		wait_for_end(rig);
		faults_arm(nth);
		end = machine_dispatch(rig->machine);
		hit = faults_disarm();
		if (end != MACHINE_RUNNING) {
			assert_int_equal(end, MACHINE_END_FAILED);
			assert_true(machine_rig_logged(rig, "\n"));
			assert_int_equal(event_log_find(&rig->events, "SHUTDOWN host-error"), 1);
			assert_true(hit);
			failures++;
		}
		machine_rig_again(state);
	}
	assert_false(hit);
	assert_true(failures > 3);
}

/* Files that are not there are named. */
static void missing_files_are_named(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};

	rig->config.kernel = "/nonexistent/Image";
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "/nonexistent/Image"));
	rig->config.kernel = rig->kernel;
	rig->config.initrd = "/nonexistent/initrd";
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "/nonexistent/initrd"));
	rig->config.initrd = NULL;
	rig->config.disks[1].path = "/nonexistent/disk";
	rig->config.disk_count = 2;
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "/nonexistent/disk"));
}

/* RAM that the kernel does not fit is refused, with what would mend it. */
static void small_memory_is_refused(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};

	rig->config.memory_bytes = UINT64_C(2) << 20;
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "--memory"));
}

/* As many disks and CPUs as there may be. */
static void full_machine_works(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(CPU_ON, 15, PROG(1), 0), FAKE_GATE(0),
					     FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	rig->config.cpu_count = MACHINE_CPU_COUNT_MAX;
	rig->config.disk_count = MACHINE_DISK_COUNT_MAX;
	for (size_t n = 0; n < MACHINE_DISK_COUNT_MAX; n++) {
		rig->config.disks[n] = (struct machine_disk_config){
			.path = rig->disk, .read_only = true, .queue_count = (unsigned)n + 1};
	}
	machine_rig_start(rig, ops);
	assert_true(event_log_wait(&rig->events, 2));
	fake_kvm_open(0);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(faults_flushes(), MACHINE_DISK_COUNT_MAX);
}

/* A machine can be taken down in any state. */
static void destroyed_in_each_state(void **state)
{
	static const struct fake_op suspends[] = {FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
						  FAKE_IDLE};
	static const struct fake_op spins[] = {FAKE_READ(LAYOUT_RTC_BASE, 4), FAKE_JUMP(0)};
	static const struct fake_op off[] = {FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_destroy(NULL);
	machine_rig_up(rig);
	machine_rig_again(state);
	rig = *state;
	machine_rig_start(rig, suspends);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	machine_rig_again(state);
	rig = *state;
	machine_rig_start(rig, spins);
	assert_true(fake_kvm_wait_reads(0, 10));
	machine_rig_again(state);
	/* Ended, but nobody has looked. */
	rig = *state;
	machine_rig_start(rig, off);
	wait_for_end(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(each_failure_of_a_start_is_told),
		MACHINE_RIG_TEST(each_failure_of_kvm_at_a_start_is_told),
		MACHINE_RIG_TEST(each_failure_of_a_reset_is_told),
		MACHINE_RIG_TEST(missing_files_are_named),
		MACHINE_RIG_TEST(small_memory_is_refused),
		MACHINE_RIG_TEST(full_machine_works),
		MACHINE_RIG_TEST(destroyed_in_each_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
