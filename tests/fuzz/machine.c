/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct torpor_power_state states[FUZZ_STATES] = {
	{0x00000001, {1, 0, 0, 0}, 0, {0}}, {0x00010003, {2, 0, 0, 0}, 0, {0}},
	{0x01011023, {2, 1, 0, 0}, 1, {0}}, {0x01011033, {2, 2, 0, 0}, 1, {0}},
	{0x02012333, {2, 2, 2, 0}, 2, {0}},
};

_Noreturn void fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

uint64_t input_take(struct input *in, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && in->left > 0; i++) {
		value |= (uint64_t)*in->at++ << 8 * i;
		in->left--;
	}
	return value;
}

static bool says(void *ctx, unsigned int bit)
{
	return (((struct fuzz *)ctx)->answers >> bit & 1) == 0;
}

static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	PROMISE(cpu < FUZZ_CPUS);
	return says(ctx, 0) ? TORPOR_OK : TORPOR_E_FAILED;
}

static enum torpor_status op_check_entry(void *ctx, uint64_t ipa)
{
	(void)ipa;
	return says(ctx, 1) ? TORPOR_OK : TORPOR_E_REFUSED;
}

static enum torpor_status op_allow(void *ctx, uint32_t cpu)
{
	PROMISE(cpu < FUZZ_CPUS);
	return says(ctx, 2) ? TORPOR_OK : TORPOR_E_REFUSED;
}

static uint64_t op_now_us(void *ctx)
{
	return ((struct fuzz *)ctx)->now_us++;
}

static enum torpor_status op_migrate(void *ctx, uint32_t from, uint32_t to)
{
	PROMISE(from < FUZZ_CPUS && to < FUZZ_CPUS);
	return says(ctx, 3) ? TORPOR_OK : TORPOR_E_FAILED;
}

static enum torpor_status op_node_hw_state(void *ctx, uint32_t cpu, uint32_t level, uint32_t *state)
{
	PROMISE(cpu < FUZZ_CPUS);
	*state = TORPOR_HW_STANDBY;
	return says(ctx, 4) && level < 3 ? TORPOR_OK : TORPOR_E_INVAL;
}

static int32_t op_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	PROMISE(type & TORPOR_RESET2_VENDOR);
	return says(ctx, 5) ? (int32_t)(uint32_t)cookie : 0;
}

static void op_mem_protect(void *ctx, int enable)
{
	(void)ctx;
	(void)enable;
}

static enum torpor_status op_range(void *ctx, uint64_t base, uint64_t len_bytes)
{
	(void)base;
	(void)len_bytes;
	return says(ctx, 6) ? TORPOR_OK : TORPOR_E_REFUSED;
}

static const struct torpor_port port = {
	.size = sizeof(port),
	.start = op_start,
	.check_entry = op_check_entry,
	.allow_cpu_on = op_allow,
	.now_us = op_now_us,
	.migrate = op_migrate,
	.node_hw_state = op_node_hw_state,
	.vendor_reset = op_vendor_reset,
	.mem_protect = op_mem_protect,
	.mem_protect_range = op_range,
};

void fuzz_up(struct fuzz *f, struct input *in)
{
	static const uint32_t versions[] = {TORPOR_PSCI_0_1, TORPOR_PSCI_0_2, TORPOR_PSCI_1_0,
					    TORPOR_PSCI_1_1, TORPOR_PSCI_1_2, TORPOR_PSCI_1_3};
	struct torpor_cpu_config cpu_configs[FUZZ_CPUS] = {
		{0x0, 1, 0},	 {0x1, 1, 0},	      {0x100, 1, 0},
		{0x10000, 2, 0}, {0x100000000, 2, 0}, {0xff00ffffff, 2, TORPOR_CPU_FLAG_DISABLED},
	};
	struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = versions[input_take(in, 1) % 6],
		.flags = input_take(in, 1) & 0xfe,
		.cpu_count = FUZZ_CPUS,
		.cpu_configs = cpu_configs,
		.cpus = f->cpus,
		.mpidr_index = f->mpidr_index,
		.states = states,
		.state_count = FUZZ_STATES,
		.off_state = 1,
		.freeze_state = 1,
		.default_state = 1,
		.suspend_state = 4,
		.node_count = FUZZ_NODES,
		.nodes = f->nodes,
		.stats = f->stats,
		.trusted_os = (uint32_t)input_take(in, 1) % 4,
		.fn_ids_0_1 = {1, 2, 3, 0x84000003},
		.port = &port,
		.ctx = f,
	};

	memset(f, 0, sizeof(*f));
	f->nodes[0].parent = TORPOR_NODE_NONE;
	PROMISE(torpor_machine_init(&f->machine, &config) == TORPOR_OK);
}

/* Any register contents; half of the ids are made to hit. */
static void fuzz_call(struct fuzz *f, struct input *in, uint32_t cpu)
{
	struct torpor_call call, before;
	enum torpor_action action;

	memset(&call, 0x5a, sizeof(call));
	for (int i = 0; i < 4; i++) {
		call.x[i] = input_take(in, 1) & 1 ? input_take(in, 8) : input_take(in, 3);
	}
	if (call.x[3] & 1) {
		call.x[0] = (call.x[0] & 0x1f) |
			    (call.x[0] & 0x20 ? TORPOR_FN64_BASE : TORPOR_FN32_BASE);
	}
	if (call.x[3] & 2) {
		call.x[1] = states[call.x[1] % FUZZ_STATES].power_state;
	}
	call.flags = (uint32_t)input_take(in, 1);
	before = call;
	action = torpor_call(&f->machine, cpu, &call);
	PROMISE(memcmp(&call.x[1], &before.x[1], 3 * sizeof(call.x[1])) == 0);
	PROMISE(call.flags == before.flags);
	PROMISE(action <= TORPOR_MACHINE_RESET2);
	PROMISE(action != TORPOR_NOT_MINE || call.x[0] == before.x[0]);
	PROMISE(torpor_call_args(&f->machine, (uint32_t)before.x[0]) <= 3);
}

void fuzz_step(struct fuzz *f, struct input *in)
{
	uint32_t kind = (uint32_t)input_take(in, 1);
	uint32_t cpu = (uint32_t)input_take(in, 1) % (FUZZ_CPUS + 1);
	struct torpor_start start = {.entry = kind};
	struct torpor_call call;
	uint32_t n = 0;
	int result = 0;

	f->answers = (uint32_t)input_take(in, 1);
	if (kind < 128) {
		/* Calls come from CPUs that run. */
		if (torpor_cpu_state(&f->machine, cpu) == TORPOR_CPU_ON || cpu == FUZZ_CPUS) {
			fuzz_call(f, in, cpu);
		}
	} else if (kind < 150) {
		result = torpor_cpu_take(&f->machine, cpu, &start);
	} else if (kind < 170) {
		result = (int)torpor_cpu_wake(&f->machine, cpu, &call);
	} else if (kind < 190) {
		result = (int)torpor_cpu_poll(&f->machine, cpu, &call);
	} else if (kind < 200) {
		result = torpor_cpu_start(&f->machine, cpu, &start);
	} else if (kind < 210) {
		result = torpor_cpu_force_off(&f->machine, cpu, &n);
	} else if (kind < 220) {
		result = torpor_machine_reset(&f->machine);
	} else if (kind < 230) {
		result = torpor_machine_wake(&f->machine);
	} else if (kind < 240) {
		result = torpor_machine_refuse_suspend(&f->machine);
	} else if (kind < 250) {
		result = torpor_cpu_find(&f->machine, input_take(in, 8), &n);
	} else {
		result = torpor_machine_end(&f->machine, (enum torpor_machine_mode)(kind % 8));
	}
	PROMISE(result >= TORPOR_E_FAILED && result <= TORPOR_MACHINE_RESET2);
	PROMISE(torpor_machine_cpus_on(&f->machine) < FUZZ_CPUS);
}
