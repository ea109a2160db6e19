/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of boot/boot.h: all is in RAM, in its place, at each reset again. */

/* Asks zlib.h for const input. */
#define ZLIB_CONST

#include "check.h"

#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/boot_tables.h"
#include "kernel_file.h"
#include "platform/layout.h"
#include "temp_file.h"

#define MIB (UINT64_C(1) << 20)
#define RAM_BYTES (16 * MIB)
#define INITRD_BYTES 70001

struct fixture {
	struct temp_dir dir;
	char kernel_path[128];
	char initrd_path[128];
	struct guest_ram ram;
	struct vmm_error err;
	struct boot boot;
	struct boot_entry entry;
	struct fdt_config tree;
	const struct acpi_config *acpi;
	uint8_t kernel[KERNEL_FILE_BYTES];
	uint8_t initrd[INITRD_BYTES];
};

static const uint64_t mpidrs[] = {0, 1};

static int setup(void **state)
{
	static struct fixture f;
	struct boot_config config = {.kernel = f.kernel_path, .initrd = f.initrd_path};

	memset(&f, 0, sizeof(f));
	temp_dir_make(&f.dir);
	(void)snprintf(f.kernel_path, sizeof(f.kernel_path), "%s", temp_path(&f.dir, "Image"));
	(void)snprintf(f.initrd_path, sizeof(f.initrd_path), "%s", temp_path(&f.dir, "initrd"));
	kernel_file_make(f.kernel, 0, 3 * MIB, 0xA);
	memset(f.initrd, 0xC3, sizeof(f.initrd));
	temp_write(&f.dir, "Image", f.kernel, sizeof(f.kernel));
	temp_write(&f.dir, "initrd", f.initrd, sizeof(f.initrd));
	f.tree = (struct fdt_config){
		.mpidrs = mpidrs,
		.cpu_count = 2,
		.psci_version = 0x10003,
		.bootargs = "quiet",
	};
	*state = &f;
	assert_int_equal(guest_ram_map(&f.ram, RAM_BYTES), 0);
	return boot_open(&f.boot, &config, &f.err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	boot_close(&f->boot);
	guest_ram_unmap(&f->ram);
	temp_dir_remove(&f->dir);
	return 0;
}

static int load(struct fixture *f)
{
	return boot_load(&f->boot, &f->ram, &f->tree, f->acpi, &f->entry, &f->err);
}

static uint64_t chosen(const void *fdt, const char *name)
{
	const fdt64_t *value = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, NULL);

	assert_non_null(value);
	return fdt64_ld(value);
}

static void assert_loaded(struct fixture *f)
{
	const void *fdt = guest_ram_at(&f->ram, f->entry.dtb_ipa, FDT_SIZE_MAX_BYTES);
	uint64_t start;

	assert_true(f->entry.pc == LAYOUT_RAM_BASE);
	assert_memory_equal(f->ram.host, f->kernel, sizeof(f->kernel));
	/* The tree has a 2 MiB block of its own, after all that the kernel needs. */
	assert_int_equal(f->entry.dtb_ipa % (2 * MIB), 0);
	assert_true(f->entry.dtb_ipa >= LAYOUT_RAM_BASE + 3 * MIB);
	assert_int_equal(fdt_check_full(fdt, FDT_SIZE_MAX_BYTES), 0);
	start = chosen(fdt, "linux,initrd-start");
	assert_true(start >= f->entry.dtb_ipa + 2 * MIB);
	assert_true(chosen(fdt, "linux,initrd-end") == start + INITRD_BYTES);
	assert_memory_equal(guest_ram_at(&f->ram, start, INITRD_BYTES), f->initrd, INITRD_BYTES);
}

static void all_is_in_place(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f), 0);
	assert_loaded(f);
}

/* A reset loads anew: the same kernel, though its name now stands for another file, or for none. */
static void reset_loads_the_same_files(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f), 0);
	assert_int_equal(unlink(f->kernel_path), 0);
	temp_write(&f->dir, "Image", "not a kernel", 12);
	assert_int_equal(unlink(f->initrd_path), 0);
	assert_int_equal(guest_ram_discard(&f->ram), 0);
	assert_int_equal(load(f), 0);
	assert_loaded(f);
}

/* Overwritten or cut short in place: a line that says so, no crash. */
static void changed_files_are_noticed(void **state)
{
	struct fixture *f = *state;

	temp_write(&f->dir, "Image", "something else", 14);
	assert_int_equal(load(f), -EINVAL);
	assert_non_null(strstr(f->err.text, f->kernel_path));
	temp_write(&f->dir, "Image", f->kernel, sizeof(f->kernel));
	assert_int_equal(truncate(f->initrd_path, 0), 0);
	assert_int_equal(load(f), -EINVAL);
	assert_non_null(strstr(f->err.text, f->initrd_path));
}

static void without_initrd(void **state)
{
	struct fixture *f = *state;
	struct boot_config config = {.kernel = f->kernel_path};
	const void *fdt;

	boot_close(&f->boot);
	assert_int_equal(boot_open(&f->boot, &config, &f->err), 0);
	assert_int_equal(load(f), 0);
	fdt = guest_ram_at(&f->ram, f->entry.dtb_ipa, FDT_SIZE_MAX_BYTES);
	assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,initrd-start", NULL));
}

static void too_little_memory(void **state)
{
	struct fixture *f = *state;

	f->ram.size_bytes = 4 * MIB;
	assert_int_equal(load(f), -ENOSPC);
	assert_non_null(strstr(f->err.text, "device tree"));
	f->ram.size_bytes = 6 * MIB;
	assert_int_equal(load(f), -ENOSPC);
	assert_non_null(strstr(f->err.text, "initrd"));
	f->ram.size_bytes = RAM_BYTES;
}

static bool is_written(const struct fixture *f, const void *fdt, uint64_t ipa)
{
	uint64_t initrd = chosen(fdt, "linux,initrd-start");

	return (ipa >= f->entry.pc && ipa < f->entry.pc + sizeof(f->kernel)) ||
	       (ipa >= f->entry.dtb_ipa && ipa < f->entry.dtb_ipa + FDT_SIZE_MAX_BYTES) ||
	       (ipa >= initrd && ipa < initrd + INITRD_BYTES);
}

/*
 * A warm reset: kernel, device tree and initrd are written, and not one byte else: not the
 * kernel's bss, not what lies between, not the ramoops region.
 */
static void nothing_else_is_written(void **state)
{
	struct fixture *f = *state;
	const void *fdt;

	f->tree.ramoops_size_bytes = MIB;
	memset(f->ram.host, 0xA5, RAM_BYTES);
	assert_int_equal(load(f), 0);
	assert_loaded(f);
	fdt = guest_ram_at(&f->ram, f->entry.dtb_ipa, FDT_SIZE_MAX_BYTES);
	for (uint64_t offset = 0; offset < RAM_BYTES; offset++) {
		if (f->ram.host[offset] != 0xA5 && !is_written(f, fdt, f->ram.ipa + offset)) {
			fail_msg("the byte at 0x%llx was written",
				 (unsigned long long)(f->ram.ipa + offset));
		}
	}
}

/* Rather than over the ramoops region, nothing is loaded. */
static void ramoops_is_kept_clear(void **state)
{
	static const struct {
		uint64_t ramoops_bytes;
		const char *part;
	} rows[] = {
		{RAM_BYTES - 2 * MIB, "kernel"}, {RAM_BYTES - 4 * MIB, "device tree"},
		{RAM_BYTES - 6 * MIB, "initrd"}, {RAM_BYTES, "ramoops"},
		{UINT64_MAX, "ramoops"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f->tree.ramoops_size_bytes = rows[i].ramoops_bytes;
		assert_int_equal(load(f), -ENOSPC);
		assert_non_null(strstr(f->err.text, rows[i].part));
		assert_non_null(strstr(f->err.text, "--memory"));
	}
	f->tree.ramoops_size_bytes = RAM_BYTES - 7 * MIB;
	assert_int_equal(load(f), 0);
	assert_loaded(f);
}

/* Tables behind the device tree, which leads to them and has nothing else; then the initrd. */
static void acpi_is_in_place(void **state)
{
	static const struct acpi_config acpi = {
		.mpidrs = mpidrs,
		.cpu_count = 2,
		.hardware_signature = 0x5EED1234,
	};
	struct fixture *f = *state;
	uint64_t tables_ipa;
	const uint8_t *facs;
	const uint8_t *efi;
	const void *fdt;
	int chosen_at;

	f->acpi = &acpi;
	memset(f->ram.host, 0xA5, RAM_BYTES);
	assert_int_equal(load(f), 0);
	assert_loaded(f);
	tables_ipa = f->entry.dtb_ipa + FDT_SIZE_MAX_BYTES;
	assert_int_equal(tables_ipa % EFI_REGION_ALIGN_BYTES, 0);
	assert_int_equal(f->entry.facs_ipa, tables_ipa);
	facs = guest_ram_at(&f->ram, tables_ipa, BOOT_TABLES_BYTES);
	assert_memory_equal(facs, "FACS\x40\0\0\0\x34\x12\xED\x5E", 12);
	fdt = guest_ram_at(&f->ram, f->entry.dtb_ipa, FDT_SIZE_MAX_BYTES);
	assert_true(chosen(fdt, "linux,initrd-start") >= tables_ipa + BOOT_TABLES_BYTES);
	chosen_at = fdt_first_subnode(fdt, 0);
	assert_string_equal(fdt_get_name(fdt, chosen_at, NULL), "chosen");
	assert_true(fdt_next_subnode(fdt, chosen_at) < 0);
	efi = guest_ram_at(&f->ram, chosen(fdt, "linux,uefi-system-table"), 8);
	assert_non_null(efi);
	assert_memory_equal(efi, "IBI SYST", 8);
}

/* Without all six of these Linux finds no EFI; seeds and bootargs are there as in other trees. */
static void acpi_tree_is_complete(void **state)
{
	static const struct {
		const char *name;
		int len_bytes;
	} props[] = {
		{"linux,uefi-system-table", 8},
		{"linux,uefi-mmap-start", 8},
		{"linux,uefi-mmap-size", 4},
		{"linux,uefi-mmap-desc-size", 4},
		{"linux,uefi-mmap-desc-ver", 4},
		{"linux,uefi-secure-boot", 4},
		{"linux,initrd-start", 8},
		{"linux,initrd-end", 8},
		{"rng-seed", 32},
		{"kaslr-seed", 8},
		{"bootargs", sizeof("console=ttyAMA0")},
	};
	static const struct acpi_config acpi = {.mpidrs = mpidrs, .cpu_count = 2};
	struct fixture *f = *state;
	const void *fdt;
	int node;

	f->acpi = &acpi;
	f->tree.bootargs = "console=ttyAMA0";
	assert_int_equal(load(f), 0);
	fdt = guest_ram_at(&f->ram, f->entry.dtb_ipa, FDT_SIZE_MAX_BYTES);
	node = fdt_path_offset(fdt, "/chosen");
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
		int len_bytes = -1;

		assert_non_null(fdt_getprop(fdt, node, props[i].name, &len_bytes));
		assert_int_equal(len_bytes, props[i].len_bytes);
	}
	/* Disabled: 0 would be "unknown", and Debian locks itself down at 3. */
	assert_int_equal(fdt32_ld(fdt_getprop(fdt, node, "linux,uefi-secure-boot", NULL)), 2);
	assert_null(fdt_getprop(fdt, node, "stdout-path", NULL));
}

static void acpi_with_too_little_memory(void **state)
{
	static const struct acpi_config acpi = {.mpidrs = mpidrs, .cpu_count = 2};
	struct fixture *f = *state;

	f->acpi = &acpi;
	f->ram.size_bytes = 6 * MIB;
	assert_int_equal(load(f), -ENOSPC);
	assert_non_null(strstr(f->err.text, "ACPI tables"));
	f->ram.size_bytes = RAM_BYTES;
}

/* Linux has no EFI, so no ACPI, when it is big-endian: it would hang without a word. */
static void acpi_needs_a_little_endian_kernel(void **state)
{
	static const struct acpi_config acpi = {.mpidrs = mpidrs, .cpu_count = 2};
	struct fixture *f = *state;

	kernel_file_make(f->kernel, 0, 3 * MIB, 1);
	temp_write(&f->dir, "Image", f->kernel, sizeof(f->kernel));
	assert_int_equal(load(f), 0);
	f->acpi = &acpi;
	assert_int_equal(load(f), -ENOTSUP);
	assert_non_null(strstr(f->err.text, f->kernel_path));
	assert_non_null(strstr(f->err.text, "--firmware-tables dt"));
}

static void missing_files_are_named(void **state)
{
	struct fixture *f = *state;
	struct boot_config config = {.kernel = "/nonexistent/Image", .initrd = f->initrd_path};
	struct boot boot;

	assert_int_equal(boot_open(&boot, &config, &f->err), -ENOENT);
	assert_non_null(strstr(f->err.text, "kernel /nonexistent/Image"));
	config = (struct boot_config){.kernel = f->kernel_path, .initrd = "/nonexistent/initrd"};
	assert_int_equal(boot_open(&boot, &config, &f->err), -ENOENT);
	assert_non_null(strstr(f->err.text, "initrd /nonexistent/initrd"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all_is_in_place),
		T(reset_loads_the_same_files),
		T(changed_files_are_noticed),
		T(without_initrd),
		T(too_little_memory),
		T(missing_files_are_named),
		T(nothing_else_is_written),
		T(ramoops_is_kept_clear),
		T(acpi_is_in_place),
		T(acpi_tree_is_complete),
		T(acpi_with_too_little_memory),
		T(acpi_needs_a_little_endian_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
