/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files behind the seam share; for kvm_linux*.c only.
 */
#ifndef VMM_KVM_KVM_LINUX_H
#define VMM_KVM_KVM_LINUX_H

#include <pthread.h>
#include "kvm/kvm.h"
#include "kvm/uapi.h"

/* A register of the snapshot that kvm_vcpu_enter() restores. */
struct saved_register {
	uint64_t id;
	uint64_t value[2]; /* up to 128 bits */
};

struct kvm_vcpu {
	int fd;
	uint64_t mpidr;
	struct kvm_run *run;
	size_t run_bytes;
	struct saved_register *snapshot;
	size_t snapshot_count;
	pthread_t thread;
	bool attached;
};

struct kvm_vm {
	int kvm_fd;
	int fd;
	int gic_fd;
	size_t run_bytes;
	uint32_t cpu_count;
	struct kvm_vcpu *vcpus;
};

/* Makes vCPU @index of @vm with its snapshot. */
int kvm_linux_vcpu_create(struct kvm_vm *vm, uint32_t index, struct vmm_error *error);
void kvm_linux_vcpu_destroy(struct kvm_vcpu *vcpu);

/* Takes the snapshot of a vCPU that has never run. */
int kvm_linux_snapshot_take(struct kvm_vcpu *vcpu, struct vmm_error *error);
int kvm_linux_snapshot_restore(struct kvm_vcpu *vcpu);

int kvm_linux_get_reg(const struct kvm_vcpu *vcpu, uint64_t id, void *value);
int kvm_linux_set_reg(const struct kvm_vcpu *vcpu, uint64_t id, const void *value);

int kvm_linux_gic_create(struct kvm_vm *vm, const struct kvm_vm_config *config,
			 struct vmm_error *error);

#endif /* VMM_KVM_KVM_LINUX_H */
