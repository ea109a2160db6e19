/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that has the host's kernel carry out the requests of all queues, by io_uring.
 *
 * The ring also reads the queues' eventfds, so that one system call submits what was taken, and
 * waits for both new requests and the end of old ones.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <time.h>

#include "devices/blk_request.h"
#include "devices/blk_worker.h"
#include "devices/disk_range.h"

/* Requests in progress at most; what is more waits in its queue. */
#define DEPTH 64
/* Requests of a queue in a turn, so that one that never gets empty holds up no other. */
#define TURN_REQUESTS 8
/* The disk's place in the ring's table of files. */
#define FILE_INDEX 0
#define RETRY_NS 1000000

/* A request in progress. */
struct slot {
	unsigned queue;
	struct blk_request request;
	struct slot *next_free;
	struct virtq_chain chain;
};

/**
 * struct uring_queue - a queue of the worker
 * @signals:    where its eventfd is read to
 * @ready:      it may have requests
 * @used:       answered, to be given back
 * @used_count: how many
 */
struct uring_queue {
	uint64_t signals;
	bool ready;
	struct virtq_used used[DEPTH];
	unsigned used_count;
};

/**
 * struct blk_uring - a ring
 * @ring:      liburing's
 * @notified:  an eventfd was read since the worker last looked
 * @ending:    no request is taken any more
 * @in_flight: slots in use
 * @turn:      the queue that is looked at first
 * @free:      slots that are not in use, the one used last first
 * @queues:    by number
 * @slots:     all of them
 */
struct blk_uring {
	struct io_uring ring;
	bool notified;
	bool ending;
	unsigned in_flight;
	unsigned turn;
	struct slot *free;
	struct uring_queue *queues;
	struct slot slots[DEPTH];
};

int blk_uring_create(struct blk_worker *worker)
{
	struct blk_uring *uring = calloc(1, sizeof(*uring));
	int ret;

	if (uring == NULL) {
		return -ENOMEM;
	}
	uring->queues = calloc(worker->queue_count, sizeof(*uring->queues));
	if (uring->queues == NULL) {
		free(uring);
		return -ENOMEM;
	}
	/*
	 * Completions are looked for by the thread itself: no need to interrupt it for them, but to
	 * tell it that a look without waiting must ask the kernel.
	 */
	ret = io_uring_queue_init(DEPTH + VIRTIO_BLK_QUEUES_MAX, &uring->ring,
				  IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
	if (ret == 0) {
		ret = io_uring_register_files(&uring->ring, &worker->blk->file.fd, 1);
		if (ret != 0) {
			io_uring_queue_exit(&uring->ring);
		}
	}
	if (ret != 0) {
		free(uring->queues);
		free(uring);
		return ret;
	}
	for (unsigned i = DEPTH; i-- > 0;) {
		uring->slots[i].next_free = uring->free;
		uring->free = &uring->slots[i];
	}
	worker->uring = uring;
	return 0;
}

void blk_uring_free(struct blk_worker *worker)
{
	if (worker->uring != NULL) {
		io_uring_queue_exit(&worker->uring->ring);
		free(worker->uring->queues);
		free(worker->uring);
		worker->uring = NULL;
	}
}

/* There is room for a step of each slot and a read of each eventfd. */
static struct io_uring_sqe *next_sqe(struct blk_uring *uring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	while (sqe == NULL) {
		(void)io_uring_submit(&uring->ring);
		sqe = io_uring_get_sqe(&uring->ring);
	}
	return sqe;
}

static void listen_to(struct blk_worker *worker, unsigned queue)
{
	struct uring_queue *of = &worker->uring->queues[queue];
	struct io_uring_sqe *sqe = next_sqe(worker->uring);

	io_uring_prep_read(sqe, virtio_mmio_event_fd(&worker->blk->mmio, queue), &of->signals,
			   sizeof(of->signals), 0);
	io_uring_sqe_set_data(sqe, of);
}

static void give_back(struct blk_worker *worker, unsigned queue)
{
	struct uring_queue *of = &worker->uring->queues[queue];

	if (of->used_count > 0) {
		virtio_mmio_push_many(&worker->blk->mmio, queue, of->used, of->used_count);
		of->used_count = 0;
	}
}

static void complete(struct blk_worker *worker, struct slot *slot, int ret)
{
	struct blk_uring *uring = worker->uring;
	struct uring_queue *of = &uring->queues[slot->queue];

	of->used[of->used_count++] = blk_request_answer(worker->blk, &slot->request, ret);
	if (of->used_count == DEPTH) {
		give_back(worker, slot->queue);
	}
	slot->next_free = uring->free;
	uring->free = slot;
	uring->in_flight--;
}

/*
 * What the ring does well. A write to a file is a copy to the host's cache, which most file systems
 * can't begin without being ready to wait: the ring would hand it to a thread, for longer than it
 * takes.
 */
static bool is_for_ring(const struct disk_file *file, const struct blk_request *request)
{
	const struct blk_range *range = &request->ranges[request->range_at];

	switch (request->op) {
	case BLK_READ:
	case BLK_FLUSH:
		return true;
	case BLK_WRITE:
		return file->block_device;
	case BLK_DISCARD:
	case BLK_ZERO:
		return disk_range_mode(file, range->unmap) >= 0;
	case BLK_DONE:
		break;
	}
	return false;
}

static void submit(struct blk_worker *worker, struct slot *slot)
{
	const struct disk_file *file = &worker->blk->file;
	struct blk_request *request = &slot->request;
	const struct blk_range *range = &request->ranges[request->range_at];
	struct io_uring_sqe *sqe = next_sqe(worker->uring);

	switch (request->op) {
	case BLK_READ:
		io_uring_prep_readv(sqe, FILE_INDEX, request->iov, request->iov_count,
				    request->offset);
		break;
	case BLK_WRITE:
		io_uring_prep_writev(sqe, FILE_INDEX, request->iov, request->iov_count,
				     request->offset);
		break;
	case BLK_FLUSH:
		io_uring_prep_fsync(sqe, FILE_INDEX, IORING_FSYNC_DATASYNC);
		break;
	case BLK_DISCARD:
	case BLK_ZERO:
		io_uring_prep_fallocate(sqe, FILE_INDEX, disk_range_mode(file, range->unmap),
					(off_t)range->offset, (off_t)range->len_bytes);
		break;
	case BLK_DONE:
		io_uring_prep_nop(sqe);
		break;
	}
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data(sqe, slot);
}

/* Goes on with it, here or in the ring, to its end. */
static void proceed(struct blk_worker *worker, struct slot *slot, int ret)
{
	struct blk_request *request = &slot->request;

	while (ret == 0 && request->op != BLK_DONE) {
		if (is_for_ring(&worker->blk->file, request)) {
			submit(worker, slot);
			return;
		}
		ret = blk_request_step(worker->blk, request);
	}
	complete(worker, slot, ret);
}

static void step_done(struct blk_worker *worker, struct slot *slot, int res)
{
	struct blk_request *request = &slot->request;
	bool range = request->op == BLK_DISCARD || request->op == BLK_ZERO;

	/* What the ring can't do is done without it: then it is known which failure is one. */
	if (res == -EAGAIN || res == -EINTR || (range && res < 0)) {
		proceed(worker, slot, blk_request_step(worker->blk, request));
	} else {
		proceed(worker, slot, blk_request_advance(worker->blk, request, res));
	}
}

/* One request of a queue, if there is one and it may be taken. */
static bool take_one(struct blk_worker *worker, unsigned queue)
{
	struct virtio_blk *blk = worker->blk;
	struct blk_uring *uring = worker->uring;
	struct slot *slot = uring->free;

	if (!blk_worker_may_take(worker) || !virtio_mmio_pop(&blk->mmio, queue, &slot->chain)) {
		return false;
	}
	if (!blk_request_parse(blk, &slot->chain, &slot->request)) {
		virtio_mmio_fail(&blk->mmio);
		return false;
	}
	uring->free = slot->next_free;
	uring->in_flight++;
	slot->queue = queue;
	proceed(worker, slot, blk_request_begin(blk, &slot->request));
	return true;
}

/* A few from each queue that may have any, as long as there are slots; true if some were left. */
static bool take_some(struct blk_worker *worker)
{
	struct blk_uring *uring = worker->uring;
	bool left = false;

	for (unsigned i = 0; i < worker->queue_count; i++) {
		unsigned queue = (uring->turn + i) % worker->queue_count;
		struct uring_queue *of = &uring->queues[queue];

		for (unsigned n = 0; n < TURN_REQUESTS && of->ready && uring->free != NULL; n++) {
			of->ready = take_one(worker, queue);
		}
		left = left || of->ready;
		give_back(worker, queue);
	}
	uring->turn = (uring->turn + 1) % worker->queue_count;
	return left;
}

static void take_completion(struct blk_worker *worker, void *data, int res)
{
	struct blk_uring *uring = worker->uring;
	struct uring_queue *queue = data;

	if (queue >= uring->queues && queue < uring->queues + worker->queue_count) {
		queue->ready = true;
		uring->notified = true;
		listen_to(worker, (unsigned)(queue - uring->queues));
	} else {
		step_done(worker, data, res);
	}
}

/* Submits, waits for something to come to an end if @wait, and takes all that has. */
static void submit_and_take(struct blk_worker *worker, bool wait)
{
	struct blk_uring *uring = worker->uring;
	const struct timespec pause = {.tv_nsec = RETRY_NS};
	struct io_uring_cqe *cqes[DEPTH];
	unsigned count;
	int ret = io_uring_submit_and_wait(&uring->ring, wait ? 1 : 0);

	if (ret < 0 && ret != -EINTR) {
		/* The host is short of memory: what is queued is tried again. */
		(void)nanosleep(&pause, NULL);
	}
	while ((count = io_uring_peek_batch_cqe(&uring->ring, cqes, DEPTH)) > 0) {
		for (unsigned i = 0; i < count; i++) {
			take_completion(worker, io_uring_cqe_get_data(cqes[i]), cqes[i]->res);
		}
		io_uring_cq_advance(&uring->ring, count);
	}
	for (unsigned i = 0; i < worker->queue_count; i++) {
		give_back(worker, i);
	}
}

static void look(struct blk_worker *worker)
{
	struct blk_uring *uring = worker->uring;
	bool kicked;

	uring->notified = false;
	uring->ending = !blk_worker_wake(worker, &kicked);
	for (unsigned i = 0; kicked && i < worker->queue_count; i++) {
		uring->queues[i].ready = true;
	}
}

void *blk_uring_main(void *arg)
{
	struct blk_worker *worker = arg;
	struct blk_uring *uring = worker->uring;
	bool left = false;

	for (unsigned i = 0; i < worker->queue_count; i++) {
		listen_to(worker, i);
	}
	do {
		/* Where it is a slot that lacks, one comes back with what is in progress. */
		submit_and_take(worker, !left || uring->free == NULL);
		if (uring->notified) {
			look(worker);
		}
		left = take_some(worker);
		if (!left && uring->in_flight == 0) {
			blk_worker_rest(worker);
		}
	} while (!uring->ending || uring->in_flight > 0);
	return NULL;
}
