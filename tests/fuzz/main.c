/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where there is no libFuzzer: a fixed number of rounds on random bytes, the same each time.
 *
 *   fuzz_… [ROUNDS [SEED]], or fuzz_… FILE to repeat what a fuzzer found
 */
#include "machine.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS_DEFAULT 20000u
#define SIZE_MAX_BYTES 2048u

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 8;
}

static int repeat(const char *path)
{
	static uint8_t data[65536];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	(void)fclose(file);
	return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	char *end = NULL;
	unsigned long rounds = argc > 1 ? strtoul(argv[1], &end, 0) : ROUNDS_DEFAULT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;

	if (argc > 1 && *end != '\0') {
		return repeat(argv[1]);
	}
	printf("1..1\n");
	for (unsigned long i = 0; i < rounds; i++) {
		uint8_t data[SIZE_MAX_BYTES];
		size_t size = next(&state) % (i % 16 ? 256 : SIZE_MAX_BYTES);

		for (size_t at = 0; at < size; at++) {
			data[at] = (uint8_t)next(&state);
		}
		(void)LLVMFuzzerTestOneInput(data, size);
	}
	printf("ok 1 - %lu rounds, seed %" PRIu64 "\n", rounds, seed);
	return 0;
}
