/* SPDX-License-Identifier: BSD-3-Clause */
/* What every machine has: its console, its clock and its source of entropy. */
#include "machine/board_internal.h"
#include "platform/layout.h"

static void uart_reset(void *dev)
{
	pl011_reset(dev);
}

static void uart_destroy(void *dev)
{
	pl011_destroy(dev);
}

static int add_uart(struct board *board)
{
	static const struct device_ops ops = {.reset = uart_reset, .destroy = uart_destroy};
	const struct device device = {
		.name = "pl011",
		.ops = &ops,
		.dev = &board->uart,
		.fd = DEVICE_NO_FD,
		.intid = LAYOUT_UART_INTID,
	};
	const struct pl011_config config = {
		.tx = board->config.console_tx,
		.rx_room = board->config.console_room,
		.ctx = board->config.ctx,
		.irq = board_wire(board, LAYOUT_UART_INTID),
		.ready = board->config.acpi,
	};
	int ret = pl011_init(&board->uart, &config);

	if (ret == 0) {
		ret = board_add(board, &device);
	}
	if (ret == 0) {
		ret = board_map(board, device.name, LAYOUT_UART_BASE, LAYOUT_UART_SIZE_BYTES,
				&pl011_mmio_ops, &board->uart);
	}
	return ret;
}

static void rtc_reset(void *dev)
{
	pl031_reset(dev);
}

static void rtc_dispatch(void *dev)
{
	pl031_alarm_expired(dev);
}

static void rtc_destroy(void *dev)
{
	pl031_destroy(dev);
}

/*
 * A Time and Alarm Device has no interrupt of its own: it is an event of the GPIO controller that
 * tells Linux of the alarm, and can wake it.
 */
static void set_rtc_line(void *ctx, uint32_t intid, bool level)
{
	struct board *board = ctx;

	(void)intid;
	pl061_set_input(&board->gpio, LAYOUT_GPIO_LINE_RTC, level);
}

static int add_rtc(struct board *board)
{
	static const struct device_ops ops = {
		.reset = rtc_reset,
		.dispatch = rtc_dispatch,
		.destroy = rtc_destroy,
	};
	const struct irq_line gpio_line = {.set = set_rtc_line, .ctx = board};
	const struct pl031_config config = {
		.irq = board->config.acpi ? gpio_line : board_wire(board, LAYOUT_RTC_INTID),
	};
	struct device device = {
		.name = "pl031",
		.ops = &ops,
		.dev = &board->rtc,
		.intid = LAYOUT_RTC_INTID,
	};
	int ret = pl031_init(&board->rtc, &config);

	if (ret == 0) {
		device.fd = pl031_timer_fd(&board->rtc);
		ret = board_add(board, &device);
	}
	if (ret == 0) {
		ret = board_map(board, device.name, LAYOUT_RTC_BASE, LAYOUT_RTC_SIZE_BYTES,
				&pl031_mmio_ops, &board->rtc);
	}
	return ret;
}

bool board_rtc_interrupts(struct board *board)
{
	return pl061_interrupting(&board->gpio) == 1U << LAYOUT_GPIO_LINE_RTC;
}

static void rng_reset(void *dev)
{
	struct virtio_rng *rng = dev;

	virtio_mmio_reset(&rng->mmio);
}

static void rng_dispatch(void *dev)
{
	virtio_rng_dispatch(dev);
}

static void rng_destroy(void *dev)
{
	virtio_rng_destroy(dev);
}

static int add_rng(struct board *board)
{
	static const struct device_ops ops = {
		.reset = rng_reset,
		.dispatch = rng_dispatch,
		.destroy = rng_destroy,
	};
	struct device device = {
		.name = "virtio-rng",
		.ops = &ops,
		.dev = &board->rng,
		.intid = LAYOUT_VIRTIO_SLOT_INTID(BOARD_RNG_SLOT),
	};
	const struct irq_line irq = board_wire(board, device.intid);
	int ret = virtio_rng_init(&board->rng, &board->config.ram, &irq);

	if (ret == 0) {
		device.fd = virtio_rng_fd(&board->rng);
		ret = board_add(board, &device);
	}
	if (ret == 0) {
		ret = board_map_virtio(board, device.name, BOARD_RNG_SLOT, &board->rng.mmio);
	}
	return ret;
}

int board_add_platform(struct board *board, struct vmm_error *error)
{
	int ret = board_failed(add_uart(board), "pl011", error);

	if (ret == 0) {
		ret = board_failed(add_rtc(board), "pl031", error);
	}
	if (ret == 0) {
		ret = board_failed(add_rng(board), "virtio-rng", error);
	}
	return ret;
}
