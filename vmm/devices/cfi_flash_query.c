/* SPDX-License-Identifier: BSD-3-Clause */
/* The CFI query table (JEDEC JESD68.01), with the values of QEMU's `virt` machine. */
#include "devices/cfi_flash.h"

#define CHIP_COUNT 2U
/* Places in the table that depend on the bank's size. */
#define DEVICE_SIZE_AT 0x27
#define SECTOR_COUNT_AT 0x2D
#define SECTOR_COUNT_HIGH_AT 0x2E

static const uint8_t table[] = {
	[0x10] = 'Q',
	[0x11] = 'R',
	[0x12] = 'Y',
	[0x13] = 0x01, /* Intel/Sharp extended command set */
	[0x15] = 0x31, /* where its own table is */
	[0x1B] = 0x45, /* 4.5 V to 5.5 V */
	[0x1C] = 0x55,
	[0x1F] = 0x07, /* a word: 2^7 us; a buffer likewise; a sector: 2^10 ms */
	[0x20] = 0x07,
	[0x21] = 0x0A,
	[0x23] = 0x04, /* at most 2^4 times that */
	[0x24] = 0x04,
	[0x25] = 0x04,
	[0x28] = 0x02, /* x8 and x16 */
	[0x2A] = 0x0B, /* a chip's write buffer is 2^11 bytes */
	[0x2C] = 0x01, /* one kind of sector */
	[0x2F] = CFI_FLASH_SECTOR_BYTES / CHIP_COUNT >> 8 & 0xFF,
	[0x30] = CFI_FLASH_SECTOR_BYTES / CHIP_COUNT >> 16,
	[0x31] = 'P',
	[0x32] = 'R',
	[0x33] = 'I',
	[0x34] = '1',
	[0x35] = '0',
	[0x3F] = 0x01, /* one protection register */
};

static uint8_t log2_of(uint64_t value)
{
	return (uint8_t)__builtin_ctzll(value);
}

uint8_t cfi_flash_query(uint64_t size_bytes, uint64_t index)
{
	uint64_t sectors = size_bytes / CFI_FLASH_SECTOR_BYTES;

	switch (index) {
	case DEVICE_SIZE_AT:
		return log2_of(size_bytes / CHIP_COUNT);
	case SECTOR_COUNT_AT:
		return (uint8_t)(sectors - 1);
	case SECTOR_COUNT_HIGH_AT:
		return (uint8_t)((sectors - 1) >> 8);
	default:
		return index < sizeof(table) ? table[index] : 0;
	}
}
