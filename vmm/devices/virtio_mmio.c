/* SPDX-License-Identifier: BSD-3-Clause */
/* "Virtio Over MMIO" of the OASIS virtio 1.2 standard, section 4.2. */
#include "devices/virtio_mmio.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Nobody has asked for a number of our own; drivers do not look at it. */
#define MMIO_VENDOR UINT32_C(0x70726F74)
#define CONFIG_OFFSET UINT64_C(0x100)
#define FEATURE(bit) (UINT64_C(1) << (bit))
#define TRANSPORT_FEATURES                                                                         \
	(FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_RING_F_INDIRECT_DESC) |                      \
	 FEATURE(VIRTIO_RING_F_EVENT_IDX))

static uint64_t offered_features(const struct virtio_mmio *mmio)
{
	return mmio->device.features | TRANSPORT_FEATURES;
}

/* The selected queue, or NULL. */
static struct virtq *selected_queue(struct virtio_mmio *mmio)
{
	return mmio->queue_select < mmio->device.queue_count ? &mmio->queues[mmio->queue_select]
							     : NULL;
}

static void update_irq(struct virtio_mmio *mmio)
{
	bool level = mmio->interrupt_status != 0;

	if (level != mmio->irq_level) {
		mmio->irq_level = level;
		irq_line_set(&mmio->irq, level);
	}
}

static void fail_locked(struct virtio_mmio *mmio)
{
	if ((mmio->status & VIRTIO_CONFIG_S_NEEDS_RESET) != 0) {
		return;
	}
	mmio->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	if ((mmio->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
		mmio->interrupt_status |= VIRTIO_MMIO_INT_CONFIG;
		update_irq(mmio);
	}
}

static bool queue_open(const struct virtio_mmio *mmio, unsigned queue)
{
	uint32_t bits = VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_NEEDS_RESET;

	return (mmio->status & bits) == VIRTIO_CONFIG_S_DRIVER_OK && !mmio->stopping &&
	       queue < mmio->device.queue_count && mmio->queues[queue].ready;
}

bool virtio_mmio_pop(struct virtio_mmio *mmio, unsigned queue, struct virtq_chain *chain)
{
	int got = 0;

	(void)pthread_mutex_lock(&mmio->lock);
	if (queue_open(mmio, queue)) {
		got = virtq_pop(&mmio->queues[queue], &mmio->ram, chain);
		if (got < 0) {
			fail_locked(mmio);
		}
	}
	(void)pthread_mutex_unlock(&mmio->lock);
	return got > 0;
}

void virtio_mmio_push_many(struct virtio_mmio *mmio, unsigned queue, const struct virtq_used *used,
			   unsigned count)
{
	(void)pthread_mutex_lock(&mmio->lock);
	/* Also while stopping: that waits for these very requests. */
	if (queue < mmio->device.queue_count && mmio->queues[queue].ready &&
	    virtq_push(&mmio->queues[queue], used, count)) {
		mmio->interrupt_status |= VIRTIO_MMIO_INT_VRING;
		update_irq(mmio);
	}
	(void)pthread_mutex_unlock(&mmio->lock);
}

void virtio_mmio_push(struct virtio_mmio *mmio, unsigned queue, uint16_t head, uint32_t written_len)
{
	const struct virtq_used used = {.head = head, .written_len = written_len};

	virtio_mmio_push_many(mmio, queue, &used, 1);
}

void virtio_mmio_unpop(struct virtio_mmio *mmio, unsigned queue, unsigned count)
{
	(void)pthread_mutex_lock(&mmio->lock);
	if (queue < mmio->device.queue_count && mmio->queues[queue].ready) {
		virtq_unpop(&mmio->queues[queue], count);
	}
	(void)pthread_mutex_unlock(&mmio->lock);
}

void virtio_mmio_fail(struct virtio_mmio *mmio)
{
	(void)pthread_mutex_lock(&mmio->lock);
	fail_locked(mmio);
	(void)pthread_mutex_unlock(&mmio->lock);
}

bool virtio_mmio_lend(struct virtio_mmio *mmio, unsigned queue, struct virtq *virtq)
{
	bool open;

	(void)pthread_mutex_lock(&mmio->lock);
	open = queue_open(mmio, queue);
	if (open) {
		*virtq = mmio->queues[queue];
	}
	(void)pthread_mutex_unlock(&mmio->lock);
	return open;
}

void virtio_mmio_take_back(struct virtio_mmio *mmio, unsigned queue, uint16_t avail_at)
{
	(void)pthread_mutex_lock(&mmio->lock);
	if (queue < mmio->device.queue_count) {
		mmio->queues[queue].avail_at = avail_at;
		mmio->queues[queue].used_at = avail_at;
	}
	(void)pthread_mutex_unlock(&mmio->lock);
}

void virtio_mmio_interrupt(struct virtio_mmio *mmio)
{
	(void)pthread_mutex_lock(&mmio->lock);
	/* A signal may come late; a device that was reset meanwhile stays silent. */
	if ((mmio->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
		mmio->interrupt_status |= VIRTIO_MMIO_INT_VRING;
		update_irq(mmio);
	}
	(void)pthread_mutex_unlock(&mmio->lock);
}

uint64_t virtio_mmio_features(struct virtio_mmio *mmio)
{
	uint64_t features;

	(void)pthread_mutex_lock(&mmio->lock);
	features = (mmio->status & VIRTIO_CONFIG_S_FEATURES_OK) != 0 ? mmio->features : 0;
	(void)pthread_mutex_unlock(&mmio->lock);
	return features;
}

void virtio_mmio_config_changed(struct virtio_mmio *mmio)
{
	(void)pthread_mutex_lock(&mmio->lock);
	mmio->config_generation++;
	if ((mmio->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
		mmio->interrupt_status |= VIRTIO_MMIO_INT_CONFIG;
		update_irq(mmio);
	}
	(void)pthread_mutex_unlock(&mmio->lock);
}

bool virtio_mmio_has_feature(struct virtio_mmio *mmio, unsigned bit)
{
	bool has;

	(void)pthread_mutex_lock(&mmio->lock);
	has = (mmio->status & VIRTIO_CONFIG_S_FEATURES_OK) != 0 &&
	      (mmio->features & FEATURE(bit)) != 0;
	(void)pthread_mutex_unlock(&mmio->lock);
	return has;
}

bool virtio_mmio_driver_is_up(struct virtio_mmio *mmio, uint64_t *features)
{
	bool up;

	(void)pthread_mutex_lock(&mmio->lock);
	up = (mmio->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0 && !mmio->stopping;
	*features = mmio->features;
	(void)pthread_mutex_unlock(&mmio->lock);
	return up;
}

static void state_reset(struct virtio_mmio *mmio)
{
	memset(mmio->queues, 0, sizeof(mmio->queues));
	mmio->queue_select = 0;
	mmio->status = 0;
	mmio->interrupt_status = 0;
	mmio->features = 0;
	mmio->device_features_sel = 0;
	mmio->driver_features_sel = 0;
}

/* From here to stop_end() the device gets no new request, and none is in progress. */
static void stop_begin(struct virtio_mmio *mmio, bool is_reset)
{
	(void)pthread_mutex_lock(&mmio->stop_lock);
	(void)pthread_mutex_lock(&mmio->lock);
	mmio->stopping = true;
	(void)pthread_mutex_unlock(&mmio->lock);
	mmio->device.ops->quiesce(mmio->device.ctx);
	if (is_reset && mmio->device.ops->reset != NULL) {
		mmio->device.ops->reset(mmio->device.ctx);
	}
	(void)pthread_mutex_lock(&mmio->lock);
}

static void stop_end(struct virtio_mmio *mmio)
{
	mmio->stopping = false;
	(void)pthread_mutex_unlock(&mmio->lock);
	(void)pthread_mutex_unlock(&mmio->stop_lock);
}

static void notify_one(struct virtio_mmio *mmio, uint32_t queue)
{
	const uint64_t one = 1;
	bool open;

	(void)pthread_mutex_lock(&mmio->lock);
	open = queue_open(mmio, queue);
	(void)pthread_mutex_unlock(&mmio->lock);
	if (!open) {
		return;
	}
	if (mmio->event_fds[queue] < 0) {
		mmio->device.ops->notify(mmio->device.ctx, queue);
	} else {
		/* Would block at a count of 2^64 - 2 only. */
		(void)!write(mmio->event_fds[queue], &one, sizeof(one));
	}
}

/* Requests may have come in while nothing could be taken. */
static void notify_all(struct virtio_mmio *mmio)
{
	if (mmio->device.ops->opened != NULL) {
		mmio->device.ops->opened(mmio->device.ctx);
	}
	for (unsigned i = 0; i < mmio->device.queue_count; i++) {
		notify_one(mmio, i);
	}
}

void virtio_mmio_reset(struct virtio_mmio *mmio)
{
	stop_begin(mmio, true);
	state_reset(mmio);
	mmio->irq_level = false;
	irq_line_set(&mmio->irq, false);
	stop_end(mmio);
}

static void queue_start(struct virtio_mmio *mmio, struct virtq *queue)
{
	if (queue->ready) {
		return;
	}
	queue->indirect = (mmio->features & FEATURE(VIRTIO_RING_F_INDIRECT_DESC)) != 0;
	queue->event_idx = (mmio->features & FEATURE(VIRTIO_RING_F_EVENT_IDX)) != 0;
	if (virtq_start(queue, &mmio->ram) != 0) {
		fail_locked(mmio);
	}
}

static void queue_stop(struct virtio_mmio *mmio)
{
	struct virtq *queue;

	stop_begin(mmio, false);
	queue = selected_queue(mmio);
	if (queue != NULL) {
		queue->ready = false;
	}
	stop_end(mmio);
	notify_all(mmio);
}

static uint32_t accept_status(const struct virtio_mmio *mmio, uint32_t value)
{
	uint32_t status = value & 0xFF & ~(uint32_t)VIRTIO_CONFIG_S_NEEDS_RESET;

	/* A driver reads the bit back: cleared, it says that the device cannot work that way. */
	if ((mmio->features & ~offered_features(mmio)) != 0 ||
	    (mmio->features & FEATURE(VIRTIO_F_VERSION_1)) == 0) {
		status &= ~(uint32_t)(VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
	}
	return mmio->status | status;
}

static void write_driver_features(struct virtio_mmio *mmio, uint32_t value)
{
	if ((mmio->status & VIRTIO_CONFIG_S_FEATURES_OK) != 0) {
		return;
	}
	if (mmio->driver_features_sel == 0) {
		mmio->features = (mmio->features & ~UINT64_C(0xFFFFFFFF)) | value;
	} else if (mmio->driver_features_sel == 1) {
		mmio->features = (mmio->features & UINT64_C(0xFFFFFFFF)) | (uint64_t)value << 32;
	}
}

static void set_low(uint64_t *address, uint32_t value)
{
	*address = (*address & ~UINT64_C(0xFFFFFFFF)) | value;
}

static void set_high(uint64_t *address, uint32_t value)
{
	*address = (*address & UINT64_C(0xFFFFFFFF)) | (uint64_t)value << 32;
}

/* Where a queue is may change only while it is not in use. */
static void write_queue_reg(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	struct virtq *queue = selected_queue(mmio);

	if (queue == NULL || queue->ready) {
		return;
	}
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		queue->size = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		set_low(&queue->desc_ipa, value);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_high(&queue->desc_ipa, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
		set_low(&queue->avail_ipa, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_high(&queue->avail_ipa, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
		set_low(&queue->used_ipa, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_high(&queue->used_ipa, value);
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		queue_start(mmio, queue);
		break;
	default:
		break;
	}
}

static void write_reg(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		mmio->device_features_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		write_driver_features(mmio, value);
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		mmio->driver_features_sel = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		mmio->queue_select = value;
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		mmio->interrupt_status &= ~value;
		update_irq(mmio);
		break;
	case VIRTIO_MMIO_STATUS:
		mmio->status = accept_status(mmio, value);
		break;
	default:
		write_queue_reg(mmio, offset, value);
		break;
	}
}

static uint32_t read_reg(struct virtio_mmio *mmio, uint64_t offset)
{
	const struct virtq *queue = selected_queue(mmio);

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MMIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_MMIO_VERSION_2;
	case VIRTIO_MMIO_DEVICE_ID:
		return mmio->device.device_id;
	case VIRTIO_MMIO_VENDOR_ID:
		return MMIO_VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return mmio->device_features_sel > 1 ? 0
						     : (uint32_t)(offered_features(mmio) >>
								  (32 * mmio->device_features_sel));
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return queue != NULL ? VIRTQ_SIZE_MAX : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return queue != NULL && queue->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return mmio->interrupt_status;
	case VIRTIO_MMIO_STATUS:
		return mmio->status;
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		/* All ones: there is no shared memory. */
		return UINT32_MAX;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return mmio->config_generation;
	default:
		return 0;
	}
}

static uint64_t read_config(struct virtio_mmio *mmio, uint64_t offset, unsigned len_bytes)
{
	const struct virtio_device *device = &mmio->device;
	uint64_t value = 0;

	for (unsigned i = 0; i < len_bytes && device->ops->config_read != NULL; i++) {
		value |= (uint64_t)device->ops->config_read(device->ctx, offset + i) << (8 * i);
	}
	return value;
}

static void write_config(struct virtio_mmio *mmio, uint64_t offset, unsigned len_bytes,
			 uint64_t value)
{
	const struct virtio_device *device = &mmio->device;

	for (unsigned i = 0; i < len_bytes && device->ops->config_write != NULL; i++) {
		device->ops->config_write(device->ctx, offset + i, (uint8_t)(value >> (8 * i)));
	}
}

static uint64_t mmio_read(void *dev, uint64_t offset, unsigned len_bytes)
{
	struct virtio_mmio *mmio = dev;
	uint32_t value;

	if (offset >= CONFIG_OFFSET) {
		return read_config(mmio, offset - CONFIG_OFFSET, len_bytes);
	}
	if (len_bytes != 4 || offset % 4 != 0) {
		return 0;
	}
	(void)pthread_mutex_lock(&mmio->lock);
	value = read_reg(mmio, offset);
	(void)pthread_mutex_unlock(&mmio->lock);
	return value;
}

static void mmio_write(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct virtio_mmio *mmio = dev;
	uint32_t value32 = (uint32_t)value;

	if (offset >= CONFIG_OFFSET) {
		write_config(mmio, offset - CONFIG_OFFSET, len_bytes, value);
		return;
	}
	if (len_bytes != 4 || offset % 4 != 0) {
		return;
	}
	/* First what must not hold the lock. */
	if (offset == VIRTIO_MMIO_QUEUE_NOTIFY) {
		notify_one(mmio, value32);
	} else if (offset == VIRTIO_MMIO_STATUS && value32 == 0) {
		virtio_mmio_reset(mmio);
	} else if (offset == VIRTIO_MMIO_QUEUE_READY && value32 == 0) {
		queue_stop(mmio);
	} else {
		(void)pthread_mutex_lock(&mmio->lock);
		write_reg(mmio, offset, value32);
		(void)pthread_mutex_unlock(&mmio->lock);
		if (offset == VIRTIO_MMIO_STATUS || offset == VIRTIO_MMIO_QUEUE_READY) {
			notify_all(mmio);
		}
	}
}

const struct mmio_ops virtio_mmio_ops = {
	.read = mmio_read,
	.write = mmio_write,
};

int virtio_mmio_event_fd(const struct virtio_mmio *mmio, unsigned queue)
{
	return queue < mmio->device.queue_count ? mmio->event_fds[queue] : -1;
}

static bool device_is_complete(const struct virtio_device *device)
{
	uint32_t queues = (UINT32_C(1) << device->queue_count) - 1;

	return device->ops != NULL && device->ops->quiesce != NULL &&
	       (device->ops->notify != NULL || (device->event_queues & queues) == queues);
}

static void close_events(struct virtio_mmio *mmio)
{
	for (unsigned i = 0; i < VIRTIO_MMIO_QUEUES_MAX; i++) {
		if (mmio->event_fds[i] >= 0) {
			(void)close(mmio->event_fds[i]);
		}
	}
}

static int open_events(struct virtio_mmio *mmio)
{
	for (unsigned i = 0; i < VIRTIO_MMIO_QUEUES_MAX; i++) {
		mmio->event_fds[i] = -1;
	}
	for (unsigned i = 0; i < mmio->device.queue_count; i++) {
		if ((mmio->device.event_queues >> i & 1) == 0) {
			continue;
		}
		mmio->event_fds[i] = eventfd(0, EFD_CLOEXEC);
		if (mmio->event_fds[i] < 0) {
			int err = errno;

			close_events(mmio);
			return -err;
		}
	}
	return 0;
}

int virtio_mmio_init(struct virtio_mmio *mmio, const struct virtio_device *device,
		     const struct guest_ram *ram, const struct irq_line *irq)
{
	int ret;

	if (device->queue_count == 0 || device->queue_count > VIRTIO_MMIO_QUEUES_MAX ||
	    !device_is_complete(device)) {
		return -EINVAL;
	}
	memset(mmio, 0, sizeof(*mmio));
	mmio->device = *device;
	mmio->ram = *ram;
	mmio->irq = *irq;
	ret = -pthread_mutex_init(&mmio->lock, NULL);
	if (ret != 0) {
		return ret;
	}
	ret = -pthread_mutex_init(&mmio->stop_lock, NULL);
	if (ret == 0) {
		ret = open_events(mmio);
		if (ret != 0) {
			(void)pthread_mutex_destroy(&mmio->stop_lock);
		}
	}
	if (ret != 0) {
		(void)pthread_mutex_destroy(&mmio->lock);
	}
	return ret;
}

void virtio_mmio_destroy(struct virtio_mmio *mmio)
{
	close_events(mmio);
	(void)pthread_mutex_destroy(&mmio->stop_lock);
	(void)pthread_mutex_destroy(&mmio->lock);
}
