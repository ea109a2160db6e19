/* SPDX-License-Identifier: BSD-3-Clause */
/* What the vCPUs have that not every host can give. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm/kvm_linux.h"

#define REG_ID_AA64MMFR0_EL1 ARM64_SYS_REG(3, 0, 0, 7, 0)
#define MMFR0_BIGEND (UINT64_C(0xF) << 8)

static bool has_cap(const struct kvm_vm *vm, int cap)
{
	return ioctl(vm->fd, KVM_CHECK_EXTENSION, cap) > 0;
}

static bool host_has(const struct kvm_vm *vm, enum cpu_feature feature)
{
	switch (feature) {
	case CPU_FEATURE_PMU:
		return has_cap(vm, KVM_CAP_ARM_PMU_V3);
	case CPU_FEATURE_PAUTH:
		/* KVM takes both keys' kinds or neither. */
		return has_cap(vm, KVM_CAP_ARM_PTRAUTH_ADDRESS) &&
		       has_cap(vm, KVM_CAP_ARM_PTRAUTH_GENERIC);
	case CPU_FEATURE_SVE:
		return has_cap(vm, KVM_CAP_ARM_SVE);
	case CPU_FEATURE_COUNT:
		break;
	}
	return false;
}

int kvm_linux_features_choose(struct kvm_vm *vm, const struct cpu_features *wanted,
			      struct vmm_error *error)
{
	for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
		enum cpu_feature feature = (enum cpu_feature)i;

		vm->features[i] = wanted->want[i] != CPU_FEATURE_OFF && host_has(vm, feature);
		if (wanted->want[i] == CPU_FEATURE_ON && !vm->features[i]) {
			vmm_error_set(error,
				      "--cpu-features %s=on: this host's KVM can't give it to a "
				      "guest: leave it out, or use a host that can",
				      cpu_feature_name(feature));
			return -ENOTSUP;
		}
	}
	return 0;
}

uint32_t kvm_linux_features_init_bits(const struct kvm_vm *vm)
{
	uint32_t bits = 0;

	if (vm->features[CPU_FEATURE_PMU]) {
		bits |= 1U << KVM_ARM_VCPU_PMU_V3;
	}
	if (vm->features[CPU_FEATURE_PAUTH]) {
		bits |= 1U << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1U << KVM_ARM_VCPU_PTRAUTH_GENERIC;
	}
	if (vm->features[CPU_FEATURE_SVE]) {
		bits |= 1U << KVM_ARM_VCPU_SVE;
	}
	return bits;
}

/* The vectors' lengths are at first all that the host has. */
int kvm_linux_features_finish(const struct kvm_vm *vm, const struct kvm_vcpu *vcpu)
{
	int feature = KVM_ARM_VCPU_SVE;

	if (!vm->features[CPU_FEATURE_SVE]) {
		return 0;
	}
	kvm_linux_identity_set_lengths(vm, vcpu);
	return ioctl(vcpu->fd, KVM_ARM_VCPU_FINALIZE, &feature) == 0 ? 0 : -errno;
}

static int set_pmu(const struct kvm_vcpu *vcpu, uint64_t attribute, int *value)
{
	struct kvm_device_attr attr = {
		.group = KVM_ARM_VCPU_PMU_V3_CTRL,
		.attr = attribute,
		.addr = (uintptr_t)value,
	};

	return ioctl(vcpu->fd, KVM_SET_DEVICE_ATTR, &attr) == 0 ? 0 : -errno;
}

int kvm_linux_pmu_init(const struct kvm_vm *vm, uint32_t intid, struct vmm_error *error)
{
	int irq = (int)intid;
	int ret = 0;

	for (uint32_t i = 0; vm->features[CPU_FEATURE_PMU] && ret == 0 && i < vm->cpu_count; i++) {
		ret = set_pmu(&vm->vcpus[i], KVM_ARM_VCPU_PMU_V3_IRQ, &irq);
		if (ret == 0) {
			ret = set_pmu(&vm->vcpus[i], KVM_ARM_VCPU_PMU_V3_INIT, NULL);
		}
	}
	if (ret != 0) {
		vmm_error_set(error,
			      "KVM could not set up the guest's performance counters: %s: "
			      "try --cpu-features pmu=off",
			      strerror(-ret));
	}
	return ret;
}

bool kvm_vm_has_big_endian(struct kvm_vm *vm)
{
	uint64_t mmfr0 = 0;

	return kvm_linux_get_reg(&vm->vcpus[0], REG_ID_AA64MMFR0_EL1, &mmfr0) == 0 &&
	       (mmfr0 & MMFR0_BIGEND) != 0;
}

bool kvm_vm_has_feature(const struct kvm_vm *vm, enum cpu_feature feature)
{
	return vm->features[feature];
}
