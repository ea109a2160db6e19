/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine whose guest boots with ACPI, and the hardware signature that it is given. */
#include "machine_rig.h"

#include <poll.h>

#include "boot/acpi.h"
#include "boot/fdt.h"

/* "FACS" and its length; the signature, with a vector that stays 0. */
#define FACS_IPA (MACHINE_DTB_IPA + FDT_SIZE_MAX_BYTES)
#define LOOK FAKE_LOAD(FACS_IPA), FAKE_LOAD(FACS_IPA + ACPI_FACS_SIGNATURE_AT)
#define LOOK_COUNT 2
#define FACS_HEAD UINT64_C(0x0000004053434146)
#define SIGNATURE UINT32_C(0x5EED1234)

static void acpi_up(struct machine_rig *rig)
{
	rig->config.firmware_tables = MACHINE_TABLES_ACPI;
	machine_rig_up(rig);
}

/* It is there at the first boot, though it is set when the tables are, and after each reset. */
static void signature_outlasts_resets(void **state)
{
	static const struct fake_op cold[] = {LOOK, FAKE_STORE(FACS_IPA, 0),
					      FAKE_CALL(SYSTEM_RESET, 0, 0, 0), FAKE_IDLE};
	static const struct fake_op warm[] = {LOOK, FAKE_STORE(FACS_IPA, 0),
					      FAKE_CALL(SYSTEM_RESET2, 0, 0, 0), FAKE_IDLE};
	const struct fake_op *programs[] = {cold, warm};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct machine_rig *rig = *state;
		struct vmm_error error;

		fake_kvm_ops(BOOT, programs[i]);
		acpi_up(rig);
		machine_set_hardware_signature(rig->machine, SIGNATURE);
		assert_int_equal(machine_start(rig->machine, &error), 0);
		assert_int_equal(machine_rig_run(rig, 5), MACHINE_RUNNING);
		assert_true(fake_kvm_wait_reads(0, 2 * LOOK_COUNT));
		for (unsigned n = 0; n < 2 * LOOK_COUNT; n += 2) {
			assert_true(fake_kvm_read(0, n) == FACS_HEAD);
			assert_true(fake_kvm_read(0, n + 1) == SIGNATURE);
		}
		machine_end_by_host(rig->machine, POWER_REASON_HOST);
		assert_ends(rig, MACHINE_END_HOST);
		machine_rig_again(state);
	}
}

/* Rising edges of the power key, as Linux has them of an ACPI button. */
#define GPIO_IEV (LAYOUT_GPIO_BASE + 0x40C)
#define GPIO_IE (LAYOUT_GPIO_BASE + 0x410)
#define GPIO_IC (LAYOUT_GPIO_BASE + 0x41C)
#define GPIO_DATA_ALL (LAYOUT_GPIO_BASE + 0x3FC)
#define POWER_LINE (1U << LAYOUT_GPIO_LINE_POWER)
#define SUSPEND_OPS                                                                                \
	FAKE_LISTEN(LAYOUT_GPIO_INTID), FAKE_WRITE(GPIO_IEV, 4, POWER_LINE),                       \
		FAKE_WRITE(GPIO_IE, 4, POWER_LINE), FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),      \
		FAKE_IDLE
#define TAKE_PRESS_OPS FAKE_WRITE(GPIO_IC, 4, POWER_LINE), FAKE_READ(GPIO_DATA_ALL, 4)

/* A button that wakes the guest does nothing else, so it is pressed again for what was asked. */
static void waking_button_is_pressed_again(void **state)
{
	static const struct fake_op ops[] = {SUSPEND_OPS};
	static const struct fake_op resumed[] = {TAKE_PRESS_OPS, FAKE_WFI, TAKE_PRESS_OPS,
						 FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	rig->config.firmware_tables = MACHINE_TABLES_ACPI;
	fake_kvm_ops(PROG(1), resumed);
	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_true(machine_press_key(rig->machine, POWER_KEY_POWER, POWER_REASON_HOST, 60));
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_read(0, 1), POWER_LINE);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest", "ASKED host key=power",
		      "WAKEUP cpu=0 interrupt 39 pl061 key=power", "SHUTDOWN cpu=0 guest", NULL);
}

/* With a device tree the guest hears of what woke it, and nothing follows. */
static void waking_key_is_pressed_once(void **state)
{
	static const struct fake_op ops[] = {SUSPEND_OPS};
	static const struct fake_op resumed[] = {TAKE_PRESS_OPS, FAKE_IDLE};
	struct machine_rig *rig = *state;
	struct pollfd ready;
	unsigned turns = 0;

	fake_kvm_ops(PROG(1), resumed);
	machine_rig_start(rig, ops);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_true(machine_press_key(rig->machine, POWER_KEY_POWER, POWER_REASON_HOST, 60));
	ready = (struct pollfd){.fd = machine_fd(rig->machine), .events = POLLIN};
	while (poll(&ready, 1, 500) > 0) {
		assert_int_equal(machine_dispatch(rig->machine), MACHINE_RUNNING);
		/* Some tens of ticks of 50 ms; 60 and more until it would be pressed again. */
		assert_true(++turns < 50);
	}
	assert_int_equal(event_log_find(&rig->events, "WAKEUP cpu=0 interrupt 39 pl061 key=power"),
			 1);
}

#define RTC_MR (LAYOUT_RTC_BASE + 0x04)
#define RTC_LR (LAYOUT_RTC_BASE + 0x08)
#define RTC_IMSC (LAYOUT_RTC_BASE + 0x10)
#define RTC_LINE (1U << LAYOUT_GPIO_LINE_RTC)

/* The alarm is a line of the GPIO controller and wakes by that, and is named all the same. */
static void alarm_wakes_by_the_gpio(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_LISTEN(LAYOUT_GPIO_INTID),
		FAKE_WRITE(GPIO_IEV, 4, RTC_LINE),
		FAKE_WRITE(GPIO_IE, 4, RTC_LINE),
		FAKE_WRITE(RTC_LR, 4, 1000),
		FAKE_WRITE(RTC_MR, 4, 1001),
		FAKE_WRITE(RTC_IMSC, 4, 1),
		FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op resumed[] = {FAKE_READ(GPIO_DATA_ALL, 4),
						 FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct machine_rig *rig = *state;

	rig->config.firmware_tables = MACHINE_TABLES_ACPI;
	fake_kvm_ops(PROG(1), resumed);
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_read(0, 0), RTC_LINE);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 39 pl031", "SHUTDOWN cpu=0 guest", NULL);
}

/* Told nothing, a guest has none. */
static void no_signature(void **state)
{
	static const struct fake_op ops[] = {LOOK, FAKE_CALL(SYSTEM_OFF, 0, 0, 0)};
	struct machine_rig *rig = *state;

	rig->config.firmware_tables = MACHINE_TABLES_ACPI;
	machine_rig_start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_true(fake_kvm_read(0, 0) == FACS_HEAD);
	assert_int_equal(fake_kvm_read(0, 1), 0);
}

/* A guest with a device tree has nothing there, whatever its machine was given. */
static void device_tree_has_none(void **state)
{
	static const struct fake_op ops[] = {LOOK, FAKE_CALL(SYSTEM_OFF, 0, 0, 0)};
	struct machine_rig *rig = *state;
	struct vmm_error error;

	fake_kvm_ops(BOOT, ops);
	machine_rig_up(rig);
	machine_set_hardware_signature(rig->machine, SIGNATURE);
	assert_int_equal(machine_start(rig->machine, &error), 0);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_read(0, 0), 0);
	assert_int_equal(fake_kvm_read(0, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(signature_outlasts_resets),
		MACHINE_RIG_TEST(waking_button_is_pressed_again),
		MACHINE_RIG_TEST(waking_key_is_pressed_once),
		MACHINE_RIG_TEST(alarm_wakes_by_the_gpio),
		MACHINE_RIG_TEST(no_signature),
		MACHINE_RIG_TEST(device_tree_has_none),
	};

	return cmocka_run_group_tests_name("machine_tables", tests, NULL, NULL);
}
