/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_net.h with a peer that speaks the protocol of net_stream.h. */
#include "check.h"

#include <arpa/inet.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "leaks.h"
#include "net_rig.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define MERGE FEATURE(VIRTIO_NET_F_MRG_RXBUF)
#define HEADER sizeof(struct virtio_net_hdr_v1)
#define WAIT_MS 10000
#define BUFFER 1536U
#define SEGMENTS 60

static const struct virtio_net_hdr_v1 plain;
static struct leaks before;

static int setup(void **state)
{
	static struct net_rig rig;

	before = leaks_begin();
	net_rig_init(&rig, NULL);
	net_rig_start(&rig, MERGE);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	net_rig_destroy(*state);
	assert_no_leaks(&before);
	return 0;
}

static uint64_t offered(struct net_rig *rig)
{
	driver_set(&rig->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return driver_get(&rig->driver, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void config_tells_address_and_link(void **state)
{
	struct net_rig *rig = *state;

	assert_int_equal(driver_get(&rig->driver, VIRTIO_MMIO_DEVICE_ID), 1);
	assert_int_equal(driver_get(&rig->driver, 0x100), 0x03020102);
	assert_true(net_rig_link(rig, true, 0));
	/* A stream can do no check sums, so none are promised to the driver. */
	assert_int_equal(offered(rig) & (FEATURE(VIRTIO_NET_F_CSUM) | FEATURE(VIRTIO_NET_F_MTU) |
					 FEATURE(VIRTIO_NET_F_GUEST_TSO4)),
			 0);
	assert_int_equal(offered(rig) & (MERGE | FEATURE(VIRTIO_NET_F_MAC)),
			 MERGE | FEATURE(VIRTIO_NET_F_MAC));
}

/* The next frame that the driver gets is @len bytes of @seed, in buffers of @size. */
static void assert_received(struct net_rig *rig, uint32_t size, uint32_t len, unsigned seed)
{
	static uint8_t wanted[NET_FRAME_BYTES_MAX];
	static uint8_t got[NET_FRAME_BYTES_MAX + HEADER];
	struct virtio_net_hdr_v1 header;
	uint32_t head;
	uint32_t part;
	uint32_t total = 0;
	unsigned buffers = 0;

	while (total < len + HEADER) {
		assert_true(net_rig_used(rig, &rig->rx, WAIT_MS, &head, &part));
		assert_true(part <= size && total + part <= len + HEADER);
		memcpy(got + total, net_rig_buffer(rig, (uint16_t)head, size), part);
		total += part;
		buffers++;
	}
	memcpy(&header, got, HEADER);
	assert_int_equal(header.num_buffers, buffers);
	assert_int_equal(header.flags, 0);
	assert_int_equal(header.gso_type, 0);
	net_rig_frame(wanted, len, seed);
	assert_memory_equal(got + HEADER, wanted, len);
}

static void peer_sends(struct net_rig *rig, uint32_t len, unsigned seed)
{
	static uint8_t frame[NET_FRAME_BYTES_MAX];

	net_rig_frame(frame, len, seed);
	net_rig_peer_send(rig, frame, len);
}

static void assert_peer_gets(struct net_rig *rig, uint32_t len, unsigned seed)
{
	static uint8_t wanted[NET_FRAME_BYTES_MAX];
	static uint8_t got[NET_FRAME_BYTES_MAX];

	net_rig_frame(wanted, len, seed);
	assert_int_equal(net_rig_peer_receive(rig, got, sizeof(got)), len);
	assert_memory_equal(got, wanted, len);
}

static void queue_frame(struct net_rig *rig, uint16_t head, uint32_t offset, uint32_t len,
			unsigned seed)
{
	static uint8_t frame[NET_FRAME_BYTES_MAX];

	net_rig_frame(frame, len, seed);
	net_rig_queue(rig, head, offset, &plain, frame, len);
}

static void frames_go_both_ways(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;

	net_rig_give(rig, 0, 8, BUFFER);
	for (unsigned i = 0; i < 8; i++) {
		peer_sends(rig, 60 + i * 200, i);
		assert_received(rig, BUFFER, 60 + i * 200, i);
	}
	assert_true(rig->irq.level);
	for (uint16_t i = 0; i < 8; i++) {
		queue_frame(rig, i, i * 0x800U, 60 + i * 200U, i);
	}
	net_rig_kick(rig, &rig->tx);
	for (uint16_t i = 0; i < 8; i++) {
		assert_peer_gets(rig, 60 + i * 200U, i);
		assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
		assert_int_equal(head, i);
	}
}

/* Header and frame in any segments: the framing of a request means nothing. */
static void any_framing_is_taken(void **state)
{
	struct net_rig *rig = *state;
	uint8_t frame[64];

	net_rig_frame(frame, 64, 3);
	net_rig_put(rig, 0, &plain, frame, sizeof(frame));
	net_rig_desc(rig, &rig->tx, 0, NET_RIG_FRAMES_IPA, 5, NEXT, 1);
	net_rig_desc(rig, &rig->tx, 1, NET_RIG_FRAMES_IPA + 5, 10, NEXT, 2);
	net_rig_desc(rig, &rig->tx, 2, NET_RIG_FRAMES_IPA + 15, 61, 0, 0);
	net_rig_offer(rig, &rig->tx, 0);
	net_rig_kick(rig, &rig->tx);
	assert_peer_gets(rig, 64, 3);
	net_rig_give(rig, 0, 16, 7);
	peer_sends(rig, 64, 4);
	assert_received(rig, 7, 64, 4);
}

static void long_frame_fills_several_buffers(void **state)
{
	struct net_rig *rig = *state;

	net_rig_give(rig, 0, 60, BUFFER);
	peer_sends(rig, 65534, 1);
	assert_received(rig, BUFFER, 65534, 1);
	/* One buffer to the last byte. */
	peer_sends(rig, BUFFER - HEADER, 2);
	assert_received(rig, BUFFER, BUFFER - HEADER, 2);
}

static void without_merging_a_long_frame_is_lost(void **state)
{
	struct net_rig *rig = *state;

	net_rig_start(rig, 0);
	net_rig_give(rig, 0, 4, BUFFER);
	peer_sends(rig, BUFFER, 1);
	peer_sends(rig, 100, 2);
	assert_received(rig, BUFFER, 100, 2);
}

static void frame_waits_for_buffers(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;

	peer_sends(rig, 100, 1);
	assert_false(net_rig_used(rig, &rig->rx, 20, &head, &len));
	net_rig_give(rig, 0, 1, BUFFER);
	assert_received(rig, BUFFER, 100, 1);
	net_rig_give(rig, 1, 1, BUFFER);
	peer_sends(rig, 4000, 2);
	assert_false(net_rig_used(rig, &rig->rx, 20, &head, &len));
	net_rig_give(rig, 2, 2, BUFFER);
	assert_received(rig, BUFFER, 4000, 2);
}

/* A driver that never gives enough loses that frame, not all that come after it. */
static void frame_does_not_wait_for_ever(void **state)
{
	struct net_rig *rig = *state;

	net_rig_give(rig, 0, 2, BUFFER);
	peer_sends(rig, 4000, 1);
	peer_sends(rig, 200, 2);
	assert_received(rig, BUFFER, 200, 2);
}

/* However much else there is to do. */
static void frame_does_not_wait_for_ever_under_load(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;
	bool came = false;

	net_rig_give(rig, 0, 2, BUFFER);
	peer_sends(rig, 4000, 1);
	peer_sends(rig, 200, 2);
	for (unsigned i = 0; i < WAIT_MS && !came; i++) {
		net_rig_kick(rig, &rig->tx);
		came = net_rig_used(rig, &rig->rx, 1, &head, &len);
	}
	assert_true(came);
	assert_int_equal(len, HEADER + 200);
}

static void stream_may_be_cut_anywhere(void **state)
{
	struct net_rig *rig = *state;
	uint8_t bytes[3 * 104];

	net_rig_give(rig, 0, 8, BUFFER);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t length = htonl(100);

		memcpy(bytes + i * 104U, &length, 4);
		net_rig_frame(bytes + i * 104U + 4, 100, i);
	}
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(send(rig->peer, bytes + i, 1, MSG_NOSIGNAL), 1);
		if (i % 16 == 0) {
			(void)usleep(300);
		}
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_received(rig, BUFFER, 100, i);
	}
}

/* What no Ethernet frame is, is skipped. */
static void runts_are_lost(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;

	net_rig_give(rig, 0, 4, BUFFER);
	peer_sends(rig, 0, 0);
	peer_sends(rig, 13, 0);
	peer_sends(rig, 14, 1);
	assert_received(rig, BUFFER, 14, 1);
	queue_frame(rig, 0, 0, 13, 0);
	queue_frame(rig, 1, 0x100, 14, 2);
	net_rig_kick(rig, &rig->tx);
	assert_peer_gets(rig, 14, 2);
	assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
	assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
}

/* As many segments as it takes: one notification is for all that is queued. */
static void frames_of_many_segments_all_go(void **state)
{
	struct net_rig *rig = *state;
	uint8_t frame[SEGMENTS];
	uint32_t head;
	uint32_t len;

	net_rig_frame(frame, sizeof(frame), 5);
	net_rig_put(rig, 0, &plain, frame, sizeof(frame));
	net_rig_desc(rig, &rig->tx, 0, NET_RIG_FRAMES_IPA, HEADER, NEXT, 1);
	for (unsigned i = 0; i < SEGMENTS; i++) {
		net_rig_desc(rig, &rig->tx, (uint16_t)(i + 1), NET_RIG_FRAMES_IPA + HEADER + i, 1,
			     i + 1 < SEGMENTS ? NEXT : 0, (uint16_t)(i + 2));
	}
	for (unsigned i = 0; i < 50; i++) {
		net_rig_offer(rig, &rig->tx, 0);
	}
	net_rig_kick(rig, &rig->tx);
	for (unsigned i = 0; i < 50; i++) {
		assert_peer_gets(rig, SEGMENTS, 5);
		assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
	}
}

/* A peer that does not read holds the guest's frames up; then all come, whole and in order. */
static void slow_peer_loses_nothing(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;
	unsigned done = 0;

	for (uint16_t i = 0; i < 60; i++) {
		queue_frame(rig, i, i * 0x600U, 1500, i);
	}
	/* The last one, many times over: its memory is left alone. */
	queue_frame(rig, 60, 60 * 0x600, 5000, 60);
	net_rig_kick(rig, &rig->tx);
	for (uint16_t i = 0; i < 3; i++) {
		net_rig_offer(rig, &rig->tx, 60);
	}
	net_rig_kick(rig, &rig->tx);
	for (unsigned round = 0; round < 40; round++) {
		while (net_rig_used(rig, &rig->tx, 20, &head, &len)) {
			done++;
			net_rig_offer(rig, &rig->tx, 60);
			net_rig_kick(rig, &rig->tx);
			assert_true(done < 1000);
		}
	}
	assert_true(done > 3);
	for (unsigned i = 0; i < 60; i++) {
		assert_peer_gets(rig, 1500, i);
	}
	for (unsigned i = 60; i < 60 + 4 + done; i++) {
		assert_peer_gets(rig, 5000, 60);
	}
}

static uint64_t cpu_time_ns(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Nothing spins in the next 200 ms. */
static void assert_idle(void)
{
	uint64_t begin = cpu_time_ns();

	(void)usleep(200000);
	assert_true(cpu_time_ns() - begin < 50000000);
}

/* The driver is told, the host's user too, and what is sent into the void comes back. */
static void assert_link_is_lost(struct net_rig *rig, const char *why)
{
	uint32_t head;
	uint32_t len;

	assert_true(net_rig_link(rig, false, WAIT_MS));
	assert_idle();
	assert_int_not_equal(driver_get(&rig->driver, VIRTIO_MMIO_CONFIG_GENERATION), 0);
	assert_int_not_equal(
		driver_get(&rig->driver, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG, 0);
	assert_int_equal(__atomic_load_n(&rig->lines, __ATOMIC_SEQ_CST), 1);
	assert_non_null(strstr(rig->line, why));
	queue_frame(rig, 0, 0, 100, 0);
	net_rig_kick(rig, &rig->tx);
	assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
	assert_idle();
}

static void end_of_peer_takes_the_link_down(void **state)
{
	struct net_rig *rig = *state;

	net_rig_give(rig, 0, 4, BUFFER);
	peer_sends(rig, 300, 1);
	peer_sends(rig, 300, 2);
	assert_int_equal(shutdown(rig->peer, SHUT_RDWR), 0);
	assert_received(rig, BUFFER, 300, 1);
	assert_received(rig, BUFFER, 300, 2);
	assert_link_is_lost(rig, "net peer: its other end is gone");
}

/* Also one that ends while the driver takes nothing. */
static void end_of_peer_is_seen_without_buffers(void **state)
{
	struct net_rig *rig = *state;

	peer_sends(rig, 300, 1);
	assert_int_equal(shutdown(rig->peer, SHUT_RDWR), 0);
	assert_link_is_lost(rig, "net peer: its other end is gone");
}

static void senseless_length_takes_the_link_down(void **state)
{
	struct net_rig *rig = *state;
	uint32_t length = htonl(NET_FRAME_BYTES_MAX + 1);

	net_rig_give(rig, 0, 4, BUFFER);
	peer_sends(rig, 300, 1);
	assert_int_equal(send(rig->peer, &length, sizeof(length), MSG_NOSIGNAL), sizeof(length));
	assert_received(rig, BUFFER, 300, 1);
	assert_link_is_lost(rig, "got a length that no frame has");
}

/* A device that has nothing to do does nothing, whatever waits in its backend. */
static void unwanted_frames_cost_nothing(void **state)
{
	struct net_rig *rig = *state;

	driver_set(&rig->driver, VIRTIO_MMIO_STATUS, 0);
	peer_sends(rig, 300, 1);
	assert_idle();
	net_rig_start(rig, MERGE);
	assert_idle();
	net_rig_give(rig, 0, 4, BUFFER);
	assert_received(rig, BUFFER, 300, 1);
	assert_idle();
}

/* Buffers that the device had taken ahead are the driver's again when their queue is stopped. */
static void stopped_queue_lets_buffers_go(void **state)
{
	struct net_rig *rig = *state;
	uint8_t *buffers = net_rig_buffer(rig, 0, BUFFER);
	uint32_t head;
	uint32_t len;

	net_rig_give(rig, 0, 4, BUFFER);
	peer_sends(rig, 300, 1);
	assert_received(rig, BUFFER, 300, 1);
	driver_set(&rig->driver, VIRTIO_MMIO_QUEUE_SEL, 0);
	driver_set(&rig->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	memset(buffers, 0x99, NET_RIG_BUFFERS_BYTES);
	peer_sends(rig, 400, 2);
	queue_frame(rig, 0, 0, 100, 3);
	net_rig_kick(rig, &rig->tx);
	assert_peer_gets(rig, 100, 3);
	(void)usleep(20000);
	assert_int_equal(buffers[0], 0x99);
	assert_int_equal(memcmp(buffers, buffers + 1, NET_RIG_BUFFERS_BYTES - 1), 0);
	net_rig_start(rig, MERGE);
	net_rig_give(rig, 8, 1, BUFFER);
	assert_true(net_rig_used(rig, &rig->rx, WAIT_MS, &head, &len));
	assert_int_equal(head, 8);
	assert_int_equal(len, 400 + HEADER);
}

/* Requests that are no frames, and buffers that nothing may be written to. */
static void malformed_requests_need_a_reset(void **state)
{
	struct net_rig *rig = *state;

	for (unsigned i = 0; i < 4; i++) {
		struct net_queue *queue = i < 2 ? &rig->tx : &rig->rx;

		if (i == 0) {
			net_rig_desc(rig, queue, 0, NET_RIG_FRAMES_IPA, 100, WRITE, 0);
		} else if (i == 1) {
			net_rig_desc(rig, queue, 0, NET_RIG_FRAMES_IPA, HEADER - 1, 0, 0);
		} else if (i == 2) {
			net_rig_desc(rig, queue, 0, NET_RIG_FRAMES_IPA, 2000, 0, 0);
		} else {
			net_rig_desc(rig, queue, 0, NET_RIG_FRAMES_IPA, 20, NEXT, 1);
			net_rig_desc(rig, queue, 1, NET_RIG_FRAMES_IPA, 2000, WRITE, 0);
		}
		net_rig_offer(rig, queue, 0);
		net_rig_kick(rig, queue);
		assert_true(driver_needs_reset(&rig->driver, WAIT_MS));
		assert_idle();
		net_rig_start(rig, MERGE);
	}
	frames_go_both_ways(state);
}

/* The longest chain there is; and a header that ends with the request: an empty frame. */
static void extreme_requests(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;

	net_rig_desc(rig, &rig->tx, 0, NET_RIG_FRAMES_IPA, HEADER, 0, 0);
	net_rig_offer(rig, &rig->tx, 0);
	net_rig_kick(rig, &rig->tx);
	assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
	for (uint16_t i = 0; i < NET_RIG_QUEUE_SIZE; i++) {
		bool last = i == NET_RIG_QUEUE_SIZE - 1;

		/* 64 times 96 KiB: longer than any frame. */
		net_rig_desc(rig, &rig->tx, i, NET_RIG_FRAMES_IPA, NET_RIG_FRAMES_BYTES,
			     last ? 0 : NEXT, (uint16_t)(i + 1));
	}
	net_rig_offer(rig, &rig->tx, 0);
	net_rig_kick(rig, &rig->tx);
	assert_true(net_rig_used(rig, &rig->tx, WAIT_MS, &head, &len));
	assert_false(driver_needs_reset(&rig->driver, 0));
	frames_go_both_ways(state);
}

/* What is queued goes out, even unnotified; then nothing moves until the device is resumed. */
static void drain_sends_then_stops(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;

	net_rig_give(rig, 0, 4, BUFFER);
	queue_frame(rig, 0, 0, 100, 1);
	virtio_net_drain(&rig->net);
	assert_true(net_rig_used(rig, &rig->tx, 0, &head, &len));
	assert_peer_gets(rig, 100, 1);
	queue_frame(rig, 1, 0x100, 100, 2);
	net_rig_kick(rig, &rig->tx);
	peer_sends(rig, 200, 3);
	virtio_net_drain(&rig->net);
	assert_false(net_rig_used(rig, &rig->tx, 20, &head, &len));
	assert_false(net_rig_used(rig, &rig->rx, 20, &head, &len));
	assert_idle();
	virtio_net_resume(&rig->net);
	assert_peer_gets(rig, 100, 2);
	assert_received(rig, BUFFER, 200, 3);
}

/* A peer that takes nothing does not hold the end of the machine up. */
static void drain_does_not_wait_for_the_peer(void **state)
{
	struct net_rig *rig = *state;
	uint32_t head;
	uint32_t len;

	queue_frame(rig, 0, 0, 60000, 1);
	for (unsigned i = 0; i < 60; i++) {
		net_rig_offer(rig, &rig->tx, 0);
	}
	net_rig_kick(rig, &rig->tx);
	virtio_net_drain(&rig->net);
	while (net_rig_used(rig, &rig->tx, 0, &head, &len)) {
	}
	assert_true(rig->tx.used_at < 60);
	virtio_net_resume(&rig->net);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(config_tells_address_and_link),
		T(frames_go_both_ways),
		T(any_framing_is_taken),
		T(long_frame_fills_several_buffers),
		T(without_merging_a_long_frame_is_lost),
		T(frame_waits_for_buffers),
		T(frame_does_not_wait_for_ever),
		T(frame_does_not_wait_for_ever_under_load),
		T(stream_may_be_cut_anywhere),
		T(runts_are_lost),
		T(frames_of_many_segments_all_go),
		T(slow_peer_loses_nothing),
		T(end_of_peer_takes_the_link_down),
		T(end_of_peer_is_seen_without_buffers),
		T(senseless_length_takes_the_link_down),
		T(unwanted_frames_cost_nothing),
		T(stopped_queue_lets_buffers_go),
		T(malformed_requests_need_a_reset),
		T(extreme_requests),
		T(drain_sends_then_stops),
		T(drain_does_not_wait_for_the_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
