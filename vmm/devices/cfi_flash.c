/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/cfi_flash.h"

#include <stdio.h>
#include <string.h>

/* The commands. */
#define CMD_PROGRAM_OLD 0x10
#define CMD_ERASE 0x20
#define CMD_PROGRAM 0x40
#define CMD_CLEAR_STATUS 0x50
#define CMD_LOCK 0x60
#define CMD_READ_STATUS 0x70
#define CMD_READ_ID 0x90
#define CMD_QUERY 0x98
#define CMD_CONFIRM 0xD0
#define CMD_WRITE_BUFFER 0xE8
#define CMD_READ_ARRAY_AMD 0xF0
#define CMD_READ_ARRAY 0xFF
/* Second stores of CMD_LOCK; the other is CMD_CONFIRM, to unlock. */
#define LOCK_SET 0x01

#define MANUFACTURER_ID 0x89
#define DEVICE_ID 0x18
/* Both command bits at once say that a sequence of stores makes no sense. */
#define SEQUENCE_ERROR (CFI_FLASH_ERASE_ERROR | CFI_FLASH_PROGRAM_ERROR)
#define NO_BASE UINT64_MAX

static void set_mode(struct cfi_flash *flash, enum cfi_flash_mode mode)
{
	bool was_memory = flash->mode == CFI_FLASH_ARRAY;
	bool is_memory = mode == CFI_FLASH_ARRAY;

	flash->mode = mode;
	if (was_memory != is_memory) {
		flash->config.show(flash->config.ctx, is_memory);
	}
}

/* To the file, that the guest can be told whether it is there. */
static void keep(struct cfi_flash *flash, uint64_t offset, uint64_t len_bytes, uint8_t bit)
{
	int ret = flash_store_write(flash->config.store, offset, len_bytes);
	char line[512];

	if (ret == 0) {
		return;
	}
	flash->status |= bit;
	if (!flash->failed && flash->config.log != NULL) {
		(void)snprintf(line, sizeof(line),
			       "variable store %s could not be written: %s; what the firmware or "
			       "the guest sets is lost",
			       flash->config.store->path, strerror(-ret));
		flash->config.log(flash->config.ctx, line);
	}
	flash->failed = true;
}

/* Programming clears bits and never sets one. */
static void program(struct cfi_flash *flash, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	uint8_t *to = flash->config.store->memory.bytes + offset;

	for (unsigned i = 0; i < len_bytes; i++) {
		to[i] &= (uint8_t)(value >> 8 * i);
	}
	keep(flash, offset, len_bytes, CFI_FLASH_PROGRAM_ERROR);
}

static void erase(struct cfi_flash *flash, uint64_t offset)
{
	uint64_t base = offset & ~(uint64_t)(CFI_FLASH_SECTOR_BYTES - 1);

	memset(flash->config.store->memory.bytes + base, FLASH_ERASED, CFI_FLASH_SECTOR_BYTES);
	keep(flash, base, CFI_FLASH_SECTOR_BYTES, CFI_FLASH_ERASE_ERROR);
}

static void begin_buffer(struct cfi_flash *flash, uint64_t value)
{
	flash->left = (uint32_t)(value & 0xFFFF) + 1;
	flash->base = NO_BASE;
	memset(flash->buffer, FLASH_ERASED, sizeof(flash->buffer));
	if (flash->left > CFI_FLASH_BUFFER_BYTES / CFI_FLASH_BANK_WIDTH_BYTES) {
		flash->status |= SEQUENCE_ERROR;
		flash->step = CFI_FLASH_COMMAND;
		return;
	}
	flash->step = CFI_FLASH_BUFFER_DATA;
}

static void fill_buffer(struct cfi_flash *flash, uint64_t offset, unsigned len_bytes,
			uint64_t value)
{
	uint64_t base = offset & ~(uint64_t)(CFI_FLASH_BUFFER_BYTES - 1);
	uint64_t at = offset - base;

	if (flash->base == NO_BASE) {
		flash->base = base;
	}
	/* Also where an unaligned store reaches past the buffer. */
	if (flash->base != base || at + len_bytes > CFI_FLASH_BUFFER_BYTES) {
		flash->status |= SEQUENCE_ERROR;
		flash->step = CFI_FLASH_COMMAND;
		return;
	}
	for (unsigned i = 0; i < len_bytes; i++) {
		flash->buffer[at + i] = (uint8_t)(value >> 8 * i);
	}
	if (--flash->left == 0) {
		flash->step = CFI_FLASH_BUFFER_CONFIRM;
	}
}

static void write_buffer(struct cfi_flash *flash)
{
	uint8_t *to = flash->config.store->memory.bytes + flash->base;

	for (unsigned i = 0; i < CFI_FLASH_BUFFER_BYTES; i++) {
		to[i] &= flash->buffer[i];
	}
	keep(flash, flash->base, CFI_FLASH_BUFFER_BYTES, CFI_FLASH_PROGRAM_ERROR);
}

static void begin(struct cfi_flash *flash, enum cfi_flash_step step)
{
	flash->step = step;
	set_mode(flash, CFI_FLASH_STATUS);
}

static void command(struct cfi_flash *flash, uint8_t cmd)
{
	switch (cmd) {
	case CMD_PROGRAM:
	case CMD_PROGRAM_OLD:
		begin(flash, CFI_FLASH_PROGRAM_DATA);
		break;
	case CMD_ERASE:
		begin(flash, CFI_FLASH_ERASE_CONFIRM);
		break;
	case CMD_LOCK:
		begin(flash, CFI_FLASH_LOCK_CONFIRM);
		break;
	case CMD_WRITE_BUFFER:
		begin(flash, CFI_FLASH_BUFFER_COUNT);
		break;
	case CMD_CLEAR_STATUS:
		flash->status = CFI_FLASH_READY;
		break;
	case CMD_READ_STATUS:
		set_mode(flash, CFI_FLASH_STATUS);
		break;
	case CMD_READ_ID:
		set_mode(flash, CFI_FLASH_ID);
		break;
	case CMD_QUERY:
		set_mode(flash, CFI_FLASH_QUERY);
		break;
	case CMD_READ_ARRAY:
	case CMD_READ_ARRAY_AMD:
	default:
		/* What is no command is what software looks for chips of other kinds with. */
		set_mode(flash, CFI_FLASH_ARRAY);
		break;
	}
}

/* The second store of a command, or a later one. */
static void go_on(struct cfi_flash *flash, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	enum cfi_flash_step step = flash->step;
	uint8_t cmd = (uint8_t)value;

	flash->step = CFI_FLASH_COMMAND;
	switch (step) {
	case CFI_FLASH_COMMAND:
		command(flash, cmd);
		return;
	case CFI_FLASH_PROGRAM_DATA:
		program(flash, offset, len_bytes, value);
		return;
	case CFI_FLASH_BUFFER_COUNT:
		begin_buffer(flash, value);
		return;
	case CFI_FLASH_BUFFER_DATA:
		flash->step = step;
		fill_buffer(flash, offset, len_bytes, value);
		return;
	case CFI_FLASH_ERASE_CONFIRM:
	case CFI_FLASH_LOCK_CONFIRM:
	case CFI_FLASH_BUFFER_CONFIRM:
		break;
	}
	/* No sector is ever locked: to lock is taken and does nothing, as on QEMU's. */
	if (cmd == CMD_CONFIRM && step == CFI_FLASH_ERASE_CONFIRM) {
		erase(flash, offset);
	} else if (cmd == CMD_CONFIRM && step == CFI_FLASH_BUFFER_CONFIRM) {
		write_buffer(flash);
	} else if (cmd == CMD_READ_ARRAY) {
		set_mode(flash, CFI_FLASH_ARRAY);
	} else if (step != CFI_FLASH_LOCK_CONFIRM || (cmd != CMD_CONFIRM && cmd != LOCK_SET)) {
		flash->status |= SEQUENCE_ERROR;
	}
}

static void flash_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct cfi_flash *flash = dev;

	pthread_mutex_lock(&flash->lock);
	go_on(flash, offset, len_bytes, value);
	pthread_mutex_unlock(&flash->lock);
}

/* What each chip answers, as the bus has it: one beside the other, again and again. */
static uint64_t both(uint64_t chip, uint64_t offset)
{
	return (chip * UINT64_C(0x0001000100010001)) >> 8 * (offset % 2);
}

static uint8_t id_of(uint64_t index)
{
	/* A sector's lock is at 2, and it is not locked. */
	static const uint8_t ids[] = {MANUFACTURER_ID, DEVICE_ID, 0};
	uint64_t at = index & 0xFF;

	return at < sizeof(ids) ? ids[at] : 0;
}

static uint64_t read_memory(const struct cfi_flash *flash, uint64_t offset, unsigned len_bytes)
{
	const uint8_t *from = flash->config.store->memory.bytes + offset;
	uint64_t value = 0;

	for (unsigned i = 0; i < len_bytes; i++) {
		value |= (uint64_t)from[i] << 8 * i;
	}
	return value;
}

static uint64_t flash_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct cfi_flash *flash = dev;
	uint64_t index = offset / CFI_FLASH_BANK_WIDTH_BYTES;
	uint64_t value = 0;

	pthread_mutex_lock(&flash->lock);
	switch (flash->mode) {
	case CFI_FLASH_ARRAY:
		value = read_memory(flash, offset, len_bytes);
		break;
	case CFI_FLASH_STATUS:
		value = both(flash->status, offset);
		break;
	case CFI_FLASH_ID:
		value = both(id_of(index), offset);
		break;
	case CFI_FLASH_QUERY:
		value = both(cfi_flash_query(flash->config.store->memory.size_bytes, index),
			     offset);
		break;
	}
	pthread_mutex_unlock(&flash->lock);
	return value;
}

const struct mmio_ops cfi_flash_mmio_ops = {.read = flash_read, .write = flash_write};

int cfi_flash_init(struct cfi_flash *flash, const struct cfi_flash_config *config)
{
	int ret;

	memset(flash, 0, sizeof(*flash));
	flash->config = *config;
	ret = pthread_mutex_init(&flash->lock, NULL);
	if (ret == 0) {
		cfi_flash_reset(flash);
	}
	return -ret;
}

void cfi_flash_destroy(struct cfi_flash *flash)
{
	(void)pthread_mutex_destroy(&flash->lock);
}

void cfi_flash_reset(struct cfi_flash *flash)
{
	pthread_mutex_lock(&flash->lock);
	flash->mode = CFI_FLASH_ARRAY;
	flash->step = CFI_FLASH_COMMAND;
	flash->status = CFI_FLASH_READY;
	flash->failed = false;
	pthread_mutex_unlock(&flash->lock);
}
