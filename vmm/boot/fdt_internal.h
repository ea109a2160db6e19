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
#define FDT_PHANDLE_GPIO 3
#define FDT_PHANDLE_SYSTEM_DOMAIN 0x100
#define FDT_PHANDLE_IDLE_STATE(n) (0x110 + (n))
#define FDT_PHANDLE_CLUSTER_DOMAIN(n) (0x1000 + (n))
#define FDT_PHANDLE_CPU_DOMAIN(n) (0x2000 + (n))
#define FDT_PHANDLE_CPU(n) (0x3000 + (n))

/* fdt_cpus.c */
void fdt_write_cpus(struct fdt_writer *w, const struct fdt_config *config);

/* fdt_idle.c: properties of a CPU's node, nodes below that of the CPUs, and below psci's. */
void fdt_write_cpu_idle(struct fdt_writer *w, const struct fdt_config *config, uint32_t cpu);
void fdt_write_idle_states(struct fdt_writer *w, const struct fdt_config *config);
void fdt_write_domains(struct fdt_writer *w, const struct fdt_config *config);

/* fdt_reserved.c */
void fdt_write_reserved(struct fdt_writer *w, const struct fdt_config *config);

/* fdt_devices.c */
void fdt_write_devices(struct fdt_writer *w, const struct fdt_config *config);

#endif /* VMM_BOOT_FDT_INTERNAL_H */
