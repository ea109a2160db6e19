/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One CPU's word: who may change what hangs on it, and when.
 *
 * Whoever takes a CPU to CLAIMED or LEAVING holds it: its record, its part in the power tree and
 * its statistics are that one's until the word is released, and everybody else is told "busy".
 * The step is made first and the machine looked at after it. So a step that comes when the machine
 * has ended, and reset or restore may already be at work, finds out before it has touched
 * anything, and goes back, by a CAS that fails if it has been overrun.
 */
#ifndef TORPOR_CORE_CPU_H
#define TORPOR_CORE_CPU_H

#include "internal.h"

/*
 * Holds a CPU whose word is @found, and becomes @held. Returns that, or 0 if it has changed or the
 * machine has ended. Should the machine run again by then, after a reset, the word is another.
 */
static inline uint32_t tp_cpu_hold_inline(const struct torpor_machine *machine,
					  struct torpor_cpu *cpu, uint32_t found, uint32_t held)
{
	uint32_t expected = found;

	if (!atomic_cas(&cpu->word, &expected, held)) {
		return 0;
	}
#ifdef TORPOR_MUTANT_HOLD_OVERRUN
	if (tp_mode(atomic_load_acquire(&machine->word)) != TORPOR_MODE_RUNNING) {
#else
	if (tp_mode(atomic_load_acquire(&machine->word)) != TORPOR_MODE_RUNNING ||
	    atomic_load_relaxed(&cpu->word) != held) {
#endif
		expected = held;
		(void)atomic_cas(&cpu->word, &expected, found);
		return 0;
	}
	return held;
}

#endif /* TORPOR_CORE_CPU_H */
