/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The disks of the machine without KVM, and the hibernation image that its guest keeps in the first
 * sector of the first one.
 */
#include "fake_machine_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define IMAGE_MAGIC "FAKEIMG"
#define SECTOR_BYTES 512

/* What is at the start of the first disk while there is an image. */
struct image {
	char magic[8];
	uint32_t signature;
	uint32_t next_word;
	char nonce[FAKE_NONCE_SIZE];
};

static int first_write(void *ctx)
{
	struct machine *machine = ctx;

	return machine->host.first_write(machine->host.ctx);
}

bool fake_disks_open(struct machine *machine, struct vmm_error *error)
{
	if (write_gate_init(&machine->gate, machine->host.first_write != NULL ? first_write : NULL,
			    machine) != 0) {
		vmm_error_set(error, "no lock for the disks");
		return false;
	}
	for (; machine->open_count < machine->config.disk_count; machine->open_count++) {
		size_t n = machine->open_count;
		struct disk_file *file = &machine->disks[n];

		if (disk_file_open(file, machine->config.disks[n].path,
				   machine->config.disks[n].read_only, error) != 0) {
			return false;
		}
		(void)dirty_map_init(&machine->written[n], file->read_only ? 0 : file->size_bytes);
	}
	return true;
}

void fake_disks_close(struct machine *machine)
{
	for (size_t n = 0; n < machine->open_count; n++) {
		disk_file_close(&machine->disks[n]);
		dirty_map_destroy(&machine->written[n]);
	}
	write_gate_destroy(&machine->gate);
}

int fake_disks_flush(struct machine *machine)
{
	for (size_t n = 0; n < machine->open_count; n++) {
		int ret = disk_file_flush(&machine->disks[n]);

		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}

bool fake_disk_write(struct machine *machine, uint64_t offset, const void *bytes, size_t len_bytes)
{
	struct disk_file *file = &machine->disks[0];

	if (machine->open_count == 0 || file->read_only || offset + len_bytes > file->size_bytes ||
	    write_gate_pass(&machine->gate) != 0) {
		return false;
	}
	dirty_map_mark(&machine->written[0], offset, len_bytes);
	return pwrite(file->fd, bytes, len_bytes, (off_t)offset) == (ssize_t)len_bytes;
}

bool fake_image_save(struct machine *machine, uint32_t next_word, char nonce[FAKE_NONCE_SIZE])
{
	struct image image = {
		.magic = IMAGE_MAGIC,
		.signature = machine->signature,
		.next_word = next_word,
	};
	uint64_t number = 0;
	char sector[SECTOR_BYTES] = {0};

	(void)!getrandom(&number, sizeof(number), 0);
	(void)snprintf(image.nonce, sizeof(image.nonce), "%016llx", (unsigned long long)number);
	memcpy(sector, &image, sizeof(image));
	memcpy(nonce, image.nonce, FAKE_NONCE_SIZE);
	return fake_disk_write(machine, 0, sector, sizeof(sector));
}

enum fake_boot fake_image_resume(struct machine *machine, uint32_t *next_word,
				 char nonce[FAKE_NONCE_SIZE])
{
	const char nothing[SECTOR_BYTES] = {0};
	struct image image = {.magic = ""};

	if (machine->open_count == 0 || strstr(machine->config.cmdline, "noresume") != NULL ||
	    pread(machine->disks[0].fd, &image, sizeof(image), 0) != (ssize_t)sizeof(image) ||
	    memcmp(image.magic, IMAGE_MAGIC, sizeof(image.magic)) != 0) {
		return FAKE_BOOT_FRESH;
	}
	memcpy(nonce, image.nonce, FAKE_NONCE_SIZE);
	nonce[FAKE_NONCE_SIZE - 1] = '\0';
	*next_word = image.next_word;
	/* As Linux does: the image is gone before it is looked at more closely. */
	if (!fake_disk_write(machine, 0, nothing, sizeof(nothing))) {
		return FAKE_BOOT_FAILED;
	}
	return image.signature == machine->signature ? FAKE_BOOT_RESUMED : FAKE_BOOT_REFUSED;
}

int machine_disk_fd(const struct machine *machine, size_t disk)
{
	return disk < machine->open_count ? machine->disks[disk].fd : -1;
}

bool machine_disk_written(const struct machine *machine, size_t disk, uint64_t from,
			  uint64_t *offset, uint64_t *len_bytes)
{
	return disk < machine->open_count &&
	       dirty_map_next(&machine->written[disk], from, offset, len_bytes);
}

bool machine_alarm(struct machine *machine, int64_t *when_s)
{
	*when_s = machine->alarm_s;
	return machine->alarm_s != 0;
}
