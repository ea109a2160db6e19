/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's RAM: one block of anonymous memory in this process.
 *
 * The caller owns the struct; copies are views of the same memory and stay good until
 * guest_ram_unmap(). The guest changes this memory at any moment, so what is read from it is read
 * once and checked before it is used.
 */
#ifndef VMM_MACHINE_RAM_H
#define VMM_MACHINE_RAM_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct guest_ram - where RAM is, in this process and in the guest
 * @host:       first byte in this process
 * @ipa:        first guest physical address
 * @size_bytes: length
 */
struct guest_ram {
	uint8_t *host;
	uint64_t ipa;
	uint64_t size_bytes;
};

/**
 * guest_ram_map() - allocate RAM, all zero, at the machine's RAM base
 * @ram:        filled on success
 * @size_bytes: a multiple of the host's page size, not zero
 *
 * Pages are given by the host when first touched. The block starts at a 2 MiB boundary, and
 * transparent huge pages are asked for; it is left out of core dumps.
 *
 * Context: any thread.
 * Return: 0; -EINVAL for a bad size; -ENOMEM or another errno of mmap().
 */
int guest_ram_map(struct guest_ram *ram, uint64_t size_bytes);

/**
 * guest_ram_discard() - give all pages back to the host; RAM reads as zero again
 * @ram: mapped by guest_ram_map()
 *
 * Context: no vCPU runs and no device thread touches RAM.
 * Return: 0, or -errno of madvise().
 */
int guest_ram_discard(struct guest_ram *ram);

/**
 * guest_ram_unmap() - free the memory
 * @ram: mapped by guest_ram_map(), or all zero; all zero afterwards
 *
 * Context: no thread uses the memory, and KVM does not have it as a memory slot.
 */
void guest_ram_unmap(struct guest_ram *ram);

/**
 * guest_ram_at() - host pointer to a range of guest memory
 * @ram:       mapped
 * @ipa:       first guest physical address
 * @len_bytes: length; 0 is allowed and only asks that @ipa is inside or just past the end
 *
 * Context: any thread.
 * Return: a pointer that is good for @len_bytes bytes; NULL if the range is not wholly in RAM.
 */
void *guest_ram_at(const struct guest_ram *ram, uint64_t ipa, uint64_t len_bytes);

#endif /* VMM_MACHINE_RAM_H */
