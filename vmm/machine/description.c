/* SPDX-License-Identifier: BSD-3-Clause */
/* The description, but for what has a file of its own: CPUs, devices, tables. */
#include "machine/description.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

#include "machine/description_internal.h"
#include "platform/idle_states.h"
#include "platform/layout.h"

void describe_digest(struct description_lines *lines, const char *field, const void *bytes,
		     size_t len_bytes)
{
	lines_add(lines, field, "xxh3-64:%016" PRIx64, (uint64_t)XXH3_64bits(bytes, len_bytes));
}

static const struct machine_type *type_of(const struct machine *machine)
{
	return machine->config.type != NULL ? machine->config.type
					    : machine_type_find(MACHINE_TYPE_DEFAULT);
}

static void describe_memory(const struct machine *machine, struct description_lines *lines)
{
	const struct machine_config *config = &machine->config;
	uint64_t ram_end = LAYOUT_RAM_BASE + config->memory_bytes;

	lines_add(lines, "ram.address", "0x%" PRIx64, LAYOUT_RAM_BASE);
	lines_add(lines, "ram.bytes", "%" PRIu64, config->memory_bytes);
	lines_add(lines, "ramoops.bytes", "%" PRIu64, config->ramoops_bytes);
	if (config->ramoops_bytes != 0) {
		lines_add(lines, "ramoops.address", "0x%" PRIx64, ram_end - config->ramoops_bytes);
	}
}

static void describe_gic(const struct machine *machine, struct description_lines *lines)
{
	uint32_t cpus = machine->config.cpu_count;
	uint32_t near = cpus < LAYOUT_GICR_CPU_COUNT_MAX ? cpus : LAYOUT_GICR_CPU_COUNT_MAX;

	lines_add(lines, "gic.version", "3");
	lines_add(lines, "gic.spi-count", "%u", LAYOUT_GIC_INTID_COUNT - LAYOUT_SPI_BASE);
	lines_add(lines, "gic.distributor", "0x%" PRIx64 " 0x%" PRIx64, LAYOUT_GICD_BASE,
		  LAYOUT_GICD_SIZE_BYTES);
	lines_add(lines, "gic.redistributors0", "0x%" PRIx64 " %u", LAYOUT_GICR_BASE, near);
	if (cpus > near) {
		lines_add(lines, "gic.redistributors1", "0x%" PRIx64 " %u",
			  layout_gicr2_base(machine->config.memory_bytes), cpus - near);
	}
}

static void describe_timer(struct description_lines *lines)
{
	lines_add(lines, "timer.frequency-hz", "%" PRIu64, kvm_counter_hz());
	lines_add(lines, "timer.physical.ppi", "%u", LAYOUT_TIMER_NS_EL1_PPI);
	lines_add(lines, "timer.virtual.ppi", "%u", LAYOUT_TIMER_VIRT_PPI);
}

static void describe_idle_states(const struct machine *machine, struct description_lines *lines)
{
	const struct machine_config *config = &machine->config;
	uint32_t count = config->idle_states ? idle_state_count(config->cluster_count) : 0;
	char field[64];

	lines_add(lines, "psci.cluster-count", "%u",
		  config->idle_states ? config->cluster_count : 0);
	lines_add(lines, "psci.idle-state-count", "%u", count);
	for (uint32_t n = 0; n < count; n++) {
		const struct idle_state *state = &idle_states[n];

		(void)snprintf(field, sizeof(field), "psci.idle-state%u", n);
		lines_add(lines, field, "%s 0x%x %u %u %u", state->name, state->power_state,
			  state->entry_us, state->exit_us, state->min_us);
	}
}

/* Which calls are not KVM's to answer: those of the first argument's range. */
static void describe_psci(const struct machine *machine, struct description_lines *lines)
{
	uint32_t version = machine->config.psci_version;
	size_t count;
	const struct kvm_forward *forwards = machine_forwards(&count);
	char field[64];

	lines_add(lines, "psci.version", "%u.%u", version >> 16, version & 0xFFFF);
	for (size_t n = 0; n < count; n++) {
		(void)snprintf(field, sizeof(field), "psci.calls%zu", n);
		lines_add(lines, field, "0x%08x 0x%x", forwards[n].first, forwards[n].count);
	}
	describe_idle_states(machine, lines);
}

static int describe(const struct machine *machine, struct description_lines *lines,
		    struct vmm_error *error)
{
	int ret;

	lines_add(lines, "machine", "%s", type_of(machine)->name);
	describe_memory(machine, lines);
	describe_gic(machine, lines);
	describe_timer(lines);
	describe_psci(machine, lines);
	describe_devices(machine, lines);
	ret = describe_tables(machine, lines, error);
	return ret != 0 ? ret : describe_cpus(machine, lines, error);
}

int machine_describe(struct machine *machine, char **text, struct vmm_error *error)
{
	struct description_lines lines = {0};
	int ret;

	if (machine->started) {
		vmm_error_set(error, "a machine that was started can't be described");
		return -EBUSY;
	}
	ret = describe(machine, &lines, error);
	if (ret != 0) {
		lines_free(&lines);
		return ret;
	}
	*text = lines_finish(&lines);
	if (*text == NULL) {
		vmm_error_set(error, "no memory for the machine's description");
		return -ENOMEM;
	}
	return 0;
}
