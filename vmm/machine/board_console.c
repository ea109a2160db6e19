/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio console, and what its ports lead to: sockets, or what the PL011 leads to. */
#include <errno.h>
#include <stdlib.h>
#include "devices/char_socket.h"
#include "devices/virtio_console.h"
#include "machine/board_internal.h"
#include "platform/layout.h"
#include "platform/monotonic.h"

/*
 * How long clients may take to read the rest, at the machine's end: what the guest has queued, all
 * ports together, and then what waits in a socket.
 */
#define LAST_WORDS_MS 1000

/* What leads from a port to its socket. */
struct board_port {
	struct board_console *console;
	unsigned number;
	bool has_socket;
	struct char_socket socket;
};

struct board_console {
	struct virtio_console device;
	struct board *board;
	/* The machine ends: what the terminal does not take now it will not get. */
	bool last_words;
	struct board_port ports[VIRTIO_CONSOLE_PORT_COUNT_MAX];
};

static size_t port_write(void *ctx, const uint8_t *bytes, size_t count)
{
	struct board_port *port = ctx;

	return char_socket_write(&port->socket, bytes, count);
}

static void port_room(void *ctx)
{
	struct board_port *port = ctx;

	char_socket_room(&port->socket);
}

static size_t port_input(void *ctx, const uint8_t *bytes, size_t count)
{
	struct board_port *port = ctx;

	return virtio_console_input(&port->console->device, port->number, bytes, count);
}

static void port_writable(void *ctx)
{
	struct board_port *port = ctx;

	virtio_console_writable(&port->console->device, port->number);
}

static void port_attached(void *ctx, bool attached)
{
	struct board_port *port = ctx;

	virtio_console_attach(&port->console->device, port->number, attached);
}

static size_t terminal_write(void *ctx, const uint8_t *bytes, size_t count)
{
	const struct board_console *console = ctx;
	const struct board_config *config = &console->board->config;

	return config->console_take(config->ctx, bytes, count, console->last_words);
}

static void terminal_room(void *ctx)
{
	const struct board_console *console = ctx;

	console->board->config.console_room(console->board->config.ctx);
}

static void console_reset(void *dev)
{
	struct board_console *console = dev;

	virtio_mmio_reset(&console->device.mmio);
	console->last_words = false;
}

/* A socket whose client reads has room again and again, so the clock is what ends this. */
static void drain_port(struct board_console *console, unsigned n, int64_t deadline_ms)
{
	bool has_socket = console->ports[n].has_socket;

	while (virtio_console_drain(&console->device, n)) {
		int64_t left_ms = deadline_ms - monotonic_ms();

		if (left_ms <= 0 ||
		    (has_socket && !char_socket_flush(&console->ports[n].socket, (int)left_ms))) {
			break;
		}
	}
}

static void console_drain(void *dev)
{
	struct board_console *console = dev;
	int64_t deadline_ms = monotonic_ms() + LAST_WORDS_MS;

	console->last_words = true;
	for (unsigned n = 0; n < console->device.port_count; n++) {
		drain_port(console, n, deadline_ms);
	}
}

static void console_dispatch(void *dev)
{
	struct board_console *console = dev;

	virtio_console_dispatch(&console->device);
}

static void console_destroy(void *dev)
{
	struct board_console *console = dev;

	virtio_console_destroy(&console->device);
	free(console);
}

/* A client stays while the guest starts over. */
static void socket_reset(void *dev)
{
	(void)dev;
}

static void socket_dispatch(void *dev)
{
	char_socket_dispatch(dev);
}

static void socket_destroy(void *dev)
{
	char_socket_close(dev, LAST_WORDS_MS);
}

static bool has_console(const struct machine_console_config *config)
{
	return config->path != NULL || config->on_terminal;
}

static void describe_ports(struct board *board, struct board_console *console,
			   struct virtio_console_setup *setup)
{
	const struct machine_console_config *config = &board->config.console;

	console->board = board;
	setup->port_count = 1 + (unsigned)config->port_count;
	for (unsigned n = 0; n < setup->port_count; n++) {
		console->ports[n].console = console;
		console->ports[n].number = n;
		console->ports[n].has_socket = n > 0 || config->path != NULL;
		if (console->ports[n].has_socket) {
			setup->ports[n] = (struct virtio_console_port_config){
				.name = n > 0 ? config->ports[n - 1].name : NULL,
				.write = port_write,
				.room = port_room,
				.ctx = &console->ports[n],
			};
		}
	}
	if (config->on_terminal) {
		setup->ports[0] = (struct virtio_console_port_config){
			.write = terminal_write,
			.room = terminal_room,
			.ctx = console,
		};
	}
}

static int make_console(struct board *board, struct board_console *console)
{
	static const struct device_ops ops = {
		.reset = console_reset,
		.drain = console_drain,
		.dispatch = console_dispatch,
		.destroy = console_destroy,
	};
	struct virtio_console_setup setup = {
		.ram = &board->config.ram,
		.irq = board_wire(board, LAYOUT_VIRTIO_SLOT_INTID(BOARD_CONSOLE_SLOT)),
	};
	struct device device = {
		.name = "virtio-console",
		.ops = &ops,
		.dev = console,
		.intid = LAYOUT_VIRTIO_SLOT_INTID(BOARD_CONSOLE_SLOT),
	};
	int ret;

	describe_ports(board, console, &setup);
	ret = virtio_console_init(&console->device, &setup);
	if (ret != 0) {
		free(console);
		return ret;
	}
	device.fd = virtio_console_fd(&console->device);
	ret = board_add(board, &device);
	if (ret == 0) {
		board->console = console;
		ret = board_map_virtio(board, device.name, BOARD_CONSOLE_SLOT,
				       &console->device.mmio);
	}
	return ret;
}

static int open_socket(struct board *board, struct board_port *port, const char *option,
		       const char *path, struct vmm_error *error)
{
	static const struct device_ops ops = {
		.reset = socket_reset,
		.dispatch = socket_dispatch,
		.destroy = socket_destroy,
	};
	const struct char_socket_config config = {
		.path = path,
		.option = option,
		/* Linux waits for a console with interrupts masked. */
		.lossy = port->number == 0,
		.input = port_input,
		.writable = port_writable,
		.attached = port_attached,
		.ctx = port,
		.log = board->config.log,
		.log_ctx = board->config.ctx,
	};
	struct device device = {
		.name = "console-socket",
		.ops = &ops,
		.dev = &port->socket,
		.intid = DEVICE_NO_INTID,
	};
	int ret = char_socket_open(&port->socket, &config, error);

	if (ret == 0) {
		device.fd = char_socket_fd(&port->socket);
		ret = board_failed(board_add(board, &device), device.name, error);
	}
	return ret;
}

static int open_sockets(struct board *board, struct vmm_error *error)
{
	const struct machine_console_config *config = &board->config.console;
	struct board_port *ports = board->console->ports;
	int ret = 0;

	if (config->path != NULL) {
		ret = open_socket(board, &ports[0], "--virtio-console", config->path, error);
	}
	for (size_t n = 0; ret == 0 && n < config->port_count; n++) {
		ret = open_socket(board, &ports[n + 1], "--virtio-port", config->ports[n].path,
				  error);
	}
	return ret;
}

int board_add_console(struct board *board, struct vmm_error *error)
{
	const struct machine_console_config *config = &board->config.console;
	struct board_console *console;
	int ret;

	if (!has_console(config) && config->port_count == 0) {
		return 0;
	}
	console = calloc(1, sizeof(*console));
	ret = board_failed(console != NULL ? make_console(board, console) : -ENOMEM,
			   "virtio-console", error);
	if (ret == 0 && !board->config.look_only) {
		ret = open_sockets(board, error);
	}
	if (ret == 0 && config->on_terminal) {
		virtio_console_attach(&console->device, 0, true);
	}
	return ret;
}

void board_console_writable(struct board *board)
{
	if (board->config.console.on_terminal) {
		virtio_console_writable(&board->console->device, 0);
	}
}

size_t board_console_input(struct board *board, const uint8_t *bytes, size_t count)
{
	return board->config.console.on_terminal
		       ? virtio_console_input(&board->console->device, 0, bytes, count)
		       : pl011_rx(&board->uart, bytes, count);
}
