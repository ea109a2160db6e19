/* SPDX-License-Identifier: BSD-3-Clause */
/* Read-only memory of the fake KVM. */
#include <errno.h>

#include "fake_kvm_internal.h"

int kvm_vm_map_rom(struct kvm_vm *vm, unsigned rom, uint64_t ipa, const void *host,
		   uint64_t size_bytes)
{
	int ret = fake_inject(FAKE_MAP_ROM);

	fake_use_begin(vm, "kvm_vm_map_rom");
	if (rom >= KVM_ROM_COUNT || vm->roms[rom].host != NULL || size_bytes % 4096 != 0 ||
	    ipa % 4096 != 0 || (uintptr_t)host % 4096 != 0) {
		fake_misuse("kvm_vm_map_rom() of what is mapped, or is no whole pages");
		ret = -EINVAL;
	}
	if (ret == 0) {
		vm->roms[rom].ipa = ipa;
		vm->roms[rom].size_bytes = size_bytes;
		__atomic_store_n(&vm->roms[rom].host, host, __ATOMIC_RELEASE);
	}
	fake_use_end(vm);
	return ret;
}

int kvm_vm_unmap_rom(struct kvm_vm *vm, unsigned rom)
{
	fake_use_begin(vm, "kvm_vm_unmap_rom");
	if (rom >= KVM_ROM_COUNT || vm->roms[rom].host == NULL) {
		fake_misuse("kvm_vm_unmap_rom() of what is not mapped");
	} else {
		__atomic_store_n(&vm->roms[rom].host, NULL, __ATOMIC_RELEASE);
	}
	fake_use_end(vm);
	return 0;
}

const uint8_t *fake_rom_at(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes)
{
	for (unsigned i = 0; i < KVM_ROM_COUNT; i++) {
		const uint8_t *host = __atomic_load_n(&vm->roms[i].host, __ATOMIC_ACQUIRE);

		if (host != NULL && ipa >= vm->roms[i].ipa &&
		    ipa - vm->roms[i].ipa <= vm->roms[i].size_bytes - len_bytes) {
			return host + (ipa - vm->roms[i].ipa);
		}
	}
	return NULL;
}

bool fake_kvm_rom(unsigned rom, uint64_t *ipa, const uint8_t **host)
{
	struct kvm_vm *vm = fake_vm();

	*host = __atomic_load_n(&vm->roms[rom].host, __ATOMIC_ACQUIRE);
	*ipa = vm->roms[rom].ipa;
	return *host != NULL;
}
