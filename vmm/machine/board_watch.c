/* SPDX-License-Identifier: BSD-3-Clause */
/* What tells the host that the guest is not well: a watchdog, and pvpanic. */
#include "machine/board_internal.h"
#include "platform/layout.h"

static uint64_t guest_counter(void *ctx)
{
	const struct board *board = ctx;
	const struct kvm_vm *vm = __atomic_load_n(&board->vm, __ATOMIC_ACQUIRE);

	return vm != NULL ? kvm_vm_counter(vm) : 0;
}

static void bite(void *ctx)
{
	const struct board *board = ctx;

	board->config.bitten(board->config.ctx);
}

static void watchdog_reset(void *dev)
{
	sbsa_gwdt_reset(dev);
}

static void watchdog_pause(void *dev, bool paused)
{
	sbsa_gwdt_pause(dev, paused);
}

static void watchdog_dispatch(void *dev)
{
	sbsa_gwdt_timer_expired(dev);
}

static void watchdog_destroy(void *dev)
{
	sbsa_gwdt_destroy(dev);
}

static int add_watchdog(struct board *board)
{
	static const struct device_ops ops = {
		.reset = watchdog_reset,
		.pause = watchdog_pause,
		.dispatch = watchdog_dispatch,
		.destroy = watchdog_destroy,
	};
	const struct sbsa_gwdt_config config = {
		.counter = guest_counter,
		.bite = bite,
		.ctx = board,
		.frequency_hz = kvm_counter_hz(),
		.irq = board_wire(board, LAYOUT_WATCHDOG_INTID),
	};
	struct device device = {
		.name = "sbsa-gwdt",
		.ops = &ops,
		.dev = &board->watchdog,
		.intid = LAYOUT_WATCHDOG_INTID,
	};
	int ret = sbsa_gwdt_init(&board->watchdog, &config);

	if (ret == 0) {
		device.fd = sbsa_gwdt_timer_fd(&board->watchdog);
		ret = board_add(board, &device);
	}
	if (ret == 0) {
		ret = board_map(board, device.name, LAYOUT_WATCHDOG_REFRESH_BASE,
				LAYOUT_WATCHDOG_FRAME_SIZE_BYTES, &sbsa_gwdt_refresh_ops,
				&board->watchdog);
	}
	if (ret == 0) {
		ret = board_map(board, device.name, LAYOUT_WATCHDOG_CONTROL_BASE,
				LAYOUT_WATCHDOG_FRAME_SIZE_BYTES, &sbsa_gwdt_control_ops,
				&board->watchdog);
	}
	return ret;
}

static void guest_event(void *ctx, enum pvpanic_event event)
{
	const struct board *board = ctx;

	board->config.guest_event(board->config.ctx, event);
}

static void panic_reset(void *dev)
{
	pvpanic_reset(dev);
}

static void panic_destroy(void *dev)
{
	(void)dev;
}

static int add_pvpanic(struct board *board)
{
	static const struct device_ops ops = {.reset = panic_reset, .destroy = panic_destroy};
	const struct device device = {
		.name = "pvpanic",
		.ops = &ops,
		.dev = &board->pvpanic,
		.fd = DEVICE_NO_FD,
		.intid = DEVICE_NO_INTID,
	};
	int ret;

	pvpanic_init(&board->pvpanic, guest_event, board);
	ret = board_add(board, &device);
	if (ret == 0) {
		ret = board_map(board, device.name, LAYOUT_PVPANIC_BASE, LAYOUT_PVPANIC_SIZE_BYTES,
				&pvpanic_mmio_ops, &board->pvpanic);
	}
	return ret;
}

int board_add_watch(struct board *board, struct vmm_error *error)
{
	int ret = board_failed(add_pvpanic(board), "pvpanic", error);

	if (ret == 0 && board->config.watchdog) {
		ret = board_failed(add_watchdog(board), "watchdog", error);
	}
	return ret;
}
