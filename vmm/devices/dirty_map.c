/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/dirty_map.h"

#include <errno.h>
#include <stdlib.h>

#define WORD_BITS 32

static uint64_t grain_count(const struct dirty_map *map)
{
	return (map->size_bytes + DIRTY_GRAIN_BYTES - 1) / DIRTY_GRAIN_BYTES;
}

int dirty_map_init(struct dirty_map *map, uint64_t size_bytes)
{
	map->size_bytes = size_bytes;
	/* Never none, which would be no memory. */
	map->words = calloc(grain_count(map) / WORD_BITS + 1, sizeof(*map->words));
	return map->words != NULL ? 0 : -ENOMEM;
}

void dirty_map_destroy(struct dirty_map *map)
{
	free(map->words);
	map->words = NULL;
}

void dirty_map_mark(struct dirty_map *map, uint64_t offset, uint64_t len_bytes)
{
	uint64_t end = offset + len_bytes;

	for (uint64_t at = offset / DIRTY_GRAIN_BYTES; at * DIRTY_GRAIN_BYTES < end; at++) {
		uint32_t *word = &map->words[at / WORD_BITS];
		uint32_t bit = UINT32_C(1) << at % WORD_BITS;

		/* Mostly it is marked already, and then nobody else's cache need let go of it. */
		if ((__atomic_load_n(word, __ATOMIC_RELAXED) & bit) == 0) {
			(void)__atomic_fetch_or(word, bit, __ATOMIC_RELEASE);
		}
	}
}

static bool is_marked(const struct dirty_map *map, uint64_t grain)
{
	uint32_t word = __atomic_load_n(&map->words[grain / WORD_BITS], __ATOMIC_ACQUIRE);

	return (word & UINT32_C(1) << grain % WORD_BITS) != 0;
}

bool dirty_map_next(const struct dirty_map *map, uint64_t from, uint64_t *offset,
		    uint64_t *len_bytes)
{
	uint64_t count = grain_count(map);
	uint64_t first = from / DIRTY_GRAIN_BYTES;
	uint64_t start;
	uint64_t end;

	while (first < count && !is_marked(map, first)) {
		first++;
	}
	if (first >= count || from >= map->size_bytes) {
		return false;
	}
	for (end = first + 1; end < count && is_marked(map, end); end++) {
	}
	start = first * DIRTY_GRAIN_BYTES;
	end *= DIRTY_GRAIN_BYTES;
	*offset = start > from ? start : from;
	*len_bytes = (end < map->size_bytes ? end : map->size_bytes) - *offset;
	return true;
}
