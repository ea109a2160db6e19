/* SPDX-License-Identifier: BSD-3-Clause */
/* Usage: sched [NAME...]: run the scenarios named, or all, and report in TAP. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "world.h"

static const struct sched_scenario *const lists[] = {start_scenarios,	off_scenarios,
						     suspend_scenarios, end_scenarios,
						     tree_scenarios,	misc_scenarios};

#define LIST_COUNT (sizeof(lists) / sizeof(lists[0]))

static double total_interleavings;
static uint64_t total_states;

static int run(uint32_t number, const struct sched_scenario *scenario)
{
	struct sched_result result;
	clock_t before = clock();

	sched_run(&sched_world, scenario, &result);
	printf("%sok %u - %s: %s\n", result.failed ? "not " : "", number, scenario->name,
	       scenario->races);
	if (result.failed) {
		printf("# %s\n", result.message);
		sched_print_trace();
	} else {
		printf("# %.15g interleavings, %" PRIu64 " states, %u steps, %.2f s\n",
		       result.interleavings, result.states, result.longest,
		       (double)(clock() - before) / CLOCKS_PER_SEC);
	}
	(void)fflush(stdout);
	total_states += result.states;
	total_interleavings += result.interleavings;
	return result.failed;
}

static int is_wanted(const char *name, int count, char **names)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(name, names[i]) == 0) {
			return 1;
		}
	}
	return count < 2;
}

int main(int argc, char **argv)
{
	uint32_t number = 0;
	uint32_t failed = 0;

	for (size_t i = 0; i < LIST_COUNT; i++) {
		for (const struct sched_scenario *s = lists[i]; s->name != NULL; s++) {
			if (is_wanted(s->name, argc, argv)) {
				number++;
				failed += (uint32_t)run(number, s);
			}
		}
	}
	printf("1..%u\n", number);
	printf("# %.3g interleavings of %" PRIu64 " states\n", total_interleavings, total_states);
	if (number == 0) {
		printf("# no scenario of that name\n");
		return 2;
	}
	return failed == 0 ? 0 : 1;
}
