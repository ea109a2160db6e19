/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events come in the order in which things happened, also when a thread is held up right after it
 * made one happen: here, each that has called CPU_OFF, and each that is about to tell that it has
 * started another CPU. Linked with --wrap of the two functions below.
 */
#include "power_rig.h"

#include <time.h>

#define HELD_UP_NS 50000000

enum torpor_action __real_torpor_call(struct torpor_machine *machine, uint32_t cpu,
				      struct torpor_call *call);
enum torpor_action __wrap_torpor_call(struct torpor_machine *machine, uint32_t cpu,
				      struct torpor_call *call);

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

static _Thread_local bool starts_another;

static void hold_up(void)
{
	const struct timespec moment = {.tv_nsec = HELD_UP_NS};

	(void)nanosleep(&moment, NULL);
}

enum torpor_action __wrap_torpor_call(struct torpor_machine *machine, uint32_t cpu,
				      struct torpor_call *call)
{
	bool off = (uint32_t)call->x[0] == CPU_OFF;
	enum torpor_action action;

	starts_another = call->x[0] == CPU_ON;
	action = __real_torpor_call(machine, cpu, call);
	starts_another = false;
	if (off) {
		hold_up();
	}
	return action;
}

/* An event is about to be stamped. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	if (starts_another) {
		hold_up();
	}
	return __real_clock_gettime(clock, now);
}

static const struct fake_op goes[] = {FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};

/* A CPU that the guest saw off is off in the events before the suspend that this allowed. */
static void off_comes_before_suspend(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(AFFINITY_INFO, 1, 0, 0),
		FAKE_UNLESS(TORPOR_AFFINITY_OFF),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), goes);
	power_rig_run(rig, 2, V13, ops);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_OFF cpu=1 guest",
		      "SUSPEND cpu=0 guest", NULL);
}

/* What a started CPU does comes after its start, however late the one who started it tells. */
static void on_comes_before_what_it_does(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(CPU_ON, 1, PROG(1), 0), FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), goes);
	power_rig_run(rig, 2, V13, ops);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_OFF cpu=1 guest",
		      NULL);
}

/* One that is started again at once: off comes first. */
static void off_comes_before_on(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(CPU_ON, 1, PROG(2), 0),
		FAKE_UNLESS(0),
		FAKE_IDLE,
	};
	static const struct fake_op idle[] = {FAKE_IDLE};
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), goes);
	fake_kvm_ops(PROG(2), idle);
	power_rig_run(rig, 2, V13, ops);
	assert_events(&rig->events, "STARTED cpu=0", "CPU_ON cpu=1 guest", "CPU_OFF cpu=1 guest",
		      "CPU_ON cpu=1 guest", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(off_comes_before_suspend),
		POWER_RIG_TEST(off_comes_before_on),
		POWER_RIG_TEST(on_comes_before_what_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
