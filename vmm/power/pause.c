/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All vCPUs stay out of KVM for a while, and the guest does not see that time has passed.
 *
 * Only once all have left may the clock be read: one that still ran would see it go back.
 */
#include <errno.h>
#include <time.h>
#include "power/internal.h"

void pause_clock(struct power *power)
{
	power->has_counter = kvm_vm_get_counter(power->vm, &power->counter) == 0;
}

static void let_go(struct power *power)
{
	power->paused = false;
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		vcpu_pause_end(&power->vcpus[i]);
	}
}

/* All of them leave at the same time, and so have one limit. */
static int stop_all(struct power *power, struct vmm_error *error)
{
	struct timespec limit;

	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		vcpu_pause_begin(&power->vcpus[i]);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += POWER_PAUSE_LIMIT_S;
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		if (!vcpu_pause_wait(&power->vcpus[i], &limit)) {
			vmm_error_set(error,
				      "the machine is not paused: CPU %u did not come back from "
				      "the guest within %d s: expected a host that answers it",
				      i, POWER_PAUSE_LIMIT_S);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

int power_pause(struct power *power, struct vmm_error *error)
{
	int ret;

	if (power->paused) {
		return -EALREADY;
	}
	power->paused = true;
	ret = stop_all(power, error);
	if (ret != 0) {
		let_go(power);
		return ret;
	}
	power->has_counter = false;
	if (power->vm != NULL) {
		pause_clock(power);
	}
	return 0;
}

bool power_resume(struct power *power)
{
	if (!power->paused) {
		return false;
	}
	/* Where it can't be set the guest's clock has gone on: late, but right. */
	if (power->vm != NULL && power->has_counter) {
		(void)kvm_vm_set_counter(power->vm, power->counter);
	}
	let_go(power);
	return true;
}

bool power_paused(const struct power *power)
{
	return power->paused;
}
