/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An exhaustive scheduler.
 *
 * Threads are coroutines. Before each atomic operation of the core, and before each plain access
 * of the core to memory that threads share, a thread yields; the scheduler then tries every
 * thread that could go next, depth first, and comes back to try the others. Nothing is bounded:
 * a scenario is explored to the end or fails.
 *
 * The whole state (the shared world, the live part of each stack with its registers) is saved and
 * restored, not replayed, and a state that was explored before is not explored again. States are
 * compared by a 128-bit hash. The number of interleavings that these states stand for is counted
 * as well. Memory is sequentially consistent here; tests/race/threads runs the same properties
 * under ThreadSanitizer, on real memory.
 *
 * What threads share, and what a scenario remembers, lives in the world that is given to
 * sched_run(). Nothing else may be written by a scenario but its own stack.
 */
#ifndef TORPOR_TESTS_RACE_SCHED_H
#define TORPOR_TESTS_RACE_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHED_THREADS 6

/* What the core may do to a 32-bit word of the world. */
enum sched_access {
	SCHED_PRIVATE = 0, /* not the core's: never a point of scheduling */
	SCHED_CONSTANT = 1, /* may be read at any time, not written once threads run */
	SCHED_PLAIN = 2, /* may be read and written in any way */
	SCHED_ATOMIC = 3, /* only by the operations of core/atomic.h */
};

struct sched_world {
	void *memory;
	size_t size_bytes;
	const uint8_t *access; /* enum sched_access, one for each 32-bit word of it */
	/* For traces: what is at an offset. */
	void (*describe)(size_t offset, char *text, size_t size_bytes);
};

struct sched_thread {
	const char *name;
	void (*body)(void);
};

struct sched_scenario {
	const char *name;
	const char *races; /* what races with what, for people */
	void (*setup)(void);
	struct sched_thread threads[SCHED_THREADS];
	void (*step)(void); /* after each step; no yields in it */
	void (*end)(void); /* when no thread can go on; no yields in it; its changes are undone */
};

struct sched_result {
	bool failed;
	char message[256];
	uint64_t states;
	double interleavings; /* exact up to 2 to the power of 53 */
	uint32_t longest;
};

void sched_run(const struct sched_world *world, const struct sched_scenario *scenario,
	       struct sched_result *result);

/* Print the steps that led to the failure. */
void sched_print_trace(void);

/* For scenarios: from a thread, a step check or an end check. */
void sched_fail(const char *file, int line, const char *text);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			sched_fail(__FILE__, __LINE__, #condition);                                \
		}                                                                                  \
	} while (0)

/* From a thread: yield; other threads may go first. */
void sched_point(const char *what);

/* From a thread: go on only when *flag is not 0. *flag is in the world. */
void sched_wait(const uint32_t *flag);

#endif /* TORPOR_TESTS_RACE_SCHED_H */
