/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a vCPU that was reset: taken once a VM, as all its vCPUs are made alike, and
 * restored when one goes off or wakes.
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

struct kvm_reg_list *kvm_linux_list_registers(const struct kvm_vcpu *vcpu)
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
 * Does a reset change it? Firmware registers, caches' sizes and vectors' lengths are the VM's.
 * CRn 0 identifies, but not among the debug registers, whose op0 is 2.
 */
static bool belongs(uint64_t id)
{
	if (is_timer(id)) {
		return false;
	}
	switch (id & KVM_REG_ARM_COPROC_MASK) {
	case KVM_REG_ARM_CORE:
		return true;
	case KVM_REG_ARM64_SYSREG:
		return SYSREG_OP0(id) != 3 || SYSREG_CRN(id) != 0;
	case KVM_REG_ARM64_SVE:
		return id != KVM_REG_ARM64_SVE_VLS;
	default:
		return false;
	}
}

static size_t size_of(uint64_t id)
{
	return (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

static int allocate(struct reset_state *reset, const struct kvm_reg_list *list)
{
	size_t bytes = 0;

	for (uint64_t i = 0; i < list->n; i++) {
		bytes += belongs(list->reg[i]) ? size_of(list->reg[i]) : 0;
	}
	reset->registers = calloc(list->n, sizeof(*reset->registers));
	reset->values = calloc(1, bytes);
	return reset->registers != NULL && reset->values != NULL ? 0 : -ENOMEM;
}

int kvm_linux_snapshot_take(struct reset_state *reset, const struct kvm_vcpu *vcpu,
			    struct vmm_error *error)
{
	struct kvm_reg_list *list = kvm_linux_list_registers(vcpu);
	size_t used = 0;

	if (list == NULL) {
		vmm_error_set(error, "KVM gave no list of a vCPU's registers: %s", strerror(errno));
		return -EIO;
	}
	if (allocate(reset, list) != 0) {
		free(list);
		vmm_error_set(error, "no memory for a vCPU's registers");
		return -ENOMEM;
	}
	for (uint64_t i = 0; i < list->n; i++) {
		uint64_t id = list->reg[i];

		/* What can't be written back, even to a vCPU that never ran, is no state. */
		if (belongs(id) && kvm_linux_get_reg(vcpu, id, reset->values + used) == 0 &&
		    kvm_linux_set_reg(vcpu, id, reset->values + used) == 0) {
			reset->registers[reset->count++] = (struct saved_register){id, used};
			used += size_of(id);
		}
	}
	free(list);
	return 0;
}

void kvm_linux_snapshot_free(struct reset_state *reset)
{
	free(reset->registers);
	free(reset->values);
}

int kvm_linux_snapshot_restore(const struct kvm_vcpu *vcpu)
{
	const struct reset_state *reset = vcpu->reset;

	for (size_t i = 0; i < reset->count; i++) {
		const struct saved_register *saved = &reset->registers[i];
		int ret = kvm_linux_set_reg(vcpu, saved->id, reset->values + saved->offset);

		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}
