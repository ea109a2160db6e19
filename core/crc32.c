/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CRC-32 of zlib and Ethernet, four bits at a time: small rather than fast.
 */
#include "internal.h"

/* Start with 0; go on with what the last call returned. */
uint32_t tp_crc32(uint32_t crc, const uint8_t *bytes, size_t len_bytes)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
		0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
		0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
	};
	size_t i;

	crc = ~crc;
	for (i = 0; i < len_bytes; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}
