/* SPDX-License-Identifier: BSD-3-Clause */
/* Paused, a machine does nothing and does not see that time passes; then it goes on as it was. */
#include "power_rig.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000L
#define SLOW_IPA UINT64_C(0x0B000000)
#define WHILE_MS 100
#define WHILE_NS ((uint64_t)WHILE_MS * NS_PER_MS)

static const struct fake_op counts[] = {
	FAKE_WRITE(RIG_DEVICE_IPA, 8, 1),
	FAKE_READ(RIG_DEVICE_IPA, 8),
	FAKE_JUMP(0),
};
static const struct fake_op idle[] = {FAKE_IDLE};
static const struct fake_op sleeps[] = {
	FAKE_LISTEN(RIG_KEY_INTID),
	FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
	FAKE_IDLE,
};
static const struct fake_op waits[] = {
	FAKE_LISTEN(RIG_RTC_INTID),
	FAKE_CALL(CPU_SUSPEND, 0, 0, 0),
	FAKE_CALL(PSCI_VERSION, 0, 0, 0),
	FAKE_IDLE,
};

static void nap(long ms)
{
	const struct timespec delay = {.tv_nsec = ms * NS_PER_MS};

	(void)nanosleep(&delay, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int stop(struct power_rig *rig)
{
	struct vmm_error error;

	return power_pause(rig->power, &error);
}

/* A CPU that runs, one that is off: neither moves, both can be looked at. */
static void nothing_runs(void **state)
{
	struct power_rig *rig = *state;
	struct power_cpu_info first;
	struct power_cpu_info info;
	unsigned runs;

	power_rig_run(rig, 2, V13, counts);
	assert_true(fake_kvm_wait_reads(0, 100));
	assert_false(power_paused(rig->power));
	assert_int_equal(stop(rig), 0);
	assert_true(power_paused(rig->power));
	assert_int_equal(stop(rig), -EALREADY);
	runs = fake_kvm_count(FAKE_RUN);
	assert_true(power_query_cpu(rig->power, 0, &first));
	assert_string_equal(first.state, "on");
	nap(WHILE_MS);
	assert_true(power_query_cpu(rig->power, 0, &info));
	assert_int_equal(info.pc, first.pc);
	assert_true(power_query_cpu(rig->power, 1, &info));
	assert_string_equal(info.state, "off");
	assert_int_equal(fake_kvm_count(FAKE_RUN), runs);
	assert_true(power_resume(rig->power));
	assert_false(power_resume(rig->power));
	assert_false(power_paused(rig->power));
	assert_true(fake_kvm_wait_reads(0, FAKE_LOG_COUNT));
}

/* The guest's counter goes on from where it stood. */
static void clock_stands_still(void **state)
{
	struct power_rig *rig = *state;
	uint64_t start_ns;
	uint64_t before;
	uint64_t after;

	power_rig_run(rig, 2, V13, idle);
	for (int i = 0; i < 5; i++) {
		start_ns = now_ns();
		before = fake_kvm_counter();
		assert_int_equal(stop(rig), 0);
		nap(WHILE_MS);
		assert_true(power_resume(rig->power));
		after = fake_kvm_counter();
		assert_true(after >= before);
		assert_true(after - before <= now_ns() - start_ns - WHILE_NS);
	}
}

/* A clock that can't be read or set goes on, and that is all. */
static void clock_fails(void **state)
{
	static const enum fake_fn fns[] = {FAKE_GET_COUNTER, FAKE_SET_COUNTER};

	for (unsigned i = 0; i < 2; i++) {
		struct power_rig *rig = *state;
		uint64_t before;

		power_rig_run(rig, 1, V13, counts);
		before = fake_kvm_counter();
		fake_kvm_fail(fns[i], 1);
		assert_int_equal(stop(rig), 0);
		nap(WHILE_MS);
		assert_true(power_resume(rig->power));
		assert_true(fake_kvm_counter() - before >= WHILE_NS);
		assert_true(fake_kvm_wait_reads(0, FAKE_LOG_COUNT));
		power_rig_again(state);
	}
}

/* An interrupt that comes while a sleeping machine is paused wakes it when it goes on. */
static void suspended_machine_stays_so(void **state)
{
	struct power_rig *rig = *state;

	fake_kvm_ops(PROG(1), idle);
	power_rig_run(rig, 2, V13, sleeps);
	assert_becomes(rig, TORPOR_MODE_SUSPENDED);
	assert_true(fake_kvm_wait_asleep(0));
	assert_int_equal(stop(rig), 0);
	power_rig_irq(rig, RIG_KEY_INTID, true);
	nap(WHILE_MS);
	assert_int_equal(power_mode(rig->power), TORPOR_MODE_SUSPENDED);
	assert_int_equal(fake_kvm_entries(0), 1);
	assert_true(power_resume(rig->power));
	assert_true(fake_kvm_wait_entries(0, 2));
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 39 pl061 key=sleep", NULL);
}

/* So does one that sleeps in CPU_SUSPEND. */
static void waiting_cpu_stays_so(void **state)
{
	struct power_rig *rig = *state;

	power_rig_run(rig, 1, V13, waits);
	assert_true(fake_kvm_wait_asleep(0));
	assert_int_equal(stop(rig), 0);
	power_rig_irq(rig, RIG_RTC_INTID, true);
	nap(WHILE_MS);
	assert_int_equal(fake_kvm_calls(0), 1);
	assert_true(power_resume(rig->power));
	assert_result(0, 0, 0);
	assert_result(0, 1, V13);
}

/* A paused machine can be ended, by the one that paused it or by anybody. */
static void ends_while_paused(void **state)
{
	struct power_rig *rig = *state;
	struct power_end end;

	power_rig_run(rig, 4, V13, counts);
	assert_int_equal(stop(rig), 0);
	assert_true(power_end_by_host(rig->power, POWER_REASON_HOST));
	assert_end(rig, POWER_END_HOST, &end);
	power_rig_stop(rig);
	assert_true(power_paused(rig->power));
}

/* A reset does not make it run, nor its new clock. */
static void reset_while_paused(void **state)
{
	struct power_rig *rig = *state;
	struct power_end end;
	uint64_t start_ns;
	unsigned runs;

	power_rig_run(rig, 2, V13, counts);
	assert_int_equal(stop(rig), 0);
	assert_true(power_reset_by_host(rig->power));
	assert_false(power_reset_by_host(rig->power));
	assert_end(rig, POWER_END_RESET, &end);
	assert_false(end.warm);
	assert_int_equal(end.event.reason, POWER_REASON_HOST);
	power_rig_stop(rig);
	runs = fake_kvm_count(FAKE_RUN);
	start_ns = now_ns();
	power_rig_boot(rig);
	nap(WHILE_MS);
	assert_int_equal(fake_kvm_count(FAKE_RUN), runs);
	assert_true(power_resume(rig->power));
	assert_true(fake_kvm_counter() <= now_ns() - start_ns - WHILE_NS);
	assert_true(fake_kvm_wait_reads(0, FAKE_LOG_COUNT));
	assert_events(&rig->events, "STARTED cpu=0", "STARTED cpu=0", NULL);
}

static void ignore(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	(void)dev;
	(void)offset;
	(void)len_bytes;
	(void)value;
}

static uint64_t wait_for_host(void *dev, uint64_t offset, unsigned len_bytes)
{
	(void)offset;
	(void)len_bytes;
	(void)sem_wait(dev);
	return 7;
}

/* One that a device holds up for good: the others go on after a while, and the host is told. */
static void cpu_does_not_come_back(void **state)
{
	static const struct mmio_ops waits_ops = {.read = wait_for_host, .write = ignore};
	static const struct fake_op ops[] = {FAKE_READ(RIG_DEVICE_IPA, 8),
					     FAKE_CALL(CPU_ON, 1, PROG(1), 0),
					     FAKE_READ(SLOW_IPA, 8), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct vmm_error error = {.text = ""};
	sem_t sem;
	const struct mmio_region region = {.base = SLOW_IPA,
					   .size_bytes = 0x1000,
					   .ops = &waits_ops,
					   .dev = &sem,
					   .name = "slow"};

	(void)sem_init(&sem, 0, 0);
	power_rig_up(rig, 2, V13);
	assert_int_equal(mmio_bus_add(&rig->bus, &region), 0);
	fake_kvm_ops(BOOT, ops);
	fake_kvm_ops(PROG(1), counts);
	power_rig_boot(rig);
	assert_true(fake_kvm_wait_reads(1, 10));
	assert_int_equal(power_pause(rig->power, &error), -ETIMEDOUT);
	assert_non_null(strstr(error.text, "CPU 0 did not come back"));
	assert_false(power_paused(rig->power));
	assert_false(power_resume(rig->power));
	assert_true(fake_kvm_wait_reads(1, FAKE_LOG_COUNT));
	(void)sem_post(&sem);
	assert_true(fake_kvm_wait_reads(0, 2));
	assert_int_equal(stop(rig), 0);
	assert_true(power_resume(rig->power));
	power_rig_stop(rig);
	(void)sem_destroy(&sem);
}

/* Each vCPU has a thread of its own, and none when they are stopped. */
static void threads_have_ids(void **state)
{
	struct power_rig *rig = *state;
	pid_t first;
	pid_t second;

	power_rig_run(rig, 2, V13, idle);
	first = power_thread_id(rig->power, 0);
	second = power_thread_id(rig->power, 1);
	assert_true(first > 0 && second > 0 && first != second);
	assert_int_equal(power_thread_id(rig->power, 2), 0);
	power_rig_stop(rig);
	assert_int_equal(power_thread_id(rig->power, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(nothing_runs),
		POWER_RIG_TEST(clock_stands_still),
		POWER_RIG_TEST(clock_fails),
		POWER_RIG_TEST(suspended_machine_stays_so),
		POWER_RIG_TEST(waiting_cpu_stays_so),
		POWER_RIG_TEST(ends_while_paused),
		POWER_RIG_TEST(reset_while_paused),
		POWER_RIG_TEST(threads_have_ids),
		POWER_RIG_TEST(cpu_does_not_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
