/* SPDX-License-Identifier: BSD-3-Clause */
/* Which CPUs of a machine are on. */
#ifndef VMM_REPORT_CPU_SET_H
#define VMM_REPORT_CPU_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CPU_SET_COUNT_MAX 512
#define CPU_SET_TEXT_SIZE 2048

/**
 * struct cpu_set - a bit a CPU
 */
struct cpu_set {
	uint64_t words[CPU_SET_COUNT_MAX / 64];
};

static inline void cpu_set_clear(struct cpu_set *set)
{
	memset(set, 0, sizeof(*set));
}

static inline bool cpu_set_has(const struct cpu_set *set, uint32_t cpu)
{
	return cpu < CPU_SET_COUNT_MAX && (set->words[cpu / 64] >> cpu % 64 & 1) != 0;
}

static inline bool cpu_set_equal(const struct cpu_set *a, const struct cpu_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/** cpu_set_put() - have a CPU in it or not; one that no machine has is ignored */
void cpu_set_put(struct cpu_set *set, int64_t cpu, bool on);

/** cpu_set_count() - how many are in it */
unsigned cpu_set_count(const struct cpu_set *set);

/** cpu_set_text() - as "0-2,7"; "" if none is */
void cpu_set_text(const struct cpu_set *set, char text[CPU_SET_TEXT_SIZE]);

#endif /* VMM_REPORT_CPU_SET_H */
