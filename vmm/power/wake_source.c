/* SPDX-License-Identifier: BSD-3-Clause */
/* Which interrupt woke the machine: KVM's WAKEUP event does not say. */
#include <errno.h>
#include <time.h>
#include "power/internal.h"

#define INTIDS_PER_WORD 32

/* KVM refuses a look while anything is done to any vCPU, as for a query: that is over soon. */
#define BUSY_TRIES 50
#define BUSY_WAIT_NS 1000000

static int look(struct power *power, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
		uint32_t *bits)
{
	const struct timespec moment = {.tv_nsec = BUSY_WAIT_NS};
	int ret = kvm_vm_gic_bits(power->vm, bank, cpu, first, bits);

	for (unsigned tries = 0; ret == -EBUSY && tries < BUSY_TRIES; tries++) {
		(void)nanosleep(&moment, NULL);
		ret = kvm_vm_gic_bits(power->vm, bank, cpu, first, bits);
	}
	return ret;
}

/* A user's read of the pending bits shows the latch alone, so the lines are asked for as well. */
static uint32_t ready(struct power *power, uint32_t cpu, uint32_t first)
{
	uint32_t pending = 0;
	uint32_t line = 0;
	uint32_t enabled = 0;
	uint32_t active = 0;

	if (look(power, KVM_GIC_PENDING, cpu, first, &pending) != 0 ||
	    look(power, KVM_GIC_LINE, cpu, first, &line) != 0 ||
	    look(power, KVM_GIC_ENABLED, cpu, first, &enabled) != 0 ||
	    look(power, KVM_GIC_ACTIVE, cpu, first, &active) != 0) {
		return 0;
	}
	return (pending | line) & enabled & ~active;
}

int32_t wake_source(struct power *power, uint32_t cpu)
{
	uint32_t intids = power->config.spi_count + INTIDS_PER_WORD;

	/* Devices before the CPU's own interrupts: they are what people ask about. */
	for (uint32_t n = 1; n <= intids / INTIDS_PER_WORD; n++) {
		uint32_t first = n * INTIDS_PER_WORD % intids;
		uint32_t bits = ready(power, cpu, first);

		if (bits != 0) {
			return (int32_t)(first + (uint32_t)__builtin_ctz(bits));
		}
	}
	return -1;
}
