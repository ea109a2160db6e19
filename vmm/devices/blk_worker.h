/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads of a virtio block device: when they work, when they rest, and who waits for that.
 *
 * A worker has some of the queues to itself. It sleeps until one is notified or somebody wants it
 * (blk_worker_kick()), is busy from then until nothing that it has taken is in progress, and
 * asks before each request that it takes.
 */
#ifndef VMM_DEVICES_BLK_WORKER_H
#define VMM_DEVICES_BLK_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "devices/virtio_blk.h"

struct blk_uring;

/**
 * struct blk_worker - a thread
 * @blk:         whose; its lock guards @kicked, @busy and @budget
 * @first_queue: the first of its queues
 * @queue_count: how many there are
 * @uring:       its ring, or NULL
 * @thread:      valid if @started
 * @started:     it runs
 * @kicked:      all its queues are to be looked at
 * @busy:        it has taken requests, or is about to
 * @budget:      requests that a drain may still take
 */
struct blk_worker {
	struct virtio_blk *blk;
	unsigned first_queue;
	unsigned queue_count;
	struct blk_uring *uring;
	pthread_t thread;
	bool started;
	bool kicked;
	bool busy;
	unsigned budget;
};

/* The thread's main functions, blk_sync.c and blk_uring.c; @worker is a struct blk_worker. */
void *blk_sync_main(void *worker);
void *blk_uring_main(void *worker);

/**
 * blk_uring_create() - make @worker's ring
 *
 * Before the worker starts. Return: 0; -errno if the host does not give one.
 */
int blk_uring_create(struct blk_worker *worker);

/** blk_uring_free() - free it, or nothing if there is none; the worker has ended */
void blk_uring_free(struct blk_worker *worker);

/**
 * blk_workers_start() - make and start the workers, as @blk's setup says
 *
 * Return: 0; -errno, and nothing is left.
 */
int blk_workers_start(struct virtio_blk *blk);

/** blk_workers_stop() - complete what they have taken, end them and free them */
void blk_workers_stop(struct virtio_blk *blk);

/** blk_workers_wait() - until none is busy or about to be */
void blk_workers_wait(struct virtio_blk *blk, bool kicked_too);

/** blk_workers_kick() - have all look at their queues; with the lock held */
void blk_workers_kick(struct virtio_blk *blk);

/*
 * For the worker's thread:
 */

/**
 * blk_worker_wake() - it is going to look at its queues
 * @kicked: set to whether all are to be looked at
 *
 * Return: true; false if it is to end.
 */
bool blk_worker_wake(struct blk_worker *worker, bool *kicked);

/** blk_worker_may_take() - may it take one more request? It then must try to. */
bool blk_worker_may_take(struct blk_worker *worker);

/** blk_worker_rest() - nothing that it has taken is in progress, and it takes no more */
void blk_worker_rest(struct blk_worker *worker);

#endif /* VMM_DEVICES_BLK_WORKER_H */
