/* SPDX-License-Identifier: BSD-3-Clause */
/* "Entropy Device" of the OASIS virtio 1.2 standard, section 5.4. */
#include "devices/virtio_rng.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define QUEUE 0U

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

/* Locked. */
static void serve_some(struct virtio_rng *rng)
{
	const uint64_t one = 1;

	/* Bounded: while it refills the queue from another CPU, this one shall not stay here. */
	for (unsigned i = 0; i < VIRTQ_SIZE_MAX; i++) {
		if (!virtio_mmio_pop(&rng->mmio, QUEUE, &rng->chain)) {
			return;
		}
		virtio_mmio_push(&rng->mmio, QUEUE, rng->chain.head, serve(&rng->chain));
	}
	/* The driver is asked to notify only where the queue is found empty. */
	(void)!write(rng->event_fd, &one, sizeof(one));
}

static void rng_notify(void *ctx, unsigned queue)
{
	struct virtio_rng *rng = ctx;

	(void)queue;
	(void)pthread_mutex_lock(&rng->lock);
	serve_some(rng);
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
	int ret;

	memset(rng, 0, sizeof(*rng));
	rng->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (rng->event_fd < 0) {
		return -errno;
	}
	ret = -pthread_mutex_init(&rng->lock, NULL);
	if (ret == 0) {
		ret = virtio_mmio_init(&rng->mmio, &device, ram, irq);
		if (ret != 0) {
			(void)pthread_mutex_destroy(&rng->lock);
		}
	}
	if (ret != 0) {
		(void)close(rng->event_fd);
	}
	return ret;
}

void virtio_rng_destroy(struct virtio_rng *rng)
{
	virtio_mmio_destroy(&rng->mmio);
	(void)pthread_mutex_destroy(&rng->lock);
	(void)close(rng->event_fd);
	rng->event_fd = -1;
}

int virtio_rng_fd(const struct virtio_rng *rng)
{
	return rng->event_fd;
}

void virtio_rng_dispatch(struct virtio_rng *rng)
{
	uint64_t count;

	(void)pthread_mutex_lock(&rng->lock);
	(void)!read(rng->event_fd, &count, sizeof(count));
	serve_some(rng);
	(void)pthread_mutex_unlock(&rng->lock);
}
