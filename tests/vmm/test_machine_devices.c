/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that a machine has only if asked for: sockets to the host, and the balloon. */
#include "machine_rig.h"

#include <errno.h>
#include <linux/vhost.h>
#include <string.h>

#include "devices/virtio_balloon.h"
#include "fake_vhost.h"
#include "machine/board.h"

#define REG(slot, offset) (LAYOUT_VIRTIO_SLOT_BASE(slot) + (offset))
#define DEVICE_ID 0x008
#define BALLOON_TARGET 0x100
#define BALLOON_ACTUAL 0x104
#define VSOCK_CID_REG 0x100
#define CID 77
#define CALLS_MAX 200

/* The machine has them at their slots, and not unless asked for. */
static void devices_are_at_their_slots(void **state)
{
	static const struct fake_op looks[] = {
		FAKE_READ(REG(BOARD_VSOCK_SLOT, DEVICE_ID), 4),
		FAKE_READ(REG(BOARD_VSOCK_SLOT, VSOCK_CID_REG), 4),
		FAKE_READ(REG(BOARD_BALLOON_SLOT, DEVICE_ID), 4),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;
	uint64_t size_bytes;

	rig->config.vsock_cid = CID;
	rig->config.balloon = true;
	machine_rig_start(rig, looks);
	assert_true(fake_kvm_wait_reads(0, 3));
	assert_int_equal(fake_kvm_read(0, 0), 19);
	assert_int_equal(fake_kvm_read(0, 1), CID);
	assert_int_equal(fake_kvm_read(0, 2), 5);
	assert_int_equal(fake_vhost.cid, CID);
	assert_true(machine_balloon_size(rig->machine, &size_bytes));
	machine_rig_again(state);
	rig = *state;
	assert_false(fake_vhost_is_open());
	machine_rig_start(rig, looks);
	assert_true(fake_kvm_wait_reads(0, 3));
	assert_int_equal(fake_kvm_read(0, 0), 0);
	assert_int_equal(fake_kvm_read(0, 2), 0);
	assert_false(machine_balloon_size(rig->machine, &size_bytes));
	assert_false(machine_balloon_resize(rig->machine, 1));
}

/* What the guest says reaches the host as an event and as the size; the host's wish the guest. */
static void balloon_reaches_the_host(void **state)
{
	static const struct fake_op gives[] = {
		FAKE_WRITE(REG(BOARD_BALLOON_SLOT, BALLOON_ACTUAL), 4, 256),
		FAKE_GATE(0),
		FAKE_READ(REG(BOARD_BALLOON_SLOT, BALLOON_TARGET), 4),
		FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
		FAKE_IDLE,
	};
	struct machine_rig *rig = *state;
	struct virtio_balloon_stats stats;
	uint64_t size_bytes = 0;

	rig->config.balloon = true;
	machine_rig_start(rig, gives);
	assert_int_equal(machine_rig_run(rig, 2), MACHINE_RUNNING);
	assert_events(&rig->events, "STARTED cpu=0", "BALLOON_CHANGE actual=0xf00000", NULL);
	assert_true(machine_balloon_size(rig->machine, &size_bytes));
	assert_int_equal(size_bytes, MACHINE_RAM_BYTES - (UINT64_C(256) << 12));
	assert_true(machine_balloon_stats(rig->machine, &stats));
	assert_int_equal(stats.updated_s, 0);
	assert_true(machine_balloon_resize(rig->machine, MACHINE_RAM_BYTES / 2));
	fake_kvm_open(0);
	assert_true(fake_kvm_wait_reads(0, 1));
	assert_int_equal(fake_kvm_read(0, 0), MACHINE_RAM_BYTES / 2 >> 12);
}

/* A machine that can't have its sockets is not made: the reason is the device's, nothing leaks. */
static void sockets_that_fail_are_explained(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};

	rig->config.vsock_cid = CID;
	fake_vhost.open_errno = ENOENT;
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "modprobe vhost_vsock"));
	assert_false(error.bad_input);
	fake_vhost_reset();
	fake_vhost.refuse = VHOST_VSOCK_SET_GUEST_CID;
	fake_vhost.refuse_errno = EADDRINUSE;
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "--vsock 77"));
	assert_true(error.bad_input);
	assert_false(fake_vhost_is_open());
}

/* Whatever the host runs out of while they are made. */
static void no_failure_leaks(void **state)
{
	bool hit = true;

	for (unsigned nth = 1; hit; nth++) {
		struct machine_rig *rig = *state;
		struct vmm_error error = {.text = ""};
		struct machine *machine;

		assert_true(nth < CALLS_MAX);
		rig->config.vsock_cid = CID;
		rig->config.balloon = true;
		faults_arm(nth);
		machine = machine_rig_try(rig, &error);
		hit = faults_disarm();
		assert_true(machine != NULL || (hit && error.text[0] != '\0'));
		machine_destroy(machine);
		assert_false(fake_vhost_is_open());
		machine_rig_again(state);
	}
}

static int setup(void **state)
{
	fake_vhost_reset();
	return machine_rig_setup(state);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, machine_rig_teardown)
	const struct CMUnitTest tests[] = {
		T(devices_are_at_their_slots),
		T(balloon_reaches_the_host),
		T(sockets_that_fail_are_explained),
		T(no_failure_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
