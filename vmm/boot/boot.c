/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "boot/blob.h"
#include "boot/boot_tables.h"
#include "boot/image.h"
#include "platform/layout.h"

/* The tree has 2 MiB to itself, so that the guest may map it in one piece with one attribute. */
#define DTB_ALIGN_BYTES ((uint64_t)FDT_SIZE_MAX_BYTES)
#define INITRD_ALIGN_BYTES UINT64_C(0x10000)
#define MIB_BYTES (UINT64_C(1) << 20)

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) / align * align;
}

int boot_open(struct boot *boot, const struct boot_config *config, struct vmm_error *err)
{
	int ret;

	*boot = (struct boot){.config = *config, .kernel_fd = -1, .initrd_fd = -1};
	if (config->kernel == NULL) {
		return 0;
	}
	ret = blob_open(config->kernel, "kernel", err);
	if (ret < 0) {
		return ret;
	}
	boot->kernel_fd = ret;
	if (config->initrd != NULL) {
		ret = blob_open(config->initrd, "initrd", err);
		if (ret < 0) {
			boot_close(boot);
			return ret;
		}
		boot->initrd_fd = ret;
	}
	return 0;
}

void boot_close(struct boot *boot)
{
	if (boot->kernel_fd >= 0) {
		(void)close(boot->kernel_fd);
	}
	if (boot->initrd_fd >= 0) {
		(void)close(boot->initrd_fd);
	}
	boot->kernel_fd = -1;
	boot->initrd_fd = -1;
}

static int too_small(const struct guest_ram *ram, const char *what, struct vmm_error *err)
{
	vmm_error_set(err,
		      "the guest's memory of %" PRIu64 " MiB has no room for the %s beside the "
		      "kernel: give more with --memory",
		      ram->size_bytes / MIB_BYTES, what);
	return -ENOSPC;
}

/* It would find no memory. */
static int has_no_acpi(const char *kernel, struct vmm_error *err)
{
	vmm_error_set(err,
		      "kernel %s is big-endian: such kernels have no ACPI, give one that is "
		      "little-endian or use --firmware-tables dt",
		      kernel);
	return -ENOTSUP;
}

static int load_initrd(const struct boot *boot, const struct guest_ram *ram, uint64_t ipa,
		       uint64_t *size_bytes, struct vmm_error *err)
{
	const char *path = boot->config.initrd;
	void *to;
	int ret = blob_size(boot->initrd_fd, path, "initrd", size_bytes, err);

	if (ret != 0) {
		return ret;
	}
	to = guest_ram_at(ram, ipa, *size_bytes);
	if (to == NULL) {
		return too_small(ram, "initrd", err);
	}
	return blob_read_at(boot->initrd_fd, to, (size_t)*size_bytes, path, "initrd", err);
}

/* Device tree, tables and initrd behind the kernel; all but the tree, which tells of the others. */
static int load_behind(const struct boot *boot, const struct guest_ram *room, uint64_t ipa,
		       const struct acpi_config *acpi, struct fdt_config *tree,
		       struct boot_tables *tables, struct vmm_error *err)
{
	const struct guest_ram ram = {.ipa = tree->ram_ipa, .size_bytes = tree->ram_size_bytes};
	int ret = 0;

	if (acpi != NULL) {
		void *to = guest_ram_at(room, ipa, BOOT_TABLES_BYTES);

		if (to == NULL) {
			return too_small(&ram, "ACPI tables", err);
		}
		ret = boot_tables_load(acpi, &ram, ipa, to, tables, err);
		tree->efi = &tables->efi;
		ipa += BOOT_TABLES_BYTES;
	}
	if (ret == 0 && boot->initrd_fd >= 0) {
		tree->initrd_ipa = align_up(ipa, INITRD_ALIGN_BYTES);
		ret = load_initrd(boot, room, tree->initrd_ipa, &tree->initrd_size_bytes, err);
	}
	return ret;
}

int boot_load(const struct boot *boot, const struct guest_ram *ram, const struct fdt_config *tree,
	      const struct acpi_config *acpi, struct boot_entry *entry, struct vmm_error *err)
{
	struct fdt_config filled = *tree;
	struct boot_tables tables = {0};
	struct image_place kernel = {0};
	/* What the tree reserves at the end of RAM is not written to. */
	struct guest_ram room = *ram;
	uint64_t dtb_ipa;
	void *dtb;
	int ret;

	if (tree->ramoops_size_bytes >= ram->size_bytes) {
		return too_small(ram, "ramoops region", err);
	}
	room.size_bytes -= tree->ramoops_size_bytes;
	ret = image_load(boot->kernel_fd, boot->config.kernel, boot->config.raw, &room, &kernel,
			 err);
	if (ret == 0 && acpi != NULL && kernel.big_endian) {
		ret = has_no_acpi(boot->config.kernel, err);
	}
	if (ret != 0) {
		return ret;
	}
	dtb_ipa = align_up(kernel.end_ipa, DTB_ALIGN_BYTES);
	dtb = guest_ram_at(&room, dtb_ipa, FDT_SIZE_MAX_BYTES);
	if (dtb == NULL) {
		return too_small(ram, "device tree", err);
	}
	filled.ram_ipa = ram->ipa;
	filled.ram_size_bytes = ram->size_bytes;
	filled.initrd_size_bytes = 0;
	ret = load_behind(boot, &room, dtb_ipa + FDT_SIZE_MAX_BYTES, acpi, &filled, &tables, err);
	if (ret == 0) {
		ret = fdt_build(&filled, dtb, FDT_SIZE_MAX_BYTES, err);
	}
	if (ret == 0) {
		*entry = (struct boot_entry){
			.pc = kernel.entry_ipa,
			.dtb_ipa = dtb_ipa,
			.big_endian = kernel.big_endian,
			.facs_ipa = tables.facs_ipa,
		};
	}
	return ret;
}

int boot_load_firmware(const struct guest_ram *ram, const struct fdt_config *tree,
		       struct boot_entry *entry, struct vmm_error *err)
{
	struct fdt_config filled = *tree;
	void *dtb = guest_ram_at(ram, ram->ipa, FDT_SIZE_MAX_BYTES);
	int ret;

	if (dtb == NULL) {
		return too_small(ram, "device tree", err);
	}
	filled.ram_ipa = ram->ipa;
	filled.ram_size_bytes = ram->size_bytes;
	filled.initrd_size_bytes = 0;
	ret = fdt_build(&filled, dtb, FDT_SIZE_MAX_BYTES, err);
	if (ret == 0) {
		*entry = (struct boot_entry){.pc = LAYOUT_FLASH_BASE, .dtb_ipa = ram->ipa};
	}
	return ret;
}
