/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of four CPUs on port/pthread that starts, stops and suspends at random, while two host
 * threads force CPUs off, start, wake and refuse, until enough of all that has happened.
 * Usage: guest [TIMES [SEED]].
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "torpor_pthread.h"

#define CPUS 4

static struct torpor_pthread host;
static unsigned long times = 500;
static unsigned long seed = 1;
static uint32_t failures;
static uint32_t counts[4]; /* starts taken, suspends, refusals, forced offs */

enum {
	TAKEN = 0,
	SUSPENDS = 1,
	REFUSALS = 2,
	FORCED = 3
};

static void count(uint32_t what)
{
	(void)__atomic_fetch_add(&counts[what], 1, __ATOMIC_RELAXED);
}

/* So many starts, and a tenth of that of all else. */
static int is_enough(void)
{
	uint32_t seen[4];

	for (uint32_t i = 0; i < 4; i++) {
		seen[i] = __atomic_load_n(&counts[i], __ATOMIC_RELAXED);
	}
	return seen[TAKEN] >= times && seen[SUSPENDS] >= times / 10 &&
	       seen[REFUSALS] >= times / 10 && seen[FORCED] >= times / 10;
}

static uint32_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

static void require(int condition, const char *text)
{
	if (!condition && __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) == 0) {
		printf("# %s\n", text);
	}
}

static uint64_t context_of(uint64_t entry)
{
	return ~entry * 3;
}

static void guest_step(struct torpor_pthread_cpu *cpu, uint64_t *random)
{
	uint32_t dice = next(random) % 16;
	uint32_t target = next(random) % CPUS;
	uint64_t entry = (uint64_t)next(random) << 20 | 4;
	int64_t got;

	if (dice < 8) {
		got = torpor_pthread_smc(cpu, TORPOR_FN64(TORPOR_FN_CPU_ON), target, entry,
					 context_of(entry));
		require(got == TORPOR_RET_SUCCESS || got == TORPOR_RET_ALREADY_ON ||
				got == TORPOR_RET_ON_PENDING,
			"CPU_ON: an unexpected answer");
	} else if (dice < 12) {
		got = torpor_pthread_smc(cpu, TORPOR_FN64(TORPOR_FN_AFFINITY_INFO), target, 0, 0);
		require(got >= TORPOR_AFFINITY_ON && got <= TORPOR_AFFINITY_ON_PENDING,
			"AFFINITY_INFO: an unexpected answer");
	} else if (dice < 14) {
		got = torpor_pthread_smc(cpu, TORPOR_FN64(TORPOR_FN_SYSTEM_SUSPEND), entry,
					 context_of(entry), 0);
		require(got == TORPOR_RET_DENIED, "SYSTEM_SUSPEND: an unexpected answer");
	} else if (cpu->index != 0) {
		(void)torpor_pthread_smc(cpu, TORPOR_FN32(TORPOR_FN_CPU_OFF), 0, 0, 0);
		require(0, "CPU_OFF returned");
	}
}

static void guest(struct torpor_pthread_cpu *cpu)
{
	uint64_t random = cpu->start.entry * 2 + cpu->index + seed;

	if (cpu->start.entry != 0) {
		count(TAKEN);
		require(cpu->start.context == context_of(cpu->start.entry), "a torn entry");
	}
	for (;;) {
		if (cpu->index == 0 && is_enough()) {
			(void)torpor_pthread_smc(cpu, TORPOR_FN32(TORPOR_FN_SYSTEM_OFF), 0, 0, 0);
			require(0, "SYSTEM_OFF returned");
		}
		guest_step(cpu, &random);
		if (next(&random) % 8 == 0) {
			sched_yield();
		}
	}
}

static int is_over(void)
{
	switch (torpor_machine_mode(&host.machine)) {
	case TORPOR_MODE_OFF:
	case TORPOR_MODE_HIBERNATED:
	case TORPOR_MODE_RESETTING:
		return 1;
	case TORPOR_MODE_RUNNING:
	case TORPOR_MODE_SUSPENDED:
	case TORPOR_MODE_WAKING:
		break;
	}
	return 0;
}

static void host_step(uint64_t *random)
{
	uint32_t cpu = 1 + next(random) % (CPUS - 1);
	uint64_t entry = (uint64_t)next(random) << 20 | 4;
	struct torpor_start start = {.entry = entry, .context = context_of(entry)};
	uint32_t suspended = 0;
	uint32_t left;

	if (torpor_machine_suspended_cpu(&host.machine, &suspended) == TORPOR_OK) {
		count(SUSPENDS);
		switch (next(random) % 4) {
		case 0:
			if (torpor_machine_refuse_suspend(&host.machine) == TORPOR_OK) {
				count(REFUSALS);
			}
			break;
		case 1:
			(void)!torpor_machine_wake(&host.machine);
			break;
		case 2:
			(void)!torpor_cpu_start(&host.machine, cpu, &start);
			break;
		default:
			torpor_pthread_interrupt(&host, suspended);
			break;
		}
		torpor_pthread_kick(&host, suspended);
	} else if (next(random) % 2 == 0) {
		(void)!torpor_cpu_start(&host.machine, cpu, &start);
	} else if (torpor_cpu_force_off(&host.machine, cpu, &left) == TORPOR_OK) {
		count(FORCED);
		torpor_pthread_kick(&host, cpu);
	}
}

static void *host_thread(void *arg)
{
	uint64_t random = seed * 77 + *(const uint32_t *)arg;

	while (!is_over()) {
		host_step(&random);
		sched_yield();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static uint32_t numbers[2] = {1, 2};
	pthread_t threads[2];

	times = argc > 1 ? strtoul(argv[1], NULL, 10) : times;
	seed = argc > 2 ? strtoul(argv[2], NULL, 10) : seed;
	if (torpor_pthread_init(&host, CPUS, guest, NULL) != 0 ||
	    pthread_create(&threads[0], NULL, host_thread, &numbers[0]) != 0 ||
	    pthread_create(&threads[1], NULL, host_thread, &numbers[1]) != 0) {
		printf("Bail out! no threads\n");
		return 1;
	}
	require(torpor_pthread_join(&host) == TORPOR_MODE_OFF, "not ended by SYSTEM_OFF");
	require(host.ended == TORPOR_MACHINE_OFF, "the end was not told");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	printf("%sok 1 - a guest and two host threads at random\n", failures == 0 ? "" : "not ");
	printf("# %u starts taken, %u suspends looked at, %u refused, %u forced off\n1..1\n",
	       counts[TAKEN], counts[SUSPENDS], counts[REFUSALS], counts[FORCED]);
	return failures == 0 ? 0 : 1;
}
