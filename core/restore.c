/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine's state from bytes. All of them are looked at before anything changes.
 */
#include "format.h"
#include "internal.h"

/* Is it whole, and ours to read? The header has a checksum of its own, for the length in it. */
static enum torpor_status check_bytes(const uint8_t *in, size_t len_bytes)
{
	static const uint8_t magic[TP_FORMAT_MAGIC_BYTES + 1] = TP_FORMAT_MAGIC;
	uint32_t length, i;

	if (len_bytes < TP_HEADER_BYTES) {
		return TORPOR_E_TRUNCATED;
	}
	for (i = 0; i < TP_FORMAT_MAGIC_BYTES; i++) {
		if (in[i] != magic[i]) {
			return TORPOR_E_CORRUPT;
		}
	}
	if (tp_get32(in + TP_HEADER_FORMAT) > TP_FORMAT_VERSION) {
		return TORPOR_E_NEWER;
	}
	length = tp_get32(in + TP_HEADER_LENGTH);
	if (tp_get32(in + TP_HEADER_FORMAT) != TP_FORMAT_VERSION ||
	    tp_get32(in + TP_HEADER_CRC) != tp_crc32(0, in, TP_HEADER_CRC) ||
	    length < TP_CPUS + TP_CRC_BYTES) {
		return TORPOR_E_CORRUPT;
	}
	if (len_bytes < length) {
		return TORPOR_E_TRUNCATED;
	}
	if (len_bytes > length ||
	    tp_get32(in + length - TP_CRC_BYTES) != tp_crc32(0, in, length - TP_CRC_BYTES)) {
		return TORPOR_E_CORRUPT;
	}
	return TORPOR_OK;
}

static enum torpor_status check(const struct torpor_machine *machine, const uint8_t *in,
				size_t len_bytes)
{
	enum torpor_status status = check_bytes(in, len_bytes);

	if (status != TORPOR_OK) {
		return status;
	}
	if (tp_get32(in + TP_HEADER_PSCI_VERSION) != machine->config.psci_version) {
		return TORPOR_E_VERSION;
	}
	if (tp_get32(in + TP_HEADER_CPU_COUNT) != machine->config.cpu_count ||
	    tp_get32(in + TP_HEADER_CPUS) != tp_digest_cpus(machine)) {
		return TORPOR_E_CPUS;
	}
	if (tp_get32(in + TP_HEADER_NODE_COUNT) != machine->config.node_count ||
	    tp_get32(in + TP_HEADER_STATE_COUNT) != machine->config.state_count ||
	    tp_get32(in + TP_HEADER_CONFIG) != tp_digest_config(machine)) {
		return TORPOR_E_TREE;
	}
	if (len_bytes != torpor_machine_save_size(machine) || !tp_saved_is_possible(machine, in)) {
		return TORPOR_E_CORRUPT;
	}
	return TORPOR_OK;
}

/* Returns the mode that it was. */
static enum torpor_machine_mode set_mode(struct torpor_machine *machine,
					 enum torpor_machine_mode mode)
{
	uint32_t word = atomic_load_acquire(&machine->word);

	while (!atomic_cas(&machine->word, &word, (word & ~TP_MODE_MASK) | (uint32_t)mode)) {
	}
	return tp_mode(word);
}

/* Lets no step through any more; false, and as before, if one is under way. */
static bool stop_steps(struct torpor_machine *machine)
{
	enum torpor_machine_mode mode = set_mode(machine, TORPOR_MODE_RESETTING);

	if (!tp_cpus_are_settled(machine)) {
		(void)set_mode(machine, mode);
		return false;
	}
	return true;
}

/* The record first: whoever sees the word may rely on it. */
static void load_cpu(struct torpor_cpu *cpu, const uint8_t *at, uint64_t now_us)
{
	enum torpor_cpu_state state = (enum torpor_cpu_state)tp_get32(at + TP_CPU_STATE);

	if (state == TORPOR_CPU_DISABLED) {
		return;
	}
	cpu->start_flags = tp_get32(at + TP_CPU_START_FLAGS);
	cpu->state_index = tp_get32(at + TP_CPU_STAT_STATE);
	cpu->power_state = tp_get32(at + TP_CPU_POWER_STATE);
	cpu->level = tp_get32(at + TP_CPU_LEVEL);
	cpu->entry = tp_get64(at + TP_CPU_ENTRY);
	cpu->context = tp_get64(at + TP_CPU_CONTEXT);
	cpu->since_us = now_us - tp_get64(at + TP_CPU_ELAPSED_US);
	atomic_store_relaxed(&cpu->wait, tp_get32(at + TP_CPU_WAIT));
	tp_cpu_overwrite(cpu, state);
}

static void load_stat(struct torpor_stat *stat, const uint8_t *at)
{
	atomic_store_relaxed(&stat->words[0], tp_get32(at + TP_STAT_COUNT));
	tp_stat_set_residency(stat, tp_get64(at + TP_STAT_RESIDENCY_US));
}

static void load(struct torpor_machine *machine, const uint8_t *in)
{
	const struct torpor_config *config = &machine->config;
	const uint8_t *nodes = in + TP_CPUS + (size_t)config->cpu_count * TP_CPU_BYTES;
	const uint8_t *stats = nodes + (size_t)config->node_count * TP_NODE_BYTES;
	uint64_t now_us = tp_stat_now(machine);
	size_t i;

	for (i = 0; i < config->cpu_count; i++) {
		load_cpu(&config->cpus[i], in + TP_CPUS + i * TP_CPU_BYTES, now_us);
	}
	tp_stat_zero(machine);
	for (i = 0; i < config->node_count; i++) {
		const uint8_t *at = nodes + i * TP_NODE_BYTES;

		atomic_store_relaxed(&config->nodes[i].word, tp_get32(at + TP_NODE_WORD));
		tp_stat_node_enter(machine, (uint32_t)i, tp_get32(at + TP_NODE_STAT_STATE),
				   now_us - tp_get64(at + TP_NODE_ELAPSED_US));
	}
	for (i = 0;
	     stats + i * TP_STAT_BYTES + TP_CRC_BYTES < in + torpor_machine_save_size(machine);
	     i++) {
		load_stat(&config->stats[i], stats + i * TP_STAT_BYTES);
	}
	atomic_store_relaxed(&machine->suspend_mode, tp_get32(in + TP_MACHINE_SUSPEND_MODE));
	atomic_store_relaxed(&machine->mem_protect, tp_get32(in + TP_MACHINE_MEM_PROTECT));
	atomic_store_relaxed(&machine->resident, tp_get32(in + TP_MACHINE_RESIDENT));
	if (tp_is_present(machine, TORPOR_FN_MEM_PROTECT)) {
		machine->port.mem_protect(config->ctx, (int)machine->mem_protect);
	}
}

enum torpor_status torpor_machine_restore(struct torpor_machine *machine, const void *buf,
					  size_t len_bytes)
{
	const uint8_t *in = buf;
	enum torpor_status status = check(machine, in, len_bytes);
	uint32_t epoch;

	if (status != TORPOR_OK) {
		return status;
	}
	if (!stop_steps(machine)) {
		return TORPOR_E_BUSY;
	}
	epoch = tp_epoch(atomic_load_acquire(&machine->word)) + 1;
	load(machine, in);
	atomic_store_release(
		&machine->word,
		tp_machine_word((enum torpor_machine_mode)tp_get32(in + TP_MACHINE_MODE),
				tp_get32(in + TP_MACHINE_COUNT), epoch));
	return TORPOR_OK;
}
