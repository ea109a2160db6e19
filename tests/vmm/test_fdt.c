/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of boot/fdt.h: the tree is read back with libfdt, and dtc has no complaint about it. */
#include "fdt_tree.h"

#include <errno.h>

#include "platform/layout.h"

static const uint64_t mpidrs[] = {0x80000000, 0x80000001, 0x80000100, UINT64_C(0x180000002)};

static struct fdt_config config_of(uint32_t psci_version)
{
	return (struct fdt_config){
		.ram_ipa = LAYOUT_RAM_BASE,
		.ram_size_bytes = UINT64_C(5) << 30,
		.mpidrs = mpidrs,
		.cpu_count = 4,
		.psci_version = psci_version,
		.psci_ids = {0x95C1BA5E, 0x95C1BA5F, 0x95C1BA60, 0},
		.bootargs = "console=ttyAMA0 quiet",
		.initrd_ipa = UINT64_C(0x140000000),
		.initrd_size_bytes = 0x12345,
		.has_watchdog = true,
		.virtio_slots = 0x80000005,
	};
}

static void memory_cpus_and_chosen(void **state)
{
	struct fdt_config config = config_of(0x10003);
	void *fdt = build(&config);

	(void)state;
	assert_true(cell64(fdt, "/memory@40000000", "reg", 0) == LAYOUT_RAM_BASE);
	assert_true(cell64(fdt, "/memory@40000000", "reg", 1) == UINT64_C(5) << 30);
	assert_true(cell64(fdt, "/cpus/cpu@0", "reg", 0) == 0);
	assert_true(cell64(fdt, "/cpus/cpu@100", "reg", 0) == 0x100);
	assert_true(cell64(fdt, "/cpus/cpu@100000002", "reg", 0) == UINT64_C(0x100000002));
	assert_strings(fdt, "/cpus/cpu@1", "enable-method", "psci", 5);
	assert_strings(fdt, "/chosen", "bootargs", "console=ttyAMA0 quiet", 22);
	assert_strings(fdt, "/chosen", "stdout-path", "/pl011@9000000", 15);
	assert_true(cell64(fdt, "/chosen", "linux,initrd-start", 0) == UINT64_C(0x140000000));
	assert_true(cell64(fdt, "/chosen", "linux,initrd-end", 0) == UINT64_C(0x140012345));
	test_free(fdt);
}

/* The control frame first, as the binding has it. */
static void watchdog_and_pvpanic(void **state)
{
	struct fdt_config config = config_of(0x10003);
	void *fdt = build(&config);

	(void)state;
	assert_strings(fdt, "/watchdog@a020000", "compatible", "arm,sbsa-gwdt", 14);
	assert_true(cell64(fdt, "/watchdog@a020000", "reg", 0) == 0x0A020000);
	assert_true(cell64(fdt, "/watchdog@a020000", "reg", 1) == 0x1000);
	assert_true(cell64(fdt, "/watchdog@a020000", "reg", 2) == 0x0A010000);
	assert_true(cell64(fdt, "/watchdog@a020000", "reg", 3) == 0x1000);
	assert_int_equal(cell(fdt, "/watchdog@a020000", "interrupts", 0), 0);
	assert_int_equal(cell(fdt, "/watchdog@a020000", "interrupts", 1), 10);
	assert_int_equal(cell(fdt, "/watchdog@a020000", "interrupts", 2), 4);
	assert_strings(fdt, "/pvpanic@a030000", "compatible", "qemu,pvpanic-mmio", 18);
	assert_true(cell64(fdt, "/pvpanic@a030000", "reg", 0) == 0x0A030000);
	test_free(fdt);
}

/* The bank of flash that takes commands, if there is any. */
static void flash(void **state)
{
	struct fdt_config config = config_of(0x10003);
	void *fdt = build(&config);

	(void)state;
	assert_true(fdt_path_offset(fdt, "/flash@4000000") < 0);
	test_free(fdt);
	config.has_flash = true;
	fdt = build(&config);
	assert_strings(fdt, "/flash@4000000", "compatible", "cfi-flash", 10);
	assert_true(cell64(fdt, "/flash@4000000", "reg", 0) == 0x04000000);
	assert_true(cell64(fdt, "/flash@4000000", "reg", 1) == 0x04000000);
	assert_int_equal(cell(fdt, "/flash@4000000", "bank-width", 0), 4);
	test_free(fdt);
}

/* Over 123 CPUs there is a second range of redistributors; the tree of 512 still fits. */
static void many_cpus(void **state)
{
	static uint64_t many[512];
	struct fdt_config config = config_of(0x10003);
	void *fdt;
	int len;

	(void)state;
	for (uint32_t i = 0; i < 512; i++) {
		many[i] = (i & 15) | (uint64_t)(i >> 4) << 8;
	}
	config.mpidrs = many;
	config.cpu_count = 123;
	fdt = build(&config);
	assert_int_equal(cell(fdt, "/intc@8000000", "#redistributor-regions", 0), 1);
	assert_non_null(prop(fdt, "/intc@8000000", "reg", &len));
	assert_int_equal(len, 32);
	test_free(fdt);
	config.cpu_count = 512;
	fdt = build(&config);
	assert_int_equal(cell(fdt, "/intc@8000000", "#redistributor-regions", 0), 2);
	assert_true(cell64(fdt, "/intc@8000000", "reg", 4) == UINT64_C(0x4000000000));
	assert_true(cell64(fdt, "/intc@8000000", "reg", 5) == UINT64_C(0x4000000));
	assert_true(cell64(fdt, "/cpus/cpu@1f0f", "reg", 0) == 0x1F0F);
	test_free(fdt);
}

/* There is a node for the performance counters where the CPUs have them. */
static void pmu_is_told(void **state)
{
	struct fdt_config config = config_of(0x10003);
	void *fdt = build(&config);

	(void)state;
	assert_int_equal(fdt_path_offset(fdt, "/pmu"), -FDT_ERR_NOTFOUND);
	test_free(fdt);
	config.pmu = true;
	fdt = build(&config);
	assert_strings(fdt, "/pmu", "compatible", "arm,armv8-pmuv3", 16);
	assert_int_equal(cell(fdt, "/pmu", "interrupts", 0), 1);
	assert_int_equal(cell(fdt, "/pmu", "interrupts", 1), 7);
	assert_int_equal(cell(fdt, "/pmu", "interrupts", 2), 4);
	test_free(fdt);
}

static void what_is_not_there_is_left_out(void **state)
{
	struct fdt_config config = config_of(0x10000);
	void *fdt;

	(void)state;
	config.bootargs = NULL;
	config.initrd_size_bytes = 0;
	config.virtio_slots = 0;
	config.has_watchdog = false;
	fdt = build(&config);
	assert_null(prop(fdt, "/chosen", "bootargs", NULL));
	assert_null(prop(fdt, "/chosen", "linux,initrd-start", NULL));
	assert_int_equal(fdt_path_offset(fdt, "/virtio_mmio@a000000"), -FDT_ERR_NOTFOUND);
	assert_int_equal(fdt_path_offset(fdt, "/watchdog@a020000"), -FDT_ERR_NOTFOUND);
	test_free(fdt);
}

/* 0.1 has the given ids and no other; 0.2 the standard's; from 1.0 on the guest needs none. */
static void psci_node_follows_the_version(void **state)
{
	static const char psci_0_2[] = "arm,psci-0.2\0arm,psci";
	static const char psci_1_0[] = "arm,psci-1.0\0arm,psci-0.2";
	static const uint32_t newer[] = {0x10000, 0x10001, 0x10002, 0x10003};
	struct fdt_config config = config_of(0x1);
	void *fdt = build(&config);

	(void)state;
	assert_strings(fdt, "/psci", "compatible", "arm,psci", 9);
	assert_strings(fdt, "/psci", "method", "hvc", 4);
	assert_int_equal(cell(fdt, "/psci", "cpu_suspend", 0), 0x95C1BA5E);
	assert_int_equal(cell(fdt, "/psci", "cpu_off", 0), 0x95C1BA5F);
	assert_int_equal(cell(fdt, "/psci", "cpu_on", 0), 0x95C1BA60);
	assert_null(prop(fdt, "/psci", "migrate", NULL));
	test_free(fdt);
	config = config_of(0x2);
	fdt = build(&config);
	assert_strings(fdt, "/psci", "compatible", psci_0_2, sizeof(psci_0_2));
	assert_int_equal(cell(fdt, "/psci", "cpu_on", 0), 0xC4000003);
	test_free(fdt);
	for (unsigned i = 0; i < 4; i++) {
		config = config_of(newer[i]);
		fdt = build(&config);
		assert_strings(fdt, "/psci", "compatible", psci_1_0, sizeof(psci_1_0));
		assert_null(prop(fdt, "/psci", "cpu_on", NULL));
		test_free(fdt);
	}
}

/* Devices are where the layout says, with the triggers that their drivers expect. */
static void devices_follow_the_layout(void **state)
{
	struct fdt_config config = config_of(0x10003);
	void *fdt = build(&config);

	(void)state;
	assert_true(cell64(fdt, "/intc@8000000", "reg", 0) == LAYOUT_GICD_BASE);
	assert_true(cell64(fdt, "/intc@8000000", "reg", 2) == LAYOUT_GICR_BASE);
	assert_int_equal(cell(fdt, "/intc@8000000", "#redistributor-regions", 0), 1);
	assert_int_equal(cell(fdt, "/", "interrupt-parent", 0),
			 cell(fdt, "/intc@8000000", "phandle", 0));
	assert_int_equal(cell(fdt, "/pl011@9000000", "interrupts", 1), 1);
	assert_int_equal(cell(fdt, "/pl011@9000000", "interrupts", 2), 4);
	assert_int_equal(cell(fdt, "/pl011@9000000", "clocks", 1),
			 cell(fdt, "/apb-pclk", "phandle", 0));
	assert_int_equal(cell(fdt, "/pl031@9010000", "interrupts", 1), 2);
	assert_int_equal(cell(fdt, "/pl031@9010000", "interrupts", 2), 4);
	assert_int_equal(cell(fdt, "/pl061@9030000", "interrupts", 1), 7);
	assert_int_equal(cell(fdt, "/pl061@9030000", "interrupts", 2), 4);
	assert_int_equal(cell(fdt, "/timer", "interrupts", 7), 11);
	assert_true(cell64(fdt, "/virtio_mmio@a000000", "reg", 0) == 0x0A000000);
	assert_int_equal(cell(fdt, "/virtio_mmio@a000400", "interrupts", 1), 18);
	assert_int_equal(cell(fdt, "/virtio_mmio@a000400", "interrupts", 2), 1);
	assert_int_equal(cell(fdt, "/virtio_mmio@a003e00", "interrupts", 1), 47);
	assert_int_equal(fdt_path_offset(fdt, "/virtio_mmio@a000200"), -FDT_ERR_NOTFOUND);
	assert_int_equal(LAYOUT_VIRTIO_SLOT_INTID(31), 79);
	assert_int_equal(LAYOUT_RTC_INTID, 34);
	test_free(fdt);
}

/* Each key has its line and Linux's code, and its press alone wakes the guest. */
static void keys_follow_the_layout(void **state)
{
	static const struct {
		const char *path;
		uint32_t line;
		uint32_t code;
	} keys[] = {
		{"/gpio-keys/poweroff", 3, 116},
		{"/gpio-keys/suspend", 4, 142},
		{"/gpio-keys/hibernate", 5, 205},
	};
	struct fdt_config config = config_of(0x10003);
	void *fdt = build(&config);
	int len;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(cell(fdt, keys[i].path, "gpios", 0),
				 cell(fdt, "/pl061@9030000", "phandle", 0));
		assert_int_equal(cell(fdt, keys[i].path, "gpios", 1), keys[i].line);
		assert_int_equal(cell(fdt, keys[i].path, "gpios", 2), 0);
		assert_int_equal(cell(fdt, keys[i].path, "linux,code", 0), keys[i].code);
		assert_non_null(prop(fdt, keys[i].path, "wakeup-source", &len));
		assert_int_equal(cell(fdt, keys[i].path, "wakeup-event-action", 0), 1);
	}
	test_free(fdt);
}

/* A reboot must not start from the seeds of the boot before. */
static void seeds_are_fresh(void **state)
{
	struct fdt_config config = config_of(0x10003);
	void *first = build(&config);
	void *second = build(&config);
	int len;

	(void)state;
	assert_memory_not_equal(prop(first, "/chosen", "rng-seed", &len),
				prop(second, "/chosen", "rng-seed", &len), 32);
	assert_int_equal(len, 32);
	assert_memory_not_equal(prop(first, "/chosen", "kaslr-seed", &len),
				prop(second, "/chosen", "kaslr-seed", &len), 8);
	assert_int_equal(len, 8);
	test_free(first);
	test_free(second);
}

static void bad_configs_are_refused(void **state)
{
	struct fdt_config config = config_of(0x10003);
	_Alignas(8) uint8_t small[512];
	struct vmm_error err;

	(void)state;
	assert_int_equal(fdt_build(&config, small, sizeof(small), &err), -ENOSPC);
	config.cpu_count = 0;
	assert_int_equal(fdt_build(&config, small, sizeof(small), &err), -EINVAL);
	config = config_of(0x3);
	assert_int_equal(fdt_build(&config, small, sizeof(small), &err), -EINVAL);
	assert_non_null(strstr(err.text, "0.3"));
}

static void dtc_has_no_warning(void **state)
{
	static const uint32_t versions[] = {0x1, 0x2, 0x10000, 0x10003};

	(void)state;
	skip_without_dtc();
	for (unsigned i = 0; i < 4; i++) {
		struct fdt_config config = config_of(versions[i]);

		assert_dtc_is_content(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchdog_and_pvpanic),
		cmocka_unit_test(flash),
		cmocka_unit_test(memory_cpus_and_chosen),
		cmocka_unit_test(many_cpus),
		cmocka_unit_test(pmu_is_told),
		cmocka_unit_test(what_is_not_there_is_left_out),
		cmocka_unit_test(psci_node_follows_the_version),
		cmocka_unit_test(devices_follow_the_layout),
		cmocka_unit_test(keys_follow_the_layout),
		cmocka_unit_test(seeds_are_fresh),
		cmocka_unit_test(bad_configs_are_refused),
		cmocka_unit_test(dtc_has_no_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
