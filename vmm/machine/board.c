/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include "machine/board.h"
#include "platform/layout.h"

#define FIRST_PPI 16
#define FIRST_SPI 32

/* Devices drive their lines on threads of their own, which are idle while there is no VM. */
static void set_irq(void *ctx, uint32_t intid, bool level)
{
	struct board *board = ctx;
	struct kvm_vm *vm = __atomic_load_n(&board->vm, __ATOMIC_ACQUIRE);

	if (vm != NULL) {
		(void)kvm_vm_set_irq(vm, intid, level);
	}
}

static struct irq_line wire(struct board *board, uint32_t intid)
{
	return (struct irq_line){.set = set_irq, .ctx = board, .intid = intid};
}

static int map(struct board *board, const char *name, uint64_t base, uint64_t size_bytes,
	       const struct mmio_ops *ops, void *dev)
{
	const struct mmio_region region = {
		.base = base,
		.size_bytes = size_bytes,
		.ops = ops,
		.dev = dev,
		.name = name,
	};

	return mmio_bus_add(&board->bus, &region);
}

static int add_uart(struct board *board)
{
	const struct pl011_config config = {
		.tx = board->config.console_tx,
		.rx_room = board->config.console_room,
		.ctx = board->config.ctx,
		.irq = wire(board, LAYOUT_UART_INTID),
	};
	int ret = pl011_init(&board->uart, &config);

	if (ret == 0) {
		board->has_uart = true;
		ret = map(board, "pl011", LAYOUT_UART_BASE, LAYOUT_UART_SIZE_BYTES, &pl011_mmio_ops,
			  &board->uart);
	}
	return ret;
}

static int add_rtc(struct board *board)
{
	const struct pl031_config config = {.irq = wire(board, LAYOUT_RTC_INTID)};
	int ret = pl031_init(&board->rtc, &config);

	if (ret == 0) {
		board->has_rtc = true;
		ret = map(board, "pl031", LAYOUT_RTC_BASE, LAYOUT_RTC_SIZE_BYTES, &pl031_mmio_ops,
			  &board->rtc);
	}
	return ret;
}

static int map_slot(struct board *board, const char *name, unsigned slot, struct virtio_mmio *mmio)
{
	return map(board, name, LAYOUT_VIRTIO_SLOT_BASE(slot), LAYOUT_VIRTIO_STRIDE_BYTES,
		   &virtio_mmio_ops, mmio);
}

static int add_rng(struct board *board)
{
	const struct irq_line irq = wire(board, LAYOUT_VIRTIO_SLOT_INTID(BOARD_RNG_SLOT));
	int ret = virtio_rng_init(&board->rng, &board->config.ram, &irq);

	if (ret == 0) {
		board->has_rng = true;
		ret = map_slot(board, "virtio-rng", BOARD_RNG_SLOT, &board->rng.mmio);
	}
	return ret;
}

static int add_disk(struct board *board, unsigned n, struct vmm_error *error)
{
	char serial[VIRTIO_BLK_SERIAL_BYTES];
	const struct virtio_blk_setup setup = {
		.path = board->config.disks[n].path,
		.read_only = board->config.disks[n].read_only,
		.serial = serial,
		.log = board->config.log,
		.log_ctx = board->config.ctx,
		.irq = wire(board, LAYOUT_VIRTIO_SLOT_INTID(BOARD_DISK_SLOT(n))),
	};
	int ret;

	(void)snprintf(serial, sizeof(serial), "torpor-disk%u", n);
	ret = virtio_blk_init(&board->disks[n], &setup, &board->config.ram, error);
	if (ret == 0) {
		board->disk_count = n + 1;
		ret = map_slot(board, "virtio-blk", BOARD_DISK_SLOT(n), &board->disks[n].mmio);
	}
	return ret;
}

/* Slots without a device read as such, for software that looks at all of them. */
static int add_empty_slots(struct board *board)
{
	int ret = 0;

	for (unsigned slot = 0; ret == 0 && slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		if (!board_has_device(board, slot)) {
			ret = map(board, "virtio-mmio", LAYOUT_VIRTIO_SLOT_BASE(slot),
				  LAYOUT_VIRTIO_STRIDE_BYTES, &virtio_mmio_empty_ops, NULL);
		}
	}
	return ret;
}

int board_init(struct board *board, const struct board_config *config, struct vmm_error *error)
{
	int ret;

	memset(board, 0, sizeof(*board));
	board->config = *config;
	ret = add_uart(board);
	if (ret == 0) {
		ret = add_rtc(board);
	}
	if (ret == 0) {
		ret = add_rng(board);
	}
	if (ret != 0) {
		vmm_error_set(error, "the machine's devices could not be made: %s", strerror(-ret));
		return ret;
	}
	for (unsigned n = 0; n < config->disk_count; n++) {
		ret = add_disk(board, n, error);
		if (ret != 0) {
			return ret;
		}
	}
	ret = add_empty_slots(board);
	if (ret != 0) {
		vmm_error_set(error, "the machine's bus is full");
	}
	return ret;
}

void board_destroy(struct board *board)
{
	for (size_t n = 0; n < board->disk_count; n++) {
		virtio_blk_destroy(&board->disks[n]);
	}
	if (board->has_rng) {
		virtio_rng_destroy(&board->rng);
	}
	if (board->has_rtc) {
		pl031_destroy(&board->rtc);
	}
	if (board->has_uart) {
		pl011_destroy(&board->uart);
	}
}

void board_connect(struct board *board, struct kvm_vm *vm)
{
	__atomic_store_n(&board->vm, vm, __ATOMIC_RELEASE);
}

void board_reset(struct board *board)
{
	pl011_reset(&board->uart);
	pl031_reset(&board->rtc);
	virtio_mmio_reset(&board->rng.mmio);
	for (size_t n = 0; n < board->disk_count; n++) {
		virtio_mmio_reset(&board->disks[n].mmio);
		virtio_blk_resume(&board->disks[n]);
	}
}

int board_settle(struct board *board, struct vmm_error *error)
{
	int first = 0;

	for (size_t n = 0; n < board->disk_count; n++) {
		virtio_blk_drain(&board->disks[n]);
	}
	for (size_t n = 0; n < board->disk_count; n++) {
		int ret = virtio_blk_flush(&board->disks[n]);

		if (ret != 0 && first == 0) {
			first = ret;
			vmm_error_set(error,
				      "disk %s could not be flushed: %s; what the guest wrote last "
				      "may be lost, so check the file system it is on",
				      board->config.disks[n].path, strerror(-ret));
		}
	}
	return first;
}

bool board_has_device(const struct board *board, unsigned slot)
{
	return slot < board->disk_count || slot == BOARD_RNG_SLOT;
}

const char *board_device_name(const struct board *board, uint32_t intid)
{
	uint32_t slot = intid - LAYOUT_VIRTIO_SLOT_INTID(0);

	switch (intid) {
	case LAYOUT_UART_INTID:
		return "pl011";
	case LAYOUT_RTC_INTID:
		return "pl031";
	case LAYOUT_PPI_INTID(LAYOUT_TIMER_VIRT_PPI):
	case LAYOUT_PPI_INTID(LAYOUT_TIMER_NS_EL1_PPI):
		return "timer";
	default:
		break;
	}
	if (intid < FIRST_PPI) {
		return "sgi";
	}
	if (intid < FIRST_SPI || slot >= LAYOUT_VIRTIO_SLOT_COUNT ||
	    !board_has_device(board, slot)) {
		return NULL;
	}
	return slot == BOARD_RNG_SLOT ? "virtio-rng" : "virtio-blk";
}
