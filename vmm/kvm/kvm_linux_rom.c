/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that the guest can't change: slots of KVM's that come and go. */
#include <errno.h>
#include <sys/ioctl.h>
#include "kvm/kvm_linux.h"

/* Slot 0 is RAM. */
#define ROM_SLOT(rom) (1U + (rom))

static int set_slot(const struct kvm_vm *vm, const struct kvm_userspace_memory_region *region)
{
	int ret;

	do {
		ret = ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, region);
	} while (ret != 0 && errno == EINTR);
	return ret == 0 ? 0 : -errno;
}

int kvm_vm_map_rom(struct kvm_vm *vm, unsigned rom, uint64_t ipa, const void *host,
		   uint64_t size_bytes)
{
	const struct kvm_userspace_memory_region region = {
		.slot = ROM_SLOT(rom),
		.flags = KVM_MEM_READONLY,
		.guest_phys_addr = ipa,
		.memory_size = size_bytes,
		.userspace_addr = (uintptr_t)host,
	};

	return set_slot(vm, &region);
}

int kvm_vm_unmap_rom(struct kvm_vm *vm, unsigned rom)
{
	/* No size: the slot goes. */
	const struct kvm_userspace_memory_region region = {.slot = ROM_SLOT(rom)};

	return set_slot(vm, &region);
}
