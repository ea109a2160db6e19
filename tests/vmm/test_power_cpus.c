/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs that come and go: CPU_ON, CPU_OFF, CPU_FREEZE, and what others see of them. */
#include "power_rig.h"

#include <string.h>

#define CONTEXT UINT64_C(0x1122334455667788)
#define WAIT_OFF(cpu) FAKE_CALL(AFFINITY_INFO, cpu, 0, 0), FAKE_UNLESS(TORPOR_AFFINITY_OFF)

static const struct fake_op idle[] = {FAKE_IDLE};

/* The boot CPU enters where it was told to, with the device tree in X0; the host learns of it. */
static void boot_enters_and_tells(void **state)
{
	struct power_rig *rig = *state;
	struct fake_entry entry;

	power_rig_run(rig, 3, V13, idle);
	assert_events(&rig->events, "STARTED cpu=0", NULL);
	entry = fake_kvm_entry(0, 0);
	assert_int_equal(entry.entry.pc, BOOT);
	assert_int_equal(entry.entry.x0, BOOT_X0);
	assert_false(entry.entry.big_endian);
	assert_false(entry.entry.keep_timer);
	assert_int_equal(fake_kvm_entries(1), 0);
	assert_int_equal(fake_kvm_entries(2), 0);
}

/* A started CPU enters at its entry, with the context in X0, reset and with its timer off. */
static void started_cpu_enters(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(CPU_ON, 1, PROG(1), CONTEXT), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_cpu_info info;
	struct fake_entry entry;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_result(0, 0, RET(SUCCESS));
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", NULL);
	assert_true(fake_kvm_wait_entries(1, 1));
	entry = fake_kvm_entry(1, 0);
	assert_int_equal(entry.entry.pc, PROG(1));
	assert_int_equal(entry.entry.x0, CONTEXT);
	assert_false(entry.entry.big_endian);
	assert_false(entry.entry.keep_timer);
	assert_true(power_query_cpu(rig->power, 1, &info));
	assert_string_equal(info.state, "on");
	assert_int_equal(info.pc, PROG(1));
	assert_int_equal(info.x[0], CONTEXT);
	assert_int_equal(info.pstate, FAKE_PSTATE);
}

/* The data endianness of the caller is that of the CPU it starts (6.4). */
static void endianness_is_the_callers(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_BIG_ENDIAN(1), FAKE_CALL(CPU_ON, 1, PROG(1), 0), WAIT_OFF(1),
		FAKE_BIG_ENDIAN(0), FAKE_CALL(CPU_ON, 1, PROG(1), 0), FAKE_IDLE,
	};
	static const struct fake_op other[] = {FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), other);
	power_rig_run(rig, 2, V13, ops);
	assert_true(fake_kvm_wait_entries(1, 2));
	assert_true(fake_kvm_entry(1, 0).entry.big_endian);
	assert_false(fake_kvm_entry(1, 1).entry.big_endian);
}

/* A CPU goes off and on again, with an event each time, in order; its registers start anew. */
static void cpu_goes_off_and_on(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 1), WAIT_OFF(1),
		FAKE_CALL(CPU_ON, 1, PROG(2), 2), WAIT_OFF(1),
		FAKE_CALL(CPU_ON, 1, PROG(1), 3), WAIT_OFF(1),
		FAKE_STORE(PROG(8), 1),		  FAKE_IDLE,
	};
	static const struct fake_op other[] = {FAKE_TIMER, FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), other);
	fake_kvm_ops(PROG(2), other);
	power_rig_run(rig, 2, V13, ops);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_OFF cpu=1 guest",
		      "CPU_ON cpu=1 guest", "CPU_OFF cpu=1 guest", "CPU_ON cpu=1 guest",
		      "CPU_OFF cpu=1 guest", NULL);
	assert_int_equal(fake_kvm_entry(1, 1).entry.pc, PROG(2));
	assert_int_equal(fake_kvm_entry(1, 2).entry.x0, 3);
	for (unsigned n = 0; n < 3; n++) {
		/* A start is no wake-up: the timer that was left on is off. */
		assert_false(fake_kvm_entry(1, n).timer_on);
	}
	/* A call that does not return sets nothing. */
	assert_false(fake_kvm_call(1, 0).returned);
}

/* Asks until the CPU has been reset since it ran, which takes its thread a moment. */
static void wait_reset(struct power_rig *rig, uint32_t cpu)
{
	struct power_cpu_info info = {.pc = 1};

	while (info.pc != 0) {
		assert_true(power_query_cpu(rig->power, cpu, &info));
	}
	assert_string_equal(info.state, "off");
	assert_int_equal(info.x[1], 0);
}

/* A start finds the registers reset: of a CPU that never ran, and of one that went off. */
static void start_only_sets_the_entry(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 1), WAIT_OFF(1), FAKE_GATE(0),
		FAKE_CALL(CPU_ON, 1, PROG(1), 2), WAIT_OFF(1), FAKE_IDLE,
	};
	static const struct fake_op other[] = {FAKE_TIMER, FAKE_CALL(CPU_OFF, 1, 2, 3), FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), other);
	power_rig_run(rig, 2, V13, ops);
	assert_true(fake_kvm_wait_entries(1, 1));
	wait_reset(rig, 1);
	fake_kvm_open(0);
	assert_true(fake_kvm_wait_entries(1, 2));
	for (unsigned n = 0; n < 2; n++) {
		assert_false(fake_kvm_entry(1, n).reset);
		assert_false(fake_kvm_entry(1, n).timer_on);
	}
}

/* A CPU whose registers can't be reset once it is off ends the machine, which says so. */
static void failed_reset_is_a_crash(void **state)
{
	static const struct fake_op ops[] = {FAKE_GATE(0), FAKE_CALL(CPU_ON, 1, PROG(1), 1),
					     FAKE_IDLE};
	static const struct fake_op other[] = {FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_cpu_info info;
	struct power_end end;

	fake_kvm_ops(PROG(1), other);
	power_rig_run(rig, 2, V13, ops);
	/* Its thread has parked: what comes next is the reset after it ran. */
	assert_true(power_query_cpu(rig->power, 1, &info));
	assert_true(power_query_cpu(rig->power, 1, &info));
	fake_kvm_fail(FAKE_RESET, 1);
	fake_kvm_open(0);
	assert_end(rig, POWER_END_CRASHED, &end);
	assert_non_null(strstr(end.detail, "registers can't be reset"));
}

/* One that is on can't be started again, and goes on undisturbed. */
static void running_cpu_is_left_alone(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 1),
		FAKE_GATE(0),
		FAKE_CALL(CPU_ON, 1, PROG(2), 2),
		FAKE_CALL(CPU_ON, 0, PROG(2), 2),
		FAKE_CALL(CPU_ON, 2, PROG(2), 2),
		FAKE_CALL(AFFINITY_INFO, 1, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_true(fake_kvm_wait_entries(1, 1));
	fake_kvm_open(0);
	assert_result(0, 1, RET(ALREADY_ON));
	assert_result(0, 2, RET(ALREADY_ON));
	assert_result(0, 3, RET(INVALID_PARAMETERS));
	assert_result(0, 4, TORPOR_AFFINITY_ON);
	assert_int_equal(fake_kvm_entries(1), 1);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", NULL);
}

/* Entries outside RAM, and across its end, start nothing and change nothing. */
static void bad_entry_changes_nothing(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, RIG_RAM_IPA - 4, 0),
		FAKE_CALL(CPU_ON, 1, RIG_RAM_IPA + RIG_RAM_BYTES, 0),
		FAKE_CALL(CPU_ON, 1, RIG_RAM_IPA + RIG_RAM_BYTES - 2, 0),
		FAKE_CALL(CPU_ON, 1, RIG_DEVICE_IPA, 0),
		FAKE_CALL(CPU_ON, 1, UINT64_MAX, 0),
		FAKE_CALL(SYSTEM_SUSPEND, RIG_DEVICE_IPA, 0, 0),
		FAKE_CALL(CPU_SUSPEND, TORPOR_POWER_STATE_TYPE_POWERDOWN, RIG_DEVICE_IPA, 0),
		FAKE_CALL(AFFINITY_INFO, 1, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	power_rig_run(rig, 2, V13, ops);
	for (unsigned n = 0; n < 7; n++) {
		assert_result(0, n, RET(INVALID_ADDRESS));
	}
	assert_result(0, 7, TORPOR_AFFINITY_OFF);
	assert_int_equal(fake_kvm_entries(0), 1);
	assert_int_equal(fake_kvm_entries(1), 0);
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_RUNNING);
	assert_events(&rig->events, "STARTED cpu=0", NULL);
}

/* RAM's last word is a good entry. */
static void last_word_is_an_entry(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, RIG_RAM_IPA + RIG_RAM_BYTES - 4, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(RIG_RAM_IPA + RIG_RAM_BYTES - 4, idle);
	power_rig_run(rig, 2, V13, ops);
	assert_result(0, 0, RET(SUCCESS));
	assert_true(fake_kvm_wait_entries(1, 1));
}

/* A frozen CPU is not off: no event, it counts as on, and CPU_ON restarts it. */
static void frozen_cpu_is_restarted(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),  FAKE_GATE(0),
		FAKE_CALL(AFFINITY_INFO, 1, 0, 0), FAKE_CALL(SYSTEM_SUSPEND, PROG(2), 0, 0),
		FAKE_CALL(CPU_ON, 1, PROG(2), 7),  FAKE_IDLE,
	};
	static const struct fake_op other[] = {
		FAKE_CALL(TORPOR_FN32(TORPOR_FN_CPU_FREEZE), 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_cpu_info info = {.state = "on"};

	fake_kvm_ops(PROG(1), other);
	fake_kvm_ops(PROG(2), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_true(fake_kvm_wait_entries(1, 1));
	while (strcmp(info.state, "frozen") != 0) {
		assert_true(power_query_cpu(rig->power, 1, &info));
	}
	fake_kvm_open(0);
	assert_result(0, 1, TORPOR_AFFINITY_ON);
	assert_result(0, 2, RET(DENIED));
	assert_result(0, 3, RET(SUCCESS));
	assert_true(fake_kvm_wait_entries(1, 2));
	assert_int_equal(fake_kvm_entry(1, 1).entry.x0, 7);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_ON cpu=1 guest",
		      NULL);
}

#define MANY 150

/* A CPU that comes in starts the next one, and idles. @ctx: per CPU, whether it has done so */
static void start_next(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op)
{
	const struct fake_op next = FAKE_CALL(CPU_ON, fake_kvm_mpidr(cpu + 1), BOOT, cpu);
	bool *done = ctx;

	(void)x0;
	if (!done[cpu] && cpu + 1 < MANY) {
		done[cpu] = true;
		*op = next;
	}
}

/* Many CPUs come up, of several affinities, each once, and each can be looked at and stopped. */
static void many_cpus_come_up(void **state)
{
	static bool done[MANY];
	const struct fake_program program = {.pc = BOOT, .step = start_next, .ctx = done};
	struct power_rig *rig = *state;

	memset(done, 0, sizeof(done));
	fake_kvm_program(&program);
	power_rig_up(rig, MANY, V13);
	power_rig_boot(rig);
	for (uint32_t i = 1; i < MANY; i++) {
		struct power_cpu_info info;

		assert_true(fake_kvm_wait_entries(i, 1));
		assert_true(power_query_cpu(rig->power, i, &info));
		assert_string_equal(info.state, "on");
		assert_int_equal(fake_kvm_entries(i), 1);
		assert_int_equal(fake_kvm_entry(i, 0).entry.x0, i - 1);
	}
	power_rig_stop(rig);
}

/* Anyone can look at a CPU in any state; one that there is not has no answer. */
static void queries_tell_each_state(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_IDLE,
	};
	static const struct fake_op other[] = {
		FAKE_CALL(CPU_SUSPEND, 0, 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;
	struct power_cpu_info info;

	fake_kvm_ops(PROG(1), other);
	power_rig_up(rig, 3, V13);
	fake_kvm_ops(BOOT, ops);
	assert_false(power_query_cpu(rig->power, 0, &info));
	power_rig_boot(rig);
	assert_true(fake_kvm_wait_asleep(1));
	assert_true(power_query_cpu(rig->power, 0, &info));
	assert_string_equal(info.state, "on");
	assert_true(power_query_cpu(rig->power, 1, &info));
	assert_string_equal(info.state, "suspended");
	assert_int_equal(info.x[0], CPU_SUSPEND);
	assert_int_equal(info.pc, PROG(1) + 4);
	assert_true(power_query_cpu(rig->power, 2, &info));
	assert_string_equal(info.state, "off");
	assert_false(power_query_cpu(rig->power, 3, &info));
	assert_false(power_query_cpu(rig->power, UINT32_MAX, &info));
	fake_kvm_fail(FAKE_GET_REGISTERS, 1);
	assert_false(power_query_cpu(rig->power, 0, &info));
	power_stop(rig->power);
	assert_false(power_query_cpu(rig->power, 0, &info));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(boot_enters_and_tells),
		POWER_RIG_TEST(started_cpu_enters),
		POWER_RIG_TEST(endianness_is_the_callers),
		POWER_RIG_TEST(cpu_goes_off_and_on),
		POWER_RIG_TEST(start_only_sets_the_entry),
		POWER_RIG_TEST(failed_reset_is_a_crash),
		POWER_RIG_TEST(running_cpu_is_left_alone),
		POWER_RIG_TEST(bad_entry_changes_nothing),
		POWER_RIG_TEST(last_word_is_an_entry),
		POWER_RIG_TEST(frozen_cpu_is_restarted),
		POWER_RIG_TEST(many_cpus_come_up),
		POWER_RIG_TEST(queries_tell_each_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
