/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest can call, function by function. */
#include "model.h"

#define CODE(ret) (1u << -(ret))
#define AT_LEAST(m, v) ((m)->config.version >= TORPOR_PSCI_##v)

/* Answers. */

static struct model_answer code(int32_t ret)
{
	return (struct model_answer){.codes = CODE(ret), .action = TORPOR_RESUME};
}

static struct model_answer value(int64_t v)
{
	return (struct model_answer){.action = TORPOR_RESUME, .value = v};
}

/* The first of 1.0's INVALID_ADDRESS (5.4.5, 5.6.2). */
static uint32_t bad_address(const struct model *m)
{
	return AT_LEAST(m, 1_0) ? CODE(TORPOR_RET_INVALID_ADDRESS)
				: CODE(TORPOR_RET_INVALID_PARAMETERS);
}

/* A code newer than 0.1 becomes any of 0.1's errors there. */
static uint32_t since_0_2(const struct model *m, int32_t ret)
{
	return AT_LEAST(m, 0_2) ? CODE(ret)
				: CODE(TORPOR_RET_INVALID_PARAMETERS) | CODE(TORPOR_RET_DENIED);
}

static struct torpor_start start_of(const struct model_call *call, uint64_t entry, uint64_t context)
{
	struct torpor_start start = {entry, context, call->flags, 0};

	if ((call->flags & TORPOR_AARCH32) && (entry & 1)) {
		start.entry = entry - 1;
		start.flags |= TORPOR_THUMB;
	}
	return start;
}

static int find(const struct model *m, uint64_t mpidr)
{
	for (int cpu = 0; cpu < MODEL_CPUS; cpu++) {
		if (m->config.mpidr[cpu] == mpidr) {
			return cpu;
		}
	}
	return -1;
}

/* Power states and the tree. */

static const struct torpor_power_state *find_state(const struct model *m, uint64_t power_state)
{
	for (uint32_t i = 0; i < m->config.state_count; i++) {
		if (m->config.states[i].power_state == (uint32_t)power_state) {
			return &m->config.states[i];
		}
	}
	return NULL;
}

/* How deep the node at @level that holds @cpu sleeps; level 0 is the CPU itself. */
static enum torpor_depth node_depth(const struct model *m, uint32_t cpu, uint32_t level)
{
	bool all_off = true;

	if (level == 0) {
		return m->cpus[cpu].depth;
	}
	for (uint32_t i = 0; i < MODEL_CPUS; i++) {
		if (i >> level == cpu >> level && model_is_on(m, i)) {
			all_off = false;
			if (m->cpus[i].state != TORPOR_CPU_SUSPENDED) {
				return TORPOR_DEPTH_RUN;
			}
		}
	}
	return all_off ? TORPOR_DEPTH_POWERDOWN : m->nodes[level][cpu >> level];
}

/*
 * OS-initiated: is @cpu the last one in the levels that it names, and what is left there deep
 * enough (5.4.5, 6.3)? Returns the codes it may get, 0 for none. A cluster that runs although all
 * its CPUs sleep is neither a running core nor a node in a low-power state: both codes fit.
 */
static uint32_t check_tree(const struct model *m, uint32_t cpu, const struct torpor_power_state *s)
{
	uint32_t codes = 0;

	for (uint32_t level = 1; level < MODEL_LEVELS; level++) {
		bool asleep = s->depth[level] != TORPOR_DEPTH_RUN;

		if (level > s->last_level && !asleep) {
			break;
		}
		for (uint32_t i = 0; i < MODEL_CPUS; i++) {
			if (i >> level != cpu >> level || i >> (level - 1) == cpu >> (level - 1) ||
			    !model_is_on(m, i)) {
				continue;
			}
			if (m->cpus[i].state != TORPOR_CPU_SUSPENDED) {
				codes |= CODE(TORPOR_RET_DENIED);
			} else if (asleep && node_depth(m, i, level - 1) < s->depth[level]) {
				codes |= CODE(TORPOR_RET_INVALID_PARAMETERS);
				if (level > 1 && node_depth(m, i, level - 1) == TORPOR_DEPTH_RUN) {
					codes |= CODE(TORPOR_RET_DENIED);
				}
			}
		}
	}
	return codes;
}

/* Functions. */

static struct model_answer go_to_sleep(struct model *m, const struct model_call *call,
				       const struct torpor_power_state *s, bool is_default,
				       struct torpor_start start)
{
	struct model_cpu *cpu = &m->cpus[call->cpu];
	enum torpor_depth depth = s ? (enum torpor_depth)s->depth[0] : TORPOR_DEPTH_POWERDOWN;

	cpu->state = TORPOR_CPU_SUSPENDED;
	cpu->waits = true;
	cpu->start = start;
	cpu->depth = depth;
	cpu->power_state = is_default ? 0 : s->power_state;
	for (uint32_t level = 1; s && !is_default && m->os_initiated && level < MODEL_LEVELS;
	     level++) {
		m->nodes[level][call->cpu >> level] = (enum torpor_depth)s->depth[level];
	}
	return (struct model_answer){
		.action = TORPOR_WAIT, .depth = depth, .power_state = cpu->power_state};
}

static struct model_answer cpu_suspend(struct model *m, const struct model_call *call)
{
	const struct torpor_power_state *s = find_state(m, call->arg[0]);
	struct torpor_start start = start_of(call, call->arg[1], call->arg[2]);
	struct model_answer answer = {.action = TORPOR_RESUME};

	if (!s) {
		answer.codes = CODE(TORPOR_RET_INVALID_PARAMETERS);
	} else if (s->depth[0] == TORPOR_DEPTH_POWERDOWN && start.entry == m->config.bad_entry) {
		answer.codes = bad_address(m);
	}
	if (answer.codes) {
		return answer;
	}
	m->suspend_used = true;
	if (m->os_initiated) {
		answer.codes = check_tree(m, call->cpu, s);
	}
	return answer.codes ? answer : go_to_sleep(m, call, s, false, start);
}

static struct model_answer cpu_default_suspend(struct model *m, const struct model_call *call)
{
	struct torpor_start start = start_of(call, call->arg[0], call->arg[1]);

	if (start.entry == m->config.bad_entry) {
		return code(TORPOR_RET_INVALID_ADDRESS);
	}
	return go_to_sleep(m, call, &m->config.states[m->config.default_state], true, start);
}

static bool holds_trusted_os(const struct model *m, uint32_t cpu)
{
	return m->config.trusted_os <= TORPOR_TRUSTED_OS_UP_NO_MIGRATE && m->resident == cpu;
}

static struct model_answer cpu_off(struct model *m, const struct model_call *call)
{
	if (holds_trusted_os(m, call->cpu)) {
		return code(TORPOR_RET_DENIED);
	}
	m->cpus[call->cpu].state = TORPOR_CPU_OFF;
	return (struct model_answer){
		.action = TORPOR_PARK, .went_off = true, .cpus_on = model_cpus_on(m)};
}

static struct model_answer cpu_freeze(struct model *m, const struct model_call *call)
{
	if (holds_trusted_os(m, call->cpu)) {
		return code(TORPOR_RET_DENIED);
	}
	m->cpus[call->cpu].state = TORPOR_CPU_FROZEN;
	return (struct model_answer){.action = TORPOR_PARK};
}

/* Every fault that a CPU_ON has; the standard does not say which is told (5.6.2). */
static struct model_answer cpu_on(struct model *m, const struct model_call *call)
{
	bool policy_code = !AT_LEAST(m, 0_2) || AT_LEAST(m, 1_2);
	struct torpor_start start = start_of(call, call->arg[1], call->arg[2]);
	struct model_answer answer = {.action = TORPOR_RESUME};
	int target = find(m, call->arg[0]);
	enum torpor_cpu_state state;

	if (target < 0) {
		answer.codes = CODE(TORPOR_RET_INVALID_PARAMETERS);
	}
	if (start.entry == m->config.bad_entry) {
		answer.codes |= bad_address(m);
	}
	if (target >= 0 && call->refused_by_policy) {
		answer.codes |=
			policy_code ? CODE(TORPOR_RET_DENIED) : CODE(TORPOR_RET_INTERNAL_FAILURE);
	}
	state = target < 0 ? TORPOR_CPU_OFF : m->cpus[target].state;
	if (state == TORPOR_CPU_DISABLED) {
		answer.codes |= since_0_2(m, TORPOR_RET_INTERNAL_FAILURE);
	} else if (state == TORPOR_CPU_ON_PENDING) {
		answer.codes |= since_0_2(m, TORPOR_RET_ON_PENDING);
	} else if (state == TORPOR_CPU_ON || state == TORPOR_CPU_SUSPENDED) {
		answer.codes |= since_0_2(m, TORPOR_RET_ALREADY_ON);
	}
	if (!answer.codes && call->start_fails) {
		answer.codes = since_0_2(m, TORPOR_RET_INTERNAL_FAILURE);
	}
	if (!answer.codes) {
		m->cpus[target].state = TORPOR_CPU_ON_PENDING;
		model_runs(m, (uint32_t)target);
		m->cpus[target].start = start;
	}
	return answer;
}

static struct model_answer affinity_info(const struct model *m, const struct model_call *call)
{
	uint32_t level = (uint32_t)call->arg[1];
	uint64_t mask = level == 3   ? UINT64_C(0xff00000000)
			: level == 2 ? UINT64_C(0xff00ff0000)
			: level == 1 ? UINT64_C(0xff00ffff00)
				     : TORPOR_MPIDR_AFFINITY;
	int on = 0, pending = 0, off = 0, disabled = 0;

	if (level > 3 || (call->arg[0] & ~TORPOR_MPIDR_AFFINITY)) {
		return code(TORPOR_RET_INVALID_PARAMETERS);
	}
	for (uint32_t cpu = 0; cpu < MODEL_CPUS; cpu++) {
		if ((m->config.mpidr[cpu] ^ call->arg[0]) & mask) {
			continue;
		}
		disabled += m->cpus[cpu].state == TORPOR_CPU_DISABLED;
		off += m->cpus[cpu].state == TORPOR_CPU_OFF;
		pending += m->cpus[cpu].state == TORPOR_CPU_ON_PENDING;
		on += m->cpus[cpu].state >= TORPOR_CPU_ON && model_is_on(m, cpu);
	}
	if (on + pending + off + disabled == 0) {
		return code(TORPOR_RET_INVALID_PARAMETERS);
	}
	return on	 ? value(TORPOR_AFFINITY_ON)
	       : pending ? value(TORPOR_AFFINITY_ON_PENDING)
	       : off	 ? value(TORPOR_AFFINITY_OFF)
			 : code(TORPOR_RET_DISABLED);
}

/*
 * To itself, or to a CPU that sleeps too deeply to be asked (pending, frozen), is the caller's
 * fault, and may work or not (5.1.7, 5.8.2): the library's choice is then the model's too.
 */
static struct model_answer migrate(struct model *m, const struct model_call *call)
{
	struct model_answer answer = {.action = TORPOR_RESUME};
	int target = find(m, call->arg[0]);
	enum torpor_cpu_state state = target < 0 ? TORPOR_CPU_OFF : m->cpus[target].state;
	uint32_t failure = since_0_2(m, TORPOR_RET_INTERNAL_FAILURE);

	if (m->config.trusted_os == TORPOR_TRUSTED_OS_UP_NO_MIGRATE) {
		answer.codes |= CODE(TORPOR_RET_DENIED);
	}
	if (target < 0) {
		answer.codes |= CODE(TORPOR_RET_INVALID_PARAMETERS);
	}
	if (m->resident != call->cpu) {
		answer.codes |= since_0_2(m, TORPOR_RET_NOT_PRESENT);
	}
	if (target >= 0 && !model_is_on(m, (uint32_t)target)) {
		answer.codes |= failure;
	}
	if (answer.codes) {
		return answer;
	}
	if ((uint32_t)target == m->resident || state == TORPOR_CPU_ON_PENDING ||
	    state == TORPOR_CPU_FROZEN) {
		answer.codes = failure | CODE(TORPOR_RET_SUCCESS);
		answer.moves_to = (uint32_t)target;
		answer.may_move = true;
	} else if (call->migrate_fails) {
		answer.codes = failure;
	} else {
		m->resident = (uint32_t)target;
	}
	return answer;
}

static struct model_answer system_suspend(struct model *m, const struct model_call *call)
{
	struct model_answer answer = {.action = TORPOR_RESUME};
	struct torpor_start start = start_of(call, call->arg[0], call->arg[1]);

	if (start.entry == m->config.bad_entry) {
		answer.codes |= CODE(TORPOR_RET_INVALID_ADDRESS);
	}
	if (model_cpus_on(m) != 1) {
		answer.codes |= CODE(TORPOR_RET_DENIED);
	}
	if (answer.codes) {
		return answer;
	}
	m->mode = TORPOR_MODE_SUSPENDED;
	m->suspender = call->cpu;
	m->cpus[call->cpu].waits = true;
	m->cpus[call->cpu].waits_for_system = true;
	m->cpus[call->cpu].start = start;
	return (struct model_answer){.action = TORPOR_WAIT_SYSTEM};
}

static struct model_answer set_suspend_mode(struct model *m, const struct model_call *call)
{
	uint32_t mode = (uint32_t)call->arg[0];
	bool frozen = false;

	if (mode > 1) {
		return code(TORPOR_RET_INVALID_PARAMETERS);
	}
	for (uint32_t cpu = 0; cpu < MODEL_CPUS; cpu++) {
		frozen |= m->cpus[cpu].state == TORPOR_CPU_FROZEN;
	}
	if (mode == m->os_initiated) {
		return code(TORPOR_RET_SUCCESS);
	}
	if (mode ? m->suspend_used || frozen : model_cpus_on(m) != 1) {
		return code(TORPOR_RET_DENIED);
	}
	m->os_initiated = mode != 0;
	m->suspend_used = false;
	return code(TORPOR_RET_SUCCESS);
}

static struct model_answer end(struct model *m, enum torpor_action action,
			       enum torpor_machine_mode mode)
{
	m->mode = mode;
	return (struct model_answer){.action = action};
}

static struct model_answer reset2(struct model *m, const struct model_call *call)
{
	uint32_t type = (uint32_t)call->arg[0];
	struct model_answer answer;

	if (type & TORPOR_RESET2_VENDOR) {
		int32_t ret = call->vendor_code;

		if (ret < -256 || (ret >= TORPOR_RET_INVALID_ADDRESS && ret < -1)) {
			return value(ret);
		}
		if (ret != TORPOR_RET_SUCCESS) {
			return code(TORPOR_RET_INTERNAL_FAILURE);
		}
	} else if (type != TORPOR_RESET2_WARM) {
		return code(TORPOR_RET_INVALID_PARAMETERS);
	}
	answer = end(m, TORPOR_MACHINE_RESET2, TORPOR_MODE_RESETTING);
	answer.reset_type = type;
	return answer;
}

static struct model_answer off2(struct model *m, const struct model_call *call)
{
	if ((uint32_t)call->arg[0] > TORPOR_OFF2_HIBERNATE_OFF || call->arg[1] != 0) {
		return code(TORPOR_RET_INVALID_PARAMETERS);
	}
	return end(m, TORPOR_MACHINE_HIBERNATED, TORPOR_MODE_HIBERNATED);
}

bool model_fn_is_wide(enum torpor_fn fn)
{
	static const uint8_t wide[] = {0x01, 0x03, 0x04, 0x05, 0x07, 0x0c, 0x0d,
				       0x0e, 0x10, 0x11, 0x12, 0x14, 0x15};

	for (size_t i = 0; i < sizeof(wide); i++) {
		if (wide[i] == fn) {
			return true;
		}
	}
	return false;
}

bool model_fn_is_query(enum torpor_fn fn)
{
	return fn == TORPOR_FN_PSCI_FEATURES || fn == TORPOR_FN_NODE_HW_STATE ||
	       fn == TORPOR_FN_PSCI_STAT_COUNT || fn == TORPOR_FN_PSCI_STAT_RESIDENCY ||
	       fn == TORPOR_FN_MEM_PROTECT_CHECK_RANGE;
}

static bool exists(const struct model *m, enum torpor_fn fn)
{
	const struct model_config *c = &m->config;

	switch (fn) {
	case TORPOR_FN_CPU_SUSPEND:
	case TORPOR_FN_CPU_OFF:
	case TORPOR_FN_CPU_ON:
		return true;
	case TORPOR_FN_MIGRATE:
		return c->trusted_os <= TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	case TORPOR_FN_PSCI_VERSION:
	case TORPOR_FN_AFFINITY_INFO:
	case TORPOR_FN_SYSTEM_OFF:
	case TORPOR_FN_SYSTEM_RESET:
		return AT_LEAST(m, 0_2);
	case TORPOR_FN_MIGRATE_INFO_UP_CPU:
		return AT_LEAST(m, 0_2) && c->trusted_os <= TORPOR_TRUSTED_OS_UP_NO_MIGRATE;
	case TORPOR_FN_MIGRATE_INFO_TYPE:
		return AT_LEAST(m, 0_2) && c->trusted_os != TORPOR_TRUSTED_OS_NO_INFO;
	case TORPOR_FN_CPU_FREEZE:
		return AT_LEAST(m, 1_0) && (c->flags & TORPOR_F_CPU_FREEZE);
	case TORPOR_FN_CPU_DEFAULT_SUSPEND:
		return AT_LEAST(m, 1_0) && (c->flags & TORPOR_F_CPU_DEFAULT_SUSPEND);
	case TORPOR_FN_SYSTEM_SUSPEND:
		return AT_LEAST(m, 1_0) && (c->flags & TORPOR_F_SYSTEM_SUSPEND);
	case TORPOR_FN_PSCI_SET_SUSPEND_MODE:
		return AT_LEAST(m, 1_0) && (c->flags & TORPOR_F_OS_INITIATED);
	case TORPOR_FN_SYSTEM_RESET2:
		return AT_LEAST(m, 1_1) && (c->flags & TORPOR_F_SYSTEM_RESET2);
	case TORPOR_FN_MEM_PROTECT:
		return AT_LEAST(m, 1_1);
	case TORPOR_FN_SYSTEM_OFF2:
		return AT_LEAST(m, 1_3) && (c->flags & TORPOR_F_SYSTEM_OFF2);
	/* Not in the model: no state comes of these. */
	case TORPOR_FN_PSCI_FEATURES:
	case TORPOR_FN_NODE_HW_STATE:
	case TORPOR_FN_PSCI_STAT_RESIDENCY:
	case TORPOR_FN_PSCI_STAT_COUNT:
	case TORPOR_FN_MEM_PROTECT_CHECK_RANGE:
		return false;
	}
	return false;
}

static struct model_answer dispatch(struct model *m, const struct model_call *call)
{
	bool was;

	switch (call->fn) {
	case TORPOR_FN_PSCI_VERSION:
		return value(m->config.version);
	case TORPOR_FN_CPU_SUSPEND:
		return cpu_suspend(m, call);
	case TORPOR_FN_CPU_OFF:
		return cpu_off(m, call);
	case TORPOR_FN_CPU_ON:
		return cpu_on(m, call);
	case TORPOR_FN_AFFINITY_INFO:
		return affinity_info(m, call);
	case TORPOR_FN_MIGRATE:
		return migrate(m, call);
	case TORPOR_FN_MIGRATE_INFO_TYPE:
		return value(m->config.trusted_os);
	case TORPOR_FN_MIGRATE_INFO_UP_CPU:
		return value((int64_t)m->config.mpidr[m->resident]);
	case TORPOR_FN_SYSTEM_OFF:
		return end(m, TORPOR_MACHINE_OFF, TORPOR_MODE_OFF);
	case TORPOR_FN_SYSTEM_RESET:
		return end(m, TORPOR_MACHINE_RESET, TORPOR_MODE_RESETTING);
	case TORPOR_FN_CPU_FREEZE:
		return cpu_freeze(m, call);
	case TORPOR_FN_CPU_DEFAULT_SUSPEND:
		return cpu_default_suspend(m, call);
	case TORPOR_FN_SYSTEM_SUSPEND:
		return system_suspend(m, call);
	case TORPOR_FN_PSCI_SET_SUSPEND_MODE:
		return set_suspend_mode(m, call);
	case TORPOR_FN_SYSTEM_RESET2:
		return reset2(m, call);
	case TORPOR_FN_MEM_PROTECT:
		was = m->mem_protect;
		m->mem_protect = (uint32_t)call->arg[0] != 0;
		return value(was);
	case TORPOR_FN_SYSTEM_OFF2:
		return off2(m, call);
	case TORPOR_FN_PSCI_FEATURES:
	case TORPOR_FN_NODE_HW_STATE:
	case TORPOR_FN_PSCI_STAT_RESIDENCY:
	case TORPOR_FN_PSCI_STAT_COUNT:
	case TORPOR_FN_MEM_PROTECT_CHECK_RANGE:
		break;
	}
	return code(TORPOR_RET_NOT_SUPPORTED);
}

struct model_answer model_call(struct model *m, const struct model_call *call)
{
	if (!exists(m, call->fn)) {
		return code(TORPOR_RET_NOT_SUPPORTED);
	}
	if (model_has_ended(m)) {
		return (struct model_answer){.ended = true};
	}
	return dispatch(m, call);
}
