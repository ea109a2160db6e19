/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All vCPUs stay out of KVM for a while, and the guest does not see that time has passed.
 *
 * Only once all have left may the clock be read: one that still ran would see it go back.
 */
#include "power/internal.h"

void pause_clock(struct power *power)
{
	power->has_counter = kvm_vm_get_counter(power->vm, &power->counter) == 0;
}

bool power_pause(struct power *power)
{
	if (power->paused) {
		return false;
	}
	power->paused = true;
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		vcpu_pause_begin(&power->vcpus[i]);
	}
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		vcpu_pause_wait(&power->vcpus[i]);
	}
	power->has_counter = false;
	if (power->vm != NULL) {
		pause_clock(power);
	}
	return true;
}

bool power_resume(struct power *power)
{
	if (!power->paused) {
		return false;
	}
	power->paused = false;
	/* Where it can't be set the guest's clock has gone on: late, but right. */
	if (power->vm != NULL && power->has_counter) {
		(void)kvm_vm_set_counter(power->vm, power->counter);
	}
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		vcpu_pause_end(&power->vcpus[i]);
	}
	return true;
}

bool power_paused(const struct power *power)
{
	return power->paused;
}
