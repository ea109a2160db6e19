/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's thread: parked while the CPU is off, in KVM while it runs or sleeps.
 *
 * It parks outside KVM so that the GIC can be looked at: KVM refuses that while any vCPU is in
 * KVM_RUN.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "power/internal.h"

/* A vCPU that does not answer by then waits for the caller in some way. */
#define QUERY_LIMIT_S 2

#define STACK_BYTES ((size_t)256 << 10)

void vcpu_crash(struct vcpu *vcpu, const char *format, ...)
{
	struct power_end end = {
		.kind = POWER_END_CRASHED,
		.event = {.reason = POWER_REASON_GUEST_PANIC, .cpu = (int32_t)vcpu->index},
	};
	va_list args;
	int used = snprintf(end.detail, sizeof(end.detail), "CPU %u: ", vcpu->index);

	va_start(args, format);
	(void)vsnprintf(end.detail + used, sizeof(end.detail) - (size_t)used, format, args);
	va_end(args);
	vcpu->activity = VCPU_PARKED;
	/* Whoever else ends it at the same time, one of us is told of. */
	(void)!torpor_machine_end(&vcpu->power->core, TORPOR_MODE_OFF);
	power_ended(vcpu->power, &end);
}

static const char *state_name(struct vcpu *vcpu)
{
	const struct torpor_machine *core = &vcpu->power->core;
	uint32_t suspended;

	if (torpor_machine_suspended_cpu(core, &suspended) == TORPOR_OK &&
	    suspended == vcpu->index) {
		return "system-suspended";
	}
	switch (torpor_cpu_state(core, vcpu->index)) {
	case TORPOR_CPU_OFF:
	case TORPOR_CPU_DISABLED:
		return "off";
	case TORPOR_CPU_CLAIMED:
	case TORPOR_CPU_ON_PENDING:
		return "on-pending";
	case TORPOR_CPU_SUSPENDED:
		return "suspended";
	case TORPOR_CPU_FROZEN:
		return "frozen";
	case TORPOR_CPU_ON:
	case TORPOR_CPU_LEAVING:
		break;
	}
	return "on";
}

static void answer_query(struct vcpu *vcpu)
{
	struct kvm_registers registers;

	/* Without its registers there is no answer. */
	if (kvm_vcpu_get_registers(vcpu->kvm, &registers) == 0) {
		vcpu->query->state = state_name(vcpu);
		vcpu->query->pc = registers.pc;
		vcpu->query->pstate = registers.pstate;
		memcpy(vcpu->query->x, registers.x, sizeof(registers.x));
	}
	vcpu->query = NULL;
	pthread_cond_broadcast(&vcpu->changed);
}

/* With the lock held. Paused, a CPU can still be looked at. */
static void stay_paused(struct vcpu *vcpu)
{
	while (vcpu->pause && !vcpu->stop) {
		if (!vcpu->paused) {
			vcpu->paused = true;
			pthread_cond_broadcast(&vcpu->changed);
		}
		pthread_cond_wait(&vcpu->changed, &vcpu->lock);
		if (vcpu->query != NULL) {
			answer_query(vcpu);
		}
	}
	vcpu->paused = false;
}

/* What others ask of this thread. False once it is to end. */
static bool attend(struct vcpu *vcpu)
{
	bool go_on;

	vcpu->kicked = false;
	kvm_vcpu_unkick(vcpu->kvm);
	/* Only now: a wake-up that comes after the look kicks again. */
	if (vcpu->activity == VCPU_WAITING || vcpu->activity == VCPU_WAITING_SYSTEM) {
		vcpu_wait_poll(vcpu);
	}
	pthread_mutex_lock(&vcpu->lock);
	if (vcpu->query != NULL) {
		answer_query(vcpu);
	}
	stay_paused(vcpu);
	go_on = !vcpu->stop;
	pthread_mutex_unlock(&vcpu->lock);
	return go_on;
}

static void take(struct vcpu *vcpu)
{
	struct torpor_start start;
	struct kvm_entry entry = {.keep_timer = false};
	int ret;

	if (torpor_cpu_take(&vcpu->power->core, vcpu->index, &start) != TORPOR_OK) {
		return;
	}
	entry.pc = start.entry;
	entry.x0 = start.context;
	entry.big_endian = (start.flags & TORPOR_BIG_ENDIAN) != 0;
	ret = kvm_vcpu_enter(vcpu->kvm, &entry);
	if (ret != 0) {
		vcpu_crash(vcpu, "its registers can't be reset: %s", strerror(-ret));
		return;
	}
	vcpu->activity = VCPU_RUNNING;
}

/* Ahead of the next start, which then only sets the entry. A machine that has ended has none. */
static void reset_ahead(struct vcpu *vcpu)
{
	int ret = 0;

	if (power_mode(vcpu->power) == TORPOR_MODE_RUNNING) {
		ret = kvm_vcpu_reset(vcpu->kvm);
	}
	if (ret != 0) {
		vcpu_crash(vcpu, "its registers can't be reset: %s", strerror(-ret));
	}
}

static void stay_parked(struct vcpu *vcpu)
{
	bool start;

	reset_ahead(vcpu);
	pthread_mutex_lock(&vcpu->lock);
	while (!vcpu->start && !vcpu->stop && !vcpu->pause && vcpu->query == NULL) {
		pthread_cond_wait(&vcpu->changed, &vcpu->lock);
	}
	start = vcpu->start;
	vcpu->start = false;
	vcpu->kicked = vcpu->stop || vcpu->pause || vcpu->query != NULL;
	pthread_mutex_unlock(&vcpu->lock);
	if (start) {
		take(vcpu);
	}
}

/* An address with nothing behind it reads as zero and takes writes, as on QEMU's machine. */
static void access_bus(struct vcpu *vcpu, const struct kvm_exit *exit)
{
	const struct mmio_bus *bus = vcpu->power->bus;

	if (exit->write) {
		(void)mmio_bus_write(bus, exit->ipa, exit->len_bytes, exit->value);
	} else {
		uint64_t value = 0;

		(void)mmio_bus_read(bus, exit->ipa, exit->len_bytes, &value);
		kvm_vcpu_answer_mmio(vcpu->kvm, value);
	}
}

/* Until something other than a device wants attention. */
static void run(struct vcpu *vcpu)
{
	struct kvm_exit exit;

	kvm_vcpu_run(vcpu->kvm, &exit);
	switch (exit.kind) {
	case KVM_VCPU_MMIO:
		access_bus(vcpu, &exit);
		break;
	case KVM_VCPU_CALL:
		vcpu_call(vcpu, exit.fn_id);
		break;
	case KVM_VCPU_INTERRUPTED:
		vcpu->kicked = true;
		break;
	case KVM_VCPU_WAKEUP:
		vcpu_crash(vcpu, "it woke without having slept");
		break;
	case KVM_VCPU_FAILED:
		vcpu_crash(vcpu, "%s", exit.detail);
		break;
	}
}

static void *thread_main(void *arg)
{
	struct vcpu *vcpu = arg;

	kvm_vcpu_attach(vcpu->kvm);
	pthread_mutex_lock(&vcpu->lock);
	vcpu->thread_id = gettid();
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
	while (!vcpu->kicked || attend(vcpu)) {
		switch (vcpu->activity) {
		case VCPU_PARKED:
			stay_parked(vcpu);
			break;
		case VCPU_RUNNING:
			run(vcpu);
			break;
		case VCPU_WAITING:
		case VCPU_WAITING_SYSTEM:
			vcpu_wait(vcpu);
			break;
		}
	}
	return NULL;
}

/* With a stack that is as large as it may become, and not larger: there may be 512. */
static int create_thread(struct vcpu *vcpu)
{
	pthread_attr_t attr;
	int ret = pthread_attr_init(&attr);

	if (ret == 0) {
		(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
		ret = pthread_create(&vcpu->thread, &attr, thread_main, vcpu);
		(void)pthread_attr_destroy(&attr);
	}
	return ret;
}

int vcpu_begin(struct vcpu *vcpu, struct vmm_error *error)
{
	int ret;

	vcpu->stop = false;
	vcpu->kicked = true;
	vcpu->paused = false;
	vcpu->thread_id = 0;
	ret = create_thread(vcpu);
	if (ret != 0) {
		vmm_error_set(error,
			      "no thread for CPU %u: %s: raise ulimit -u, or the cgroup's "
			      "pids.max",
			      vcpu->index, strerror(ret));
		return -ret;
	}
	vcpu->has_thread = true;
	return 0;
}

void vcpu_poke(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
	kvm_vcpu_kick(vcpu->kvm);
}

void vcpu_end(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->stop = true;
	pthread_mutex_unlock(&vcpu->lock);
	if (vcpu->has_thread) {
		vcpu_poke(vcpu);
		pthread_join(vcpu->thread, NULL);
		vcpu->has_thread = false;
	}
}

bool vcpu_query(struct vcpu *vcpu, struct power_cpu_info *info)
{
	struct timespec limit;
	bool answered;

	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += QUERY_LIMIT_S;
	pthread_mutex_lock(&vcpu->lock);
	vcpu->query = info;
	pthread_cond_broadcast(&vcpu->changed);
	kvm_vcpu_kick(vcpu->kvm);
	while (vcpu->query != NULL &&
	       pthread_cond_timedwait(&vcpu->changed, &vcpu->lock, &limit) != ETIMEDOUT) {
	}
	answered = vcpu->query == NULL && info->state != NULL;
	vcpu->query = NULL;
	pthread_mutex_unlock(&vcpu->lock);
	return answered;
}

void vcpu_pause_begin(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->pause = true;
	pthread_mutex_unlock(&vcpu->lock);
	if (vcpu->has_thread) {
		vcpu_poke(vcpu);
	}
}

bool vcpu_pause_wait(struct vcpu *vcpu, const struct timespec *limit)
{
	bool paused;

	pthread_mutex_lock(&vcpu->lock);
	while (vcpu->has_thread && !vcpu->paused &&
	       pthread_cond_timedwait(&vcpu->changed, &vcpu->lock, limit) != ETIMEDOUT) {
	}
	paused = !vcpu->has_thread || vcpu->paused;
	pthread_mutex_unlock(&vcpu->lock);
	return paused;
}

void vcpu_pause_end(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->pause = false;
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
}

pid_t vcpu_thread_id(struct vcpu *vcpu)
{
	pid_t id;

	pthread_mutex_lock(&vcpu->lock);
	while (vcpu->thread_id == 0) {
		pthread_cond_wait(&vcpu->changed, &vcpu->lock);
	}
	id = vcpu->thread_id;
	pthread_mutex_unlock(&vcpu->lock);
	return id;
}
