/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory balloon. */
#include "machine/board_internal.h"
#include "platform/layout.h"

static void balloon_reset(void *dev)
{
	struct board *board = dev;

	virtio_balloon_reset(&board->balloon);
}

static void balloon_dispatch(void *dev)
{
	struct board *board = dev;
	uint64_t size_bytes;

	if (virtio_balloon_take_change(&board->balloon, &size_bytes)) {
		board->config.balloon_changed(board->config.ctx, size_bytes);
	}
}

static void balloon_destroy(void *dev)
{
	struct board *board = dev;

	virtio_balloon_destroy(&board->balloon);
}

int board_add_balloon(struct board *board, struct vmm_error *error)
{
	static const struct device_ops ops = {
		.reset = balloon_reset,
		.dispatch = balloon_dispatch,
		.destroy = balloon_destroy,
	};
	struct device device = {
		.name = "virtio-balloon",
		.ops = &ops,
		.dev = board,
		.intid = LAYOUT_VIRTIO_SLOT_INTID(BOARD_BALLOON_SLOT),
	};
	const struct virtio_balloon_setup setup = {
		.log = board->config.log,
		.log_ctx = board->config.ctx,
		.irq = board_wire(board, device.intid),
	};
	int ret;

	if (!board->config.balloon) {
		return 0;
	}
	ret = virtio_balloon_init(&board->balloon, &setup, &board->config.ram);
	if (ret == 0) {
		device.fd = board->balloon.timer_fd;
		ret = board_add(board, &device);
	}
	if (ret == 0) {
		ret = board_map_virtio(board, device.name, BOARD_BALLOON_SLOT,
				       &board->balloon.mmio);
	}
	return board_failed(ret, device.name, error);
}
