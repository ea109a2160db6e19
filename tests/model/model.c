/* SPDX-License-Identifier: BSD-3-Clause */
#include "model.h"
#include <string.h>

/* State. */

bool model_is_on(const struct model *m, uint32_t cpu)
{
	return m->cpus[cpu].state != TORPOR_CPU_OFF && m->cpus[cpu].state != TORPOR_CPU_DISABLED;
}

uint32_t model_cpus_on(const struct model *m)
{
	uint32_t count = 0;

	for (uint32_t cpu = 0; cpu < MODEL_CPUS; cpu++) {
		count += model_is_on(m, cpu);
	}
	return count;
}

static bool is_suspended(const struct model *m)
{
	return m->mode == TORPOR_MODE_SUSPENDED || m->mode == TORPOR_MODE_WAKING;
}

bool model_has_ended(const struct model *m)
{
	return m->mode >= TORPOR_MODE_OFF;
}

static void boot(struct model *m)
{
	m->mode = TORPOR_MODE_RUNNING;
	m->os_initiated = false;
	m->suspend_used = false;
	m->mem_protect = false;
	m->resident = m->config.trusted_os_cpu;
	memset(m->cpus, 0, sizeof(m->cpus));
	memset(m->nodes, 0, sizeof(m->nodes));
	for (uint32_t cpu = 0; cpu < MODEL_CPUS; cpu++) {
		if (m->config.disabled >> cpu & 1) {
			m->cpus[cpu].state = TORPOR_CPU_DISABLED;
		}
	}
	m->cpus[m->config.boot_cpu].state = TORPOR_CPU_ON;
}

void model_init(struct model *m, const struct model_config *config)
{
	m->config = *config;
	boot(m);
}

bool model_reset(struct model *m)
{
	if (!model_has_ended(m)) {
		return false;
	}
	boot(m);
	return true;
}

static void stop_waiting(struct model_cpu *cpu)
{
	cpu->waits = false;
	cpu->waits_for_system = false;
	cpu->depth = TORPOR_DEPTH_RUN;
}

void model_runs(struct model *m, uint32_t cpu)
{
	for (uint32_t level = 1; level < MODEL_LEVELS; level++) {
		m->nodes[level][cpu >> level] = TORPOR_DEPTH_RUN;
	}
}

static struct model_answer returns(int32_t ret)
{
	return (struct model_answer){.codes = 1u << -ret, .action = TORPOR_RESUME};
}

enum torpor_status model_take(struct model *m, uint32_t cpu, struct torpor_start *start)
{
	if (m->cpus[cpu].state != TORPOR_CPU_ON_PENDING || model_has_ended(m)) {
		return TORPOR_E_STATE;
	}
	m->cpus[cpu].state = TORPOR_CPU_ON;
	*start = m->cpus[cpu].start;
	return TORPOR_OK;
}

static struct model_answer wake_system(struct model *m, struct model_cpu *cpu, bool event)
{
	if (m->mode == TORPOR_MODE_RUNNING) {
		stop_waiting(cpu);
		return returns(TORPOR_RET_DENIED);
	}
	if (m->mode == TORPOR_MODE_SUSPENDED && !event) {
		return (struct model_answer){.action = TORPOR_WAIT_SYSTEM};
	}
	m->mode = TORPOR_MODE_RUNNING;
	stop_waiting(cpu);
	return (struct model_answer){.action = TORPOR_ENTER, .start = cpu->start};
}

struct model_answer model_wake(struct model *m, uint32_t index, bool event)
{
	struct model_cpu *cpu = &m->cpus[index];
	bool standby = cpu->depth == TORPOR_DEPTH_STANDBY;

	if (!cpu->waits || model_has_ended(m)) {
		cpu->waits = false;
		return (struct model_answer){.action = TORPOR_PARK};
	}
	if (cpu->waits_for_system) {
		return wake_system(m, cpu, event);
	}
	if (!event) {
		return (struct model_answer){.action = TORPOR_WAIT,
					     .depth = cpu->depth,
					     .power_state = cpu->power_state};
	}
	cpu->state = TORPOR_CPU_ON;
	stop_waiting(cpu);
	model_runs(m, index);
	return standby ? returns(TORPOR_RET_SUCCESS)
		       : (struct model_answer){.action = TORPOR_ENTER, .start = cpu->start};
}

/* The host's side. */

enum torpor_status model_start(struct model *m, uint32_t cpu, const struct torpor_start *start,
			       bool fails)
{
	enum torpor_cpu_state state = m->cpus[cpu].state;

	if (state == TORPOR_CPU_DISABLED) {
		return TORPOR_E_INVAL;
	}
	if (is_suspended(m)) {
		return TORPOR_E_SUSPENDED;
	}
	if (model_has_ended(m) || (state != TORPOR_CPU_OFF && state != TORPOR_CPU_FROZEN)) {
		return TORPOR_E_STATE;
	}
	if (fails) {
		return TORPOR_E_FAILED;
	}
	m->cpus[cpu].state = TORPOR_CPU_ON_PENDING;
	m->cpus[cpu].start = *start;
	model_runs(m, cpu);
	return TORPOR_OK;
}

enum torpor_status model_force_off(struct model *m, uint32_t cpu, uint32_t *cpus_on)
{
	if (!model_is_on(m, cpu) || model_has_ended(m)) {
		return TORPOR_E_STATE;
	}
	if (is_suspended(m)) {
		return TORPOR_E_SUSPENDED;
	}
	m->cpus[cpu].state = TORPOR_CPU_OFF;
	stop_waiting(&m->cpus[cpu]);
	*cpus_on = model_cpus_on(m);
	return TORPOR_OK;
}

enum torpor_status model_end(struct model *m, enum torpor_machine_mode mode)
{
	if (model_has_ended(m)) {
		return TORPOR_E_STATE;
	}
	m->mode = mode;
	return TORPOR_OK;
}

enum torpor_status model_machine_wake(struct model *m)
{
	if (m->mode != TORPOR_MODE_SUSPENDED) {
		return TORPOR_E_STATE;
	}
	m->mode = TORPOR_MODE_WAKING;
	return TORPOR_OK;
}

enum torpor_status model_refuse(struct model *m)
{
	if (m->mode != TORPOR_MODE_SUSPENDED) {
		return TORPOR_E_STATE;
	}
	m->mode = TORPOR_MODE_RUNNING;
	return TORPOR_OK;
}
