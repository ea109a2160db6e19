/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Idle states, and the power tree that OS-initiated mode needs.
 *
 * Linux takes OS-initiated mode if PSCI_FEATURES offers it and there are power domains below the
 * psci node. A CPU's domain lists the CPU's own states; the deepest of them is the one in which
 * the domains above are looked at.
 */
#include "boot/fdt_internal.h"
#include "platform/idle_states.h"

static bool is_of_cluster(const struct idle_state *state)
{
	return state->depth[IDLE_LEVEL_CLUSTER] != IDLE_RUN;
}

static void write_states(struct fdt_writer *w, bool of_clusters)
{
	for (uint32_t i = 0; i < IDLE_STATE_COUNT; i++) {
		const struct idle_state *state = &idle_states[i];

		if (is_of_cluster(state) != of_clusters) {
			continue;
		}
		fdt_writer_begin(w, state->name);
		fdt_writer_string(w, "compatible",
				  of_clusters ? "domain-idle-state" : "arm,idle-state");
		fdt_writer_u32(w, "arm,psci-suspend-param", state->power_state);
		fdt_writer_u32(w, "entry-latency-us", state->entry_us);
		fdt_writer_u32(w, "exit-latency-us", state->exit_us);
		fdt_writer_u32(w, "min-residency-us", state->min_us);
		fdt_writer_u32(w, "phandle", FDT_PHANDLE_IDLE_STATE(i));
		fdt_writer_end(w);
	}
}

/* The list of states of a CPU, or of a cluster, from shallow to deep. */
static void write_list(struct fdt_writer *w, const char *name, bool of_clusters)
{
	uint32_t cells[IDLE_STATE_COUNT];
	size_t count = 0;

	for (uint32_t i = 0; i < IDLE_STATE_COUNT; i++) {
		if (is_of_cluster(&idle_states[i]) == of_clusters) {
			cells[count++] = FDT_PHANDLE_IDLE_STATE(i);
		}
	}
	fdt_writer_cells(w, name, cells, count);
}

void fdt_write_cpu_idle(struct fdt_writer *w, const struct fdt_config *config, uint32_t cpu)
{
	if (!config->idle_states) {
		return;
	}
	write_list(w, "cpu-idle-states", false);
	if (config->cluster_count == 0) {
		return;
	}
	fdt_writer_u32(w, "power-domains", FDT_PHANDLE_CPU_DOMAIN(cpu));
	fdt_writer_string(w, "power-domain-names", "psci");
	fdt_writer_u32(w, "phandle", FDT_PHANDLE_CPU(cpu));
}

static void write_cpu_map(struct fdt_writer *w, const struct fdt_config *config)
{
	uint32_t cpu_count = (uint32_t)config->cpu_count;
	uint32_t cpu = 0;

	fdt_writer_begin(w, "cpu-map");
	for (uint32_t cluster = 0; cluster < config->cluster_count; cluster++) {
		fdt_writer_begin_named(w, "cluster%u", cluster);
		for (uint32_t core = 0;
		     cpu < cpu_count &&
		     idle_cluster_of(cpu, cpu_count, config->cluster_count) == cluster;
		     core++, cpu++) {
			fdt_writer_begin_named(w, "core%u", core);
			fdt_writer_u32(w, "cpu", FDT_PHANDLE_CPU(cpu));
			fdt_writer_end(w);
		}
		fdt_writer_end(w);
	}
	fdt_writer_end(w);
}

void fdt_write_idle_states(struct fdt_writer *w, const struct fdt_config *config)
{
	if (!config->idle_states) {
		return;
	}
	fdt_writer_begin(w, "idle-states");
	fdt_writer_string(w, "entry-method", "psci");
	write_states(w, false);
	fdt_writer_end(w);
	if (config->cluster_count == 0) {
		return;
	}
	fdt_writer_begin(w, "domain-idle-states");
	write_states(w, true);
	fdt_writer_end(w);
	write_cpu_map(w, config);
}

static void begin_domain(struct fdt_writer *w, const char *kind, uint32_t n, uint32_t phandle,
			 uint32_t parent)
{
	fdt_writer_begin_named(w, "power-domain-%s%u", kind, n);
	fdt_writer_u32(w, "#power-domain-cells", 0);
	fdt_writer_u32(w, "phandle", phandle);
	if (parent != 0) {
		fdt_writer_u32(w, "power-domains", parent);
	}
}

void fdt_write_domains(struct fdt_writer *w, const struct fdt_config *config)
{
	uint32_t cpu_count = (uint32_t)config->cpu_count;

	if (!config->idle_states || config->cluster_count == 0) {
		return;
	}
	for (uint32_t cpu = 0; cpu < cpu_count; cpu++) {
		uint32_t cluster = idle_cluster_of(cpu, cpu_count, config->cluster_count);

		begin_domain(w, "cpu", cpu, FDT_PHANDLE_CPU_DOMAIN(cpu),
			     FDT_PHANDLE_CLUSTER_DOMAIN(cluster));
		write_list(w, "domain-idle-states", false);
		fdt_writer_end(w);
	}
	for (uint32_t cluster = 0; cluster < config->cluster_count; cluster++) {
		begin_domain(w, "cluster", cluster, FDT_PHANDLE_CLUSTER_DOMAIN(cluster),
			     FDT_PHANDLE_SYSTEM_DOMAIN);
		write_list(w, "domain-idle-states", true);
		fdt_writer_end(w);
	}
	begin_domain(w, "system", 0, FDT_PHANDLE_SYSTEM_DOMAIN, 0);
	fdt_writer_end(w);
}
