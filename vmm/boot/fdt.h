/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device tree that tells the guest what its machine is.
 *
 * It has the nodes of QEMU's `virt` machine, under the same names, for the devices that are there.
 * The RTC needs no property to wake the machine: Linux's driver arms its interrupt for that.
 */
#ifndef VMM_BOOT_FDT_H
#define VMM_BOOT_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/efi.h"
#include "error.h"

/* rng-seed and kaslr-seed. */
#define FDT_SEEDS_BYTES 40

/* Linux maps 2 MiB at most. */
#define FDT_SIZE_MAX_BYTES ((size_t)2 << 20)

/**
 * struct fdt_psci_ids - function ids of PSCI 0.1, which has none of its own
 * @cpu_suspend: 0 if the function is not there; likewise the others
 * @cpu_off:     as above
 * @cpu_on:      as above
 * @migrate:     as above
 */
struct fdt_psci_ids {
	uint32_t cpu_suspend;
	uint32_t cpu_off;
	uint32_t cpu_on;
	uint32_t migrate;
};

/**
 * struct fdt_config - what the tree says; all of it borrowed for the call
 * @ram_ipa:           start of RAM
 * @ram_size_bytes:    its size
 * @mpidrs:            affinity of each CPU; bits of MPIDR that are no affinity are ignored
 * @cpu_count:         at least 1; the first CPU is the one that boots
 * @pmu:               the CPUs have performance counters
 * @psci_version:      major << 16 | minor; calls are made by HVC
 * @psci_ids:          for version 0.1 only
 * @idle_states:       the CPUs have those of platform/idle_states.h
 * @cluster_count:     with @idle_states: of the power tree, at most @cpu_count; 0 for none.
 *                     OS-initiated mode came with 1.0
 * @ramoops_size_bytes: of the region for Linux's ramoops at the end of RAM, a power of two from
 *                     64 KiB on; 0 for none
 * @bootargs:          the kernel's command line; NULL for none
 * @initrd_ipa:        start of the initrd
 * @initrd_size_bytes: its size, 0 for none
 * @has_watchdog:      there is one
 * @has_flash:         there is flash for variables
 * @virtio_slots:      bit n is set if virtio-mmio slot n has a device; others are left out
 * @seeds:             FDT_SEEDS_BYTES for the guest's random numbers; NULL: fresh ones each time
 * @efi:               where the tree leads to instead: it then has /chosen and nothing else. NULL
 *                     for a tree that tells of the machine itself
 */
struct fdt_config {
	uint64_t ram_ipa;
	uint64_t ram_size_bytes;
	const uint64_t *mpidrs;
	size_t cpu_count;
	bool pmu;
	uint32_t psci_version;
	struct fdt_psci_ids psci_ids;
	bool idle_states;
	uint32_t cluster_count;
	uint64_t ramoops_size_bytes;
	const char *bootargs;
	uint64_t initrd_ipa;
	uint64_t initrd_size_bytes;
	bool has_watchdog;
	bool has_flash;
	uint32_t virtio_slots;
	const uint8_t *seeds;
	const struct efi_place *efi;
};

/**
 * fdt_build() - write the tree
 * @config:     what it says
 * @to:         where to, 8-byte aligned
 * @size_bytes: room there
 * @err:        filled on failure
 *
 * Unless seeds are given, each call puts fresh random ones in, so a tree is for one boot only.
 *
 * Context: any thread.
 * Return: 0; -ENOSPC if the tree does not fit; -EINVAL for a PSCI version of which no tree can
 * tell, or no CPU; -errno of getrandom().
 */
int fdt_build(const struct fdt_config *config, void *to, size_t size_bytes, struct vmm_error *err);

#endif /* VMM_BOOT_FDT_H */
