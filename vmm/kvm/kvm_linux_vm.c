/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "kvm/kvm_linux.h"

#define KVM_DEVICE "/dev/kvm"
#define IPA_BITS_DEFAULT 40

static int open_kvm(struct kvm_vm *vm, struct vmm_error *error)
{
	int version;

	vm->kvm_fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	if (vm->kvm_fd < 0) {
		int err = errno;

		vmm_error_set(error, KVM_DEVICE ": %s: expected a host with KVM; %s", strerror(err),
			      err == EACCES ? "add your user to the group kvm"
					    : "use an arm64 host that boots at EL2, or one with "
					      "nested virtualization, and load its KVM");
		return -err;
	}
	version = ioctl(vm->kvm_fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		vmm_error_set(error, KVM_DEVICE ": API version %d, expected %d", version,
			      KVM_API_VERSION);
		return -EINVAL;
	}
	return 0;
}

#define REDISTRIBUTOR_BYTES UINT64_C(0x20000)

/* The last guest physical address that has something behind it. */
static uint64_t last_ipa(const struct kvm_vm_config *config)
{
	uint64_t last = config->ram.ipa + config->ram.size_bytes - 1;

	for (unsigned i = 0; i < KVM_REDISTRIBUTORS_MAX; i++) {
		const struct kvm_redistributors *gicr = &config->gicr[i];
		uint64_t end = gicr->ipa + gicr->cpu_count * REDISTRIBUTOR_BYTES;

		if (gicr->cpu_count != 0 && end - 1 > last) {
			last = end - 1;
		}
	}
	return last;
}

/* Bits of guest physical address that hold @last; 0 where the host's limit is too low. */
static unsigned ipa_bits_for(const struct kvm_vm *vm, uint64_t last)
{
	int limit = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	unsigned max = limit > 0 ? (unsigned)limit : IPA_BITS_DEFAULT;
	unsigned bits = max < IPA_BITS_DEFAULT ? max : IPA_BITS_DEFAULT;

	while (bits < 64 && (last >> bits) != 0) {
		bits++;
	}
	return bits <= max ? bits : 0;
}

static int create_vm(struct kvm_vm *vm, const struct kvm_vm_config *config, struct vmm_error *error)
{
	uint64_t last = last_ipa(config);
	unsigned bits = ipa_bits_for(vm, last);

	if (bits == 0) {
		vmm_error_set(error,
			      "the machine reaches to the address 0x%llx, past what this host's "
			      "KVM can map; use a smaller --memory, or at most 123 --cpus",
			      (unsigned long long)last);
		return -E2BIG;
	}
	/* Type 0 is 40 bits, and the only type where the limit can't be chosen. */
	do {
		vm->fd = ioctl(vm->kvm_fd, KVM_CREATE_VM,
			       bits == IPA_BITS_DEFAULT ? 0UL : (unsigned long)bits);
	} while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0) {
		int err = errno;

		vmm_error_set(error, KVM_DEVICE ": could not make a VM: %s", strerror(err));
		return -err;
	}
	return 0;
}

static int forward_calls(const struct kvm_vm *vm, const struct kvm_vm_config *config,
			 struct vmm_error *error)
{
	struct kvm_device_attr attr = {
		.group = UAPI_ARM_VM_SMCCC_CTRL,
		.attr = UAPI_ARM_VM_SMCCC_FILTER,
	};

	if (ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SYSTEM_SUSPEND) <= 0) {
		vmm_error_set(error, "this host's KVM can't suspend a vCPU (MP_STATE_SUSPENDED): "
				     "use Linux 6.4 or later on the host");
		return -ENOTSUP;
	}
	if (ioctl(vm->fd, KVM_HAS_DEVICE_ATTR, &attr) != 0) {
		vmm_error_set(error, "this host's KVM has no SMCCC filter, so it would answer PSCI "
				     "itself: use Linux 6.4 or later on the host");
		return -ENOTSUP;
	}
	for (size_t i = 0; i < config->forward_count; i++) {
		struct uapi_smccc_filter filter = {
			.base = config->forward[i].first,
			.nr_functions = config->forward[i].count,
			.action = UAPI_SMCCC_FILTER_FWD_TO_USER,
		};

		attr.addr = (uintptr_t)&filter;
		if (ioctl(vm->fd, KVM_SET_DEVICE_ATTR, &attr) != 0) {
			int err = errno;

			vmm_error_set(error, "KVM's SMCCC filter refused the ids from 0x%x: %s",
				      filter.base, strerror(err));
			return -err;
		}
	}
	return 0;
}

static int set_memory(const struct kvm_vm *vm, const struct guest_ram *ram, struct vmm_error *error)
{
	struct kvm_userspace_memory_region region = {
		.slot = 0,
		.guest_phys_addr = ram->ipa,
		.memory_size = ram->size_bytes,
		.userspace_addr = (uintptr_t)ram->host,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) != 0) {
		int err = errno;

		vmm_error_set(error, "KVM refused the guest's RAM of %llu bytes: %s",
			      (unsigned long long)ram->size_bytes, strerror(err));
		return -err;
	}
	return 0;
}

static int create_vcpus(struct kvm_vm *vm, uint32_t count, const struct cpu_features *wanted,
			struct vmm_error *error)
{
	int run_bytes = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	int max = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	int ret;

	if (run_bytes < (int)sizeof(struct kvm_run)) {
		vmm_error_set(error, KVM_DEVICE ": the vCPU area is too small (%d bytes)",
			      run_bytes);
		return -EINVAL;
	}
	if (max > 0 && count > (uint32_t)max) {
		vmm_error_set(error, "cpus: %u asked for, this host's KVM allows %d", count, max);
		return -E2BIG;
	}
	kvm_linux_identity_allow(vm);
	vm->run_bytes = (size_t)run_bytes;
	vm->vcpus = calloc(count, sizeof(*vm->vcpus));
	if (vm->vcpus == NULL) {
		vmm_error_set(error, "no memory for %u vCPUs", count);
		return -ENOMEM;
	}
	ret = kvm_linux_features_choose(vm, wanted, error);
	for (uint32_t i = 0; ret == 0 && i < count; i++) {
		vm->vcpus[i].fd = -1;
		vm->cpu_count = i + 1;
		ret = kvm_linux_vcpu_create(vm, i, error);
	}
	return ret;
}

/* Each vCPU that is made sets it; from here on it is known. */
static int learn_counter(struct kvm_vm *vm, struct vmm_error *error)
{
	uint64_t counter;
	int ret = kvm_vm_get_counter(vm, &counter);

	if (ret != 0) {
		vmm_error_set(error, "KVM gave no counter of the guest's: %s", strerror(-ret));
	}
	return ret;
}

static int build(struct kvm_vm *vm, const struct kvm_vm_config *config, struct vmm_error *error)
{
	int ret = open_kvm(vm, error);

	if (ret == 0) {
		ret = create_vm(vm, config, error);
	}
	if (ret == 0) {
		ret = forward_calls(vm, config, error);
	}
	if (ret == 0) {
		ret = set_memory(vm, &config->ram, error);
	}
	if (ret == 0) {
		ret = create_vcpus(vm, config->cpu_count, &config->features, error);
	}
	if (ret == 0) {
		ret = kvm_linux_gic_create(vm, config, error);
	}
	if (ret == 0) {
		kvm_linux_identity_set_gic(vm);
	}
	if (ret == 0) {
		ret = kvm_linux_pmu_init(vm, config->pmu_intid, error);
	}
	if (ret == 0) {
		ret = learn_counter(vm, error);
	}
	return ret;
}

int kvm_vm_create(struct kvm_vm **out, const struct kvm_vm_config *config, struct vmm_error *error)
{
	struct kvm_vm *vm = calloc(1, sizeof(*vm));
	int ret;

	if (vm == NULL) {
		vmm_error_set(error, "no memory for a VM");
		return -ENOMEM;
	}
	vm->kvm_fd = vm->fd = vm->gic_fd = -1;
	vm->identity = config->identity;
	vm->identity_count = config->identity_count;
	ret = build(vm, config, error);
	if (ret != 0) {
		kvm_vm_destroy(vm);
		return ret;
	}
	vm->identity = NULL;
	vm->identity_count = 0;
	*out = vm;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

void kvm_vm_destroy(struct kvm_vm *vm)
{
	if (vm == NULL) {
		return;
	}
	for (uint32_t i = 0; i < vm->cpu_count; i++) {
		kvm_linux_vcpu_destroy(&vm->vcpus[i]);
	}
	free(vm->vcpus);
	free(vm->identity_registers);
	kvm_linux_snapshot_free(&vm->reset);
	close_fd(vm->gic_fd);
	close_fd(vm->fd);
	close_fd(vm->kvm_fd);
	free(vm);
}

int kvm_vm_ioeventfd(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes, uint64_t value, int fd)
{
	struct kvm_ioeventfd event = {
		.datamatch = value,
		.addr = ipa,
		.len = len_bytes,
		.fd = fd,
		.flags = KVM_IOEVENTFD_FLAG_DATAMATCH,
	};

	return ioctl(vm->fd, KVM_IOEVENTFD, &event) == 0 ? 0 : -errno;
}

struct kvm_vcpu *kvm_vm_vcpu(struct kvm_vm *vm, uint32_t cpu)
{
	return &vm->vcpus[cpu];
}
