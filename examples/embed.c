/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest embedding: a machine of two CPUs whose guest makes three calls. */
#include <inttypes.h>
#include <stdio.h>
#include <torpor/torpor.h>

static enum torpor_status start(void *ctx, uint32_t cpu)
{
	printf("start op:   wake CPU %u up\n", cpu);
	(void)ctx;
	return TORPOR_OK;
}

int main(void)
{
	static struct torpor_machine machine;
	static struct torpor_cpu cpus[2];
	static uint16_t index[TORPOR_MPIDR_INDEX_COUNT(2)];
	const struct torpor_cpu_config cpu_configs[2] = {{.mpidr = 0}, {.mpidr = 1}};
	const struct torpor_port port = {.size = sizeof(port), .start = start};
	const struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = TORPOR_PSCI_1_3,
		.cpu_count = 2,
		.cpu_configs = cpu_configs,
		.cpus = cpus,
		.mpidr_index = index,
		.off_state = TORPOR_STATE_NONE,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = TORPOR_STATE_NONE,
		.suspend_state = TORPOR_STATE_NONE,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.port = &port,
	};
	struct torpor_call on = {.x = {TORPOR_FN64(TORPOR_FN_CPU_ON), 1, 0x40080000, 42}};
	struct torpor_call off = {.x = {TORPOR_FN32(TORPOR_FN_SYSTEM_OFF)}};
	struct torpor_start entry;

	if (torpor_machine_init(&machine, &config) != TORPOR_OK ||
	    torpor_call(&machine, 0, &on) != TORPOR_RESUME || on.x[0] != TORPOR_RET_SUCCESS ||
	    torpor_cpu_take(&machine, 1, &entry) != TORPOR_OK) {
		return 1;
	}
	printf("CPU 1:      enter at %#" PRIx64 " with x0 = %" PRIu64 "\n", entry.entry,
	       entry.context);
	printf("machine:    %u CPUs are on\n", torpor_machine_cpus_on(&machine));
	if (torpor_call(&machine, 1, &off) != TORPOR_MACHINE_OFF) {
		return 1;
	}
	printf("SYSTEM_OFF: by CPU 1; stop all CPUs\n");
	return 0;
}
