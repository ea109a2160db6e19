/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio console: a console port (hvc0 in Linux), and named ports, which in Linux are
 * /dev/virtio-ports/NAME and what agents use. Section 5.3 of the OASIS virtio 1.2 standard.
 *
 * Without a named port there is one port and no control queue, which the simplest driver knows.
 *
 * What a port's owner does not take at once stays in the guest's queue, and a request's end waits
 * for it: virtio_console_writable() goes on. Linux waits for that end with interrupts masked where
 * the port is a console, so a console's owner should take all, and drop what it can't keep, unless
 * it is sure to be read.
 *
 * Input is taken while the guest has given buffers for it, and of a named port while a program has
 * it open; the rest stays with the owner, who is told when there is room.
 *
 * There is no thread. Output goes out on the vCPU that writes it; what is more than a vCPU should
 * be kept for goes on in virtio_console_dispatch(), in the main loop. At the machine's end, what is
 * left goes out by virtio_console_drain().
 *
 * The caller owns the struct, which must not move between init and destroy. Its @mmio is the
 * transport: put that on the bus, and reset it with virtio_mmio_reset().
 */
#ifndef VMM_DEVICES_VIRTIO_CONSOLE_H
#define VMM_DEVICES_VIRTIO_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/virtio_mmio.h"

/* The console port and four named ones. */
#define VIRTIO_CONSOLE_PORT_COUNT_MAX 5
#define VIRTIO_CONSOLE_NAME_BYTES_MAX 64

/**
 * struct virtio_console_port_config - a port and its owner
 * @name:  of a named port; borrowed for the device's life. Not used of port 0, the console
 * @write: takes the guest's output, in order; returns how many bytes it took. On a vCPU thread or
 *         in virtio_console_dispatch() or virtio_console_writable(), with the device's lock held.
 *         NULL: there is no such port, which only port 0 may say
 * @room:  input would be taken again, after virtio_console_input() took less than it was given; on
 *         a vCPU thread or in virtio_console_dispatch(), with the device's lock held. May be NULL
 * @ctx:   first argument of both
 *
 * Neither may call the device.
 */
struct virtio_console_port_config {
	const char *name;
	size_t (*write)(void *ctx, const uint8_t *bytes, size_t count);
	void (*room)(void *ctx);
	void *ctx;
};

/**
 * struct virtio_console_setup - what a device is made of; copied
 * @ram:        the memory must outlive the device
 * @irq:        of the transport
 * @ports:      the console port, then named ones
 * @port_count: 1 .. VIRTIO_CONSOLE_PORT_COUNT_MAX
 */
struct virtio_console_setup {
	const struct guest_ram *ram;
	struct irq_line irq;
	struct virtio_console_port_config ports[VIRTIO_CONSOLE_PORT_COUNT_MAX];
	unsigned port_count;
};

/**
 * struct virtio_console_port - a port's state; guarded by the device's lock
 * @config:     as given
 * @chain:      the request being written, while @writing
 * @writing:    there is one
 * @segment:    of @chain, where it goes on
 * @segment_at: bytes of that segment that are written
 * @guest_ready: the guest knows the port
 * @guest_open: a program in the guest has it open; with named ports only
 * @host_open:  somebody is attached
 * @refused:    input was refused since @room was last called
 * @owed:       messages that the guest is to get, a bit for each kind
 */
struct virtio_console_port {
	struct virtio_console_port_config config;
	struct virtq_chain chain;
	bool writing;
	unsigned segment;
	size_t segment_at;
	bool guest_ready;
	bool guest_open;
	bool host_open;
	bool refused;
	unsigned owed;
};

/**
 * struct virtio_console - a device; members but @mmio are its own
 * @mmio:       the transport
 * @lock:       guards what follows
 * @event_fd:   eventfd: there may be requests left for the main loop
 * @chain:      a request of any queue but an output queue, while it is served
 * @ports:      the first @port_count exist
 * @port_count: number of ports
 */
struct virtio_console {
	struct virtio_mmio mmio;
	pthread_mutex_t lock;
	int event_fd;
	struct virtq_chain chain;
	struct virtio_console_port ports[VIRTIO_CONSOLE_PORT_COUNT_MAX];
	unsigned port_count;
};

/**
 * virtio_console_init() - set up a device, with nobody attached to its ports
 * @console: filled; destroy it with virtio_console_destroy()
 * @setup:   copied
 *
 * Context: before any other call.
 * Return: 0; -EINVAL for a bad configuration; -errno of eventfd() or pthread_mutex_init().
 */
int virtio_console_init(struct virtio_console *console, const struct virtio_console_setup *setup);

/**
 * virtio_console_destroy() - free what virtio_console_init() took
 * @console: set up; not to be used afterwards
 *
 * Context: no other thread uses the device.
 */
void virtio_console_destroy(struct virtio_console *console);

/**
 * virtio_console_fd() - readable when virtio_console_dispatch() has something to do
 * @console: set up, keeps owning the descriptor
 *
 * Return: the descriptor, the same for the device's life.
 */
int virtio_console_fd(const struct virtio_console *console);

/**
 * virtio_console_dispatch() - go on with what was too much for one turn
 * @console: set up
 *
 * Context: any thread; does not wait.
 */
void virtio_console_dispatch(struct virtio_console *console);

/**
 * virtio_console_input() - hand input to the guest
 * @console: set up
 * @port:    number of the port
 * @bytes:   what was typed
 * @count:   number of bytes
 *
 * Context: any thread.
 * Return: how many bytes were taken, from the first on, 0 .. @count. The others stay the caller's;
 * the port's @room tells when to try again.
 */
size_t virtio_console_input(struct virtio_console *console, unsigned port, const uint8_t *bytes,
			    size_t count);

/**
 * virtio_console_writable() - the port's @write would take more, after it took less than it was
 * given
 * @console: set up
 * @port:    number of the port
 *
 * Context: any thread.
 */
void virtio_console_writable(struct virtio_console *console, unsigned port);

/**
 * virtio_console_drain() - go on with a port's output, as far as a turn goes
 * @console: set up
 * @port:    number of the port
 *
 * Context: no vCPU runs, so that a few turns take all that the guest has queued.
 * Return: true if output is left, as the turn was over or the port's @write took less than it was
 * given.
 */
bool virtio_console_drain(struct virtio_console *console, unsigned port);

/**
 * virtio_console_attach() - somebody is attached to a port now, or nobody is; the guest is told
 * @console:  set up
 * @port:     number of the port
 * @attached: which
 *
 * Context: any thread.
 */
void virtio_console_attach(struct virtio_console *console, unsigned port, bool attached);

#endif /* VMM_DEVICES_VIRTIO_CONSOLE_H */
