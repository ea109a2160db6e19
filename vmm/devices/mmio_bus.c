/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/mmio_bus.h"

#include <errno.h>
#include <string.h>

/* The last byte, not the end: a region may reach the top of the address space. */
static uint64_t region_last(const struct mmio_region *region)
{
	return region->base + (region->size_bytes - 1);
}

int mmio_bus_add(struct mmio_bus *bus, const struct mmio_region *region)
{
	size_t at;

	if (region->size_bytes == 0 || region_last(region) < region->base || region->ops == NULL ||
	    region->ops->read == NULL || region->ops->write == NULL) {
		return -EINVAL;
	}
	if (bus->count == MMIO_BUS_REGIONS_MAX) {
		return -ENOSPC;
	}
	for (at = 0; at < bus->count && bus->regions[at].base < region->base; at++) {
		if (region_last(&bus->regions[at]) >= region->base) {
			return -EEXIST;
		}
	}
	if (at < bus->count && bus->regions[at].base <= region_last(region)) {
		return -EEXIST;
	}
	memmove(&bus->regions[at + 1], &bus->regions[at],
		(bus->count - at) * sizeof(bus->regions[0]));
	bus->regions[at] = *region;
	bus->count++;
	return 0;
}

/* The region that holds the whole access, or NULL. */
static const struct mmio_region *bus_find(const struct mmio_bus *bus, uint64_t ipa,
					  unsigned len_bytes)
{
	size_t low = 0;
	size_t high = bus->count;

	if (len_bytes != 1 && len_bytes != 2 && len_bytes != 4 && len_bytes != 8) {
		return NULL;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct mmio_region *region = &bus->regions[mid];

		if (ipa < region->base) {
			high = mid;
		} else if (ipa > region_last(region)) {
			low = mid + 1;
		} else {
			return region_last(region) - ipa >= len_bytes - 1 ? region : NULL;
		}
	}
	return NULL;
}

static uint64_t low_bytes(uint64_t value, unsigned len_bytes)
{
	return len_bytes == 8 ? value : value & ((UINT64_C(1) << (8 * len_bytes)) - 1);
}

bool mmio_bus_read(const struct mmio_bus *bus, uint64_t ipa, unsigned len_bytes, uint64_t *value)
{
	const struct mmio_region *region = bus_find(bus, ipa, len_bytes);

	if (region == NULL) {
		*value = 0;
		return false;
	}
	*value =
		low_bytes(region->ops->read(region->dev, ipa - region->base, len_bytes), len_bytes);
	return true;
}

bool mmio_bus_write(const struct mmio_bus *bus, uint64_t ipa, unsigned len_bytes, uint64_t value)
{
	const struct mmio_region *region = bus_find(bus, ipa, len_bytes);

	if (region == NULL) {
		return false;
	}
	region->ops->write(region->dev, ipa - region->base, len_bytes, low_bytes(value, len_bytes));
	return true;
}
