/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/flash_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/disk_lock.h"

#define CHUNK_BYTES 65536U
#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int failed(const char *path, const char *what, int ret, struct vmm_error *error)
{
	vmm_error_set(error, "variable store %s %s: %s", path, what, strerror(-ret));
	return ret;
}

static int write_all(int fd, const uint8_t *bytes, uint64_t count, uint64_t offset)
{
	while (count > 0) {
		ssize_t done = pwrite(fd, bytes, (size_t)count, (off_t)offset);

		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done <= 0) {
			return done < 0 ? -errno : -EIO;
		}
		bytes += done;
		offset += (uint64_t)done;
		count -= (uint64_t)done;
	}
	return 0;
}

/* Reads @template, if there is one; the rest of the bank is erased. */
static int start_with(struct flash_memory *memory, const char *template, struct vmm_error *error)
{
	struct stat info = {0};
	uint64_t count;
	int ret = 0;
	int fd = -1;

	if (template != NULL) {
		fd = open(template, O_RDONLY | OPEN_FLAGS);
		if (fd < 0 || fstat(fd, &info) != 0) {
			ret = -errno;
		} else if (!S_ISREG(info.st_mode)) {
			ret = S_ISDIR(info.st_mode) ? -EISDIR : -EINVAL;
		} else if ((uint64_t)info.st_size > memory->size_bytes) {
			ret = -EFBIG;
		}
	}
	count = ret == 0 ? (uint64_t)info.st_size : 0;
	if (ret == 0) {
		ret = flash_memory_read(memory, fd, count);
	}
	if (ret == 0) {
		memset(memory->bytes + count, FLASH_ERASED, (size_t)(memory->size_bytes - count));
	} else {
		vmm_error_set(error,
			      "template %s: %s: expected a variable store of at most %" PRIu64
			      " bytes, such as /usr/share/AAVMF/AAVMF_VARS.fd",
			      template, strerror(-ret), memory->size_bytes);
		error->bad_input = true;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return ret;
}

/* Sparse: what is zero stays a hole. */
static int fill(int fd, const struct flash_memory *memory)
{
	static const uint8_t zero[CHUNK_BYTES];
	int ret = ftruncate(fd, (off_t)memory->size_bytes) == 0 ? 0 : -errno;

	for (uint64_t at = 0; ret == 0 && at < memory->size_bytes; at += CHUNK_BYTES) {
		uint64_t left = memory->size_bytes - at;
		size_t count = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

		if (memcmp(memory->bytes + at, zero, count) != 0) {
			ret = write_all(fd, memory->bytes + at, count, at);
		}
	}
	if (ret == 0 && fsync(fd) != 0) {
		ret = -errno;
	}
	return ret;
}

/* Under another name first, so that nobody finds half of it; never over one that came before. */
static int make_as(const char *path, const struct flash_memory *memory, char *name)
{
	int fd = mkostemp(name, O_CLOEXEC);
	int ret;

	if (fd < 0) {
		return -errno;
	}
	ret = fill(fd, memory);
	if (ret == 0 && link(name, path) != 0 && errno != EEXIST) {
		ret = -errno;
	}
	(void)unlink(name);
	(void)close(fd);
	return ret;
}

static int make(const char *path, const char *template, uint64_t size_bytes,
		struct vmm_error *error)
{
	struct flash_memory memory;
	char name[PATH_MAX];
	int ret;

	if (snprintf(name, sizeof(name), "%s.XXXXXX", path) >= (int)sizeof(name)) {
		return failed(path, "could not be made", -ENAMETOOLONG, error);
	}
	ret = flash_memory_init(&memory, size_bytes);
	if (ret != 0) {
		return failed(path, "could not be made", ret, error);
	}
	ret = start_with(&memory, template, error);
	if (ret == 0) {
		ret = make_as(path, &memory, name);
		if (ret != 0) {
			(void)failed(path, "could not be made", ret, error);
		}
	}
	flash_memory_free(&memory);
	return ret;
}

static int check(const struct flash_store *store, uint64_t size_bytes, struct vmm_error *error)
{
	struct stat info;

	if (fstat(store->fd, &info) != 0) {
		return failed(store->path, "cannot be used", -errno, error);
	}
	if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size != size_bytes) {
		vmm_error_set(error,
			      "variable store %s is no file of exactly %" PRIu64
			      " bytes: give one that torpor or QEMU's pflash made, or a name that "
			      "there is not yet, to have it made",
			      store->path, size_bytes);
		error->bad_input = true;
		return -EINVAL;
	}
	if (disk_lock(store->fd, false) != 0) {
		vmm_error_set(error,
			      "variable store %s is in use by another program (a second machine?): "
			      "end that first, or use a copy",
			      store->path);
		return -EBUSY;
	}
	return 0;
}

static int open_file(struct flash_store *store, const char *template, uint64_t size_bytes,
		     struct vmm_error *error)
{
	int ret = 0;

	store->fd = open(store->path, O_RDWR | OPEN_FLAGS);
	if (store->fd < 0 && errno == ENOENT) {
		ret = make(store->path, template, size_bytes, error);
		if (ret != 0) {
			return ret;
		}
		store->fd = open(store->path, O_RDWR | OPEN_FLAGS);
	}
	if (store->fd < 0) {
		ret = failed(store->path, "cannot be opened for writing", -errno, error);
		error->bad_input = true;
		return ret;
	}
	ret = check(store, size_bytes, error);
	if (ret == 0) {
		ret = flash_memory_read(&store->memory, store->fd, size_bytes);
		if (ret != 0) {
			(void)failed(store->path, "could not be read", ret, error);
		}
	}
	return ret;
}

int flash_store_open(struct flash_store *store, const char *path, const char *template,
		     uint64_t size_bytes, struct vmm_error *error)
{
	int ret;

	*store = (struct flash_store){.path = path, .fd = -1};
	ret = flash_memory_init(&store->memory, size_bytes);
	if (ret != 0) {
		vmm_error_set(error, "no memory for flash: %s", strerror(-ret));
		return ret;
	}
	ret = path != NULL ? open_file(store, template, size_bytes, error)
			   : start_with(&store->memory, template, error);
	if (ret != 0) {
		flash_store_close(store);
	}
	return ret;
}

void flash_store_close(struct flash_store *store)
{
	if (store->fd >= 0) {
		/* At once, also where something else still has the file open. */
		disk_unlock(store->fd);
		(void)close(store->fd);
		store->fd = -1;
	}
	flash_memory_free(&store->memory);
}

int flash_store_write(const struct flash_store *store, uint64_t offset, uint64_t len_bytes)
{
	return store->fd < 0
		       ? 0
		       : write_all(store->fd, store->memory.bytes + offset, len_bytes, offset);
}

int flash_store_flush(const struct flash_store *store)
{
	int ret = 0;

	if (store->fd >= 0) {
		do {
			ret = fdatasync(store->fd) == 0 ? 0 : -errno;
		} while (ret == -EINTR);
	}
	return ret;
}
