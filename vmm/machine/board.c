/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/board.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <string.h>
#include "machine/board_internal.h"
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

struct irq_line board_wire(struct board *board, uint32_t intid)
{
	return (struct irq_line){.set = set_irq, .ctx = board, .intid = intid};
}

int board_add(struct board *board, const struct device *device)
{
	if (board->device_count == BOARD_DEVICE_COUNT_MAX) {
		device->ops->destroy(device->dev);
		return -ENOSPC;
	}
	board->devices[board->device_count++] = *device;
	return 0;
}

int board_map(struct board *board, const char *name, uint64_t base, uint64_t size_bytes,
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

int board_map_virtio(struct board *board, const char *name, unsigned slot, struct virtio_mmio *mmio)
{
	int ret = board_map(board, name, LAYOUT_VIRTIO_SLOT_BASE(slot), LAYOUT_VIRTIO_STRIDE_BYTES,
			    &virtio_mmio_ops, mmio);

	if (ret == 0) {
		board->virtio_slots |= UINT32_C(1) << slot;
		board->virtio[slot] = mmio;
	}
	return ret;
}

int board_failed(int ret, const char *name, struct vmm_error *error)
{
	if (ret != 0) {
		vmm_error_set(error, "the machine's %s could not be made: %s", name,
			      strerror(-ret));
	}
	return ret;
}

/* Slots without a device read as such, for software that looks at all of them. */
static int add_empty_slots(struct board *board)
{
	int ret = 0;

	for (unsigned slot = 0; ret == 0 && slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		if (!board_has_device(board, slot)) {
			ret = board_map(board, "virtio-mmio", LAYOUT_VIRTIO_SLOT_BASE(slot),
					LAYOUT_VIRTIO_STRIDE_BYTES, &virtio_mmio_empty_ops, NULL);
		}
	}
	return ret;
}

int board_init(struct board *board, const struct board_config *config, struct vmm_error *error)
{
	static int (*const groups[])(struct board * board, struct vmm_error * error) = {
		board_add_platform, board_add_keys,    board_add_disks,
		board_add_nets,	    board_add_console, board_add_vsock,
		board_add_balloon,  board_add_watch,   board_add_flash,
	};
	int ret = 0;

	memset(board, 0, sizeof(*board));
	board->config = *config;
	for (size_t i = 0; ret == 0 && i < sizeof(groups) / sizeof(groups[0]); i++) {
		ret = groups[i](board, error);
	}
	return ret != 0 ? ret : board_failed(add_empty_slots(board), "bus", error);
}

void board_destroy(struct board *board)
{
	while (board->device_count > 0) {
		const struct device *device = &board->devices[--board->device_count];

		device->ops->destroy(device->dev);
	}
	if (board->has_gate) {
		write_gate_destroy(&board->gate);
		board->has_gate = false;
	}
}

static void connect_queues(struct board *board, unsigned slot)
{
	const uint64_t notify_ipa = LAYOUT_VIRTIO_SLOT_BASE(slot) + VIRTIO_MMIO_QUEUE_NOTIFY;

	for (unsigned queue = 0; queue < VIRTIO_MMIO_QUEUES_MAX; queue++) {
		int fd = virtio_mmio_event_fd(board->virtio[slot], queue);

		if (fd >= 0) {
			(void)kvm_vm_ioeventfd(board->vm, notify_ipa, sizeof(uint32_t), queue, fd);
		}
	}
}

void board_connect(struct board *board, struct kvm_vm *vm)
{
	__atomic_store_n(&board->vm, vm, __ATOMIC_RELEASE);
	for (unsigned slot = 0; vm != NULL && slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		if (board_has_device(board, slot)) {
			connect_queues(board, slot);
		}
	}
}

void board_reset(struct board *board)
{
	for (size_t i = 0; i < board->device_count; i++) {
		board->devices[i].ops->reset(board->devices[i].dev);
	}
}

void board_pause(struct board *board, bool paused)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct device *device = &board->devices[i];

		if (device->ops->pause != NULL) {
			device->ops->pause(device->dev, paused);
		}
	}
}

int board_settle(struct board *board, struct vmm_error *error)
{
	struct vmm_error later;
	int first = 0;

	for (size_t i = 0; i < board->device_count; i++) {
		const struct device *device = &board->devices[i];

		if (device->ops->drain != NULL) {
			device->ops->drain(device->dev);
		}
	}
	for (size_t i = 0; i < board->device_count; i++) {
		const struct device *device = &board->devices[i];

		if (device->ops->flush != NULL) {
			int ret = device->ops->flush(device->dev, first == 0 ? error : &later);

			first = first == 0 ? ret : first;
		}
	}
	return first;
}

bool board_has_device(const struct board *board, unsigned slot)
{
	return (board->virtio_slots & UINT32_C(1) << slot) != 0;
}

const char *board_device_name(struct board *board, uint32_t intid)
{
	if (intid < FIRST_PPI) {
		return "sgi";
	}
	if (intid == LAYOUT_PPI_INTID(LAYOUT_TIMER_VIRT_PPI) ||
	    intid == LAYOUT_PPI_INTID(LAYOUT_TIMER_NS_EL1_PPI)) {
		return "timer";
	}
	if (intid == LAYOUT_GPIO_INTID && board_rtc_interrupts(board)) {
		intid = LAYOUT_RTC_INTID;
	}
	for (size_t i = 0; i < board->device_count && intid >= FIRST_SPI; i++) {
		if (board->devices[i].intid == intid) {
			return board->devices[i].name;
		}
	}
	return NULL;
}
