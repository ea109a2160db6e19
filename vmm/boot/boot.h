/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is in guest RAM when the first CPU starts: kernel, device tree, the tables of a guest that
 * boots with ACPI, initrd, in this order from the start of RAM. Nothing else is written: not the
 * kernel's bss, not what comes after the tree's 2 MiB, the tables and the initrd.
 *
 * Both files are opened once and stay open, so that each reset starts the same kernel although its
 * name may stand for another file by then. A file that was changed in place is noticed if what is
 * in it is no longer good; then the reset fails with a line that says so.
 */
#ifndef VMM_BOOT_BOOT_H
#define VMM_BOOT_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/acpi.h"
#include "boot/fdt.h"
#include "error.h"
#include "platform/ram.h"

/**
 * struct boot_config - what to start; strings are borrowed until boot_close()
 * @kernel: path, see boot/image.h; NULL for none, as the firmware has its own way to find one
 * @initrd: path, or NULL for none
 * @raw:    @kernel has no header, see image_load()
 */
struct boot_config {
	const char *kernel;
	const char *initrd;
	bool raw;
};

/**
 * struct boot - open files; members are boot's own
 * @config:    as given
 * @kernel_fd: open, or -1
 * @initrd_fd: open, or -1
 */
struct boot {
	struct boot_config config;
	int kernel_fd;
	int initrd_fd;
};

/**
 * struct boot_entry - how the first CPU starts, with all other general registers 0
 * @pc:         guest physical address
 * @dtb_ipa:    for x0
 * @big_endian: the kernel makes the CPU so; it is entered as any other
 * @facs_ipa:   the ACPI table with the hardware signature; 0 for none
 */
struct boot_entry {
	uint64_t pc;
	uint64_t dtb_ipa;
	bool big_endian;
	uint64_t facs_ipa;
};

/**
 * boot_open() - open the files
 * @boot:   filled on success; boot_close() it
 * @config: copied, its strings borrowed
 * @err:    one line that names the file
 *
 * Return: 0; -errno. What is in the files is looked at by boot_load().
 */
int boot_open(struct boot *boot, const struct boot_config *config, struct vmm_error *err);

/**
 * boot_close() - close the files
 * @boot: open
 */
void boot_close(struct boot *boot);

/**
 * boot_load() - fill RAM for a boot; again at each reset
 * @boot:  open
 * @ram:   what is not written here stays as it is, a ramoops region among it; see
 *         guest_ram_discard()
 * @tree:  what the device tree says; RAM, initrd and EFI in it are filled in here
 * @acpi:  what ACPI's tables say, and the tree then does not; NULL for a guest without ACPI
 * @entry: filled on success
 * @err:   one line that names the file, or says what is too small
 *
 * Context: no vCPU runs. Reads files and decompresses: up to seconds.
 * Return: 0; -errno, see image_load() and fdt_build(); -ENOSPC if RAM is too small for all;
 * -ENOTSUP for a big-endian kernel with ACPI.
 */
int boot_load(const struct boot *boot, const struct guest_ram *ram, const struct fdt_config *tree,
	      const struct acpi_config *acpi, struct boot_entry *entry, struct vmm_error *err);

/**
 * boot_load_firmware() - fill RAM for a boot from flash; again at each reset
 * @ram:      as for boot_load(); the tree is at its start, where firmware for QEMU's looks for it
 * @tree:     as for boot_load()
 * @entry:    filled on success
 * @err:      says what is too small
 *
 * Context: no vCPU runs. Return: 0; -ENOSPC if RAM is too small; -errno, see fdt_build().
 */
int boot_load_firmware(const struct guest_ram *ram, const struct fdt_config *tree,
		       struct boot_entry *entry, struct vmm_error *err);

#endif /* VMM_BOOT_BOOT_H */
