/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Under valgrind --tool=callgrind, collecting in the library only: for each call, a dump named
 * "CPUS|NAME|TARGET" with the instructions of that call and nothing else. Usage:
 * bench CPUS [full].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "calls.h"

#define NOINLINE __attribute__((noinline))

static struct torpor_machine machine;
static struct torpor_cpu cpus[TORPOR_CPU_COUNT_MAX];
static uint16_t mpidr_index[TORPOR_MPIDR_INDEX_COUNT(TORPOR_CPU_COUNT_MAX)];
static struct torpor_node nodes[1 + TORPOR_CPU_COUNT_MAX / 4];
static struct torpor_stat stats[(TORPOR_CPU_COUNT_MAX + 1 + TORPOR_CPU_COUNT_MAX / 4) * 2];
static struct torpor_cpu_config cpu_configs[TORPOR_CPU_COUNT_MAX];
static uint64_t now;

NOINLINE static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	(void)ctx;
	(void)cpu;
	return TORPOR_OK;
}

NOINLINE static enum torpor_status op_check_entry(void *ctx, uint64_t ipa)
{
	(void)ctx;
	return ipa >= UINT64_C(0x40000000) ? TORPOR_OK : TORPOR_E_REFUSED;
}

NOINLINE static uint64_t op_now_us(void *ctx)
{
	(void)ctx;
	return now++;
}

NOINLINE static enum torpor_status op_migrate(void *ctx, uint32_t from, uint32_t to)
{
	(void)ctx;
	(void)from;
	(void)to;
	return TORPOR_OK;
}

NOINLINE static enum torpor_status op_node_hw_state(void *ctx, uint32_t cpu, uint32_t level,
						    uint32_t *state)
{
	(void)ctx;
	(void)cpu;
	(void)level;
	*state = TORPOR_HW_ON;
	return TORPOR_OK;
}

NOINLINE static void op_mem_protect(void *ctx, int enable)
{
	(void)ctx;
	(void)enable;
}

NOINLINE static enum torpor_status op_mem_protect_range(void *ctx, uint64_t base,
							uint64_t len_bytes)
{
	(void)ctx;
	(void)base;
	(void)len_bytes;
	return TORPOR_OK;
}

static const struct torpor_port port = {
	.size = sizeof(port),
	.start = op_start,
	.check_entry = op_check_entry,
	.now_us = op_now_us,
	.migrate = op_migrate,
	.node_hw_state = op_node_hw_state,
	.mem_protect = op_mem_protect,
	.mem_protect_range = op_mem_protect_range,
};

static const struct torpor_power_state states[] = {
	{0x00000001, {TORPOR_DEPTH_STANDBY, 0, 0, 0}, 0, {0, 0, 0}},
	{0x00010002, {TORPOR_DEPTH_POWERDOWN, 0, 0, 0}, 0, {0, 0, 0}},
};

/*
 * A plain machine has no power tree, no statistics and no Trusted OS. A full one has all of it:
 * clusters of four CPUs under one system, and a clock.
 */
static void set_up(struct bench *bench, bool full)
{
	uint32_t clusters = (bench->cpu_count + 3) / 4;
	struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = TORPOR_PSCI_1_3,
		.flags = TORPOR_F_CPU_FREEZE | TORPOR_F_CPU_DEFAULT_SUSPEND |
			 TORPOR_F_SYSTEM_SUSPEND | TORPOR_F_SYSTEM_RESET2 | TORPOR_F_SYSTEM_OFF2 |
			 TORPOR_F_SMCCC_VERSION,
		.cpu_count = bench->cpu_count,
		.cpu_configs = cpu_configs,
		.cpus = cpus,
		.mpidr_index = mpidr_index,
		.states = states,
		.state_count = 2,
		.off_state = 1,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = 1,
		.suspend_state = TORPOR_STATE_NONE,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.port = &port,
	};

	if (full) {
		config.flags |= TORPOR_F_OS_INITIATED;
		config.node_count = 1 + clusters;
		config.nodes = nodes;
		config.stats = stats;
		config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	}
	memset(nodes, 0, sizeof(nodes));
	nodes[0].parent = TORPOR_NODE_NONE;
	for (uint32_t i = 0; i < bench->cpu_count; i++) {
		cpu_configs[i].mpidr = (uint64_t)(i / 4) << 8 | i % 4;
		cpu_configs[i].node = 1 + i / 4;
		nodes[1 + i / 4].parent = 0;
	}
	bench->machine = &machine;
	bench->target = bench->cpu_count - 1;
	if (torpor_machine_init(&machine, &config) != TORPOR_OK) {
		fprintf(stderr, "bench: init failed\n");
		exit(1);
	}
}

static void measure(struct bench *bench, const struct bench_call *what, bool full)
{
	char name[128];

	set_up(bench, full);
	what->before(bench);
	(void)snprintf(name, sizeof(name), "%u|%s|%u", bench->cpu_count, what->name, what->target);
	CALLGRIND_ZERO_STATS;
	what->measured(bench);
	CALLGRIND_DUMP_STATS_AT(name);
	if (what->expected != -1000 && bench->got != what->expected) {
		fprintf(stderr, "bench: %s at %u: got %d, not %d\n", what->name, bench->cpu_count,
			bench->got, what->expected);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	bool full = argc > 2 && strcmp(argv[2], "full") == 0;

	bench.cpu_count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
	if (bench.cpu_count == 0 || bench.cpu_count > TORPOR_CPU_COUNT_MAX) {
		fprintf(stderr, "usage: bench CPUS [full]\n");
		return 2;
	}
	for (const struct bench_call *what = bench_calls; what->name != NULL; what++) {
		if (bench.cpu_count >= what->cpus_min && (full || !what->full)) {
			bench.got = 0;
			measure(&bench, what, full);
		}
	}
	return 0;
}
