/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files behind the seam share; for kvm_linux*.c only.
 */
#ifndef VMM_KVM_KVM_LINUX_H
#define VMM_KVM_KVM_LINUX_H

#include <pthread.h>
#include "kvm/kvm.h"
#include "kvm/uapi.h"

/* A register of the snapshot; its value is as long as its id says. */
struct saved_register {
	uint64_t id;
	size_t offset; /* into the values */
};

/* What the registers of a vCPU are that has never run: the same for all of a VM. */
struct reset_state {
	struct saved_register *registers;
	size_t count;
	uint8_t *values;
};

/* A register of a vCPU that is part of what the guest can tell it by. */
struct identity_register {
	uint64_t id;
	uint64_t mask; /* of the value: what counts */
	char name[KVM_IDENTITY_NAME_SIZE];
};

struct kvm_vcpu {
	int fd;
	uint64_t mpidr;
	struct kvm_run *run;
	size_t run_bytes;
	const struct reset_state *reset;
	bool fresh; /* its registers are those of a reset */
	pthread_t thread;
	bool attached;
};

struct kvm_vm {
	int kvm_fd;
	int fd;
	int gic_fd;
	size_t run_bytes;
	struct reset_state reset;
	const struct kvm_identity *identity; /* to be shown; while the VM is made */
	size_t identity_count;
	struct identity_register *identity_registers;
	size_t identity_register_count;
	bool features[CPU_FEATURE_COUNT];
	uint32_t cpu_count;
	struct kvm_vcpu *vcpus;
	uint64_t counter_offset; /* the host's counter less the guest's */
};

/* What the host has of @wanted; then, what a vCPU is initialized with, and what follows that. */
int kvm_linux_features_choose(struct kvm_vm *vm, const struct cpu_features *wanted,
			      struct vmm_error *error);
uint32_t kvm_linux_features_init_bits(const struct kvm_vm *vm);
int kvm_linux_features_finish(const struct kvm_vm *vm, const struct kvm_vcpu *vcpu);

/*
 * kvm_linux_identity.c: have what the VM's identity asks for, where KVM lets it be chosen: before
 * there is a vCPU; of a vCPU that is not finished; of one that is; and of the GIC. What identifies
 * vCPU 0 is what identifies the others.
 */
void kvm_linux_identity_allow(const struct kvm_vm *vm);
void kvm_linux_identity_set_lengths(const struct kvm_vm *vm, const struct kvm_vcpu *vcpu);
int kvm_linux_identity_set(struct kvm_vm *vm, uint32_t cpu);
void kvm_linux_identity_set_gic(const struct kvm_vm *vm);
/* Of all vCPUs, once there is a GIC. */
int kvm_linux_pmu_init(const struct kvm_vm *vm, uint32_t intid, struct vmm_error *error);

/* Makes vCPU @index of @vm. */
int kvm_linux_vcpu_create(struct kvm_vm *vm, uint32_t index, struct vmm_error *error);
void kvm_linux_vcpu_destroy(struct kvm_vcpu *vcpu);

/* Takes the snapshot from a vCPU that has never run. */
int kvm_linux_snapshot_take(struct reset_state *reset, const struct kvm_vcpu *vcpu,
			    struct vmm_error *error);
void kvm_linux_snapshot_free(struct reset_state *reset);
int kvm_linux_snapshot_restore(const struct kvm_vcpu *vcpu);

/* To be freed; NULL with errno set. */
struct kvm_reg_list *kvm_linux_list_registers(const struct kvm_vcpu *vcpu);

int kvm_linux_get_reg(const struct kvm_vcpu *vcpu, uint64_t id, void *value);
int kvm_linux_set_reg(const struct kvm_vcpu *vcpu, uint64_t id, const void *value);

int kvm_linux_gic_create(struct kvm_vm *vm, const struct kvm_vm_config *config,
			 struct vmm_error *error);
/* GICD_x at @offset; ICC_CTLR_EL1 of vCPU 0. */
int kvm_linux_gic_get(const struct kvm_vm *vm, uint32_t offset, uint32_t *value);
int kvm_linux_gic_set(const struct kvm_vm *vm, uint32_t offset, uint32_t value);
int kvm_linux_gic_get_interface(const struct kvm_vm *vm, uint64_t *value);

#endif /* VMM_KVM_KVM_LINUX_H */
