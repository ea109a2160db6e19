/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU_SUSPEND and CPU_DEFAULT_SUSPEND, platform-coordinated. */
#include "fixture.h"

/* Standby: waits, and returns SUCCESS to where it was called (5.4.9). */
static void standby_returns(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_STANDBY), ENTRY_B,
		   CONTEXT_B);
	assert_int_equal(r->out.power_state, state_value(r, S_STANDBY));
	assert_int_equal(r->out.depth, TORPOR_DEPTH_STANDBY);
	assert_int_equal(r->out.level, 0);
	assert_state(r, 0, TORPOR_CPU_SUSPENDED);
	assert_cpus_on(r, 1);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_WAIT);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], TORPOR_RET_SUCCESS);
	assert_state(r, 0, TORPOR_CPU_ON);
}

/* Powerdown: waits, and enters at the entry with the context (5.4.4, 5.4.9, 6.4). */
static void powerdown_enters(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_DOWN), ENTRY_B,
		   CONTEXT_B);
	assert_int_equal(r->out.power_state, state_value(r, S_DOWN));
	assert_int_equal(r->out.depth, TORPOR_DEPTH_POWERDOWN);
	assert_int_equal(r->out.level, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_int_equal(r->out.start.entry, ENTRY_B);
	if (r->version > V01) {
		assert_int_equal(r->out.start.context, CONTEXT_B);
	}
	assert_int_equal(r->out.start.flags, start_flags(r));
	assert_state(r, 0, TORPOR_CPU_ON);
}

/* Entry and context are as wide as the call (5.1.2). */
static void wide_entry(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_DOWN),
		   UINT64_C(0x1240000000), UINT64_C(0x9876543210));
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_start(&r->out.start, UINT64_C(0x1240000000), UINT64_C(0x9876543210), 0);
}

/* The caller's endianness, state and T32 entry come back (6.4.3.1, 6.4.3.2, 6.4.3.5). */
static void carries_flags(struct rig *r)
{
	uint32_t thumb = caller_is_32(r) ? TORPOR_THUMB : 0;

	r->big_endian = true;
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_DOWN), ENTRY_B | 1,
		   0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_int_equal(r->out.start.entry, thumb ? ENTRY_B : ENTRY_B | 1);
	assert_int_equal(r->out.start.flags, start_flags(r) | thumb);
}

/* A bad entry matters to a powerdown only, and then changes nothing (5.1.2, 5.4.5). */
static void bad_entry(struct rig *r)
{
	int64_t want =
		r->version < V10 ? TORPOR_RET_INVALID_PARAMETERS : TORPOR_RET_INVALID_ADDRESS;
	struct visible *before;

	rig_up(r);
	before = look(r);
	assert_ret(r, want, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_DOWN), ENTRY_BAD, 0);
	assert_unchanged(r, before);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, state_value(r, S_STANDBY), ENTRY_BAD,
		   0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], TORPOR_RET_SUCCESS);
}

/* A state that is not in the list: INVALID_PARAMETERS (5.4.5). */
static void unlisted_states(struct rig *r)
{
	static const uint32_t bad[] = {0,   2,	       0x10000,	  0x10001,
				       0x3, 0x1000003, 0x2010003, 0xffffffff};
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_SUSPEND, bad[i],
			   ENTRY_B, 0);
	}
	assert_unchanged(r, before);
}

static void no_states(struct rig *r)
{
	r->config.flags &= ~TORPOR_F_OS_INITIATED;
	r->config.state_count = 0;
	r->config.off_state = TORPOR_STATE_NONE;
	r->config.freeze_state = TORPOR_STATE_NONE;
	r->config.default_state = TORPOR_STATE_NONE;
	r->config.suspend_state = TORPOR_STATE_NONE;
}

/* Reserved bits of the original format must be zero, each (5.4.2.1, Table 7). */
static void reserved_bits_of_the_original_format(struct rig *r)
{
	no_states(r);
	rig_up(r);
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint32_t value = UINT32_C(1) << bit;

		if (value & TORPOR_POWER_STATE_RESERVED) {
			assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_SUSPEND,
				   value, ENTRY_B, 0);
			continue;
		}
		assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, value, ENTRY_B, 0);
		assert_int_equal(r->out.depth,
				 bit == 16 ? TORPOR_DEPTH_POWERDOWN : TORPOR_DEPTH_STANDBY);
		assert_int_equal(r->out.level, 0);
		assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out),
				 bit == 16 ? TORPOR_ENTER : TORPOR_RESUME);
	}
}

/* Reserved bits of the extended format must be zero, each (5.4.2.2, Table 8). */
static void reserved_bits_of_the_extended_format(struct rig *r)
{
	no_states(r);
	r->config.flags |= TORPOR_F_EXTENDED_STATE_ID;
	rig_up(r);
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint32_t value = UINT32_C(1) << bit;

		if (value & TORPOR_POWER_STATE_EXT_RESERVED) {
			assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_SUSPEND,
				   value, ENTRY_B, 0);
			continue;
		}
		assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND, value, ENTRY_B, 0);
		assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out),
				 bit == 30 ? TORPOR_ENTER : TORPOR_RESUME);
	}
}

/* A list in the extended format (5.4.2.2). */
static void listed_states_of_the_extended_format(struct rig *r)
{
	for (uint32_t i = 0; i < RIG_STATES; i++) {
		uint32_t old = r->states[i].power_state;

		r->states[i].power_state =
			(old & 0xffff) | (old & TORPOR_POWER_STATE_TYPE_POWERDOWN ? 1u << 30 : 0) |
			(old >> 24) << 20;
	}
	r->config.flags |= TORPOR_F_EXTENDED_STATE_ID;
	rig_up(r);
	cpu_suspend(r, 0, S_DOWN);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	cpu_suspend(r, 0, S_STANDBY);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_CPU_SUSPEND, 0x10003, ENTRY_B, 0);
}

/* power_state is a uint32 in both forms: the upper half is not looked at (5.1.2). */
static void power_state_is_32_bits_wide(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_SUSPEND,
		   UINT64_C(0xffffffff00000000) | state_value(r, S_STANDBY), 0, 0);
	assert_int_equal(r->out.power_state, state_value(r, S_STANDBY));
}

/* States above the CPU's level are taken by any CPU, as a vote (5.4.6). */
static void any_cpu_may_vote_for_the_system(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 1, S_SYSTEM_DOWN);
	assert_in_range(r->out.level, 0, 2);
	cpu_suspend(r, 2, S_CLUSTER_DOWN);
	assert_in_range(r->out.level, 0, 1);
	cpu_suspend(r, 0, S_SYSTEM_DOWN);
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_ENTER);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_int_equal(torpor_cpu_wake(&r->machine, 2, &r->out), TORPOR_ENTER);
}

/* What is granted may be shallower than what was asked for, never deeper (5.4.5, 5.4.6). */
static void granted_level_is_at_most_the_one_asked_for(struct rig *r)
{
	rig_up(r);
	for (uint32_t i = 0; i < RIG_STATES; i++) {
		static const uint32_t levels[RIG_STATES] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
		uint32_t depth = r->states[i].depth[0];

		cpu_suspend(r, 0, i);
		assert_in_range(r->out.level, 0, levels[i]);
		assert_int_equal(r->out.depth, depth);
		assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_WAIT);
		assert_in_range(r->out.level, 0, levels[i]);
		assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out),
				 depth == TORPOR_DEPTH_STANDBY ? TORPOR_RESUME : TORPOR_ENTER);
	}
}

/* All CPUs may be in CPU_SUSPEND; each counts as on, and none is lost. */
static void all_may_sleep(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 0, S_DOWN);
	cpu_suspend(r, 1, S_DOWN);
	assert_cpus_on(r, 2);
	assert_mode(r, TORPOR_MODE_RUNNING);
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_ENTER);
	assert_int_equal(torpor_cpu_poll(&r->machine, 0, &r->out), TORPOR_WAIT);
}

/* Forced off in its sleep, it parks; what comes after is a new life (5.4.9). */
static void forced_off_asleep(struct rig *r)
{
	uint32_t on;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_suspend(r, 1, S_DOWN);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	assert_int_equal(on, 1);
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_PARK);
	assert_state(r, 1, TORPOR_CPU_OFF);
	cpu_on(r, 0, 1);
	assert_int_equal(torpor_cpu_poll(&r->machine, 1, &r->out), TORPOR_PARK);
}

/* CPU_DEFAULT_SUSPEND is a CPU_SUSPEND in the embedder's default state (5.18.1). */
static void default_suspend(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_DEFAULT_SUSPEND, ENTRY_B, CONTEXT_B, 0);
	assert_int_equal(r->out.power_state, 0);
	assert_int_equal(r->out.depth, TORPOR_DEPTH_POWERDOWN);
	assert_state(r, 0, TORPOR_CPU_SUSPENDED);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_start(&r->out.start, ENTRY_B, CONTEXT_B, start_flags(r));
}

/* The default state may be a standby, and then SUCCESS returns (5.18.3). */
static void default_suspend_to_standby(struct rig *r)
{
	r->config.default_state = S_STANDBY;
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_DEFAULT_SUSPEND, ENTRY_B, CONTEXT_B, 0);
	assert_int_equal(r->out.depth, TORPOR_DEPTH_STANDBY);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], TORPOR_RET_SUCCESS);
}

/* Without a default state it is a powerdown of the CPU. */
static void default_suspend_without_a_state(struct rig *r)
{
	r->config.default_state = TORPOR_STATE_NONE;
	rig_up(r);
	assert_act(r, TORPOR_WAIT, 0, TORPOR_FN_CPU_DEFAULT_SUSPEND, ENTRY_B, CONTEXT_B, 0);
	assert_int_equal(r->out.depth, TORPOR_DEPTH_POWERDOWN);
	assert_int_equal(r->out.level, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
}

/* Its bad entry is INVALID_ADDRESS, and changes nothing (5.18.3). */
static void default_suspend_bad_entry(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	assert_ret(r, TORPOR_RET_INVALID_ADDRESS, 0, TORPOR_FN_CPU_DEFAULT_SUSPEND, ENTRY_BAD, 0,
		   0);
	assert_unchanged(r, before);
}

/* Waking a CPU that does not wait is refused by parking it; it runs on regardless. */
static void wake_of_a_cpu_that_does_not_wait(struct rig *r)
{
	rig_up(r);
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_PARK);
	assert_int_equal(torpor_cpu_poll(&r->machine, 1, &r->out), TORPOR_PARK);
	assert_state(r, 1, TORPOR_CPU_OFF);
	assert_int_equal(torpor_cpu_wake(&r->machine, 99, &r->out), TORPOR_PARK);
	assert_int_equal(torpor_cpu_poll(&r->machine, 99, &r->out), TORPOR_PARK);
}

static const struct rig_case cases[] = {
	CASE(standby_returns, V01, V13, EACH_WAY),
	CASE(powerdown_enters, V01, V13, EACH_WAY),
	CASE(wide_entry, V02, V13, ONCE),
	CASE(carries_flags, V01, V13, EACH_WAY),
	CASE(bad_entry, V01, V13, EACH_WAY),
	CASE(unlisted_states, V01, V13, EACH_WAY),
	CASE(reserved_bits_of_the_original_format, V01, V13, EACH_WAY),
	CASE(reserved_bits_of_the_extended_format, V10, V13, EACH_WAY),
	CASE(listed_states_of_the_extended_format, V10, V13, EACH_WAY),
	CASE(power_state_is_32_bits_wide, V02, V13, ONCE),
	CASE(any_cpu_may_vote_for_the_system, V01, V13, EACH_WAY),
	CASE(granted_level_is_at_most_the_one_asked_for, V01, V13, EACH_WAY),
	CASE(all_may_sleep, V01, V13, EACH_WAY),
	CASE(forced_off_asleep, V01, V13, EACH_WAY),
	CASE(default_suspend, V10, V13, EACH_WAY),
	CASE(default_suspend_to_standby, V10, V13, EACH_WAY),
	CASE(default_suspend_without_a_state, V10, V13, EACH_WAY),
	CASE(default_suspend_bad_entry, V10, V13, EACH_WAY),
	CASE(wake_of_a_cpu_that_does_not_wait, V01, V13, ONCE),
};
RIG_MAIN(cases)
