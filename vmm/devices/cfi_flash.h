/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flash with the Intel/Sharp extended command set (CFI 0x0001): two chips of 16 bits side by side,
 * in sectors of 256 KiB, as on QEMU's `virt` machine. EDK2, U-Boot and Linux keep variables in it.
 *
 * Both chips get the same commands, of which the low byte counts. What is read depends on what was
 * last written: memory ("read array"), status, identity, or the CFI query table. As long as it is
 * memory the guest can have it mapped (@show), and only its stores come here.
 *
 * A program clears bits and an erase sets a sector's, and both are done, and in the store, when
 * the store that asked for it is over: the chip is always ready. What the store does not take is
 * told by the status. All else that a guest writes is a command error, or nothing.
 */
#ifndef VMM_DEVICES_CFI_FLASH_H
#define VMM_DEVICES_CFI_FLASH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/flash_store.h"
#include "devices/mmio_bus.h"

#define CFI_FLASH_BANK_WIDTH_BYTES 4U
#define CFI_FLASH_SECTOR_BYTES UINT32_C(0x40000)
/* The write buffers of both chips. */
#define CFI_FLASH_BUFFER_BYTES 4096U

/* The status register of one chip; ready always is. */
#define CFI_FLASH_READY 0x80
#define CFI_FLASH_ERASE_ERROR 0x20
#define CFI_FLASH_PROGRAM_ERROR 0x10

/**
 * struct cfi_flash_config - copied
 * @store: borrowed for the device's life; a multiple of a sector, at most 64 MiB
 * @show:  the guest is to read memory from now on, or what the device answers. On a vCPU thread
 * @log:   a line for the operator, on a vCPU thread; NULL for none
 * @ctx:   first argument of both
 */
struct cfi_flash_config {
	struct flash_store *store;
	void (*show)(void *ctx, bool memory);
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/* What is read. */
enum cfi_flash_mode {
	CFI_FLASH_ARRAY,
	CFI_FLASH_STATUS,
	CFI_FLASH_ID,
	CFI_FLASH_QUERY,
};

/* Which store comes next. */
enum cfi_flash_step {
	CFI_FLASH_COMMAND,
	CFI_FLASH_PROGRAM_DATA,
	CFI_FLASH_ERASE_CONFIRM,
	CFI_FLASH_LOCK_CONFIRM,
	CFI_FLASH_BUFFER_COUNT,
	CFI_FLASH_BUFFER_DATA,
	CFI_FLASH_BUFFER_CONFIRM,
};

/**
 * struct cfi_flash - members are the device's own
 * @config: as given
 * @lock:   of all that follows
 * @mode:   what is read
 * @step:   what the next store is
 * @status: of each chip
 * @left:   BUFFER_DATA: stores to come
 * @base:   of the piece of memory that the buffer is for; UINT64_MAX until its first data
 * @buffer: what is to be cleared from there on
 * @failed: a write to the store failed, and it was said
 */
struct cfi_flash {
	struct cfi_flash_config config;
	pthread_mutex_t lock;
	enum cfi_flash_mode mode;
	enum cfi_flash_step step;
	uint8_t status;
	uint32_t left;
	uint64_t base;
	uint8_t buffer[CFI_FLASH_BUFFER_BYTES];
	bool failed;
};

/* dev is a struct cfi_flash; the region is as large as its store. */
extern const struct mmio_ops cfi_flash_mmio_ops;

/**
 * cfi_flash_init() - make it, as after a reset
 *
 * Return: 0 or -errno.
 */
int cfi_flash_init(struct cfi_flash *flash, const struct cfi_flash_config *config);

/** cfi_flash_destroy() - free what it holds; the store stays open */
void cfi_flash_destroy(struct cfi_flash *flash);

/** cfi_flash_reset() - memory is read again; what a command had not done is forgotten. No @show */
void cfi_flash_reset(struct cfi_flash *flash);

/** cfi_flash_query() - byte @index of a chip's CFI query table, of a bank of @size_bytes */
uint8_t cfi_flash_query(uint64_t size_bytes, uint64_t index);

#endif /* VMM_DEVICES_CFI_FLASH_H */
