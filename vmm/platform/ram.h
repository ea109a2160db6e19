/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's RAM, mapped in this process.
 *
 * It is one sealed memory file (memfd), which can be given to another process, on hosts that give
 * such a file huge pages or have none at all. Where only anonymous memory gets them
 * (huge_pages.h), it is that: what it costs a guest to run without weighs more.
 *
 * The caller owns the struct; copies are views of the same memory and stay good until
 * guest_ram_unmap(). The guest changes this memory at any moment, so what is read from it is read
 * once and checked before it is used.
 */
#ifndef VMM_PLATFORM_RAM_H
#define VMM_PLATFORM_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "error.h"

/**
 * struct guest_ram - where RAM is, in this process and in the guest
 * @host:       first byte in this process
 * @ipa:        first guest physical address
 * @size_bytes: length
 * @fd:         the memory file, whose first byte is the first of RAM; close-on-exec. To be
 *              duplicated by who wants to keep it. -1 for anonymous memory
 * @reserved:   of huge pages that are set aside for this guest
 */
struct guest_ram {
	uint8_t *host;
	uint64_t ipa;
	uint64_t size_bytes;
	int fd;
	bool reserved;
};

/**
 * enum guest_ram_kind - what it is made of
 * @GUEST_RAM_FILE:      a memory file, shared; no one who has it can change its size
 * @GUEST_RAM_ANONYMOUS: private memory
 */
enum guest_ram_kind {
	GUEST_RAM_FILE,
	GUEST_RAM_ANONYMOUS,
};

/**
 * guest_ram_map_as() - guest_ram_map(), of a kind
 */
int guest_ram_map_as(struct guest_ram *ram, uint64_t size_bytes, enum guest_ram_kind kind);

/**
 * guest_ram_map() - allocate RAM, all zero, at the machine's RAM base, of the better kind here
 * @ram:        filled on success
 * @size_bytes: a multiple of the host's page size, not zero
 *
 * Pages are given by the host when first touched. The block starts at a 2 MiB boundary, and
 * transparent huge pages are asked for; it is left out of core dumps.
 *
 * Context: any thread.
 * Return: 0; -EINVAL for a bad size; -ENOMEM or another errno of mmap() or memfd_create().
 */
int guest_ram_map(struct guest_ram *ram, uint64_t size_bytes);

/**
 * guest_ram_map_huge() - the same, of huge pages of the host's default size
 * @ram:        filled on success
 * @size_bytes: a multiple of that size, not zero
 * @error:      says what the host's pool is short of, and what would mend it
 *
 * The pages are set aside in the host's pool, so that a guest never finds it empty later.
 *
 * Context: any thread.
 * Return: 0 or -errno with @error filled.
 */
int guest_ram_map_huge(struct guest_ram *ram, uint64_t size_bytes, struct vmm_error *error);

/**
 * guest_ram_discard() - give all pages back to the host; RAM reads as zero again
 * @ram: mapped
 *
 * Huge pages that are set aside stay with the guest, and are zeroed, which takes its time.
 *
 * Context: no vCPU runs and no device thread touches RAM.
 * Return: 0, or -errno of madvise() or lseek().
 */
int guest_ram_discard(struct guest_ram *ram);

/**
 * guest_ram_release() - give the whole pages of a range back to the host
 * @ram:       mapped
 * @ipa:       first guest physical address
 * @len_bytes: length; what is not a whole page at either end stays
 *
 * What was given back reads as zero when it is next touched. Huge pages that are set aside stay
 * with the guest, with what is in them.
 *
 * Context: any thread; the guest gave the range up and may touch it all the same.
 * Return: 0, also where nothing was given back; -EINVAL for a range that is not wholly in RAM; or
 * -errno of madvise().
 */
int guest_ram_release(const struct guest_ram *ram, uint64_t ipa, uint64_t len_bytes);

/**
 * guest_ram_unmap() - free the memory and close the file, if there is one
 * @ram: mapped, or all zero; all zero afterwards
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

#endif /* VMM_PLATFORM_RAM_H */
