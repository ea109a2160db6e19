/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest can tell its CPUs, its firmware and its GIC by: read, and set to what a guest has
 * seen before, as far as KVM lets it be chosen. That grows with each version of Linux, so all is
 * tried and nothing is expected; whoever cares looks at what came of it.
 *
 * KVM has these registers per VM but for the MPIDR and what tells of caches; all are read and set
 * for each vCPU all the same, as that is what a guest does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "kvm/kvm_linux.h"
#include "platform/sysreg_name.h"

#define FIELD(id, name)                                                                            \
	((uint8_t)(((id)&KVM_REG_ARM64_SYSREG_##name##_MASK) >>                                    \
		   KVM_REG_ARM64_SYSREG_##name##_SHIFT))

/* Its number of counters; the rest is state. */
#define REG_PMCR_EL0 ARM64_SYS_REG(3, 3, 9, 12, 0)
#define PMCR_N (UINT64_C(0x1F) << 11)
#define REG_PMMIR_EL1 ARM64_SYS_REG(3, 0, 9, 14, 6)

/* Which part of DCZID_EL0 tells of the CPU: how much DC ZVA clears. */
#define DCZID_BS UINT64_C(0xF)

/* Of the GIC (IHI 0069), what tells what it is. */
#define GICD_TYPER 0x4
#define GICD_IIDR 0x8
#define GICD_TYPER2 0xC
#define ICC_CTLR_IDENTITY UINT64_C(0xCFF00)

/* KVM's own registers for the services that it has for guests instead of firmware. */
static const struct {
	uint64_t id;
	const char *name;
} firmware_registers[] = {
	{KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1, "firmware.SMCCC_ARCH_WORKAROUND_1"},
	{KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2, "firmware.SMCCC_ARCH_WORKAROUND_2"},
	{KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3, "firmware.SMCCC_ARCH_WORKAROUND_3"},
	{KVM_REG_ARM_STD_BMAP, "firmware.STD"},
	{KVM_REG_ARM_STD_HYP_BMAP, "firmware.STD_HYP"},
	{KVM_REG_ARM_VENDOR_HYP_BMAP, "firmware.VENDOR_HYP"},
	{UAPI_REG_ARM_VENDOR_HYP_BMAP_2, "firmware.VENDOR_HYP_2"},
};

static const struct {
	uint32_t offset;
	const char *name;
} gic_registers[] = {
	{GICD_TYPER, "gic.GICD_TYPER"},
	{GICD_IIDR, "gic.GICD_IIDR"},
	{GICD_TYPER2, "gic.GICD_TYPER2"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is to be shown; true unless nothing in particular is. */
static bool wanted(const struct kvm_vm *vm, uint32_t cpu, const char *name, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < vm->identity_count; i++) {
		const struct kvm_identity *identity = &vm->identity[i];

		if ((identity->cpu == cpu ||
		     (identity->cpu == KVM_IDENTITY_EACH_CPU && cpu != KVM_IDENTITY_VM)) &&
		    strcmp(identity->name, name) == 0) {
			*value = identity->value;
			break;
		}
	}
	return vm->identity_count > 0;
}

void kvm_linux_identity_allow(const struct kvm_vm *vm)
{
	struct kvm_enable_cap cap = {.cap = UAPI_CAP_ARM_WRITABLE_IMP_ID_REGS};

	if (vm->identity_count > 0 && ioctl(vm->fd, KVM_CHECK_EXTENSION, cap.cap) > 0) {
		(void)ioctl(vm->fd, KVM_ENABLE_CAP, &cap);
	}
}

void kvm_linux_identity_set_lengths(const struct kvm_vm *vm, const struct kvm_vcpu *vcpu)
{
	uint64_t lengths[KVM_ARM64_SVE_VLS_WORDS] = {0};

	if (wanted(vm, (uint32_t)(vcpu - vm->vcpus), KVM_IDENTITY_SVE_LENGTHS, &lengths[0]) &&
	    lengths[0] != 0) {
		(void)kvm_linux_set_reg(vcpu, KVM_REG_ARM64_SVE_VLS, lengths);
	}
}

/* Names a register and says what of it counts; false if it does not identify. */
static bool name_sysreg(uint64_t id, struct identity_register *to)
{
	struct sysreg reg = {
		FIELD(id, OP0), FIELD(id, OP1), FIELD(id, CRN), FIELD(id, CRM), FIELD(id, OP2),
	};

	to->mask = UINT64_MAX;
	if (id == REG_PMCR_EL0) {
		to->mask = PMCR_N;
		(void)snprintf(to->name, sizeof(to->name), "PMCR_EL0.N");
		return true;
	}
	if (id == REG_PMMIR_EL1) {
		(void)snprintf(to->name, sizeof(to->name), "PMMIR_EL1");
		return true;
	}
	/* op1 2 is CSSELR_EL1, by which the guest selects; op1 4 is EL2's. */
	if (reg.op0 != 3 || reg.crn != 0 || reg.op1 == 2 || reg.op1 > 3) {
		return false;
	}
	sysreg_name(&reg, to->name);
	return true;
}

/* CCSIDR_EL1, once for each value of CSSELR_EL1. */
static void name_cache(uint64_t id, struct identity_register *to)
{
	unsigned csselr = (unsigned)(id & KVM_REG_ARM_DEMUX_VAL_MASK);

	to->mask = UINT32_MAX;
	(void)snprintf(to->name, sizeof(to->name), "CCSIDR_EL1.L%u%c", (csselr >> 1) + 1,
		       (csselr & 1) != 0 ? 'I' : 'D');
}

static bool name_register(uint64_t id, struct identity_register *to)
{
	to->id = id;
	switch (id & KVM_REG_ARM_COPROC_MASK) {
	case KVM_REG_ARM64_SYSREG:
		return name_sysreg(id, to);
	case KVM_REG_ARM_DEMUX:
		name_cache(id, to);
		return true;
	case KVM_REG_ARM64_SVE:
		to->mask = UINT64_MAX;
		(void)snprintf(to->name, sizeof(to->name), KVM_IDENTITY_SVE_LENGTHS);
		return id == KVM_REG_ARM64_SVE_VLS;
	default:
		return false;
	}
}

/* All vCPUs have the same registers. */
static int find_registers(struct kvm_vm *vm)
{
	struct kvm_reg_list *list = kvm_linux_list_registers(&vm->vcpus[0]);

	if (list == NULL) {
		return errno != 0 ? -errno : -EIO;
	}
	vm->identity_registers = calloc(list->n, sizeof(*vm->identity_registers));
	for (uint64_t i = 0; vm->identity_registers != NULL && i < list->n; i++) {
		struct identity_register *next =
			&vm->identity_registers[vm->identity_register_count];

		if (name_register(list->reg[i], next)) {
			vm->identity_register_count++;
		}
	}
	free(list);
	return vm->identity_registers != NULL ? 0 : -ENOMEM;
}

/* A register of any length, of which no more than the first 64 bits are used. */
static int get(const struct kvm_vcpu *vcpu, uint64_t id, uint64_t *value)
{
	uint64_t words[KVM_ARM64_SVE_VLS_WORDS] = {0};
	int ret = kvm_linux_get_reg(vcpu, id, words);

	*value = words[0];
	return ret;
}

static void set_register(const struct kvm_vm *vm, uint32_t cpu, const struct identity_register *reg)
{
	const struct kvm_vcpu *vcpu = &vm->vcpus[cpu];
	uint64_t want;
	uint64_t is;

	if (wanted(vm, cpu, reg->name, &want) && get(vcpu, reg->id, &is) == 0 &&
	    ((want ^ is) & reg->mask) != 0) {
		want = (want & reg->mask) | (is & ~reg->mask);
		(void)kvm_linux_set_reg(vcpu, reg->id, &want);
	}
}

static void set_firmware(const struct kvm_vm *vm)
{
	uint64_t want;
	uint64_t is;

	for (size_t i = 0; i < COUNT(firmware_registers); i++) {
		uint64_t id = firmware_registers[i].id;

		if (wanted(vm, KVM_IDENTITY_VM, firmware_registers[i].name, &want) &&
		    get(&vm->vcpus[0], id, &is) == 0 && want != is) {
			(void)kvm_linux_set_reg(&vm->vcpus[0], id, &want);
		}
	}
}

int kvm_linux_identity_set(struct kvm_vm *vm, uint32_t cpu)
{
	int ret = cpu == 0 ? find_registers(vm) : 0;

	for (size_t i = 0; ret == 0 && vm->identity_count > 0 && i < vm->identity_register_count;
	     i++) {
		const struct identity_register *reg = &vm->identity_registers[i];

		if (reg->id != KVM_REG_ARM64_SVE_VLS) {
			set_register(vm, cpu, reg);
		}
	}
	if (ret == 0 && cpu == 0) {
		set_firmware(vm);
	}
	return ret;
}

void kvm_linux_identity_set_gic(const struct kvm_vm *vm)
{
	uint64_t want;
	uint32_t is;

	if (wanted(vm, KVM_IDENTITY_VM, "gic.GICD_IIDR", &want) &&
	    kvm_linux_gic_get(vm, GICD_IIDR, &is) == 0 && want != is) {
		(void)kvm_linux_gic_set(vm, GICD_IIDR, (uint32_t)want);
	}
}

struct visit {
	void (*seen)(void *ctx, const struct kvm_identity *value);
	void *ctx;
};

static void tell(const struct visit *visit, uint32_t cpu, const char *name, uint64_t value)
{
	struct kvm_identity identity = {.cpu = cpu, .value = value};

	if (value != 0) {
		(void)snprintf(identity.name, sizeof(identity.name), "%s", name);
		visit->seen(visit->ctx, &identity);
	}
}

/* KVM has no register of it: the guest reads the host's. */
static uint64_t host_dczid(void)
{
	uint64_t value;

	__asm__("mrs %0, dczid_el0" : "=r"(value));
	return value;
}

static int tell_cpu(const struct kvm_vm *vm, uint32_t cpu, const struct visit *visit)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < vm->identity_register_count; i++) {
		const struct identity_register *reg = &vm->identity_registers[i];
		uint64_t value;

		ret = get(&vm->vcpus[cpu], reg->id, &value);
		if (ret == 0) {
			tell(visit, cpu, reg->name, value & reg->mask);
		}
	}
	tell(visit, cpu, "DCZID_EL0.BS", host_dczid() & DCZID_BS);
	return ret;
}

/* A host without a register has none of what it tells of. */
static int tell_vm(const struct kvm_vm *vm, const struct visit *visit)
{
	uint64_t interface = 0;
	int ret = 0;

	for (size_t i = 0; i < COUNT(firmware_registers); i++) {
		uint64_t value;

		if (get(&vm->vcpus[0], firmware_registers[i].id, &value) == 0) {
			tell(visit, KVM_IDENTITY_VM, firmware_registers[i].name, value);
		}
	}
	for (size_t i = 0; ret == 0 && i < COUNT(gic_registers); i++) {
		uint32_t value = 0;

		ret = kvm_linux_gic_get(vm, gic_registers[i].offset, &value);
		tell(visit, KVM_IDENTITY_VM, gic_registers[i].name, value);
	}
	if (ret == 0) {
		ret = kvm_linux_gic_get_interface(vm, &interface);
		tell(visit, KVM_IDENTITY_VM, "gic.ICC_CTLR_EL1", interface & ICC_CTLR_IDENTITY);
	}
	return ret;
}

int kvm_vm_identity(struct kvm_vm *vm, uint32_t cpu,
		    void (*seen)(void *ctx, const struct kvm_identity *value), void *ctx)
{
	const struct visit visit = {seen, ctx};

	return cpu == KVM_IDENTITY_VM ? tell_vm(vm, &visit) : tell_cpu(vm, cpu, &visit);
}
