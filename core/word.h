/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two words that decide everything, taken apart and put together.
 *
 * The machine's: bits 0-2 its mode; bits 3-12 how many CPUs are not off, or, while it is suspended
 * or waking, the index of the CPU that suspended it (one CPU is not off then, by definition); bits
 * 13-31 an epoch that reset and restore bump, so that a step begun before them can't end after.
 *
 * A CPU's: bits 0-3 its state; bits 4-31 a generation, bumped by each claim, reset and restore, so
 * that whoever left it in one state finds out that it has been elsewhere since.
 */
#ifndef TORPOR_CORE_WORD_H
#define TORPOR_CORE_WORD_H

#include <stdbool.h>
#include <stdint.h>
#include <torpor/machine.h>

#define TP_MODE_MASK UINT32_C(7)
#define TP_COUNT_SHIFT 3
#define TP_COUNT_MASK UINT32_C(0x3FF)
#define TP_COUNT_ONE (UINT32_C(1) << TP_COUNT_SHIFT)
#define TP_EPOCH_SHIFT 13

#define TP_STATE_MASK UINT32_C(15)
#define TP_GENERATION_ONE UINT32_C(16)

static inline enum torpor_machine_mode tp_mode(uint32_t word)
{
	return (enum torpor_machine_mode)(word & TP_MODE_MASK);
}

/* The count, or the index while suspended or waking. */
static inline uint32_t tp_count(uint32_t word)
{
	return (word >> TP_COUNT_SHIFT) & TP_COUNT_MASK;
}

static inline uint32_t tp_epoch(uint32_t word)
{
	return word >> TP_EPOCH_SHIFT;
}

static inline uint32_t tp_machine_word(enum torpor_machine_mode mode, uint32_t count,
				       uint32_t epoch)
{
	return (uint32_t)mode | (count << TP_COUNT_SHIFT) | (epoch << TP_EPOCH_SHIFT);
}

static inline bool tp_is_suspended(uint32_t word)
{
	return tp_mode(word) == TORPOR_MODE_SUSPENDED || tp_mode(word) == TORPOR_MODE_WAKING;
}

static inline uint32_t tp_cpus_on(uint32_t word)
{
	return tp_is_suspended(word) ? 1 : tp_count(word);
}

static inline enum torpor_cpu_state tp_state(uint32_t word)
{
	return (enum torpor_cpu_state)(word & TP_STATE_MASK);
}

static inline uint32_t tp_with_state(uint32_t word, enum torpor_cpu_state state)
{
	return (word & ~TP_STATE_MASK) | (uint32_t)state;
}

#endif /* TORPOR_CORE_WORD_H */
