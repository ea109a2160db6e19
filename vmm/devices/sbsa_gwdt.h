/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generic watchdog of Arm's Base System Architecture (DEN0094), revision 1: its offset register
 * has 48 bits.
 *
 * A watchdog that is enabled and not refreshed raises WS0, an interrupt, after one offset, and WS1,
 * the bite, after another. It counts by the system counter that the guest sees, and goes on while
 * the guest is suspended to RAM: who suspends has to turn it off, as Linux does. While the host has
 * paused the machine it stands still, though the counter does not.
 *
 * After a reset that the watchdog made, WS1 reads as set until the watchdog is refreshed, so that a
 * guest can tell (Linux: WDIOF_CARDRESET).
 *
 * The standard leaves the offset's reset value open. It is not 0 here: Linux does not write it when
 * it resumes from hibernation, and starting the watchdog would be its end.
 *
 * The timer is a timerfd: no thread, and no host CPU time meanwhile. The VMM's main loop polls
 * sbsa_gwdt_timer_fd() and calls sbsa_gwdt_timer_expired() when it is readable; only that raises
 * WS0 and WS1, so a refresh that comes before it is in time.
 *
 * The caller owns the struct, which must not move between init and destroy. All other functions may
 * be called on any thread at any time.
 */
#ifndef VMM_DEVICES_SBSA_GWDT_H
#define VMM_DEVICES_SBSA_GWDT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/irq_line.h"
#include "devices/mmio_bus.h"

/* The offset after a reset, or 2^32 - 1 ticks if that is less. */
#define SBSA_GWDT_RESET_OFFSET_S 30

/**
 * struct sbsa_gwdt_config - what a watchdog is connected to
 * @counter:      the system counter as the guest reads it; called with the device's lock held
 * @bite:         WS1: called in sbsa_gwdt_timer_expired(), with no lock held
 * @ctx:          first argument of both
 * @frequency_hz: of the counter; not 0
 * @irq:          WS0, level
 */
struct sbsa_gwdt_config {
	uint64_t (*counter)(void *ctx);
	void (*bite)(void *ctx);
	void *ctx;
	uint64_t frequency_hz;
	struct irq_line irq;
};

/**
 * struct sbsa_gwdt - a watchdog; members are the device's own
 * @lock:      guards all below
 * @config:    as given
 * @timer_fd:  timerfd of CLOCK_MONOTONIC
 * @offset:    WOR
 * @compare:   WCV
 * @enabled:   WCS.EN
 * @ws0:       WCS.WS0, and the level of the interrupt
 * @ws1:       WCS.WS1
 * @paused:    nothing is raised
 */
struct sbsa_gwdt {
	pthread_mutex_t lock;
	struct sbsa_gwdt_config config;
	int timer_fd;
	uint64_t offset;
	uint64_t compare;
	bool enabled;
	bool ws0;
	bool ws1;
	bool paused;
};

/* The two frames, for mmio_bus_add(); the region's dev is a struct sbsa_gwdt. */
extern const struct mmio_ops sbsa_gwdt_refresh_ops;
extern const struct mmio_ops sbsa_gwdt_control_ops;

/**
 * sbsa_gwdt_init() - set up a watchdog in its reset state, disabled
 * @watchdog: filled; destroy it with sbsa_gwdt_destroy()
 * @config:   copied
 *
 * Context: before any other call.
 * Return: 0, or -errno of timerfd_create() or pthread_mutex_init().
 */
int sbsa_gwdt_init(struct sbsa_gwdt *watchdog, const struct sbsa_gwdt_config *config);

/**
 * sbsa_gwdt_destroy() - free what sbsa_gwdt_init() took, the timerfd included
 * @watchdog: set up; not to be used afterwards
 *
 * Context: no other thread uses the device, and nobody polls its file descriptor.
 */
void sbsa_gwdt_destroy(struct sbsa_gwdt *watchdog);

/**
 * sbsa_gwdt_reset() - what a cold reset does: disabled, the interrupt driven low
 * @watchdog: set up
 */
void sbsa_gwdt_reset(struct sbsa_gwdt *watchdog);

/**
 * sbsa_gwdt_pause() - the machine is paused, or goes on
 * @watchdog: set up
 * @paused:   which
 *
 * Called while the counter stands still, so that what is left of the time then is left afterwards.
 */
void sbsa_gwdt_pause(struct sbsa_gwdt *watchdog, bool paused);

/**
 * sbsa_gwdt_timer_fd() - file descriptor that is readable once time is up
 * @watchdog: set up, keeps owning the descriptor
 *
 * Return: the descriptor, the same until sbsa_gwdt_destroy().
 */
int sbsa_gwdt_timer_fd(const struct sbsa_gwdt *watchdog);

/**
 * sbsa_gwdt_timer_expired() - the timer's descriptor was readable: raise what is due
 * @watchdog: set up
 *
 * Harmless when nothing has expired. Afterwards the descriptor is no longer readable, unless time
 * is up once more.
 */
void sbsa_gwdt_timer_expired(struct sbsa_gwdt *watchdog);

#endif /* VMM_DEVICES_SBSA_GWDT_H */
