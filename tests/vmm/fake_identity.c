/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest of the fake can tell it by. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_kvm_internal.h"

#define VALUE_MAX 64

struct fake_value {
	struct kvm_identity identity;
	bool settable;
};

static struct {
	struct fake_value values[VALUE_MAX];
	size_t count;
} host;

void fake_identity_up(void)
{
	host.count = 0;
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "MIDR_EL1", 0x410FD0C0, false);
	fake_kvm_identity(KVM_IDENTITY_EACH_CPU, "ID_AA64PFR0_EL1", 0x11, true);
	fake_kvm_identity(KVM_IDENTITY_VM, "firmware.STD", 1, true);
	fake_kvm_identity(KVM_IDENTITY_VM, "gic.GICD_IIDR", 0x4B00243B, false);
}

void fake_kvm_identity(uint32_t cpu, const char *name, uint64_t value, bool settable)
{
	size_t n = 0;

	while (n < host.count && (host.values[n].identity.cpu != cpu ||
				  strcmp(host.values[n].identity.name, name) != 0)) {
		n++;
	}
	assert_true(n < VALUE_MAX);
	host.values[n] = (struct fake_value){.identity = {cpu, "", value}, .settable = settable};
	(void)snprintf(host.values[n].identity.name, KVM_IDENTITY_NAME_SIZE, "%s", name);
	host.count = n < host.count ? host.count : n + 1;
}

int fake_identity_init(struct kvm_vm *vm, const struct kvm_vm_config *config)
{
	size_t bytes = config->identity_count * sizeof(*vm->identity);

	vm->identity = malloc(bytes + 1);
	if (vm->identity == NULL) {
		return -1;
	}
	if (bytes > 0) {
		memcpy(vm->identity, config->identity, bytes);
	}
	vm->config.identity = vm->identity;
	return 0;
}

static bool is_of(const struct kvm_identity *value, uint32_t cpu)
{
	return value->cpu == cpu || (value->cpu == KVM_IDENTITY_EACH_CPU && cpu != KVM_IDENTITY_VM);
}

/* What the VM was asked to show, 0 if that was not among it; else what the host has. */
static uint64_t shown(const struct kvm_vm *vm, uint32_t cpu, const struct fake_value *value)
{
	if (!value->settable || vm->config.identity_count == 0) {
		return value->identity.value;
	}
	for (size_t i = 0; i < vm->config.identity_count; i++) {
		if (is_of(&vm->identity[i], cpu) &&
		    strcmp(vm->identity[i].name, value->identity.name) == 0) {
			return vm->identity[i].value;
		}
	}
	return 0;
}

int kvm_vm_identity(struct kvm_vm *vm, uint32_t cpu,
		    void (*seen)(void *ctx, const struct kvm_identity *value), void *ctx)
{
	int ret;

	fake_use_begin(vm, "kvm_vm_identity");
	if (__atomic_load_n(&vm->running, __ATOMIC_SEQ_CST) != 0) {
		fake_misuse("kvm_vm_identity() while a vCPU runs");
	}
	ret = fake_inject(FAKE_IDENTITY);
	if (ret == 0 && cpu != KVM_IDENTITY_VM) {
		const struct kvm_identity mpidr = {
			cpu, "MPIDR_EL1", 0x80000000 | kvm_vcpu_mpidr(kvm_vm_vcpu(vm, cpu))};

		seen(ctx, &mpidr);
	}
	for (size_t i = 0; ret == 0 && i < host.count; i++) {
		struct kvm_identity identity = host.values[i].identity;

		if (is_of(&identity, cpu)) {
			identity.cpu = cpu;
			identity.value = shown(vm, cpu, &host.values[i]);
			if (identity.value != 0) {
				seen(ctx, &identity);
			}
		}
	}
	fake_use_end(vm);
	return ret;
}
