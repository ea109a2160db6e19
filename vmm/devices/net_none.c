/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/net_none.h"

#include <errno.h>
#include <stdlib.h>

static int none_send(void *ctx, struct net_frame *frames, unsigned count)
{
	(void)ctx;
	(void)frames;
	return (int)count;
}

static ssize_t none_receive(void *ctx, struct iovec *iov, unsigned count)
{
	(void)ctx;
	(void)iov;
	(void)count;
	return -EAGAIN;
}

static void none_drop(void *ctx)
{
	(void)ctx;
}

static void none_features(void *ctx, uint64_t features)
{
	(void)ctx;
	(void)features;
}

static void none_destroy(void *ctx)
{
	free(ctx);
}

static const struct net_backend_ops none_ops = {
	.send = none_send,
	.receive = none_receive,
	.drop = none_drop,
	.features = none_features,
	.destroy = none_destroy,
};

int net_none_make(uint64_t offers, struct net_backend **out)
{
	struct net_backend *backend = calloc(1, sizeof(*backend));

	if (backend == NULL) {
		return -ENOMEM;
	}
	*backend = (struct net_backend){
		.ops = &none_ops,
		.ctx = backend,
		.fd = -1,
		.offers = offers,
		.name = "none",
	};
	*out = backend;
	return 0;
}
