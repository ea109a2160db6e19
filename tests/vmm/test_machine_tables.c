/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine whose guest boots with ACPI, and the hardware signature that it is given. */
#include "machine_rig.h"

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
		MACHINE_RIG_TEST(no_signature),
		MACHINE_RIG_TEST(device_tree_has_none),
	};

	return cmocka_run_group_tests_name("machine_tables", tests, NULL, NULL);
}
