/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "torpor_pthread.h"

/* How a CPU's loop is come back to, by longjmp(): 0 is the first time through. */
#define LOOP_PARK 1
#define LOOP_ENTER 2
#define LOOP_STOP 3

void torpor_pthread_kick(struct torpor_pthread *host, uint32_t cpu)
{
	pthread_mutex_lock(&host->lock);
	host->cpus[cpu].kicked = true;
	pthread_cond_signal(&host->cpus[cpu].stirred);
	pthread_mutex_unlock(&host->lock);
}

void torpor_pthread_interrupt(struct torpor_pthread *host, uint32_t cpu)
{
	pthread_mutex_lock(&host->lock);
	host->cpus[cpu].wake_up = true;
	pthread_cond_signal(&host->cpus[cpu].stirred);
	pthread_mutex_unlock(&host->lock);
}

static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	torpor_pthread_kick(ctx, cpu);
	return TORPOR_OK;
}

static const struct torpor_port port = {
	.size = sizeof(port),
	.start = op_start,
};

static void stop_all(struct torpor_pthread *host)
{
	pthread_mutex_lock(&host->lock);
	host->stop = true;
	for (uint32_t i = 0; i < host->cpu_count; i++) {
		pthread_cond_signal(&host->cpus[i].stirred);
	}
	pthread_mutex_unlock(&host->lock);
}

static bool has_ended(struct torpor_pthread *host)
{
	switch (torpor_machine_mode(&host->machine)) {
	case TORPOR_MODE_OFF:
	case TORPOR_MODE_HIBERNATED:
	case TORPOR_MODE_RESETTING:
		return true;
	case TORPOR_MODE_RUNNING:
	case TORPOR_MODE_SUSPENDED:
	case TORPOR_MODE_WAKING:
		break;
	}
	return false;
}

/* Sleep until there is something to look at. false: all is over. */
static bool sleep_until_stirred(struct torpor_pthread_cpu *cpu, bool *wake_up)
{
	struct torpor_pthread *host = cpu->owner;
	bool go_on;

	pthread_mutex_lock(&host->lock);
	while (!cpu->kicked && !(wake_up != NULL && cpu->wake_up) && !host->stop) {
		pthread_cond_wait(&cpu->stirred, &host->lock);
	}
	cpu->kicked = false;
	if (wake_up != NULL) {
		*wake_up = cpu->wake_up;
		cpu->wake_up = false;
	}
	go_on = !host->stop;
	pthread_mutex_unlock(&host->lock);
	return go_on && !has_ended(host);
}

/* Wait for a wake-up event, or for the host to end the wait. */
static enum torpor_action wait_for_event(struct torpor_pthread_cpu *cpu, struct torpor_call *call)
{
	enum torpor_action action = TORPOR_WAIT;

	while (action == TORPOR_WAIT || action == TORPOR_WAIT_SYSTEM) {
		bool wake_up = false;

		if (!sleep_until_stirred(cpu, &wake_up)) {
			return TORPOR_PARK;
		}
		action = wake_up ? torpor_cpu_wake(&cpu->owner->machine, cpu->index, call)
				 : torpor_cpu_poll(&cpu->owner->machine, cpu->index, call);
	}
	return action;
}

uint64_t torpor_pthread_call(struct torpor_pthread_cpu *cpu, struct torpor_call *call)
{
	struct torpor_pthread *host = cpu->owner;
	enum torpor_action action = torpor_call(&host->machine, cpu->index, call);

	if (action == TORPOR_WAIT || action == TORPOR_WAIT_SYSTEM) {
		action = wait_for_event(cpu, call);
	}
	switch (action) {
	case TORPOR_NOT_MINE:
		return (uint64_t)(int64_t)TORPOR_RET_NOT_SUPPORTED;
	case TORPOR_RESUME:
		return call->x[0];
	case TORPOR_ENTER:
		cpu->start = call->start;
		longjmp(cpu->loop, LOOP_ENTER);
	case TORPOR_PARK:
		longjmp(cpu->loop, LOOP_PARK);
	case TORPOR_MACHINE_OFF:
	case TORPOR_MACHINE_HIBERNATED:
	case TORPOR_MACHINE_RESET:
	case TORPOR_MACHINE_RESET2:
		host->ended = action;
		stop_all(host);
		longjmp(cpu->loop, LOOP_STOP);
	case TORPOR_WAIT:
	case TORPOR_WAIT_SYSTEM:
		break;
	}
	return call->x[0];
}

int64_t torpor_pthread_smc(struct torpor_pthread_cpu *cpu, uint32_t fn, uint64_t x1, uint64_t x2,
			   uint64_t x3)
{
	struct torpor_call call = {.x = {fn, x1, x2, x3}};
	uint64_t value = torpor_pthread_call(cpu, &call);

	/* SMC32 functions return 32 bits. */
	return (fn & UINT32_C(0x40000000)) != 0 ? (int64_t)value : (int32_t)(uint32_t)value;
}

/* Until the CPU has taken a start. false: all is over. */
static bool park(struct torpor_pthread_cpu *cpu)
{
	while (sleep_until_stirred(cpu, NULL)) {
		if (torpor_cpu_take(&cpu->owner->machine, cpu->index, &cpu->start) == TORPOR_OK) {
			return true;
		}
	}
	return false;
}

static void *cpu_thread(void *arg)
{
	struct torpor_pthread_cpu *cpu = arg;

	switch (setjmp(cpu->loop)) {
	case 0:
		if (cpu->index == 0) {
			break;
		}
		/* fallthrough */
	case LOOP_PARK:
		if (!park(cpu)) {
			return NULL;
		}
		break;
	case LOOP_STOP:
		return NULL;
	default: /* LOOP_ENTER */
		break;
	}
	cpu->owner->guest(cpu);
	(void)torpor_pthread_smc(cpu, TORPOR_FN32(TORPOR_FN_CPU_OFF), 0, 0, 0);
	return NULL;
}

static int set_up(struct torpor_pthread *host)
{
	struct torpor_cpu_config cpus[TORPOR_PTHREAD_CPU_COUNT_MAX];
	struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = TORPOR_PSCI_1_3,
		.flags = TORPOR_F_CPU_DEFAULT_SUSPEND | TORPOR_F_CPU_FREEZE |
			 TORPOR_F_SYSTEM_SUSPEND | TORPOR_F_SYSTEM_RESET2 | TORPOR_F_SYSTEM_OFF2,
		.cpu_count = host->cpu_count,
		.cpu_configs = cpus,
		.cpus = host->records,
		.mpidr_index = host->mpidr_index,
		.off_state = TORPOR_STATE_NONE,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = TORPOR_STATE_NONE,
		.suspend_state = TORPOR_STATE_NONE,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.port = &port,
		.ctx = host,
	};

	memset(cpus, 0, sizeof(cpus));
	for (uint32_t i = 0; i < host->cpu_count; i++) {
		cpus[i].mpidr = i;
	}
	return torpor_machine_init(&host->machine, &config) == TORPOR_OK ? 0 : -1;
}

int torpor_pthread_init(struct torpor_pthread *host, uint32_t cpu_count,
			torpor_pthread_guest *guest, void *arg)
{
	if (cpu_count == 0 || cpu_count > TORPOR_PTHREAD_CPU_COUNT_MAX) {
		return -1;
	}
	memset(host, 0, sizeof(*host));
	host->guest = guest;
	host->arg = arg;
	host->cpu_count = cpu_count;
	if (set_up(host) != 0 || pthread_mutex_init(&host->lock, NULL) != 0) {
		return -1;
	}
	for (uint32_t i = 0; i < cpu_count; i++) {
		host->cpus[i].owner = host;
		host->cpus[i].index = i;
		if (pthread_cond_init(&host->cpus[i].stirred, NULL) != 0) {
			return -1;
		}
	}
	/* From the last on: CPU 0 runs at once, and the others have to be there by then. */
	for (uint32_t i = cpu_count; i-- > 0;) {
		if (pthread_create(&host->cpus[i].thread, NULL, cpu_thread, &host->cpus[i]) != 0) {
			stop_all(host);
			for (uint32_t j = i + 1; j < cpu_count; j++) {
				pthread_join(host->cpus[j].thread, NULL);
			}
			return -1;
		}
	}
	return 0;
}

enum torpor_machine_mode torpor_pthread_join(struct torpor_pthread *host)
{
	for (uint32_t i = 0; i < host->cpu_count; i++) {
		pthread_join(host->cpus[i].thread, NULL);
		pthread_cond_destroy(&host->cpus[i].stirred);
	}
	pthread_mutex_destroy(&host->lock);
	return torpor_machine_mode(&host->machine);
}
