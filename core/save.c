/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's state to bytes. What has no meaning in the state that a CPU is in is saved as zero,
 * so that the same machine gives the same bytes.
 */
#include "format.h"
#include "internal.h"

static uint32_t stat_count(const struct torpor_machine *machine)
{
	const struct torpor_config *config = &machine->config;

	return tp_stat_is_kept(machine)
		       ? (config->cpu_count + config->node_count) * config->state_count
		       : 0;
}

size_t torpor_machine_save_size(const struct torpor_machine *machine)
{
	return TP_CPUS + (size_t)machine->config.cpu_count * TP_CPU_BYTES +
	       (size_t)machine->config.node_count * TP_NODE_BYTES +
	       (size_t)stat_count(machine) * TP_STAT_BYTES + TP_CRC_BYTES;
}

static void save_header(const struct torpor_machine *machine, uint8_t *out)
{
	static const uint8_t magic[TP_FORMAT_MAGIC_BYTES + 1] = TP_FORMAT_MAGIC;
	uint32_t i;

	for (i = 0; i < TP_FORMAT_MAGIC_BYTES; i++) {
		out[i] = magic[i];
	}
	tp_put32(out + TP_HEADER_FORMAT, TP_FORMAT_VERSION);
	tp_put32(out + TP_HEADER_LENGTH, (uint32_t)torpor_machine_save_size(machine));
	tp_put32(out + TP_HEADER_PSCI_VERSION, machine->config.psci_version);
	tp_put32(out + TP_HEADER_CPU_COUNT, machine->config.cpu_count);
	tp_put32(out + TP_HEADER_CPUS, tp_digest_cpus(machine));
	tp_put32(out + TP_HEADER_NODE_COUNT, machine->config.node_count);
	tp_put32(out + TP_HEADER_STATE_COUNT, machine->config.state_count);
	tp_put32(out + TP_HEADER_CONFIG, tp_digest_config(machine));
	tp_put32(out + TP_HEADER_CRC, tp_crc32(0, out, TP_HEADER_CRC));
}

static void save_machine(const struct torpor_machine *machine, uint32_t word, uint8_t *out)
{
	tp_put32(out + TP_MACHINE_MODE, (uint32_t)tp_mode(word));
	tp_put32(out + TP_MACHINE_COUNT, tp_count(word));
	tp_put32(out + TP_MACHINE_SUSPEND_MODE, atomic_load_acquire(&machine->suspend_mode));
	tp_put32(out + TP_MACHINE_MEM_PROTECT, atomic_load_acquire(&machine->mem_protect));
	tp_put32(out + TP_MACHINE_RESIDENT, atomic_load_acquire(&machine->resident));
}

static uint32_t wait_in(enum torpor_cpu_state state, uint32_t wait)
{
	bool system = (wait & TP_WAIT_KIND) == TP_WAIT_SYSTEM;

	return state == (system ? TORPOR_CPU_ON : TORPOR_CPU_SUSPENDED) ? wait : TP_WAIT_NONE;
}

/* False if the CPU is in the middle of a step, or was while it was looked at. */
static bool save_cpu(const struct torpor_machine *machine, uint32_t cpu, uint64_t now_us,
		     uint8_t *out)
{
	const struct torpor_cpu *record = &machine->config.cpus[cpu];
	uint32_t word = atomic_load_acquire(&record->word);
	enum torpor_cpu_state state = tp_state(word);
	uint32_t wait = wait_in(state, atomic_load_relaxed(&record->wait));
	bool sleeps = (wait & TP_WAIT_KIND) != TP_WAIT_NONE;
	bool enters = state == TORPOR_CPU_ON_PENDING ||
		      (sleeps && (wait & TP_WAIT_KIND) != TP_WAIT_STANDBY);
	bool counts = (state != TORPOR_CPU_ON || sleeps) && state != TORPOR_CPU_DISABLED &&
		      record->state_index != TORPOR_STATE_NONE;

	if (state == TORPOR_CPU_CLAIMED || state == TORPOR_CPU_LEAVING) {
		return false;
	}
	tp_put32(out + TP_CPU_STATE, (uint32_t)state);
	tp_put32(out + TP_CPU_WAIT, wait);
	tp_put32(out + TP_CPU_START_FLAGS, enters ? record->start_flags : 0);
	tp_put32(out + TP_CPU_STAT_STATE, counts ? record->state_index : TORPOR_STATE_NONE);
	tp_put32(out + TP_CPU_POWER_STATE, state == TORPOR_CPU_SUSPENDED ? record->power_state : 0);
	tp_put32(out + TP_CPU_LEVEL, state == TORPOR_CPU_SUSPENDED ? record->level : 0);
	tp_put64(out + TP_CPU_ENTRY, enters ? record->entry : 0);
	tp_put64(out + TP_CPU_CONTEXT, enters ? record->context : 0);
	tp_put64(out + TP_CPU_ELAPSED_US,
		 counts ? (now_us - record->since_us) & (UINT64_MAX >> 1) : 0);
	return atomic_load_acquire(&record->word) == word;
}

static void save_node(const struct torpor_machine *machine, uint32_t node, uint64_t now_us,
		      uint8_t *out)
{
	uint64_t since_us = now_us;
	uint32_t state = tp_stat_node_state(machine, node, &since_us);

	tp_put32(out + TP_NODE_WORD, atomic_load_acquire(&machine->config.nodes[node].word));
	tp_put32(out + TP_NODE_STAT_STATE, state);
	tp_put64(out + TP_NODE_ELAPSED_US, (now_us - since_us) & (UINT64_MAX >> 1));
}

static uint8_t *save_stats(const struct torpor_machine *machine, uint8_t *at)
{
	uint32_t count = stat_count(machine);
	uint32_t i;

	for (i = 0; i < count; i++, at += TP_STAT_BYTES) {
		const struct torpor_stat *stat = &machine->config.stats[i];

		tp_put32(at + TP_STAT_COUNT, atomic_load_acquire(&stat->words[0]));
		tp_put64(at + TP_STAT_RESIDENCY_US, tp_stat_residency(stat));
	}
	return at;
}

static bool is_off(const uint8_t *cpu)
{
	uint32_t state = tp_get32(cpu + TP_CPU_STATE);

	return state == TORPOR_CPU_OFF || state == TORPOR_CPU_DISABLED;
}

enum torpor_status torpor_machine_save(const struct torpor_machine *machine, void *buf,
				       size_t len_bytes)
{
	uint64_t now_us = tp_stat_now(machine);
	uint32_t word = atomic_load_acquire(&machine->word);
	uint32_t cpus_on = 0;
	uint8_t *out = buf;
	uint8_t *at = out + TP_CPUS;
	uint32_t i;

	if (len_bytes < torpor_machine_save_size(machine)) {
		return TORPOR_E_SPACE;
	}
	save_header(machine, out);
	save_machine(machine, word, out);
	for (i = 0; i < machine->config.cpu_count; i++, at += TP_CPU_BYTES) {
		if (!save_cpu(machine, i, now_us, at)) {
			return TORPOR_E_BUSY;
		}
		cpus_on += is_off(at) ? 0 : 1;
	}
	for (i = 0; i < machine->config.node_count; i++, at += TP_NODE_BYTES) {
		save_node(machine, i, now_us, at);
	}
	at = save_stats(machine, at);
	/* The Trusted OS is on its way, or a start came in between. */
#ifdef TORPOR_MUTANT_SAVE_ONCE
	if (atomic_load_acquire(&machine->resident) >= machine->config.cpu_count) {
#else
	if (atomic_load_acquire(&machine->resident) >= machine->config.cpu_count ||
	    cpus_on != tp_cpus_on(word) || atomic_load_acquire(&machine->word) != word) {
#endif
		return TORPOR_E_BUSY;
	}
	tp_put32(at, tp_crc32(0, out, (size_t)(at - out)));
	return TORPOR_OK;
}
