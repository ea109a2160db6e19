/* SPDX-License-Identifier: BSD-3-Clause */
/* The ops that libtorpor asks of this VMM, and the machine that it keeps for it. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "platform/layout.h"
#include "power/internal.h"

/*
 * The event is emitted here, on the thread of the CPU that starts another, so that the other one
 * does not wait for whoever reads events. What that CPU has to tell comes after it all the same.
 */
static enum torpor_status on_start(void *ctx, uint32_t cpu)
{
	struct power *power = ctx;
	struct vcpu *vcpu = &power->vcpus[cpu];
	const struct power_event event = {
		.kind = POWER_EVENT_CPU_ON,
		.reason = POWER_REASON_GUEST,
		.cpu = (int32_t)cpu,
	};

	pthread_mutex_lock(&power->event_lock);
	pthread_mutex_lock(&vcpu->lock);
	vcpu->start = true;
	pthread_mutex_unlock(&vcpu->lock);
	/* Without the lock, which the thread would only wait for; the main thread may wait too. */
	pthread_cond_broadcast(&vcpu->changed);
	power_emit_locked(power, &event);
	pthread_mutex_unlock(&power->event_lock);
	return TORPOR_OK;
}

static enum torpor_status on_check_entry(void *ctx, uint64_t ipa)
{
	const struct power *power = ctx;

	if (power->config.has_firmware &&
	    ipa <= LAYOUT_FLASH_BASE + LAYOUT_FLASH_BANK_SIZE_BYTES - sizeof(uint32_t)) {
		return TORPOR_OK;
	}
	return guest_ram_at(&power->config.ram, ipa, sizeof(uint32_t)) != NULL ? TORPOR_OK
									       : TORPOR_E_REFUSED;
}

static uint64_t on_now_us(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* RAM is overwritten at each reset but a warm one, asked for or not. */
static void on_mem_protect(void *ctx, int enable)
{
	(void)ctx;
	(void)enable;
}

static enum torpor_status on_mem_protect_range(void *ctx, uint64_t base, uint64_t len_bytes)
{
	const struct power *power = ctx;

	return guest_ram_at(&power->config.ram, base, len_bytes) != NULL ? TORPOR_OK
									 : TORPOR_E_REFUSED;
}

/* No vendor has defined one here: the host is told, and the machine starts anew, RAM cleared. */
static int32_t on_vendor_reset(void *ctx, uint32_t type, uint64_t cookie)
{
	(void)ctx;
	(void)type;
	(void)cookie;
	return TORPOR_RET_SUCCESS;
}

static const struct torpor_port port = {
	.size = sizeof(port),
	.start = on_start,
	.check_entry = on_check_entry,
	.now_us = on_now_us,
	.vendor_reset = on_vendor_reset,
	.mem_protect = on_mem_protect,
	.mem_protect_range = on_mem_protect_range,
};

static int no_memory(struct vmm_error *error)
{
	vmm_error_set(error, "no memory for the PSCI state");
	return -ENOMEM;
}

static int init_core(struct power *power, struct torpor_cpu_config *cpus, struct vmm_error *error)
{
	struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = power->config.psci_version,
		.flags = TORPOR_F_SMCCC_VERSION | TORPOR_F_CPU_FREEZE |
			 TORPOR_F_CPU_DEFAULT_SUSPEND | TORPOR_F_SYSTEM_SUSPEND |
			 TORPOR_F_SYSTEM_RESET2 | TORPOR_F_SYSTEM_OFF2,
		.cpu_count = power->config.cpu_count,
		.cpu_configs = cpus,
		.cpus = power->cpus,
		.mpidr_index = power->mpidr_index,
		.off_state = TORPOR_STATE_NONE,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = TORPOR_STATE_NONE,
		.suspend_state = TORPOR_STATE_NONE,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.fn_ids_0_1 = {POWER_FN_0_1_BASE, POWER_FN_0_1_BASE + 1, POWER_FN_0_1_BASE + 2,
			       POWER_FN_0_1_BASE + 3},
		.port = &port,
		.ctx = power,
	};
	enum torpor_status status;

	if (idle_init(power, &config, cpus) != 0) {
		return no_memory(error);
	}
	status = torpor_machine_init(&power->core, &config);
	if (status != TORPOR_OK) {
		vmm_error_set(error, "the PSCI state of %u CPUs could not be set up: %s",
			      config.cpu_count, torpor_strerror(status));
		return -EINVAL;
	}
	return 0;
}

int port_init(struct power *power, struct vmm_error *error)
{
	struct torpor_cpu_config *cpus = calloc(power->config.cpu_count, sizeof(*cpus));
	int ret;

	if (cpus == NULL) {
		return no_memory(error);
	}
	for (uint32_t i = 0; i < power->config.cpu_count; i++) {
		cpus[i].mpidr = power->config.mpidrs[i];
	}
	ret = init_core(power, cpus, error);
	free(cpus);
	return ret;
}
