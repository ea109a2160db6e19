/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small enough that what is zero is found, large enough to be read quickly. */
#define CHUNK_BYTES 65536U

int flash_memory_init(struct flash_memory *memory, uint64_t size_bytes)
{
	void *bytes = mmap(NULL, (size_t)size_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (bytes == MAP_FAILED) {
		return -errno;
	}
	*memory = (struct flash_memory){.bytes = bytes, .size_bytes = size_bytes};
	return 0;
}

void flash_memory_free(struct flash_memory *memory)
{
	if (memory->bytes != NULL) {
		(void)munmap(memory->bytes, (size_t)memory->size_bytes);
		memory->bytes = NULL;
	}
}

/* A page that is never written to takes no memory. */
static void copy_unless_zero(uint8_t *to, const uint8_t *from, size_t count)
{
	if (from[0] != 0 || memcmp(from, from + 1, count - 1) != 0) {
		memcpy(to, from, count);
	}
}

int flash_memory_read(struct flash_memory *memory, int fd, uint64_t count)
{
	uint8_t chunk[CHUNK_BYTES];
	uint64_t at = 0;

	while (at < count) {
		uint64_t left = count - at;
		size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		ssize_t got = pread(fd, chunk, want, (off_t)at);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got < 0 ? -errno : -EIO;
		}
		copy_unless_zero(memory->bytes + at, chunk, (size_t)got);
		at += (uint64_t)got;
	}
	return 0;
}

static int refuse(const char *path, const char *why, int ret, struct vmm_error *error)
{
	vmm_error_set(error,
		      "firmware %s %s: expected an image for QEMU's virt machine, such as "
		      "/usr/share/AAVMF/AAVMF_CODE.fd or U-Boot's qemu_arm64/u-boot.bin",
		      path, why);
	error->bad_input = true;
	return ret;
}

static int load(struct flash_memory *memory, int fd, const char *path, uint64_t size_bytes,
		uint64_t *count, struct vmm_error *error)
{
	struct stat info;
	int ret = fstat(fd, &info) == 0 ? 0 : -errno;

	if (ret != 0) {
		return refuse(path, strerror(-ret), ret, error);
	}
	if (!S_ISREG(info.st_mode)) {
		return refuse(path, "is no regular file", -EINVAL, error);
	}
	if (info.st_size == 0) {
		return refuse(path, "is empty", -EINVAL, error);
	}
	if ((uint64_t)info.st_size > size_bytes) {
		return refuse(path, "is larger than the 64 MiB of flash", -EFBIG, error);
	}
	*count = (uint64_t)info.st_size;
	ret = flash_memory_init(memory, size_bytes);
	if (ret == 0) {
		ret = flash_memory_read(memory, fd, *count);
	}
	if (ret != 0) {
		vmm_error_set(error, "firmware %s could not be read: %s", path, strerror(-ret));
		flash_memory_free(memory);
	}
	return ret;
}

int flash_memory_load(struct flash_memory *memory, const char *path, uint64_t size_bytes,
		      uint64_t *count, struct vmm_error *error)
{
	/* Without O_NONBLOCK a FIFO's open would wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int ret;

	if (fd < 0) {
		ret = -errno;
		return refuse(path, strerror(-ret), ret, error);
	}
	ret = load(memory, fd, path, size_bytes, count, error);
	(void)close(fd);
	return ret;
}
