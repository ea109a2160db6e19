/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The identification registers that every Arm PrimeCell has at the end of its 4 KiB: four of the
 * part and four of the PrimeCell family, one byte each. Drivers find their device by them.
 */
#ifndef VMM_DEVICES_PRIMECELL_H
#define VMM_DEVICES_PRIMECELL_H

#include <stdint.h>

#define PRIMECELL_ID_OFFSET UINT64_C(0xFE0)
#define PRIMECELL_ID_COUNT 8

/**
 * primecell_id_read() - read of an offset that is none of the device's own registers
 * @id:     PeriphID0 to 3, then PCellID0 to 3
 * @offset: from the device's base, a multiple of 4
 *
 * Context: any thread.
 * Return: the identification byte, or 0 for offsets where nothing is.
 */
static inline uint32_t primecell_id_read(const uint8_t id[PRIMECELL_ID_COUNT], uint64_t offset)
{
	uint64_t index = (offset - PRIMECELL_ID_OFFSET) / 4;

	if (offset < PRIMECELL_ID_OFFSET || index >= PRIMECELL_ID_COUNT) {
		return 0;
	}
	return id[index];
}

#endif /* VMM_DEVICES_PRIMECELL_H */
