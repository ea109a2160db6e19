/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core's atomic operations, each a point at which the scheduler may run another thread first.
 * Named in TORPOR_ATOMIC_HEADER when the core is compiled for tests/race/sched.
 */
#ifndef TORPOR_TESTS_RACE_ATOMIC_SCHED_H
#define TORPOR_TESTS_RACE_ATOMIC_SCHED_H

#include <stdbool.h>
#include <stdint.h>

uint32_t sched_atomic_load(const uint32_t *word);
void sched_atomic_store(uint32_t *word, uint32_t value);
bool sched_atomic_cas(uint32_t *word, uint32_t *expected, uint32_t desired);
uint32_t sched_atomic_exchange(uint32_t *word, uint32_t value);

static inline uint32_t atomic_load_acquire(const uint32_t *word)
{
	return sched_atomic_load(word);
}

static inline uint32_t atomic_load_relaxed(const uint32_t *word)
{
	return sched_atomic_load(word);
}

static inline void atomic_store_release(uint32_t *word, uint32_t value)
{
	sched_atomic_store(word, value);
}

static inline void atomic_store_relaxed(uint32_t *word, uint32_t value)
{
	sched_atomic_store(word, value);
}

static inline bool atomic_cas(uint32_t *word, uint32_t *expected, uint32_t desired)
{
	return sched_atomic_cas(word, expected, desired);
}

static inline uint32_t atomic_swap(uint32_t *word, uint32_t value)
{
	return sched_atomic_exchange(word, value);
}

#endif /* TORPOR_TESTS_RACE_ATOMIC_SCHED_H */
