/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "platform/monotonic.h"
#include "power/internal.h"

static int allocate(struct power *power, struct vmm_error *error)
{
	uint32_t count = power->config.cpu_count;
	pthread_condattr_t monotonic;

	power->cpus = calloc(count, sizeof(*power->cpus));
	power->mpidr_index = calloc(TORPOR_MPIDR_INDEX_COUNT(count), sizeof(*power->mpidr_index));
	power->vcpus = calloc(count, sizeof(*power->vcpus));
	if (power->cpus == NULL || power->mpidr_index == NULL || power->vcpus == NULL) {
		vmm_error_set(error, "no memory for %u CPUs", count);
		return -ENOMEM;
	}
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < count; i++) {
		power->vcpus[i].power = power;
		power->vcpus[i].index = i;
		pthread_mutex_init(&power->vcpus[i].lock, NULL);
		pthread_cond_init(&power->vcpus[i].changed, &monotonic);
	}
	(void)pthread_condattr_destroy(&monotonic);
	return 0;
}

int power_create(struct power **out, const struct power_config *config, struct vmm_error *error)
{
	struct power *power = calloc(1, sizeof(*power));
	int ret;

	if (power == NULL) {
		vmm_error_set(error, "no memory for a machine");
		return -ENOMEM;
	}
	power->config = *config;
	pthread_mutex_init(&power->event_lock, NULL);
	pthread_mutex_init(&power->end_lock, NULL);
	ret = allocate(power, error);
	if (ret == 0) {
		ret = port_init(power, error);
	}
	if (ret != 0) {
		power_destroy(power);
		return ret;
	}
	power->config.mpidrs = NULL;
	*out = power;
	return 0;
}

void power_destroy(struct power *power)
{
	if (power == NULL) {
		return;
	}
	for (uint32_t i = 0; power->vcpus != NULL && i < power->config.cpu_count; i++) {
		pthread_mutex_destroy(&power->vcpus[i].lock);
		pthread_cond_destroy(&power->vcpus[i].changed);
	}
	pthread_mutex_destroy(&power->event_lock);
	pthread_mutex_destroy(&power->end_lock);
	idle_free(power);
	free(power->vcpus);
	free(power->mpidr_index);
	free(power->cpus);
	free(power);
}

void power_emit_locked(struct power *power, const struct power_event *event)
{
	struct power_event stamped = *event;

	stamped.time_ns = monotonic_ns();
	power->config.events.emit(power->config.events.ctx, &stamped);
}

void power_emit(struct power *power, const struct power_event *event)
{
	pthread_mutex_lock(&power->event_lock);
	power_emit_locked(power, event);
	pthread_mutex_unlock(&power->event_lock);
}

static int check_mpidrs(struct power *power, struct kvm_vm *vm, struct vmm_error *error)
{
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		uint64_t mpidr = kvm_vcpu_mpidr(kvm_vm_vcpu(vm, i));
		uint32_t found;

		if (torpor_cpu_find(&power->core, mpidr, &found) != TORPOR_OK || found != i) {
			vmm_error_set(error, "KVM gave CPU %u another MPIDR than before (0x%llx)",
				      i, (unsigned long long)mpidr);
			return -EIO;
		}
	}
	return 0;
}

/* After the first boot the PSCI state starts over. The vCPUs are stopped, so nothing is claimed. */
static int reset_core(struct power *power, struct vmm_error *error)
{
	enum torpor_status status;

	if (!power->booted) {
		return 0;
	}
	status = torpor_machine_reset(&power->core);
	if (status != TORPOR_OK) {
		vmm_error_set(error, "the PSCI state could not be reset: %s",
			      torpor_strerror(status));
		return -EBUSY;
	}
	return 0;
}

static int prepare(struct power *power, struct kvm_vm *vm, const struct mmio_bus *bus,
		   const struct kvm_entry *entry, struct vmm_error *error)
{
	int ret = check_mpidrs(power, vm, error);

	if (ret == 0) {
		ret = reset_core(power, error);
	}
	if (ret != 0) {
		return ret;
	}
	memset(&power->end, 0, sizeof(power->end));
	power->vm = vm;
	power->bus = bus;
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		struct vcpu *vcpu = &power->vcpus[i];

		vcpu->kvm = kvm_vm_vcpu(vm, i);
		vcpu->activity = i == 0 ? VCPU_RUNNING : VCPU_PARKED;
		vcpu->start = false;
	}
	if (power->paused) {
		pause_clock(power);
	}
	ret = kvm_vcpu_enter(power->vcpus[0].kvm, entry);
	if (ret != 0) {
		vmm_error_set(error, "the boot CPU's registers can't be set: %s", strerror(-ret));
	}
	return ret;
}

int power_boot(struct power *power, struct kvm_vm *vm, const struct mmio_bus *bus,
	       const struct kvm_entry *entry, struct vmm_error *error)
{
	const struct power_event started = {.kind = POWER_EVENT_STARTED, .cpu = 0};
	int ret = prepare(power, vm, bus, entry, error);

	if (ret != 0) {
		return ret;
	}
	power->booted = true;
	power_emit(power, &started);
	for (uint32_t i = power->config.cpu_count; ret == 0 && i-- > 0;) {
		ret = vcpu_begin(&power->vcpus[i], error);
	}
	if (ret != 0) {
		power_stop(power);
	}
	return ret;
}

void power_stop(struct power *power)
{
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		pthread_mutex_lock(&power->vcpus[i].lock);
		power->vcpus[i].stop = true;
		pthread_mutex_unlock(&power->vcpus[i].lock);
	}
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		vcpu_end(&power->vcpus[i]);
	}
	power->vm = NULL;
	power->bus = NULL;
}

void power_ended(struct power *power, const struct power_end *end)
{
	bool first;

	pthread_mutex_lock(&power->end_lock);
	first = power->end.kind == POWER_END_NONE;
	if (first) {
		power->end = *end;
	}
	pthread_mutex_unlock(&power->end_lock);
	if (first) {
		power->config.ended(power->config.ctx);
	}
}

void power_end(struct power *power, struct power_end *end)
{
	pthread_mutex_lock(&power->end_lock);
	*end = power->end;
	pthread_mutex_unlock(&power->end_lock);
}

bool power_end_by_device(struct power *power, const struct power_end *end)
{
	enum torpor_machine_mode mode =
		end->kind == POWER_END_RESET ? TORPOR_MODE_RESETTING : TORPOR_MODE_OFF;

	if (torpor_machine_end(&power->core, mode) != TORPOR_OK) {
		return false;
	}
	power_ended(power, end);
	return true;
}

bool power_end_by_host(struct power *power, enum power_reason reason)
{
	const struct power_end end = {
		.kind = POWER_END_HOST,
		.event = {.reason = reason, .cpu = -1},
	};

	return power_end_by_device(power, &end);
}

bool power_reset_by_host(struct power *power)
{
	const struct power_end end = {
		.kind = POWER_END_RESET,
		.event = {.reason = POWER_REASON_HOST, .cpu = -1},
	};

	return power_end_by_device(power, &end);
}

enum torpor_machine_mode power_mode(const struct power *power)
{
	return torpor_machine_mode(&power->core);
}

/* The waiting vCPU finds out by itself what was decided. */
static void poke_all(struct power *power)
{
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		if (power->vcpus[i].has_thread) {
			vcpu_poke(&power->vcpus[i]);
		}
	}
}

bool power_wake(struct power *power)
{
	if (torpor_machine_wake(&power->core) != TORPOR_OK) {
		return false;
	}
	poke_all(power);
	return true;
}

bool power_refuse_suspend(struct power *power)
{
	if (torpor_machine_refuse_suspend(&power->core) != TORPOR_OK) {
		return false;
	}
	poke_all(power);
	return true;
}

bool power_query_cpu(struct power *power, uint32_t cpu, struct power_cpu_info *info)
{
	memset(info, 0, sizeof(*info));
	return cpu < power->config.cpu_count && power->vcpus[cpu].has_thread &&
	       vcpu_query(&power->vcpus[cpu], info);
}

pid_t power_thread_id(struct power *power, uint32_t cpu)
{
	return cpu < power->config.cpu_count && power->vcpus[cpu].has_thread
		       ? vcpu_thread_id(&power->vcpus[cpu])
		       : 0;
}
