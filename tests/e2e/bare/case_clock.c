/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that runs for ever and says what its clock shows: "tick COUNTER FREQUENCY". */
#include "bare.h"

#define TICKS_A_SECOND 4

void case_clock(void)
{
	u64 frequency = read_register(cntfrq_el0);
	u64 last = now();

	for (;;) {
		u64 counter = now();

		/* Not from the tick that was due: after a jump there would be many at once. */
		if (counter - last >= frequency / TICKS_A_SECOND) {
			say("tick %x %x", counter, frequency);
			last = counter;
		}
	}
}
