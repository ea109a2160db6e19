/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files that write the device tree share.
 */
#ifndef VMM_BOOT_FDT_INTERNAL_H
#define VMM_BOOT_FDT_INTERNAL_H

#include "boot/fdt.h"
#include "boot/fdt_writer.h"

/* Nodes that others point to. */
#define FDT_PHANDLE_GIC 1
#define FDT_PHANDLE_CLOCK 2

/* fdt_cpus.c */
void fdt_write_cpus(struct fdt_writer *w, const struct fdt_config *config);

/* fdt_devices.c */
void fdt_write_devices(struct fdt_writer *w, const struct fdt_config *config);

#endif /* VMM_BOOT_FDT_INTERNAL_H */
