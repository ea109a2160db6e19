/* SPDX-License-Identifier: BSD-3-Clause */
#include "net_rig.h"

#include <arpa/inet.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "devices/net_stream.h"

#define STEP_US 200
#define AVAIL_OFFSET 0x1000
#define USED_OFFSET 0x2000

static void take_line(void *ctx, const char *msg)
{
	struct net_rig *rig = ctx;

	(void)snprintf(rig->line, sizeof(rig->line), "%s", msg);
	(void)__atomic_add_fetch(&rig->lines, 1, __ATOMIC_SEQ_CST);
}

static void *at(struct net_rig *rig, uint64_t ipa)
{
	return guest_ram_at(&rig->driver.ram, ipa, 1);
}

void net_rig_init(struct net_rig *rig, struct net_backend *backend)
{
	struct virtio_net_setup setup = {
		.backend = backend,
		.mac = {0x02, 1, 2, 3, 4, 5},
		.log = take_line,
		.log_ctx = rig,
	};
	struct timeval limit = {.tv_sec = 10};
	struct vmm_error err;
	int ends[2];

	memset(rig, 0, sizeof(*rig));
	driver_init(&rig->driver);
	rig->peer = -1;
	if (backend == NULL) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		assert_int_equal(
			setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
		assert_int_equal(net_stream_adopt(ends[0], "peer", &setup.backend), 0);
		rig->peer = ends[1];
	}
	setup.irq = irq_probe_line(&rig->irq);
	assert_int_equal(virtio_net_init(&rig->net, &setup, &rig->driver.ram, &err), 0);
	rig->driver.mmio = &rig->net.mmio;
	rig->rx = (struct net_queue){.index = 0, .base_ipa = DRIVER_RAM_IPA};
	rig->tx = (struct net_queue){.index = 1, .base_ipa = DRIVER_RAM_IPA + 0x4000};
}

void net_rig_destroy(struct net_rig *rig)
{
	virtio_net_destroy(&rig->net);
	if (rig->peer >= 0) {
		(void)close(rig->peer);
	}
}

static void queue_start(struct net_rig *rig, struct net_queue *queue)
{
	struct driver *driver = &rig->driver;
	uint32_t ipa = (uint32_t)queue->base_ipa;

	queue->avail_at = 0;
	queue->used_at = 0;
	memset(at(rig, queue->base_ipa), 0, USED_OFFSET + 0x1000);
	driver_set(driver, VIRTIO_MMIO_QUEUE_SEL, queue->index);
	driver_set(driver, VIRTIO_MMIO_QUEUE_NUM, NET_RIG_QUEUE_SIZE);
	driver_set(driver, VIRTIO_MMIO_QUEUE_DESC_LOW, ipa);
	driver_set(driver, VIRTIO_MMIO_QUEUE_AVAIL_LOW, ipa + AVAIL_OFFSET);
	driver_set(driver, VIRTIO_MMIO_QUEUE_USED_LOW, ipa + USED_OFFSET);
	driver_set(driver, VIRTIO_MMIO_QUEUE_READY, 1);
}

void net_rig_start(struct net_rig *rig, uint64_t features)
{
	uint32_t status = driver_negotiate(&rig->driver, features | FEATURE(VIRTIO_F_VERSION_1));

	assert_int_not_equal(status & VIRTIO_CONFIG_S_FEATURES_OK, 0);
	queue_start(rig, &rig->rx);
	queue_start(rig, &rig->tx);
	driver_set(&rig->driver, VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_DRIVER_OK);
}

void net_rig_desc(struct net_rig *rig, const struct net_queue *queue, uint16_t index, uint64_t ipa,
		  uint32_t len_bytes, uint16_t flags, uint16_t next)
{
	driver_desc(&rig->driver, queue->base_ipa, index, ipa, len_bytes, flags, next);
}

void net_rig_offer(struct net_rig *rig, struct net_queue *queue, uint16_t head)
{
	uint16_t *ring = at(rig, queue->base_ipa + AVAIL_OFFSET);

	ring[2 + queue->avail_at % NET_RIG_QUEUE_SIZE] = head;
	queue->avail_at++;
	__atomic_store_n(&ring[1], queue->avail_at, __ATOMIC_SEQ_CST);
}

void net_rig_kick(struct net_rig *rig, const struct net_queue *queue)
{
	driver_set(&rig->driver, VIRTIO_MMIO_QUEUE_NOTIFY, queue->index);
}

bool net_rig_used(struct net_rig *rig, struct net_queue *queue, unsigned wait_ms, uint32_t *head,
		  uint32_t *len_bytes)
{
	uint8_t *used = at(rig, queue->base_ipa + USED_OFFSET);
	const uint16_t *index = (const uint16_t *)(void *)(used + 2);
	const uint32_t *ring = (const uint32_t *)(void *)(used + 4);

	for (unsigned i = 0; i <= wait_ms * 1000 / STEP_US; i++) {
		if (__atomic_load_n(index, __ATOMIC_SEQ_CST) != queue->used_at) {
			unsigned slot = queue->used_at++ % NET_RIG_QUEUE_SIZE;

			*head = __atomic_load_n(&ring[2 * slot], __ATOMIC_RELAXED);
			*len_bytes = __atomic_load_n(&ring[2 * slot + 1], __ATOMIC_RELAXED);
			return true;
		}
		(void)usleep(STEP_US);
	}
	return false;
}

void net_rig_give(struct net_rig *rig, uint16_t first, unsigned count, uint32_t size)
{
	for (uint16_t i = first; i < first + count; i++) {
		assert_true((i + 1) * size <= NET_RIG_BUFFERS_BYTES);
		net_rig_desc(rig, &rig->rx, i, NET_RIG_BUFFERS_IPA + (uint64_t)i * size, size,
			     VRING_DESC_F_WRITE, 0);
		net_rig_offer(rig, &rig->rx, i);
	}
	net_rig_kick(rig, &rig->rx);
}

uint8_t *net_rig_buffer(struct net_rig *rig, uint16_t index, uint32_t size)
{
	return at(rig, NET_RIG_BUFFERS_IPA + (uint64_t)index * size);
}

void net_rig_put(struct net_rig *rig, uint32_t offset, const struct virtio_net_hdr_v1 *header,
		 const uint8_t *frame, uint32_t len)
{
	uint8_t *to = at(rig, NET_RIG_FRAMES_IPA + offset);

	assert_true(offset + sizeof(*header) + len <= NET_RIG_FRAMES_BYTES);
	memcpy(to, header, sizeof(*header));
	memcpy(to + sizeof(*header), frame, len);
}

void net_rig_queue(struct net_rig *rig, uint16_t head, uint32_t offset,
		   const struct virtio_net_hdr_v1 *header, const uint8_t *frame, uint32_t len)
{
	net_rig_put(rig, offset, header, frame, len);
	net_rig_desc(rig, &rig->tx, head, NET_RIG_FRAMES_IPA + offset,
		     (uint32_t)sizeof(*header) + len, 0, 0);
	net_rig_offer(rig, &rig->tx, head);
}

void net_rig_frame(uint8_t *frame, uint32_t len, unsigned seed)
{
	for (uint32_t i = 0; i < len; i++) {
		frame[i] = (uint8_t)(i * 7 + i / 251 + seed * 31);
	}
}

static void write_all(int fd, const void *bytes, size_t count)
{
	const uint8_t *from = bytes;

	while (count > 0) {
		ssize_t sent = send(fd, from, count, MSG_NOSIGNAL);

		assert_true(sent > 0);
		from += sent;
		count -= (size_t)sent;
	}
}

static void read_all(int fd, void *bytes, size_t count)
{
	uint8_t *to = bytes;

	while (count > 0) {
		ssize_t got = recv(fd, to, count, 0);

		assert_true(got > 0);
		to += got;
		count -= (size_t)got;
	}
}

void net_rig_peer_send(struct net_rig *rig, const uint8_t *frame, uint32_t len)
{
	uint32_t length = htonl(len);

	write_all(rig->peer, &length, sizeof(length));
	write_all(rig->peer, frame, len);
}

uint32_t net_rig_peer_receive(struct net_rig *rig, uint8_t *frame, uint32_t room)
{
	uint32_t length;

	read_all(rig->peer, &length, sizeof(length));
	length = ntohl(length);
	assert_true(length <= room);
	read_all(rig->peer, frame, length);
	return length;
}

bool net_rig_link(struct net_rig *rig, bool wanted, unsigned wait_ms)
{
	for (unsigned i = 0; i <= wait_ms * 1000 / STEP_US; i++) {
		uint64_t status = virtio_mmio_ops.read(
			rig->driver.mmio, 0x100 + offsetof(struct virtio_net_config, status), 2);

		if (((status & VIRTIO_NET_S_LINK_UP) != 0) == wanted) {
			return true;
		}
		(void)usleep(STEP_US);
	}
	return false;
}
