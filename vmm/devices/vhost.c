/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel's linux/vhost.h describes. */
#include "devices/vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int call(const struct vhost *vhost, unsigned long request, void *argument)
{
	return ioctl(vhost->fd, request, argument) == 0 ? 0 : -errno;
}

static int set_memory(const struct vhost *vhost, const struct guest_ram *ram)
{
	struct vhost_memory *memory = calloc(1, sizeof(*memory) + sizeof(memory->regions[0]));
	int ret;

	if (memory == NULL) {
		return -ENOMEM;
	}
	memory->nregions = 1;
	memory->regions[0] = (struct vhost_memory_region){
		.guest_phys_addr = ram->ipa,
		.memory_size = ram->size_bytes,
		.userspace_addr = (uintptr_t)ram->host,
	};
	ret = call(vhost, VHOST_SET_MEM_TABLE, memory);
	free(memory);
	return ret;
}

int vhost_open(struct vhost *vhost, const char *path, const struct guest_ram *ram)
{
	__u64 features = 0;
	int ret;

	vhost->fd = open(path, O_RDWR | O_CLOEXEC);
	if (vhost->fd < 0) {
		return -errno;
	}
	ret = call(vhost, VHOST_SET_OWNER, NULL);
	if (ret == 0) {
		ret = call(vhost, VHOST_GET_FEATURES, &features);
	}
	if (ret == 0) {
		ret = set_memory(vhost, ram);
	}
	vhost->features = features;
	if (ret != 0) {
		vhost_close(vhost);
	}
	return ret;
}

void vhost_close(struct vhost *vhost)
{
	if (vhost->fd >= 0) {
		(void)close(vhost->fd);
	}
	vhost->fd = -1;
}

int vhost_set_features(struct vhost *vhost, uint64_t features)
{
	__u64 wanted = features;

	return call(vhost, VHOST_SET_FEATURES, &wanted);
}

static int set_fd(const struct vhost *vhost, unsigned long request, unsigned index, int fd)
{
	struct vhost_vring_file file = {.index = index, .fd = fd};

	return call(vhost, request, &file);
}

static int set_place(const struct vhost *vhost, unsigned index, const struct virtq *virtq)
{
	struct vhost_vring_state size = {.index = index, .num = virtq->size};
	struct vhost_vring_state base = {.index = index, .num = virtq->avail_at};
	struct vhost_vring_addr place = {
		.index = index,
		.desc_user_addr = (uintptr_t)virtq->desc,
		.used_user_addr = (uintptr_t)virtq->used,
		.avail_user_addr = (uintptr_t)virtq->avail,
	};
	int ret = call(vhost, VHOST_SET_VRING_NUM, &size);

	if (ret == 0) {
		ret = call(vhost, VHOST_SET_VRING_BASE, &base);
	}
	return ret == 0 ? call(vhost, VHOST_SET_VRING_ADDR, &place) : ret;
}

int vhost_ring_start(struct vhost *vhost, const struct vhost_ring *ring)
{
	int ret = set_place(vhost, ring->index, ring->virtq);

	if (ret == 0) {
		ret = set_fd(vhost, VHOST_SET_VRING_CALL, ring->index, ring->call_fd);
	}
	return ret == 0 ? set_fd(vhost, VHOST_SET_VRING_KICK, ring->index, ring->kick_fd) : ret;
}

int vhost_ring_complete(struct vhost *vhost, unsigned index)
{
	/* The kernel returns from this once its worker has done what it was woken for. */
	return set_fd(vhost, VHOST_SET_VRING_KICK, index, VHOST_FILE_UNBIND);
}

int vhost_ring_position(struct vhost *vhost, unsigned index, uint16_t *avail_at)
{
	struct vhost_vring_state base = {.index = index};
	int ret = call(vhost, VHOST_GET_VRING_BASE, &base);

	*avail_at = (uint16_t)base.num;
	return ret;
}
