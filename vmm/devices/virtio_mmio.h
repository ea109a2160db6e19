/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio MMIO transport, version 2 ("modern"), between a driver in the guest and a device.
 *
 * A device fills in a struct virtio_device and puts a struct virtio_mmio before it; the transport
 * deals with registers, negotiation, queues and the interrupt. Requests are taken with
 * virtio_mmio_pop() and given back with virtio_mmio_push(), on any thread of the device.
 *
 * A queue's notifications come by the notify op, on the vCPU's thread, or, if the device asks for
 * it, by an eventfd that a thread of its own waits for: the hypervisor then signals it without an
 * exit to user space, where it was told to (virtio_mmio_event_fd()), and the transport otherwise.
 * Either is a hint that requests may be waiting, and no more: there may be none, and the queue may
 * have been closed, or reset and opened again, since. virtio_mmio_pop() tells.
 *
 * A driver that breaks the rules (a ring outside RAM, a looping chain) gets
 * DEVICE_NEEDS_RESET and a configuration interrupt; nothing more is taken from it until it has
 * reset the device.
 *
 * Locks: the transport's own lock is never held across an op, so ops may call the functions here.
 * A device must not hold a lock that its quiesce op takes while it calls into the transport's
 * register functions; pop, push and fail are free of that.
 *
 * The caller owns the struct, which must not move between init and destroy.
 */
#ifndef VMM_DEVICES_VIRTIO_MMIO_H
#define VMM_DEVICES_VIRTIO_MMIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/irq_line.h"
#include "devices/mmio_bus.h"
#include "devices/virtq.h"
#include "platform/ram.h"

#define VIRTIO_MMIO_QUEUES_MAX 16

/**
 * struct virtio_device_ops - what a device does
 * @config_read:  one byte of the device's configuration, @offset from its start; offsets past its
 *                end read as 0. May be NULL: no configuration. Any thread
 * @config_write: the guest stores a byte there. May be NULL: ignored
 * @notify:       the driver has put requests into @queue, which is open. On a vCPU thread.
 *                Mandatory unless all queues have an eventfd
 * @opened:       queues may have opened, as the driver is ready or after a quiesce: for a device
 *                that lets another carry them out, see virtio_mmio_lend(). On a vCPU thread. May
 *                be NULL
 * @quiesce:      all queues are closed to the device: return once no request is in progress, as
 *                its memory may be used for something else afterwards. On a vCPU thread or the
 *                one that resets the machine; may block for as long as a request takes. Mandatory
 * @reset:        after @quiesce, and before any queue opens again: the driver's session is over.
 *                May be NULL
 */
struct virtio_device_ops {
	uint8_t (*config_read)(void *ctx, uint64_t offset);
	void (*config_write)(void *ctx, uint64_t offset, uint8_t value);
	void (*notify)(void *ctx, unsigned queue);
	void (*opened)(void *ctx);
	void (*quiesce)(void *ctx);
	void (*reset)(void *ctx);
};

/**
 * struct virtio_device - a device, as the transport sees it
 * @ops:         borrowed
 * @ctx:         first argument of the ops
 * @features:    offered feature bits of the device itself; the transport adds its own
 * @device_id:   VIRTIO_ID_*
 * @queue_count: 1 .. VIRTIO_MMIO_QUEUES_MAX
 * @event_queues: bit n: notifications of queue n come by an eventfd, not by the notify op
 */
struct virtio_device {
	const struct virtio_device_ops *ops;
	void *ctx;
	uint64_t features;
	uint32_t device_id;
	unsigned queue_count;
	uint32_t event_queues;
};

/**
 * struct virtio_mmio - a transport; members are its own
 * @lock:                guards all below
 * @stop_lock:           held over a whole reset or stop of a queue; taken before @lock
 * @device:              as given
 * @irq:                 as given
 * @ram:                 as given
 * @queues:              the device's queues
 * @queue_select:        QueueSel
 * @status:              device status
 * @interrupt_status:    InterruptStatus
 * @features:            what the driver has accepted
 * @device_features_sel: DeviceFeaturesSel
 * @driver_features_sel: DriverFeaturesSel
 * @config_generation:   ConfigGeneration
 * @stopping:            a reset or stop is under way: nothing is taken from any queue
 * @irq_level:           the level the interrupt line was last given
 * @event_fds:           see virtio_mmio_event_fd(); set once
 */
struct virtio_mmio {
	pthread_mutex_t lock;
	pthread_mutex_t stop_lock;
	struct virtio_device device;
	struct irq_line irq;
	struct guest_ram ram;
	struct virtq queues[VIRTIO_MMIO_QUEUES_MAX];
	uint32_t queue_select;
	uint32_t status;
	uint32_t interrupt_status;
	uint64_t features;
	uint32_t device_features_sel;
	uint32_t driver_features_sel;
	uint32_t config_generation;
	bool stopping;
	bool irq_level;
	int event_fds[VIRTIO_MMIO_QUEUES_MAX];
};

/* Registers for mmio_bus_add(); the region's dev is a struct virtio_mmio. */
extern const struct mmio_ops virtio_mmio_ops;

/* What the first two registers of each slot read as. */
#define VIRTIO_MMIO_MAGIC UINT32_C(0x74726976)
#define VIRTIO_MMIO_VERSION_2 2U

/*
 * Registers of a slot that holds no device (device id 0, which drivers skip), for software that
 * looks at all slots; the region may span many slots. Its dev is not used and may be NULL.
 */
extern const struct mmio_ops virtio_mmio_empty_ops;

/**
 * virtio_mmio_init() - set up a transport in its reset state
 * @mmio:   filled; destroy it with virtio_mmio_destroy()
 * @device: copied
 * @ram:    copied; the memory must outlive the transport
 * @irq:    copied
 *
 * Context: before any other call.
 * Return: 0; -EINVAL if @device lacks a mandatory op or has a bad number of queues; -errno of
 * pthread_mutex_init() or eventfd().
 */
int virtio_mmio_init(struct virtio_mmio *mmio, const struct virtio_device *device,
		     const struct guest_ram *ram, const struct irq_line *irq);

/**
 * virtio_mmio_destroy() - free what virtio_mmio_init() took
 * @mmio: set up; not to be used afterwards
 *
 * Context: no other thread uses the transport; the device's own threads have ended.
 */
void virtio_mmio_destroy(struct virtio_mmio *mmio);

/**
 * virtio_mmio_event_fd() - what is signalled when the driver notifies a queue
 * @mmio:  set up
 * @queue: any
 *
 * For a thread of the device to wait for, and for the hypervisor, to signal it when the guest
 * stores @queue in 32 bits at the transport's VIRTIO_MMIO_QUEUE_NOTIFY. A read() of it waits, and
 * takes all signals so far.
 *
 * Context: any thread.
 * Return: an eventfd that belongs to the transport; -1 if the queue's notifications come by the
 * notify op, or there is no such queue.
 */
int virtio_mmio_event_fd(const struct virtio_mmio *mmio, unsigned queue);

/**
 * virtio_mmio_reset() - what a driver's reset does: close the queues, quiesce, forget all
 * @mmio: set up
 *
 * The interrupt line is driven low.
 *
 * Context: any thread but the device's own; waits for the request in progress.
 */
void virtio_mmio_reset(struct virtio_mmio *mmio);

/**
 * virtio_mmio_pop() - take the next request of a queue
 * @mmio:  set up
 * @queue: below the device's queue count
 * @chain: filled when true is returned
 *
 * Context: any thread.
 * Return: true; false if there is none, or the queue is not open, or the driver has just turned
 * out to be broken (it has then been told).
 */
bool virtio_mmio_pop(struct virtio_mmio *mmio, unsigned queue, struct virtq_chain *chain);

/**
 * virtio_mmio_push() - give a request back, with an interrupt if the driver wants one
 * @mmio:        set up
 * @queue:       below the device's queue count
 * @head:        of the request
 * @written_len: bytes written to its in segments
 *
 * Context: any thread.
 */
void virtio_mmio_push(struct virtio_mmio *mmio, unsigned queue, uint16_t head,
		      uint32_t written_len);

/**
 * virtio_mmio_push_many() - give several requests of a queue back, with one interrupt at most
 * @mmio:  set up
 * @queue: below the device's queue count
 * @used:  @count of them, at most the queue's size
 * @count: how many
 *
 * Context: any thread.
 */
void virtio_mmio_push_many(struct virtio_mmio *mmio, unsigned queue, const struct virtq_used *used,
			   unsigned count);

/**
 * virtio_mmio_unpop() - put back the requests that were taken last, as if they never had been
 * @mmio:  set up
 * @queue: below the device's queue count
 * @count: how many; all of them taken since the last reset, and none of them given back
 *
 * For a device that takes requests before it knows that it can serve them. By the end of its
 * quiesce op they must be back.
 *
 * Context: any thread.
 */
void virtio_mmio_unpop(struct virtio_mmio *mmio, unsigned queue, unsigned count);

/**
 * virtio_mmio_fail() - the driver has sent something that cannot be answered
 * @mmio: set up
 *
 * Sets DEVICE_NEEDS_RESET and raises the configuration interrupt, once until the next reset.
 *
 * Context: any thread.
 */
void virtio_mmio_fail(struct virtio_mmio *mmio);

/**
 * virtio_mmio_lend() - let another, the kernel say, carry out a queue by itself
 * @mmio:  set up
 * @queue: any
 * @virtq: filled when true is returned: where the queue is, and how far it has been carried out
 *
 * Until the device is quiesced, which ends the loan, it does not use the queue itself.
 *
 * Context: any thread.
 * Return: true; false if the queue is not open.
 */
bool virtio_mmio_lend(struct virtio_mmio *mmio, unsigned queue, struct virtq *virtq);

/**
 * virtio_mmio_take_back() - a queue that was lent is to go on from where it has come
 * @mmio:     set up
 * @queue:    that was lent
 * @avail_at: requests taken from it so far, modulo 2^16; all were returned
 *
 * Context: the device's quiesce op.
 */
void virtio_mmio_take_back(struct virtio_mmio *mmio, unsigned queue, uint16_t avail_at);

/**
 * virtio_mmio_interrupt() - another has returned requests of a queue that was lent
 * @mmio: set up
 *
 * Context: any thread; nothing happens unless the device is in use.
 */
void virtio_mmio_interrupt(struct virtio_mmio *mmio);

/**
 * virtio_mmio_features() - what was negotiated
 * @mmio: set up
 *
 * Context: any thread.
 * Return: the features that the driver has accepted, the transport's own among them; 0 until
 * negotiation is complete.
 */
uint64_t virtio_mmio_features(struct virtio_mmio *mmio);

/**
 * virtio_mmio_config_changed() - the device's configuration reads differently from now on
 * @mmio: set up
 *
 * Raises ConfigGeneration, so that a driver that was in the middle of reading it reads it again,
 * and the configuration interrupt once the driver is ready for one.
 *
 * Context: any thread.
 */
void virtio_mmio_config_changed(struct virtio_mmio *mmio);

/**
 * virtio_mmio_has_feature() - has the driver accepted a feature
 * @mmio: set up
 * @bit:  number of the feature bit
 *
 * Context: any thread.
 * Return: true if it has, and negotiation is complete.
 */
bool virtio_mmio_has_feature(struct virtio_mmio *mmio, unsigned bit);

/**
 * virtio_mmio_driver_is_up() - has the driver begun to work?
 * @mmio:     set up
 * @features: if so, what it has accepted
 *
 * Context: any thread; up to the next quiesce op the answer true stays true.
 * Return: true from DRIVER_OK to the next reset.
 */
bool virtio_mmio_driver_is_up(struct virtio_mmio *mmio, uint64_t *features);

#endif /* VMM_DEVICES_VIRTIO_MMIO_H */
