/* SPDX-License-Identifier: BSD-3-Clause */
/* "Socket Device" of the OASIS virtio 1.2 standard, section 5.10. */
#include "devices/vhost_vsock.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/vhost-vsock"
#define FEATURE(bit) (UINT64_C(1) << (bit))
/* The kernel's queues, rx and tx; the third is the one for events. */
#define VHOST_RINGS 2
#define QUEUE_COUNT 3
/* What the transport offers of its own accord. */
#define RING_FEATURES                                                                              \
	(FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |                      \
	 FEATURE(VIRTIO_RING_F_EVENT_IDX))
/* What the device itself offers, whatever the host: part of the machine type. */
#define OWN_FEATURES FEATURE(VIRTIO_VSOCK_F_SEQPACKET)

static void log_failure(struct vhost_vsock *vsock, const char *what, int error)
{
	char line[200];

	if (vsock->logged || vsock->setup.log == NULL) {
		return;
	}
	vsock->logged = true;
	(void)snprintf(line, sizeof(line),
		       "vsock: the kernel could not %s: %s; the guest is told that its socket "
		       "device has failed",
		       what, strerror(error));
	vsock->setup.log(vsock->setup.log_ctx, line);
}

static int set_running(struct vhost_vsock *vsock, int running)
{
	return ioctl(vsock->vhost.fd, VHOST_VSOCK_SET_RUNNING, &running) == 0 ? 0 : -errno;
}

/* True once the driver has opened both of the kernel's queues. */
static bool borrow(struct vhost_vsock *vsock, struct virtq virtqs[VHOST_RINGS])
{
	for (unsigned i = 0; i < VHOST_RINGS; i++) {
		if (!virtio_mmio_lend(&vsock->mmio, i, &virtqs[i])) {
			return false;
		}
	}
	return true;
}

static int start(struct vhost_vsock *vsock, const struct virtq virtqs[VHOST_RINGS])
{
	uint64_t features = virtio_mmio_features(&vsock->mmio) & vsock->vhost.features;
	int ret = vhost_set_features(&vsock->vhost, features);

	for (unsigned i = 0; ret == 0 && i < VHOST_RINGS; i++) {
		const struct vhost_ring ring = {
			.index = i,
			.virtq = &virtqs[i],
			.kick_fd = virtio_mmio_event_fd(&vsock->mmio, i),
			.call_fd = vsock->call_fd,
		};

		ret = vhost_ring_start(&vsock->vhost, &ring);
	}
	return ret == 0 ? set_running(vsock, 1) : ret;
}

/* The kernel's share of the device ends here, whatever it says. */
static void stop(struct vhost_vsock *vsock)
{
	uint16_t avail_at;
	uint64_t calls;
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < VHOST_RINGS; i++) {
		ret = vhost_ring_complete(&vsock->vhost, i);
	}
	if (ret == 0) {
		ret = set_running(vsock, 0);
	}
	for (unsigned i = 0; ret == 0 && i < VHOST_RINGS; i++) {
		ret = vhost_ring_position(&vsock->vhost, i, &avail_at);
		if (ret == 0) {
			virtio_mmio_take_back(&vsock->mmio, i, avail_at);
		}
	}
	if (ret != 0) {
		/* The one sure way to have it leave guest RAM alone. */
		vhost_close(&vsock->vhost);
		log_failure(vsock, "stop", -ret);
	}
	vsock->running = false;
	/* What it has called for is told now, while the queues are still there. */
	if (read(vsock->call_fd, &calls, sizeof(calls)) == (ssize_t)sizeof(calls)) {
		virtio_mmio_interrupt(&vsock->mmio);
	}
}

static void vsock_opened(void *ctx)
{
	struct vhost_vsock *vsock = ctx;
	struct virtq virtqs[VHOST_RINGS];
	int ret = 0;

	(void)pthread_mutex_lock(&vsock->lock);
	if (!vsock->running && !vsock->drained && borrow(vsock, virtqs)) {
		ret = vsock->vhost.fd < 0 ? -ENODEV : start(vsock, virtqs);
		vsock->running = ret == 0;
	}
	if (ret != 0) {
		log_failure(vsock, "start", -ret);
	}
	(void)pthread_mutex_unlock(&vsock->lock);
	if (ret != 0) {
		virtio_mmio_fail(&vsock->mmio);
	}
}

static void vsock_quiesce(void *ctx)
{
	struct vhost_vsock *vsock = ctx;

	(void)pthread_mutex_lock(&vsock->lock);
	if (vsock->running) {
		stop(vsock);
	}
	(void)pthread_mutex_unlock(&vsock->lock);
}

static uint8_t vsock_config_read(void *ctx, uint64_t offset)
{
	const struct vhost_vsock *vsock = ctx;
	const struct virtio_vsock_config config = {.guest_cid = htole64(vsock->setup.guest_cid)};

	return offset < sizeof(config) ? ((const uint8_t *)&config)[offset] : 0;
}

static const struct virtio_device_ops vsock_ops = {
	.config_read = vsock_config_read,
	.opened = vsock_opened,
	.quiesce = vsock_quiesce,
};

static int transport_init(struct vhost_vsock *vsock, const struct guest_ram *ram)
{
	const struct virtio_device device = {
		.ops = &vsock_ops,
		.ctx = vsock,
		.features = OWN_FEATURES,
		.device_id = VIRTIO_ID_VSOCK,
		.queue_count = QUEUE_COUNT,
		.event_queues = (1U << QUEUE_COUNT) - 1,
	};

	return virtio_mmio_init(&vsock->mmio, &device, ram, &vsock->setup.irq);
}

static int resources_init(struct vhost_vsock *vsock, const struct guest_ram *ram)
{
	int ret;

	vsock->call_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vsock->call_fd < 0) {
		return -errno;
	}
	ret = -pthread_mutex_init(&vsock->lock, NULL);
	if (ret == 0) {
		ret = transport_init(vsock, ram);
		if (ret != 0) {
			(void)pthread_mutex_destroy(&vsock->lock);
		}
	}
	if (ret != 0) {
		(void)close(vsock->call_fd);
	}
	return ret;
}

static void explain_open(uint32_t cid, int ret, struct vmm_error *err)
{
	switch (ret) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		vmm_error_set(err,
			      "--vsock %" PRIu32 ": this host has no " DEVICE ": load the kernel's "
			      "module, 'modprobe vhost_vsock'",
			      cid);
		break;
	case -EACCES:
	case -EPERM:
		vmm_error_set(err,
			      "--vsock %" PRIu32 ": " DEVICE
			      ": %s: expected a user who may open it, "
			      "often a member of the group kvm",
			      cid, strerror(-ret));
		break;
	default:
		vmm_error_set(err, "--vsock %" PRIu32 ": " DEVICE ": %s", cid, strerror(-ret));
		break;
	}
}

static int claim_cid(const struct vhost_vsock *vsock, struct vmm_error *err)
{
	const uint64_t needed = RING_FEATURES | OWN_FEATURES;
	uint32_t cid = vsock->setup.guest_cid;
	__u64 guest_cid = cid;
	int ret = 0;

	if ((vsock->vhost.features & needed) != needed) {
		vmm_error_set(err,
			      "--vsock %" PRIu32 ": " DEVICE " of this kernel lacks virtio 1.0, "
			      "indirect descriptors, event indices or sequential packets: expected "
			      "Linux 6.4 or later",
			      cid);
		return -ENOTSUP;
	}
	if (ioctl(vsock->vhost.fd, VHOST_VSOCK_SET_GUEST_CID, &guest_cid) != 0) {
		ret = -errno;
	}
	if (ret == -EADDRINUSE) {
		vmm_error_set(err,
			      "--vsock %" PRIu32 ": another machine of this host has this CID: "
			      "expected one that is free",
			      cid);
		err->bad_input = true;
	} else if (ret != 0) {
		explain_open(cid, ret, err);
	}
	return ret;
}

static int claim(struct vhost_vsock *vsock, const struct guest_ram *ram, struct vmm_error *err)
{
	int ret = vhost_open(&vsock->vhost, DEVICE, ram);

	if (ret != 0) {
		explain_open(vsock->setup.guest_cid, ret, err);
		return ret;
	}
	ret = claim_cid(vsock, err);
	if (ret != 0) {
		vhost_close(&vsock->vhost);
	}
	return ret;
}

int vhost_vsock_init(struct vhost_vsock *vsock, const struct vhost_vsock_setup *setup,
		     const struct guest_ram *ram, struct vmm_error *err)
{
	int ret;

	memset(vsock, 0, sizeof(*vsock));
	vsock->setup = *setup;
	vsock->vhost.fd = -1;
	ret = setup->look_only ? 0 : claim(vsock, ram, err);
	if (ret != 0) {
		return ret;
	}
	ret = resources_init(vsock, ram);
	if (ret != 0) {
		vmm_error_set(err, "--vsock %" PRIu32 ": no eventfd or lock for it: %s",
			      setup->guest_cid, strerror(-ret));
		vhost_close(&vsock->vhost);
	}
	return ret;
}

void vhost_vsock_destroy(struct vhost_vsock *vsock)
{
	/* First: it has the eventfds and guest RAM. */
	vhost_close(&vsock->vhost);
	virtio_mmio_destroy(&vsock->mmio);
	(void)pthread_mutex_destroy(&vsock->lock);
	(void)close(vsock->call_fd);
}

void vhost_vsock_called(struct vhost_vsock *vsock)
{
	uint64_t calls;

	if (read(vsock->call_fd, &calls, sizeof(calls)) == (ssize_t)sizeof(calls)) {
		virtio_mmio_interrupt(&vsock->mmio);
	}
}

void vhost_vsock_drain(struct vhost_vsock *vsock)
{
	(void)pthread_mutex_lock(&vsock->lock);
	vsock->drained = true;
	(void)pthread_mutex_unlock(&vsock->lock);
	vsock_quiesce(vsock);
}

void vhost_vsock_reset(struct vhost_vsock *vsock)
{
	virtio_mmio_reset(&vsock->mmio);
	(void)pthread_mutex_lock(&vsock->lock);
	vsock->drained = false;
	(void)pthread_mutex_unlock(&vsock->lock);
}
