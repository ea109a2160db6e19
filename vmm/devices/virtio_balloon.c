/* SPDX-License-Identifier: BSD-3-Clause */
/* "Traditional Memory Balloon Device" of the OASIS virtio 1.2 standard, section 5.5. */
#include "devices/virtio_balloon.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_ids.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/monotonic.h"
#include "platform/thread.h"

/* Of older kernel headers: free page reporting. */
#ifndef VIRTIO_BALLOON_F_REPORTING
#define VIRTIO_BALLOON_F_REPORTING 5
#endif

#define FEATURE(bit) (UINT64_C(1) << (bit))
#define QUEUE_INFLATE 0
#define QUEUE_DEFLATE 1
#define QUEUE_STATS 2
/* Reporting has the number after the last queue that exists, or 4 by the letter of the standard. */
#define QUEUE_COUNT 5
#define ACTUAL_OFFSET offsetof(struct virtio_balloon_config, actual)
#define POISON_OFFSET offsetof(struct virtio_balloon_config, poison_val)
/* A driver that reports in larger pieces than this waits longer for a reset, not for ever. */
#define REPORT_PIECE_BYTES (UINT64_C(64) << 20)
#define STAT_BYTES sizeof(struct virtio_balloon_stat)
/* More than any driver has, and a bound. */
#define STATS_REQUEST_MAX 64
#define NS_PER_S UINT64_C(1000000000)

static bool is_stopping(struct virtio_balloon *balloon)
{
	bool stopping;

	(void)pthread_mutex_lock(&balloon->lock);
	stopping = balloon->stopping || balloon->ending;
	(void)pthread_mutex_unlock(&balloon->lock);
	return stopping;
}

/* Once: a guest can have it fail as often as it likes. */
static void log_failure(struct virtio_balloon *balloon, int error)
{
	char line[160];

	if (error == 0 || balloon->logged || balloon->setup.log == NULL) {
		return;
	}
	balloon->logged = true;
	(void)snprintf(line, sizeof(line),
		       "balloon: the host does not take the guest's memory back: %s; further "
		       "failures are not logged",
		       strerror(error));
	balloon->setup.log(balloon->setup.log_ctx, line);
}

/* Copies on from @from in the readable segments; returns how much there was, up to @len_bytes. */
static size_t read_out(const struct virtq_chain *chain, uint64_t from, void *to, size_t len_bytes)
{
	size_t copied = 0;

	for (unsigned i = 0; i < chain->out_count && copied < len_bytes; i++) {
		const struct iovec *iov = &chain->iov[i];
		size_t part;

		if (from >= iov->iov_len) {
			from -= iov->iov_len;
			continue;
		}
		part = iov->iov_len - (size_t)from;
		part = part < len_bytes - copied ? part : len_bytes - copied;
		memcpy((uint8_t *)to + copied, (const uint8_t *)iov->iov_base + from, part);
		copied += part;
		from = 0;
	}
	return copied;
}

static void inflate(struct virtio_balloon *balloon)
{
	uint32_t pfns[VIRTIO_BALLOON_PIECE_PAGES];
	uint64_t at = 0;
	size_t count;

	do {
		count = read_out(&balloon->chain, at, pfns, sizeof(pfns)) / sizeof(pfns[0]);
		for (size_t i = 0; i < count; i++) {
			pfns[i] = le32toh(pfns[i]);
		}
		log_failure(balloon, -balloon_pages_release(&balloon->ram, pfns, count));
		at += sizeof(pfns);
	} while (count == VIRTIO_BALLOON_PIECE_PAGES && !is_stopping(balloon));
}

/* Pages that are to keep a pattern can't be given back: they would come back zero. */
static bool keeps_pattern(struct virtio_balloon *balloon)
{
	static const uint8_t zero[sizeof(balloon->config_poison)];
	bool keeps;

	if (!virtio_mmio_has_feature(&balloon->mmio, VIRTIO_BALLOON_F_PAGE_POISON)) {
		return false;
	}
	(void)pthread_mutex_lock(&balloon->lock);
	keeps = memcmp(balloon->config_poison, zero, sizeof(zero)) != 0;
	(void)pthread_mutex_unlock(&balloon->lock);
	return keeps;
}

static void report(struct virtio_balloon *balloon)
{
	const struct virtq_chain *chain = &balloon->chain;

	if (keeps_pattern(balloon)) {
		return;
	}
	for (unsigned i = 0; i < chain->in_count; i++) {
		const struct iovec *iov = &chain->iov[chain->out_count + i];
		uint64_t ipa = balloon->ram.ipa +
			       (uint64_t)((const uint8_t *)iov->iov_base - balloon->ram.host);
		uint64_t left = iov->iov_len;

		while (left > 0) {
			uint64_t part = left < REPORT_PIECE_BYTES ? left : REPORT_PIECE_BYTES;

			if (is_stopping(balloon)) {
				return;
			}
			log_failure(balloon, -guest_ram_release(&balloon->ram, ipa, part));
			ipa += part;
			left -= part;
		}
	}
}

/* Keeps the request, which is given back when new statistics are wanted, and reads what it says. */
static void take_stats(struct virtio_balloon *balloon)
{
	struct virtio_balloon_stat given[STATS_REQUEST_MAX];
	size_t count = read_out(&balloon->chain, 0, given, sizeof(given)) / STAT_BYTES;
	struct virtio_balloon_stats stats = {.updated_s = (uint64_t)time(NULL)};
	uint16_t held = balloon->chain.head;

	for (size_t i = 0; i < count; i++) {
		uint16_t tag = le16toh(given[i].tag);

		if (tag < VIRTIO_BALLOON_STATS) {
			stats.known |= UINT32_C(1) << tag;
			stats.values[tag] = le64toh(given[i].val);
		}
	}
	(void)pthread_mutex_lock(&balloon->lock);
	balloon->stats = stats;
	if (balloon->has_stats) {
		/* One is enough; the older goes back. */
		virtio_mmio_push(&balloon->mmio, QUEUE_STATS, balloon->stats_head, 0);
	}
	balloon->has_stats = !balloon->stopping;
	balloon->stats_head = held;
	(void)pthread_mutex_unlock(&balloon->lock);
}

static bool serve_one(struct virtio_balloon *balloon, unsigned queue)
{
	if (is_stopping(balloon) || !virtio_mmio_pop(&balloon->mmio, queue, &balloon->chain)) {
		return false;
	}
	if (queue == QUEUE_STATS &&
	    virtio_mmio_has_feature(&balloon->mmio, VIRTIO_BALLOON_F_STATS_VQ)) {
		take_stats(balloon);
		return true;
	}
	if (queue == QUEUE_INFLATE) {
		inflate(balloon);
	} else if (queue >= QUEUE_STATS &&
		   virtio_mmio_has_feature(&balloon->mmio, VIRTIO_BALLOON_F_REPORTING)) {
		report(balloon);
	}
	/* Of a page that leaves the balloon nothing need be known: it is there when touched. */
	virtio_mmio_push(&balloon->mmio, queue, balloon->chain.head, 0);
	return true;
}

static void serve_all(struct virtio_balloon *balloon)
{
	bool served;

	/* In turns, so that no queue waits for another that its driver keeps filling. */
	do {
		served = false;
		for (unsigned queue = 0; queue < QUEUE_COUNT; queue++) {
			served |= serve_one(balloon, queue);
		}
	} while (served);
}

static void *worker_main(void *arg)
{
	struct virtio_balloon *balloon = arg;

	(void)pthread_mutex_lock(&balloon->lock);
	while (!balloon->ending) {
		if (!balloon->kicked) {
			(void)pthread_cond_wait(&balloon->changed, &balloon->lock);
			continue;
		}
		balloon->kicked = false;
		balloon->busy = true;
		(void)pthread_mutex_unlock(&balloon->lock);
		serve_all(balloon);
		(void)pthread_mutex_lock(&balloon->lock);
		balloon->busy = false;
		(void)pthread_cond_broadcast(&balloon->changed);
	}
	(void)pthread_mutex_unlock(&balloon->lock);
	return NULL;
}

static void balloon_notify(void *ctx, unsigned queue)
{
	struct virtio_balloon *balloon = ctx;

	(void)queue;
	(void)pthread_mutex_lock(&balloon->lock);
	balloon->kicked = true;
	(void)pthread_cond_broadcast(&balloon->changed);
	(void)pthread_mutex_unlock(&balloon->lock);
}

static void balloon_quiesce(void *ctx)
{
	struct virtio_balloon *balloon = ctx;

	(void)pthread_mutex_lock(&balloon->lock);
	balloon->stopping = true;
	while (balloon->busy) {
		(void)pthread_cond_wait(&balloon->changed, &balloon->lock);
	}
	balloon->stopping = false;
	if (balloon->has_stats) {
		/* Its queue may go; if another does, the driver offers it again. */
		balloon->has_stats = false;
		virtio_mmio_push(&balloon->mmio, QUEUE_STATS, balloon->stats_head, 0);
	}
	(void)pthread_mutex_unlock(&balloon->lock);
}

static uint8_t balloon_config_read(void *ctx, uint64_t offset)
{
	struct virtio_balloon *balloon = ctx;
	struct virtio_balloon_config config = {.num_pages = 0};

	(void)pthread_mutex_lock(&balloon->lock);
	config.num_pages = htole32(balloon->target_pages);
	memcpy(&config.actual, balloon->config_actual, sizeof(config.actual));
	memcpy(&config.poison_val, balloon->config_poison, sizeof(config.poison_val));
	(void)pthread_mutex_unlock(&balloon->lock);
	return offset < sizeof(config) ? ((const uint8_t *)&config)[offset] : 0;
}

/* At the earliest a second after the last, however often the driver says something else. */
static void arm(struct virtio_balloon *balloon)
{
	uint64_t now = monotonic_ns();
	uint64_t due = balloon->told_ns == 0 ? 0 : balloon->told_ns + NS_PER_S;
	uint64_t wait = due > now ? due - now : 1;
	const struct itimerspec when = {
		.it_value =
			{
				.tv_sec = (time_t)(wait / NS_PER_S),
				.tv_nsec = (long)(wait % NS_PER_S),
			},
	};

	if (!balloon->armed) {
		balloon->armed = true;
		(void)timerfd_settime(balloon->timer_fd, 0, &when, NULL);
	}
}

static void set_actual(struct virtio_balloon *balloon, uint32_t pages)
{
	balloon->actual_pages = pages;
	if (pages != balloon->told_pages) {
		arm(balloon);
	}
}

static void balloon_config_write(void *ctx, uint64_t offset, uint8_t value)
{
	struct virtio_balloon *balloon = ctx;
	uint64_t in_actual = offset - ACTUAL_OFFSET;
	uint64_t in_poison = offset - POISON_OFFSET;
	uint32_t pages;

	(void)pthread_mutex_lock(&balloon->lock);
	if (in_poison < sizeof(balloon->config_poison)) {
		balloon->config_poison[in_poison] = value;
	} else if (in_actual < sizeof(balloon->config_actual)) {
		balloon->config_actual[in_actual] = value;
		/* A wider store comes here byte by byte, its last byte last. */
		if (in_actual == sizeof(balloon->config_actual) - 1) {
			memcpy(&pages, balloon->config_actual, sizeof(pages));
			set_actual(balloon, le32toh(pages));
		}
	}
	(void)pthread_mutex_unlock(&balloon->lock);
}

static const struct virtio_device_ops balloon_ops = {
	.config_read = balloon_config_read,
	.config_write = balloon_config_write,
	.notify = balloon_notify,
	.quiesce = balloon_quiesce,
};

static int transport_init(struct virtio_balloon *balloon)
{
	struct virtio_device device = {
		.ops = &balloon_ops,
		.ctx = balloon,
		.features = FEATURE(VIRTIO_BALLOON_F_STATS_VQ) |
			    FEATURE(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) |
			    FEATURE(VIRTIO_BALLOON_F_PAGE_POISON),
		.device_id = VIRTIO_ID_BALLOON,
		.queue_count = QUEUE_COUNT,
	};

	if (!balloon->ram.reserved) {
		device.features |= FEATURE(VIRTIO_BALLOON_F_REPORTING);
	}
	return virtio_mmio_init(&balloon->mmio, &device, &balloon->ram, &balloon->setup.irq);
}

static int threads_init(struct virtio_balloon *balloon)
{
	int err = pthread_mutex_init(&balloon->lock, NULL);

	if (err != 0) {
		return -err;
	}
	err = pthread_cond_init(&balloon->changed, NULL);
	if (err != 0) {
		(void)pthread_mutex_destroy(&balloon->lock);
		return -err;
	}
	err = thread_start_quiet(&balloon->worker, worker_main, balloon);
	if (err != 0) {
		(void)pthread_cond_destroy(&balloon->changed);
		(void)pthread_mutex_destroy(&balloon->lock);
	}
	return err;
}

int virtio_balloon_init(struct virtio_balloon *balloon, const struct virtio_balloon_setup *setup,
			const struct guest_ram *ram)
{
	int ret;

	memset(balloon, 0, sizeof(*balloon));
	balloon->setup = *setup;
	balloon->ram = *ram;
	balloon->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (balloon->timer_fd < 0) {
		return -errno;
	}
	ret = transport_init(balloon);
	if (ret == 0) {
		ret = threads_init(balloon);
		if (ret != 0) {
			virtio_mmio_destroy(&balloon->mmio);
		}
	}
	if (ret != 0) {
		(void)close(balloon->timer_fd);
	}
	return ret;
}

void virtio_balloon_destroy(struct virtio_balloon *balloon)
{
	(void)pthread_mutex_lock(&balloon->lock);
	balloon->ending = true;
	(void)pthread_cond_broadcast(&balloon->changed);
	(void)pthread_mutex_unlock(&balloon->lock);
	(void)pthread_join(balloon->worker, NULL);
	(void)pthread_cond_destroy(&balloon->changed);
	(void)pthread_mutex_destroy(&balloon->lock);
	virtio_mmio_destroy(&balloon->mmio);
	(void)close(balloon->timer_fd);
}

void virtio_balloon_reset(struct virtio_balloon *balloon)
{
	virtio_mmio_reset(&balloon->mmio);
	(void)pthread_mutex_lock(&balloon->lock);
	memset(balloon->config_actual, 0, sizeof(balloon->config_actual));
	memset(balloon->config_poison, 0, sizeof(balloon->config_poison));
	memset(&balloon->stats, 0, sizeof(balloon->stats));
	set_actual(balloon, 0);
	(void)pthread_mutex_unlock(&balloon->lock);
}

void virtio_balloon_set_size(struct virtio_balloon *balloon, uint64_t size_bytes)
{
	uint64_t ram_bytes = balloon->ram.size_bytes;
	uint64_t taken_bytes = size_bytes < ram_bytes ? ram_bytes - size_bytes : 0;

	(void)pthread_mutex_lock(&balloon->lock);
	balloon->target_pages = (uint32_t)(taken_bytes / BALLOON_PAGE_BYTES);
	(void)pthread_mutex_unlock(&balloon->lock);
	virtio_mmio_config_changed(&balloon->mmio);
}

static uint64_t size_of(const struct virtio_balloon *balloon)
{
	uint64_t taken_bytes = balloon->actual_pages * BALLOON_PAGE_BYTES;

	return taken_bytes < balloon->ram.size_bytes ? balloon->ram.size_bytes - taken_bytes : 0;
}

uint64_t virtio_balloon_size(struct virtio_balloon *balloon)
{
	uint64_t size_bytes;

	(void)pthread_mutex_lock(&balloon->lock);
	size_bytes = size_of(balloon);
	(void)pthread_mutex_unlock(&balloon->lock);
	return size_bytes;
}

bool virtio_balloon_take_change(struct virtio_balloon *balloon, uint64_t *size_bytes)
{
	uint64_t expirations;
	bool changed;

	(void)pthread_mutex_lock(&balloon->lock);
	(void)!read(balloon->timer_fd, &expirations, sizeof(expirations));
	balloon->armed = false;
	changed = balloon->actual_pages != balloon->told_pages;
	if (changed) {
		balloon->told_pages = balloon->actual_pages;
		balloon->told_ns = monotonic_ns();
		*size_bytes = size_of(balloon);
	}
	(void)pthread_mutex_unlock(&balloon->lock);
	return changed;
}

void virtio_balloon_stats(struct virtio_balloon *balloon, struct virtio_balloon_stats *stats)
{
	(void)pthread_mutex_lock(&balloon->lock);
	*stats = balloon->stats;
	if (balloon->has_stats) {
		balloon->has_stats = false;
		virtio_mmio_push(&balloon->mmio, QUEUE_STATS, balloon->stats_head, 0);
	}
	(void)pthread_mutex_unlock(&balloon->lock);
}
