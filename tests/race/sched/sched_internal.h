/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the scheduler and the hooks that the core's accesses go through. */
#ifndef TORPOR_TESTS_RACE_SCHED_INTERNAL_H
#define TORPOR_TESTS_RACE_SCHED_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One step, as a trace shows it. */
struct sched_op {
	const char *kind;
	size_t offset;
	uint32_t before;
	uint32_t after;
	uint32_t thread;
	bool has_place;
	bool has_values;
	bool missed;
};

bool sched_is_running(void);

/* The enum sched_access of an address, with its offset in the world; -1 if it is outside. */
int sched_offset(const void *address, size_t *offset);

/* Yield; once it is this thread's turn, where to note what the step did. */
struct sched_op *sched_yield_before(const struct sched_op *op);

#endif /* TORPOR_TESTS_RACE_SCHED_INTERNAL_H */
