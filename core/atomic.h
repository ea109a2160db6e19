/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The atomic operations that the core needs, and no others: on 32-bit words, inlined.
 *
 * An embedder whose compiler lacks the __atomic builtins, and the tests that run the core under a
 * scheduler of their own, name a header of theirs in TORPOR_ATOMIC_HEADER that defines the same
 * functions. With GCC and clang for arm64 Linux, build with -mno-outline-atomics: otherwise these
 * become calls into libgcc.
 */
#ifndef TORPOR_CORE_ATOMIC_H
#define TORPOR_CORE_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#ifdef TORPOR_ATOMIC_HEADER
#include TORPOR_ATOMIC_HEADER
#else

/*
 * What was written before the store that is seen here is seen after it too. Besides that, a load
 * never passes a CAS before it: one who takes a CPU's word and then looks at the machine's, and a
 * reset that takes the machine's and then looks at the CPUs', must not both miss the other. Hence
 * SEQ_CST, which costs no more than acquire on x86-64 and is LDAR on arm64.
 */
static inline uint32_t atomic_load_acquire(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline uint32_t atomic_load_relaxed(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void atomic_store_release(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline void atomic_store_relaxed(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* Acquire and release on success; on failure *expected is what was found, as by a load. */
static inline bool atomic_cas(uint32_t *word, uint32_t *expected, uint32_t desired)
{
	return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static inline uint32_t atomic_swap(uint32_t *word, uint32_t value)
{
	return __atomic_exchange_n(word, value, __ATOMIC_ACQ_REL);
}

#endif /* TORPOR_ATOMIC_HEADER */

#endif /* TORPOR_CORE_ATOMIC_H */
