/* SPDX-License-Identifier: BSD-3-Clause */
/* What is measured: one call of the core each, on a machine of one's choice of CPUs. */
#ifndef TORPOR_BENCH_CALLS_H
#define TORPOR_BENCH_CALLS_H

#include <stdbool.h>
#include <torpor/torpor.h>

/* A machine with CPU 0 on, and what the calls give. */
struct bench {
	struct torpor_machine *machine;
	uint32_t cpu_count;
	uint32_t target; /* the last CPU, which is off; CPU 0 itself if there is no other */
	struct torpor_call call;
	struct torpor_start start;
	uint32_t cpus_on;
	int got;
};

struct bench_call {
	const char *name;
	unsigned target; /* instructions that it may take; 0: none was set */
	uint32_t cpus_min;
	bool full; /* not there in a plain machine */
	void (*before)(struct bench *bench); /* not measured */
	void (*measured)(struct bench *bench);
	int expected; /* in got, after it */
};

extern const struct bench_call bench_calls[];

#endif /* TORPOR_BENCH_CALLS_H */
