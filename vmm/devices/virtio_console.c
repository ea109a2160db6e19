/* SPDX-License-Identifier: BSD-3-Clause */
/* "Console Device" of the OASIS virtio 1.2 standard, section 5.3. */
#include "devices/virtio_console.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "devices/iov.h"

#define QUEUE_CONTROL_IN 2U
#define QUEUE_CONTROL_OUT 3U
#define CONTROL_BYTES 8U
#define CONFIG_PORT_COUNT 4U

/*
 * What a vCPU, or a turn of the main loop, writes at most; the rest goes on in the next turn. A
 * request, and each segment of it, counts for some more bytes than it has.
 */
#define OUTPUT_BUDGET_BYTES ((size_t)64 << 10)
#define WRITE_COST_BYTES ((size_t)64)

/* Messages that a port may be owed, in the order in which they are sent. */
enum owed {
	OWED_ADD = 1,
	OWED_CONSOLE = 2,
	OWED_NAME = 4,
	OWED_OPEN = 8,
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* With two queues before the control queues, and the others after them. */
static unsigned queue_of(unsigned port)
{
	return port == 0 ? 0 : 2 * port + 2;
}

static unsigned port_of(unsigned queue)
{
	return queue < QUEUE_CONTROL_IN ? 0 : queue / 2 - 1;
}

static bool has_control(struct virtio_console *console)
{
	return virtio_mmio_has_feature(&console->mmio, VIRTIO_CONSOLE_F_MULTIPORT);
}

/* False: the owner takes no more now. */
static bool write_some(struct virtio_console_port *port, size_t *budget)
{
	while (port->segment != port->chain.out_count && *budget > 0) {
		const struct iovec *iov = &port->chain.iov[port->segment];
		size_t count = least(iov->iov_len - port->segment_at, *budget);
		size_t taken = count;

		if (port->config.write != NULL) {
			taken = port->config.write(
				port->config.ctx, (const uint8_t *)iov->iov_base + port->segment_at,
				count);
		}
		port->segment_at += taken;
		*budget -= least(*budget, taken + WRITE_COST_BYTES);
		if (taken < count) {
			return false;
		}
		if (port->segment_at == iov->iov_len) {
			port->segment++;
			port->segment_at = 0;
		}
	}
	return true;
}

static void end_request(struct virtio_console *console, unsigned n)
{
	struct virtio_console_port *port = &console->ports[n];

	port->writing = false;
	virtio_mmio_push(&console->mmio, queue_of(n) + 1, port->chain.head, 0);
}

/* The driver is asked to notify only where a queue is found empty, and here it was not. */
static void go_on_later(struct virtio_console *console)
{
	const uint64_t one = 1;

	(void)!write(console->event_fd, &one, sizeof(one));
}

/* True: some is left, for a later turn or until the owner takes more. */
static bool serve_output(struct virtio_console *console, unsigned n)
{
	struct virtio_console_port *port = &console->ports[n];
	size_t budget = OUTPUT_BUDGET_BYTES;

	while (budget > 0) {
		if (!port->writing) {
			if (!virtio_mmio_pop(&console->mmio, queue_of(n) + 1, &port->chain)) {
				return false;
			}
			port->writing = true;
			port->segment = 0;
			port->segment_at = 0;
			budget -= least(budget, WRITE_COST_BYTES);
		}
		if (!write_some(port, &budget)) {
			return true;
		}
		if (port->segment == port->chain.out_count) {
			end_request(console, n);
		}
	}
	go_on_later(console);
	return true;
}

static void put_u16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

static uint16_t get_u16(const uint8_t *from)
{
	return (uint16_t)(from[0] | from[1] << 8);
}

/* Returns how many bytes the request had room for. */
static size_t put_in(const struct virtq_chain *chain, const uint8_t *bytes, size_t count)
{
	return iov_put(chain->iov + chain->out_count, chain->in_count, 0, bytes, count);
}

/* Returns the message's length. */
static size_t make_message(const struct virtio_console *console, unsigned n, unsigned kind,
			   uint8_t message[CONTROL_BYTES + VIRTIO_CONSOLE_NAME_BYTES_MAX])
{
	const struct virtio_console_port *port = &console->ports[n];
	size_t name_len = 0;
	uint16_t event = VIRTIO_CONSOLE_PORT_ADD;
	uint16_t value = 1;

	if (kind == OWED_CONSOLE) {
		event = VIRTIO_CONSOLE_CONSOLE_PORT;
	} else if (kind == OWED_NAME) {
		event = VIRTIO_CONSOLE_PORT_NAME;
		name_len = least(strlen(port->config.name), VIRTIO_CONSOLE_NAME_BYTES_MAX);
		memcpy(message + CONTROL_BYTES, port->config.name, name_len);
	} else if (kind == OWED_OPEN) {
		event = VIRTIO_CONSOLE_PORT_OPEN;
		value = port->host_open;
	}
	put_u16(message, (uint16_t)n);
	put_u16(message + 2, 0);
	put_u16(message + 4, event);
	put_u16(message + 6, value);
	return CONTROL_BYTES + name_len;
}

/* As many messages as the guest has given buffers for; what is owed does not grow meanwhile. */
static void send_messages(struct virtio_console *console)
{
	uint8_t message[CONTROL_BYTES + VIRTIO_CONSOLE_NAME_BYTES_MAX];

	for (unsigned n = 0; n < console->port_count; n++) {
		struct virtio_console_port *port = &console->ports[n];

		while (port->owed != 0) {
			unsigned kind = port->owed & -port->owed;
			size_t length;

			if (!virtio_mmio_pop(&console->mmio, QUEUE_CONTROL_IN, &console->chain)) {
				return;
			}
			port->owed &= ~kind;
			length = make_message(console, n, kind, message);
			length = put_in(&console->chain, message, length);
			virtio_mmio_push(&console->mmio, QUEUE_CONTROL_IN, console->chain.head,
					 (uint32_t)length);
		}
	}
}

/* The driver knows of no port, and is owed nothing. */
static void forget_session(struct virtio_console *console)
{
	for (unsigned n = 0; n < console->port_count; n++) {
		struct virtio_console_port *port = &console->ports[n];

		port->guest_ready = false;
		port->guest_open = false;
		port->owed = 0;
	}
}

/* Also a second time, without a reset between. */
static void begin_session(struct virtio_console *console)
{
	forget_session(console);
	for (unsigned n = 0; n < console->port_count; n++) {
		if (n > 0 || console->ports[n].config.write != NULL) {
			console->ports[n].owed = OWED_ADD;
		}
	}
}

static void offer_room(struct virtio_console_port *port)
{
	if (port->refused && port->config.room != NULL) {
		port->refused = false;
		port->config.room(port->config.ctx);
	}
}

static void take_message(struct virtio_console *console, const uint8_t message[CONTROL_BYTES])
{
	uint32_t n = get_u16(message) | (uint32_t)get_u16(message + 2) << 16;
	uint16_t event = get_u16(message + 4);
	bool value = get_u16(message + 6) != 0;
	struct virtio_console_port *port;

	if (event == VIRTIO_CONSOLE_DEVICE_READY) {
		if (value) {
			begin_session(console);
		}
		return;
	}
	if (n >= console->port_count) {
		return;
	}
	port = &console->ports[n];
	/* After a suspend, for which it reset the device, Linux says this without DEVICE_READY. */
	if (event == VIRTIO_CONSOLE_PORT_READY && value) {
		port->guest_ready = true;
		port->owed |= (unsigned)(n == 0 ? OWED_CONSOLE : OWED_NAME) |
			      (port->host_open ? (unsigned)OWED_OPEN : 0);
	} else if (event == VIRTIO_CONSOLE_PORT_OPEN) {
		port->guest_open = value;
		if (value) {
			offer_room(port);
		}
	}
}

static void take_messages(struct virtio_console *console)
{
	const struct virtq_chain *chain = &console->chain;
	uint8_t message[CONTROL_BYTES];
	unsigned i;

	/* Bounded: while it refills the queue from another CPU, this one shall not stay here. */
	for (i = 0; i < VIRTQ_SIZE_MAX; i++) {
		if (!virtio_mmio_pop(&console->mmio, QUEUE_CONTROL_OUT, &console->chain)) {
			break;
		}
		if (iov_get(chain->iov, chain->out_count, 0, message, sizeof(message)) ==
		    sizeof(message)) {
			take_message(console, message);
		}
		virtio_mmio_push(&console->mmio, QUEUE_CONTROL_OUT, chain->head, 0);
	}
	if (i == VIRTQ_SIZE_MAX) {
		go_on_later(console);
	}
	send_messages(console);
}

static void console_notify(void *ctx, unsigned queue)
{
	struct virtio_console *console = ctx;

	(void)pthread_mutex_lock(&console->lock);
	if (queue == QUEUE_CONTROL_IN) {
		send_messages(console);
	} else if (queue == QUEUE_CONTROL_OUT) {
		take_messages(console);
	} else if (queue % 2 == 0) {
		offer_room(&console->ports[port_of(queue)]);
	} else {
		(void)serve_output(console, port_of(queue));
	}
	(void)pthread_mutex_unlock(&console->lock);
}

/* What is being written ends here: the memory may be used for something else afterwards. */
static void console_quiesce(void *ctx)
{
	struct virtio_console *console = ctx;

	(void)pthread_mutex_lock(&console->lock);
	for (unsigned n = 0; n < console->port_count; n++) {
		if (console->ports[n].writing) {
			end_request(console, n);
		}
	}
	(void)pthread_mutex_unlock(&console->lock);
}

/* What one driver was told, the next was not: it may even lack a control queue. */
static void console_reset(void *ctx)
{
	struct virtio_console *console = ctx;

	(void)pthread_mutex_lock(&console->lock);
	forget_session(console);
	(void)pthread_mutex_unlock(&console->lock);
}

static uint8_t config_read(void *ctx, uint64_t offset)
{
	const struct virtio_console *console = ctx;

	/* Columns and rows are not known, which the feature bit says. */
	return offset == CONFIG_PORT_COUNT ? (uint8_t)console->port_count : 0;
}

static const struct virtio_device_ops console_ops = {
	.config_read = config_read,
	.notify = console_notify,
	.quiesce = console_quiesce,
	.reset = console_reset,
};

static bool good_setup(const struct virtio_console_setup *setup)
{
	bool good = setup->port_count >= 1 && setup->port_count <= VIRTIO_CONSOLE_PORT_COUNT_MAX;

	for (unsigned n = 1; good && n < setup->port_count; n++) {
		good = setup->ports[n].write != NULL && setup->ports[n].name != NULL;
	}
	return good;
}

int virtio_console_init(struct virtio_console *console, const struct virtio_console_setup *setup)
{
	bool named = setup->port_count > 1;
	struct virtio_device device = {
		.ops = &console_ops,
		.ctx = console,
		.features = named ? UINT64_C(1) << VIRTIO_CONSOLE_F_MULTIPORT : 0,
		.device_id = VIRTIO_ID_CONSOLE,
		.queue_count = named ? queue_of(setup->port_count) : 2,
	};
	int ret;

	if (!good_setup(setup)) {
		return -EINVAL;
	}
	memset(console, 0, sizeof(*console));
	console->port_count = setup->port_count;
	for (unsigned n = 0; n < setup->port_count; n++) {
		console->ports[n].config = setup->ports[n];
	}
	console->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (console->event_fd < 0) {
		return -errno;
	}
	ret = -pthread_mutex_init(&console->lock, NULL);
	if (ret == 0) {
		ret = virtio_mmio_init(&console->mmio, &device, setup->ram, &setup->irq);
		if (ret != 0) {
			(void)pthread_mutex_destroy(&console->lock);
		}
	}
	if (ret != 0) {
		(void)close(console->event_fd);
	}
	return ret;
}

void virtio_console_destroy(struct virtio_console *console)
{
	virtio_mmio_destroy(&console->mmio);
	(void)pthread_mutex_destroy(&console->lock);
	(void)close(console->event_fd);
	console->event_fd = -1;
}

int virtio_console_fd(const struct virtio_console *console)
{
	return console->event_fd;
}

void virtio_console_dispatch(struct virtio_console *console)
{
	uint64_t count;

	(void)pthread_mutex_lock(&console->lock);
	(void)!read(console->event_fd, &count, sizeof(count));
	if (has_control(console)) {
		take_messages(console);
	}
	for (unsigned n = 0; n < console->port_count; n++) {
		offer_room(&console->ports[n]);
		(void)serve_output(console, n);
	}
	(void)pthread_mutex_unlock(&console->lock);
}

static size_t give_input(struct virtio_console *console, unsigned n, const uint8_t *bytes,
			 size_t count)
{
	size_t taken = 0;
	unsigned i;

	/* Bounded: the guest may give buffers of no length for ever. */
	for (i = 0; taken < count && i < VIRTQ_SIZE_MAX; i++) {
		size_t part;

		if (!virtio_mmio_pop(&console->mmio, queue_of(n), &console->chain)) {
			break;
		}
		part = put_in(&console->chain, bytes + taken, count - taken);
		taken += part;
		virtio_mmio_push(&console->mmio, queue_of(n), console->chain.head, (uint32_t)part);
	}
	if (taken < count && i == VIRTQ_SIZE_MAX) {
		go_on_later(console);
	}
	return taken;
}

size_t virtio_console_input(struct virtio_console *console, unsigned port, const uint8_t *bytes,
			    size_t count)
{
	struct virtio_console_port *to = &console->ports[port];
	size_t taken = 0;

	(void)pthread_mutex_lock(&console->lock);
	if (to->guest_open || !has_control(console)) {
		taken = give_input(console, port, bytes, count);
	}
	to->refused = taken < count;
	(void)pthread_mutex_unlock(&console->lock);
	return taken;
}

void virtio_console_writable(struct virtio_console *console, unsigned port)
{
	(void)pthread_mutex_lock(&console->lock);
	(void)serve_output(console, port);
	(void)pthread_mutex_unlock(&console->lock);
}

bool virtio_console_drain(struct virtio_console *console, unsigned port)
{
	bool left;

	(void)pthread_mutex_lock(&console->lock);
	left = serve_output(console, port);
	(void)pthread_mutex_unlock(&console->lock);
	return left;
}

void virtio_console_attach(struct virtio_console *console, unsigned port, bool attached)
{
	struct virtio_console_port *to = &console->ports[port];

	(void)pthread_mutex_lock(&console->lock);
	if (to->host_open != attached) {
		to->host_open = attached;
		/* Else the guest is told when it says that it is ready. */
		if (to->guest_ready && has_control(console)) {
			to->owed |= OWED_OPEN;
			send_messages(console);
		}
	}
	(void)pthread_mutex_unlock(&console->lock);
}
