/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of machine/board.h about the virtio console: where it is, and what its ports lead to. */
#include "check.h"

#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fake_kvm.h"
#include "faults.h"
#include "leaks.h"
#include "machine/board_internal.h"
#include "platform/layout.h"
#include "temp_file.h"
#include "virtio_driver.h"

#define SLOT_BASE LAYOUT_VIRTIO_SLOT_BASE(BOARD_CONSOLE_SLOT)

struct fixture {
	struct temp_dir dir;
	struct driver driver;
	struct board board;
	struct machine_console_config config;
	char path[128];
	char port_path[128];
	bool made;
	char console[16];
	size_t room_left;
	unsigned rooms;
	struct leaks leaks;
};

static void on_console(void *ctx, const uint8_t *bytes, size_t count)
{
	struct fixture *f = ctx;

	(void)strncat(f->console, (const char *)bytes, count);
}

static size_t on_take(void *ctx, const uint8_t *bytes, size_t count, bool last)
{
	struct fixture *f = ctx;
	size_t taken = last || count < f->room_left ? count : f->room_left;

	f->room_left -= taken < f->room_left ? taken : f->room_left;
	on_console(ctx, bytes, taken);
	return taken;
}

static void on_room(void *ctx)
{
	((struct fixture *)ctx)->rooms++;
}

static void on_log(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static int make(struct fixture *f, struct vmm_error *error)
{
	const struct board_config config = {
		.ram = f->driver.ram,
		.console = f->config,
		.console_tx = on_console,
		.console_take = on_take,
		.console_room = on_room,
		.log = on_log,
		.ctx = f,
	};

	f->made = true;
	return board_init(&f->board, &config, error);
}

static void make_well(struct fixture *f)
{
	struct vmm_error error;

	assert_int_equal(make(f, &error), 0);
	f->driver.mmio = f->board.virtio[BOARD_CONSOLE_SLOT];
}

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.room_left = SIZE_MAX;
	*state = &f;
	fake_kvm_up();
	faults_reset();
	f.leaks = leaks_begin();
	temp_dir_make(&f.dir);
	driver_init(&f.driver);
	(void)snprintf(f.path, sizeof(f.path), "%s", temp_path(&f.dir, "console"));
	(void)snprintf(f.port_path, sizeof(f.port_path), "%s", temp_path(&f.dir, "port"));
	return 0;
}

static void end(struct fixture *f)
{
	if (f->made) {
		board_destroy(&f->board);
		f->made = false;
	}
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	end(f);
	temp_dir_remove(&f->dir);
	fake_kvm_down();
	assert_no_leaks(&f->leaks);
	return 0;
}

/* The main loop, until nothing is due. */
static void settle(struct fixture *f)
{
	for (size_t i = 0; i < f->board.device_count; i++) {
		const struct device *device = &f->board.devices[i];
		struct pollfd ready = {.fd = device->fd, .events = POLLIN};

		if (device->fd != DEVICE_NO_FD && poll(&ready, 1, 0) == 1) {
			device->ops->dispatch(device->dev);
			i = SIZE_MAX;
		}
	}
}

static int attach(struct fixture *f, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	settle(f);
	return fd;
}

/* All output queues are at the same place: a test uses one. */
static void start_output_queue(struct fixture *f, unsigned q)
{
	const uint32_t queue = (uint32_t)DRIVER_DATA_IPA + 0x1000;

	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, q);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NUM, DRIVER_QUEUE_SIZE);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_DESC_LOW, queue);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, queue + 0x400);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_USED_LOW, queue + 0x800);
	memset(guest_ram_at(&f->driver.ram, queue, 0x1000), 0, 0x1000);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

/* A driver with both of the console's queues, which gives them one buffer each. */
static void start_guest(struct fixture *f)
{
	driver_start(&f->driver, 0);
	start_output_queue(f, 1);
	driver_desc(&f->driver, DRIVER_DESC_IPA, 0, DRIVER_DATA_IPA, 16, VRING_DESC_F_WRITE, 0);
	driver_offer(&f->driver, 0);
	driver_kick(&f->driver);
}

static void guest_says(struct fixture *f, const char *text)
{
	const uint64_t queue_1 = DRIVER_DATA_IPA + 0x1000;
	uint16_t *avail = guest_ram_at(&f->driver.ram, queue_1 + 0x400, 64);

	memcpy(guest_ram_at(&f->driver.ram, DRIVER_DATA_IPA + 0x100, 16), text, strlen(text));
	driver_desc(&f->driver, queue_1, 0, DRIVER_DATA_IPA + 0x100, (uint32_t)strlen(text), 0, 0);
	avail[2 + avail[1] % DRIVER_QUEUE_SIZE] = 0;
	avail[1]++;
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
}

static void assert_guest_got(struct fixture *f, const char *text)
{
	uint32_t head;
	uint32_t written;

	assert_true(driver_wait(&f->driver, &head, &written));
	assert_int_equal(written, strlen(text));
	assert_memory_equal(guest_ram_at(&f->driver.ram, DRIVER_DATA_IPA, 16), text, strlen(text));
}

static void assert_client_got(int fd, const char *text)
{
	char bytes[32] = {0};

	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT), strlen(text));
	assert_string_equal(bytes, text);
}

static void is_there_only_when_asked_for(void **state)
{
	struct fixture *f = *state;

	make_well(f);
	assert_false(board_has_device(&f->board, BOARD_CONSOLE_SLOT));
	end(f);
	f->config.path = f->path;
	make_well(f);
	assert_true(board_has_device(&f->board, BOARD_CONSOLE_SLOT));
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 3);
	assert_string_equal(
		board_device_name(&f->board, LAYOUT_VIRTIO_SLOT_INTID(BOARD_CONSOLE_SLOT)),
		"virtio-console");
}

/* The client stays over a reset of the machine, and what it types meanwhile is not lost. */
static void socket_is_the_console(void **state)
{
	struct fixture *f = *state;
	int fd;

	f->config.path = f->path;
	make_well(f);
	fd = attach(f, f->path);
	start_guest(f);
	guest_says(f, "hello");
	assert_client_got(fd, "hello");
	assert_int_equal(write(fd, "one", 3), 3);
	settle(f);
	assert_guest_got(f, "one");
	board_reset(&f->board);
	assert_int_equal(write(fd, "two", 3), 3);
	settle(f);
	start_guest(f);
	settle(f);
	assert_guest_got(f, "two");
	/* The UART is on the terminal still, with its input. */
	assert_true(mmio_bus_write(&f->board.bus, LAYOUT_UART_BASE, 4, 'u'));
	assert_int_equal(board_console_input(&f->board, (const uint8_t *)"x", 1), 0);
	(void)close(fd);
}

static void terminal_is_the_console(void **state)
{
	struct fixture *f = *state;

	f->config.on_terminal = true;
	make_well(f);
	assert_int_equal(board_console_input(&f->board, (const uint8_t *)"early", 5), 0);
	start_guest(f);
	assert_int_equal(f->rooms, 1);
	assert_int_equal(board_console_input(&f->board, (const uint8_t *)"typed", 5), 5);
	assert_guest_got(f, "typed");
	guest_says(f, "shown");
	assert_string_equal(f->console, "shown");
}

/* What it does not take waits until there is room, or goes out at the machine's end. */
static void full_terminal_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	f->config.on_terminal = true;
	make_well(f);
	start_guest(f);
	f->room_left = 3;
	guest_says(f, "0123456789");
	assert_string_equal(f->console, "012");
	f->room_left = 3;
	board_console_writable(&f->board);
	assert_string_equal(f->console, "012345");
	assert_int_equal(board_settle(&f->board, &error), 0);
	assert_string_equal(f->console, "0123456789");
	/* And a machine that goes on has a terminal to wait for again. */
	board_reset(&f->board);
	start_guest(f);
	guest_says(f, "no");
	assert_string_equal(f->console, "0123456789");
}

#define NAMED_OUT 5
#define REQUEST_BYTES 0x20000U

/* The guest queues far more on a named port than its socket holds. */
static int flood_port(struct fixture *f)
{
	const uint64_t queue = DRIVER_DATA_IPA + 0x1000;
	uint16_t *avail = guest_ram_at(&f->driver.ram, queue + 0x400, 64);
	int fd;

	f->config.ports[0] = (struct machine_port_config){"agent", f->port_path};
	f->config.port_count = 1;
	make_well(f);
	fd = attach(f, f->port_path);
	driver_start(&f->driver, 0);
	start_output_queue(f, NAMED_OUT);
	driver_desc(&f->driver, queue, 0, DRIVER_RAM_IPA, REQUEST_BYTES, 0, 0);
	avail[1] = DRIVER_QUEUE_SIZE;
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_NOTIFY, NAMED_OUT);
	settle(f);
	return fd;
}

static void *read_all(void *arg)
{
	static char bytes[0x10000];
	const int *fd = arg;
	size_t total = 0;
	ssize_t count;

	while ((count = read(*fd, bytes, sizeof(bytes))) > 0) {
		total += (size_t)count;
	}
	return (void *)total; // NOLINT(performance-no-int-to-ptr)
}

/* A client that reads gets all that the guest had written before the machine's end. */
static void end_drains_a_port(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;
	pthread_t reader;
	void *total;
	int fd = flood_port(f);

	assert_int_equal(pthread_create(&reader, NULL, read_all, &fd), 0);
	assert_int_equal(board_settle(&f->board, &error), 0);
	end(f);
	assert_int_equal(pthread_join(reader, &total), 0);
	assert_int_equal((size_t)total, DRIVER_QUEUE_SIZE * REQUEST_BYTES);
	(void)close(fd);
}

/* One that does not read holds the end up for a moment, and no longer. */
static void end_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;
	int fd = flood_port(f);

	assert_int_equal(board_settle(&f->board, &error), 0);
	end(f);
	(void)close(fd);
}

/* Each socket is there, and gone at the end. */
static void ports_have_sockets(void **state)
{
	struct fixture *f = *state;
	int console;
	int port;

	f->config.path = f->path;
	f->config.ports[0] = (struct machine_port_config){"agent", f->port_path};
	f->config.port_count = 1;
	make_well(f);
	console = attach(f, f->path);
	port = attach(f, f->port_path);
	end(f);
	assert_int_equal(access(f->path, F_OK) | access(f->port_path, F_OK), -1);
	(void)close(console);
	(void)close(port);
}

/* Whatever fails on the way, an error is told and nothing is left. */
static void failures_leave_nothing(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;
	bool failed = true;

	f->config.path = f->path;
	f->config.ports[0] = (struct machine_port_config){"agent", f->port_path};
	f->config.port_count = 1;
	for (unsigned nth = 1; failed; nth++) {
		int ret;

		error.text[0] = '\0';
		faults_arm(nth);
		ret = make(f, &error);
		failed = faults_disarm();
		assert_true((ret != 0) == failed);
		assert_true((error.text[0] != '\0') == failed);
		end(f);
		assert_no_leaks(&f->leaks);
	}
}

static void bad_socket_is_the_users_fault(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	f->config.path = f->path;
	f->config.ports[0] = (struct machine_port_config){"agent", f->path};
	f->config.port_count = 1;
	assert_int_not_equal(make(f, &error), 0);
	assert_true(error.bad_input);
	assert_non_null(strstr(error.text, "--virtio-port"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(is_there_only_when_asked_for), T(socket_is_the_console),
		T(terminal_is_the_console),	 T(ports_have_sockets),
		T(failures_leave_nothing),	 T(bad_socket_is_the_users_fault),
		T(full_terminal_is_waited_for),	 T(end_drains_a_port),
		T(end_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
