/* SPDX-License-Identifier: BSD-3-Clause */
/* The in-kernel GICv3. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm/kvm_linux.h"

/* Offsets of GICD_x<n>, and of GICR_x0 in a redistributor's SGI frame (IHI 0069). */
#define GIC_ISENABLER 0x100
#define GIC_ISPENDR 0x200
#define GIC_ISACTIVER 0x300
#define GICR_SGI_FRAME 0x10000

/* op0 3, op1 0, CRn 12, CRm 12, op2 4. */
#define ICC_CTLR_EL1 0xC664U

#define PRIVATE_INTIDS 32

static int set_attr(int fd, uint32_t group, uint64_t attribute, void *value)
{
	struct kvm_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = (uintptr_t)value,
	};

	return ioctl(fd, KVM_SET_DEVICE_ATTR, &attr) == 0 ? 0 : -errno;
}

/* A region's attribute: its count of CPUs in bits 63 to 52, its address, and its index. */
static int add_redistributors(int fd, const struct kvm_redistributors *gicr, unsigned index)
{
	uint64_t region = (uint64_t)gicr->cpu_count << 52 | gicr->ipa | index;

	if (gicr->cpu_count == 0) {
		return 0;
	}
	return set_attr(fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION,
			&region);
}

static int configure(int fd, const struct kvm_vm_config *config)
{
	uint64_t gicd = config->gicd_ipa;
	uint32_t intids = config->spi_count + PRIVATE_INTIDS;
	int ret = set_attr(fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &gicd);

	for (unsigned i = 0; ret == 0 && i < KVM_REDISTRIBUTORS_MAX; i++) {
		ret = add_redistributors(fd, &config->gicr[i], i);
	}
	if (ret == 0) {
		ret = set_attr(fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &intids);
	}
	if (ret == 0) {
		ret = set_attr(fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	}
	return ret;
}

int kvm_linux_gic_create(struct kvm_vm *vm, const struct kvm_vm_config *config,
			 struct vmm_error *error)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	int ret;

	if (ioctl(vm->fd, KVM_CREATE_DEVICE, &device) != 0) {
		ret = -errno;
		vmm_error_set(error, "KVM can't give the guest a GICv3 (%s): use a host with one",
			      strerror(-ret));
		return ret;
	}
	vm->gic_fd = (int)device.fd;
	ret = configure(vm->gic_fd, config);
	if (ret != 0) {
		vmm_error_set(error, "KVM refused the GICv3's settings: %s", strerror(-ret));
	}
	return ret;
}

int kvm_vm_set_irq(struct kvm_vm *vm, uint32_t intid, bool level)
{
	struct kvm_irq_level line = {
		.irq = (KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT) | intid,
		.level = level ? 1 : 0,
	};

	return ioctl(vm->fd, KVM_IRQ_LINE, &line) == 0 ? 0 : -errno;
}

/* The CPU's affinity as the GIC device's attributes have it: Aff3 to Aff0 in bits 63 to 32. */
static uint64_t attr_mpidr(uint64_t mpidr)
{
	return ((mpidr >> 32 & 0xFF) << 56) | ((mpidr & 0xFFFFFF) << 32);
}

static int get_attr(int fd, uint32_t group, uint64_t attribute, uint32_t *value)
{
	struct kvm_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = (uintptr_t)value,
	};

	return ioctl(fd, KVM_GET_DEVICE_ATTR, &attr) == 0 ? 0 : -errno;
}

int kvm_vm_gic_bits(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
		    uint32_t *bits)
{
	static const uint32_t offsets[] = {
		[KVM_GIC_PENDING] = GIC_ISPENDR,
		[KVM_GIC_ENABLED] = GIC_ISENABLER,
		[KVM_GIC_ACTIVE] = GIC_ISACTIVER,
	};
	uint64_t mpidr = attr_mpidr(vm->vcpus[cpu].mpidr);

	if (bank == KVM_GIC_LINE) {
		/* The info field of a plain line level is 0. */
		return get_attr(vm->gic_fd, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, mpidr | first, bits);
	}
	if (first < PRIVATE_INTIDS) {
		return get_attr(vm->gic_fd, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
				mpidr | (GICR_SGI_FRAME + offsets[bank]), bits);
	}
	return get_attr(vm->gic_fd, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, offsets[bank] + first / 8,
			bits);
}

/* An access to the distributor names a CPU all the same. */
int kvm_linux_gic_get(const struct kvm_vm *vm, uint32_t offset, uint32_t *value)
{
	return get_attr(vm->gic_fd, KVM_DEV_ARM_VGIC_GRP_DIST_REGS,
			attr_mpidr(vm->vcpus[0].mpidr) | offset, value);
}

int kvm_linux_gic_set(const struct kvm_vm *vm, uint32_t offset, uint32_t value)
{
	return set_attr(vm->gic_fd, KVM_DEV_ARM_VGIC_GRP_DIST_REGS,
			attr_mpidr(vm->vcpus[0].mpidr) | offset, &value);
}

int kvm_linux_gic_get_interface(const struct kvm_vm *vm, uint64_t *value)
{
	struct kvm_device_attr attr = {
		.group = KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS,
		.attr = attr_mpidr(vm->vcpus[0].mpidr) | ICC_CTLR_EL1,
		.addr = (uintptr_t)value,
	};

	return ioctl(vm->gic_fd, KVM_GET_DEVICE_ATTR, &attr) == 0 ? 0 : -errno;
}
