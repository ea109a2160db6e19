/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's network devices. */
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include "devices/net_none.h"
#include "devices/net_passt.h"
#include "devices/net_stream.h"
#include "devices/net_tap.h"
#include "devices/virtio_net.h"
#include "machine/board_internal.h"
#include "platform/layout.h"

static void net_reset(void *dev)
{
	struct virtio_net *net = dev;

	virtio_mmio_reset(&net->mmio);
	virtio_net_resume(net);
}

static void net_drain(void *dev)
{
	virtio_net_drain(dev);
}

static void net_destroy(void *dev)
{
	virtio_net_destroy(dev);
	free(dev);
}

static const struct device_ops net_ops = {
	.reset = net_reset,
	.drain = net_drain,
	.destroy = net_destroy,
};

static int open_backend(const struct machine_net_config *config, struct net_backend **out,
			struct vmm_error *error)
{
	switch (config->kind) {
	case MACHINE_NET_TAP:
		return net_tap_open(config->target, out, error);
	case MACHINE_NET_TAP_FD:
		return net_tap_adopt(config->fd, out, error);
	case MACHINE_NET_STREAM:
		return net_stream_connect(config->target, out, error);
	case MACHINE_NET_PASST:
		return net_passt_start(config->target, out, error);
	default:
		return -EINVAL;
	}
}

/* One that offers the guest what the other would, and leads nowhere. */
static int look_at_backend(const struct machine_net_config *config, struct net_backend **out,
			   struct vmm_error *error)
{
	bool tap = config->kind == MACHINE_NET_TAP || config->kind == MACHINE_NET_TAP_FD;

	return board_failed(net_none_make(tap ? NET_TAP_OFFERS : NET_STREAM_OFFERS, out),
			    "virtio-net", error);
}

/* The device with its backend, on the heap: it is large, and most machines have one or none. */
static int make(struct board *board, unsigned n, struct virtio_net **out, struct vmm_error *error)
{
	const struct machine_net_config *config = &board->config.nets[n];
	struct virtio_net_setup setup = {
		.mtu = config->mtu,
		.log = board->config.log,
		.log_ctx = board->config.ctx,
		.irq = board_wire(board, LAYOUT_VIRTIO_SLOT_INTID(BOARD_NET_SLOT(n))),
	};
	struct virtio_net *net;
	int ret = board->config.look_only ? look_at_backend(config, &setup.backend, error)
					  : open_backend(config, &setup.backend, error);

	if (ret != 0) {
		return ret;
	}
	memcpy(setup.mac, config->mac, sizeof(setup.mac));
	net = malloc(sizeof(*net));
	ret = net == NULL ? board_failed(-ENOMEM, "virtio-net", error)
			  : virtio_net_init(net, &setup, &board->config.ram, error);
	if (ret != 0) {
		free(net);
		setup.backend->ops->destroy(setup.backend->ctx);
		return ret;
	}
	*out = net;
	return 0;
}

static int add_net(struct board *board, unsigned n, struct vmm_error *error)
{
	struct device device = {
		.name = "virtio-net",
		.ops = &net_ops,
		.fd = DEVICE_NO_FD,
		.intid = LAYOUT_VIRTIO_SLOT_INTID(BOARD_NET_SLOT(n)),
	};
	struct virtio_net *net;
	int ret = make(board, n, &net, error);

	if (ret != 0) {
		return ret;
	}
	device.dev = net;
	ret = board_add(board, &device);
	if (ret == 0) {
		ret = board_map_virtio(board, device.name, BOARD_NET_SLOT(n), &net->mmio);
	}
	return board_failed(ret, device.name, error);
}

int board_add_nets(struct board *board, struct vmm_error *error)
{
	int ret = 0;

	for (unsigned n = 0; ret == 0 && n < board->config.net_count; n++) {
		ret = add_net(board, n, error);
	}
	return ret;
}
