/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* Waits first, with nothing of the caller changed; enters at the wake-up (5.20.1, 6.4). */
static void suspends_and_wakes(struct rig *r)
{
	uint64_t high = r->way == WAY_A64_SMC64 ? UINT64_C(0x1200000000) : 0;
	uint32_t cpu = 99;

	rig_up(r);
	assert_act(r, TORPOR_WAIT_SYSTEM, 0, TORPOR_FN_SYSTEM_SUSPEND, high | ENTRY_B,
		   high | CONTEXT_B, 0);
	assert_mode(r, TORPOR_MODE_SUSPENDED);
	assert_cpus_on(r, 1);
	assert_state(r, 0, TORPOR_CPU_ON);
	assert_int_equal(torpor_machine_suspended_cpu(&r->machine, &cpu), TORPOR_OK);
	assert_int_equal(cpu, 0);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_WAIT_SYSTEM);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_start(&r->out.start, high | ENTRY_B, high | CONTEXT_B, start_flags(r));
	assert_mode(r, TORPOR_MODE_RUNNING);
	assert_int_equal(torpor_machine_suspended_cpu(&r->machine, &cpu), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_PARK);
}

/* X0 is the caller's until the wake-up: it can still be read, and refused. */
static void leaves_x0_alone(struct rig *r)
{
	rig_up(r);
	machine_suspend(r, 0);
	assert_int_equal((uint32_t)r->out.x[0], id_of(r, TORPOR_FN_SYSTEM_SUSPEND));
}

/* The caller's endianness, state and T32 entry come back (6.4.3). */
static void carries_flags(struct rig *r)
{
	uint32_t thumb = caller_is_32(r) ? TORPOR_THUMB : 0;

	r->big_endian = true;
	rig_up(r);
	assert_act(r, TORPOR_WAIT_SYSTEM, 0, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_B | 1, 1, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_start(&r->out.start, thumb ? ENTRY_B : ENTRY_B | 1, 1, start_flags(r) | thumb);
}

/* DENIED while any other CPU is not OFF: on, pending, asleep or frozen (5.20.2). */
static void denied_with_others_not_off(struct rig *r)
{
	struct torpor_start start;
	struct visible *before;

	rig_up(r);
	for (int step = 0; step < 4; step++) {
		if (step == 0) {
			cpu_pend(r, 0, 1);
		} else if (step == 1) {
			assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
		} else if (step == 2) {
			cpu_suspend(r, 1, S_DOWN);
		} else {
			assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_ENTER);
			cpu_freeze(r, 1);
		}
		before = look(r);
		assert_ret(r, TORPOR_RET_DENIED, 0, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_B, 0, 0);
		assert_unchanged(r, before);
		assert_mode(r, TORPOR_MODE_RUNNING);
	}
}

/* Whichever CPU is the last one may suspend, and it is the one that resumes (5.20.1). */
static void any_last_cpu(struct rig *r)
{
	uint32_t cpu = 99;

	rig_up(r);
	cpu_on(r, 0, 3);
	cpu_off(r, 0);
	machine_suspend(r, 3);
	assert_int_equal(torpor_machine_suspended_cpu(&r->machine, &cpu), TORPOR_OK);
	assert_int_equal(cpu, 3);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_PARK);
	assert_mode(r, TORPOR_MODE_SUSPENDED);
	assert_int_equal(torpor_cpu_wake(&r->machine, 3, &r->out), TORPOR_ENTER);
	cpu_on(r, 3, 0);
}

/* Seen OFF by AFFINITY_INFO is off for SYSTEM_SUSPEND (5.20.1). */
static void after_the_others_went_off(struct rig *r)
{
	rig_up(r);
	for (int i = 0; i < 50; i++) {
		for (uint32_t cpu = 1; cpu < RIG_CPUS; cpu++) {
			cpu_on(r, 0, cpu);
		}
		for (uint32_t cpu = 1; cpu < RIG_CPUS; cpu++) {
			cpu_off(r, cpu);
			assert_ret(r, TORPOR_AFFINITY_OFF, 0, TORPOR_FN_AFFINITY_INFO,
				   mpidr_of(r, cpu), 0, 0);
		}
		machine_suspend(r, 0);
		assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	}
}

/* A disabled CPU is not in the way. */
static void disabled_cpus_do_not_count(struct rig *r)
{
	r->cpu_configs[1].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	machine_suspend(r, 0);
}

/* The Trusted OS is not in the way either. */
static void under_the_trusted_os(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	rig_up(r);
	machine_suspend(r, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
}

/* A bad entry is INVALID_ADDRESS, and changes nothing (5.20.2). */
static void bad_entry(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	assert_ret(r, TORPOR_RET_INVALID_ADDRESS, 0, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_BAD, 0, 0);
	assert_unchanged(r, before);
}

/* The host refuses it: DENIED reaches the caller, which runs on (5.20.2). */
static void host_refuses(struct rig *r)
{
	for (int by_wake = 0; by_wake < 2; by_wake++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		machine_suspend(r, 0);
		assert_int_equal(torpor_machine_refuse_suspend(&r->machine), TORPOR_OK);
		assert_mode(r, TORPOR_MODE_RUNNING);
		if (by_wake) {
			assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
		} else {
			assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_RESUME);
		}
		assert_int_equal(returned(r, r->way == WAY_A64_SMC64), TORPOR_RET_DENIED);
		machine_suspend(r, 0);
	}
}

/* The host wakes it: the CPU that suspended enters, by poll or by wake (5.20). */
static void host_wakes(struct rig *r)
{
	uint32_t cpu = 99;

	for (int by_wake = 0; by_wake < 2; by_wake++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		machine_suspend(r, 0);
		assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_OK);
		assert_mode(r, TORPOR_MODE_WAKING);
		assert_cpus_on(r, 1);
		assert_int_equal(torpor_machine_suspended_cpu(&r->machine, &cpu), TORPOR_OK);
		assert_int_equal(cpu, 0);
		if (by_wake) {
			assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
		} else {
			assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_ENTER);
		}
		assert_start(&r->out.start, ENTRY_B, CONTEXT_B, start_flags(r));
		assert_mode(r, TORPOR_MODE_RUNNING);
	}
}

/* Of refuse, wake, end and the guest's own wake-up exactly one has its way. */
static void exactly_one_ends_it(struct rig *r)
{
	for (int first = 0; first < 4; first++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		machine_suspend(r, 0);
		if (first == 0) {
			assert_int_equal(torpor_machine_refuse_suspend(&r->machine), TORPOR_OK);
		} else if (first == 1) {
			assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_OK);
		} else if (first == 2) {
			assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_OFF),
					 TORPOR_OK);
		} else {
			assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
		}
		assert_int_equal(torpor_machine_refuse_suspend(&r->machine), TORPOR_E_STATE);
		assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_E_STATE);
		if (first == 2) {
			assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_RESETTING),
					 TORPOR_E_STATE);
			assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_PARK);
		}
	}
}

/* Neither can be done to a machine that runs. */
static void nothing_to_refuse_or_wake(struct rig *r)
{
	uint32_t cpu;

	rig_up(r);
	assert_int_equal(torpor_machine_refuse_suspend(&r->machine), TORPOR_E_STATE);
	assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_E_STATE);
	assert_int_equal(torpor_machine_suspended_cpu(&r->machine, &cpu), TORPOR_E_STATE);
}

/* While suspended or waking no other CPU starts; afterwards CPU_ON brings it up (5.20.1). */
static void host_start_is_refused(struct rig *r)
{
	const struct torpor_start start = {.entry = ENTRY_A};
	struct visible *before;

	rig_up(r);
	machine_suspend(r, 0);
	before = look(r);
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &start), TORPOR_E_SUSPENDED);
	assert_unchanged(r, before);
	assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_OK);
	before = look(r);
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &start), TORPOR_E_SUSPENDED);
	assert_unchanged(r, before);
	assert_int_equal(r->start_count, 0);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_ENTER);
	cpu_on(r, 0, 1);
}

/* The CPU that suspended can't be forced off, suspended or waking. */
static void forced_off_is_refused(struct rig *r)
{
	uint32_t on;

	rig_up(r);
	machine_suspend(r, 0);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 0, &on), TORPOR_E_SUSPENDED);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_E_STATE);
	assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_OK);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 0, &on), TORPOR_E_SUSPENDED);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 0, &on), TORPOR_OK);
	assert_int_equal(on, 0);
}

/* The host may end a suspended or waking machine, and it then boots cold. */
static void host_ends_it(struct rig *r)
{
	for (int waking = 0; waking < 2; waking++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		machine_suspend(r, 0);
		if (waking) {
			assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_OK);
		}
		assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_E_STATE);
		assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_RESETTING), TORPOR_OK);
		assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_PARK);
		assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
		assert_mode(r, TORPOR_MODE_RUNNING);
		assert_state(r, 0, TORPOR_CPU_ON);
		assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_PARK);
		machine_suspend(r, 0);
	}
}

/* Before 1.0, or without its flag: NOT_SUPPORTED (5.20.2). */
static void absent(struct rig *r)
{
	if (r->version >= V10) {
		r->config.flags &= ~TORPOR_F_SYSTEM_SUSPEND;
	}
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_B, 0, 0);
	assert_mode(r, TORPOR_MODE_RUNNING);
}

static const struct rig_case cases[] = {
	CASE(suspends_and_wakes, V10, V13, EACH_WAY),
	CASE(leaves_x0_alone, V10, V13, EACH_WAY),
	CASE(carries_flags, V10, V13, EACH_WAY),
	CASE(denied_with_others_not_off, V10, V13, EACH_WAY),
	CASE(any_last_cpu, V10, V13, EACH_WAY),
	CASE(after_the_others_went_off, V10, V13, EACH_WAY),
	CASE(disabled_cpus_do_not_count, V10, V13, EACH_WAY),
	CASE(under_the_trusted_os, V10, V13, EACH_WAY),
	CASE(bad_entry, V10, V13, EACH_WAY),
	CASE(host_refuses, V10, V13, EACH_WAY),
	CASE(host_wakes, V10, V13, EACH_WAY),
	CASE(exactly_one_ends_it, V10, V13, EACH_WAY),
	CASE(nothing_to_refuse_or_wake, V01, V13, ONCE),
	CASE(host_start_is_refused, V10, V13, EACH_WAY),
	CASE(forced_off_is_refused, V10, V13, EACH_WAY),
	CASE(host_ends_it, V10, V13, EACH_WAY),
	CASE(absent, V01, V13, EACH_WAY),
};
RIG_MAIN(cases)
