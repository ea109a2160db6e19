/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* It does not return; the CPU keeps counting as on (5.1.16, 5.7.1, 5.17.1). */
static void parks_and_counts_as_on(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	assert_act(r, TORPOR_PARK, 1, TORPOR_FN_CPU_FREEZE, 0, 0, 0);
	assert_state(r, 1, TORPOR_CPU_FROZEN);
	assert_cpus_on(r, 2);
}

/* No interrupt brings it back: a wake-up changes nothing (5.17.1, Table 12). */
static void no_wake_up_brings_it_back(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_PARK);
	assert_int_equal(torpor_cpu_poll(&r->machine, 1, &r->out), TORPOR_PARK);
	assert_state(r, 1, TORPOR_CPU_FROZEN);
	assert_cpus_on(r, 2);
}

/* It keeps the machine from SYSTEM_SUSPEND, for it is not OFF (5.20.2). */
static void keeps_the_machine_up(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	assert_ret(r, TORPOR_RET_DENIED, 0, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_A, 0, 0);
	assert_mode(r, TORPOR_MODE_RUNNING);
}

/* DENIED where CPU_OFF is: the Trusted OS is resident (5.17.3, 5.9.1). */
static void denied_under_the_trusted_os(struct rig *r)
{
	static const uint32_t kinds[] = {TORPOR_TRUSTED_OS_UP_MIGRATE,
					 TORPOR_TRUSTED_OS_UP_NO_MIGRATE};

	for (size_t i = 0; i < 2; i++) {
		rig_default(r, r->version, r->way);
		r->config.trusted_os = kinds[i];
		r->config.trusted_os_cpu = 1;
		rig_up(r);
		cpu_on(r, 0, 1);
		assert_ret(r, TORPOR_RET_DENIED, 1, TORPOR_FN_CPU_FREEZE, 0, 0, 0);
		assert_state(r, 1, TORPOR_CPU_ON);
		cpu_freeze(r, 0);
	}
}

/* The host can turn a frozen CPU off, and start it. */
static void host_and_a_frozen_cpu(struct rig *r)
{
	const struct torpor_start start = {.entry = ENTRY_A, .context = 7};
	struct torpor_start out;
	uint32_t on = 99;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	assert_int_equal(torpor_cpu_start(&r->machine, 1, &start), TORPOR_OK);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_OK);
	assert_start(&out, ENTRY_A, 7, 0);
	assert_cpus_on(r, 2);
	cpu_freeze(r, 1);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	assert_int_equal(on, 1);
	assert_state(r, 1, TORPOR_CPU_OFF);
	cpu_on(r, 0, 1);
}

/* A restart that is undone by a forced off leaves it off, not frozen. */
static void restart_undone(struct rig *r)
{
	struct torpor_start out;
	uint32_t on;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_freeze(r, 1);
	cpu_pend(r, 0, 1);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_OK);
	assert_int_equal(on, 1);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &out), TORPOR_E_STATE);
	assert_state(r, 1, TORPOR_CPU_OFF);
}

/* Before 1.0, or without its flag: NOT_SUPPORTED; there is no SMC64 form (5.17). */
static void absent(struct rig *r)
{
	if (r->version >= V10) {
		r->config.flags &= ~TORPOR_F_CPU_FREEZE;
	}
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_CPU_FREEZE, 0, 0, 0);
	assert_state(r, 0, TORPOR_CPU_ON);
}

static void no_wide_form(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_CPU_FREEZE), 0, 0, 0, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], UINT64_MAX);
	assert_state(r, 0, TORPOR_CPU_ON);
}

static const struct rig_case cases[] = {
	CASE(parks_and_counts_as_on, V10, V13, EACH_WAY),
	CASE(no_wake_up_brings_it_back, V10, V13, EACH_WAY),
	CASE(keeps_the_machine_up, V10, V13, EACH_WAY),
	CASE(denied_under_the_trusted_os, V10, V13, EACH_WAY),
	CASE(host_and_a_frozen_cpu, V10, V13, EACH_WAY),
	CASE(restart_undone, V10, V13, EACH_WAY),
	CASE(absent, V01, V13, EACH_WAY),
	CASE(no_wide_form, V10, V13, ONCE),
};
RIG_MAIN(cases)
