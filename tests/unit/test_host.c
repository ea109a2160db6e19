/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's side: start, forced off, end, reset, and queries. */
#include "fixture.h"

static const struct torpor_start at_a = {.entry = ENTRY_A, .context = CONTEXT_A};

/* A start by the host: the same step as CPU_ON, without its policy and its entry check. */
static void start(struct rig *r)
{
	struct torpor_start out;

	r->allow_status = TORPOR_E_REFUSED;
	rig_up(r);
	assert_int_equal(torpor_cpu_start(&r->machine, 2,
					  &(struct torpor_start){.entry = ENTRY_BAD, .context = 5}),
			 TORPOR_OK);
	assert_int_equal(r->start_count, 1);
	assert_int_equal(r->start_cpu, 2);
	assert_int_equal(r->allow_count + r->check_count, 0);
	assert_state(r, 2, TORPOR_CPU_ON_PENDING);
	assert_cpus_on(r, 2);
	assert_int_equal(torpor_cpu_take(&r->machine, 2, &out), TORPOR_OK);
	assert_start(&out, ENTRY_BAD, 5, 0);
}

/* Its flags are handed over as they are. */
static void start_carries_flags(struct rig *r)
{
	static const uint32_t flags[] = {0, TORPOR_BIG_ENDIAN, TORPOR_AARCH32,
					 TORPOR_AARCH32 | TORPOR_THUMB,
					 TORPOR_AARCH32 | TORPOR_BIG_ENDIAN | TORPOR_THUMB};
	struct torpor_start out;
	uint32_t on;

	rig_up(r);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct torpor_start in = {UINT64_C(0x1240000000), UINT64_MAX, flags[i], 0};

		assert_int_equal(torpor_cpu_start(&r->machine, 1, &in), TORPOR_OK);
		assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_OK);
		assert_start(&out, in.entry, in.context, in.flags);
		assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	}
}

/* What can't be started: each with its own error, and nothing has changed. */
static void start_refused(struct rig *r)
{
	struct visible *before;

	r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	cpu_pend(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 2, S_DOWN);
	r->start_count = 0;
	before = look(r);
	assert_int_equal(torpor_cpu_start(&r->machine, 0, &at_a), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &at_a), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_start(&r->machine, 2, &at_a), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_start(&r->machine, 3, &at_a), TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_start(&r->machine, 4, &at_a), TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_start(&r->machine, UINT32_MAX, &at_a), TORPOR_E_INVAL);
	assert_int_equal(r->start_count, 0);
	assert_unchanged(r, before);
}

/* What no entry can say is refused before anything changes; it could be saved, never restored. */
static void start_says_too_much(struct rig *r)
{
	struct torpor_start start = at_a;
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (uint32_t flag = TORPOR_THUMB << 1; flag != 0; flag <<= 1) {
		start.flags = at_a.flags | flag;
		assert_int_equal(torpor_cpu_start(&r->machine, 1, &start), TORPOR_E_INVAL);
	}
	start = at_a;
	start.reserved = 1;
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &start), TORPOR_E_INVAL);
	assert_int_equal(r->start_count, 0);
	assert_unchanged(r, before);
}

/* The start op failed: E_FAILED, and the CPU is off as before. */
static void start_op_fails(struct rig *r)
{
	struct torpor_start out;
	struct visible *before;

	rig_up(r);
	before = look(r);
	r->start_status = TORPOR_E_REFUSED;
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &at_a), TORPOR_E_FAILED);
	assert_unchanged(r, before);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_E_STATE);
	r->start_status = TORPOR_OK;
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &at_a), TORPOR_OK);
}

/* Forced off: from each state but off; the guest sees it OFF, the count is told. */
static void force_off(struct rig *r)
{
	uint32_t on = 99;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_pend(r, 0, 3);
	cpu_suspend(r, 2, S_STANDBY);
	assert_cpus_on(r, 4);
	for (uint32_t cpu = RIG_CPUS; cpu-- > 0;) {
		assert_int_equal(torpor_cpu_force_off(&r->machine, cpu, &on), TORPOR_OK);
		assert_int_equal(on, cpu);
		assert_cpus_on(r, cpu);
		assert_state(r, cpu, TORPOR_CPU_OFF);
		assert_int_equal(torpor_cpu_force_off(&r->machine, cpu, &on), TORPOR_E_STATE);
	}
	assert_mode(r, TORPOR_MODE_RUNNING);
	assert_int_equal(torpor_cpu_start(&r->machine, 2, &at_a), TORPOR_OK);
}

/* A start that was not taken is undone; a new one is not mixed up with it. */
static void force_off_undoes_a_start(struct rig *r)
{
	struct torpor_start out;
	uint32_t on;

	rig_up(r);
	cpu_pend(r, 0, 1);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_E_STATE);
	assert_state(r, 1, TORPOR_CPU_OFF);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_CPU_ON, mpidr_of(r, 1), ENTRY_B, CONTEXT_B);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_OK);
	assert_int_equal(out.entry, ENTRY_B);
}

/* What can't be forced off. */
static void force_off_refused(struct rig *r)
{
	struct visible *before;
	uint32_t on;

	r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
	rig_up(r);
	before = look(r);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 3, &on), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 4, &on), TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_force_off(&r->machine, UINT32_MAX, &on), TORPOR_E_INVAL);
	assert_unchanged(r, before);
}

/* The host may force a CPU off that holds the Trusted OS: it is the host. */
static void force_off_under_the_trusted_os(struct rig *r)
{
	uint32_t on;

	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	rig_up(r);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 0, &on), TORPOR_OK);
	assert_int_equal(on, 0);
}

/* The host ends it: the mode it names, once. */
static void end(struct rig *r)
{
	static const enum torpor_machine_mode modes[] = {TORPOR_MODE_OFF, TORPOR_MODE_RESETTING};

	for (size_t i = 0; i < 2; i++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		cpu_on(r, 0, 1);
		assert_int_equal(torpor_machine_end(&r->machine, modes[i]), TORPOR_OK);
		assert_mode(r, modes[i]);
		assert_int_equal(torpor_machine_end(&r->machine, modes[1 - i]), TORPOR_E_STATE);
		assert_mode(r, modes[i]);
		assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	}
}

/* No other mode is an end that the host can make. */
static void end_in_another_mode(struct rig *r)
{
	static const int bad[] = {TORPOR_MODE_RUNNING,
				  TORPOR_MODE_SUSPENDED,
				  TORPOR_MODE_WAKING,
				  TORPOR_MODE_HIBERNATED,
				  6,
				  -1};

	rig_up(r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(torpor_machine_end(&r->machine, (enum torpor_machine_mode)bad[i]),
				 TORPOR_E_INVAL);
	}
	assert_mode(r, TORPOR_MODE_RUNNING);
}

/* Only an ended machine is reset, and once. */
static void reset_of_a_running_machine(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	cpu_on(r, 0, 1);
	before = look(r);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_E_STATE);
	assert_unchanged(r, before);
	assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_OFF), TORPOR_OK);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_E_STATE);
}

/* A start from before a reset is not taken after it. */
static void reset_undoes_starts(struct rig *r)
{
	struct torpor_start out;

	rig_up(r);
	cpu_pend(r, 0, 1);
	assert_int_equal(torpor_machine_end(&r->machine, TORPOR_MODE_RESETTING), TORPOR_OK);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_take(&r->machine, 0, &out), TORPOR_E_STATE);
	assert_cpus_on(r, 1);
}

/* Queries about CPUs that are not there. */
static void queries_out_of_range(struct rig *r)
{
	struct torpor_start out;
	uint32_t cpu;

	rig_up(r);
	assert_state(r, RIG_CPUS, TORPOR_CPU_DISABLED);
	assert_state(r, UINT32_MAX, TORPOR_CPU_DISABLED);
	assert_int_equal(torpor_cpu_take(&r->machine, RIG_CPUS, &out), TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_take(&r->machine, UINT32_MAX, &out), TORPOR_E_INVAL);
	assert_int_equal(torpor_cpu_find(&r->machine, 0x200, &cpu), TORPOR_E_INVAL);
}

/* Each status has a text, and so has what is none. */
static void every_status_has_a_text(struct rig *r)
{
	(void)r;
	for (int status = -20; status <= 5; status++) {
		const char *text = torpor_strerror((enum torpor_status)status);

		assert_non_null(text);
		assert_true(strlen(text) > 0);
		for (int other = -13; other < status && status <= 0; other++) {
			assert_string_not_equal(text, torpor_strerror((enum torpor_status)other));
		}
	}
}

static const struct rig_case cases[] = {
	CASE(start, V01, V13, NATIVE),
	CASE(start_carries_flags, V01, V13, ONCE),
	CASE(start_refused, V01, V13, NATIVE),
	CASE(start_says_too_much, V01, V13, ONCE),
	CASE(start_op_fails, V01, V13, ONCE),
	CASE(force_off, V01, V13, NATIVE),
	CASE(force_off_undoes_a_start, V02, V13, NATIVE),
	CASE(force_off_refused, V01, V13, ONCE),
	CASE(force_off_under_the_trusted_os, V01, V13, ONCE),
	CASE(end, V01, V13, ONCE),
	CASE(end_in_another_mode, V01, V13, ONCE),
	CASE(reset_of_a_running_machine, V01, V13, ONCE),
	CASE(reset_undoes_starts, V01, V13, ONCE),
	CASE(queries_out_of_range, V01, V13, ONCE),
	CASE(every_status_has_a_text, V13, V13, ONCE),
};
RIG_MAIN(cases)
