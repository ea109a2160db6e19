/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "states.h"

#define FIRST_SIZE ((size_t)1 << 14)
#define SIZE_MAX_SLOTS ((size_t)1 << 24)

struct slot {
	struct state_key key;
	double count;
	uint64_t used;
};

static struct slot *slots;
static size_t size;
static size_t used;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xD6E8FEB86659FD93);
	x ^= x >> 29;
	return x;
}

void state_hash(struct state_key *key, const void *data, size_t size_bytes)
{
	const char *at = data;
	uint64_t word = 0;

	for (; size_bytes >= sizeof(word); size_bytes -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		key->a = (key->a ^ word) * UINT64_C(0x9E3779B97F4A7C15);
		key->a ^= key->a >> 31;
		key->b = (key->b + word) * UINT64_C(0xC2B2AE3D27D4EB4F);
		key->b = key->b << 27 | key->b >> 37;
	}
	word = 0;
	memcpy(&word, at, size_bytes);
	key->a = mix(key->a ^ word ^ (uint64_t)size_bytes << 56);
	key->b = mix(key->b + word);
}

static struct slot *find(struct slot *table, size_t table_size, const struct state_key *key)
{
	size_t i = (size_t)mix(key->a) & (table_size - 1);

	while (table[i].used != 0 && (table[i].key.a != key->a || table[i].key.b != key->b)) {
		i = (i + 1) & (table_size - 1);
	}
	return &table[i];
}

static int grow(void)
{
	size_t new_size = size == 0 ? FIRST_SIZE : size * 2;
	struct slot *table;

	if (new_size > SIZE_MAX_SLOTS) {
		return -1;
	}
	table = calloc(new_size, sizeof(*table));
	if (table == NULL) {
		return -1;
	}
	for (size_t i = 0; i < size; i++) {
		if (slots[i].used != 0) {
			*find(table, new_size, &slots[i].key) = slots[i];
		}
	}
	free(slots);
	slots = table;
	size = new_size;
	return 0;
}

double *states_slot(const struct state_key *key)
{
	struct slot *slot;

	if (used * 3 >= size * 2 && grow() != 0) {
		return NULL;
	}
	slot = find(slots, size, key);
	if (slot->used == 0) {
		slot->used = 1;
		slot->key = *key;
		slot->count = STATE_NEW;
		used++;
	}
	return &slot->count;
}

void states_clear(void)
{
	free(slots);
	slots = NULL;
	size = 0;
	used = 0;
}
