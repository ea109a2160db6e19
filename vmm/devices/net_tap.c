/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/net_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devices/iov.h"

#define TUN_DEVICE "/dev/net/tun"
#define FEATURE(bit) (UINT64_C(1) << (bit))
#define FRAME_BYTES (NET_HEADER_BYTES + NET_FRAME_BYTES_MAX)

/**
 * struct net_tap - a tap backend
 * @backend:  what the network device sees
 * @kept_len: bytes in @kept, 0 if it holds no frame
 * @kept:     a frame, with its header, that the guest had no room for
 * @tail:     where the kernel puts what goes past the guest's segments
 */
struct net_tap {
	struct net_backend backend;
	size_t kept_len;
	uint8_t kept[FRAME_BYTES];
	uint8_t tail[FRAME_BYTES];
};

/* The interface or the descriptor is gone; other errors are about a frame. */
static bool is_end(int error)
{
	return error == EBADFD || error == EBADF || error == ENODEV || error == ENXIO;
}

static int tap_send(void *ctx, struct net_frame *frames, unsigned count)
{
	struct net_tap *tap = ctx;
	unsigned sent = 0;

	while (sent < count) {
		struct net_frame *frame = &frames[sent];

		frame->iov[0] = (struct iovec){frame->prefix.bytes, NET_HEADER_BYTES};
		if (writev(tap->backend.fd, frame->iov, (int)frame->iov_count) < 0) {
			if (errno == EINTR) {
				continue;
			}
			if (errno == EAGAIN || is_end(errno)) {
				return sent > 0 ? (int)sent : -errno;
			}
		}
		sent++;
	}
	return (int)sent;
}

/* The kept frame into the segments, if it fits. */
static ssize_t give_kept(struct net_tap *tap, const struct iovec *iov, unsigned count)
{
	size_t len = tap->kept_len;

	if (iov_bytes(iov, count) < len) {
		return -EMSGSIZE;
	}
	tap->kept_len = 0;
	return (ssize_t)iov_put(iov, count, 0, tap->kept, len);
}

static ssize_t tap_receive(void *ctx, struct iovec *iov, unsigned count)
{
	struct net_tap *tap = ctx;
	struct iovec next = iov[count];
	size_t room;
	ssize_t got;

	if (tap->kept_len > 0) {
		return give_kept(tap, iov, count);
	}
	/* Its length is not known before it is read, and a part that does not fit would be lost. */
	iov[count] = (struct iovec){tap->tail, sizeof(tap->tail)};
	do {
		got = readv(tap->backend.fd, iov, (int)count + 1);
	} while (got < 0 && errno == EINTR);
	iov[count] = next;
	if (got < 0) {
		return is_end(errno) ? -errno : -EAGAIN;
	}
	room = iov_bytes(iov, count);
	if ((size_t)got <= room) {
		return got;
	}
	if ((size_t)got > FRAME_BYTES) {
		return -EAGAIN;
	}
	tap->kept_len = (size_t)got;
	(void)iov_get(iov, count, 0, tap->kept, room);
	memcpy(tap->kept + room, tap->tail, tap->kept_len - room);
	return -EMSGSIZE;
}

static void tap_drop(void *ctx)
{
	((struct net_tap *)ctx)->kept_len = 0;
}

/* What the kernel may leave to the guest. It knows segmentation only on top of check sums. */
static unsigned offload_flags(uint64_t features)
{
	unsigned flags = 0;

	if ((features & FEATURE(VIRTIO_NET_F_GUEST_CSUM)) == 0) {
		return 0;
	}
	flags |= TUN_F_CSUM;
	if ((features & FEATURE(VIRTIO_NET_F_GUEST_TSO4)) != 0) {
		flags |= TUN_F_TSO4;
	}
	if ((features & FEATURE(VIRTIO_NET_F_GUEST_TSO6)) != 0) {
		flags |= TUN_F_TSO6;
	}
	if (flags != TUN_F_CSUM && (features & FEATURE(VIRTIO_NET_F_GUEST_ECN)) != 0) {
		flags |= TUN_F_TSO_ECN;
	}
	return flags;
}

static void tap_features(void *ctx, uint64_t features)
{
	struct net_tap *tap = ctx;

	/* It took all that is offered when it was opened. */
	(void)ioctl(tap->backend.fd, TUNSETOFFLOAD, (unsigned long)offload_flags(features));
}

static void tap_destroy(void *ctx)
{
	struct net_tap *tap = ctx;

	(void)close(tap->backend.fd);
	free(tap);
}

static const struct net_backend_ops tap_ops = {
	.send = tap_send,
	.receive = tap_receive,
	.drop = tap_drop,
	.features = tap_features,
	.destroy = tap_destroy,
};

/* The header of virtio 1, and no offloads yet; 0 or -errno. All that is offered is there. */
static int set_up(int fd)
{
	int header_bytes = NET_HEADER_BYTES;

	if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) != 0 ||
	    ioctl(fd, TUNSETOFFLOAD, (unsigned long)offload_flags(NET_TAP_OFFERS)) != 0 ||
	    ioctl(fd, TUNSETOFFLOAD, 0UL) != 0) {
		return -errno;
	}
	return 0;
}

/* The large buffers are touched only as far as they are used. */
static int make(int fd, const char *what, struct net_backend **out, struct vmm_error *err)
{
	struct net_tap *tap = calloc(1, sizeof(*tap));
	int ret = tap == NULL ? -ENOMEM : set_up(fd);

	if (ret != 0) {
		vmm_error_set(err, "net %s: cannot be set up: %s", what, strerror(-ret));
		free(tap);
		return ret;
	}
	tap->backend.ops = &tap_ops;
	tap->backend.ctx = tap;
	tap->backend.fd = fd;
	tap->backend.offers = NET_TAP_OFFERS;
	(void)snprintf(tap->backend.name, sizeof(tap->backend.name), "%s", what);
	*out = &tap->backend;
	return 0;
}

static void explain_attach(const char *ifname, int error, struct vmm_error *err)
{
	switch (error) {
	case EPERM:
		vmm_error_set(err,
			      "net tap=%s: not permitted: expected an interface of yours "
			      "('ip tuntap add dev %s mode tap user $USER'), or CAP_NET_ADMIN",
			      ifname, ifname);
		break;
	case EBUSY:
		vmm_error_set(err,
			      "net tap=%s: another program uses this interface: expected one of "
			      "this machine's own: 'ip tuntap add dev NAME mode tap' makes another",
			      ifname);
		break;
	case EINVAL:
		vmm_error_set(err,
			      "net tap=%s: is no tap interface with a single queue: expected one "
			      "made by 'ip tuntap add dev %s mode tap'",
			      ifname, ifname);
		err->bad_input = true;
		break;
	default:
		vmm_error_set(err, "net tap=%s: %s", ifname, strerror(error));
		break;
	}
}

/* Never makes an interface, as the kernel would for root: a typing error is an error. */
static int attach(const char *ifname, struct vmm_error *err)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd;

	if (strlen(ifname) >= IFNAMSIZ || if_nametoindex(ifname) == 0) {
		vmm_error_set(err,
			      "net tap=%s: no such interface: 'ip tuntap add dev NAME mode tap' "
			      "makes one",
			      ifname);
		err->bad_input = true;
		return -ENODEV;
	}
	fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		int error = errno;

		vmm_error_set(err, "net tap=%s: " TUN_DEVICE ": %s%s", ifname, strerror(error),
			      error == ENOENT ? ": 'modprobe tun' brings it" : "");
		return -error;
	}
	memcpy(request.ifr_name, ifname, strlen(ifname));
	if (ioctl(fd, TUNSETIFF, &request) != 0) {
		int error = errno;

		explain_attach(ifname, error, err);
		(void)close(fd);
		return -error;
	}
	return fd;
}

int net_tap_open(const char *ifname, struct net_backend **out, struct vmm_error *err)
{
	char what[IFNAMSIZ + 8];
	int fd = attach(ifname, err);
	int ret;

	if (fd < 0) {
		return fd;
	}
	(void)snprintf(what, sizeof(what), "tap=%s", ifname);
	ret = make(fd, what, out, err);
	if (ret != 0) {
		(void)close(fd);
	}
	return ret;
}

int net_tap_adopt(int fd, struct net_backend **out, struct vmm_error *err)
{
	const unsigned wanted = IFF_TAP | IFF_VNET_HDR | IFF_NO_PI;
	struct ifreq request = {0};
	char what[32];
	int flags = fcntl(fd, F_GETFL);

	(void)snprintf(what, sizeof(what), "tapfd=%d", fd);
	if (flags < 0) {
		vmm_error_set(err,
			      "net %s: is not open: expected a descriptor that torpor inherits",
			      what);
		err->bad_input = true;
		return -EBADF;
	}
	if (ioctl(fd, TUNGETIFF, &request) != 0 ||
	    ((unsigned)request.ifr_flags & wanted) != wanted) {
		vmm_error_set(err,
			      "net %s: expected a descriptor of a tap interface with IFF_VNET_HDR "
			      "and IFF_NO_PI",
			      what);
		err->bad_input = true;
		return -EINVAL;
	}
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		vmm_error_set(err, "net %s: %s", what, strerror(errno));
		return -errno;
	}
	return make(fd, what, out, err);
}
