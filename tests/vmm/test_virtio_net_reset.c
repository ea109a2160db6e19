/* SPDX-License-Identifier: BSD-3-Clause */
/* A network device that is reset, or ended, while frames come and go. */
#include "check.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leaks.h"
#include "net_rig.h"

#define BUFFER 1536U
#define ROUNDS 200

/* The peer sends all it can, and takes all there is. */
struct peer {
	pthread_t thread;
	int fd;
	bool ending;
};

static void *peer_main(void *arg)
{
	struct peer *peer = arg;
	uint8_t frame[4 + 1000] = {0, 0, 1000 >> 8, 1000 & 0xFF};
	size_t at = 0;

	memset(frame + 4, 0x11, 1000);
	while (!__atomic_load_n(&peer->ending, __ATOMIC_SEQ_CST)) {
		uint8_t sink[4096];
		struct pollfd fds = {.fd = peer->fd, .events = POLLIN | POLLOUT};
		ssize_t sent;

		(void)poll(&fds, 1, 100);
		(void)!recv(peer->fd, sink, sizeof(sink), MSG_DONTWAIT);
		sent = send(peer->fd, frame + at, sizeof(frame) - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		at = sent > 0 ? (at + (size_t)sent) % sizeof(frame) : at;
	}
	return NULL;
}

static void peer_start(struct peer *peer, int fd)
{
	*peer = (struct peer){.fd = fd};
	assert_int_equal(pthread_create(&peer->thread, NULL, peer_main, peer), 0);
}

static void peer_end(struct peer *peer)
{
	__atomic_store_n(&peer->ending, true, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_join(peer->thread, NULL), 0);
}

static void queue_many(struct net_rig *rig)
{
	static const struct virtio_net_hdr_v1 header;
	uint8_t frame[1000];

	net_rig_frame(frame, sizeof(frame), 7);
	net_rig_give(rig, 0, 60, BUFFER);
	for (uint16_t i = 0; i < 60; i++) {
		net_rig_queue(rig, i, i * 0x400U, &header, frame, sizeof(frame));
	}
	net_rig_kick(rig, &rig->tx);
}

/* Once a reset is done, buffers are the driver's memory again: nothing writes to them. */
static void reset_under_traffic(void **state)
{
	static struct net_rig rig;
	struct leaks before = leaks_begin();
	struct peer peer;
	unsigned received = 0;

	(void)state;
	net_rig_init(&rig, NULL);
	peer_start(&peer, rig.peer);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t *buffers = net_rig_buffer(&rig, 0, BUFFER);
		uint32_t head;
		uint32_t len;

		net_rig_start(&rig, (i & 1) != 0 ? FEATURE(VIRTIO_NET_F_MRG_RXBUF) : 0);
		queue_many(&rig);
		(void)usleep(i % 50 * 20);
		while (net_rig_used(&rig, &rig.rx, 0, &head, &len)) {
			received++;
		}
		if (i % 3 == 0) {
			/* One queue alone; the other goes on. */
			driver_set(&rig.driver, VIRTIO_MMIO_QUEUE_SEL, 0);
			driver_set(&rig.driver, VIRTIO_MMIO_QUEUE_READY, 0);
		} else {
			driver_set(&rig.driver, VIRTIO_MMIO_STATUS, 0);
		}
		memset(buffers, 0x99, NET_RIG_BUFFERS_BYTES);
		(void)usleep(100);
		for (unsigned j = 0; j < NET_RIG_BUFFERS_BYTES; j++) {
			if (buffers[j] != 0x99) {
				fail_msg("round %u, byte %u", i, j);
			}
		}
	}
	assert_true(received > ROUNDS);
	peer_end(&peer);
	net_rig_destroy(&rig);
	assert_no_leaks(&before);
}

/* Stopped for a while, and set going again, as at a reset of the machine. */
static void drain_under_traffic(void **state)
{
	static struct net_rig rig;
	struct peer peer;

	(void)state;
	net_rig_init(&rig, NULL);
	peer_start(&peer, rig.peer);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t *buffers = net_rig_buffer(&rig, 0, BUFFER);

		net_rig_start(&rig, FEATURE(VIRTIO_NET_F_MRG_RXBUF));
		queue_many(&rig);
		(void)usleep(i % 50 * 20);
		virtio_net_drain(&rig.net);
		memset(buffers, 0x99, NET_RIG_BUFFERS_BYTES);
		(void)usleep(100);
		assert_int_equal(buffers[0], 0x99);
		assert_int_equal(memcmp(buffers, buffers + 1, NET_RIG_BUFFERS_BYTES - 1), 0);
		virtio_mmio_reset(&rig.net.mmio);
		virtio_net_resume(&rig.net);
	}
	peer_end(&peer);
	net_rig_destroy(&rig);
}

/* The peer is lost in the middle of it, and the device is ended in the middle of it. */
static void ends_under_traffic(void **state)
{
	static struct net_rig rig;
	struct leaks before = leaks_begin();

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct peer peer;

		net_rig_init(&rig, NULL);
		peer_start(&peer, rig.peer);
		net_rig_start(&rig, FEATURE(VIRTIO_NET_F_MRG_RXBUF));
		queue_many(&rig);
		(void)usleep(i * 20);
		if ((i & 1) != 0) {
			(void)shutdown(rig.peer, SHUT_RDWR);
			assert_true(net_rig_link(&rig, false, 10000));
		}
		peer_end(&peer);
		net_rig_destroy(&rig);
	}
	assert_no_leaks(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_under_traffic),
		cmocka_unit_test(drain_under_traffic),
		cmocka_unit_test(ends_under_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
