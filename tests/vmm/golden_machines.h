/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machines whose device trees, tables and descriptions are kept in tests/vmm/golden, by type.
 * New ones go to the end; what is here never changes.
 */
#ifndef TESTS_VMM_GOLDEN_MACHINES_H
#define TESTS_VMM_GOLDEN_MACHINES_H

#include <torpor/abi.h>

#include "machine/machine.h"

/* The disks' places are filled in: memory files of this size. */
#define GOLDEN_DISK_BYTES (INT64_C(1) << 30)

/**
 * struct golden_machine - one of them
 * @name:   of its files
 * @pmu:    the host has performance counters
 * @config: without type, kernel and paths of disks
 */
struct golden_machine {
	const char *name;
	bool pmu;
	struct machine_config config;
};

/* A name that two configurations share. */
#define GOLDEN_NETS                                                                                \
	.nets = {{.kind = MACHINE_NET_TAP, .target = "tap0", .mac = {2, 0x74, 0x70, 0x72, 0, 0}},  \
		 {.kind = MACHINE_NET_STREAM,                                                      \
		  .target = "/s",                                                                  \
		  .mac = {2, 0x74, 0x70, 0x72, 0, 1},                                              \
		  .mtu = 9000}},                                                                   \
	.net_count = 2

#define GOLDEN_DEVICES                                                                             \
	.disks = {{.queue_count = 0}, {.read_only = true}, {.discard = true, .queue_count = 4}},   \
	.disk_count = 3,                                                                           \
	.console = {.path = "/c", .ports = {{"agent", "/a"}, {"log", "/l"}}, .port_count = 2},     \
	.watchdog = MACHINE_WATCHDOG_RESET, .vsock_cid = 42, .balloon = true,                      \
	.ramoops_bytes = 0x20000, GOLDEN_NETS

#define GOLDEN_SMALL(version)                                                                      \
	.cpu_count = 1, .memory_bytes = UINT64_C(512) << 20, .psci_version = (version)

static const struct golden_machine golden_machines[] = {
	{"small", false, {GOLDEN_SMALL(TORPOR_PSCI_1_3)}},
	{"psci-0.1", false, {GOLDEN_SMALL(TORPOR_PSCI_0_1)}},
	{"psci-0.2", false, {GOLDEN_SMALL(TORPOR_PSCI_0_2)}},
	{"psci-1.0", false, {GOLDEN_SMALL(TORPOR_PSCI_1_0)}},
	{"psci-1.1", false, {GOLDEN_SMALL(TORPOR_PSCI_1_1)}},
	{"psci-1.2", false, {GOLDEN_SMALL(TORPOR_PSCI_1_2)}},
	{"idle",
	 true,
	 {.cpu_count = 4,
	  .memory_bytes = UINT64_C(2) << 30,
	  .psci_version = TORPOR_PSCI_1_3,
	  .idle_states = true}},
	{"clusters",
	 true,
	 {.cpu_count = 4,
	  .memory_bytes = UINT64_C(2) << 30,
	  .psci_version = TORPOR_PSCI_1_3,
	  .idle_states = true,
	  .cluster_count = 2}},
	{"many",
	 true,
	 {.cpu_count = 130, .memory_bytes = UINT64_C(300) << 30, .psci_version = TORPOR_PSCI_1_3}},
	{"devices",
	 true,
	 {.cpu_count = 2,
	  .memory_bytes = UINT64_C(1) << 30,
	  .psci_version = TORPOR_PSCI_1_3,
	  GOLDEN_DEVICES}},
	{"huge-pages",
	 false,
	 {.cpu_count = 1,
	  .memory_bytes = UINT64_C(512) << 20,
	  .psci_version = TORPOR_PSCI_1_3,
	  .hugepages = true,
	  .balloon = true}},
	{"acpi-small",
	 false,
	 {GOLDEN_SMALL(TORPOR_PSCI_1_3), .firmware_tables = MACHINE_TABLES_ACPI}},
	{"acpi-idle",
	 true,
	 {.cpu_count = 4,
	  .memory_bytes = UINT64_C(2) << 30,
	  .psci_version = TORPOR_PSCI_1_3,
	  .idle_states = true,
	  .firmware_tables = MACHINE_TABLES_ACPI}},
	{"acpi-many",
	 true,
	 {.cpu_count = 130,
	  .memory_bytes = UINT64_C(300) << 30,
	  .psci_version = TORPOR_PSCI_1_3,
	  .firmware_tables = MACHINE_TABLES_ACPI}},
	{"acpi-devices",
	 true,
	 {.cpu_count = 2,
	  .memory_bytes = UINT64_C(1) << 30,
	  .psci_version = TORPOR_PSCI_1_3,
	  GOLDEN_DEVICES,
	  .firmware_tables = MACHINE_TABLES_ACPI}},
};

#define GOLDEN_COUNT (sizeof(golden_machines) / sizeof(golden_machines[0]))

#endif /* TESTS_VMM_GOLDEN_MACHINES_H */
