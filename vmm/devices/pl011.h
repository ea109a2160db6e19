/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PL011 UART: the guest's console.
 *
 * The caller owns the struct, which must not move between pl011_init() and pl011_destroy(). All
 * functions but those two may be called on any thread at any time. Nothing is allocated, and the
 * device's lock is not held across @tx and @rx_room.
 *
 * Output leaves at once, so the transmitter is always ready. Input goes into the 16-byte FIFO (one
 * byte while the guest has FIFOs off) and waits outside while that is full or while nobody reads:
 * a Linux guest throws away what arrives before its driver has opened the port, so until a guest
 * unmasks a receive interrupt, or polls for input and writes nothing in between, input is not
 * taken. What is typed or piped in while a guest boots is therefore not lost.
 */
#ifndef VMM_DEVICES_PL011_H
#define VMM_DEVICES_PL011_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/irq_line.h"
#include "devices/mmio_bus.h"

#define PL011_FIFO_DEPTH 16

/**
 * struct pl011_config - what a UART is connected to
 * @tx:      takes the guest's output, in order, on a vCPU thread; calls never overlap. The guest's
 *           CPU waits while it runs. NULL: output is dropped
 * @rx_room: input would be taken again, after pl011_rx() took less than it was given; called on a
 *           vCPU thread, and may call pl011_rx(). NULL: not told
 * @ctx:     first argument of both
 * @irq:     the combined interrupt, level
 * @ready:   it comes out of a reset set up, as firmware would leave it: what drives it as an SBSA
 *           UART, a subset of this one, does not do that
 */
struct pl011_config {
	void (*tx)(void *ctx, const uint8_t *bytes, size_t count);
	void (*rx_room)(void *ctx);
	void *ctx;
	struct irq_line irq;
	bool ready;
};

/**
 * struct pl011_regs - what the guest sees and a reset clears
 * @rx:        input FIFO, a ring
 * @rx_at:     oldest byte in it
 * @rx_count:  bytes in it
 * @raw:       RIS
 * @mask:      IMSC
 * @control:   CR
 * @lcrh:      line control
 * @ibrd:      baud rate divisor, integer part
 * @fbrd:      baud rate divisor, fraction
 * @ifls:      FIFO levels
 * @dmacr:     DMA control, kept but without effect
 * @ilpr:      low-power counter, kept but without effect
 * @error:     RSR: receive errors
 * @polls:     reads of the flag register since the last output
 * @listening: the guest reads its input
 * @looked:    it has read a register since it opened its port
 * @refused:   input was refused since @rx_room was last called
 */
struct pl011_regs {
	uint8_t rx[PL011_FIFO_DEPTH];
	unsigned rx_at;
	unsigned rx_count;
	uint32_t raw;
	uint32_t mask;
	uint32_t control;
	uint32_t lcrh;
	uint32_t ibrd;
	uint32_t fbrd;
	uint32_t ifls;
	uint32_t dmacr;
	uint32_t ilpr;
	uint32_t error;
	unsigned polls;
	bool listening;
	bool looked;
	bool refused;
};

/**
 * struct pl011 - a UART; members are the device's own
 * @lock:      guards @regs and the level of the interrupt
 * @tx_lock:   keeps calls of the config's @tx apart; never taken while @lock is held
 * @config:    as given
 * @regs:      the guest-visible state
 * @irq_level: the level the interrupt line was last given
 */
struct pl011 {
	pthread_mutex_t lock;
	pthread_mutex_t tx_lock;
	struct pl011_config config;
	struct pl011_regs regs;
	bool irq_level;
};

/* The device's registers for mmio_bus_add(); the region's dev is a struct pl011. */
extern const struct mmio_ops pl011_mmio_ops;

/**
 * pl011_init() - set up a UART in its reset state
 * @uart:   filled; destroy it with pl011_destroy()
 * @config: copied
 *
 * Context: before any other call.
 * Return: 0, or -errno of pthread_mutex_init().
 */
int pl011_init(struct pl011 *uart, const struct pl011_config *config);

/**
 * pl011_destroy() - free what pl011_init() took
 * @uart: set up; not to be used afterwards
 *
 * Context: no other thread uses the device.
 */
void pl011_destroy(struct pl011 *uart);

/**
 * pl011_reset() - put the UART into its reset state: FIFO empty, interrupt driven low
 * @uart: set up
 *
 * Context: any thread.
 */
void pl011_reset(struct pl011 *uart);

/**
 * pl011_rx() - hand input to the guest
 * @uart:  set up
 * @bytes: what was typed
 * @count: number of bytes
 *
 * Context: any thread.
 * Return: how many bytes were taken, from the first on, 0 .. @count. The others stay the caller's;
 * the config's @rx_room tells when to try again.
 */
size_t pl011_rx(struct pl011 *uart, const uint8_t *bytes, size_t count);

#endif /* VMM_DEVICES_PL011_H */
