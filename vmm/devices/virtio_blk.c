/* SPDX-License-Identifier: BSD-3-Clause */
/* "Block Device" of the OASIS virtio 1.2 standard, section 5.2. */
#include "devices/virtio_blk.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define HEADER_BYTES sizeof(struct virtio_blk_outhdr)

/* What is left for data in the longest request: its header and status take a segment each. */
#define SEGMENTS_MAX (VIRTQ_SIZE_MAX - 2)

/* A request taken apart: its data in guest RAM, without header and status. */
struct blk_request {
	uint32_t type;
	uint64_t sector;
	struct iovec *out;
	unsigned out_count;
	uint64_t out_bytes;
	struct iovec *in;
	unsigned in_count;
	uint64_t in_bytes;
	uint8_t *status;
};

static uint64_t iov_bytes(const struct iovec *iov, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		bytes += iov[i].iov_len;
	}
	return bytes;
}

/* Copies the header out; it may be spread over several segments. */
static bool take_header(struct blk_request *request, struct virtio_blk_outhdr *header)
{
	uint8_t *to = (uint8_t *)header;
	size_t left = HEADER_BYTES;

	while (left > 0 && request->out_count > 0) {
		size_t part = request->out->iov_len < left ? request->out->iov_len : left;

		memcpy(to, request->out->iov_base, part);
		to += part;
		left -= part;
		request->out->iov_base = (uint8_t *)request->out->iov_base + part;
		request->out->iov_len -= part;
		if (request->out->iov_len == 0) {
			request->out++;
			request->out_count--;
		}
	}
	return left == 0;
}

/* The status is the last byte that the device may write. */
static bool take_status(struct blk_request *request)
{
	struct iovec *last;

	if (request->in_count == 0) {
		return false;
	}
	last = &request->in[request->in_count - 1];
	last->iov_len--;
	request->status = (uint8_t *)last->iov_base + last->iov_len;
	if (last->iov_len == 0) {
		request->in_count--;
	}
	return true;
}

static bool request_parse(struct virtq_chain *chain, struct blk_request *request)
{
	struct virtio_blk_outhdr header;

	*request = (struct blk_request){
		.out = chain->iov,
		.out_count = chain->out_count,
		.in = chain->iov + chain->out_count,
		.in_count = chain->in_count,
	};
	if (!take_header(request, &header) || !take_status(request)) {
		return false;
	}
	request->type = le32toh(header.type);
	request->sector = le64toh(header.sector);
	request->out_bytes = iov_bytes(request->out, request->out_count);
	request->in_bytes = iov_bytes(request->in, request->in_count);
	return true;
}

static bool in_range(const struct virtio_blk *blk, uint64_t sector, uint64_t bytes)
{
	uint64_t sectors = blk->file.size_bytes / DISK_SECTOR_BYTES;

	return bytes % DISK_SECTOR_BYTES == 0 && sector <= sectors &&
	       bytes / DISK_SECTOR_BYTES <= sectors - sector;
}

/* To the host's user once a disk: a guest can make a failing disk fail as often as it likes. */
static void log_failure(struct virtio_blk *blk, const char *what, uint64_t sector, int error)
{
	char line[256];

	if (blk->logged || blk->setup.log == NULL) {
		return;
	}
	blk->logged = true;
	(void)snprintf(line, sizeof(line),
		       "disk %s: %s at sector %" PRIu64 " failed: %s; the guest is told of an I/O "
		       "error, and further ones of this disk are not logged",
		       blk->setup.path, what, sector, strerror(error));
	blk->setup.log(blk->setup.log_ctx, line);
}

static int flush_file(struct virtio_blk *blk)
{
	int ret = disk_file_flush(&blk->file);

	if (ret != 0) {
		(void)pthread_mutex_lock(&blk->lock);
		if (blk->flush_errno == 0) {
			blk->flush_errno = -ret;
		}
		(void)pthread_mutex_unlock(&blk->lock);
	}
	return ret;
}

static uint8_t do_read(struct virtio_blk *blk, struct blk_request *request)
{
	int ret;

	if (!in_range(blk, request->sector, request->in_bytes)) {
		return VIRTIO_BLK_S_IOERR;
	}
	ret = disk_file_read(&blk->file, request->in, request->in_count,
			     request->sector * DISK_SECTOR_BYTES);
	if (ret != 0) {
		log_failure(blk, "read", request->sector, -ret);
		return VIRTIO_BLK_S_IOERR;
	}
	return VIRTIO_BLK_S_OK;
}

static uint8_t do_flush(struct virtio_blk *blk, uint64_t sector)
{
	int ret = flush_file(blk);

	if (ret != 0) {
		log_failure(blk, "flush", sector, -ret);
		return VIRTIO_BLK_S_IOERR;
	}
	return VIRTIO_BLK_S_OK;
}

static uint8_t do_write(struct virtio_blk *blk, struct blk_request *request)
{
	int ret;

	if (blk->file.read_only || !in_range(blk, request->sector, request->out_bytes)) {
		return VIRTIO_BLK_S_IOERR;
	}
	ret = disk_file_write(&blk->file, request->out, request->out_count,
			      request->sector * DISK_SECTOR_BYTES);
	if (ret != 0) {
		log_failure(blk, "write", request->sector, -ret);
		return VIRTIO_BLK_S_IOERR;
	}
	/* A driver that cannot ask for a flush takes each write for durable. */
	if (!virtio_mmio_has_feature(&blk->mmio, VIRTIO_BLK_F_FLUSH)) {
		return do_flush(blk, request->sector);
	}
	return VIRTIO_BLK_S_OK;
}

static uint64_t copy_serial(const struct virtio_blk *blk, struct blk_request *request)
{
	uint64_t copied = 0;

	for (unsigned i = 0; i < request->in_count && copied < sizeof(blk->serial); i++) {
		size_t left = sizeof(blk->serial) - (size_t)copied;
		size_t part = request->in[i].iov_len < left ? request->in[i].iov_len : left;

		memcpy(request->in[i].iov_base, blk->serial + copied, part);
		copied += part;
	}
	return copied;
}

/* Returns the bytes written to the request's in segments, the status included. */
static uint32_t request_serve(struct virtio_blk *blk, struct blk_request *request)
{
	uint64_t written = 0;
	uint64_t in_bytes = request->in_bytes;

	switch (request->type) {
	case VIRTIO_BLK_T_IN:
		*request->status = do_read(blk, request);
		written = in_bytes;
		break;
	case VIRTIO_BLK_T_OUT:
		*request->status = do_write(blk, request);
		break;
	case VIRTIO_BLK_T_FLUSH:
		*request->status = do_flush(blk, request->sector);
		break;
	case VIRTIO_BLK_T_GET_ID:
		written = copy_serial(blk, request);
		*request->status = VIRTIO_BLK_S_OK;
		break;
	default:
		*request->status = VIRTIO_BLK_S_UNSUPP;
		break;
	}
	return written < UINT32_MAX ? (uint32_t)written + 1 : UINT32_MAX;
}

/* One request, if there is one and a drain does not forbid it. */
static bool serve_one(struct virtio_blk *blk)
{
	struct blk_request request;
	uint32_t written_len;
	bool allowed;

	(void)pthread_mutex_lock(&blk->lock);
	allowed = !blk->ending && (!blk->draining || blk->budget > 0);
	if (allowed && blk->draining) {
		blk->budget--;
	}
	(void)pthread_mutex_unlock(&blk->lock);
	if (!allowed || !virtio_mmio_pop(&blk->mmio, 0, &blk->chain)) {
		return false;
	}
	if (!request_parse(&blk->chain, &request)) {
		virtio_mmio_fail(&blk->mmio);
		return false;
	}
	written_len = request_serve(blk, &request);
	virtio_mmio_push(&blk->mmio, 0, blk->chain.head, written_len);
	return true;
}

static void *worker_main(void *arg)
{
	struct virtio_blk *blk = arg;

	(void)pthread_mutex_lock(&blk->lock);
	while (!blk->ending) {
		if (!blk->kicked) {
			(void)pthread_cond_wait(&blk->changed, &blk->lock);
			continue;
		}
		blk->kicked = false;
		blk->busy = true;
		(void)pthread_mutex_unlock(&blk->lock);
		while (serve_one(blk)) {
		}
		(void)pthread_mutex_lock(&blk->lock);
		blk->busy = false;
		(void)pthread_cond_broadcast(&blk->changed);
	}
	(void)pthread_mutex_unlock(&blk->lock);
	return NULL;
}

static void kick(struct virtio_blk *blk)
{
	blk->kicked = true;
	(void)pthread_cond_broadcast(&blk->changed);
}

static void blk_notify(void *ctx, unsigned queue)
{
	struct virtio_blk *blk = ctx;

	(void)queue;
	(void)pthread_mutex_lock(&blk->lock);
	kick(blk);
	(void)pthread_mutex_unlock(&blk->lock);
}

static void blk_quiesce(void *ctx)
{
	struct virtio_blk *blk = ctx;

	(void)pthread_mutex_lock(&blk->lock);
	while (blk->busy) {
		(void)pthread_cond_wait(&blk->changed, &blk->lock);
	}
	(void)pthread_mutex_unlock(&blk->lock);
}

static uint8_t blk_config_read(void *ctx, uint64_t offset)
{
	const struct virtio_blk *blk = ctx;
	struct virtio_blk_config config = {
		.capacity = htole64(blk->file.size_bytes / DISK_SECTOR_BYTES),
		.seg_max = htole32(SEGMENTS_MAX),
		.blk_size = htole32(DISK_SECTOR_BYTES),
	};

	return offset < sizeof(config) ? ((const uint8_t *)&config)[offset] : 0;
}

static const struct virtio_device_ops blk_ops = {
	.config_read = blk_config_read,
	.notify = blk_notify,
	.quiesce = blk_quiesce,
};

static int transport_init(struct virtio_blk *blk, const struct guest_ram *ram)
{
	struct virtio_device device = {
		.ops = &blk_ops,
		.ctx = blk,
		.features = UINT64_C(1) << VIRTIO_BLK_F_SEG_MAX |
			    UINT64_C(1) << VIRTIO_BLK_F_BLK_SIZE |
			    UINT64_C(1) << VIRTIO_BLK_F_FLUSH,
		.device_id = VIRTIO_ID_BLOCK,
		.queue_count = 1,
	};

	if (blk->file.read_only) {
		device.features |= UINT64_C(1) << VIRTIO_BLK_F_RO;
	}
	return virtio_mmio_init(&blk->mmio, &device, ram, &blk->setup.irq);
}

/* Signals are the main thread's business. */
static int worker_start(struct virtio_blk *blk)
{
	sigset_t all;
	sigset_t old;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&blk->worker, NULL, worker_main, blk);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

static int threads_init(struct virtio_blk *blk)
{
	int err = pthread_mutex_init(&blk->lock, NULL);

	if (err != 0) {
		return -err;
	}
	err = pthread_cond_init(&blk->changed, NULL);
	if (err != 0) {
		(void)pthread_mutex_destroy(&blk->lock);
		return -err;
	}
	err = worker_start(blk);
	if (err != 0) {
		(void)pthread_cond_destroy(&blk->changed);
		(void)pthread_mutex_destroy(&blk->lock);
	}
	return err;
}

int virtio_blk_init(struct virtio_blk *blk, const struct virtio_blk_setup *setup,
		    const struct guest_ram *ram, struct vmm_error *err)
{
	int ret;

	memset(blk, 0, sizeof(*blk));
	blk->setup = *setup;
	if (setup->serial != NULL) {
		memcpy(blk->serial, setup->serial, strnlen(setup->serial, sizeof(blk->serial)));
	}
	ret = disk_file_open(&blk->file, setup->path, setup->read_only, err);
	if (ret != 0) {
		return ret;
	}
	ret = transport_init(blk, ram);
	if (ret == 0) {
		ret = threads_init(blk);
		if (ret != 0) {
			virtio_mmio_destroy(&blk->mmio);
		}
	}
	if (ret != 0) {
		vmm_error_set(err, "disk %s: cannot start its thread: %s", setup->path,
			      strerror(-ret));
		disk_file_close(&blk->file);
	}
	return ret;
}

void virtio_blk_destroy(struct virtio_blk *blk)
{
	(void)pthread_mutex_lock(&blk->lock);
	blk->ending = true;
	(void)pthread_cond_broadcast(&blk->changed);
	(void)pthread_mutex_unlock(&blk->lock);
	(void)pthread_join(blk->worker, NULL);
	(void)pthread_cond_destroy(&blk->changed);
	(void)pthread_mutex_destroy(&blk->lock);
	virtio_mmio_destroy(&blk->mmio);
	disk_file_close(&blk->file);
}

void virtio_blk_drain(struct virtio_blk *blk)
{
	(void)pthread_mutex_lock(&blk->lock);
	if (!blk->draining) {
		blk->draining = true;
		blk->budget = VIRTQ_SIZE_MAX;
	}
	kick(blk);
	while (blk->kicked || blk->busy) {
		(void)pthread_cond_wait(&blk->changed, &blk->lock);
	}
	/* From here on nothing is taken, whatever the driver still queues. */
	blk->budget = 0;
	(void)pthread_mutex_unlock(&blk->lock);
}

void virtio_blk_resume(struct virtio_blk *blk)
{
	(void)pthread_mutex_lock(&blk->lock);
	blk->draining = false;
	kick(blk);
	(void)pthread_mutex_unlock(&blk->lock);
}

int virtio_blk_flush(struct virtio_blk *blk)
{
	int first;

	/* The latch must not hide a failure of this flush either. */
	(void)flush_file(blk);
	(void)pthread_mutex_lock(&blk->lock);
	first = blk->flush_errno;
	(void)pthread_mutex_unlock(&blk->lock);
	return -first;
}
