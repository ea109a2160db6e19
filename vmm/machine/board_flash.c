/* SPDX-License-Identifier: BSD-3-Clause */
/* Two banks of flash: the firmware, which nobody changes, and its variables. */
#include <string.h>
#include "machine/board_internal.h"
#include "platform/layout.h"

/* The banks, as pieces of KVM's read-only memory. */
#define ROM_FIRMWARE 0
#define ROM_VARIABLES 1
#define VARIABLES_BASE (LAYOUT_FLASH_BASE + LAYOUT_FLASH_BANK_SIZE_BYTES)

static int map(struct kvm_vm *vm, unsigned rom, const struct flash_memory *memory)
{
	return kvm_vm_map_rom(vm, rom, LAYOUT_FLASH_BASE + rom * LAYOUT_FLASH_BANK_SIZE_BYTES,
			      memory->bytes, memory->size_bytes);
}

/* Where KVM does not do it the device is asked, which answers the same. */
static void show(void *ctx, bool memory)
{
	struct board *board = ctx;
	struct kvm_vm *vm = __atomic_load_n(&board->vm, __ATOMIC_ACQUIRE);

	if (memory) {
		board->flash.shown = map(vm, ROM_VARIABLES, &board->flash.store.memory) == 0;
	} else if (board->flash.shown) {
		board->flash.shown = kvm_vm_unmap_rom(vm, ROM_VARIABLES) != 0;
		if (board->flash.shown) {
			board->config.log(board->config.ctx,
					  "KVM does not take the flash from the guest, which then "
					  "can't set its firmware's variables");
		}
	}
}

static void flash_reset(void *dev)
{
	struct board *board = dev;

	cfi_flash_reset(&board->flash.variables);
}

static int flash_flush(void *dev, struct vmm_error *error)
{
	struct board *board = dev;
	int ret = flash_store_flush(&board->flash.store);

	if (ret != 0) {
		vmm_error_set(error,
			      "variable store %s could not be flushed: %s; what the firmware or "
			      "the guest set last may be lost, so check the file system it is on",
			      board->flash.store.path, strerror(-ret));
	}
	return ret;
}

/* Whoever copies the file meanwhile finds all of it there. */
static void flash_pause(void *dev, bool paused)
{
	struct board *board = dev;
	struct vmm_error error;

	if (paused && flash_flush(board, &error) != 0) {
		board->config.log(board->config.ctx, error.text);
	}
}

static void flash_destroy(void *dev)
{
	struct board *board = dev;

	cfi_flash_destroy(&board->flash.variables);
	flash_store_close(&board->flash.store);
	flash_memory_free(&board->flash.firmware);
}

static int add_variables(struct board *board)
{
	static const struct device_ops ops = {
		.reset = flash_reset,
		.pause = flash_pause,
		.flush = flash_flush,
		.destroy = flash_destroy,
	};
	const struct cfi_flash_config config = {
		.store = &board->flash.store,
		.show = show,
		.log = board->config.log,
		.ctx = board,
	};
	const struct device device = {
		.name = "cfi-flash",
		.ops = &ops,
		.dev = board,
		.fd = DEVICE_NO_FD,
		.intid = DEVICE_NO_INTID,
	};
	int ret = cfi_flash_init(&board->flash.variables, &config);

	if (ret != 0) {
		flash_store_close(&board->flash.store);
		flash_memory_free(&board->flash.firmware);
		return ret;
	}
	ret = board_add(board, &device);
	if (ret == 0) {
		ret = board_map(board, device.name, VARIABLES_BASE, LAYOUT_FLASH_BANK_SIZE_BYTES,
				&cfi_flash_mmio_ops, &board->flash.variables);
	}
	return ret;
}

int board_add_flash(struct board *board, struct vmm_error *error)
{
	int ret;

	if (board->config.firmware == NULL) {
		return 0;
	}
	ret = flash_memory_load(&board->flash.firmware, board->config.firmware,
				LAYOUT_FLASH_BANK_SIZE_BYTES, &board->flash.firmware_bytes, error);
	if (ret != 0) {
		return ret;
	}
	ret = flash_store_open(&board->flash.store, board->config.variables,
			       board->config.variables_template, LAYOUT_FLASH_BANK_SIZE_BYTES,
			       error);
	if (ret != 0) {
		flash_memory_free(&board->flash.firmware);
		return ret;
	}
	return board_failed(add_variables(board), "flash", error);
}

int board_map_flash(struct board *board, struct kvm_vm *vm, struct vmm_error *error)
{
	int ret;

	if (board->config.firmware == NULL) {
		return 0;
	}
	ret = map(vm, ROM_FIRMWARE, &board->flash.firmware);
	if (ret == 0) {
		ret = map(vm, ROM_VARIABLES, &board->flash.store.memory);
		board->flash.shown = ret == 0;
	}
	if (ret != 0) {
		vmm_error_set(error, "KVM refused the memory of the flash: %s", strerror(-ret));
	}
	return ret;
}
