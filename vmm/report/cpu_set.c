/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/cpu_set.h"

#include <stdio.h>

void cpu_set_put(struct cpu_set *set, int64_t cpu, bool on)
{
	uint64_t bit;

	if (cpu < 0 || cpu >= CPU_SET_COUNT_MAX) {
		return;
	}
	bit = UINT64_C(1) << cpu % 64;
	if (on) {
		set->words[cpu / 64] |= bit;
	} else {
		set->words[cpu / 64] &= ~bit;
	}
}

unsigned cpu_set_count(const struct cpu_set *set)
{
	unsigned count = 0;

	for (size_t i = 0; i < sizeof(set->words) / sizeof(set->words[0]); i++) {
		count += (unsigned)__builtin_popcountll(set->words[i]);
	}
	return count;
}

void cpu_set_text(const struct cpu_set *set, char text[CPU_SET_TEXT_SIZE])
{
	size_t length = 0;

	text[0] = '\0';
	for (uint32_t first = 0; first < CPU_SET_COUNT_MAX; first++) {
		uint32_t last = first;
		int count;

		if (!cpu_set_has(set, first)) {
			continue;
		}
		while (cpu_set_has(set, last + 1)) {
			last++;
		}
		/* The worst, every other CPU, has room: 256 numbers of 3 digits, and commas. */
		count = snprintf(text + length, CPU_SET_TEXT_SIZE - length,
				 last > first ? "%s%u-%u" : "%s%u", length > 0 ? "," : "", first,
				 last);
		length += (size_t)count;
		first = last;
	}
}
