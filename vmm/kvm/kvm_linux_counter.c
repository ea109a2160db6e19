/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's virtual counter, read without KVM: while a vCPU runs, it can't be asked for a
 * register of its.
 *
 * The guest sees the host's counter less an offset that is the VM's, so the offset tells.
 */
#include "kvm/kvm_linux.h"

static uint64_t host_counter(void)
{
	uint64_t value;

	/* Not before what was asked for earlier, such as the guest's counter. */
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
	return value;
}

static void remember(struct kvm_vm *vm, uint64_t value)
{
	__atomic_store_n(&vm->counter_offset, host_counter() - value, __ATOMIC_RELAXED);
}

/* Of one vCPU: KVM has one offset for the whole VM, whichever vCPU it is set by. */
int kvm_vm_get_counter(struct kvm_vm *vm, uint64_t *value)
{
	int ret = kvm_linux_get_reg(&vm->vcpus[0], KVM_REG_ARM_TIMER_CNT, value);

	if (ret == 0) {
		remember(vm, *value);
	}
	return ret;
}

int kvm_vm_set_counter(struct kvm_vm *vm, uint64_t value)
{
	int ret = kvm_linux_set_reg(&vm->vcpus[0], KVM_REG_ARM_TIMER_CNT, &value);

	if (ret == 0) {
		remember(vm, value);
	}
	return ret;
}

uint64_t kvm_vm_counter(const struct kvm_vm *vm)
{
	return host_counter() - __atomic_load_n(&vm->counter_offset, __ATOMIC_RELAXED);
}

uint64_t kvm_counter_hz(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}
