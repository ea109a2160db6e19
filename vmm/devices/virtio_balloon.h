/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio memory balloon: the host asks the guest to give up some of its memory, and the guest
 * tells which of its pages are free (free page reporting). Pages of both kinds go back to the host
 * at once, and are zero when the guest next touches them.
 *
 * One worker thread does the giving back, which may take long, in pieces; a reset waits for one
 * piece only. RAM that is reserved (huge pages) is never given back: the balloon then still counts,
 * and free page reporting is not offered.
 *
 * The target outlives a reset of the guest, as it is the host's wish; what is in the balloon does
 * not. A guest of Linux empties its balloon before it suspends or hibernates, and fills it again
 * afterwards.
 *
 * The caller owns the struct, which must not move between virtio_balloon_init() and
 * virtio_balloon_destroy(). Its @mmio is the transport: put that on the bus.
 */
#ifndef VMM_DEVICES_VIRTIO_BALLOON_H
#define VMM_DEVICES_VIRTIO_BALLOON_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/balloon_pages.h"
#include "devices/virtio_mmio.h"

/* Known statistics, VIRTIO_BALLOON_S_*: up to direct reclaim. */
#define VIRTIO_BALLOON_STATS 16
/* Page numbers that are read, sorted and given back in one piece. */
#define VIRTIO_BALLOON_PIECE_PAGES 256

/**
 * struct virtio_balloon_setup - a balloon
 * @log:     told one line, without a newline, when the host first refuses to take memory back, on
 *           the worker thread. NULL: not told
 * @log_ctx: first argument of @log
 * @irq:     the transport's interrupt
 */
struct virtio_balloon_setup {
	void (*log)(void *ctx, const char *msg);
	void *log_ctx;
	struct irq_line irq;
};

/**
 * struct virtio_balloon_stats - what the guest has last said about its memory
 * @known:      bit n: @values[n] is there
 * @values:     by VIRTIO_BALLOON_S_*, in bytes or counts as the standard has it
 * @updated_s:  when that came, in seconds since the epoch; 0: never
 */
struct virtio_balloon_stats {
	uint32_t known;
	uint64_t values[VIRTIO_BALLOON_STATS];
	uint64_t updated_s;
};

/**
 * struct virtio_balloon - a balloon; members but @mmio are its own
 * @mmio:          the transport
 * @ram:           the guest's memory
 * @setup:         as given
 * @timer_fd:      expires when the size in use is to be told
 * @worker:        the thread
 * @lock:          guards all below; taken before the transport's
 * @changed:       something below has changed
 * @kicked:        requests may be waiting
 * @busy:          the worker is in the middle of a request, or between two
 * @stopping:      the worker is to leave what it has begun
 * @ending:        the worker is to end
 * @logged:        @log has been called
 * @target_pages:  how many pages the host wants
 * @actual_pages:  how many the driver says it has given
 * @config_actual: the same as the driver writes it, byte by byte
 * @config_poison: what the driver fills free pages with
 * @told_pages:    the @actual_pages that virtio_balloon_take_change() last told
 * @told_ns:       when that was, CLOCK_MONOTONIC
 * @armed:         @timer_fd is set
 * @has_stats:     @stats_head is a request to give back when statistics are wanted
 * @stats_head:    see @has_stats
 * @stats:         the last ones
 * @chain:         the worker's request
 */
struct virtio_balloon {
	struct virtio_mmio mmio;
	struct guest_ram ram;
	struct virtio_balloon_setup setup;
	int timer_fd;
	pthread_t worker;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool kicked;
	bool busy;
	bool stopping;
	bool ending;
	bool logged;
	uint32_t target_pages;
	uint32_t actual_pages;
	uint8_t config_actual[4];
	uint8_t config_poison[4];
	uint32_t told_pages;
	uint64_t told_ns;
	bool armed;
	bool has_stats;
	uint16_t stats_head;
	struct virtio_balloon_stats stats;
	struct virtq_chain chain;
};

/**
 * virtio_balloon_init() - set up an empty balloon and start its worker
 * @balloon: filled; destroy it with virtio_balloon_destroy()
 * @setup:   copied
 * @ram:     copied; the memory must outlive the device
 *
 * Context: before any other call. The worker has all signals blocked.
 * Return: 0; -errno of what could not be had.
 */
int virtio_balloon_init(struct virtio_balloon *balloon, const struct virtio_balloon_setup *setup,
			const struct guest_ram *ram);

/**
 * virtio_balloon_destroy() - end the worker and free what virtio_balloon_init() took
 * @balloon: set up; not to be used afterwards
 *
 * Context: no other thread uses the device.
 */
void virtio_balloon_destroy(struct virtio_balloon *balloon);

/**
 * virtio_balloon_reset() - the guest starts anew: no page is in the balloon, the target stays
 * @balloon: set up
 *
 * Context: as virtio_mmio_reset().
 */
void virtio_balloon_reset(struct virtio_balloon *balloon);

/**
 * virtio_balloon_set_size() - ask the guest to live with so much memory
 * @balloon:    set up
 * @size_bytes: what it is to keep; what is more than it has is all of it
 *
 * Returns at once: the guest does as it can, and when it can.
 *
 * Context: any thread.
 */
void virtio_balloon_set_size(struct virtio_balloon *balloon, uint64_t size_bytes);

/**
 * virtio_balloon_size() - how much memory the guest has, what is in the balloon taken off
 * @balloon: set up
 *
 * As its driver says: from 0 to all of RAM, in bytes.
 *
 * Context: any thread.
 */
uint64_t virtio_balloon_size(struct virtio_balloon *balloon);

/**
 * virtio_balloon_take_change() - the size has changed, at most once a second
 * @balloon:    set up
 * @size_bytes: filled when true is returned, as virtio_balloon_size()
 *
 * To be called when @timer_fd is readable.
 *
 * Context: one thread.
 * Return: true; false if it is what was told last.
 */
bool virtio_balloon_take_change(struct virtio_balloon *balloon, uint64_t *size_bytes);

/**
 * virtio_balloon_stats() - the guest's statistics
 * @balloon: set up
 * @stats:   filled with what came last
 *
 * Asks the guest for new ones too, which are there a moment later.
 *
 * Context: any thread.
 */
void virtio_balloon_stats(struct virtio_balloon *balloon, struct virtio_balloon_stats *stats);

#endif /* VMM_DEVICES_VIRTIO_BALLOON_H */
