/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/blk_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/thread.h"

bool blk_worker_wake(struct blk_worker *worker, bool *kicked)
{
	struct virtio_blk *blk = worker->blk;
	bool go;

	(void)pthread_mutex_lock(&blk->lock);
	go = !blk->ending;
	*kicked = worker->kicked;
	worker->kicked = false;
	worker->busy = worker->busy || go;
	(void)pthread_mutex_unlock(&blk->lock);
	return go;
}

bool blk_worker_may_take(struct blk_worker *worker)
{
	struct virtio_blk *blk = worker->blk;
	bool may;

	(void)pthread_mutex_lock(&blk->lock);
	may = !blk->ending && (!blk->draining || worker->budget > 0);
	if (may && blk->draining) {
		worker->budget--;
	}
	(void)pthread_mutex_unlock(&blk->lock);
	return may;
}

void blk_worker_rest(struct blk_worker *worker)
{
	struct virtio_blk *blk = worker->blk;

	(void)pthread_mutex_lock(&blk->lock);
	worker->busy = false;
	(void)pthread_cond_broadcast(&blk->changed);
	(void)pthread_mutex_unlock(&blk->lock);
}

static void kick(struct blk_worker *worker)
{
	const uint64_t one = 1;

	worker->kicked = true;
	(void)!write(virtio_mmio_event_fd(&worker->blk->mmio, worker->first_queue), &one,
		     sizeof(one));
}

void blk_workers_kick(struct virtio_blk *blk)
{
	for (unsigned i = 0; i < blk->worker_count; i++) {
		kick(&blk->workers[i]);
	}
}

static bool any_busy(const struct virtio_blk *blk, bool kicked_too)
{
	for (unsigned i = 0; i < blk->worker_count; i++) {
		if (blk->workers[i].busy || (kicked_too && blk->workers[i].kicked)) {
			return true;
		}
	}
	return false;
}

void blk_workers_wait(struct virtio_blk *blk, bool kicked_too)
{
	while (any_busy(blk, kicked_too)) {
		(void)pthread_cond_wait(&blk->changed, &blk->lock);
	}
}

static int start(struct blk_worker *worker)
{
	int ret = thread_start_quiet(
		&worker->thread, worker->uring != NULL ? blk_uring_main : blk_sync_main, worker);

	worker->started = ret == 0;
	return ret;
}

static int make_workers(struct virtio_blk *blk, unsigned count)
{
	blk->workers = calloc(count, sizeof(*blk->workers));
	if (blk->workers == NULL) {
		return -ENOMEM;
	}
	blk->worker_count = count;
	for (unsigned i = 0; i < count; i++) {
		blk->workers[i].blk = blk;
		blk->workers[i].first_queue = i;
		blk->workers[i].queue_count = count == 1 ? blk->setup.queue_count : 1;
	}
	return 0;
}

static void free_workers(struct virtio_blk *blk)
{
	for (unsigned i = 0; i < blk->worker_count; i++) {
		blk_uring_free(&blk->workers[i]);
	}
	free(blk->workers);
	blk->workers = NULL;
	blk->worker_count = 0;
}

/* One worker with a ring: -errno if the host has none, or the file would not do well with it. */
static int make_ring(struct virtio_blk *blk)
{
	int ret = -EOPNOTSUPP;

	if (blk->setup.aio == DISK_AIO_IO_URING || disk_file_tries_first(&blk->file)) {
		ret = make_workers(blk, 1);
		if (ret == 0) {
			ret = blk_uring_create(&blk->workers[0]);
		}
		if (ret != 0) {
			free_workers(blk);
		}
	}
	return ret;
}

static int make(struct virtio_blk *blk)
{
	int ret = -EOPNOTSUPP;

	blk->aio = DISK_AIO_IO_URING;
	if (blk->setup.aio != DISK_AIO_THREADS) {
		ret = make_ring(blk);
	}
	if (ret != 0 && blk->setup.aio != DISK_AIO_IO_URING) {
		blk->aio = DISK_AIO_THREADS;
		ret = make_workers(blk, blk->setup.queue_count);
	}
	return ret;
}

int blk_workers_start(struct virtio_blk *blk)
{
	int ret = make(blk);

	for (unsigned i = 0; ret == 0 && i < blk->worker_count; i++) {
		ret = start(&blk->workers[i]);
	}
	if (ret != 0) {
		blk_workers_stop(blk);
	}
	return ret;
}

void blk_workers_stop(struct virtio_blk *blk)
{
	(void)pthread_mutex_lock(&blk->lock);
	__atomic_store_n(&blk->ending, true, __ATOMIC_RELAXED);
	blk_workers_kick(blk);
	(void)pthread_mutex_unlock(&blk->lock);
	for (unsigned i = 0; i < blk->worker_count; i++) {
		if (blk->workers[i].started) {
			(void)pthread_join(blk->workers[i].thread, NULL);
		}
	}
	free_workers(blk);
}
