/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL061 GPIO: eight lines that the guest can read, and whose edges and levels interrupt it.
 *
 * The host drives the lines that the guest has as inputs, which they all are at first. What the
 * guest drives on a line that it has made an output goes nowhere, but reads back.
 *
 * The caller owns the struct, which must not move between pl061_init() and pl061_destroy(). All
 * functions but those two may be called on any thread at any time. Nothing is allocated.
 */
#ifndef VMM_DEVICES_PL061_H
#define VMM_DEVICES_PL061_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/irq_line.h"
#include "devices/mmio_bus.h"

#define PL061_LINE_COUNT 8U

/**
 * struct pl061_regs - what the guest sees and a reset clears; a bit a line
 * @out:       what the guest drives on its outputs
 * @dir:       GPIODIR: 1 is an output
 * @sense:     GPIOIS: 1 is sensitive to a level, 0 to an edge
 * @both:      GPIOIBE: both edges
 * @event:     GPIOIEV: rising edge or high level
 * @enabled:   GPIOIE
 * @edges:     edges that were seen and not cleared: GPIORIS of edge-sensitive lines
 * @alternate: GPIOAFSEL, kept but without effect
 */
struct pl061_regs {
	uint8_t out;
	uint8_t dir;
	uint8_t sense;
	uint8_t both;
	uint8_t event;
	uint8_t enabled;
	uint8_t edges;
	uint8_t alternate;
};

/**
 * struct pl061 - eight lines; members are the device's own
 * @lock:      guards all below
 * @irq:       the combined interrupt, level
 * @input:     the host's levels
 * @unseen:    inputs that the guest has not read since they changed
 * @regs:      the guest-visible state
 * @irq_level: the level the interrupt line was last given
 */
struct pl061 {
	pthread_mutex_t lock;
	struct irq_line irq;
	uint8_t input;
	uint8_t unseen;
	struct pl061_regs regs;
	bool irq_level;
};

/* The device's registers for mmio_bus_add(); the region's dev is a struct pl061. */
extern const struct mmio_ops pl061_mmio_ops;

/**
 * pl061_init() - set up a GPIO in its reset state, its inputs low
 * @gpio: filled; destroy it with pl061_destroy()
 * @irq:  the combined interrupt; copied
 *
 * Context: before any other call.
 * Return: 0, or -errno of pthread_mutex_init().
 */
int pl061_init(struct pl061 *gpio, const struct irq_line *irq);

/**
 * pl061_destroy() - free what pl061_init() took
 * @gpio: set up; not to be used afterwards
 *
 * Context: no other thread uses the device.
 */
void pl061_destroy(struct pl061 *gpio);

/**
 * pl061_reset() - put the GPIO into its reset state and drive the interrupt low
 * @gpio: set up
 *
 * The inputs keep their levels, which are the host's.
 *
 * Context: any thread.
 */
void pl061_reset(struct pl061 *gpio);

/**
 * pl061_set_input() - drive a line
 * @gpio: set up
 * @line: 0 .. PL061_LINE_COUNT - 1
 * @high: its level from now on
 *
 * Context: any thread.
 */
void pl061_set_input(struct pl061 *gpio, unsigned line, bool high);

/**
 * pl061_input_seen() - whether the guest has read a line since it last changed
 * @gpio: set up
 * @line: 0 .. PL061_LINE_COUNT - 1
 *
 * Context: any thread.
 * Return: true if it has.
 */
bool pl061_input_seen(struct pl061 *gpio, unsigned line);

/**
 * pl061_interrupting() - the lines that assert the interrupt now
 * @gpio: set up
 *
 * Context: any thread.
 * Return: GPIOMIS, bit n for line n.
 */
uint8_t pl061_interrupting(struct pl061 *gpio);

#endif /* VMM_DEVICES_PL061_H */
