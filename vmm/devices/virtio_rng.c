/* SPDX-License-Identifier: BSD-3-Clause */
/* "Entropy Device" of the OASIS virtio 1.2 standard, section 5.4. */
#include "devices/virtio_rng.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <string.h>
#include <sys/random.h>

/* Returns the bytes filled: fewer than asked only if the host has no entropy to give. */
static size_t fill_random(uint8_t *to, size_t len_bytes)
{
	size_t filled = 0;

	while (filled < len_bytes) {
		ssize_t got = getrandom(to + filled, len_bytes - filled, 0);

		if (got < 0 && errno != EINTR) {
			break;
		}
		filled += got > 0 ? (size_t)got : 0;
	}
	return filled;
}

/* Through a buffer of our own, so that a request's cost is bounded however long its segments. */
static uint32_t serve(const struct virtq_chain *chain)
{
	uint8_t random[VIRTIO_RNG_REQUEST_BYTES];
	const struct iovec *in = chain->iov + chain->out_count;
	size_t written = 0;

	for (unsigned i = 0; i < chain->in_count && written < sizeof(random); i++) {
		size_t left = sizeof(random) - written;
		size_t part = in[i].iov_len < left ? in[i].iov_len : left;
		size_t filled = fill_random(random, part);

		memcpy(in[i].iov_base, random, filled);
		written += filled;
		if (filled < part) {
			break;
		}
	}
	explicit_bzero(random, sizeof(random));
	return (uint32_t)written;
}

static void rng_notify(void *ctx, unsigned queue)
{
	struct virtio_rng *rng = ctx;

	(void)pthread_mutex_lock(&rng->lock);
	/* Bounded: while it refills the queue from another CPU, this one shall not stay here. */
	for (unsigned i = 0; i < VIRTQ_SIZE_MAX; i++) {
		if (!virtio_mmio_pop(&rng->mmio, queue, &rng->chain)) {
			break;
		}
		virtio_mmio_push(&rng->mmio, queue, rng->chain.head, serve(&rng->chain));
	}
	(void)pthread_mutex_unlock(&rng->lock);
}

static void rng_quiesce(void *ctx)
{
	struct virtio_rng *rng = ctx;

	/* Whoever serves a request holds the lock meanwhile. */
	(void)pthread_mutex_lock(&rng->lock);
	(void)pthread_mutex_unlock(&rng->lock);
}

static const struct virtio_device_ops rng_ops = {
	.notify = rng_notify,
	.quiesce = rng_quiesce,
};

int virtio_rng_init(struct virtio_rng *rng, const struct guest_ram *ram, const struct irq_line *irq)
{
	struct virtio_device device = {
		.ops = &rng_ops,
		.ctx = rng,
		.device_id = VIRTIO_ID_RNG,
		.queue_count = 1,
	};
	int err;

	memset(rng, 0, sizeof(*rng));
	err = pthread_mutex_init(&rng->lock, NULL);
	if (err != 0) {
		return -err;
	}
	err = virtio_mmio_init(&rng->mmio, &device, ram, irq);
	if (err != 0) {
		(void)pthread_mutex_destroy(&rng->lock);
	}
	return err;
}

void virtio_rng_destroy(struct virtio_rng *rng)
{
	virtio_mmio_destroy(&rng->mmio);
	(void)pthread_mutex_destroy(&rng->lock);
}
