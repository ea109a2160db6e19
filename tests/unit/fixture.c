/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"
#include <stdio.h>
#include <stdlib.h>

#define RUBBISH UINT64_C(0xdeadbeefdeadbeef)

const uint32_t versions[VERSION_COUNT] = {V01, V02, V10, V11, V12, V13};

/* Ops: answer as told, remember what was asked. */

static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	struct rig *r = ctx;

	r->start_count++;
	r->start_cpu = cpu;
	return r->start_status;
}

static enum torpor_status op_check_entry(void *ctx, uint64_t ipa)
{
	struct rig *r = ctx;

	r->check_count++;
	r->check_ipa = ipa;
	return (ipa & ~UINT64_C(1)) == ENTRY_BAD ? TORPOR_E_REFUSED : TORPOR_OK;
}

static enum torpor_status op_allow(void *ctx, uint32_t cpu)
{
	struct rig *r = ctx;

	r->allow_count++;
	r->allow_cpu = cpu;
	return r->allow_status;
}

static uint64_t op_now_us(void *ctx)
{
	return ((struct rig *)ctx)->now_us;
}

static enum torpor_status op_migrate(void *ctx, uint32_t from, uint32_t to)
{
	struct rig *r = ctx;

	r->migrate_count++;
	r->migrate_from = from;
	r->migrate_to = to;
	return r->migrate_status;
}

static enum torpor_status op_node_hw_state(void *ctx, uint32_t cpu, uint32_t level, uint32_t *state)
{
	struct rig *r = ctx;

	r->hw_count++;
	r->hw_cpu = cpu;
	r->hw_level = level;
	*state = r->hw_state;
	return r->hw_status;
}

static int32_t op_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	struct rig *r = ctx;

	r->vendor_count++;
	r->vendor_type = type;
	r->vendor_cookie = cookie;
	return r->vendor_code;
}

static void op_mem_protect(void *ctx, int enable)
{
	struct rig *r = ctx;

	r->protect_count++;
	r->protect_enable = enable;
}

static enum torpor_status op_mem_protect_range(void *ctx, uint64_t base, uint64_t len_bytes)
{
	struct rig *r = ctx;

	r->range_count++;
	r->range_base = base;
	r->range_len = len_bytes;
	return r->range_status;
}

/* Set up. */

static void fill_states(struct rig *r)
{
	const uint8_t s = TORPOR_DEPTH_STANDBY, d = TORPOR_DEPTH_POWERDOWN;
	const struct torpor_power_state states[RIG_STATES] = {
		[S_STANDBY] = {0x00000001, {s, 0, 0, 0}, 0, {0}},
		[S_DOWN] = {0x00010003, {d, 0, 0, 0}, 0, {0}},
		[S_DOWN_LAST] = {0x00011003, {d, 0, 0, 0}, 1, {0}},
		[S_CLUSTER_STANDBY] = {0x01001022, {s, s, 0, 0}, 1, {0}},
		[S_CLUSTER_RET] = {0x01011023, {d, s, 0, 0}, 1, {0}},
		[S_CLUSTER_DOWN] = {0x01011033, {d, d, 0, 0}, 1, {0}},
		[S_SYSTEM_RET] = {0x02012223, {d, s, s, 0}, 2, {0}},
		[S_SYSTEM_RET2] = {0x02012233, {d, d, s, 0}, 2, {0}},
		[S_SYSTEM_DOWN] = {0x02012333, {d, d, d, 0}, 2, {0}},
	};

	memcpy(r->states, states, sizeof(states));
}

static void fill_port(struct rig *r)
{
	r->port = (struct torpor_port){
		.size = sizeof(r->port),
		.start = op_start,
		.check_entry = op_check_entry,
		.allow_cpu_on = op_allow,
		.now_us = op_now_us,
		.migrate = op_migrate,
		.node_hw_state = op_node_hw_state,
		.vendor_reset = op_vendor_reset,
		.mem_protect = op_mem_protect,
		.mem_protect_range = op_mem_protect_range,
	};
}

void rig_default(struct rig *r, uint32_t version, enum way way)
{
	static const uint32_t parents[RIG_NODES] = {TORPOR_NODE_NONE, 0, 0};

	memset(r, 0, sizeof(*r));
	r->version = version;
	r->way = way;
	fill_states(r);
	fill_port(r);
	for (uint32_t i = 0; i < RIG_NODES; i++) {
		r->nodes[i].parent = parents[i];
	}
	for (uint32_t i = 0; i < RIG_CPUS; i++) {
		r->cpu_configs[i].mpidr = (uint64_t)(i / 2) << 8 | i % 2;
		r->cpu_configs[i].node = 1 + i / 2;
	}
	memset(r->cpus, 0xa5, sizeof(r->cpus));
	memset(r->mpidr_index, 0xa5, sizeof(r->mpidr_index));
	memset(r->stats, 0xa5, sizeof(r->stats));
	memset(&r->machine, 0xa5, sizeof(r->machine));
	r->config = (struct torpor_config){
		.size = sizeof(r->config),
		.psci_version = version,
		.flags = TORPOR_F_OS_INITIATED | TORPOR_F_SMCCC_VERSION | TORPOR_F_CPU_FREEZE |
			 TORPOR_F_CPU_DEFAULT_SUSPEND | TORPOR_F_SYSTEM_SUSPEND |
			 TORPOR_F_SYSTEM_RESET2 | TORPOR_F_SYSTEM_OFF2,
		.cpu_count = RIG_CPUS,
		.state_count = RIG_STATES,
		.off_state = S_DOWN,
		.freeze_state = S_DOWN,
		.default_state = S_DOWN,
		.suspend_state = S_SYSTEM_DOWN,
		.node_count = RIG_NODES,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.fn_ids_0_1 = {ID01_CPU_SUSPEND, ID01_CPU_OFF, ID01_CPU_ON, ID01_MIGRATE},
	};
	r->now_us = 1000;
}

static void point(struct rig *r)
{
	r->config.cpu_configs = r->cpu_configs;
	r->config.cpus = r->cpus;
	r->config.mpidr_index = r->mpidr_index;
	r->config.states = r->config.state_count ? r->states : NULL;
	r->config.nodes = r->config.node_count ? r->nodes : NULL;
	r->config.stats = r->port.now_us && r->config.state_count ? r->stats : NULL;
	r->config.port = &r->port;
	r->config.ctx = r;
}

void rig_up(struct rig *r)
{
	point(r);
	assert_int_equal(torpor_machine_init(&r->machine, &r->config), TORPOR_OK);
	r->up = true;
}

struct rig *rig_twin(const struct rig *r)
{
	struct rig *twin = malloc(sizeof(*twin));

	assert_non_null(twin);
	memcpy(twin, r, sizeof(*twin));
	for (uint32_t i = 0; i < RIG_NODES; i++) {
		twin->nodes[i].word = 0;
	}
	point(twin);
	return twin;
}

void rig_free(struct rig *r)
{
	free(r);
}

/* Calls. */

bool has_wide(enum torpor_fn fn)
{
	static const uint32_t both =
		1u << TORPOR_FN_CPU_SUSPEND | 1u << TORPOR_FN_CPU_ON |
		1u << TORPOR_FN_AFFINITY_INFO | 1u << TORPOR_FN_MIGRATE |
		1u << TORPOR_FN_MIGRATE_INFO_UP_CPU | 1u << TORPOR_FN_CPU_DEFAULT_SUSPEND |
		1u << TORPOR_FN_NODE_HW_STATE | 1u << TORPOR_FN_SYSTEM_SUSPEND |
		1u << TORPOR_FN_PSCI_STAT_RESIDENCY | 1u << TORPOR_FN_PSCI_STAT_COUNT |
		1u << TORPOR_FN_SYSTEM_RESET2 | 1u << TORPOR_FN_MEM_PROTECT_CHECK_RANGE |
		1u << TORPOR_FN_SYSTEM_OFF2;

	return (both >> fn & 1u) != 0;
}

bool caller_is_32(const struct rig *r)
{
	return r->way == WAY_A32_SMC32;
}

static uint32_t id_0_1(const struct rig *r, enum torpor_fn fn)
{
	const enum torpor_fn given[4] = {TORPOR_FN_CPU_SUSPEND, TORPOR_FN_CPU_OFF, TORPOR_FN_CPU_ON,
					 TORPOR_FN_MIGRATE};

	for (size_t i = 0; i < 4; i++) {
		if (given[i] == fn) {
			return r->config.fn_ids_0_1[i];
		}
	}
	return TORPOR_FN32(fn);
}

uint32_t id_of(const struct rig *r, enum torpor_fn fn)
{
	if (r->version == V01) {
		return id_0_1(r, fn);
	}
	return r->way == WAY_A64_SMC64 && has_wide(fn) ? TORPOR_FN64(fn) : TORPOR_FN32(fn);
}

static bool is_end(enum torpor_action action)
{
	return action == TORPOR_MACHINE_OFF || action == TORPOR_MACHINE_HIBERNATED ||
	       action == TORPOR_MACHINE_RESET || action == TORPOR_MACHINE_RESET2;
}

enum torpor_action call_raw(struct rig *r, uint32_t cpu, uint64_t x0, uint32_t flags, uint64_t x1,
			    uint64_t x2, uint64_t x3)
{
	enum torpor_machine_mode before = torpor_machine_mode(&r->machine);
	enum torpor_action action;

	memset(&r->out, 0xa5, sizeof(r->out));
	r->out.x[0] = x0;
	r->out.x[1] = x1;
	r->out.x[2] = x2;
	r->out.x[3] = x3;
	r->out.flags = flags;
	action = torpor_call(&r->machine, cpu, &r->out);
	/* Whatever was called: these are the caller's, and an end is told once. */
	assert_true(r->out.x[1] == x1 && r->out.x[2] == x2 && r->out.x[3] == x3);
	if (is_end(action)) {
		assert_true(before == TORPOR_MODE_RUNNING);
		assert_true(torpor_machine_mode(&r->machine) >= TORPOR_MODE_OFF);
	}
	return action;
}

enum torpor_action act(struct rig *r, uint32_t cpu, enum torpor_fn fn, uint64_t x1, uint64_t x2,
		       uint64_t x3)
{
	uint32_t id = id_of(r, fn);
	uint32_t flags =
		(caller_is_32(r) ? TORPOR_AARCH32 : 0) | (r->big_endian ? TORPOR_BIG_ENDIAN : 0);
	bool narrow = r->version == V01 ? caller_is_32(r) : (id & UINT32_C(0x40000000)) == 0;
	uint64_t dirt = narrow ? RUBBISH << 32 : 0;

	if (narrow) {
		x1 &= UINT32_MAX;
		x2 &= UINT32_MAX;
		x3 &= UINT32_MAX;
	}
	return call_raw(r, cpu, (RUBBISH << 32) | id, flags, x1 | dirt, x2 | dirt, x3 | dirt);
}

int64_t returned(const struct rig *r, bool wide)
{
	uint64_t x0 = r->out.x[0];

	if (caller_is_32(r) || r->version == V01) {
		return (int32_t)(uint32_t)x0;
	}
	if (wide) {
		return (int64_t)x0;
	}
	assert_true(x0 >> 32 == 0);
	return (int32_t)(uint32_t)x0;
}

int64_t ret(struct rig *r, uint32_t cpu, enum torpor_fn fn, uint64_t x1, uint64_t x2, uint64_t x3)
{
	assert_int_equal(act(r, cpu, fn, x1, x2, x3), TORPOR_RESUME);
	return returned(r, (id_of(r, fn) & UINT32_C(0x40000000)) != 0);
}

/* Shorthands. */

uint64_t mpidr_of(const struct rig *r, uint32_t cpu)
{
	return r->cpu_configs[cpu].mpidr;
}

uint32_t state_value(const struct rig *r, uint32_t state_index)
{
	return r->states[state_index].power_state;
}

void cpu_pend(struct rig *r, uint32_t by, uint32_t cpu)
{
	assert_ret(r, TORPOR_RET_SUCCESS, by, TORPOR_FN_CPU_ON, mpidr_of(r, cpu), ENTRY_A,
		   CONTEXT_A);
	assert_state(r, cpu, TORPOR_CPU_ON_PENDING);
}

void cpu_on(struct rig *r, uint32_t by, uint32_t cpu)
{
	struct torpor_start start;

	cpu_pend(r, by, cpu);
	assert_int_equal(torpor_cpu_take(&r->machine, cpu, &start), TORPOR_OK);
	assert_state(r, cpu, TORPOR_CPU_ON);
}

void cpu_off(struct rig *r, uint32_t cpu)
{
	assert_act(r, TORPOR_PARK, cpu, TORPOR_FN_CPU_OFF, 0, 0, 0);
	assert_state(r, cpu, TORPOR_CPU_OFF);
}

void cpu_freeze(struct rig *r, uint32_t cpu)
{
	assert_act(r, TORPOR_PARK, cpu, TORPOR_FN_CPU_FREEZE, 0, 0, 0);
	assert_state(r, cpu, TORPOR_CPU_FROZEN);
}

void cpu_suspend(struct rig *r, uint32_t cpu, uint32_t state_index)
{
	assert_act(r, TORPOR_WAIT, cpu, TORPOR_FN_CPU_SUSPEND, state_value(r, state_index), ENTRY_B,
		   CONTEXT_B);
	assert_state(r, cpu, TORPOR_CPU_SUSPENDED);
}

void machine_suspend(struct rig *r, uint32_t cpu)
{
	assert_act(r, TORPOR_WAIT_SYSTEM, cpu, TORPOR_FN_SYSTEM_SUSPEND, ENTRY_B, CONTEXT_B, 0);
	assert_mode(r, TORPOR_MODE_SUSPENDED);
}

uint32_t start_flags(const struct rig *r)
{
	return (caller_is_32(r) ? TORPOR_AARCH32 : 0) | (r->big_endian ? TORPOR_BIG_ENDIAN : 0);
}

void assert_start(const struct torpor_start *start, uint64_t entry, uint64_t context,
		  uint32_t flags)
{
	assert_int_equal(start->entry, entry);
	assert_int_equal(start->context, context);
	assert_int_equal(start->flags, flags);
	assert_int_equal(start->reserved, 0);
}

struct visible *look(const struct rig *r)
{
	struct visible *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->mode = torpor_machine_mode(&r->machine);
	v->cpus_on = torpor_machine_cpus_on(&r->machine);
	for (uint32_t i = 0; i < r->config.cpu_count; i++) {
		v->states[i] = torpor_cpu_state(&r->machine, i);
	}
	v->len_bytes = torpor_machine_save_size(&r->machine);
	assert_true(v->len_bytes <= sizeof(v->saved));
	assert_int_equal(torpor_machine_save(&r->machine, v->saved, v->len_bytes), TORPOR_OK);
	return v;
}

void assert_unchanged(const struct rig *r, struct visible *before)
{
	struct visible *now = look(r);

	assert_memory_equal(before, now, sizeof(*now));
	free(now);
	free(before);
}

struct rig *rig_bytes(const struct rig *r)
{
	struct rig *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	memcpy(copy, r, sizeof(*copy));
	return copy;
}

void assert_same_bytes(const struct rig *r, const struct rig *bytes)
{
	assert_memory_equal(&r->machine, &bytes->machine, sizeof(r->machine));
	assert_memory_equal(r->cpus, bytes->cpus, sizeof(r->cpus));
	assert_memory_equal(r->nodes, bytes->nodes, sizeof(r->nodes));
	assert_memory_equal(r->stats, bytes->stats, sizeof(r->stats));
	assert_memory_equal(r->mpidr_index, bytes->mpidr_index, sizeof(r->mpidr_index));
}

/* The runner. */

struct instance {
	const struct rig_case *rig_case;
	uint32_t version;
	enum way way;
	char name[96];
};

static int case_setup(void **state)
{
	const struct instance *instance = *state;
	struct rig *r = malloc(sizeof(*r));

	if (!r) {
		return -1;
	}
	rig_default(r, instance->version, instance->way);
	r->rig_case = instance->rig_case;
	*state = r;
	return 0;
}

static int case_teardown(void **state)
{
	free(*state);
	return 0;
}

static void case_run(void **state)
{
	struct rig *r = *state;

	r->rig_case->run(r);
}

/* At 0.2 an id must be as wide as its caller (5.2.1); 0.1 has one id for both. */
static bool way_is_legal(uint32_t version, enum way way)
{
	return way != WAY_A64_SMC32 || version >= V10;
}

static bool wanted(const struct rig_case *c, uint32_t version, enum way way)
{
	if (version < c->since || version > c->until || !way_is_legal(version, way)) {
		return false;
	}
	switch (c->ways) {
	case ONCE:
		return way == WAY_A64_SMC64;
	case NATIVE:
		return way != WAY_A64_SMC32;
	default:
		return true;
	}
}

int rig_main(const char *file, const struct rig_case *cases, size_t count)
{
	static const char *const version_names[] = {"0.1", "0.2", "1.0", "1.1", "1.2", "1.3"};
	static const char *const way_names[] = {"a64-smc64", "a64-smc32", "a32-smc32"};
	size_t max = count * VERSION_COUNT * WAY_COUNT;
	struct CMUnitTest *tests = calloc(max, sizeof(*tests));
	struct instance *instances = calloc(max, sizeof(*instances));
	size_t n = 0;
	int failed;

	if (!tests || !instances) {
		return 1;
	}
	for (size_t i = 0; i < max; i++) {
		struct instance *instance = &instances[n];

		instance->rig_case = &cases[i / (VERSION_COUNT * WAY_COUNT)];
		instance->version = versions[i / WAY_COUNT % VERSION_COUNT];
		instance->way = (enum way)(i % WAY_COUNT);
		if (!wanted(instance->rig_case, instance->version, instance->way)) {
			continue;
		}
		snprintf(instance->name, sizeof(instance->name), "%s [%s %s]",
			 instance->rig_case->name, version_names[i / WAY_COUNT % VERSION_COUNT],
			 way_names[instance->way]);
		tests[n] = (struct CMUnitTest){
			.name = instance->name,
			.test_func = case_run,
			.setup_func = case_setup,
			.teardown_func = case_teardown,
			.initial_state = instance,
		};
		n++;
	}
	failed = _cmocka_run_group_tests(file, tests, n, NULL, NULL);
	free(tests);
	free(instances);
	return failed ? 1 : 0;
}
