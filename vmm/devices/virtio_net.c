/* SPDX-License-Identifier: BSD-3-Clause */
/* "Network Device" of the OASIS virtio 1.2 standard, section 5.1. */
#include "devices/virtio_net.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_ids.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "platform/monotonic.h"
#include "platform/thread.h"

#define FEATURE(bit) (UINT64_C(1) << (bit))
#define QUEUE_COUNT 2
#define LOG_LINES 10
#define NS_PER_MS UINT64_C(1000000)
#define REVIVE_NS (1000 * NS_PER_MS)
/* A driver that gives too few buffers for a frame, and no more, shall not have it block others. */
#define WAIT_FOR_BUFFERS_NS (100 * NS_PER_MS)

/* What the I/O thread waits for. */
enum {
	WAKE,
	RX_EVENT,
	TX_EVENT,
	BACKEND,
	POLL_COUNT,
};

/* To the host's user a limited number of times: a peer can come and go as often as it likes. */
static void log_line(struct virtio_net *net, const char *what)
{
	char line[256];

	if (net->setup.log == NULL || net->log_left == 0) {
		return;
	}
	net->log_left--;
	(void)snprintf(line, sizeof(line), "net %s: %s%s", net->setup.backend->name, what,
		       net->log_left == 0 ? "; further changes are not logged" : "");
	net->setup.log(net->setup.log_ctx, line);
}

static void set_link(struct virtio_net *net, bool up)
{
	__atomic_store_n(&net->link_up, up, __ATOMIC_SEQ_CST);
	virtio_mmio_config_changed(&net->mmio);
}

/* The backend has come to its end. */
static void lose_backend(struct virtio_net *net, int error)
{
	const char *why = error == ECONNRESET || error == EPIPE ? "its other end is gone"
			  : error == EPROTO			? "got a length that no frame has"
								: strerror(error);
	char what[160];

	(void)snprintf(what, sizeof(what), "%s: the guest's link is down%s", why,
		       net->setup.backend->ops->revive != NULL ? " until it is there again" : "");
	net->tx.blocked = false;
	virtio_net_rx_stop_waiting(&net->rx);
	net->revive_ns = monotonic_ns() + REVIVE_NS;
	/* What it did not take is lost now: a driver whose queue is full does not notify. */
	net->again = true;
	set_link(net, false);
	log_line(net, what);
}

static void try_revive(struct virtio_net *net)
{
	const struct net_backend *backend = net->setup.backend;

	net->revive_ns = monotonic_ns() + REVIVE_NS;
	if (backend->ops->revive(backend->ctx) == 0) {
		net->negotiated = false;
		net->again = true;
		set_link(net, true);
		log_line(net, "is there again: the guest's link is up");
	}
}

/* Each start of the driver may be another driver. */
static bool negotiate(struct virtio_net *net)
{
	const struct net_backend *backend = net->setup.backend;
	uint64_t features;

	if (net->negotiated) {
		return true;
	}
	if (!virtio_mmio_driver_is_up(&net->mmio, &features)) {
		return false;
	}
	net->rx.features = features;
	net->tx.features = features;
	backend->ops->features(backend->ctx, features);
	net->negotiated = true;
	return true;
}

static int receive(struct virtio_net *net, bool hung)
{
	bool more = false;
	int ret = virtio_net_rx_serve(&net->rx, net->setup.backend, &more);

	/* A backend may say once that there is nothing without having looked. */
	if (ret == 0 && hung && !more) {
		ret = virtio_net_rx_serve(&net->rx, net->setup.backend, &more);
	}
	if (ret == 0 && hung && !more) {
		return -ECONNRESET;
	}
	net->again = net->again || more;
	return ret;
}

/* One batch each way. @hung: the backend is at its end, once what it has left is taken. */
static void serve(struct virtio_net *net, bool hung)
{
	struct net_backend *backend = net->link_up ? net->setup.backend : NULL;
	unsigned sent;
	int ret;

	net->again = false;
	if (!negotiate(net)) {
		/* What it has left nobody takes. */
		if (hung) {
			lose_backend(net, ECONNRESET);
		}
		return;
	}
	ret = virtio_net_tx_serve(&net->tx, backend, VIRTIO_NET_TX_FRAMES, &sent);
	net->again = net->tx.more;
	if (ret == 0 && backend != NULL) {
		ret = receive(net, hung);
	}
	if (ret != 0) {
		lose_backend(net, -ret);
	}
}

/* All that is queued for sending, as far as it goes without waiting; then nothing is held. */
static void serve_drain(struct virtio_net *net)
{
	unsigned left = VIRTQ_SIZE_MAX;
	unsigned sent = 1;

	while (left > 0 && sent > 0 && negotiate(net)) {
		struct net_backend *backend = net->link_up ? net->setup.backend : NULL;
		int ret = virtio_net_tx_serve(&net->tx, backend, left, &sent);

		left -= sent;
		if (ret != 0) {
			lose_backend(net, -ret);
		}
	}
	virtio_net_rx_put_back(&net->rx);
	net->again = false;
}

static short backend_events(const struct virtio_net *net)
{
	short events = 0;

	if (virtio_net_rx_has_room(&net->rx)) {
		events |= POLLIN;
	}
	if (net->tx.blocked || net->setup.backend->unsent) {
		events |= POLLOUT;
	}
	return events;
}

/* When on_time() has something to do; 0: never. */
static uint64_t deadline_ns(const struct virtio_net *net)
{
	if (net->rx.waiting) {
		return net->rx.since_ns + WAIT_FOR_BUFFERS_NS;
	}
	return !net->link_up && net->setup.backend->ops->revive != NULL ? net->revive_ns : 0;
}

static int wait_limit_ms(const struct virtio_net *net)
{
	uint64_t due_ns = deadline_ns(net);
	uint64_t now_ns;

	if (net->again) {
		return 0;
	}
	if (due_ns == 0) {
		return -1;
	}
	now_ns = monotonic_ns();
	return due_ns <= now_ns ? 0 : (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* Returns the limit in ms. poll() ignores a descriptor that is negative. */
static int fill_poll(const struct virtio_net *net, struct pollfd *fds)
{
	fds[WAKE] = (struct pollfd){.fd = net->wake_fd, .events = POLLIN};
	for (unsigned i = RX_EVENT; i < POLL_COUNT; i++) {
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	}
	if (net->drained) {
		return -1;
	}
	fds[RX_EVENT].fd = virtio_mmio_event_fd(&net->mmio, VIRTIO_NET_RX_QUEUE);
	fds[TX_EVENT].fd = virtio_mmio_event_fd(&net->mmio, VIRTIO_NET_TX_QUEUE);
	if (net->link_up) {
		fds[BACKEND].fd = net->setup.backend->fd;
		fds[BACKEND].events = backend_events(net);
	}
	return wait_limit_ms(net);
}

/* Whatever else there is to do: other queues' events may never cease. */
static void on_time(struct virtio_net *net)
{
	const struct net_backend *backend = net->setup.backend;
	uint64_t due_ns = deadline_ns(net);

	if (due_ns == 0 || monotonic_ns() < due_ns) {
		return;
	}
	if (net->rx.waiting) {
		backend->ops->drop(backend->ctx);
		virtio_net_rx_stop_waiting(&net->rx);
		net->again = true;
	} else {
		try_revive(net);
	}
}

/* poll() has returned. True if the backend is at its end. */
static bool take_events(const struct pollfd *fds, int ready)
{
	for (unsigned i = WAKE; ready > 0 && i < BACKEND; i++) {
		uint64_t count;

		if (fds[i].revents != 0) {
			(void)!read(fds[i].fd, &count, sizeof(count));
		}
	}
	return ready > 0 && (fds[BACKEND].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

/* With the lock held, which is released meanwhile. */
static void work(struct virtio_net *net, bool hung)
{
	bool draining = net->draining;

	net->busy = true;
	(void)pthread_mutex_unlock(&net->lock);
	if (draining) {
		serve_drain(net);
	} else {
		serve(net, hung);
		on_time(net);
	}
	(void)pthread_mutex_lock(&net->lock);
	net->busy = false;
	net->drained = draining && net->draining;
	(void)pthread_cond_broadcast(&net->changed);
}

static void *io_main(void *arg)
{
	struct virtio_net *net = arg;
	struct pollfd fds[POLL_COUNT];

	(void)pthread_mutex_lock(&net->lock);
	while (!net->ending) {
		int limit_ms = fill_poll(net, fds);
		int ready;
		bool hung;

		(void)pthread_mutex_unlock(&net->lock);
		ready = poll(fds, POLL_COUNT, limit_ms);
		hung = take_events(fds, ready);
		(void)pthread_mutex_lock(&net->lock);
		if (!net->ending && !net->drained) {
			work(net, hung);
		}
	}
	(void)pthread_mutex_unlock(&net->lock);
	return NULL;
}

static void wake(const struct virtio_net *net)
{
	const uint64_t one = 1;

	/* It only fails when it is awake anyway. */
	(void)!write(net->wake_fd, &one, sizeof(one));
}

static void net_quiesce(void *ctx)
{
	struct virtio_net *net = ctx;

	(void)pthread_mutex_lock(&net->lock);
	while (net->busy) {
		(void)pthread_cond_wait(&net->changed, &net->lock);
	}
	/* With the lock the thread does not become busy meanwhile. */
	virtio_net_rx_put_back(&net->rx);
	net->negotiated = false;
	(void)pthread_mutex_unlock(&net->lock);
}

static uint8_t net_config_read(void *ctx, uint64_t offset)
{
	const struct virtio_net *net = ctx;
	bool up = __atomic_load_n(&net->link_up, __ATOMIC_SEQ_CST);
	struct virtio_net_config config = {
		.status = htole16(up ? VIRTIO_NET_S_LINK_UP : 0),
		.max_virtqueue_pairs = htole16(1),
		.mtu = htole16(net->setup.mtu),
	};

	memcpy(config.mac, net->setup.mac, sizeof(config.mac));
	return offset < sizeof(config) ? ((const uint8_t *)&config)[offset] : 0;
}

static const struct virtio_device_ops net_ops = {
	.config_read = net_config_read,
	.quiesce = net_quiesce,
};

static int transport_init(struct virtio_net *net, const struct guest_ram *ram)
{
	struct virtio_device device = {
		.ops = &net_ops,
		.ctx = net,
		.features = net->setup.backend->offers | FEATURE(VIRTIO_NET_F_MAC) |
			    FEATURE(VIRTIO_NET_F_STATUS) | FEATURE(VIRTIO_NET_F_MRG_RXBUF),
		.device_id = VIRTIO_ID_NET,
		.queue_count = QUEUE_COUNT,
		.event_queues = 1U << VIRTIO_NET_RX_QUEUE | 1U << VIRTIO_NET_TX_QUEUE,
	};

	if (net->setup.mtu != 0) {
		device.features |= FEATURE(VIRTIO_NET_F_MTU);
	}
	return virtio_mmio_init(&net->mmio, &device, ram, &net->setup.irq);
}

static int threads_init(struct virtio_net *net)
{
	int ret = -pthread_mutex_init(&net->lock, NULL);

	if (ret != 0) {
		return ret;
	}
	ret = -pthread_cond_init(&net->changed, NULL);
	if (ret != 0) {
		goto no_cond;
	}
	net->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (net->wake_fd < 0) {
		ret = -errno;
		goto no_wake;
	}
	ret = thread_start_quiet(&net->io, io_main, net);
	if (ret == 0) {
		return 0;
	}
	(void)close(net->wake_fd);
no_wake:
	(void)pthread_cond_destroy(&net->changed);
no_cond:
	(void)pthread_mutex_destroy(&net->lock);
	return ret;
}

int virtio_net_init(struct virtio_net *net, const struct virtio_net_setup *setup,
		    const struct guest_ram *ram, struct vmm_error *err)
{
	int ret;

	memset(net, 0, sizeof(*net));
	net->setup = *setup;
	net->rx.mmio = &net->mmio;
	net->tx.mmio = &net->mmio;
	net->link_up = true;
	net->log_left = LOG_LINES;
	ret = transport_init(net, ram);
	if (ret == 0) {
		ret = threads_init(net);
		if (ret != 0) {
			virtio_mmio_destroy(&net->mmio);
		}
	}
	if (ret != 0) {
		vmm_error_set(err, "net %s: cannot start its thread: %s", setup->backend->name,
			      strerror(-ret));
	}
	return ret;
}

void virtio_net_destroy(struct virtio_net *net)
{
	(void)pthread_mutex_lock(&net->lock);
	net->ending = true;
	(void)pthread_mutex_unlock(&net->lock);
	wake(net);
	(void)pthread_join(net->io, NULL);
	(void)close(net->wake_fd);
	(void)pthread_cond_destroy(&net->changed);
	(void)pthread_mutex_destroy(&net->lock);
	virtio_mmio_destroy(&net->mmio);
	net->setup.backend->ops->destroy(net->setup.backend->ctx);
}

void virtio_net_drain(struct virtio_net *net)
{
	(void)pthread_mutex_lock(&net->lock);
	net->draining = true;
	wake(net);
	while (!net->drained) {
		(void)pthread_cond_wait(&net->changed, &net->lock);
	}
	(void)pthread_mutex_unlock(&net->lock);
}

void virtio_net_resume(struct virtio_net *net)
{
	(void)pthread_mutex_lock(&net->lock);
	net->draining = false;
	net->drained = false;
	(void)pthread_mutex_unlock(&net->lock);
	wake(net);
}
