/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine that starts from flash: where it enters, what it finds there, what is kept of it. */
#include "machine_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <string.h>

#include "machine/description.h"

#define BANK1 (LAYOUT_FLASH_BASE + LAYOUT_FLASH_BANK_SIZE_BYTES)
#define DUAL(value) ((uint64_t)(value) << 16 | (value))
#define FLASH(offset, value) FAKE_WRITE(BANK1 + (offset), 4, value)

static char firmware[128];
static char variables[128];

static void with_firmware(struct machine_rig *rig)
{
	temp_write(&rig->dir, "firmware", "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	(void)snprintf(firmware, sizeof(firmware), "%s", temp_path(&rig->dir, "firmware"));
	(void)snprintf(variables, sizeof(variables), "%s", temp_path(&rig->dir, "vars"));
	rig->config.kernel = NULL;
	rig->config.firmware = firmware;
	rig->config.variables = variables;
}

static void start(struct machine_rig *rig, const struct fake_op *ops)
{
	struct vmm_error error;

	machine_rig_up(rig);
	fake_kvm_ops(LAYOUT_FLASH_BASE, ops);
	assert_int_equal(machine_start(rig->machine, &error), 0);
}

static uint32_t in_file(uint64_t offset)
{
	uint32_t value = 0;
	int fd = open(variables, O_RDONLY);

	assert_int_equal(pread(fd, &value, sizeof(value), (off_t)offset), sizeof(value));
	(void)close(fd);
	return value;
}

/* The first CPU enters the image at 0, which is there to read; the tree is at the start of RAM. */
static void the_image_is_entered(void **state)
{
	static const struct fake_op ops[] = {FAKE_READ(0, 8), FAKE_READ(BANK1, 4),
					     FAKE_CALL(SYSTEM_OFF, 0, 0, 0)};
	struct machine_rig *rig = *state;
	const uint8_t *host;
	const void *dtb;
	struct kvm_entry entry;
	uint64_t ipa;
	int node;

	with_firmware(rig);
	start(rig, ops);
	assert_true(fake_kvm_rom(0, &ipa, &host));
	assert_int_equal(ipa, 0);
	assert_true(fake_kvm_rom(1, &ipa, &host));
	assert_int_equal(ipa, BANK1);
	dtb = fake_kvm_config()->ram.host;
	assert_int_equal(fdt_check_header(dtb), 0);
	node = fdt_path_offset(dtb, "/flash@4000000");
	assert_true(node >= 0);
	assert_int_equal(fdt_node_check_compatible(dtb, node, "cfi-flash"), 0);
	assert_ends(rig, MACHINE_END_OFF);
	entry = fake_kvm_entry(0, 0).entry;
	assert_int_equal(entry.pc, 0);
	assert_int_equal(entry.x0, LAYOUT_RAM_BASE);
	assert_int_equal(fake_kvm_read(0, 0), UINT64_C(0x8877665544332211));
	assert_int_equal(fake_kvm_read(0, 1), 0xFFFFFFFF);
}

/* A command takes the second bank from the guest until memory is read again, over a reset too. */
static void commands_are_taken(void **state)
{
	static const struct fake_op ops[] = {FLASH(0, DUAL(0x40)),
					     FLASH(0, 0xFFFF1234),
					     FAKE_READ(BANK1, 4),
					     FLASH(0, DUAL(0xFF)),
					     FAKE_READ(BANK1, 4),
					     FLASH(0, DUAL(0x70)),
					     FAKE_CALL(SYSTEM_RESET, 0, 0, 0)};
	struct machine_rig *rig = *state;

	with_firmware(rig);
	start(rig, ops);
	/* As often as there are resets: the first did it, and the others find it. */
	assert_int_equal(machine_rig_run(rig, 3), MACHINE_RUNNING);
	assert_true(fake_kvm_wait_reads(0, 4));
	assert_int_equal(fake_kvm_read(0, 0), DUAL(0x80));
	assert_int_equal(fake_kvm_read(0, 1), 0xFFFF1234);
	assert_int_equal(fake_kvm_read(0, 2), DUAL(0x80));
	assert_int_equal(fake_kvm_read(0, 3), 0xFFFF1234);
	assert_int_equal(in_file(0), 0xFFFF1234);
}

/* The image itself takes no store, whatever it says. */
static void the_image_stays(void **state)
{
	static const struct fake_op ops[] = {FAKE_WRITE(0, 4, DUAL(0x40)), FAKE_WRITE(0, 4, 0),
					     FAKE_WRITE(0, 4, DUAL(0xFF)), FAKE_READ(0, 4),
					     FAKE_CALL(SYSTEM_OFF, 0, 0, 0)};
	struct machine_rig *rig = *state;

	with_firmware(rig);
	start(rig, ops);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_read(0, 0), 0x44332211);
}

/* A hibernation whose variables are not durable is none. */
static void a_flush_that_fails_is_a_failure(void **state)
{
	static const struct fake_op ops[] = {FAKE_CALL(SYSTEM_OFF2, 0, 0, 0)};
	struct machine_rig *rig = *state;

	with_firmware(rig);
	rig->config.disk_count = 0;
	start(rig, ops);
	faults_flush_errno(EIO);
	assert_ends(rig, MACHINE_END_FAILED);
	assert_true(machine_rig_logged(rig, variables));
	assert_true(machine_rig_logged(rig, "could not be flushed"));
}

static void a_pause_flushes(void **state)
{
	static const struct fake_op ops[] = {FAKE_GATE(0), FAKE_CALL(SYSTEM_OFF, 0, 0, 0)};
	struct machine_rig *rig = *state;
	struct vmm_error error;
	unsigned before;

	with_firmware(rig);
	rig->config.disk_count = 0;
	start(rig, ops);
	before = faults_flushes();
	assert_int_equal(machine_pause(rig->machine, &error), 0);
	assert_int_equal(faults_flushes(), before + 1);
	assert_true(machine_resume(rig->machine));
	fake_kvm_open(0);
	assert_ends(rig, MACHINE_END_OFF);
}

/* CPUs may be entered in the image, where there is one; not in the variables. */
static void cpus_start_in_flash(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, BANK1, 0), FAKE_CALL(CPU_ON, 1, BANK1 - 2, 0),
		FAKE_CALL(CPU_ON, 1, 0x1000, 0), FAKE_CALL(SYSTEM_OFF, 0, 0, 0)};
	static const struct fake_op idle[] = {FAKE_GATE(0)};
	struct machine_rig *rig = *state;
	struct vmm_error error;

	with_firmware(rig);
	rig->config.cpu_count = 2;
	machine_rig_up(rig);
	fake_kvm_ops(0x1000, idle);
	fake_kvm_ops(LAYOUT_FLASH_BASE, ops);
	assert_int_equal(machine_start(rig->machine, &error), 0);
	assert_ends(rig, MACHINE_END_OFF);
	assert_int_equal(fake_kvm_call(0, 0).x0, (uint64_t)TORPOR_RET_INVALID_ADDRESS);
	assert_int_equal(fake_kvm_call(0, 1).x0, (uint64_t)TORPOR_RET_INVALID_ADDRESS);
	assert_int_equal(fake_kvm_call(0, 2).x0, TORPOR_RET_SUCCESS);
}

/* The image is part of the machine; variables are not, and are not made for the description. */
static void the_image_is_described(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error;
	char *was;
	char *is;

	with_firmware(rig);
	rig->config.describe_only = true;
	rig->machine = machine_rig_try(rig, &error);
	assert_non_null(rig->machine);
	assert_int_equal(machine_describe(rig->machine, &was, &error), 0);
	machine_destroy(rig->machine);
	assert_int_equal(access(variables, F_OK), -1);
	temp_write(&rig->dir, "firmware", "\x11\x22\x33\x44\x55\x66\x77\x89", 8);
	rig->machine = machine_rig_try(rig, &error);
	assert_non_null(rig->machine);
	assert_int_equal(machine_describe(rig->machine, &is, &error), 0);
	assert_int_equal(description_compare(was, is, NULL, NULL), 1);
	assert_non_null(strstr(is, "\nfirmware-flash.image xxh3-64:"));
	free(was);
	free(is);
}

static void flash_that_kvm_refuses_is_a_failure(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error;

	with_firmware(rig);
	for (unsigned nth = 1; nth <= 2; nth++) {
		fake_kvm_fail(FAKE_MAP_ROM, nth);
		assert_null(machine_rig_try(rig, &error));
		assert_non_null(strstr(error.text, "flash"));
	}
}

/* Each call that can fail, failing: an error and nothing left. */
static void faults_leave_nothing(void **state)
{
	char template[128];
	struct machine_rig *rig = *state;
	struct vmm_error error;
	struct machine *machine = NULL;

	with_firmware(rig);
	/* Of a template with nothing in it a store is made quickly. */
	temp_zeros(&rig->dir, "template", (off_t)LAYOUT_FLASH_BANK_SIZE_BYTES);
	(void)snprintf(template, sizeof(template), "%s", temp_path(&rig->dir, "template"));
	rig->config.variables_template = template;
	for (unsigned nth = 1; machine == NULL && nth < 500; nth++) {
		error.text[0] = '\0';
		faults_arm(nth);
		machine = machine_rig_try(rig, &error);
		(void)faults_disarm();
		assert_true(machine != NULL || error.text[0] != '\0');
	}
	assert_non_null(machine);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_RIG_TEST(the_image_is_entered),
		MACHINE_RIG_TEST(commands_are_taken),
		MACHINE_RIG_TEST(the_image_stays),
		MACHINE_RIG_TEST(a_flush_that_fails_is_a_failure),
		MACHINE_RIG_TEST(a_pause_flushes),
		MACHINE_RIG_TEST(cpus_start_in_flash),
		MACHINE_RIG_TEST(the_image_is_described),
		MACHINE_RIG_TEST(flash_that_kvm_refuses_is_a_failure),
		MACHINE_RIG_TEST(faults_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
