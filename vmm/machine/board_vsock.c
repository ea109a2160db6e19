/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets between the guest and the host. */
#include "machine/board_internal.h"
#include "platform/layout.h"

static void vsock_reset(void *dev)
{
	vhost_vsock_reset(dev);
}

static void vsock_drain(void *dev)
{
	vhost_vsock_drain(dev);
}

static void vsock_dispatch(void *dev)
{
	vhost_vsock_called(dev);
}

static void vsock_destroy(void *dev)
{
	vhost_vsock_destroy(dev);
}

int board_add_vsock(struct board *board, struct vmm_error *error)
{
	static const struct device_ops ops = {
		.reset = vsock_reset,
		.drain = vsock_drain,
		.dispatch = vsock_dispatch,
		.destroy = vsock_destroy,
	};
	struct device device = {
		.name = "virtio-vsock",
		.ops = &ops,
		.dev = &board->vsock,
		.intid = LAYOUT_VIRTIO_SLOT_INTID(BOARD_VSOCK_SLOT),
	};
	const struct vhost_vsock_setup setup = {
		.guest_cid = board->config.vsock_cid,
		.look_only = board->config.look_only,
		.log = board->config.log,
		.log_ctx = board->config.ctx,
		.irq = board_wire(board, device.intid),
	};
	int ret;

	if (board->config.vsock_cid == 0) {
		return 0;
	}
	ret = vhost_vsock_init(&board->vsock, &setup, &board->config.ram, error);
	if (ret != 0) {
		return ret;
	}
	device.fd = board->vsock.call_fd;
	ret = board_add(board, &device);
	if (ret == 0) {
		ret = board_map_virtio(board, device.name, BOARD_VSOCK_SLOT, &board->vsock.mmio);
	}
	return board_failed(ret, device.name, error);
}
