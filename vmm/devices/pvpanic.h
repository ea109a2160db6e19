/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pvpanic: a register by which a guest tells that its kernel panicked, as QEMU specifies it
 * (docs/specs/pvpanic), memory mapped.
 *
 * Reading gives the events that are known, writing tells of one. Each is passed on once until the
 * next reset, so that a guest can't flood the host with them.
 *
 * The caller owns the struct. Functions may be called on any thread at any time; nothing is
 * allocated, and nothing has to be freed.
 */
#ifndef VMM_DEVICES_PVPANIC_H
#define VMM_DEVICES_PVPANIC_H

#include <stdint.h>

#include "devices/mmio_bus.h"

/**
 * enum pvpanic_event - what happened in the guest; the values are the register's bits
 * @PVPANIC_PANICKED:     a panic that the host is to deal with
 * @PVPANIC_CRASH_LOADED: a panic that the guest deals with itself, by its crash kernel
 * @PVPANIC_SHUTDOWN:     an orderly shutdown, of a guest that has no other way to say so
 */
enum pvpanic_event {
	PVPANIC_PANICKED = 1,
	PVPANIC_CRASH_LOADED = 2,
	PVPANIC_SHUTDOWN = 4,
};

/**
 * struct pvpanic - a register; members are the device's own
 * @event: is told; on a vCPU thread
 * @ctx:   first argument of @event
 * @told:  events since the last reset
 */
struct pvpanic {
	void (*event)(void *ctx, enum pvpanic_event event);
	void *ctx;
	uint32_t told;
};

/* The register for mmio_bus_add(); the region's dev is a struct pvpanic. */
extern const struct mmio_ops pvpanic_mmio_ops;

/**
 * pvpanic_init() - set up the device
 * @pvpanic: filled
 * @event:   see struct pvpanic
 * @ctx:     likewise
 */
void pvpanic_init(struct pvpanic *pvpanic, void (*event)(void *ctx, enum pvpanic_event event),
		  void *ctx);

/**
 * pvpanic_reset() - the next guest may tell of each event again
 * @pvpanic: set up
 */
void pvpanic_reset(struct pvpanic *pvpanic);

#endif /* VMM_DEVICES_PVPANIC_H */
