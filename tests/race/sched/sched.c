/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sched.h"
#include "sched_internal.h"
#include "states.h"

#define STACK_SIZE (32u * 1024u)
#define STACK_SCRUB 2048u
#define DEPTH_MAX 1024u

#if defined(__x86_64__)
#define SWITCH_WORDS 8u /* six registers, the return address, and one to align */
#define SWITCH_PC 6u
#else
#define SWITCH_WORDS 20u
#define SWITCH_PC 11u
#endif

void sched_switch(void **save, void *sp);

struct thread {
	char *sp;
	const uint32_t *wait;
	bool live;
};

static struct {
	const struct sched_world *world;
	const struct sched_scenario *scenario;
	struct sched_result *result;
	struct thread threads[SCHED_THREADS];
	uint32_t count;
	uint32_t current;
	bool running; /* a thread runs: yields are real */
	void *driver_sp;
	uint32_t depth;
	struct sched_op trace[DEPTH_MAX];
	uint32_t trace_count;
	struct sched_op pending[SCHED_THREADS];
} sched;

static _Alignas(64) char stacks[SCHED_THREADS][STACK_SIZE];

/* Coroutines. */

static void yield_to_driver(void)
{
	sched_switch((void **)&sched.threads[sched.current].sp, sched.driver_sp);
}

static void thread_entry(void)
{
	sched.scenario->threads[sched.current].body();
	sched.threads[sched.current].live = false;
	yield_to_driver();
	abort();
}

static void thread_start(uint32_t index)
{
	struct thread *thread = &sched.threads[index];
	void **words;

	memset(stacks[index], 0, STACK_SIZE);
	words = (void **)(void *)(stacks[index] + STACK_SIZE - SWITCH_WORDS * sizeof(void *));
	*(void (**)(void))(void *)&words[SWITCH_PC] = thread_entry;
	thread->sp = (char *)words;
	thread->wait = NULL;
	thread->live = true;
}

/* Run a thread until it yields again. What lies below its stack is zeroed: no stale bytes. */
static void thread_step(uint32_t index)
{
	struct thread *thread = &sched.threads[index];
	size_t room = (size_t)(thread->sp - stacks[index]);
	size_t scrub = room < STACK_SCRUB ? room : STACK_SCRUB;

	memset(thread->sp - scrub, 0, scrub);
	thread->wait = NULL;
	sched.current = index;
	sched.running = true;
	sched_switch(&sched.driver_sp, thread->sp);
	sched.running = false;
	if ((size_t)(thread->sp - stacks[index]) < STACK_SIZE / 4) {
		sched_fail(__FILE__, __LINE__, "a thread's stack is too small");
	}
}

/* What the hooks of the core's accesses, and scenarios, call on a thread's stack. */

bool sched_is_running(void)
{
	return sched.running;
}

int sched_offset(const void *address, size_t *offset)
{
	const char *base = sched.world == NULL ? NULL : sched.world->memory;
	const char *at = address;

	if (base == NULL || at < base || at >= base + sched.world->size_bytes) {
		return -1;
	}
	*offset = (size_t)(at - base);
	return sched.world->access[*offset / 4];
}

struct sched_op *sched_yield_before(const struct sched_op *op)
{
	sched.pending[sched.current] = *op;
	yield_to_driver();
	return &sched.trace[sched.trace_count - 1];
}

void sched_point(const char *what)
{
	struct sched_op op = {.kind = what};

	if (sched.running) {
		(void)sched_yield_before(&op);
	}
}

void sched_wait(const uint32_t *flag)
{
	if (sched.running) {
		struct sched_op op = {.kind = "go on"};

		sched.threads[sched.current].wait = flag;
		(void)sched_yield_before(&op);
	}
}

void sched_fail(const char *file, int line, const char *text)
{
	const char *slash = strrchr(file, '/');

	if (sched.result != NULL && !sched.result->failed) {
		sched.result->failed = true;
		(void)snprintf(sched.result->message, sizeof(sched.result->message), "%s:%d: %s",
			       slash == NULL ? file : slash + 1, line, text);
	}
}

/* The search. */

static struct state_key state_key(void)
{
	struct state_key key = {UINT64_C(0x243F6A8885A308D3), UINT64_C(0x13198A2E03707344)};

	for (uint32_t i = 0; i < sched.count; i++) {
		const struct thread *thread = &sched.threads[i];
		uint64_t head[2] = {(uint64_t)(thread->sp - stacks[i]),
				    (uint64_t)thread->live | (uint64_t)(uintptr_t)thread->wait
								     << 1};

		state_hash(&key, head, sizeof(head));
		if (thread->live) {
			state_hash(&key, thread->sp, (size_t)(stacks[i] + STACK_SIZE - thread->sp));
		}
	}
	state_hash(&key, sched.world->memory, sched.world->size_bytes);
	return key;
}

static bool can_go(uint32_t index)
{
	const struct thread *thread = &sched.threads[index];

	return thread->live && (thread->wait == NULL || *thread->wait != 0);
}

static double explore(void);

static double try_thread(uint32_t index)
{
	struct thread saved = sched.threads[index];
	size_t size_bytes = (size_t)(stacks[index] + STACK_SIZE - saved.sp);
	char *stack = malloc(size_bytes);
	double count;

	if (stack == NULL || sched.depth == DEPTH_MAX) {
		sched_fail(__FILE__, __LINE__, "out of memory, or a path without an end");
		free(stack);
		return 0;
	}
	memcpy(stack, saved.sp, size_bytes);
	sched.trace[sched.depth] = sched.pending[index];
	sched.trace[sched.depth].thread = index;
	sched.depth++;
	sched.trace_count = sched.depth;
	thread_step(index);
	if (!sched.result->failed && sched.scenario->step != NULL) {
		sched.scenario->step();
	}
	count = sched.result->failed ? 0 : explore();
	sched.depth--;
	memcpy(saved.sp, stack, size_bytes);
	sched.threads[index] = saved;
	sched.pending[index] = sched.trace[sched.depth];
	free(stack);
	return count;
}

static double explore(void)
{
	struct state_key key = state_key();
	double *count = states_slot(&key);
	char *world;
	double sum = 0;
	bool any = false;

	if (count == NULL) {
		sched_fail(__FILE__, __LINE__, "too many states");
		return 0;
	}
	if (*count < 0) {
		sched_fail(__FILE__, __LINE__, "threads can go round in circles for ever");
		return 0;
	}
	if (*count > 0) {
		return *count;
	}
	*count = STATE_OPEN;
	sched.result->states++;
	if (sched.depth > sched.result->longest) {
		sched.result->longest = sched.depth;
	}
	world = malloc(sched.world->size_bytes);
	if (world == NULL) {
		abort();
	}
	memcpy(world, sched.world->memory, sched.world->size_bytes);
	for (uint32_t i = 0; i < sched.count && !sched.result->failed; i++) {
		if (can_go(i)) {
			any = true;
			sum += try_thread(i);
			memcpy(sched.world->memory, world, sched.world->size_bytes);
		}
	}
	if (!any) {
		sum = 1;
		sched.scenario->end();
		memcpy(sched.world->memory, world, sched.world->size_bytes);
	}
	free(world);
	if (!sched.result->failed) {
		*states_slot(&key) = sum;
	}
	return sum;
}

void sched_run(const struct sched_world *world, const struct sched_scenario *scenario,
	       struct sched_result *result)
{
	memset(result, 0, sizeof(*result));
	memset(&sched, 0, sizeof(sched));
	memset(world->memory, 0, world->size_bytes);
	sched.world = world;
	sched.scenario = scenario;
	sched.result = result;
	states_clear();
	scenario->setup();
	while (sched.count < SCHED_THREADS && scenario->threads[sched.count].body != NULL) {
		thread_start(sched.count);
		sched.count++;
	}
	/* Up to each thread's first access nothing is shared. */
	for (uint32_t i = 0; i < sched.count && !result->failed; i++) {
		thread_step(i);
	}
	if (!result->failed) {
		result->interleavings = explore();
	}
	states_clear();
}

void sched_print_trace(void)
{
	for (uint32_t i = 0; i < sched.trace_count; i++) {
		const struct sched_op *op = &sched.trace[i];
		char place[64] = "";

		if (op->has_place) {
			sched.world->describe(op->offset, place, sizeof(place));
		}
		printf("#   %3u %-6s %s %s", i + 1, sched.scenario->threads[op->thread].name,
		       op->kind == NULL ? "starts" : op->kind, place);
		if (op->has_values) {
			printf(" %08x -> %08x%s", op->before, op->after,
			       op->missed ? " (missed)" : "");
		}
		printf("\n");
	}
}
