/* SPDX-License-Identifier: BSD-3-Clause */
/* "Device Operation" of the OASIS virtio 1.2 standard, section 5.2.6. */
#include "devices/blk_request.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_blk.h>
#include <stdio.h>
#include <string.h>

#include "devices/disk_range.h"
#include "devices/iov.h"

#define RANGE_BYTES sizeof(struct virtio_blk_discard_write_zeroes)

/* Copies the next bytes that the guest has written; they may be spread over several segments. */
static bool take_bytes(struct iovec **iov, unsigned *count, void *to, size_t len_bytes)
{
	uint8_t *at = to;

	while (len_bytes > 0 && *count > 0) {
		size_t part = (*iov)->iov_len < len_bytes ? (*iov)->iov_len : len_bytes;

		memcpy(at, (*iov)->iov_base, part);
		at += part;
		len_bytes -= part;
		disk_iov_advance(iov, count, part);
	}
	return len_bytes == 0;
}

/* The status is the last byte that the device may write. */
static uint8_t *take_status(struct iovec *in, unsigned *count)
{
	struct iovec *last;

	if (*count == 0) {
		return NULL;
	}
	last = &in[*count - 1];
	last->iov_len--;
	if (last->iov_len == 0) {
		(*count)--;
	}
	return (uint8_t *)last->iov_base + last->iov_len;
}

uint32_t blk_zero_sectors_max(const struct disk_file *file)
{
	return file->has_ranges ? BLK_ZERO_SECTORS_MAX : BLK_ZERO_SECTORS_WRITTEN_MAX;
}

static bool in_range(const struct virtio_blk *blk, uint64_t sector, uint64_t bytes)
{
	uint64_t sectors = blk->file.size_bytes / DISK_SECTOR_BYTES;

	return bytes % DISK_SECTOR_BYTES == 0 && sector <= sectors &&
	       bytes / DISK_SECTOR_BYTES <= sectors - sector;
}

static void refuse(struct blk_request *request, uint8_t answer)
{
	request->op = BLK_DONE;
	request->answer = answer;
}

static void parse_transfer(const struct virtio_blk *blk, struct blk_request *request,
			   enum blk_op op, uint64_t sector, struct iovec *iov, unsigned count)
{
	uint64_t bytes = iov_bytes(iov, count);

	/* Up to the status, which is the last byte, whatever became of the data. */
	if (op == BLK_READ) {
		request->written_len += bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX - 1;
	}
	if ((op == BLK_WRITE && blk->file.read_only) || !in_range(blk, sector, bytes)) {
		refuse(request, VIRTIO_BLK_S_IOERR);
		return;
	}
	request->op = op;
	request->sector = sector;
	request->offset = sector * DISK_SECTOR_BYTES;
	request->iov = iov;
	request->iov_count = count;
}

/* The answer for a range, VIRTIO_BLK_S_OK if it may be done. */
static uint8_t parse_range(const struct virtio_blk *blk, enum blk_op op,
			   const struct virtio_blk_discard_write_zeroes *from, struct blk_range *to)
{
	uint64_t sector = le64toh(from->sector);
	uint32_t sectors = le32toh(from->num_sectors);
	uint32_t flags = le32toh(from->flags);
	uint32_t allowed = op == BLK_ZERO ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;
	/* A resumed guest may know of another file system's limit. */
	uint32_t max = op == BLK_ZERO ? BLK_ZERO_SECTORS_MAX : BLK_DISCARD_SECTORS_MAX;

	if ((flags & ~allowed) != 0) {
		return VIRTIO_BLK_S_UNSUPP;
	}
	if (sectors > max || !in_range(blk, sector, (uint64_t)sectors * DISK_SECTOR_BYTES)) {
		return VIRTIO_BLK_S_IOERR;
	}
	*to = (struct blk_range){
		.offset = sector * DISK_SECTOR_BYTES,
		.len_bytes = (uint64_t)sectors * DISK_SECTOR_BYTES,
		.unmap = blk->setup.discard && (op == BLK_DISCARD || flags != 0),
	};
	return VIRTIO_BLK_S_OK;
}

static void parse_ranges(const struct virtio_blk *blk, struct blk_request *request, enum blk_op op,
			 struct iovec *iov, unsigned count)
{
	uint64_t bytes = iov_bytes(iov, count);
	unsigned max = op == BLK_ZERO ? BLK_ZERO_RANGES_MAX : BLK_RANGES_MAX;

	if (op == BLK_DISCARD && !blk->setup.discard) {
		refuse(request, VIRTIO_BLK_S_UNSUPP);
		return;
	}
	if (blk->file.read_only || bytes == 0 || bytes % RANGE_BYTES != 0 ||
	    bytes / RANGE_BYTES > max) {
		refuse(request, VIRTIO_BLK_S_IOERR);
		return;
	}
	request->op = op;
	request->range_count = (unsigned)(bytes / RANGE_BYTES);
	for (unsigned i = 0; i < request->range_count; i++) {
		struct virtio_blk_discard_write_zeroes range;
		uint8_t answer;

		(void)take_bytes(&iov, &count, &range, sizeof(range));
		answer = parse_range(blk, op, &range, &request->ranges[i]);
		if (answer != VIRTIO_BLK_S_OK) {
			refuse(request, answer);
			return;
		}
	}
}

static void give_serial(const struct virtio_blk *blk, struct blk_request *request,
			const struct iovec *in, unsigned count)
{
	request->written_len += (uint32_t)iov_put(in, count, 0, blk->serial, sizeof(blk->serial));
	refuse(request, VIRTIO_BLK_S_OK);
}

bool blk_request_parse(struct virtio_blk *blk, struct virtq_chain *chain,
		       struct blk_request *request)
{
	struct iovec *out = chain->iov;
	struct iovec *in = chain->iov + chain->out_count;
	unsigned out_count = chain->out_count;
	unsigned in_count = chain->in_count;
	struct virtio_blk_outhdr header;

	/* All but the ranges, which are filled as far as they are used. */
	memset(request, 0, offsetof(struct blk_request, ranges));
	request->head = chain->head;
	request->written_len = 1;
	if (!take_bytes(&out, &out_count, &header, sizeof(header))) {
		return false;
	}
	request->status = take_status(in, &in_count);
	if (request->status == NULL) {
		return false;
	}
	switch (le32toh(header.type)) {
	case VIRTIO_BLK_T_IN:
		parse_transfer(blk, request, BLK_READ, le64toh(header.sector), in, in_count);
		break;
	case VIRTIO_BLK_T_OUT:
		parse_transfer(blk, request, BLK_WRITE, le64toh(header.sector), out, out_count);
		/* A driver that cannot ask for a flush takes each write for durable. */
		request->durable = !virtio_mmio_has_feature(&blk->mmio, VIRTIO_BLK_F_FLUSH);
		break;
	case VIRTIO_BLK_T_FLUSH:
		request->op = BLK_FLUSH;
		break;
	case VIRTIO_BLK_T_DISCARD:
		parse_ranges(blk, request, BLK_DISCARD, out, out_count);
		break;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		parse_ranges(blk, request, BLK_ZERO, out, out_count);
		request->durable = !virtio_mmio_has_feature(&blk->mmio, VIRTIO_BLK_F_FLUSH);
		break;
	case VIRTIO_BLK_T_GET_ID:
		give_serial(blk, request, in, in_count);
		break;
	default:
		refuse(request, VIRTIO_BLK_S_UNSUPP);
		break;
	}
	return true;
}

/* 0 for a request that does not change the disk. */
static uint64_t bytes_to_write(const struct blk_request *request)
{
	uint64_t bytes = 0;

	switch (request->op) {
	case BLK_WRITE:
		bytes = iov_bytes(request->iov, request->iov_count);
		break;
	case BLK_DISCARD:
	case BLK_ZERO:
		for (unsigned i = 0; i < request->range_count; i++) {
			bytes += request->ranges[i].len_bytes;
		}
		break;
	case BLK_DONE:
	case BLK_READ:
	case BLK_FLUSH:
		break;
	}
	return bytes;
}

int blk_request_begin(struct virtio_blk *blk, const struct blk_request *request)
{
	uint64_t bytes = bytes_to_write(request);

	if (bytes == 0) {
		return 0;
	}
	if (blk->setup.gate != NULL && write_gate_pass(blk->setup.gate) != 0) {
		return -ECANCELED;
	}
	if (request->op == BLK_WRITE) {
		dirty_map_mark(&blk->written, request->offset, bytes);
	}
	for (unsigned i = 0; i < request->range_count; i++) {
		dirty_map_mark(&blk->written, request->ranges[i].offset,
			       request->ranges[i].len_bytes);
	}
	return 0;
}

static void note_flush(struct virtio_blk *blk, int ret)
{
	if (ret != 0) {
		(void)pthread_mutex_lock(&blk->lock);
		if (blk->flush_errno == 0) {
			blk->flush_errno = -ret;
		}
		(void)pthread_mutex_unlock(&blk->lock);
	}
}

int blk_flush(struct virtio_blk *blk)
{
	int ret = disk_file_flush(&blk->file);

	note_flush(blk, ret);
	return ret;
}

int blk_request_advance(struct virtio_blk *blk, struct blk_request *request, int64_t done)
{
	bool more = false;

	if (request->op == BLK_FLUSH) {
		note_flush(blk, done < 0 ? (int)done : 0);
	}
	if (done < 0) {
		return (int)done;
	}
	switch (request->op) {
	case BLK_READ:
	case BLK_WRITE:
		request->offset += (uint64_t)done;
		disk_iov_advance(&request->iov, &request->iov_count, (size_t)done);
		more = request->iov_count > 0;
		if (more && done == 0) {
			/* The file has become shorter. */
			return -EIO;
		}
		break;
	case BLK_DISCARD:
	case BLK_ZERO:
		request->range_at++;
		more = request->range_at < request->range_count;
		break;
	case BLK_FLUSH:
	case BLK_DONE:
		break;
	}
	if (!more) {
		request->op = request->durable ? BLK_FLUSH : BLK_DONE;
		request->durable = false;
	}
	return 0;
}

/* What it came to, as blk_request_advance() wants it. */
static int64_t run_step(struct virtio_blk *blk, struct blk_request *request)
{
	const struct blk_range *range = &request->ranges[request->range_at];
	int64_t bytes;
	int ret;

	switch (request->op) {
	case BLK_READ:
	case BLK_WRITE:
		bytes = (int64_t)iov_bytes(request->iov, request->iov_count);
		ret = (request->op == BLK_READ ? disk_file_read : disk_file_write)(
			&blk->file, request->iov, request->iov_count, request->offset);
		if (ret == 0) {
			request->iov_count = 0;
		}
		return ret != 0 ? ret : bytes;
	case BLK_FLUSH:
		return disk_file_flush(&blk->file);
	case BLK_DISCARD:
		return disk_range_discard(&blk->file, range->offset, range->len_bytes);
	case BLK_ZERO:
		return disk_range_zero(&blk->file, range->offset, range->len_bytes, range->unmap,
				       &blk->ending);
	case BLK_DONE:
		break;
	}
	return 0;
}

int blk_request_step(struct virtio_blk *blk, struct blk_request *request)
{
	return blk_request_advance(blk, request, run_step(blk, request));
}

int blk_request_run(struct virtio_blk *blk, struct blk_request *request)
{
	int ret = 0;

	while (ret == 0 && request->op != BLK_DONE) {
		ret = blk_request_step(blk, request);
	}
	return ret;
}

/* To the host's user once a disk: a guest can make a failing disk fail as often as it likes. */
static void log_failure(struct virtio_blk *blk, const struct blk_request *request, int error)
{
	static const char *const names[] = {
		[BLK_READ] = "read",	   [BLK_WRITE] = "write",  [BLK_FLUSH] = "flush",
		[BLK_DISCARD] = "discard", [BLK_ZERO] = "zeroing",
	};
	uint64_t sector = request->op == BLK_DISCARD || request->op == BLK_ZERO
				  ? request->ranges[request->range_at].offset / DISK_SECTOR_BYTES
				  : request->sector;
	char line[256];
	bool first;

	(void)pthread_mutex_lock(&blk->lock);
	first = !blk->logged;
	blk->logged = true;
	(void)pthread_mutex_unlock(&blk->lock);
	if (first && blk->setup.log != NULL) {
		(void)snprintf(line, sizeof(line),
			       "disk %s: %s at sector %" PRIu64
			       " failed: %s; the guest is told of an I/O error, and further ones "
			       "of this disk are not logged",
			       blk->setup.path, names[request->op], sector, strerror(error));
		blk->setup.log(blk->setup.log_ctx, line);
	}
}

struct virtq_used blk_request_answer(struct virtio_blk *blk, const struct blk_request *request,
				     int ret)
{
	if (ret != 0 && ret != -ECANCELED) {
		log_failure(blk, request, -ret);
	}
	*request->status = ret != 0 ? VIRTIO_BLK_S_IOERR : request->answer;
	return (struct virtq_used){.head = request->head, .written_len = request->written_len};
}
