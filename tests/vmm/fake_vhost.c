/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>

#define BIT(number) (UINT64_C(1) << (number))

struct fake_vhost fake_vhost;

int __real_open(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

void fake_vhost_reset(void)
{
	memset(&fake_vhost, 0, sizeof(fake_vhost));
	fake_vhost.fd = -1;
	/* Among them some that a driver must not be offered by accident. */
	fake_vhost.offered = BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			     BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VHOST_F_LOG_ALL) |
			     BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_F_VERSION_1) |
			     BIT(VIRTIO_F_ACCESS_PLATFORM) | BIT(1);
	for (unsigned i = 0; i < FAKE_VHOST_RINGS; i++) {
		fake_vhost.rings[i].kick = fake_vhost.rings[i].call = -1;
	}
}

bool fake_vhost_is_open(void)
{
	return fake_vhost.fd >= 0 && fcntl(fake_vhost.fd, F_GETFD) >= 0;
}

static int fake_open(void)
{
	if (fake_vhost.open_errno != 0) {
		errno = fake_vhost.open_errno;
		return -1;
	}
	fake_vhost.fd = eventfd(0, EFD_CLOEXEC);
	return fake_vhost.fd;
}

#define WRAP_OPEN(name)                                                                            \
	int __wrap_##name(const char *path, int flags, ...)                                        \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;                          \
		va_end(args);                                                                      \
		return strcmp(path, "/dev/vhost-vsock") == 0 ? fake_open()                         \
							     : __real_##name(path, flags, mode);   \
	}

WRAP_OPEN(open)
WRAP_OPEN(open64)

static struct fake_vhost_ring *ring_of(unsigned index)
{
	return index < FAKE_VHOST_RINGS ? &fake_vhost.rings[index] : NULL;
}

static int set_state(unsigned long request, struct vhost_vring_state *state)
{
	struct fake_vhost_ring *ring = ring_of(state->index);

	if (ring == NULL) {
		return ENOBUFS;
	}
	switch (request) {
	case VHOST_SET_VRING_NUM:
		ring->num = state->num;
		return fake_vhost.running ? EBUSY : 0;
	case VHOST_SET_VRING_BASE:
		ring->base = state->num;
		return fake_vhost.running ? EBUSY : 0;
	default:
		state->num = ring->base;
		return 0;
	}
}

static int set_addr(const struct vhost_vring_addr *addr)
{
	struct fake_vhost_ring *ring = ring_of(addr->index);

	if (ring == NULL || addr->flags != 0) {
		return ENOBUFS;
	}
	ring->desc = addr->desc_user_addr;
	ring->avail = addr->avail_user_addr;
	ring->used = addr->used_user_addr;
	return 0;
}

static int set_file(unsigned long request, const struct vhost_vring_file *file)
{
	struct fake_vhost_ring *ring = ring_of(file->index);

	if (ring == NULL) {
		return ENOBUFS;
	}
	*(request == VHOST_SET_VRING_KICK ? &ring->kick : &ring->call) = file->fd;
	return 0;
}

static int set_memory(const struct vhost_memory *memory)
{
	if (memory->nregions != 1 || memory->padding != 0) {
		return E2BIG;
	}
	fake_vhost.memory_ipa = memory->regions[0].guest_phys_addr;
	fake_vhost.memory_bytes = memory->regions[0].memory_size;
	fake_vhost.memory_host = memory->regions[0].userspace_addr;
	return 0;
}

static int set_running(bool running)
{
	if (!running && fake_vhost.rings[0].kick < 0 && fake_vhost.rings[1].kick < 0) {
		fake_vhost.stopped_at = fake_vhost.calls;
	}
	fake_vhost.running = running;
	return 0;
}

static int carry_out(unsigned long request, void *argument)
{
	switch (request) {
	case VHOST_SET_OWNER:
		return 0;
	case VHOST_GET_FEATURES:
		memcpy(argument, &fake_vhost.offered, sizeof(fake_vhost.offered));
		return 0;
	case VHOST_SET_FEATURES:
		memcpy(&fake_vhost.features, argument, sizeof(fake_vhost.features));
		return (fake_vhost.features & ~fake_vhost.offered) != 0 ? EOPNOTSUPP : 0;
	case VHOST_SET_MEM_TABLE:
		return set_memory(argument);
	case VHOST_SET_VRING_NUM:
	case VHOST_SET_VRING_BASE:
	case VHOST_GET_VRING_BASE:
		return set_state(request, argument);
	case VHOST_SET_VRING_ADDR:
		return set_addr(argument);
	case VHOST_SET_VRING_KICK:
	case VHOST_SET_VRING_CALL:
		return set_file(request, argument);
	case VHOST_VSOCK_SET_GUEST_CID:
		memcpy(&fake_vhost.cid, argument, sizeof(fake_vhost.cid));
		return 0;
	case VHOST_VSOCK_SET_RUNNING:
		return set_running(*(int *)argument != 0);
	default:
		return ENOTTY;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;
	int error;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd != fake_vhost.fd || fd < 0) {
		return __real_ioctl(fd, request, argument);
	}
	fake_vhost.calls++;
	error = request == fake_vhost.refuse ? fake_vhost.refuse_errno
					     : carry_out(request, argument);
	errno = error;
	return error == 0 ? 0 : -1;
}
