/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of KVM's user interface that came after the oldest kernel headers we build with (6.1).
 * Numbers from Documentation/virt/kvm/devices/vm.rst and api.rst.
 */
#ifndef VMM_KVM_UAPI_H
#define VMM_KVM_UAPI_H

#include <linux/kvm.h>

/* SMCCC filter, Linux 6.4: a device attribute of the VM. */
#define UAPI_ARM_VM_SMCCC_CTRL 0
#define UAPI_ARM_VM_SMCCC_FILTER 0
#define UAPI_SMCCC_FILTER_FWD_TO_USER 2

struct uapi_smccc_filter {
	__u32 base;
	__u32 nr_functions;
	__u8 action;
	__u8 pad[15];
};

/* MIDR_EL1, REVIDR_EL1 and AIDR_EL1 can be chosen, Linux 6.15: a capability of the VM. */
#define UAPI_CAP_ARM_WRITABLE_IMP_ID_REGS 239

/* A fourth set of services of the firmware, Linux 6.15. */
#define UAPI_REG_ARM_VENDOR_HYP_BMAP_2 KVM_REG_ARM_FW_FEAT_BMAP_REG(3)

#endif /* VMM_KVM_UAPI_H */
