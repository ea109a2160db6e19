/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "platform/huge_pages.h"
#include "platform/layout.h"

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Linux 6.3; it asks for one of this and its opposite. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* A file of @size_bytes that stays that long, or -errno. */
static int create_file(size_t size_bytes, unsigned flags)
{
	int fd = memfd_create("torpor-ram", MFD_CLOEXEC | MFD_NOEXEC_SEAL | flags);
	int err;

	if (fd < 0 && errno == EINVAL) {
		fd = memfd_create("torpor-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	}
	if (fd < 0) {
		return -errno;
	}
	if (ftruncate(fd, (off_t)size_bytes) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		return fd;
	}
	err = errno;
	(void)close(fd);
	return -err;
}

/* Address space for @size_bytes that begins at a multiple of @align_bytes, or NULL. */
static uint8_t *find_place(size_t size_bytes, size_t align_bytes)
{
	/* mmap() promises page alignment only: map more, then give back both ends. */
	uint8_t *mapped = mmap(NULL, size_bytes + align_bytes, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t head_bytes;

	if (mapped == MAP_FAILED) {
		return NULL;
	}
	head_bytes = (align_bytes - (uintptr_t)mapped % align_bytes) % align_bytes;
	if (head_bytes != 0) {
		(void)munmap(mapped, head_bytes);
	}
	if (head_bytes != align_bytes) {
		(void)munmap(mapped + head_bytes + size_bytes, align_bytes - head_bytes);
	}
	return mapped + head_bytes;
}

static bool is_size(uint64_t size_bytes, size_t page_bytes)
{
	return size_bytes != 0 && size_bytes % page_bytes == 0 &&
	       size_bytes <= SIZE_MAX / 2 - page_bytes - HUGE_PAGE_BYTES;
}

/* The file goes with the mapping, or at once if there is none. */
static int map_file(struct guest_ram *ram, int fd, size_t size_bytes, size_t align_bytes, int flags)
{
	uint8_t *host = find_place(size_bytes, align_bytes);
	int err;

	if (host != NULL && mmap(host, size_bytes, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED | flags, fd, 0) != MAP_FAILED) {
		(void)madvise(host, size_bytes, MADV_DONTDUMP);
		*ram = (struct guest_ram){
			.host = host,
			.ipa = LAYOUT_RAM_BASE,
			.size_bytes = size_bytes,
			.fd = fd,
		};
		return 0;
	}
	err = errno;
	if (host != NULL) {
		(void)munmap(host, size_bytes);
	}
	(void)close(fd);
	return -err;
}

static int map_anonymous(struct guest_ram *ram, size_t size_bytes)
{
	uint8_t *host = find_place(size_bytes, HUGE_PAGE_BYTES);

	if (host == NULL) {
		return -ENOMEM;
	}
	if (mprotect(host, size_bytes, PROT_READ | PROT_WRITE) != 0) {
		int err = errno;

		(void)munmap(host, size_bytes);
		return -err;
	}
	(void)madvise(host, size_bytes, MADV_DONTDUMP);
	*ram = (struct guest_ram){
		.host = host,
		.ipa = LAYOUT_RAM_BASE,
		.size_bytes = size_bytes,
		.fd = -1,
	};
	return 0;
}

int guest_ram_map_as(struct guest_ram *ram, uint64_t size_bytes, enum guest_ram_kind kind)
{
	int ret;

	if (!is_size(size_bytes, (size_t)sysconf(_SC_PAGESIZE))) {
		return -EINVAL;
	}
	if (kind == GUEST_RAM_ANONYMOUS) {
		ret = map_anonymous(ram, (size_t)size_bytes);
	} else {
		int fd = create_file((size_t)size_bytes, 0);

		ret = fd < 0 ? fd
			     : map_file(ram, fd, (size_t)size_bytes, HUGE_PAGE_BYTES,
					MAP_NORESERVE);
	}
	if (ret == 0) {
		/* Only a wish: a host without huge pages still runs guests. */
		(void)madvise(ram->host, (size_t)size_bytes, MADV_HUGEPAGE);
	}
	return ret;
}

int guest_ram_map(struct guest_ram *ram, uint64_t size_bytes)
{
	return guest_ram_map_as(ram, size_bytes,
				huge_pages_anonymous_only() ? GUEST_RAM_ANONYMOUS : GUEST_RAM_FILE);
}

/* Size of the host's default huge pages, by an empty file of them, or 0 where it has none. */
static size_t huge_page_bytes(void)
{
	struct statfs facts = {.f_bsize = 0};
	int fd = create_file(0, MFD_HUGETLB);

	if (fd >= 0) {
		(void)fstatfs(fd, &facts);
		(void)close(fd);
	}
	return (size_t)facts.f_bsize;
}

int guest_ram_map_huge(struct guest_ram *ram, uint64_t size_bytes, struct vmm_error *error)
{
	size_t page_bytes = huge_page_bytes();
	int fd;
	int ret;

	if (page_bytes == 0) {
		vmm_error_set(error, "--hugepages: this host's kernel has no huge pages: leave the "
				     "option out");
		return -ENOTSUP;
	}
	if (!is_size(size_bytes, page_bytes)) {
		vmm_error_set(error,
			      "--memory is %lluM: expected a multiple of the host's huge pages of "
			      "%zuM, with --hugepages",
			      (unsigned long long)(size_bytes >> 20), page_bytes >> 20);
		error->bad_input = true;
		return -EINVAL;
	}
	fd = create_file((size_t)size_bytes, MFD_HUGETLB);
	ret = fd < 0 ? fd : map_file(ram, fd, (size_t)size_bytes, page_bytes, 0);
	if (ret != 0) {
		vmm_error_set(
			error,
			"--hugepages: the host could not set aside %llu pages of %zuM: %s: "
			"raise vm.nr_hugepages, so that HugePages_Free in /proc/meminfo is as much",
			(unsigned long long)(size_bytes / page_bytes), page_bytes >> 20,
			strerror(-ret));
		return ret;
	}
	ram->reserved = true;
	return 0;
}

/* What gives pages back, so that they read as zero. */
static int give_back_advice(const struct guest_ram *ram)
{
	return ram->fd < 0 ? MADV_DONTNEED : MADV_REMOVE;
}

/* Memory that a limit of the host's keeps from us is an error here, and else a signal. */
static int zero(uint8_t *first, size_t len_bytes)
{
	if (madvise(first, len_bytes, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) {
		return -errno;
	}
	memset(first, 0, len_bytes);
	return 0;
}

/*
 * A hole would give what is set aside for its pages to whoever is first. The file tells which there
 * are; one that can't, as those of hugetlbfs, says all.
 */
static int zero_in_place(const struct guest_ram *ram)
{
	off_t end = 0;
	off_t first;
	int ret = 0;

	while (ret == 0 && (first = lseek(ram->fd, end, SEEK_DATA)) >= 0) {
		end = lseek(ram->fd, first, SEEK_HOLE);
		if (end < 0) {
			return -errno;
		}
		ret = zero(ram->host + first, (size_t)(end - first));
	}
	/* ENXIO: there is no more. */
	return ret != 0 || errno == ENXIO ? ret : -errno;
}

int guest_ram_discard(struct guest_ram *ram)
{
	if (ram->reserved) {
		return zero_in_place(ram);
	}
	return madvise(ram->host, (size_t)ram->size_bytes, give_back_advice(ram)) == 0 ? 0 : -errno;
}

int guest_ram_release(const struct guest_ram *ram, uint64_t ipa, uint64_t len_bytes)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t first = ipa - ram->ipa;
	uint64_t end = first + len_bytes;

	if (guest_ram_at(ram, ipa, len_bytes) == NULL) {
		return -EINVAL;
	}
	first = (first + page_bytes - 1) / page_bytes * page_bytes;
	end = end / page_bytes * page_bytes;
	if (ram->reserved || first >= end) {
		return 0;
	}
	return madvise(ram->host + first, (size_t)(end - first), give_back_advice(ram)) == 0
		       ? 0
		       : -errno;
}

void guest_ram_unmap(struct guest_ram *ram)
{
	if (ram->host != NULL) {
		(void)munmap(ram->host, (size_t)ram->size_bytes);
		if (ram->fd >= 0) {
			(void)close(ram->fd);
		}
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
