/* SPDX-License-Identifier: BSD-3-Clause */
/* How a boot ends: by the guest, by KVM, by the host; and that the next one starts clean. */
#include "power_rig.h"

#include <string.h>

static const struct fake_op idle[] = {FAKE_IDLE};

/* Calls that end the machine, and what the host is told. */
static const struct ending {
	struct fake_op op;
	enum power_end_kind kind;
	enum power_reason reason;
	bool warm;
	uint32_t reset_type;
	uint64_t cookie;
} endings[] = {
	{FAKE_CALL(SYSTEM_OFF, 0, 0, 0), POWER_END_OFF, POWER_REASON_GUEST, false, 0, 0},
	{FAKE_CALL(SYSTEM_RESET, 0, 0, 0), POWER_END_RESET, POWER_REASON_GUEST, false, 0, 0},
	{FAKE_CALL(SYSTEM_RESET2, 0, 0xC00C1E, 0), POWER_END_RESET, POWER_REASON_GUEST_RESET2, true,
	 0, 0xC00C1E},
	{FAKE_CALL(TORPOR_FN32(TORPOR_FN_SYSTEM_RESET2), 0, 7, 0), POWER_END_RESET,
	 POWER_REASON_GUEST_RESET2, true, 0, 7},
	{FAKE_CALL(SYSTEM_RESET2, TORPOR_RESET2_VENDOR, 0, 0), POWER_END_RESET,
	 POWER_REASON_GUEST_RESET2, false, TORPOR_RESET2_VENDOR, 0},
	{FAKE_CALL(SYSTEM_RESET2, TORPOR_RESET2_VENDOR | 5, UINT64_MAX, 0), POWER_END_RESET,
	 POWER_REASON_GUEST_RESET2, false, TORPOR_RESET2_VENDOR | 5, UINT64_MAX},
	{FAKE_CALL(TORPOR_FN32(TORPOR_FN_SYSTEM_RESET2), UINT64_MAX, UINT64_MAX, 0),
	 POWER_END_RESET, POWER_REASON_GUEST_RESET2, false, UINT32_MAX, UINT32_MAX},
	{FAKE_CALL(SYSTEM_OFF2, 0, 0, 0), POWER_END_HIBERNATED, POWER_REASON_GUEST, false, 0, 0},
	{FAKE_CALL(SYSTEM_OFF2, 1, 0, 0), POWER_END_HIBERNATED, POWER_REASON_GUEST, false, 0, 0},
	{FAKE_CALL(TORPOR_FN32(TORPOR_FN_SYSTEM_OFF2), 1, 0, 0), POWER_END_HIBERNATED,
	 POWER_REASON_GUEST, false, 0, 0},
};

static void guest_ends_it(void **state)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const struct ending *ending = &endings[i];
		const struct fake_op ops[] = {ending->op, FAKE_IDLE};
		struct power_rig *rig = *state;
		struct power_end end;

		power_rig_run(rig, 2, V13, ops);
		assert_end(rig, ending->kind, &end);
		assert_int_equal(end.event.reason, ending->reason);
		assert_int_equal(end.event.cpu, 0);
		if (ending->kind == POWER_END_RESET) {
			assert_int_equal(end.warm, ending->warm);
		}
		if (ending->reason == POWER_REASON_GUEST_RESET2) {
			assert_int_equal(end.event.reset_type, ending->reset_type);
			assert_int_equal(end.event.cookie, ending->cookie);
		}
		assert_false(power_end_by_host(rig->power, POWER_REASON_HOST));
		power_rig_stop(rig);
		assert_false(fake_kvm_call(0, 0).returned);
		power_rig_again(state);
	}
}

/* What the standard forbids does not end it. */
static void bad_arguments_do_not(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(SYSTEM_OFF2, 2, 0, 0),
		FAKE_CALL(SYSTEM_OFF2, 3, 0, 0),
		FAKE_CALL(SYSTEM_OFF2, UINT32_C(1) << 31, 0, 0),
		FAKE_CALL(SYSTEM_OFF2, 0, 1, 0),
		FAKE_CALL(SYSTEM_OFF2, 1, UINT64_C(1) << 63, 0),
		FAKE_CALL(SYSTEM_RESET2, 1, 0, 0),
		FAKE_CALL(SYSTEM_RESET2, TORPOR_RESET2_VENDOR - 1, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 1, V13, ops);
	for (unsigned n = 0; n < 7; n++) {
		assert_result(0, n, RET(INVALID_PARAMETERS));
	}
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_RUNNING);
}

/* The functions of a later version end no machine of an earlier one. */
static void later_functions_do_not(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(SYSTEM_OFF2, 0, 0, 0),
		FAKE_CALL(SYSTEM_RESET2, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 1, V10, ops);
	assert_result(0, 0, RET(NOT_SUPPORTED));
	assert_result(0, 1, RET(NOT_SUPPORTED));
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_RUNNING);
}

/* With no CPU on nothing will ever happen again: that is a crash, not a sleep. */
static void last_cpu_off_is_a_crash(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_end end;

	power_rig_run(rig, 2, V13, ops);
	assert_end(rig, POWER_END_CRASHED, &end);
	assert_int_equal(end.event.reason, POWER_REASON_GUEST_PANIC);
	assert_non_null(strstr(end.detail, "CPU 0: the last CPU"));
	power_rig_stop(rig);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_OFF cpu=0 guest", NULL);
}

/* One that does not go last is none. */
static void earlier_cpu_off_is_no_crash(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(CPU_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op other[] = {
		FAKE_CALL(AFFINITY_INFO, 0, 0, 0),
		FAKE_UNLESS(TORPOR_AFFINITY_OFF),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), other);
	power_rig_run(rig, 2, V13, ops);
	assert_true(event_log_wait(&rig->events, 3));
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_RUNNING);
	fake_kvm_open(0);
	assert_end(rig, POWER_END_OFF, &end);
	assert_int_equal(end.event.cpu, 1);
}

/* What KVM gave as the reason is in the detail, with the CPU. */
static void kvm_failure_is_a_crash(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(CPU_ON, 1, PROG(1), 0), FAKE_IDLE};
	static const struct fake_op fails[] = {FAKE_FAIL, FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), fails);
	power_rig_run(rig, 2, V13, ops);
	assert_end(rig, POWER_END_CRASHED, &end);
	assert_int_equal(end.event.reason, POWER_REASON_GUEST_PANIC);
	assert_int_equal(end.event.cpu, 1);
	assert_string_equal(end.detail,
			    "CPU 1: an instruction that can't be emulated at 0x40010000");
}

/* Any function of KVM that fails ends the machine with a detail; nothing hangs. */
static void each_failing_function_is_a_crash(void **state)
{
	static const struct fake_op suspends[] = {
		FAKE_LISTEN(RIG_RTC_INTID),
		FAKE_GATE(0),
		FAKE_CALL(PSCI_FEATURES, 0, 0, 0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	static const struct {
		enum fake_fn fn;
		unsigned nth;
		const char *part;
	} rows[] = {
		{FAKE_GET_X, 1, "its registers can't be read"},
		{FAKE_GET_X, 3, "its registers can't be read"},
		{FAKE_IS_BIG_ENDIAN, 1, "its registers can't be read"},
		{FAKE_SET_X0, 1, "X0 can't be set"},
		{FAKE_SET_WAITING, 1, "it can't be put to sleep"},
		{FAKE_SET_WAITING, 2, "it can't be woken"},
		{FAKE_ENTER, 1, "its registers can't be reset"},
		{FAKE_RUN, 1, "an error that the test asked for"},
		{FAKE_RUN, 3, "an error that the test asked for"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct power_rig *rig = *state;
		struct power_end end;

		fake_kvm_ops(PROG(1), idle);
		power_rig_run(rig, 1, V13, suspends);
		power_rig_irq(rig, RIG_RTC_INTID, true);
		fake_kvm_fail(rows[i].fn, rows[i].nth);
		fake_kvm_open(0);
		assert_end(rig, POWER_END_CRASHED, &end);
		assert_non_null(strstr(end.detail, rows[i].part));
		assert_int_equal(power_mode(rig->power), TORPOR_MODE_OFF);
		power_rig_again(state);
	}
}

static void failing_start_is_a_crash(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_GATE(0),
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, ops);
	fake_kvm_fail(FAKE_ENTER, 1);
	fake_kvm_open(0);
	assert_end(rig, POWER_END_CRASHED, &end);
	assert_int_equal(end.event.cpu, 1);
	assert_non_null(strstr(end.detail, "its registers can't be reset"));
}

/* What fails while the machine is being stopped is no second end. */
static void crash_after_the_end_is_none(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_cpu_info info;
	struct power_end end;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_true(event_log_wait(&rig->events, 2));
	fake_kvm_open(0);
	assert_end(rig, POWER_END_OFF, &end);
	/* CPU 1 is in a run. The first query ends that, and the next run is over by the third. */
	fake_kvm_fail(FAKE_RUN, 1);
	for (int i = 0; i < 3; i++) {
		assert_true(power_query_cpu(rig->power, 1, &info));
	}
	assert_end(rig, POWER_END_OFF, &end);
	assert_int_equal(end.event.cpu, 0);
}

/* The host's end comes at any time, once. */
static void host_ends_it(void **state)
{
	static const struct fake_op spins[] = {
		FAKE_CALL(PSCI_VERSION, 0, 0, 0),
		FAKE_JUMP(0),
	};
	struct power_rig *rig = *state;
	struct power_end end;

	power_rig_run(rig, 4, V13, spins);
	power_end(rig->power, &end);
	assert_int_equal(end.kind, POWER_END_NONE);
	assert_true(fake_kvm_wait_calls(0, 1));
	assert_true(power_end_by_host(rig->power, POWER_REASON_HOST));
	assert_false(power_end_by_host(rig->power, POWER_REASON_HOST));
	assert_end(rig, POWER_END_HOST, &end);
	assert_int_equal(end.event.reason, POWER_REASON_HOST);
	assert_int_equal(end.event.cpu, -1);
	power_rig_stop(rig);
}

/* All starts over: only CPU 0 is on, its calls work, and nothing of the last boot is left. */
static void next_boot_is_clean(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(AFFINITY_INFO, 1, 0, 0),
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), idle);
	fake_kvm_open(0);
	power_rig_run(rig, 2, V13, ops);
	for (unsigned boot = 0; boot < 20; boot++) {
		assert_end(rig, POWER_END_RESET, &end);
		power_rig_stop(rig);
		assert_result(0, 3 * boot, TORPOR_AFFINITY_OFF);
		assert_result(0, 3 * boot + 1, RET(SUCCESS));
		power_rig_boot(rig);
	}
	assert_int_equal(event_log_find(&rig->events, "STARTED cpu=0"), 21);
}

/* One that slept, one that was off, one on its way: a stop ends all their threads. */
static void stops_in_each_state(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(CPU_ON, 2, PROG(2), 0),
		FAKE_CALL(CPU_ON, 3, PROG(3), 0),
		FAKE_IDLE,
	};
	static const struct fake_op sleeps[] = {FAKE_CALL(CPU_SUSPEND, 0, 0, 0), FAKE_IDLE};
	static const struct fake_op off[] = {FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};
	static const struct fake_op spins[] = {FAKE_JUMP(0)};

	for (int i = 0; i < 50; i++) {
		struct power_rig *rig = *state;

		fake_kvm_ops(PROG(1), sleeps);
		fake_kvm_ops(PROG(2), off);
		fake_kvm_ops(PROG(3), spins);
		power_rig_run(rig, 4, V13, ops);
		if (i % 5 == 0) {
			assert_true(fake_kvm_wait_calls(0, 3));
		}
		power_rig_stop(rig);
		power_rig_again(state);
	}
}

/* Another VM must have the CPUs that the guest knows. */
static void moved_mpidrs_are_refused(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct vmm_error error = {.text = ""};
	struct power_end end;

	power_rig_run(rig, 2, V13, ops);
	assert_end(rig, POWER_END_RESET, &end);
	power_rig_stop(rig);
	fake_kvm_move_mpidrs(0x100);
	assert_int_not_equal(power_rig_try_boot(rig, &error), 0);
	assert_non_null(strstr(error.text, "MPIDR"));
	assert_events(&rig->events, "STARTED cpu=0", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(guest_ends_it),
		POWER_RIG_TEST(bad_arguments_do_not),
		POWER_RIG_TEST(later_functions_do_not),
		POWER_RIG_TEST(last_cpu_off_is_a_crash),
		POWER_RIG_TEST(earlier_cpu_off_is_no_crash),
		POWER_RIG_TEST(kvm_failure_is_a_crash),
		POWER_RIG_TEST(each_failing_function_is_a_crash),
		POWER_RIG_TEST(failing_start_is_a_crash),
		POWER_RIG_TEST(crash_after_the_end_is_none),
		POWER_RIG_TEST(host_ends_it),
		POWER_RIG_TEST(next_boot_is_clean),
		POWER_RIG_TEST(stops_in_each_state),
		POWER_RIG_TEST(moved_mpidrs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
