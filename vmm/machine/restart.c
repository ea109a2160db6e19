/* SPDX-License-Identifier: BSD-3-Clause */
/* From nothing to a guest that can start: at first, and at each reset. */
#include <errno.h>
#include <string.h>
#include "machine/internal.h"
#include "machine/recorded.h"
#include "platform/layout.h"

/* What goes to user space: all of PSCI's range in both widths, and the ids of PSCI 0.1. */
static const struct kvm_forward psci_calls[] = {
	{.first = TORPOR_FN32_BASE, .count = TORPOR_FN_COUNT},
	{.first = TORPOR_FN64_BASE, .count = TORPOR_FN_COUNT},
	{.first = POWER_FN_0_1_BASE, .count = POWER_FN_0_1_COUNT},
};

const struct kvm_forward *machine_forwards(size_t *count)
{
	*count = sizeof(psci_calls) / sizeof(psci_calls[0]);
	return psci_calls;
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static int create_vm(struct machine *machine, const struct recorded *recorded,
		     struct vmm_error *error)
{
	uint32_t near_cpus = min(machine->config.cpu_count, LAYOUT_GICR_CPU_COUNT_MAX);
	struct kvm_vm_config config = {
		.ram = machine->ram,
		.cpu_count = machine->config.cpu_count,
		.forward = psci_calls,
		.forward_count = sizeof(psci_calls) / sizeof(psci_calls[0]),
		.spi_count = LAYOUT_GIC_INTID_COUNT - LAYOUT_SPI_BASE,
		.gicd_ipa = LAYOUT_GICD_BASE,
		.gicr =
			{
				{LAYOUT_GICR_BASE, near_cpus},
				{layout_gicr2_base(machine->config.memory_bytes),
				 machine->config.cpu_count - near_cpus},
			},
		.pmu_intid = LAYOUT_PMU_INTID,
		.features = machine->config.cpu_features,
		.identity = recorded->identity,
		.identity_count = recorded->count,
	};

	recorded_features(recorded, &config.features);
	return kvm_vm_create(&machine->vm, &config, error);
}

int machine_make_vm(struct machine *machine, struct vmm_error *error)
{
	const char *text = machine->config.recorded;
	struct recorded recorded;
	int ret = recorded_read(&recorded, text != NULL ? text : "");

	if (ret != 0) {
		vmm_error_set(error, "no memory for what was recorded of the machine");
		return ret;
	}
	ret = create_vm(machine, &recorded, error);
	recorded_free(&recorded);
	if (ret != 0) {
		return ret;
	}
	for (uint32_t i = 0; i < machine->config.cpu_count; i++) {
		machine->mpidrs[i] = kvm_vcpu_mpidr(kvm_vm_vcpu(machine->vm, i));
	}
	ret = board_map_flash(&machine->board, machine->vm, error);
	if (ret == 0) {
		board_connect(&machine->board, machine->vm);
	}
	return ret;
}

void machine_drop_vm(struct machine *machine)
{
	board_connect(&machine->board, NULL);
	kvm_vm_destroy(machine->vm);
	machine->vm = NULL;
}

void machine_tell_tree(const struct machine *machine, struct fdt_config *tree)
{
	*tree = (struct fdt_config){
		.mpidrs = machine->mpidrs,
		.cpu_count = machine->config.cpu_count,
		.pmu = kvm_vm_has_feature(machine->vm, CPU_FEATURE_PMU),
		.psci_version = machine->config.psci_version,
		.psci_ids =
			{
				.cpu_suspend = POWER_FN_0_1_BASE,
				.cpu_off = POWER_FN_0_1_BASE + 1,
				.cpu_on = POWER_FN_0_1_BASE + 2,
				.migrate = POWER_FN_0_1_BASE + 3,
			},
		.idle_states = machine->config.idle_states,
		.cluster_count = machine->config.cluster_count,
		.ramoops_size_bytes = machine->config.ramoops_bytes,
		.has_watchdog = machine->config.watchdog != MACHINE_WATCHDOG_NONE,
		.has_flash = machine->config.firmware != NULL,
		.virtio_slots = machine->board.virtio_slots,
	};
}

void machine_tell_acpi(const struct machine *machine, struct acpi_config *acpi)
{
	*acpi = (struct acpi_config){
		.mpidrs = machine->mpidrs,
		.cpu_count = machine->config.cpu_count,
		.pmu = kvm_vm_has_feature(machine->vm, CPU_FEATURE_PMU),
		.idle_states = machine->config.idle_states,
		.has_watchdog = machine->config.watchdog != MACHINE_WATCHDOG_NONE,
		.virtio_slots = machine->board.virtio_slots,
	};
}

int machine_load(struct machine *machine, struct vmm_error *error)
{
	bool has_acpi = machine->config.firmware_tables == MACHINE_TABLES_ACPI;
	struct acpi_config acpi;
	struct fdt_config tree;
	struct boot_entry entry;
	int ret;

	machine_tell_tree(machine, &tree);
	tree.bootargs = machine->config.cmdline;
	machine_tell_acpi(machine, &acpi);
	acpi.hardware_signature = machine->hardware_signature;
	ret = machine->config.firmware != NULL
		      ? boot_load_firmware(&machine->ram, &tree, &entry, error)
		      : boot_load(&machine->boot, &machine->ram, &tree, has_acpi ? &acpi : NULL,
				  &entry, error);
	if (ret == 0 && entry.big_endian && !kvm_vm_has_big_endian(machine->vm)) {
		vmm_error_set(error,
			      "kernel %s is big-endian, which this host's CPUs are not for "
			      "guests: give a little-endian one",
			      machine->config.kernel);
		ret = -ENOTSUP;
	}
	if (ret == 0) {
		machine->entry = (struct kvm_entry){.pc = entry.pc, .x0 = entry.dtb_ipa};
		machine->facs_ipa = entry.facs_ipa;
	}
	return ret;
}

int machine_restart(struct machine *machine, bool warm, struct vmm_error *error)
{
	int ret = 0;

	/* In this order: a disk's thread may be about to interrupt the guest until it is reset. */
	board_reset(&machine->board);
	machine_drop_vm(machine);
	if (!warm) {
		ret = guest_ram_discard(&machine->ram);
	}
	if (ret != 0) {
		vmm_error_set(error, "the guest's RAM could not be cleared for its reset: %s",
			      strerror(-ret));
		return ret;
	}
	ret = machine_make_vm(machine, error);
	if (ret == 0) {
		ret = machine_load(machine, error);
	}
	if (ret == 0) {
		ret = power_boot(machine->power, machine->vm, &machine->board.bus, &machine->entry,
				 error);
	}
	return ret;
}
