/* SPDX-License-Identifier: BSD-3-Clause */
/* What is saved comes back, in every state that a machine can be in. */
#include "fixture.h"
#include <stdlib.h>

/* Save, and restore into a second machine of the same configuration; that one is returned. */
static struct rig *moved(struct rig *r)
{
	struct visible *before = look(r);
	struct rig *twin = rig_twin(r);

	rig_up(twin);
	assert_int_equal(torpor_machine_restore(&twin->machine, before->saved, before->len_bytes),
			 TORPOR_OK);
	assert_unchanged(twin, before);
	return twin;
}

/* As it was after init. */
static void fresh(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	twin = moved(r);
	cpu_on(twin, 0, 1);
	rig_free(twin);
}

/* CPUs on and off, and the count with them. */
static void on_and_off(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 3);
	cpu_off(r, 0);
	twin = moved(r);
	assert_cpus_on(twin, 2);
	cpu_off(twin, 1);
	assert_act(twin, TORPOR_PARK, 3, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_int_equal(twin->out.cpus_on, 0);
	rig_free(twin);
}

/* A start that was not taken yet: entry, context and flags (6.6). */
static void pending(struct rig *r)
{
	struct torpor_start out;
	struct rig *twin;

	r->big_endian = true;
	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_A | 1,
		   CONTEXT_A);
	assert_int_equal(torpor_cpu_start(&r->machine, 2,
					  &(struct torpor_start){UINT64_C(0xfedcba9876543210),
								 UINT64_C(0x0123456789abcdef),
								 TORPOR_AARCH32, 0}),
			 TORPOR_OK);
	twin = moved(r);
	assert_state(twin, 1, TORPOR_CPU_ON_PENDING);
	assert_int_equal(torpor_cpu_take(&twin->machine, 1, &out), TORPOR_OK);
	assert_int_equal(out.entry, caller_is_32(r) ? ENTRY_A : ENTRY_A | 1);
	assert_int_equal(out.flags, start_flags(r) | (caller_is_32(r) ? TORPOR_THUMB : 0));
	assert_int_equal(torpor_cpu_take(&twin->machine, 2, &out), TORPOR_OK);
	assert_start(&out, UINT64_C(0xfedcba9876543210), UINT64_C(0x0123456789abcdef),
		     TORPOR_AARCH32);
	rig_free(twin);
}

/* A disabled CPU stays what the configuration says. */
static void disabled(struct rig *r)
{
	struct torpor_start none = {0};
	struct rig *twin;

	r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	cpu_on(r, 0, 1);
	twin = moved(r);
	assert_state(twin, 3, TORPOR_CPU_DISABLED);
	assert_int_equal(torpor_cpu_start(&twin->machine, 3, &none), TORPOR_E_INVAL);
	rig_free(twin);
}

/* CPUs in CPU_SUSPEND: standby returns, powerdown enters (5.4.9). */
static void cpus_suspended(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 1, S_STANDBY);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	twin = moved(r);
	assert_int_equal(torpor_cpu_poll(&twin->machine, 1, &twin->out), TORPOR_WAIT);
	assert_int_equal(twin->out.power_state, state_value(r, S_STANDBY));
	assert_int_equal(twin->out.depth, TORPOR_DEPTH_STANDBY);
	assert_int_equal(torpor_cpu_poll(&twin->machine, 2, &twin->out), TORPOR_WAIT);
	assert_int_equal(twin->out.power_state, state_value(r, S_CLUSTER_DOWN));
	assert_int_equal(torpor_cpu_wake(&twin->machine, 1, &twin->out), TORPOR_RESUME);
	assert_int_equal(returned(twin, false), TORPOR_RET_SUCCESS);
	assert_int_equal(torpor_cpu_wake(&twin->machine, 2, &twin->out), TORPOR_ENTER);
	assert_int_equal(twin->out.start.entry, ENTRY_B);
	assert_int_equal(twin->out.start.flags, start_flags(r));
	rig_free(twin);
}

/* Without a list any value may have been asked for, and the whole of it is kept. */
static void cpus_suspended_without_a_list(struct rig *r)
{
	struct rig *twin;

	r->config.flags &= ~TORPOR_F_OS_INITIATED;
	r->config.state_count = 0;
	r->config.off_state = TORPOR_STATE_NONE;
	r->config.freeze_state = TORPOR_STATE_NONE;
	r->config.default_state = TORPOR_STATE_NONE;
	r->config.suspend_state = TORPOR_STATE_NONE;
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, 0x0301ffff, ENTRY_B, CONTEXT_B);
	twin = moved(r);
	assert_int_equal(torpor_cpu_poll(&twin->machine, 0, &twin->out), TORPOR_WAIT);
	assert_int_equal(twin->out.power_state, 0x0301ffff);
	assert_int_equal(twin->out.depth, TORPOR_DEPTH_POWERDOWN);
	assert_int_equal(torpor_cpu_wake(&twin->machine, 0, &twin->out), TORPOR_ENTER);
	assert_int_equal(twin->out.start.entry, ENTRY_B);
	rig_free(twin);
}

/* A frozen CPU is frozen, counts, and can be restarted (5.17). */
static void frozen(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	twin = moved(r);
	assert_state(twin, 1, TORPOR_CPU_FROZEN);
	assert_ret(twin, TORPOR_RET_DENIED, 0, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_B, 0, 0);
	cpu_on(twin, 0, 1);
	rig_free(twin);
}

/* A suspended machine wakes where it was to wake, or is refused (5.20). */
static void machine_suspended(struct rig *r)
{
	struct torpor_start none = {0};
	uint32_t cpu = 99;
	struct rig *twin;

	r->big_endian = true;
	rig_up(r);
	cpu_on(r, 0, 2);
	cpu_off(r, 0);
	machine_suspend(r, 2);
	for (int refuse = 0; refuse < 2; refuse++) {
		twin = moved(r);
		assert_mode(twin, TORPOR_MODE_SUSPENDED);
		assert_int_equal(torpor_machine_suspended_cpu(&twin->machine, &cpu), TORPOR_OK);
		assert_int_equal(cpu, 2);
		assert_int_equal(torpor_cpu_start(&twin->machine, 0, &none), TORPOR_E_SUSPENDED);
		assert_int_equal(torpor_cpu_poll(&twin->machine, 2, &twin->out),
				 TORPOR_WAIT_SYSTEM);
		if (refuse) {
			assert_int_equal(torpor_machine_refuse_suspend(&twin->machine), TORPOR_OK);
			assert_int_equal(torpor_cpu_poll(&twin->machine, 2, &twin->out),
					 TORPOR_RESUME);
			assert_int_equal(returned(twin, r->way == WAY_A64_SMC64),
					 TORPOR_RET_DENIED);
		} else {
			assert_int_equal(torpor_cpu_wake(&twin->machine, 2, &twin->out),
					 TORPOR_ENTER);
			assert_start(&twin->out.start, ENTRY_B, CONTEXT_B, start_flags(r));
		}
		rig_free(twin);
	}
}

/* Woken or refused by the host, and the CPU has not heard of it yet. */
static void machine_waking_and_refused(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	machine_suspend(r, 0);
	assert_int_equal(torpor_machine_wake(&r->machine), TORPOR_OK);
	twin = moved(r);
	assert_mode(twin, TORPOR_MODE_WAKING);
	assert_int_equal(torpor_cpu_poll(&twin->machine, 0, &twin->out), TORPOR_ENTER);
	assert_start(&twin->out.start, ENTRY_B, CONTEXT_B, start_flags(r));
	rig_free(twin);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_ENTER);
	machine_suspend(r, 0);
	assert_int_equal(torpor_machine_refuse_suspend(&r->machine), TORPOR_OK);
	twin = moved(r);
	assert_int_equal(torpor_cpu_poll(&twin->machine, 0, &twin->out), TORPOR_RESUME);
	assert_int_equal(returned(twin, r->way == WAY_A64_SMC64), TORPOR_RET_DENIED);
	rig_free(twin);
}

/* An ended machine has ended, in the way that it did. */
static void ended(struct rig *r)
{
	static const enum torpor_fn fns[] = {TORPOR_FN_SYSTEM_OFF, TORPOR_FN_SYSTEM_RESET,
					     TORPOR_FN_SYSTEM_OFF2};
	static const enum torpor_machine_mode modes[] = {TORPOR_MODE_OFF, TORPOR_MODE_RESETTING,
							 TORPOR_MODE_HIBERNATED};
	struct rig *twin;

	for (size_t i = 0; i < (r->version >= V13 ? 3u : 2u); i++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		cpu_on(r, 0, 1);
		(void)act(r, 0, fns[i], 0, 0, 0);
		twin = moved(r);
		assert_mode(twin, modes[i]);
		assert_act(twin, TORPOR_PARK, 1, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
		assert_int_equal(torpor_machine_reset(&twin->machine), TORPOR_OK);
		rig_free(twin);
	}
}

/* The suspend mode, and what sleeps in the tree (5.21). */
static void os_initiated(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, 1, 0, 0);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 1, S_STANDBY);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	twin = moved(r);
	assert_ret(twin, TORPOR_RET_DENIED, 0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, 0, 0, 0);
	assert_ret(twin, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_SUSPEND,
		   state_value(r, S_CLUSTER_DOWN), ENTRY_B, 0);
	assert_int_equal(torpor_cpu_wake(&twin->machine, 1, &twin->out), TORPOR_RESUME);
	assert_ret(twin, TORPOR_RET_DENIED, 0, TORPOR_FN_CPU_SUSPEND,
		   state_value(r, S_CLUSTER_DOWN), ENTRY_B, 0);
	cpu_suspend(twin, 1, S_DOWN);
	cpu_suspend(twin, 0, S_SYSTEM_DOWN);
	assert_int_equal(twin->out.level, 2);
	assert_int_equal(torpor_cpu_wake(&twin->machine, 2, &twin->out), TORPOR_ENTER);
	rig_free(twin);
}

/* That CPU_SUSPEND was called since boot is part of the state (5.21.2). */
static void suspend_was_called(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	cpu_suspend(r, 0, S_STANDBY);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	twin = moved(r);
	assert_ret(twin, TORPOR_RET_DENIED, 0, TORPOR_FN_PSCI_SET_SUSPEND_MODE, 1, 0, 0);
	rig_free(twin);
}

/* MEM_PROTECT (5.14). */
static void mem_protect(struct rig *r)
{
	struct rig *twin;

	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	twin = moved(r);
	assert_ret(twin, 1, 0, TORPOR_FN_MEM_PROTECT, 0, 0, 0);
	rig_free(twin);
}

/* Where the Trusted OS is (5.9). */
static void trusted_os(struct rig *r)
{
	struct rig *twin;

	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	rig_up(r);
	cpu_on(r, 0, 1);
	assert_ret(r, 0, 0, TORPOR_FN_MIGRATE, mpidr_of(r, 1), 0, 0);
	twin = moved(r);
	assert_ret(twin, (int64_t)mpidr_of(r, 1), 0, TORPOR_FN_MIGRATE_INFO_UP_CPU, 0, 0, 0);
	assert_ret(twin, TORPOR_RET_DENIED, 1, TORPOR_FN_CPU_OFF, 0, 0, 0);
	rig_free(twin);
}

/* The statistics, in full width (5.22). */
static void statistics(struct rig *r)
{
	uint64_t us = UINT64_C(0x123456789a);
	struct rig *twin;

	rig_up(r);
	cpu_suspend(r, 0, S_STANDBY);
	r->now_us += us;
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	twin = moved(r);
	assert_ret(twin, 1, 0, TORPOR_FN_PSCI_STAT_COUNT, 0, state_value(r, S_STANDBY), 0);
	assert_int_equal((uint32_t)ret(twin, 0, TORPOR_FN_PSCI_STAT_RESIDENCY, 0,
				       state_value(r, S_STANDBY), 0),
			 (uint32_t)us);
	if (r->way == WAY_A64_SMC64) {
		assert_int_equal(twin->out.x[0], us);
	}
	rig_free(twin);
}

/* Into a machine that was doing something else: nothing of that is left. */
static void over_a_used_machine(struct rig *r)
{
	struct visible *before;
	struct torpor_start out;
	struct rig *twin;

	rig_up(r);
	cpu_on(r, 0, 3);
	before = look(r);
	twin = rig_twin(r);
	rig_up(twin);
	cpu_on(twin, 0, 1);
	cpu_pend(twin, 0, 2);
	cpu_suspend(twin, 1, S_CLUSTER_DOWN);
	assert_ret(twin, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	assert_int_equal(torpor_machine_restore(&twin->machine, before->saved, before->len_bytes),
			 TORPOR_OK);
	assert_unchanged(twin, before);
	assert_int_equal(torpor_cpu_take(&twin->machine, 2, &out), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_poll(&twin->machine, 1, &twin->out), TORPOR_PARK);
	assert_cpus_on(twin, 2);
	cpu_off(twin, 3);
	machine_suspend(twin, 0);
	rig_free(twin);
}

/* A suspended one too: the state that a resume from a file finds. */
static void over_a_suspended_machine(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	cpu_on(r, 0, 1);
	before = look(r);
	cpu_off(r, 1);
	machine_suspend(r, 0);
	assert_int_equal(torpor_machine_restore(&r->machine, before->saved, before->len_bytes),
			 TORPOR_OK);
	assert_mode(r, TORPOR_MODE_RUNNING);
	assert_cpus_on(r, 2);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_PARK);
	assert_unchanged(r, before);
}

/* The size is the same for a machine's whole life, and saving changes nothing. */
static void size_is_constant(struct rig *r)
{
	size_t len_bytes;
	struct rig *bytes;

	rig_up(r);
	len_bytes = torpor_machine_save_size(&r->machine);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(torpor_machine_save_size(&r->machine), len_bytes);
	bytes = rig_bytes(r);
	free(look(r));
	assert_same_bytes(r, bytes);
	rig_free(bytes);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_save_size(&r->machine), len_bytes);
}

/* Into too small a buffer: E_SPACE, and not a byte is written past it. */
static void too_small_a_buffer(struct rig *r)
{
	uint8_t buf[65536];
	size_t len_bytes;

	rig_up(r);
	len_bytes = torpor_machine_save_size(&r->machine);
	assert_in_range(len_bytes, 1, sizeof(buf) - 1);
	for (size_t len = 0; len < len_bytes; len++) {
		memset(buf, 0xa5, sizeof(buf));
		assert_int_equal(torpor_machine_save(&r->machine, buf, len), TORPOR_E_SPACE);
		assert_int_equal(buf[len], 0xa5);
	}
	memset(buf, 0xa5, sizeof(buf));
	assert_int_equal(torpor_machine_save(&r->machine, buf, sizeof(buf)), TORPOR_OK);
	assert_int_equal(buf[len_bytes], 0xa5);
}

static const struct rig_case cases[] = {
	CASE(fresh, V01, V13, NATIVE),
	CASE(on_and_off, V01, V13, NATIVE),
	CASE(disabled, V01, V13, NATIVE),
	CASE(pending, V01, V13, EACH_WAY),
	CASE(cpus_suspended, V01, V13, EACH_WAY),
	CASE(cpus_suspended_without_a_list, V01, V13, EACH_WAY),
	CASE(frozen, V10, V13, NATIVE),
	CASE(machine_suspended, V10, V13, EACH_WAY),
	CASE(machine_waking_and_refused, V10, V13, EACH_WAY),
	CASE(ended, V02, V13, NATIVE),
	CASE(os_initiated, V10, V13, NATIVE),
	CASE(suspend_was_called, V10, V13, NATIVE),
	CASE(mem_protect, V11, V13, NATIVE),
	CASE(trusted_os, V02, V13, NATIVE),
	CASE(statistics, V10, V13, EACH_WAY),
	CASE(over_a_used_machine, V11, V13, NATIVE),
	CASE(over_a_suspended_machine, V10, V13, NATIVE),
	CASE(size_is_constant, V02, V13, ONCE),
	CASE(too_small_a_buffer, V01, V13, ONCE),
};
RIG_MAIN(cases)
