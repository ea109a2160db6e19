/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"

#define ENTRY UINT64_C(0x40080000)
#define GOT(action) (1000 + (int)(action))

static void set_call(struct bench *bench, uint32_t id, uint64_t a, uint64_t b, uint64_t c)
{
	bench->call = (struct torpor_call){.x = {id, a, b, c}};
}

/* Inlined into what is measured: a guest's call, and what came of it. */
static inline void call(struct bench *bench, uint32_t cpu)
{
	enum torpor_action action = torpor_call(bench->machine, cpu, &bench->call);

	bench->got = action == TORPOR_RESUME ? (int)(uint32_t)bench->call.x[0] : GOT(action);
}

static void by_cpu_0(struct bench *bench)
{
	call(bench, 0);
}

static void by_target(struct bench *bench)
{
	call(bench, bench->target);
}

static void wake(struct bench *bench)
{
	bench->got = GOT(torpor_cpu_wake(bench->machine, 0, &bench->call));
}

static void take(struct bench *bench)
{
	bench->got = (int)torpor_cpu_take(bench->machine, bench->target, &bench->start);
}

static void nothing(struct bench *bench)
{
	(void)bench;
}

static uint64_t target_mpidr(const struct bench *bench)
{
	return bench->machine->config.cpus[bench->target].mpidr;
}

static void version(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_PSCI_VERSION), 0, 0, 0);
}

static void features(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_PSCI_FEATURES), TORPOR_FN64(TORPOR_FN_SYSTEM_SUSPEND),
		 0, 0);
}

static void affinity(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_AFFINITY_INFO), target_mpidr(bench), 0, 0);
}

static void affinity_1(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_AFFINITY_INFO), target_mpidr(bench), 1, 0);
}

static void on(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_CPU_ON), target_mpidr(bench), ENTRY, 42);
}

static void on_done(struct bench *bench)
{
	on(bench);
	by_cpu_0(bench);
}

static void taken(struct bench *bench)
{
	on_done(bench);
	take(bench);
}

static void on_and_take(struct bench *bench)
{
	call(bench, 0);
	take(bench);
}

static void off(struct bench *bench)
{
	taken(bench);
	set_call(bench, TORPOR_FN32(TORPOR_FN_CPU_OFF), 0, 0, 0);
}

static void standby(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_CPU_SUSPEND), 1, 0, 0);
}

static void powerdown(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_CPU_SUSPEND), 0x10002, ENTRY, 42);
}

static void powerdown_done(struct bench *bench)
{
	powerdown(bench);
	by_cpu_0(bench);
}

static void default_suspend(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_CPU_DEFAULT_SUSPEND), ENTRY, 42, 0);
}

static void freeze(struct bench *bench)
{
	taken(bench);
	set_call(bench, TORPOR_FN32(TORPOR_FN_CPU_FREEZE), 0, 0, 0);
}

static void os_mode(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_PSCI_SET_SUSPEND_MODE),
		 TORPOR_SUSPEND_MODE_OS_INITIATED, 0, 0);
}

static void os_powerdown(struct bench *bench)
{
	os_mode(bench);
	by_cpu_0(bench);
	powerdown(bench);
}

static void suspend(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_SYSTEM_SUSPEND), ENTRY, 42, 0);
}

static void suspend_done(struct bench *bench)
{
	suspend(bench);
	by_cpu_0(bench);
}

static void suspend_denied(struct bench *bench)
{
	taken(bench);
	suspend(bench);
}

static void system_off(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_SYSTEM_OFF), 0, 0, 0);
}

static void system_off2(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_SYSTEM_OFF2), 0, 0, 0);
}

static void system_reset(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_SYSTEM_RESET), 0, 0, 0);
}

static void system_reset2(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_SYSTEM_RESET2), 0, 0, 0);
}

static void migrate(struct bench *bench)
{
	taken(bench);
	set_call(bench, TORPOR_FN64(TORPOR_FN_MIGRATE), target_mpidr(bench), 0, 0);
}

static void migrate_type(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_MIGRATE_INFO_TYPE), 0, 0, 0);
}

static void migrate_cpu(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_MIGRATE_INFO_UP_CPU), 0, 0, 0);
}

static void hw_state(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_NODE_HW_STATE), target_mpidr(bench), 0, 0);
}

static void stat_residency(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_PSCI_STAT_RESIDENCY), target_mpidr(bench), 1, 0);
}

static void stat_count(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_PSCI_STAT_COUNT), target_mpidr(bench), 1, 0);
}

static void protect(struct bench *bench)
{
	set_call(bench, TORPOR_FN32(TORPOR_FN_MEM_PROTECT), 1, 0, 0);
}

static void protect_range(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(TORPOR_FN_MEM_PROTECT_CHECK_RANGE), ENTRY, 4096, 0);
}

static void unknown(struct bench *bench)
{
	set_call(bench, TORPOR_FN64(0x1F), 0, 0, 0);
}

const struct bench_call bench_calls[] = {
	{"(nothing)", 0, 1, false, nothing, nothing, 0},
	{"PSCI_VERSION", 60, 1, false, version, by_cpu_0, (int)TORPOR_PSCI_1_3},
	{"PSCI_FEATURES", 60, 1, false, features, by_cpu_0, 0},
	{"AFFINITY_INFO, level 0", 60, 2, false, affinity, by_cpu_0, TORPOR_AFFINITY_OFF},
	{"AFFINITY_INFO, level 0, of itself", 60, 1, false, affinity, by_cpu_0, -1000},
	{"AFFINITY_INFO, level 1", 0, 1, false, affinity_1, by_cpu_0, -1000},
	{"CPU_ON", 0, 2, false, on, by_cpu_0, 0},
	{"CPU_ON, of a CPU that is on", 0, 1, false, on, by_cpu_0, -1000},
	{"torpor_cpu_take()", 0, 2, false, on_done, take, TORPOR_OK},
	{"CPU_ON and torpor_cpu_take()", 200, 2, false, on, on_and_take, TORPOR_OK},
	{"CPU_OFF", 0, 2, false, off, by_target, GOT(TORPOR_PARK)},
	{"CPU_SUSPEND, standby", 0, 1, false, standby, by_cpu_0, GOT(TORPOR_WAIT)},
	{"CPU_SUSPEND, powerdown", 0, 1, false, powerdown, by_cpu_0, GOT(TORPOR_WAIT)},
	{"CPU_SUSPEND, powerdown, OS-initiated", 0, 1, true, os_powerdown, by_cpu_0,
	 GOT(TORPOR_WAIT)},
	{"torpor_cpu_wake(), from powerdown", 0, 1, false, powerdown_done, wake, GOT(TORPOR_ENTER)},
	{"CPU_DEFAULT_SUSPEND", 0, 1, false, default_suspend, by_cpu_0, GOT(TORPOR_WAIT)},
	{"CPU_FREEZE", 0, 2, false, freeze, by_target, GOT(TORPOR_PARK)},
	{"PSCI_SET_SUSPEND_MODE", 0, 1, true, os_mode, by_cpu_0, 0},
	{"SYSTEM_SUSPEND", 150, 1, false, suspend, by_cpu_0, GOT(TORPOR_WAIT_SYSTEM)},
	{"SYSTEM_SUSPEND, denied", 150, 2, false, suspend_denied, by_cpu_0, TORPOR_RET_DENIED},
	{"torpor_cpu_wake(), from SYSTEM_SUSPEND", 0, 1, false, suspend_done, wake,
	 GOT(TORPOR_ENTER)},
	{"SYSTEM_OFF", 0, 1, false, system_off, by_cpu_0, GOT(TORPOR_MACHINE_OFF)},
	{"SYSTEM_OFF2", 0, 1, false, system_off2, by_cpu_0, GOT(TORPOR_MACHINE_HIBERNATED)},
	{"SYSTEM_RESET", 0, 1, false, system_reset, by_cpu_0, GOT(TORPOR_MACHINE_RESET)},
	{"SYSTEM_RESET2", 0, 1, false, system_reset2, by_cpu_0, GOT(TORPOR_MACHINE_RESET2)},
	{"MIGRATE", 0, 2, true, migrate, by_cpu_0, 0},
	{"MIGRATE_INFO_TYPE", 0, 1, true, migrate_type, by_cpu_0, TORPOR_TRUSTED_OS_UP_MIGRATE},
	{"MIGRATE_INFO_UP_CPU", 0, 1, true, migrate_cpu, by_cpu_0, 0},
	{"NODE_HW_STATE", 0, 1, false, hw_state, by_cpu_0, 0},
	{"PSCI_STAT_RESIDENCY", 0, 1, true, stat_residency, by_cpu_0, 0},
	{"PSCI_STAT_COUNT", 0, 1, true, stat_count, by_cpu_0, 0},
	{"MEM_PROTECT", 0, 1, false, protect, by_cpu_0, 0},
	{"MEM_PROTECT_CHECK_RANGE", 0, 1, false, protect_range, by_cpu_0, 0},
	{"an unknown function", 0, 1, false, unknown, by_cpu_0, TORPOR_RET_NOT_SUPPORTED},
	{.name = NULL},
};
