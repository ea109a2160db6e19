/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request of a virtio block device: taken apart and checked, carried out, answered.
 *
 * It can be carried out here, by blk_request_run(), or elsewhere, step by step: what is left to do
 * is always in the struct, so that either may go on where the other left off.
 */
#ifndef VMM_DEVICES_BLK_REQUEST_H
#define VMM_DEVICES_BLK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/virtio_blk.h"
#include "devices/virtq.h"

/* What the guest is told: ranges in a request, and sectors in a range. */
#define BLK_RANGES_MAX 16U
#define BLK_DISCARD_SECTORS_MAX (UINT32_C(1) << 21)
/* Fewer, as a host may have to write them; fewer yet, as this one will have to. */
#define BLK_ZERO_RANGES_MAX 1U
#define BLK_ZERO_SECTORS_MAX (UINT32_C(1) << 17)
#define BLK_ZERO_SECTORS_WRITTEN_MAX (UINT32_C(1) << 13)
/* What is left for data in the longest request: its header and status take a segment each. */
#define BLK_SEGMENTS_MAX (VIRTQ_SIZE_MAX - 2)

/* What is to be done next; BLK_DONE: no more than to answer. */
enum blk_op {
	BLK_DONE,
	BLK_READ,
	BLK_WRITE,
	BLK_FLUSH,
	BLK_DISCARD,
	BLK_ZERO,
};

/**
 * struct blk_range - a range to discard or zero
 * @offset:    in bytes
 * @len_bytes: length
 * @unmap:     its space may be freed
 */
struct blk_range {
	uint64_t offset;
	uint64_t len_bytes;
	bool unmap;
};

/**
 * struct blk_request - a request
 * @op:          what is to be done
 * @durable:     a BLK_WRITE that is followed by a BLK_FLUSH
 * @head:        of its chain
 * @written_len: bytes that the guest is told were written, the status included
 * @status:      where the answer goes, in guest RAM
 * @answer:      VIRTIO_BLK_S_*, of BLK_DONE
 * @sector:      where a transfer began
 * @offset:      where it goes on, in bytes
 * @iov:         what is left of its data, in guest RAM
 * @iov_count:   entries
 * @range_at:    the range that is next
 * @range_count: ranges in all
 * @ranges:      checked
 */
struct blk_request {
	enum blk_op op;
	bool durable;
	uint16_t head;
	uint32_t written_len;
	uint8_t *status;
	uint8_t answer;
	uint64_t sector;
	uint64_t offset;
	struct iovec *iov;
	unsigned iov_count;
	unsigned range_at;
	unsigned range_count;
	struct blk_range ranges[BLK_RANGES_MAX];
};

/**
 * blk_zero_sectors_max() - how many sectors the guest is told that it may zero at a time
 *
 * Up to BLK_ZERO_SECTORS_MAX are done.
 */
uint32_t blk_zero_sectors_max(const struct disk_file *file);

/**
 * blk_request_parse() - take a chain apart
 * @blk:     whose
 * @chain:   must stay as long as @request is used; changed
 * @request: filled
 *
 * What the guest may not ask for becomes BLK_DONE with that answer.
 *
 * Return: true; false if there is no header or no room for an answer.
 */
bool blk_request_parse(struct virtio_blk *blk, struct virtq_chain *chain,
		       struct blk_request *request);

/**
 * blk_request_begin() - before its first step; may wait for the gate
 * @blk: whose; what the request is about to write is marked as written
 *
 * Return: 0; -ECANCELED if it is not to be carried out.
 */
int blk_request_begin(struct virtio_blk *blk, const struct blk_request *request);

/**
 * blk_request_advance() - a step of @request->op has come to an end
 * @blk:  whose
 * @done: bytes transferred; 0 for the other operations; -errno
 *
 * Return: 0 with the next step in @request, BLK_DONE if there is none; else the failure.
 */
int blk_request_advance(struct virtio_blk *blk, struct blk_request *request, int64_t done);

/**
 * blk_request_step() - carry out the next step; blocks
 * @blk: whose
 *
 * A transfer to its end, or one range.
 *
 * Return: as blk_request_advance(), which it calls.
 */
int blk_request_step(struct virtio_blk *blk, struct blk_request *request);

/**
 * blk_request_run() - carry out all that is left of it; blocks
 * @blk: whose
 *
 * Return: 0 or -errno.
 */
int blk_request_run(struct virtio_blk *blk, struct blk_request *request);

/**
 * blk_request_answer() - write the status
 * @blk: whose; its user is told of the first failure
 * @ret: what running it came to
 *
 * Return: for the used ring.
 */
struct virtq_used blk_request_answer(struct virtio_blk *blk, const struct blk_request *request,
				     int ret);

/**
 * blk_flush() - fdatasync(), with a failure remembered
 *
 * Return: 0 or -errno.
 */
int blk_flush(struct virtio_blk *blk);

#endif /* VMM_DEVICES_BLK_REQUEST_H */
