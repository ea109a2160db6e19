/* SPDX-License-Identifier: BSD-3-Clause */
/* How a machine ends, and what is safe by then: its events, its status, its disks, its log. */
/* Asks zlib.h for const input. */
#define ZLIB_CONST

#include "kernel_file.h"
#include "machine_rig.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static const struct fake_op idle[] = {FAKE_IDLE};
static const struct fake_op suspends[] = {
	FAKE_LISTEN(LAYOUT_RTC_INTID),
	FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
	FAKE_IDLE,
};

/* The kernel is entered with the device tree in X0; until then the machine is not running. */
static void starts_the_kernel(void **state)
{
	static const struct fake_op ops[] = {FAKE_LOAD(MACHINE_DTB_IPA), FAKE_IDLE};
	struct machine_rig *rig = *state;
	struct power_cpu_info info;
	struct vmm_error error;
	struct fake_entry entry;

	fake_kvm_ops(BOOT, ops);
	machine_rig_up(rig);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_PRELAUNCH);
	assert_false(machine_query_cpu(rig->machine, 0, &info));
	assert_false(machine_wake(rig->machine));
	assert_int_equal(machine_dispatch(rig->machine), MACHINE_RUNNING);
	assert_int_equal(machine_start(rig->machine, &error), 0);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_RUNNING);
	entry = fake_kvm_entry(0, 0);
	assert_int_equal(entry.entry.pc, BOOT);
	assert_int_equal(entry.entry.x0, MACHINE_DTB_IPA);
	assert_true(fake_kvm_wait_reads(0, 1));
	/* A flattened tree's magic number, big-endian. */
	assert_int_equal((uint32_t)fake_kvm_read(0, 0), 0xEDFE0DD0);
	assert_true(machine_query_cpu(rig->machine, 0, &info));
	assert_false(machine_query_cpu(rig->machine, 2, &info));
	assert_events(&rig->events, "STARTED cpu=0", NULL);
}

/* All of PSCI is asked for, so that the host's own is never used. */
static void forwards_all_of_psci(void **state)
{
	struct machine_rig *rig = *state;
	const struct kvm_vm_config *config;
	uint32_t found = 0;

	machine_rig_up(rig);
	config = fake_kvm_config();
	for (size_t i = 0; i < config->forward_count; i++) {
		const struct kvm_forward *range = &config->forward[i];

		found |= range->first == TORPOR_FN32_BASE && range->count == 32 ? 1 : 0;
		found |= range->first == TORPOR_FN64_BASE && range->count == 32 ? 2 : 0;
		found |= range->first == POWER_FN_0_1_BASE && range->count == 4 ? 4 : 0;
	}
	assert_int_equal(found, 7);
	assert_int_equal(config->spi_count, 256);
	assert_int_equal(config->gicd_ipa, LAYOUT_GICD_BASE);
	assert_int_equal(config->gicr[0].ipa, LAYOUT_GICR_BASE);
	assert_int_equal(config->gicr[0].cpu_count, rig->config.cpu_count);
	assert_int_equal(config->gicr[1].cpu_count, 0);
	assert_int_equal(config->pmu_intid, 23);
}

/* 123 CPUs have their redistributors below RAM, the others far above; all are in the tree. */
static void many_cpus_have_redistributors(void **state)
{
	struct machine_rig *rig = *state;
	const struct kvm_vm_config *config;

	rig->config.cpu_count = MACHINE_CPU_COUNT_MAX;
	rig->config.cpu_features.want[CPU_FEATURE_SVE] = CPU_FEATURE_OFF;
	machine_rig_up(rig);
	config = fake_kvm_config();
	assert_int_equal(config->cpu_count, 512);
	assert_int_equal(config->gicr[0].cpu_count, 123);
	assert_true(config->gicr[1].ipa == UINT64_C(0x4000000000));
	assert_int_equal(config->gicr[1].cpu_count, 512 - 123);
	assert_int_equal(config->features.want[CPU_FEATURE_SVE], CPU_FEATURE_OFF);
	assert_int_equal(config->features.want[CPU_FEATURE_PMU], CPU_FEATURE_AUTO);
}

/* A big-endian kernel starts where CPUs can be that, and is refused where they can't. */
static void big_endian_needs_such_cpus(void **state)
{
	static uint8_t kernel[KERNEL_FILE_BYTES];
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};
	struct machine *machine;

	kernel_file_make(kernel, 0, MACHINE_KERNEL_BYTES, 1);
	temp_write(&rig->dir, "Image", kernel, sizeof(kernel));
	fake_kvm_little_endian(true);
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "big-endian"));
	assert_true(error.bad_input);
	fake_kvm_little_endian(false);
	machine = machine_rig_try(rig, &error);
	assert_non_null(machine);
	machine_destroy(machine);
}

/* The second range gives way to RAM that reaches to where it would be. */
static void redistributors_are_above_ram(void **state)
{
	const uint64_t gib = UINT64_C(1) << 30;

	(void)state;
	assert_true(layout_gicr2_base(gib) == 256 * gib);
	assert_true(layout_gicr2_base(255 * gib) == 256 * gib);
	assert_true(layout_gicr2_base(255 * gib + 1) == 257 * gib);
	assert_true(layout_gicr2_base(300 * gib) == 301 * gib);
}

static void guest_powers_off(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;
	struct power_cpu_info info;

	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SHUTDOWN);
	assert_false(machine_query_cpu(rig->machine, 0, &info));
	assert_true(faults_flushes() > 0);
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN cpu=0 guest", NULL);
}

/* When the host is told of a hibernation, all that the guest wrote is on its disk. */
struct order {
	unsigned writes;
	unsigned flushes;
	bool told;
};

static void on_event(void *ctx, const struct power_event *event)
{
	struct order *order = ctx;

	if (event->kind == POWER_EVENT_SUSPEND_DISK) {
		order->told = true;
		order->writes = faults_writes();
		order->flushes = faults_flushes();
	}
}

/* The disk gets to its work only while the main loop is already at the end. */
static void *release_main(void *arg)
{
	const struct timespec moment = {.tv_nsec = 100000000};

	(void)nanosleep(&moment, NULL);
	faults_hold_writes(false);
	return arg;
}

static void assert_hibernates(struct machine_rig *rig, const struct fake_op *ops)
{
	struct order order = {.told = false};
	pthread_t releaser;
	enum machine_end end;

	rig->events.watch = on_event;
	rig->events.watch_ctx = &order;
	faults_hold_writes(true);
	machine_rig_start(rig, ops);
	assert_true(faults_wait_held());
	assert_int_equal(pthread_create(&releaser, NULL, release_main, NULL), 0);
	end = machine_rig_run(rig, SIZE_MAX);
	pthread_join(releaser, NULL);
	assert_int_equal(end, MACHINE_END_HIBERNATED);
	assert_true(order.told);
	assert_int_equal(order.writes, 1);
	assert_true(order.flushes > 0);
	assert_int_equal(machine_rig_disk_word(rig), DISK_PATTERN);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND_DISK cpu=0 guest", NULL);
}

/* Both types; the guest does not even wait for its last write. */
static void guest_hibernates(void **state)
{
	static const struct fake_op type_0[] = {DISK_WRITE_OPS, FAKE_CALL(SYSTEM_OFF2, 0, 0, 0),
						FAKE_IDLE};
	static const struct fake_op type_1[] = {DISK_WRITE_OPS, FAKE_CALL(SYSTEM_OFF2, 1, 0, 0),
						FAKE_IDLE};

	assert_hibernates(*state, type_0);
	machine_rig_again(state);
	assert_hibernates(*state, type_1);
}

/* What is no hibernation is none, and the guest goes on. */
static void bad_hibernation_is_refused(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_OFF2, 2, 0, 0),
					     FAKE_CALL(SYSTEM_OFF2, 0, 1, 0),
					     FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_result(0, 0, RET(INVALID_PARAMETERS));
	assert_result(0, 1, RET(INVALID_PARAMETERS));
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN cpu=0 guest", NULL);
}

/* If the data may be lost, that is what is said, whatever the end was to be. */
static void failing_flush_fails_each_end(void **state)
{
	static const struct fake_op ops[][2] = {
		{FAKE_CALL(SYSTEM_OFF2, 0, 0, 0), FAKE_IDLE},
		{FAKE_CALL(SYSTEM_OFF2, 1, 0, 0), FAKE_IDLE},
		{FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE},
		{FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE},
		{FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE},
		{FAKE_IDLE, FAKE_IDLE},
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct machine_rig *rig = *state;

		rig->config.reboot = false;
		faults_flush_errno(EIO);
		machine_rig_start(rig, ops[i]);
		if (ops[i][0].kind == FAKE_OP_IDLE) {
			machine_end_by_host(rig->machine, POWER_REASON_HOST);
		}
		assert_ends(rig, MACHINE_END_FAILED);
		assert_true(machine_rig_logged(rig, rig->disk));
		assert_int_equal(event_log_find(&rig->events, "SHUTDOWN host-error"), 1);
		assert_int_equal(event_log_find(&rig->events, "SHUTDOWN"), 1);
		assert_int_equal(event_log_find(&rig->events, "SUSPEND_DISK"), 0);
		assert_int_equal(event_log_find(&rig->events, "RESET"), 0);
		assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_INTERNAL_ERROR);
		machine_rig_again(state);
	}
}

/* --no-reboot */
static void reset_ends_it_if_asked_to(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_RESET2, 0, 7, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	rig->config.reboot = false;
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_RESET);
	assert_int_equal(fake_kvm_made(), 1);
	assert_true(faults_flushes() > 0);
	assert_events(&rig->events, "STARTED cpu=0", "RESET cpu=0 guest-reset2 type=0x0 cookie=0x7",
		      NULL);
}

static void crash_is_logged(void **state)
{
	static const struct fake_op fails[] = {FAKE_FAIL, FAKE_IDLE};
	static const struct fake_op off[] = {FAKE_CALL(CPU_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	machine_rig_start(rig, fails);
	assert_ends(rig, MACHINE_END_CRASHED);
	assert_true(machine_rig_logged(rig, "CPU 0: an instruction that can't be emulated"));
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_INTERNAL_ERROR);
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN cpu=0 guest-panic", NULL);
	machine_rig_again(state);
	rig = *state;
	machine_rig_start(rig, off);
	assert_ends(rig, MACHINE_END_CRASHED);
	assert_true(machine_rig_logged(rig, "the last CPU that was on went off"));
	assert_events(&rig->events, "STARTED cpu=0", "CPU_OFF cpu=0 guest",
		      "SHUTDOWN cpu=0 guest-panic", NULL);
}

static void host_ends_a_running_machine(void **state)
{
	struct machine_rig *rig = *state;

	machine_rig_start(rig, idle);
	machine_end_by_host(rig->machine, POWER_REASON_HOST_SIGNAL);
	/* The first reason stays. */
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_ends(rig, MACHINE_END_HOST);
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_int_equal(machine_dispatch(rig->machine), MACHINE_END_HOST);
	assert_true(faults_flushes() > 0);
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN host-signal", NULL);
}

/* A wish from before the start is not lost. */
static void host_ends_a_machine_before_its_start(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error;

	fake_kvm_ops(BOOT, idle);
	machine_rig_up(rig);
	machine_end_by_host(rig->machine, POWER_REASON_HOST_SIGNAL);
	assert_int_equal(machine_start(rig->machine, &error), 0);
	assert_ends(rig, MACHINE_END_HOST);
	assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN host-signal", NULL);
}

static void host_ends_a_suspended_machine(void **state)
{
	struct machine_rig *rig = *state;

	machine_rig_start(rig, suspends);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SUSPENDED);
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SHUTDOWN);
	assert_ends(rig, MACHINE_END_HOST);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "SHUTDOWN host", NULL);
}

/* Asked for while the guest's reset is under way: there is no other boot. */
static void host_end_outlasts_a_reset(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};

	for (int round = 0; round < 30; round++) {
		struct machine_rig *rig = *state;

		machine_rig_start(rig, ops);
		if (round % 2 == 0) {
			struct pollfd ready = {.fd = machine_fd(rig->machine), .events = POLLIN};

			assert_int_equal(poll(&ready, 1, 20000), 1);
		}
		machine_end_by_host(rig->machine, POWER_REASON_HOST);
		assert_ends(rig, MACHINE_END_HOST);
		assert_int_equal(fake_kvm_made(), 1);
		assert_events(&rig->events, "STARTED cpu=0", "SHUTDOWN host", NULL);
		machine_rig_again(state);
	}
}

/* What the guest ended before the host asked for it ended by the guest. */
static void guests_end_comes_first(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_OFF2, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;
	struct pollfd ready;

	machine_rig_start(rig, ops);
	ready = (struct pollfd){.fd = machine_fd(rig->machine), .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 20000), 1);
	machine_end_by_host(rig->machine, POWER_REASON_HOST);
	assert_ends(rig, MACHINE_END_HIBERNATED);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND_DISK cpu=0 guest", NULL);
}

/* Suspended, seen, refused, suspended again, woken: by the machine's own functions. */
static void host_refuses_and_wakes(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;
	struct power_cpu_info info;

	fake_kvm_ops(PROG(1), idle);
	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_SUSPENDED);
	assert_true(machine_query_cpu(rig->machine, 0, &info));
	assert_string_equal(info.state, "system-suspended");
	assert_true(machine_refuse_suspend(rig->machine));
	assert_int_equal(machine_rig_run(rig, 4), MACHINE_RUNNING);
	assert_true(machine_wake(rig->machine));
	assert_int_equal(machine_rig_run(rig, 5), MACHINE_RUNNING);
	assert_result(0, 0, RET(DENIED));
	assert_true(fake_kvm_wait_entries(0, 2));
	assert_int_equal(machine_status(rig->machine), MACHINE_STATUS_RUNNING);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "WAKEUP cpu=0 refused",
		      "SUSPEND cpu=0 guest", "WAKEUP cpu=0 host", NULL);
}

/* The real RTC's alarm goes off a second later, and is named. */
static void alarm_step(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(LAYOUT_RTC_INTID),
		FAKE_WRITE(LAYOUT_RTC_BASE + 0x10, 4, 1),
		FAKE_READ(LAYOUT_RTC_BASE, 4),
		FAKE_WRITE(LAYOUT_RTC_BASE + 0x04, 4, 0),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	unsigned *at = ctx;

	(void)x0;
	*op = ops[*at];
	if (*at == 5) {
		op->arg[1] = fake_kvm_read(cpu, 0) + 1;
	}
	*at += op->kind == FAKE_OP_IDLE ? 0 : 1;
}

static void alarm_wakes(void **state)
{
	unsigned at = 0;
	const struct fake_program guest = {.pc = BOOT, .step = alarm_step, .ctx = &at};
	struct machine_rig *rig = *state;
	struct vmm_error error;

	fake_kvm_program(&guest);
	fake_kvm_ops(PROG(1), idle);
	machine_rig_up(rig);
	assert_int_equal(machine_start(rig->machine, &error), 0);
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 34 pl031", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(starts_the_kernel),
		MACHINE_RIG_TEST(many_cpus_have_redistributors),
		MACHINE_RIG_TEST(big_endian_needs_such_cpus),
		cmocka_unit_test(redistributors_are_above_ram),
		MACHINE_RIG_TEST(forwards_all_of_psci),
		MACHINE_RIG_TEST(guest_powers_off),
		MACHINE_RIG_TEST(guest_hibernates),
		MACHINE_RIG_TEST(bad_hibernation_is_refused),
		MACHINE_RIG_TEST(failing_flush_fails_each_end),
		MACHINE_RIG_TEST(reset_ends_it_if_asked_to),
		MACHINE_RIG_TEST(crash_is_logged),
		MACHINE_RIG_TEST(host_ends_a_running_machine),
		MACHINE_RIG_TEST(host_ends_a_machine_before_its_start),
		MACHINE_RIG_TEST(host_ends_a_suspended_machine),
		MACHINE_RIG_TEST(host_end_outlasts_a_reset),
		MACHINE_RIG_TEST(guests_end_comes_first),
		MACHINE_RIG_TEST(host_refuses_and_wakes),
		MACHINE_RIG_TEST(alarm_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
