/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct world world;

static uint8_t access_of[sizeof(struct world) / 4];

static void mark(size_t offset, size_t size_bytes, enum sched_access access)
{
	for (size_t i = offset / 4; i < (offset + size_bytes) / 4; i++) {
		access_of[i] = (uint8_t)access;
	}
}

#define MARK(member, access)                                                                       \
	mark(offsetof(struct world, member), sizeof(((struct world *)NULL)->member), access)

static const char *const machine_words[] = {"word", "suspend_mode", "mem_protect", "resident"};

#define CPU_WORD(member) [offsetof(struct torpor_cpu, member) / 4] = #member

static const char *const cpu_words[sizeof(struct torpor_cpu) / 4] = {
	CPU_WORD(mpidr), CPU_WORD(entry), CPU_WORD(context),	 CPU_WORD(since_us),
	CPU_WORD(word),	 CPU_WORD(wait),  CPU_WORD(start_flags), CPU_WORD(state_index),
};

static void describe(size_t offset, char *text, size_t size_bytes)
{
	size_t cpus = offsetof(struct world, cpus);
	size_t nodes = offsetof(struct world, nodes);

	if (offset < sizeof(machine_words) / sizeof(machine_words[0]) * 4) {
		(void)snprintf(text, size_bytes, "machine.%s", machine_words[offset / 4]);
	} else if (offset >= cpus && offset < cpus + sizeof(world.cpus)) {
		const char *word = cpu_words[(offset - cpus) % sizeof(world.cpus[0]) / 4];

		(void)snprintf(text, size_bytes, "cpu[%zu].%s",
			       (offset - cpus) / sizeof(world.cpus[0]), word == NULL ? "?" : word);
	} else if (offset >= nodes && offset < nodes + sizeof(world.nodes)) {
		(void)snprintf(text, size_bytes, "node[%zu]",
			       (offset - nodes) / sizeof(world.nodes[0]));
	} else {
		(void)snprintf(text, size_bytes, "+%zu", offset);
	}
}

const struct sched_world sched_world = {
	.memory = &world,
	.size_bytes = sizeof(world),
	.access = access_of,
	.describe = describe,
};

/* Ops. What an op does to the embedder's world is a step of its own. */

static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	(void)ctx;
	sched_point("start op");
	if (world.failing_starts != 0) {
		world.failing_starts--;
		return TORPOR_E_FAILED;
	}
	world.kick[cpu] = 1;
	return TORPOR_OK;
}

static enum torpor_status op_migrate(void *ctx, uint32_t from, uint32_t to)
{
	(void)ctx;
	(void)from;
	CHECK(world.migrating == 0);
	world.migrating++;
	sched_point("migrate op");
	world.trusted_os = to;
	world.migrating--;
	return TORPOR_OK;
}

static void op_mem_protect(void *ctx, int enable)
{
	(void)ctx;
	sched_point("mem_protect op");
	world.mem_protect = enable != 0;
}

static enum torpor_status op_mem_protect_range(void *ctx, uint64_t base, uint64_t len_bytes)
{
	(void)ctx;
	(void)base;
	(void)len_bytes;
	return TORPOR_OK;
}

static const struct torpor_port port = {
	.size = sizeof(port),
	.start = op_start,
	.migrate = op_migrate,
	.mem_protect = op_mem_protect,
	.mem_protect_range = op_mem_protect_range,
};

static const struct torpor_power_state power_states[] = {
	{STATE_CPU_STANDBY, {TORPOR_DEPTH_STANDBY, 0, 0, 0}, 0, {0, 0, 0}},
	{STATE_CPU, {TORPOR_DEPTH_POWERDOWN, 0, 0, 0}, 0, {0, 0, 0}},
	{STATE_CLUSTER, {TORPOR_DEPTH_POWERDOWN, TORPOR_DEPTH_POWERDOWN, 0, 0}, 1, {0, 0, 0}},
	{STATE_SYSTEM,
	 {TORPOR_DEPTH_POWERDOWN, TORPOR_DEPTH_POWERDOWN, TORPOR_DEPTH_POWERDOWN, 0},
	 2,
	 {0, 0, 0}},
};

/* Clusters {0, 1} and {2}. */
static const struct torpor_cpu_config cpu_configs[CPUS] = {
	{0x000, 1, 0},
	{0x001, 1, 0},
	{0x100, 2, 0},
};

static uint64_t mpidr(uint32_t cpu)
{
	return cpu_configs[cpu].mpidr;
}

static enum torpor_status init_machine(struct torpor_machine *machine, struct torpor_cpu *cpus,
				       uint16_t *index, struct torpor_node *nodes, uint32_t rules)
{
	struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = TORPOR_PSCI_1_3,
		.flags = TORPOR_F_OS_INITIATED | TORPOR_F_CPU_FREEZE |
			 TORPOR_F_CPU_DEFAULT_SUSPEND | TORPOR_F_SYSTEM_SUSPEND |
			 TORPOR_F_SYSTEM_RESET2 | TORPOR_F_SYSTEM_OFF2,
		.cpu_count = CPUS,
		.cpu_configs = cpu_configs,
		.cpus = cpus,
		.mpidr_index = index,
		.states = power_states,
		.state_count = sizeof(power_states) / sizeof(power_states[0]),
		.off_state = TORPOR_STATE_NONE,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = TORPOR_STATE_NONE,
		.suspend_state = TORPOR_STATE_NONE,
		.node_count = NODES,
		.nodes = nodes,
		.trusted_os = (rules & TRUSTED_OS) != 0 ? TORPOR_TRUSTED_OS_UP_MIGRATE
							: TORPOR_TRUSTED_OS_NONE,
		.port = &port,
	};

	nodes[0].parent = TORPOR_NODE_NONE;
	nodes[1].parent = 0;
	nodes[2].parent = 0;
	return torpor_machine_init(machine, &config);
}

static void mark_world(void)
{
	memset(access_of, SCHED_PRIVATE, sizeof(access_of));
	MARK(machine, SCHED_CONSTANT);
	MARK(machine.word, SCHED_ATOMIC);
	MARK(machine.suspend_mode, SCHED_PLAIN);
	MARK(machine.mem_protect, SCHED_PLAIN);
	MARK(machine.resident, SCHED_PLAIN);
	MARK(mpidr_index, SCHED_CONSTANT);
	MARK(cpus, SCHED_PLAIN);
	MARK(nodes, SCHED_CONSTANT);
	for (uint32_t i = 0; i < CPUS; i++) {
		MARK(cpus[i].mpidr, SCHED_CONSTANT);
		MARK(cpus[i].word, SCHED_ATOMIC);
		MARK(cpus[i].node, SCHED_CONSTANT);
	}
	for (uint32_t i = 0; i < NODES; i++) {
		MARK(nodes[i].word, SCHED_ATOMIC);
	}
}

void world_init(uint32_t on_count, uint32_t rules)
{
	struct torpor_start start;

	mark_world();
	CHECK(init_machine(&world.machine, world.cpus, world.mpidr_index, world.nodes, rules) ==
	      TORPOR_OK);
	for (uint32_t i = 0; i < 8; i++) {
		world.got[i] = NOTHING_YET;
	}
	for (uint32_t i = 1; i < on_count; i++) {
		CHECK(guest_start(0, i, 15) == TORPOR_RET_SUCCESS);
		CHECK(torpor_cpu_take(&world.machine, i, &start) == TORPOR_OK);
		world.kick[i] = 0;
	}
	for (uint32_t i = 0; i < CPUS; i++) {
		world.affinity[i] = i < on_count ? TORPOR_AFFINITY_ON : TORPOR_AFFINITY_OFF;
	}
	world.rules = rules;
}

/* Starts. */

static uint64_t start_entry(uint32_t who)
{
	return (uint64_t)who << 40 | (uint64_t)who << 4;
}

static uint64_t start_context(uint32_t who)
{
	return ~start_entry(who);
}

static uint32_t start_flags(uint32_t who)
{
	return (who & 1) != 0 ? TORPOR_BIG_ENDIAN : 0;
}

/* Which start this is; 0 and a failure if it is a mixture. */
static uint32_t start_who(const struct torpor_start *start)
{
	uint32_t who = (uint32_t)(start->entry >> 40);

	if (start->entry != start_entry(who) || start->context != start_context(who) ||
	    start->flags != start_flags(who)) {
		sched_fail(__FILE__, __LINE__, "an entry is a mixture of two");
		return 0;
	}
	return who;
}

static int32_t outcome(uint32_t cpu, enum torpor_action action, const struct torpor_call *call)
{
	if (action == TORPOR_RESUME) {
		return (int32_t)(uint32_t)call->x[0];
	}
	if (action == TORPOR_PARK) {
		world.left[cpu] = call->cpus_on;
	} else if (action == TORPOR_WAIT) {
		world.level[cpu] = call->level;
	} else if (action == TORPOR_ENTER) {
		world.entered[cpu] = start_who(&call->start);
	}
	return GOT((int32_t)action);
}

static int32_t psci_flags(uint32_t cpu, enum torpor_fn fn, const uint64_t args[3], uint32_t flags)
{
	static const uint32_t wide = 1u << TORPOR_FN_CPU_SUSPEND | 1u << TORPOR_FN_CPU_ON |
				     1u << TORPOR_FN_AFFINITY_INFO | 1u << TORPOR_FN_MIGRATE |
				     1u << TORPOR_FN_CPU_DEFAULT_SUSPEND |
				     1u << TORPOR_FN_SYSTEM_SUSPEND | 1u << TORPOR_FN_SYSTEM_OFF2 |
				     1u << TORPOR_FN_MIGRATE_INFO_UP_CPU;
	struct torpor_call call = {.x = {0}, .flags = flags};
	enum torpor_action action;

	call.x[0] = (wide >> fn & 1) != 0 ? TORPOR_FN64(fn) : TORPOR_FN32(fn);
	call.x[1] = args[0];
	call.x[2] = args[1];
	call.x[3] = args[2];
	action = torpor_call(&world.machine, cpu, &call);
	return outcome(cpu, action, &call);
}

int32_t psci(uint32_t cpu, enum torpor_fn fn, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t args[3] = {a, b, c};

	return psci_flags(cpu, fn, args, 0);
}

int32_t guest_start(uint32_t cpu, uint32_t target, uint32_t who)
{
	const uint64_t args[3] = {mpidr(target), start_entry(who), start_context(who)};

	return psci_flags(cpu, TORPOR_FN_CPU_ON, args, start_flags(who));
}

int32_t host_start(uint32_t target, uint32_t who)
{
	const struct torpor_start start = {
		.entry = start_entry(who),
		.context = start_context(who),
		.flags = start_flags(who),
	};

	return (int32_t)torpor_cpu_start(&world.machine, target, &start);
}

int32_t guest_suspend(uint32_t cpu, uint32_t who)
{
	const uint64_t args[3] = {start_entry(who), start_context(who), 0};

	return psci_flags(cpu, TORPOR_FN_SYSTEM_SUSPEND, args, start_flags(who));
}

int32_t guest_sleep(uint32_t cpu, uint32_t power_state, uint32_t who)
{
	const uint64_t args[3] = {power_state, start_entry(who), start_context(who)};

	return psci_flags(cpu, TORPOR_FN_CPU_SUSPEND, args, start_flags(who));
}

int32_t guest_affinity(uint32_t cpu, uint32_t target)
{
	return psci(cpu, TORPOR_FN_AFFINITY_INFO, mpidr(target), 0, 0);
}

int32_t own_wake(uint32_t cpu)
{
	struct torpor_call call = {.x = {0}};
	enum torpor_action action = torpor_cpu_wake(&world.machine, cpu, &call);

	return outcome(cpu, action, &call);
}

int32_t own_poll(uint32_t cpu)
{
	struct torpor_call call = {.x = {0}};
	enum torpor_action action = torpor_cpu_poll(&world.machine, cpu, &call);

	return outcome(cpu, action, &call);
}

int32_t host_force_off(uint32_t cpu, uint32_t *cpus_on)
{
	return (int32_t)torpor_cpu_force_off(&world.machine, cpu, cpus_on);
}

uint32_t park(uint32_t cpu)
{
	struct torpor_start start = {0};
	uint32_t times = 0;

	for (;;) {
		sched_wait(&world.kick[cpu]);
		world.kick[cpu] = 0;
		if (torpor_cpu_take(&world.machine, cpu, &start) == TORPOR_OK) {
			break;
		}
	}
	while (times < TAKES && world.took[cpu][times] != 0) {
		times++;
	}
	CHECK(times < TAKES);
	world.took[cpu][times & (TAKES - 1)] = start_who(&start);
	return world.took[cpu][times & (TAKES - 1)];
}

uint32_t took_times(uint32_t cpu, uint32_t who)
{
	uint32_t times = 0;

	for (uint32_t i = 0; i < TAKES; i++) {
		times += world.took[cpu][i] == who;
	}
	return times;
}

uint32_t took_last(uint32_t cpu)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < TAKES && world.took[cpu][i] != 0; i++) {
		last = world.took[cpu][i];
	}
	return last;
}

void check_running(uint32_t cpu, uint32_t who)
{
	CHECK(torpor_cpu_state(&world.machine, cpu) == TORPOR_CPU_ON);
	CHECK(took_times(cpu, who) == 1);
	CHECK(took_last(cpu) == who);
}

/* Checks. */

static int32_t shown_as(enum torpor_cpu_state state)
{
	switch (state) {
	case TORPOR_CPU_OFF:
		return TORPOR_AFFINITY_OFF;
	case TORPOR_CPU_CLAIMED:
	case TORPOR_CPU_ON_PENDING:
		return TORPOR_AFFINITY_ON_PENDING;
	case TORPOR_CPU_ON:
	case TORPOR_CPU_SUSPENDED:
	case TORPOR_CPU_FROZEN:
	case TORPOR_CPU_LEAVING:
		return TORPOR_AFFINITY_ON;
	case TORPOR_CPU_DISABLED:
		return TORPOR_RET_DISABLED;
	}
	return NOTHING_YET;
}

/* What a guest may see next: OFF, ON_PENDING, ON, OFF; and nothing is skipped. */
static void check_affinity(uint32_t cpu, int32_t now)
{
	int32_t before = world.affinity[cpu];

	world.affinity[cpu] = now;
	if (now == before || (world.rules & MAY_RESET) != 0) {
		return;
	}
	switch (before) {
	case TORPOR_AFFINITY_OFF:
		CHECK(now == TORPOR_AFFINITY_ON_PENDING);
		break;
	case TORPOR_AFFINITY_ON_PENDING:
		CHECK(now == TORPOR_AFFINITY_ON || (world.rules & MAY_UNDO) != 0);
		break;
	default:
		CHECK(now == TORPOR_AFFINITY_OFF || (world.rules & MAY_RESTART) != 0);
		break;
	}
}

static bool is_counted(enum torpor_cpu_state state)
{
	return state == TORPOR_CPU_ON_PENDING || state == TORPOR_CPU_ON ||
	       state == TORPOR_CPU_SUSPENDED || state == TORPOR_CPU_FROZEN;
}

void world_step(void)
{
	enum torpor_machine_mode mode = torpor_machine_mode(&world.machine);
	uint32_t count = torpor_machine_cpus_on(&world.machine);
	uint32_t counted = 0;
	uint32_t not_off = 0;
	uint32_t suspended = CPUS;

	for (uint32_t i = 0; i < CPUS; i++) {
		enum torpor_cpu_state state = torpor_cpu_state(&world.machine, i);

		check_affinity(i, shown_as(state));
		counted += is_counted(state);
		not_off += state != TORPOR_CPU_OFF && state != TORPOR_CPU_DISABLED;
	}
	if ((world.rules & MAY_RESET) != 0) {
		return;
	}
	if (mode == TORPOR_MODE_SUSPENDED || mode == TORPOR_MODE_WAKING) {
		CHECK(count == 1);
		CHECK(torpor_machine_suspended_cpu(&world.machine, &suspended) == TORPOR_OK);
		for (uint32_t i = 0; i < CPUS; i++) {
			CHECK(i == suspended || !is_counted(torpor_cpu_state(&world.machine, i)));
		}
	}
	if (mode == TORPOR_MODE_RUNNING || mode == TORPOR_MODE_SUSPENDED) {
		CHECK(counted <= count);
		CHECK(count <= not_off);
	}
}

void world_end(void)
{
	enum torpor_machine_mode mode = torpor_machine_mode(&world.machine);
	uint32_t not_off = 0;
	uint32_t suspended = CPUS;

	for (uint32_t i = 0; i < CPUS; i++) {
		enum torpor_cpu_state state = torpor_cpu_state(&world.machine, i);

		CHECK(state != TORPOR_CPU_CLAIMED && state != TORPOR_CPU_LEAVING);
		not_off += state != TORPOR_CPU_OFF && state != TORPOR_CPU_DISABLED;
	}
	if (mode == TORPOR_MODE_RUNNING || mode == TORPOR_MODE_SUSPENDED ||
	    mode == TORPOR_MODE_WAKING) {
		CHECK(torpor_machine_cpus_on(&world.machine) == not_off);
	}
	if (mode == TORPOR_MODE_SUSPENDED) {
		CHECK(torpor_machine_suspended_cpu(&world.machine, &suspended) == TORPOR_OK);
		CHECK(torpor_cpu_state(&world.machine, suspended) == TORPOR_CPU_ON);
		CHECK(not_off == 1);
	}
	for (uint32_t i = 0; i < CPUS && mode == TORPOR_MODE_RUNNING; i++) {
		if (torpor_cpu_state(&world.machine, 0) == TORPOR_CPU_ON) {
			CHECK(guest_affinity(0, i) ==
			      shown_as(torpor_cpu_state(&world.machine, i)));
		}
	}
}

void check_saved(void)
{
	static struct torpor_machine machine;
	static struct torpor_cpu cpus[CPUS];
	static uint16_t index[TORPOR_MPIDR_INDEX_COUNT(CPUS)];
	static struct torpor_node nodes[NODES];
	uint32_t not_off = 0;

	CHECK(init_machine(&machine, cpus, index, nodes, world.rules) == TORPOR_OK);
	CHECK(torpor_machine_restore(&machine, world.saved, torpor_machine_save_size(&machine)) ==
	      TORPOR_OK);
	for (uint32_t i = 0; i < CPUS; i++) {
		not_off += torpor_cpu_state(&machine, i) != TORPOR_CPU_OFF;
	}
	CHECK(torpor_machine_cpus_on(&machine) == not_off);
	if (torpor_cpu_state(&machine, 1) == TORPOR_CPU_ON_PENDING) {
		struct torpor_start start = {0};

		CHECK(torpor_cpu_take(&machine, 1, &start) == TORPOR_OK);
		CHECK(start_who(&start) != 0);
	}
}
