/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine's network devices: where they are, and what happens when one cannot be made. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "faults.h"
#include "leaks.h"
#include "machine/board.h"
#include "platform/layout.h"
#include "temp_file.h"

#define RAM_BYTES (UINT64_C(4) << 20)
#define NET_SLOT 17
#define FAULTS_MAX 100

struct fixture {
	struct temp_dir dir;
	struct leaks leaks;
	struct guest_ram ram;
	struct machine_net_config nets[2];
	struct board board;
	char path[128];
	int listener;
};

static int setup(void **state)
{
	static struct fixture f;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(&f, 0, sizeof(f));
	faults_reset();
	f.leaks = leaks_begin();
	temp_dir_make(&f.dir);
	(void)snprintf(f.path, sizeof(f.path), "%s", temp_path(&f.dir, "socket"));
	memcpy(address.sun_path, f.path, strlen(f.path));
	f.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f.listener >= 0);
	assert_int_equal(bind(f.listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(f.listener, 512), 0);
	for (uint8_t n = 0; n < 2; n++) {
		f.nets[n] = (struct machine_net_config){
			.kind = MACHINE_NET_STREAM,
			.target = f.path,
			.mac = {2, 0, 0, 0, 0, n},
		};
	}
	assert_int_equal(guest_ram_map(&f.ram, RAM_BYTES), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_ram_unmap(&f->ram);
	assert_int_equal(close(f->listener), 0);
	temp_dir_remove(&f->dir);
	assert_no_leaks(&f->leaks);
	return 0;
}

static int make(struct fixture *f, size_t count, struct vmm_error *error)
{
	const struct board_config config = {.ram = f->ram, .nets = f->nets, .net_count = count};

	error->text[0] = '\0';
	return board_init(&f->board, &config, error);
}

static uint64_t get(struct fixture *f, uint64_t ipa)
{
	uint64_t value = 0;

	assert_true(mmio_bus_read(&f->board.bus, ipa, 4, &value));
	return value;
}

static void devices_are_in_their_places(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	assert_int_equal(make(f, 2, &error), 0);
	for (unsigned n = 0; n < 3; n++) {
		uint64_t base = LAYOUT_VIRTIO_SLOT_BASE(NET_SLOT + n);
		const char *name =
			board_device_name(&f->board, LAYOUT_VIRTIO_SLOT_INTID(NET_SLOT + n));

		assert_int_equal(get(f, base + 8), n < 2 ? 1 : 0);
		if (n < 2) {
			assert_string_equal(name, "virtio-net");
			assert_int_equal(get(f, base + 0x104) & 0xFFFF, n << 8);
		} else {
			assert_null(name);
		}
	}
	/* As at a reset of the machine: stopped, and set going. */
	assert_int_equal(board_settle(&f->board, &error), 0);
	board_reset(&f->board);
	board_destroy(&f->board);
}

static void backend_that_fails_is_named(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	f->nets[1].target = "/nonexistent/socket";
	assert_int_equal(make(f, 2, &error), -ENOENT);
	assert_non_null(strstr(error.text, "net stream=/nonexistent/socket"));
	assert_true(error.bad_input);
	board_destroy(&f->board);
	f->nets[1] = (struct machine_net_config){.kind = MACHINE_NET_TAP, .target = "torpor-none"};
	assert_int_equal(make(f, 2, &error), -ENODEV);
	assert_non_null(strstr(error.text, "net tap=torpor-none"));
	board_destroy(&f->board);
	f->nets[1] = (struct machine_net_config){.kind = MACHINE_NET_TAP_FD, .fd = 1000};
	assert_int_equal(make(f, 2, &error), -EBADF);
	board_destroy(&f->board);
}

/* Whatever fails on the way, it is said, and nothing is left behind; the teardown looks. */
static void every_failure_is_clean(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;
	unsigned nth = 0;
	bool failed = true;

	while (failed) {
		int ret;

		assert_true(++nth < FAULTS_MAX);
		faults_arm(nth);
		ret = make(f, 2, &error);
		failed = faults_disarm();
		assert_int_equal(failed, ret != 0);
		assert_int_equal(failed, error.text[0] != '\0');
		board_destroy(&f->board);
	}
	assert_true(nth > 8);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(devices_are_in_their_places),
		T(backend_that_fails_is_named),
		T(every_failure_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
