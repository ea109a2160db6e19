/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys by which the host asks for a power state, on the PL061. */
#include "machine/board_internal.h"
#include "platform/layout.h"

static void gpio_reset(void *dev)
{
	pl061_reset(dev);
}

static void gpio_destroy(void *dev)
{
	pl061_destroy(dev);
}

static void keys_reset(void *dev)
{
	power_keys_reset(dev);
}

static void keys_pause(void *dev, bool paused)
{
	power_keys_hold(dev, paused);
}

static void keys_dispatch(void *dev)
{
	power_keys_dispatch(dev);
}

static void keys_destroy(void *dev)
{
	power_keys_destroy(dev);
}

static int add_keys(struct board *board)
{
	static const struct device_ops ops = {
		.reset = keys_reset,
		.pause = keys_pause,
		.dispatch = keys_dispatch,
		.destroy = keys_destroy,
	};
	struct device device = {
		.name = "gpio-keys",
		.ops = &ops,
		.dev = &board->keys,
		.intid = DEVICE_NO_INTID,
	};
	int ret = power_keys_init(&board->keys, &board->gpio);

	if (ret == 0) {
		device.fd = power_keys_fd(&board->keys);
		ret = board_add(board, &device);
	}
	return ret;
}

/* After its keys: a reset lets go of them first, and the edges of that are gone with the rest. */
static int add_gpio(struct board *board)
{
	static const struct device_ops ops = {.reset = gpio_reset, .destroy = gpio_destroy};
	const struct device device = {
		.name = "pl061",
		.ops = &ops,
		.dev = &board->gpio,
		.fd = DEVICE_NO_FD,
		.intid = LAYOUT_GPIO_INTID,
	};
	const struct irq_line irq = board_wire(board, LAYOUT_GPIO_INTID);
	int ret = pl061_init(&board->gpio, &irq);

	if (ret == 0) {
		ret = board_add(board, &device);
	}
	if (ret == 0) {
		ret = board_map(board, device.name, LAYOUT_GPIO_BASE, LAYOUT_GPIO_SIZE_BYTES,
				&pl061_mmio_ops, &board->gpio);
	}
	return ret;
}

int board_add_keys(struct board *board, struct vmm_error *error)
{
	/* Nobody presses a key before both are there. */
	int ret = board_failed(add_keys(board), "power keys", error);

	return ret != 0 ? ret : board_failed(add_gpio(board), "pl061", error);
}

enum power_key board_device_key(struct board *board, uint32_t intid)
{
	return intid == LAYOUT_GPIO_INTID ? power_keys_interrupting(&board->keys) : POWER_KEY_NONE;
}
