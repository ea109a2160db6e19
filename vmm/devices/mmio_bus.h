/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which device answers at which guest physical address.
 *
 * The caller owns the bus and zeroes it before use; it may be copied before the first access.
 * mmio_bus_add() is for the building phase, on one thread; after that the bus never changes and
 * any number of vCPU threads may read and write through it without a lock. A device locks itself.
 * Nothing is allocated.
 */
#ifndef VMM_DEVICES_MMIO_BUS_H
#define VMM_DEVICES_MMIO_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PL011, PL031, PL061, two flash banks, 32 virtio slots, and room. */
#define MMIO_BUS_REGIONS_MAX 48

/**
 * struct mmio_ops - a device's registers
 * @read:  returns the value, of which the low @len_bytes bytes count. @offset is from the region's
 *         base and the access lies wholly inside. @len_bytes is 1, 2, 4 or 8; @offset may be
 *         unaligned. Anything the guest asks must give some answer
 * @write: the same for a write; bits of @value above @len_bytes are zero
 *
 * Both are mandatory and are called on vCPU threads, several at once.
 */
struct mmio_ops {
	uint64_t (*read)(void *dev, uint64_t offset, unsigned len_bytes);
	void (*write)(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value);
};

/**
 * struct mmio_region - a device's place in the guest's physical address space
 * @base:       first guest physical address
 * @size_bytes: not zero
 * @ops:        borrowed for the life of the bus
 * @dev:        first argument of the ops
 * @name:       for messages; borrowed for the life of the bus
 */
struct mmio_region {
	uint64_t base;
	uint64_t size_bytes;
	const struct mmio_ops *ops;
	void *dev;
	const char *name;
};

/**
 * struct mmio_bus - all regions, sorted by address
 * @regions: the first @count are in use
 * @count:   number of regions
 */
struct mmio_bus {
	struct mmio_region regions[MMIO_BUS_REGIONS_MAX];
	size_t count;
};

/**
 * mmio_bus_add() - put a device on the bus
 * @bus:    zeroed before its first region
 * @region: copied
 *
 * Context: one thread, before any access.
 * Return: 0; -EINVAL if the region is empty, wraps around or lacks an op; -EEXIST if it overlaps
 * another; -ENOSPC if the bus is full.
 */
int mmio_bus_add(struct mmio_bus *bus, const struct mmio_region *region);

/**
 * mmio_bus_read() - carry out a guest's load
 * @bus:       complete
 * @ipa:       guest physical address
 * @len_bytes: 1, 2, 4 or 8
 * @value:     filled with the zero-extended value when true is returned, else with 0
 *
 * Context: any thread.
 * Return: true if a device answered; false if no region holds the whole access or the length is
 * not one of the four.
 */
bool mmio_bus_read(const struct mmio_bus *bus, uint64_t ipa, unsigned len_bytes, uint64_t *value);

/**
 * mmio_bus_write() - carry out a guest's store
 * @bus:       complete
 * @ipa:       guest physical address
 * @len_bytes: 1, 2, 4 or 8
 * @value:     what is stored; bits above @len_bytes are ignored
 *
 * Context: any thread.
 * Return: as mmio_bus_read().
 */
bool mmio_bus_write(const struct mmio_bus *bus, uint64_t ipa, unsigned len_bytes, uint64_t value);

#endif /* VMM_DEVICES_MMIO_BUS_H */
