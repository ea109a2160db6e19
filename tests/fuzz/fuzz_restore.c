/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whatever bytes come, torpor_machine_restore() takes them or changes nothing. Checksums keep a
 * fuzzer out, so it may also ask for them to be put right after its changes; what is then taken
 * must be a machine that can be used like any other.
 */
#include "machine.h"
#include <stdlib.h>
#include <string.h>

/* docs/state-format.md */
#define HEADER_CRC 40

static uint32_t crc32_of(const uint8_t *bytes, size_t count)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
		}
	}
	return ~crc;
}

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++) {
		at[i] = (uint8_t)(value >> 8 * i);
	}
}

/* A saved state, changed in up to eight places, its checksums right if the input says so. */
static size_t altered(const struct fuzz *f, struct input *in, uint8_t *buf)
{
	size_t len_bytes = torpor_machine_save_size(&f->machine);
	unsigned int changes = (unsigned int)input_take(in, 1);

	PROMISE(torpor_machine_save(&f->machine, buf, len_bytes) == TORPOR_OK);
	for (unsigned int i = 0; i < changes % 8; i++) {
		size_t at = input_take(in, 2) % len_bytes;

		buf[at] = (uint8_t)input_take(in, 1);
	}
	if (changes & 0x80) {
		put32(buf + HEADER_CRC, crc32_of(buf, HEADER_CRC));
		put32(buf + len_bytes - 4, crc32_of(buf, len_bytes - 4));
	}
	return len_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz f, before;
	struct input in = {data, size};
	size_t len_bytes;
	uint8_t *buf;

	fuzz_up(&f, &in);
	for (uint64_t steps = input_take(&in, 1) % 64; steps > 0; steps--) {
		fuzz_step(&f, &in);
	}
	/* On the heap and of its very size, so that a read beyond is seen. */
	if (input_take(&in, 1) & 1) {
		buf = malloc(torpor_machine_save_size(&f.machine));
		PROMISE(buf != NULL);
		len_bytes = altered(&f, &in, buf);
	} else {
		len_bytes = in.left;
		buf = malloc(len_bytes ? len_bytes : 1);
		PROMISE(buf != NULL);
		memcpy(buf, in.at, len_bytes);
	}
	before = f;
	if (torpor_machine_restore(&f.machine, buf, len_bytes) != TORPOR_OK) {
		before.now_us = f.now_us; /* looking at the clock is no change */
		PROMISE(memcmp(&before, &f, sizeof(f)) == 0);
	} else {
		while (in.left > 0) {
			fuzz_step(&f, &in);
		}
		PROMISE(torpor_machine_save(&f.machine, buf,
					    torpor_machine_save_size(&f.machine)) == TORPOR_OK);
	}
	free(buf);
	return 0;
}
