/* SPDX-License-Identifier: BSD-3-Clause */
/* SYSTEM_OFF and SYSTEM_RESET, and what becomes of a machine that has ended. */
#include "fixture.h"

/* SYSTEM_OFF: from each CPU, does not return (5.10). */
static void system_off(struct rig *r)
{
	for (uint32_t cpu = 0; cpu < RIG_CPUS; cpu++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		if (cpu) {
			cpu_on(r, 0, cpu);
		}
		assert_act(r, TORPOR_MACHINE_OFF, cpu, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
		assert_mode(r, TORPOR_MODE_OFF);
	}
}

/* SYSTEM_RESET: likewise (5.12). */
static void system_reset(struct rig *r)
{
	for (uint32_t cpu = 0; cpu < RIG_CPUS; cpu++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		if (cpu) {
			cpu_on(r, 0, cpu);
		}
		assert_act(r, TORPOR_MACHINE_RESET, cpu, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
		assert_mode(r, TORPOR_MODE_RESETTING);
	}
}

/* Other CPUs need not be off, nor the Trusted OS be anywhere (5.10.2, 5.12.2). */
static void whatever_the_others_do(struct rig *r)
{
	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	r->config.trusted_os_cpu = 1;
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_pend(r, 0, 2);
	cpu_on(r, 0, 3);
	cpu_suspend(r, 3, S_DOWN);
	assert_act(r, TORPOR_MACHINE_OFF, 0, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
}

/* Exactly one CPU is told; the others park, whatever they call to end it or to sleep. */
static void others_park(struct rig *r)
{
	static const enum torpor_fn fns[] = {
		TORPOR_FN_SYSTEM_OFF,  TORPOR_FN_SYSTEM_RESET,	 TORPOR_FN_SYSTEM_RESET2,
		TORPOR_FN_SYSTEM_OFF2, TORPOR_FN_SYSTEM_SUSPEND, TORPOR_FN_CPU_OFF,
		TORPOR_FN_CPU_FREEZE,  TORPOR_FN_CPU_SUSPEND,	 TORPOR_FN_CPU_DEFAULT_SUSPEND,
	};

	for (size_t i = 0; i < sizeof(fns) / sizeof(fns[0]); i++) {
		bool is_suspend = fns[i] == TORPOR_FN_CPU_SUSPEND;

		rig_default(r, r->version, r->way);
		rig_up(r);
		cpu_on(r, 0, 1);
		assert_act(r, TORPOR_MACHINE_OFF, 0, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
		assert_act(r, TORPOR_PARK, 1, fns[i], is_suspend ? state_value(r, S_DOWN) : 0, 0,
			   0);
		assert_mode(r, TORPOR_MODE_OFF);
	}
}

/* Nothing starts on a machine that has ended, neither by the guest nor by the host. */
static void nothing_starts_after_the_end(struct rig *r)
{
	const struct torpor_start start = {.entry = ENTRY_A};
	struct torpor_start out;
	uint32_t on;

	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_pend(r, 0, 2);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	r->start_count = 0;
	(void)act(r, 1, TORPOR_FN_CPU_ON, mpidr_of(r, 3), ENTRY_A, 0);
	assert_state(r, 3, TORPOR_CPU_OFF);
	assert_int_equal(torpor_cpu_start(&r->machine, 3, &start), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_take(&r->machine, 2, &out), TORPOR_E_STATE);
	assert_int_equal(torpor_cpu_force_off(&r->machine, 1, &on), TORPOR_E_STATE);
	assert_int_equal(r->start_count, 0);
}

/* A CPU that waited when the machine ended parks (5.10). */
static void waiting_cpu_parks_after_the_end(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 1);
	cpu_on(r, 0, 2);
	cpu_suspend(r, 1, S_DOWN);
	cpu_suspend(r, 2, S_STANDBY);
	assert_act(r, TORPOR_MACHINE_OFF, 0, TORPOR_FN_SYSTEM_OFF, 0, 0, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 1, &r->out), TORPOR_PARK);
	assert_int_equal(torpor_cpu_poll(&r->machine, 2, &r->out), TORPOR_PARK);
}

/* The next boot is a cold one: the boot CPU on, all others off (5.10.1, 5.12.1). */
static void reset_is_a_cold_boot(struct rig *r)
{
	static const enum torpor_fn fns[] = {TORPOR_FN_SYSTEM_OFF, TORPOR_FN_SYSTEM_RESET};
	struct visible *fresh;

	for (size_t i = 0; i < 2; i++) {
		rig_default(r, r->version, r->way);
		r->config.boot_cpu = 1;
		r->cpu_configs[3].flags = TORPOR_CPU_FLAG_DISABLED;
		rig_up(r);
		fresh = look(r);
		cpu_on(r, 1, 0);
		cpu_pend(r, 1, 2);
		cpu_off(r, 1);
		(void)act(r, 0, fns[i], 0, 0, 0);
		assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
		assert_unchanged(r, fresh);
		assert_mode(r, TORPOR_MODE_RUNNING);
		assert_state(r, 0, TORPOR_CPU_OFF);
		assert_state(r, 1, TORPOR_CPU_ON);
		assert_state(r, 2, TORPOR_CPU_OFF);
		assert_state(r, 3, TORPOR_CPU_DISABLED);
		assert_cpus_on(r, 1);
		cpu_on(r, 1, 0);
	}
}

/* Neither has an SMC64 form (5.1.9, 5.1.11). */
static void no_wide_forms(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_SYSTEM_OFF), 0, 0, 0, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], UINT64_MAX);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_SYSTEM_RESET), 0, 0, 0, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], UINT64_MAX);
	assert_mode(r, TORPOR_MODE_RUNNING);
}

static const struct rig_case cases[] = {
	CASE(system_off, V02, V13, EACH_WAY),
	CASE(system_reset, V02, V13, EACH_WAY),
	CASE(whatever_the_others_do, V02, V13, EACH_WAY),
	CASE(others_park, V13, V13, EACH_WAY),
	CASE(nothing_starts_after_the_end, V02, V13, EACH_WAY),
	CASE(waiting_cpu_parks_after_the_end, V02, V13, EACH_WAY),
	CASE(reset_is_a_cold_boot, V02, V13, EACH_WAY),
	CASE(no_wide_forms, V02, V13, ONCE),
};
RIG_MAIN(cases)
