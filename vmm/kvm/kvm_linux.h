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

int kvm_linux_get_reg(const struct kvm_vcpu *vcpu, uint64_t id, void *value);
int kvm_linux_set_reg(const struct kvm_vcpu *vcpu, uint64_t id, const void *value);

int kvm_linux_gic_create(struct kvm_vm *vm, const struct kvm_vm_config *config,
			 struct vmm_error *error);

#endif /* VMM_KVM_KVM_LINUX_H */
