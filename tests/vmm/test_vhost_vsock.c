/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/vhost_vsock.h and vhost.h, and what virtio_mmio.h says of lent queues. */
#include "check.h"

#include <errno.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "devices/vhost_vsock.h"
#include "fake_vhost.h"
#include "leaks.h"
#include "virtio_rings.h"

#define BIT(number) (UINT64_C(1) << (number))
#define SEQPACKET 1
#define FEATURES                                                                                   \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |                              \
	 BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(SEQPACKET))
#define RINGS 3
#define CID 42

struct fixture {
	struct leaks leaks;
	struct driver driver;
	struct vhost_vsock vsock;
	struct irq_probe irq;
	struct ring rings[RINGS];
	unsigned logged;
	char line[256];
};

static void log_line(void *ctx, const char *line)
{
	struct fixture *f = ctx;

	f->logged++;
	(void)snprintf(f->line, sizeof(f->line), "%s", line);
}

static int init(struct fixture *f, struct vmm_error *error)
{
	const struct vhost_vsock_setup config = {
		.guest_cid = CID,
		.log = log_line,
		.log_ctx = f,
		.irq = irq_probe_line(&f->irq),
	};

	return vhost_vsock_init(&f->vsock, &config, &f->driver.ram, error);
}

static struct fixture *prepare(void)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.leaks = leaks_begin();
	fake_vhost_reset();
	driver_init(&f.driver);
	f.driver.mmio = &f.vsock.mmio;
	for (unsigned i = 0; i < RINGS; i++) {
		f.rings[i] = (struct ring){
			.driver = &f.driver,
			.queue = i,
			.base_ipa = DRIVER_RAM_IPA + i * UINT64_C(0x4000),
		};
	}
	return &f;
}

static int setup(void **state)
{
	struct fixture *f = prepare();
	struct vmm_error error;

	*state = f;
	return init(f, &error);
}

static int setup_nothing(void **state)
{
	*state = prepare();
	return 0;
}

static int teardown_nothing(void **state)
{
	assert_no_leaks(&((struct fixture *)*state)->leaks);
	return 0;
}

static int teardown(void **state)
{
	vhost_vsock_destroy(&((struct fixture *)*state)->vsock);
	return teardown_nothing(state);
}

static void start(struct fixture *f)
{
	uint32_t status = driver_negotiate(&f->driver, FEATURES);

	assert_true((status & VIRTIO_CONFIG_S_FEATURES_OK) != 0);
	for (unsigned i = 0; i < RINGS; i++) {
		ring_open(&f->rings[i]);
	}
	rings_driver_ok(&f->driver);
}

static bool readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static void signal_fd(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/* What the kernel has and this device does not know is not offered. */
static void offers_what_both_know(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 19);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES), (uint32_t)FEATURES);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES), FEATURES >> 32);
	assert_int_equal(driver_get(&f->driver, 0x100), CID);
	assert_int_equal(driver_get(&f->driver, 0x104), 0);
	assert_int_equal(driver_get(&f->driver, 0x108), 0);
	assert_int_equal(fake_vhost.cid, CID);
	assert_true(fake_vhost.memory_ipa == f->driver.ram.ipa);
	assert_true(fake_vhost.memory_bytes == f->driver.ram.size_bytes);
	assert_true(fake_vhost.memory_host == (uintptr_t)f->driver.ram.host);
}

/* Nothing is the kernel's before the driver is ready, and both of its queues are then. */
static void kernel_gets_the_queues(void **state)
{
	struct fixture *f = *state;

	(void)driver_negotiate(&f->driver, FEATURES & ~BIT(SEQPACKET));
	ring_open(&f->rings[0]);
	ring_open(&f->rings[2]);
	assert_int_equal(fake_vhost.rings[0].desc, 0);
	rings_driver_ok(&f->driver);
	assert_false(fake_vhost.running);
	ring_open(&f->rings[1]);
	assert_true(fake_vhost.running);
	assert_true(fake_vhost.features == (FEATURES & ~BIT(SEQPACKET)));
	for (unsigned i = 0; i < FAKE_VHOST_RINGS; i++) {
		uint8_t *base = guest_ram_at(&f->driver.ram, f->rings[i].base_ipa, 0x3000);

		assert_int_equal(fake_vhost.rings[i].num, DRIVER_QUEUE_SIZE);
		assert_int_equal(fake_vhost.rings[i].base, 0);
		assert_true(fake_vhost.rings[i].desc == (uintptr_t)base);
		assert_true(fake_vhost.rings[i].avail == (uintptr_t)base + 0x1000);
		assert_true(fake_vhost.rings[i].used == (uintptr_t)base + 0x2000);
		/* What was queued before is looked at too. */
		assert_true(readable(fake_vhost.rings[i].kick));
	}
	assert_int_not_equal(fake_vhost.rings[0].kick, fake_vhost.rings[1].kick);
}

static void calls_interrupt_the_guest(void **state)
{
	struct fixture *f = *state;

	start(f);
	vhost_vsock_called(&f->vsock);
	assert_false(f->irq.level);
	signal_fd(fake_vhost.rings[0].call);
	assert_true(readable(f->vsock.call_fd));
	vhost_vsock_called(&f->vsock);
	assert_false(readable(f->vsock.call_fd));
	assert_true(f->irq.level);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS),
			 VIRTIO_MMIO_INT_VRING);
	driver_set(&f->driver, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
	assert_false(f->irq.level);
}

/*
 * At a reset the kernel is stopped when it has done what it was asked for, before the reset is
 * over; a call that comes late interrupts nobody; and the next driver starts at 0.
 */
static void reset_takes_the_queues_back(void **state)
{
	struct fixture *f = *state;
	int call;

	start(f);
	call = fake_vhost.rings[1].call;
	fake_vhost.rings[0].base = 5;
	vhost_vsock_reset(&f->vsock);
	assert_false(fake_vhost.running);
	assert_int_not_equal(fake_vhost.stopped_at, 0);
	/* Only the two questions where the rings are came after it. */
	assert_int_equal(fake_vhost.calls, fake_vhost.stopped_at + 2);
	signal_fd(call);
	vhost_vsock_called(&f->vsock);
	assert_false(f->irq.level);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	vhost_vsock_reset(&f->vsock);
	assert_int_equal(fake_vhost.calls, fake_vhost.stopped_at + 2);
	start(f);
	assert_true(fake_vhost.running);
	assert_int_equal(fake_vhost.rings[0].base, 0);
	assert_true(fake_vhost_is_open());
}

/* A queue that is not the kernel's stops and starts: the kernel goes on where it was. */
static void kernel_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;

	start(f);
	fake_vhost.rings[0].base = 0x1234;
	fake_vhost.rings[1].base = 7;
	signal_fd(f->vsock.call_fd);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 2);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_int_not_equal(fake_vhost.stopped_at, 0);
	assert_true(fake_vhost.running);
	assert_int_equal(fake_vhost.rings[0].base, 0x1234);
	assert_int_equal(fake_vhost.rings[1].base, 7);
	/* A call of before is not lost. */
	assert_true(f->irq.level);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, 1);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_false(fake_vhost.running);
}

/* At the machine's end what was queued is sent, and nothing starts until a reset. */
static void drained_until_a_reset(void **state)
{
	struct fixture *f = *state;

	start(f);
	vhost_vsock_drain(&f->vsock);
	assert_false(fake_vhost.running);
	assert_int_not_equal(fake_vhost.stopped_at, 0);
	rings_driver_ok(&f->driver);
	assert_false(fake_vhost.running);
	vhost_vsock_reset(&f->vsock);
	start(f);
	assert_true(fake_vhost.running);
}

/* Whatever the kernel refuses, the guest is told and the host's user reads of it once. */
static void refused_start_needs_a_reset(void **state)
{
	static const unsigned long refused[] = {
		VHOST_SET_FEATURES,	 VHOST_SET_VRING_NUM,  VHOST_SET_VRING_BASE,
		VHOST_SET_VRING_ADDR,	 VHOST_SET_VRING_CALL, VHOST_SET_VRING_KICK,
		VHOST_VSOCK_SET_RUNNING,
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		fake_vhost.refuse = refused[i];
		fake_vhost.refuse_errno = EFAULT;
		start(f);
		assert_false(fake_vhost.running);
		assert_true(driver_needs_reset(&f->driver, 0));
		fake_vhost.refuse = 0;
		start(f);
		assert_true(fake_vhost.running);
		assert_false(driver_needs_reset(&f->driver, 0));
		vhost_vsock_reset(&f->vsock);
	}
	assert_int_equal(f->logged, 1);
	assert_non_null(strstr(f->line, "Bad address"));
}

/* A kernel that does not stop loses the device: nothing else is sure to keep it off RAM. */
static void refused_stop_closes(void **state)
{
	static const unsigned long refused[] = {
		VHOST_SET_VRING_KICK,
		VHOST_VSOCK_SET_RUNNING,
		VHOST_GET_VRING_BASE,
	};
	struct fixture *f = *state;
	struct vmm_error error;

	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		start(f);
		assert_true(fake_vhost.running);
		fake_vhost.refuse = refused[i];
		fake_vhost.refuse_errno = EPERM;
		vhost_vsock_reset(&f->vsock);
		assert_false(fake_vhost_is_open());
		start(f);
		assert_true(driver_needs_reset(&f->driver, 0));
		vhost_vsock_destroy(&f->vsock);
		fake_vhost_reset();
		assert_int_equal(init(f, &error), 0);
	}
}

/* One line that names the option, and whether the fault is what the user gave. */
static void failures_are_explained(void **state)
{
	static const struct {
		int open_errno;
		unsigned long refuse;
		int refuse_errno;
		int ret;
		const char *says;
		bool bad_input;
	} cases[] = {
		{ENOENT, 0, 0, -ENOENT, "modprobe vhost_vsock", false},
		{ENODEV, 0, 0, -ENODEV, "modprobe vhost_vsock", false},
		{EACCES, 0, 0, -EACCES, "group kvm", false},
		{EMFILE, 0, 0, -EMFILE, "Too many open files", false},
		{0, VHOST_SET_OWNER, ENOMEM, -ENOMEM, "Cannot allocate memory", false},
		{0, VHOST_GET_FEATURES, EFAULT, -EFAULT, "Bad address", false},
		{0, VHOST_SET_MEM_TABLE, EFAULT, -EFAULT, "Bad address", false},
		{0, VHOST_VSOCK_SET_GUEST_CID, EADDRINUSE, -EADDRINUSE, "another machine", true},
		{0, VHOST_VSOCK_SET_GUEST_CID, EINVAL, -EINVAL, "Invalid argument", false},
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmm_error error = {.text = ""};

		fake_vhost_reset();
		fake_vhost.open_errno = cases[i].open_errno;
		fake_vhost.refuse = cases[i].refuse;
		fake_vhost.refuse_errno = cases[i].refuse_errno;
		assert_int_equal(init(f, &error), cases[i].ret);
		assert_non_null(strstr(error.text, "--vsock 42"));
		assert_non_null(strstr(error.text, cases[i].says));
		assert_int_equal(error.bad_input, cases[i].bad_input);
		assert_false(fake_vhost_is_open());
	}
}

static void old_kernel_is_refused(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error = {.text = ""};

	fake_vhost.offered &= ~BIT(VIRTIO_RING_F_EVENT_IDX);
	assert_int_equal(init(f, &error), -ENOTSUP);
	assert_non_null(strstr(error.text, "event indices"));
	/* What a guest is offered does not depend on the host. */
	fake_vhost.offered = FEATURES & ~BIT(SEQPACKET);
	assert_int_equal(init(f, &error), -ENOTSUP);
	assert_non_null(strstr(error.text, "sequential packets"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define N(test) cmocka_unit_test_setup_teardown(test, setup_nothing, teardown_nothing)
	const struct CMUnitTest tests[] = {
		T(offers_what_both_know),	T(kernel_gets_the_queues),
		T(calls_interrupt_the_guest),	T(reset_takes_the_queues_back),
		T(kernel_goes_on_where_it_was), T(drained_until_a_reset),
		T(refused_start_needs_a_reset), T(refused_stop_closes),
		N(failures_are_explained),	N(old_kernel_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
