/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/ram.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/layout.h"

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

int guest_ram_map(struct guest_ram *ram, uint64_t size_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (size_t)size_bytes;
	size_t mapped_bytes;
	size_t head_bytes;
	uint8_t *mapped;
	uint8_t *host;

	if (size_bytes == 0 || size_bytes % page_bytes != 0 ||
	    size_bytes > SIZE_MAX / 2 - HUGE_PAGE_BYTES) {
		return -EINVAL;
	}
	/* mmap() promises page alignment only: map more, then give back both ends. */
	mapped_bytes = size + HUGE_PAGE_BYTES;
	mapped = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapped == MAP_FAILED) {
		return -errno;
	}
	head_bytes = (HUGE_PAGE_BYTES - (uintptr_t)mapped % HUGE_PAGE_BYTES) % HUGE_PAGE_BYTES;
	host = mapped + head_bytes;
	if (head_bytes != 0) {
		(void)munmap(mapped, head_bytes);
	}
	if (head_bytes != HUGE_PAGE_BYTES) {
		(void)munmap(host + size, HUGE_PAGE_BYTES - head_bytes);
	}
	/* Both are only wishes: a host without huge pages still runs guests. */
	(void)madvise(host, size, MADV_HUGEPAGE);
	(void)madvise(host, size, MADV_DONTDUMP);
	*ram = (struct guest_ram){.host = host, .ipa = LAYOUT_RAM_BASE, .size_bytes = size_bytes};
	return 0;
}

int guest_ram_discard(struct guest_ram *ram)
{
	if (madvise(ram->host, (size_t)ram->size_bytes, MADV_DONTNEED) != 0) {
		return -errno;
	}
	return 0;
}

void guest_ram_unmap(struct guest_ram *ram)
{
	if (ram->host != NULL) {
		(void)munmap(ram->host, (size_t)ram->size_bytes);
	}
	*ram = (struct guest_ram){0};
}

void *guest_ram_at(const struct guest_ram *ram, uint64_t ipa, uint64_t len_bytes)
{
	uint64_t offset = ipa - ram->ipa;

	/* Subtractions only: no sum here can wrap around. */
	if (ipa < ram->ipa || offset > ram->size_bytes || len_bytes > ram->size_bytes - offset) {
		return NULL;
	}
	return ram->host + offset;
}
