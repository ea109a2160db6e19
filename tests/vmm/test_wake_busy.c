/* SPDX-License-Identifier: BSD-3-Clause */
/* What woke the machine is told although KVM refuses the first looks at its GIC. */
#include <errno.h>
#include "power_rig.h"

#define REFUSALS 3

static unsigned refused; /* by the one vCPU thread that looks */

int __real_kvm_vm_gic_bits(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
			   uint32_t *bits);
int __wrap_kvm_vm_gic_bits(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
			   uint32_t *bits);

int __wrap_kvm_vm_gic_bits(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
			   uint32_t *bits)
{
	if (refused < REFUSALS) {
		refused++;
		return -EBUSY;
	}
	return __real_kvm_vm_gic_bits(vm, bank, cpu, first, bits);
}

static void source_is_told_after_busy(void **state)
{
	static const struct fake_op boot[] = {FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0), FAKE_IDLE};
	static const struct fake_op woken[] = {FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	const struct fake_irq irq = {.enabled = true, .latch = true, .priority = 0xA0};
	struct power_rig *rig = *state;
	struct power_end end;

	fake_kvm_ops(PROG(1), woken);
	power_rig_run(rig, 1, V13, boot);
	assert_becomes(rig, TORPOR_MODE_SUSPENDED);
	assert_true(fake_kvm_wait_asleep(0));
	fake_gic_distributor(true);
	fake_gic_mask(0, 0xF0);
	fake_gic_set(0, 64, &irq);
	assert_end(rig, POWER_END_OFF, &end);
	assert_int_equal(refused, REFUSALS);
	assert_events(&rig->events, "STARTED cpu=0", "SUSPEND cpu=0 guest",
		      "WAKEUP cpu=0 interrupt 64 -", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(source_is_told_after_busy),
	};

	return cmocka_run_group_tests_name("wake_busy", tests, NULL, NULL);
}
