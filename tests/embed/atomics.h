/* SPDX-License-Identifier: BSD-3-Clause */
/* An embedder's own atomics in place of core/atomic.h's: here by the older __sync builtins. */
#ifndef TORPOR_TESTS_EMBED_ATOMICS_H
#define TORPOR_TESTS_EMBED_ATOMICS_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t atomic_load_relaxed(const uint32_t *word)
{
	return *(const volatile uint32_t *)word;
}

static inline uint32_t atomic_load_acquire(const uint32_t *word)
{
	uint32_t value = atomic_load_relaxed(word);

	__sync_synchronize();
	return value;
}

static inline void atomic_store_relaxed(uint32_t *word, uint32_t value)
{
	*(volatile uint32_t *)word = value;
}

static inline void atomic_store_release(uint32_t *word, uint32_t value)
{
	__sync_synchronize();
	atomic_store_relaxed(word, value);
}

static inline bool atomic_cas(uint32_t *word, uint32_t *expected, uint32_t desired)
{
	uint32_t found = __sync_val_compare_and_swap(word, *expected, desired);
	bool done = found == *expected;

	*expected = found;
	return done;
}

static inline uint32_t atomic_swap(uint32_t *word, uint32_t value)
{
	uint32_t found = atomic_load_relaxed(word);

	while (!atomic_cas(word, &found, value)) {
	}
	return found;
}

#endif /* TORPOR_TESTS_EMBED_ATOMICS_H */
