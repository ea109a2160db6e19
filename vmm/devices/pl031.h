/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL031 real-time clock: the guest's wall clock, and the alarm that wakes it.
 *
 * The clock is the host's CLOCK_REALTIME in whole seconds plus an offset, which changes when the
 * guest sets its clock; it is 32 bits wide and wraps. The alarm goes off when the clock reaches
 * the match register. If the clock is moved forward past the match register, by the guest or
 * because the host's own clock was set, it goes off at once rather than never; a match register
 * that already lies behind the clock when it is written waits for the clock to wrap, as the real
 * part does.
 *
 * The alarm is a timerfd: no thread, and no host CPU time while a suspended guest waits for it.
 * The VMM's main loop polls pl031_timer_fd() and calls pl031_alarm_expired() when it is readable.
 *
 * The caller owns the struct, which must not move between pl031_init() and pl031_destroy(). All
 * other functions may be called on any thread at any time.
 */
#ifndef VMM_DEVICES_PL031_H
#define VMM_DEVICES_PL031_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/irq_line.h"
#include "devices/mmio_bus.h"

/**
 * struct pl031_config - what a clock is connected to
 * @now_ns:   host time in ns since 1970; NULL: CLOCK_REALTIME. Called with the device's lock held
 * @ctx:      first argument of @now_ns
 * @offset_s: guest time minus host time at the start, in seconds; 0 for a new machine
 * @irq:      the alarm, level
 */
struct pl031_config {
	int64_t (*now_ns)(void *ctx);
	void *ctx;
	int64_t offset_s;
	struct irq_line irq;
};

/**
 * struct pl031 - a clock; members are the device's own
 * @lock:      guards all below
 * @config:    as given
 * @timer_fd:  timerfd of CLOCK_REALTIME
 * @offset_s:  guest time minus host time, in seconds
 * @alarm_s:   guest time, not cut to 32 bits, at which the alarm goes off next
 * @match:     MR
 * @load:      LR as last written
 * @mask:      IMSC
 * @raw:       RIS
 * @irq_level: the level the interrupt line was last given
 */
struct pl031 {
	pthread_mutex_t lock;
	struct pl031_config config;
	int timer_fd;
	int64_t offset_s;
	int64_t alarm_s;
	uint32_t match;
	uint32_t load;
	uint32_t mask;
	uint32_t raw;
	bool irq_level;
};

/* The device's registers for mmio_bus_add(); the region's dev is a struct pl031. */
extern const struct mmio_ops pl031_mmio_ops;

/**
 * pl031_init() - set up a clock in its reset state, running
 * @rtc:    filled; destroy it with pl031_destroy()
 * @config: copied
 *
 * Context: before any other call.
 * Return: 0, or -errno of timerfd_create() or pthread_mutex_init().
 */
int pl031_init(struct pl031 *rtc, const struct pl031_config *config);

/**
 * pl031_destroy() - free what pl031_init() took, the timerfd included
 * @rtc: set up; not to be used afterwards
 *
 * Context: no other thread uses the device, and nobody polls its file descriptor.
 */
void pl031_destroy(struct pl031 *rtc);

/**
 * pl031_reset() - forget the alarm and drive the interrupt low
 * @rtc: set up
 *
 * The time that the guest has set stays, as on a machine with a clock battery.
 *
 * Context: any thread.
 */
void pl031_reset(struct pl031 *rtc);

/**
 * pl031_timer_fd() - file descriptor that is readable once the alarm has gone off
 * @rtc: set up, keeps owning the descriptor
 *
 * Context: any thread. The descriptor is the same until pl031_destroy().
 * Return: the descriptor.
 */
int pl031_timer_fd(const struct pl031 *rtc);

/**
 * pl031_alarm_expired() - the timer's descriptor was readable: bring the alarm up to date
 * @rtc: set up
 *
 * Harmless when nothing has expired. Afterwards the descriptor is no longer readable.
 *
 * Context: any thread; does not block.
 */
void pl031_alarm_expired(struct pl031 *rtc);

/**
 * pl031_next_alarm_ns() - when the alarm will next raise the interrupt
 * @rtc: set up
 *
 * Context: any thread.
 * Return: host time in ns since 1970, in the past if it has just gone off; INT64_MAX if the guest
 * has the alarm's interrupt masked.
 */
int64_t pl031_next_alarm_ns(struct pl031 *rtc);

/**
 * pl031_offset_s() - what to keep if the guest's clock is to survive this process
 * @rtc: set up
 *
 * Context: any thread.
 * Return: guest time minus host time, in seconds; the config's @offset_s of a later pl031_init().
 */
int64_t pl031_offset_s(struct pl031 *rtc);

#endif /* VMM_DEVICES_PL031_H */
