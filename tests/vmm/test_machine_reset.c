/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that resets gets a clean machine in the same process, or the host says why not. */
#include "machine_rig.h"

#include <errno.h>

#define MARK UINT64_C(0x6D61726B)

/* Registers of devices that a guest changes, and a reset changes back. */
#define UART_IMSC (LAYOUT_UART_BASE + 0x38)
#define RTC_IMSC (LAYOUT_RTC_BASE + 0x10)
#define RTC_MR (LAYOUT_RTC_BASE + 0x04)
#define DISK_DEVICE_STATUS DISK_REG(0x70)
#define DISK_READY DISK_REG(0x44)

/* Looks at what a clean machine has, spoils it, and resets. */
#define LOOK                                                                                       \
	FAKE_LOAD(MACHINE_FREE_IPA + 0x8000), FAKE_READ(UART_IMSC, 4), FAKE_READ(RTC_IMSC, 4),     \
		FAKE_READ(RTC_MR, 4), FAKE_READ(DISK_DEVICE_STATUS, 4), FAKE_READ(DISK_READY, 4)
#define LOOK_COUNT 6
#define SPOIL                                                                                      \
	FAKE_STORE(MACHINE_FREE_IPA + 0x8000, MARK), FAKE_WRITE(UART_IMSC, 4, 0x10),               \
		FAKE_WRITE(RTC_IMSC, 4, 1), FAKE_WRITE(RTC_MR, 4, 0xFFFFFFFF), DISK_WRITE_OPS

static const struct fake_op resets[] = {LOOK, SPOIL, FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};

static void assert_clean(unsigned boot, uint64_t ram)
{
	assert_true(fake_kvm_wait_reads(0, (boot + 1) * LOOK_COUNT));
	assert_int_equal(fake_kvm_read(0, boot * LOOK_COUNT), ram);
	for (unsigned n = 1; n < LOOK_COUNT; n++) {
		assert_int_equal(fake_kvm_read(0, boot * LOOK_COUNT + n), 0);
	}
}

/* Many times over: a new VM each time, one alive at a time, RAM zeroed, devices as new. */
static void reset_gives_a_clean_machine(void **state)
{
	const unsigned boots = 20;
	struct machine_rig *rig = *state;
	char text[EVENT_TEXT_BYTES];

	machine_rig_start(rig, resets);
	assert_int_equal(machine_rig_run(rig, 2 * (size_t)boots + 1), MACHINE_RUNNING);
	for (unsigned boot = 0; boot < boots; boot++) {
		assert_clean(boot, 0);
		event_log_copy(&rig->events, 2 * (size_t)boot, text);
		assert_string_equal(text, "STARTED cpu=0");
		event_log_copy(&rig->events, 2 * (size_t)boot + 1, text);
		assert_string_equal(text, "RESET cpu=0 guest");
		assert_int_equal(fake_kvm_entry(0, boot).vm, boot + 1);
		assert_int_equal(fake_kvm_entry(0, boot).entry.x0, MACHINE_DTB_IPA);
	}
	assert_int_equal(fake_kvm_live(), 1);
}

/* SYSTEM_WARM_RESET keeps RAM but starts all else anew; its type and cookie are told. */
static void warm_reset_keeps_ram(void **state)
{
	static const struct fake_op ops[] = {LOOK, SPOIL, FAKE_CALL(SYSTEM_RESET2, 0, 0xC00C1E, 0),
					     FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_clean(0, 0);
	assert_clean(1, MARK);
	assert_true(event_log_find(&rig->events,
				   "RESET cpu=0 guest-reset2 type=0x0 cookie=0xc00c1e") > 0);
}

/* A vendor's type is a cold reset; the host is told the type and the cookie, all of their bits. */
static void vendor_reset_is_cold(void **state)
{
	static const struct fake_op ops[] = {LOOK, SPOIL,
					     FAKE_CALL(SYSTEM_RESET2,
						       TORPOR_RESET2_VENDOR | 0x1234567,
						       UINT64_C(0xFEDCBA9876543210), 0),
					     FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_clean(0, 0);
	assert_clean(1, 0);
	assert_true(event_log_find(&rig->events, "RESET cpu=0 guest-reset2 type=0x81234567 "
						 "cookie=0xfedcba9876543210") > 0);
}

/* Other CPUs are off again, and come up as the first time. */
static void other_cpus_start_over(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(AFFINITY_INFO, 1, 0, 0),
					     FAKE_CALL(CPU_ON, 1, PROG(1), 0), FAKE_GATE(0),
					     FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	static const struct fake_op spins[] = {FAKE_JUMP(0)};
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), spins);
	machine_rig_start(rig, ops);
	assert_true(fake_kvm_wait_entries(1, 1));
	fake_kvm_open(0);
	assert_int_equal(machine_rig_run(rig, 8), MACHINE_RUNNING);
	assert_result(0, 3, TORPOR_AFFINITY_OFF);
	assert_result(0, 4, RET(SUCCESS));
}

/* The console works in each boot. */
static void console_outlasts_a_reset(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_WRITE(LAYOUT_UART_BASE + 0x30, 4, 0x301), FAKE_WRITE(LAYOUT_UART_BASE, 1, 'h'),
		FAKE_WRITE(LAYOUT_UART_BASE, 1, 'i'), FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;
	char text[256];

	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 5), MACHINE_RUNNING);
	machine_rig_console(rig, text);
	assert_memory_equal(text, "hihi", 4);
}

/*
 * A disk's thread that is about to interrupt the guest does not do so in a VM that is gone: each
 * request is over before the VM is.
 */
static void request_ends_before_its_vm(void **state)
{
	static const struct fake_op ops[] = {DISK_WRITE_OPS, FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
					     FAKE_IDLE};

	for (int round = 0; round < 3; round++) {
		struct machine_rig *rig = *state;

		fake_kvm_slow_irqs(100);
		machine_rig_start(rig, ops);
		assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
		assert_null(fake_kvm_misuse());
		machine_rig_again(state);
	}
}

/* The same for a machine that is taken down without an end. */
static void request_ends_before_the_machine(void **state)
{
	static const struct fake_op ops[] = {DISK_WRITE_OPS, FAKE_CALL(PSCI_VERSION, 0, 0, 0),
					     FAKE_IDLE};

	for (int round = 0; round < 3; round++) {
		struct machine_rig *rig = *state;

		fake_kvm_slow_irqs(100);
		machine_rig_start(rig, ops);
		assert_true(fake_kvm_wait_calls(0, 1));
		machine_destroy(rig->machine);
		rig->machine = NULL;
		assert_null(fake_kvm_misuse());
		machine_rig_again(state);
	}
}

static void assert_fails(struct machine_rig *rig, const char *part)
{
	assert_ends(rig, MACHINE_END_FAILED);
	assert_true(machine_rig_logged(rig, part));
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_INTERNAL_ERROR);
	assert_events(&rig->events, "STARTED cpu=0", "RESET cpu=0 guest", "SHUTDOWN host-error",
		      NULL);
}

static void fail_vm(struct machine_rig *rig)
{
	(void)rig;
	fake_kvm_fail(FAKE_VM_CREATE, 1);
}

static void fail_entry(struct machine_rig *rig)
{
	(void)rig;
	fake_kvm_fail(FAKE_ENTER, 1);
}

static void move_mpidrs(struct machine_rig *rig)
{
	(void)rig;
	fake_kvm_move_mpidrs(1);
}

static void fail_discard(struct machine_rig *rig)
{
	(void)rig;
	faults_discard_errno(ENOMEM);
}

static void spoil_kernel(struct machine_rig *rig)
{
	temp_write(&rig->dir, "Image", "no kernel at all", 16);
}

/* What goes wrong at a reset ends the machine and is told to the operator. */
static void failing_reset_is_told(void **state)
{
	static const struct fake_op ops[] = {FAKE_GATE(0), FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
					     FAKE_IDLE};
	static const struct {
		void (*spoil)(struct machine_rig *rig);
		const char *part;
	} rows[] = {
		{fail_vm, "the fake KVM makes no VM"},
		{fail_entry, "registers can't be set"},
		{move_mpidrs, "MPIDR"},
		{fail_discard, "RAM could not be cleared"},
		{spoil_kernel, "is no arm64 kernel"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine_rig *rig = *state;

		machine_rig_start(rig, ops);
		rows[i].spoil(rig);
		fake_kvm_open(0);
		assert_fails(rig, rows[i].part);
		machine_rig_again(state);
	}
}

/* At any moment between resets, the host's end is the last thing that happens. */
static void host_ends_a_guest_that_resets(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};

	for (size_t round = 0; round < 40; round++) {
		struct machine_rig *rig = *state;
		char text[EVENT_TEXT_BYTES];

		machine_rig_start(rig, ops);
		assert_int_equal(machine_rig_run(rig, round % 7 + 1), MACHINE_RUNNING);
		machine_end_by_host(rig->machine, POWER_REASON_HOST);
		assert_ends(rig, MACHINE_END_HOST);
		event_log_copy(&rig->events, event_log_count(&rig->events) - 1, text);
		assert_string_equal(text, "SHUTDOWN host");
		assert_int_equal(event_log_find(&rig->events, "SHUTDOWN"), 1);
		machine_rig_again(state);
	}
}

/* Suspended, woken, reset, and so on: no state of one boot is left in the next. */
static void woken_guest_resets(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0), FAKE_IDLE};
	static const struct fake_op resumed[] = {FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	fake_kvm_ops(PROG(1), resumed);
	machine_rig_start(rig, ops);
	for (size_t round = 0; round < 10; round++) {
		assert_int_equal(machine_rig_run(rig, 2 + 4 * round), MACHINE_RUNNING);
		assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SUSPENDED);
		assert_true(machine_wake(rig->machine));
		assert_int_equal(machine_rig_run(rig, 5 + 4 * round), MACHINE_RUNNING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(reset_gives_a_clean_machine),
		MACHINE_RIG_TEST(warm_reset_keeps_ram),
		MACHINE_RIG_TEST(vendor_reset_is_cold),
		MACHINE_RIG_TEST(other_cpus_start_over),
		MACHINE_RIG_TEST(console_outlasts_a_reset),
		MACHINE_RIG_TEST(request_ends_before_its_vm),
		MACHINE_RIG_TEST(request_ends_before_the_machine),
		MACHINE_RIG_TEST(failing_reset_is_told),
		MACHINE_RIG_TEST(host_ends_a_guest_that_resets),
		MACHINE_RIG_TEST(woken_guest_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
