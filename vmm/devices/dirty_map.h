/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which parts of a disk were written, in grains of DIRTY_GRAIN_BYTES.
 *
 * The caller owns the struct, and frees it by dirty_map_destroy().
 */
#ifndef VMM_DEVICES_DIRTY_MAP_H
#define VMM_DEVICES_DIRTY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRTY_GRAIN_BYTES (UINT64_C(1) << 20)

/**
 * struct dirty_map - a map; members are its own
 * @words:      a bit a grain; atomic
 * @size_bytes: of the disk
 */
struct dirty_map {
	uint32_t *words;
	uint64_t size_bytes;
};

/**
 * dirty_map_init() - nothing is written
 * @size_bytes: of the disk; 0 for one that never is
 *
 * Return: 0 or -ENOMEM.
 */
int dirty_map_init(struct dirty_map *map, uint64_t size_bytes);

/** dirty_map_destroy() - free it */
void dirty_map_destroy(struct dirty_map *map);

/**
 * dirty_map_mark() - this is about to be written
 * @offset:    with @len_bytes: within the disk
 * @len_bytes: 0 marks nothing
 *
 * Context: any thread.
 */
void dirty_map_mark(struct dirty_map *map, uint64_t offset, uint64_t len_bytes);

/**
 * dirty_map_next() - the next stretch of written grains
 * @from:      looked for from here on, in bytes
 * @offset:    set to where it begins: at @from or at a grain
 * @len_bytes: set to its length: up to a grain's or the disk's end
 *
 * Context: any thread; what is marked meanwhile may be missed.
 *
 * Return: true; false if there is none.
 */
bool dirty_map_next(const struct dirty_map *map, uint64_t from, uint64_t *offset,
		    uint64_t *len_bytes);

#endif /* VMM_DEVICES_DIRTY_MAP_H */
