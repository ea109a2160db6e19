/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device, as the machine that it is part of sees it: what happens to all devices alike.
 *
 * What the guest sees of a device is registers on the bus (mmio_bus.h) and an interrupt
 * (irq_line.h). A machine goes through a list of these at its resets and at its end.
 */
#ifndef VMM_DEVICES_DEVICE_H
#define VMM_DEVICES_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define DEVICE_NO_FD (-1)
#define DEVICE_NO_INTID 0

/**
 * struct device_ops - what is done to a device
 * @reset:    put it into its reset state, with its interrupt line low; it takes requests again.
 *            Mandatory
 * @pause:    the host keeps the guest from running, or lets it go on: what counts the guest's time
 *            stands still meanwhile, and what is kept is complete and durable, as by @drain and
 *            @flush; may block. Not called at a reset, which does not change the one; after it the
 *            other has nothing to complete. NULL: nothing counts and nothing is kept
 * @drain:    complete what the guest has queued, then take nothing more until @reset; blocks.
 *            NULL: nothing is ever queued
 * @flush:    have all that the guest has written durable; after @drain; blocks. 0 or -errno with
 *            the error filled, which names what could not be flushed. NULL: nothing is kept
 * @dispatch: the device's descriptor is readable. NULL if it has none
 * @destroy:  end its threads and free what it holds; the struct itself is its owner's. Mandatory
 *
 * All are called on the machine's main thread; @dispatch while vCPUs run, the others while none
 * does.
 */
struct device_ops {
	void (*reset)(void *dev);
	void (*pause)(void *dev, bool paused);
	void (*drain)(void *dev);
	int (*flush)(void *dev, struct vmm_error *error);
	void (*dispatch)(void *dev);
	void (*destroy)(void *dev);
};

/**
 * struct device - a device of a machine; copied
 * @name:  a static string: what it is called in events and messages
 * @ops:   borrowed
 * @dev:   first argument of the ops
 * @fd:    for poll(): readable when @dispatch is due; the device's. DEVICE_NO_FD if there is none
 * @intid: of its interrupt, DEVICE_NO_INTID if it has none
 */
struct device {
	const char *name;
	const struct device_ops *ops;
	void *dev;
	int fd;
	uint32_t intid;
};

#endif /* VMM_DEVICES_DEVICE_H */
