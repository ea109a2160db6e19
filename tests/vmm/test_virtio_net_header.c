/* SPDX-License-Identifier: BSD-3-Clause */
/* What devices/virtio_net_tx.h and virtio_net_rx.h do with the header before a frame. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "devices/iov.h"
#include "net_rig.h"

#define HEADER sizeof(struct virtio_net_hdr_v1)
#define WAIT_MS 10000
#define BUFFER 2048U
#define CSUM FEATURE(VIRTIO_NET_F_CSUM)
#define TSO4 FEATURE(VIRTIO_NET_F_HOST_TSO4)
#define TSO6 FEATURE(VIRTIO_NET_F_HOST_TSO6)
#define ECN FEATURE(VIRTIO_NET_F_HOST_ECN)
#define GUEST_CSUM FEATURE(VIRTIO_NET_F_GUEST_CSUM)
#define GUEST_TSO4 FEATURE(VIRTIO_NET_F_GUEST_TSO4)
#define GUEST_TSO6 FEATURE(VIRTIO_NET_F_GUEST_TSO6)
#define NEEDS_CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define V4 VIRTIO_NET_HDR_GSO_TCPV4
#define V6 VIRTIO_NET_HDR_GSO_TCPV6

/**
 * struct recorder - a backend that can do all, and keeps what it is given
 * @backend:  what the device sees
 * @sent:     frames so far
 * @header:   of the last one
 * @len:      its length
 * @features: what it was told
 * @give:     a frame with its header to be received, and how long; 0: none
 */
struct recorder {
	struct net_backend backend;
	unsigned sent;
	struct virtio_net_hdr_v1 header;
	size_t len;
	uint64_t features;
	uint8_t give[256];
	size_t give_len;
};

struct fixture {
	struct net_rig rig;
	struct recorder recorder;
};

static int record_send(void *ctx, struct net_frame *frames, unsigned count)
{
	struct recorder *recorder = ctx;

	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(iov_bytes(frames[i].iov + 1, frames[i].iov_count - 1),
				 frames[i].len_bytes);
		recorder->header = frames[i].prefix.header;
		recorder->len = frames[i].len_bytes;
		recorder->sent++;
	}
	return (int)count;
}

static ssize_t record_receive(void *ctx, struct iovec *iov, unsigned count)
{
	struct recorder *recorder = ctx;
	size_t len = __atomic_load_n(&recorder->give_len, __ATOMIC_SEQ_CST);
	uint64_t counted;

	(void)!read(recorder->backend.fd, &counted, sizeof(counted));
	if (len == 0) {
		return -EAGAIN;
	}
	(void)iov_put(iov, count, 0, recorder->give, len);
	__atomic_store_n(&recorder->give_len, 0, __ATOMIC_SEQ_CST);
	return (ssize_t)len;
}

static void record_drop(void *ctx)
{
	(void)ctx;
}

static void record_features(void *ctx, uint64_t features)
{
	((struct recorder *)ctx)->features = features;
}

static void record_destroy(void *ctx)
{
	(void)close(((struct recorder *)ctx)->backend.fd);
}

static const struct net_backend_ops record_ops = {
	.send = record_send,
	.receive = record_receive,
	.drop = record_drop,
	.features = record_features,
	.destroy = record_destroy,
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f.recorder, 0, sizeof(f.recorder));
	f.recorder.backend = (struct net_backend){
		.ops = &record_ops,
		.ctx = &f.recorder,
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.offers = CSUM | TSO4 | TSO6 | ECN | GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6,
		.name = "recorder",
	};
	net_rig_init(&f.rig, &f.recorder.backend);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	net_rig_destroy(&((struct fixture *)*state)->rig);
	return 0;
}

/* A frame of 100 bytes with @header; true if it was sent, and the device is content anyway. */
static bool goes_out(struct fixture *f, const struct virtio_net_hdr_v1 *header)
{
	unsigned before = f->recorder.sent;
	uint8_t frame[100] = {0};
	uint32_t head;
	uint32_t len;

	net_rig_queue(&f->rig, 0, 0, header, frame, sizeof(frame));
	net_rig_kick(&f->rig, &f->rig.tx);
	assert_true(net_rig_used(&f->rig, &f->rig.tx, WAIT_MS, &head, &len));
	assert_int_equal(len, 0);
	assert_false(driver_needs_reset(&f->rig.driver, 0));
	return f->recorder.sent != before;
}

/* The host is asked only for what was negotiated, and never about bytes outside the frame. */
static void header_is_checked(void **state)
{
	static const struct {
		uint64_t features;
		struct virtio_net_hdr_v1 header;
		bool good;
	} rows[] = {
		{0, {0}, true},
		{0, {.flags = NEEDS_CSUM, .csum_start = 34, .csum_offset = 16}, false},
		{CSUM, {.flags = NEEDS_CSUM, .csum_start = 34, .csum_offset = 16}, true},
		{CSUM, {.flags = NEEDS_CSUM, .csum_start = 82, .csum_offset = 16}, true},
		{CSUM, {.flags = NEEDS_CSUM, .csum_start = 83, .csum_offset = 16}, false},
		{CSUM, {.flags = NEEDS_CSUM, .csum_start = 0xFFFF, .csum_offset = 0xFFFF}, false},
		/* Without the flag the two mean nothing. */
		{CSUM, {.csum_start = 0xFFFF, .csum_offset = 0xFFFF}, true},
		{CSUM, {.flags = NEEDS_CSUM, .gso_type = V4, .gso_size = 10}, false},
		{CSUM | TSO4, {.flags = NEEDS_CSUM, .gso_type = V4, .gso_size = 10}, true},
		{CSUM | TSO4, {.gso_type = V4, .gso_size = 10}, false},
		{CSUM | TSO4, {.flags = NEEDS_CSUM, .gso_type = V4}, false},
		{CSUM | TSO4, {.flags = NEEDS_CSUM, .gso_type = V6, .gso_size = 10}, false},
		{CSUM | TSO6, {.flags = NEEDS_CSUM, .gso_type = V6, .gso_size = 10}, true},
		{CSUM | TSO4,
		 {.flags = NEEDS_CSUM, .gso_type = V4, .gso_size = 10, .hdr_len = 100},
		 true},
		{CSUM | TSO4,
		 {.flags = NEEDS_CSUM, .gso_type = V4, .gso_size = 10, .hdr_len = 101},
		 false},
		{CSUM | TSO4,
		 {.flags = NEEDS_CSUM, .gso_type = V4 | VIRTIO_NET_HDR_GSO_ECN, .gso_size = 10},
		 false},
		{CSUM | TSO4 | ECN,
		 {.flags = NEEDS_CSUM, .gso_type = V4 | VIRTIO_NET_HDR_GSO_ECN, .gso_size = 10},
		 true},
		{CSUM | TSO4 | ECN, {.gso_type = VIRTIO_NET_HDR_GSO_ECN}, false},
		{CSUM | TSO4, {.flags = NEEDS_CSUM, .gso_type = 3, .gso_size = 10}, false},
		{CSUM | TSO4, {.flags = NEEDS_CSUM, .gso_type = 0x7F, .gso_size = 10}, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		net_rig_start(&f->rig, rows[i].features);
		if (goes_out(f, &rows[i].header) != rows[i].good) {
			fail_msg("row %zu", i);
		}
		assert_int_equal(f->recorder.features & ~FEATURE(32), rows[i].features);
	}
}

/* Bits that mean nothing on this way, and the count that the device fills in, are not passed on. */
static void what_means_nothing_is_cleared(void **state)
{
	const struct virtio_net_hdr_v1 header = {.flags = 0xFE, .num_buffers = 0x1234};
	struct fixture *f = *state;

	net_rig_start(&f->rig, CSUM);
	assert_true(goes_out(f, &header));
	assert_int_equal(f->recorder.header.flags, 0);
	assert_int_equal(f->recorder.header.num_buffers, 0);
	assert_int_equal(f->recorder.len, 100);
}

/* A bad frame among good ones is lost alone. */
static void bad_frame_does_not_hold_up_others(void **state)
{
	const struct virtio_net_hdr_v1 bad = {.gso_type = V4};
	const struct virtio_net_hdr_v1 good = {0};
	struct fixture *f = *state;
	uint8_t frame[100] = {0};
	uint32_t head;
	uint32_t len;

	net_rig_start(&f->rig, CSUM | TSO4);
	for (uint16_t i = 0; i < 9; i++) {
		net_rig_queue(&f->rig, i, i * 0x100U, i % 3 == 1 ? &bad : &good, frame, 100);
	}
	net_rig_kick(&f->rig, &f->rig.tx);
	for (uint16_t i = 0; i < 9; i++) {
		assert_true(net_rig_used(&f->rig, &f->rig.tx, WAIT_MS, &head, &len));
		assert_int_equal(head, i);
	}
	assert_int_equal(f->recorder.sent, 6);
}

/* Random headers and chains: some go out, none upsets the device. */
static void random_requests_are_harmless(void **state)
{
	struct fixture *f = *state;
	unsigned seed = 1;

	for (unsigned round = 0; round < 3000; round++) {
		uint8_t *bytes = f->rig.driver.bytes + (NET_RIG_FRAMES_IPA - DRIVER_RAM_IPA);
		uint16_t segments = (uint16_t)(1 + rand_r(&seed) % 4);
		uint32_t head;
		uint32_t len;

		if (round % 100 == 0 || driver_needs_reset(&f->rig.driver, 0)) {
			net_rig_start(&f->rig, CSUM | TSO4 | ECN);
		}
		for (unsigned i = 0; i < 64; i++) {
			bytes[i] = (uint8_t)(rand_r(&seed) % 4 == 0 ? rand_r(&seed) : i < 1);
		}
		for (uint16_t i = 0; i < segments; i++) {
			net_rig_desc(&f->rig, &f->rig.tx, i,
				     NET_RIG_FRAMES_IPA + (unsigned)rand_r(&seed) % 16,
				     (unsigned)rand_r(&seed) % 40,
				     i + 1 < segments ? VRING_DESC_F_NEXT : 0, (uint16_t)(i + 1));
		}
		net_rig_offer(&f->rig, &f->rig.tx, 0);
		net_rig_kick(&f->rig, &f->rig.tx);
		while (!net_rig_used(&f->rig, &f->rig.tx, 0, &head, &len)) {
			if (driver_needs_reset(&f->rig.driver, 0)) {
				break;
			}
		}
	}
	assert_true(f->recorder.sent > 100);
}

static void host_gives(struct fixture *f, const struct virtio_net_hdr_v1 *header)
{
	const uint64_t one = 1;

	memcpy(f->recorder.give, header, HEADER);
	__atomic_store_n(&f->recorder.give_len, HEADER + 100, __ATOMIC_SEQ_CST);
	assert_int_equal(write(f->recorder.backend.fd, &one, sizeof(one)), sizeof(one));
}

/* A frame that the host queued for a driver with other features is not passed to this one. */
static void driver_gets_what_it_understands(void **state)
{
	static const struct {
		uint64_t features;
		struct virtio_net_hdr_v1 header;
		bool good;
	} rows[] = {
		{0, {0}, true},
		{0, {.flags = VIRTIO_NET_HDR_F_DATA_VALID}, true},
		{0, {.flags = NEEDS_CSUM}, false},
		{GUEST_CSUM, {.flags = NEEDS_CSUM}, true},
		{GUEST_CSUM, {.flags = NEEDS_CSUM, .gso_type = V4}, false},
		{GUEST_CSUM | GUEST_TSO4, {.flags = NEEDS_CSUM, .gso_type = V4}, true},
		{GUEST_CSUM | GUEST_TSO4, {.flags = NEEDS_CSUM, .gso_type = V6}, false},
		{GUEST_CSUM | GUEST_TSO6, {.flags = NEEDS_CSUM, .gso_type = V6}, true},
		{GUEST_CSUM | GUEST_TSO4, {.gso_type = 3}, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t head;
		uint32_t len;

		net_rig_start(&f->rig, rows[i].features);
		net_rig_give(&f->rig, 0, 2, BUFFER);
		host_gives(f, &rows[i].header);
		if (net_rig_used(&f->rig, &f->rig.rx, rows[i].good ? WAIT_MS : 20, &head, &len) !=
		    rows[i].good) {
			fail_msg("row %zu", i);
		}
		if (rows[i].good) {
			/* The device counts the buffers, without merging too. */
			assert_int_equal(((struct virtio_net_hdr_v1 *)(void *)net_rig_buffer(
						  &f->rig, 0, BUFFER))
						 ->num_buffers,
					 1);
		}
	}
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(header_is_checked),
		T(what_means_nothing_is_cleared),
		T(bad_frame_does_not_hold_up_others),
		T(random_requests_are_harmless),
		T(driver_gets_what_it_understands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
