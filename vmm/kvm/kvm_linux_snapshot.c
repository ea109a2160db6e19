/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's reset state, taken once and restored at each start and wake-up.
 *
 * KVM_ARM_VCPU_INIT is not used for that: on a vCPU that has run it unmaps all of the guest's
 * memory on hosts without FEAT_S2FWB, and it stops the virtual timer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm/kvm_linux.h"

/* Fields of a system register's id. */
#define SYSREG_OP0(id) (((id)&KVM_REG_ARM64_SYSREG_OP0_MASK) >> KVM_REG_ARM64_SYSREG_OP0_SHIFT)
#define SYSREG_CRN(id) (((id)&KVM_REG_ARM64_SYSREG_CRN_MASK) >> KVM_REG_ARM64_SYSREG_CRN_SHIFT)

static struct kvm_reg_list *list_registers(const struct kvm_vcpu *vcpu)
{
	struct kvm_reg_list probe = {.n = 0};
	struct kvm_reg_list *list;

	if (ioctl(vcpu->fd, KVM_GET_REG_LIST, &probe) == 0 || errno != E2BIG) {
		return NULL;
	}
	list = malloc(sizeof(*list) + (size_t)probe.n * sizeof(list->reg[0]));
	if (list == NULL) {
		return NULL;
	}
	list->n = probe.n;
	if (ioctl(vcpu->fd, KVM_GET_REG_LIST, list) != 0) {
		free(list);
		return NULL;
	}
	return list;
}

/* The VM's, not the vCPU's, or kept over a wake-up: the device tree says that the timers go on. */
static bool is_timer(uint64_t id)
{
	return id == KVM_REG_ARM_TIMER_CTL || id == KVM_REG_ARM_TIMER_CNT ||
	       id == KVM_REG_ARM_TIMER_CVAL || id == KVM_REG_ARM_PTIMER_CTL ||
	       id == KVM_REG_ARM_PTIMER_CNT || id == KVM_REG_ARM_PTIMER_CVAL;
}

/*
 * Does a reset change it? Firmware registers and caches' sizes are the VM's. CRn 0 identifies, but
 * not among the debug registers, whose op0 is 2.
 */
static bool belongs(uint64_t id)
{
	if ((id & KVM_REG_SIZE_MASK) > KVM_REG_SIZE_U128 || is_timer(id)) {
		return false;
	}
	switch (id & KVM_REG_ARM_COPROC_MASK) {
	case KVM_REG_ARM_CORE:
		return true;
	case KVM_REG_ARM64_SYSREG:
		return SYSREG_OP0(id) != 3 || SYSREG_CRN(id) != 0;
	default:
		return false;
	}
}

int kvm_linux_snapshot_take(struct kvm_vcpu *vcpu, struct vmm_error *error)
{
	struct kvm_reg_list *list = list_registers(vcpu);

	if (list == NULL) {
		vmm_error_set(error, "KVM gave no list of a vCPU's registers: %s", strerror(errno));
		return -EIO;
	}
	vcpu->snapshot = calloc(list->n, sizeof(*vcpu->snapshot));
	if (vcpu->snapshot == NULL) {
		free(list);
		vmm_error_set(error, "no memory for a vCPU's registers");
		return -ENOMEM;
	}
	for (uint64_t i = 0; i < list->n; i++) {
		struct saved_register *saved = &vcpu->snapshot[vcpu->snapshot_count];

		saved->id = list->reg[i];
		/* What can't be written back, even to a vCPU that never ran, is no state. */
		if (belongs(saved->id) && kvm_linux_get_reg(vcpu, saved->id, saved->value) == 0 &&
		    kvm_linux_set_reg(vcpu, saved->id, saved->value) == 0) {
			vcpu->snapshot_count++;
		}
	}
	free(list);
	return 0;
}

int kvm_linux_snapshot_restore(struct kvm_vcpu *vcpu)
{
	for (size_t i = 0; i < vcpu->snapshot_count; i++) {
		const struct saved_register *saved = &vcpu->snapshot[i];
		int ret = kvm_linux_set_reg(vcpu, saved->id, saved->value);

		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}
