/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* Of the arm64 Image header: its magic number and where that is. */
#define IMAGE_MAGIC "ARM\x64"
#define IMAGE_MAGIC_AT 56
#define IMAGE_HEADER_SIZE 64
/* Of an EFI program that unpacks a kernel: it says how that is packed. */
#define ZBOOT_MAGIC "zimg"
#define ZBOOT_MAGIC_AT 4

/* Opens @path for @option and sees that it is a file with something in it; -1 with @error. */
static int open_file(const char *option, const char *path, int flags, const char *expected,
		     struct stat *file, struct vmm_error *error)
{
	/* O_NONBLOCK: a FIFO must be found out, not waited for. */
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *why = NULL;

	if (fd < 0 || fstat(fd, file) != 0) {
		/* EISDIR comes of O_RDWR alone; a directory opened for reading is seen below. */
		why = errno == EISDIR ? "is a directory" : strerror(errno);
	} else if (S_ISDIR(file->st_mode)) {
		why = "is a directory";
	} else if (S_ISBLK(file->st_mode)) {
		return fd;
	} else if (!S_ISREG(file->st_mode)) {
		why = "is no regular file";
	} else if (file->st_size == 0) {
		why = "is empty";
	} else {
		return fd;
	}
	vmm_error_set(error, "%s '%s': %s: expected %s", option, path, why, expected);
	if (fd >= 0) {
		(void)close(fd);
	}
	return -1;
}

static bool check_kernel(const char *path, struct vmm_error *error)
{
	static const char expected[] = "an arm64 Linux Image, plain or gzip, such as "
				       "/boot/vmlinuz-* of an arm64 Debian";
	uint8_t header[IMAGE_HEADER_SIZE] = {0};
	struct stat file;
	int fd = open_file("--kernel", path, O_RDONLY, expected, &file, error);
	ssize_t count;

	if (fd < 0) {
		return false;
	}
	count = pread(fd, header, sizeof(header), 0);
	(void)close(fd);
	if (count < 0) {
		vmm_error_set(error, "--kernel '%s': %s: expected %s", path, strerror(errno),
			      expected);
		return false;
	}
	if (memcmp(header, "\x1f\x8b", 2) != 0 &&
	    memcmp(header + ZBOOT_MAGIC_AT, ZBOOT_MAGIC, strlen(ZBOOT_MAGIC)) != 0 &&
	    memcmp(header + IMAGE_MAGIC_AT, IMAGE_MAGIC, strlen(IMAGE_MAGIC)) != 0) {
		vmm_error_set(error, "--kernel '%s': is something else: expected %s", path,
			      expected);
		return false;
	}
	return true;
}

static bool check_initrd(const char *path, struct vmm_error *error)
{
	struct stat file;
	int fd = open_file("--initrd", path, O_RDONLY, "an initial RAM disk", &file, error);

	if (fd < 0) {
		return false;
	}
	(void)close(fd);
	return true;
}

static bool check_firmware(const char *path, struct vmm_error *error)
{
	struct stat file;
	int fd = open_file("--firmware", path, O_RDONLY,
			   "an image for QEMU's virt machine, such as AAVMF_CODE.fd", &file, error);

	if (fd < 0) {
		return false;
	}
	(void)close(fd);
	return true;
}

static bool check_disk(const struct machine_disk_config *disk, struct stat *file,
		       struct vmm_error *error)
{
	const char *expected = disk->read_only
				       ? "a raw image or block device that can be read"
				       : "a raw image or block device that can be written, or "
					 "FILE,ro for a read-only disk";
	int fd = open_file("--disk", disk->path, disk->read_only ? O_RDONLY : O_RDWR, expected,
			   file, error);

	if (fd < 0) {
		return false;
	}
	(void)close(fd);
	return true;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode)) {
		return a->st_rdev == b->st_rdev;
	}
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool check_disks(const struct machine_config *machine, struct vmm_error *error)
{
	struct stat files[MACHINE_DISK_COUNT_MAX];

	for (size_t i = 0; i < machine->disk_count; i++) {
		if (!check_disk(&machine->disks[i], &files[i], error)) {
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if ((machine->disks[i].read_only && machine->disks[j].read_only) ||
			    !same_file(&files[i], &files[j])) {
				continue;
			}
			/* The guest would write to one and not see it on the other. */
			vmm_error_set(error,
				      "--disk '%s': is the same file as disk '%s': expected "
				      "another, or ',ro' on both",
				      machine->disks[i].path, machine->disks[j].path);
			return false;
		}
	}
	return true;
}

static bool check_memory(uint64_t memory_bytes, struct vmm_error *error)
{
	struct sysinfo host;
	uint64_t host_bytes;

	if (sysinfo(&host) != 0) {
		return true;
	}
	host_bytes = ((uint64_t)host.totalram + host.totalswap) * host.mem_unit;
	if (memory_bytes > host_bytes) {
		vmm_error_set(error,
			      "--memory is %lluM: expected at most the %lluM of RAM and swap "
			      "that this host has",
			      (unsigned long long)(memory_bytes >> 20),
			      (unsigned long long)(host_bytes >> 20));
		return false;
	}
	return true;
}

bool options_check(const struct run_options *options, struct vmm_error *error)
{
	const struct machine_config *machine = &options->machine;

	return (machine->kernel == NULL || check_kernel(machine->kernel, error)) &&
	       (machine->firmware == NULL || check_firmware(machine->firmware, error)) &&
	       (machine->initrd == NULL || check_initrd(machine->initrd, error)) &&
	       check_disks(machine, error) && check_memory(machine->memory_bytes, error);
}
