/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker that carries out its queue's requests itself, one after the other. */
#include <unistd.h>

#include "devices/blk_request.h"
#include "devices/blk_worker.h"

/* One request, if there is one and it may be taken. */
static bool serve_one(struct blk_worker *worker, struct virtq_chain *chain)
{
	struct virtio_blk *blk = worker->blk;
	struct blk_request request;
	struct virtq_used used;
	int ret;

	if (!blk_worker_may_take(worker) ||
	    !virtio_mmio_pop(&blk->mmio, worker->first_queue, chain)) {
		return false;
	}
	if (!blk_request_parse(blk, chain, &request)) {
		virtio_mmio_fail(&blk->mmio);
		return false;
	}
	ret = blk_request_begin(blk, &request);
	if (ret == 0) {
		ret = blk_request_run(blk, &request);
	}
	used = blk_request_answer(blk, &request, ret);
	virtio_mmio_push_many(&blk->mmio, worker->first_queue, &used, 1);
	return true;
}

void *blk_sync_main(void *arg)
{
	struct blk_worker *worker = arg;
	int fd = virtio_mmio_event_fd(&worker->blk->mmio, worker->first_queue);
	struct virtq_chain chain;
	uint64_t count;
	bool kicked;

	do {
		(void)!read(fd, &count, sizeof(count));
		if (!blk_worker_wake(worker, &kicked)) {
			return NULL;
		}
		while (serve_one(worker, &chain)) {
		}
		blk_worker_rest(worker);
	} while (true);
}
