/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads on real memory. Usage: rounds [ROUNDS].
 *
 * In each round a fresh machine, three or four threads that are let go at once, and a check when
 * all are done. Built with ThreadSanitizer too, which looks at the order of every access; without
 * it, the timing is the machine's own.
 */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <torpor/torpor.h>

#define CPUS 3
#define THREADS 4
#define NOTHING_YET 9999
#define GOT(action) (1000 + (action))

static struct round {
	struct torpor_machine machine;
	struct torpor_cpu cpus[CPUS];
	uint16_t index[TORPOR_MPIDR_INDEX_COUNT(CPUS)];
	uint32_t kicks;
	int32_t got[THREADS];
	uint32_t took[2];
	uint32_t left[THREADS];
	bool torn;
} now;

static uint32_t turn; /* goes up by one each time that the threads are let go */
static uint32_t done;
static bool stop;
static const char *failure;

static uint64_t entry_of(uint32_t who)
{
	return (uint64_t)who << 40 | (uint64_t)who << 4;
}

static uint32_t who_is(const struct torpor_start *start)
{
	uint32_t who = (uint32_t)(start->entry >> 40);

	if (start->entry != entry_of(who) || start->context != ~entry_of(who)) {
		now.torn = true;
	}
	return who;
}

static enum torpor_status op_start(void *ctx, uint32_t cpu)
{
	(void)ctx;
	(void)__atomic_fetch_or(&now.kicks, 1u << cpu, __ATOMIC_RELEASE);
	return TORPOR_OK;
}

static const struct torpor_port port = {.size = sizeof(port), .start = op_start};

static int32_t psci(uint32_t cpu, uint32_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	struct torpor_call call = {.x = {fn, a, b, c}};
	enum torpor_action action = torpor_call(&now.machine, cpu, &call);

	if (action == TORPOR_PARK) {
		now.left[cpu] = call.cpus_on;
	}
	return action == TORPOR_RESUME ? (int32_t)(uint32_t)call.x[0] : GOT((int32_t)action);
}

static int32_t guest_start(uint32_t cpu, uint32_t target, uint32_t who)
{
	return psci(cpu, TORPOR_FN64(TORPOR_FN_CPU_ON), target, entry_of(who), ~entry_of(who));
}

static int32_t host_start(uint32_t target, uint32_t who)
{
	struct torpor_start start = {.entry = entry_of(who), .context = ~entry_of(who)};

	return (int32_t)torpor_cpu_start(&now.machine, target, &start);
}

static int32_t guest_suspend(uint32_t cpu)
{
	return psci(cpu, TORPOR_FN64(TORPOR_FN_SYSTEM_SUSPEND), entry_of(1), ~entry_of(1), 0);
}

static int32_t guest_off(uint32_t cpu)
{
	return psci(cpu, TORPOR_FN32(TORPOR_FN_CPU_OFF), 0, 0, 0);
}

/* Take what comes for a while: up to two starts. */
static void take(uint32_t cpu)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < 40 && count < 2; i++) {
		struct torpor_start start;

		if (torpor_cpu_take(&now.machine, cpu, &start) == TORPOR_OK) {
			now.took[count++] = who_is(&start);
		} else if (i > 8) {
			sched_yield();
		}
	}
}

static void set_up(uint32_t on_count)
{
	const struct torpor_cpu_config configs[CPUS] = {{.mpidr = 0}, {.mpidr = 1}, {.mpidr = 2}};
	const struct torpor_config config = {
		.size = sizeof(config),
		.psci_version = TORPOR_PSCI_1_3,
		.flags = TORPOR_F_SYSTEM_SUSPEND | TORPOR_F_SYSTEM_OFF2,
		.cpu_count = CPUS,
		.cpu_configs = configs,
		.cpus = now.cpus,
		.mpidr_index = now.index,
		.off_state = TORPOR_STATE_NONE,
		.freeze_state = TORPOR_STATE_NONE,
		.default_state = TORPOR_STATE_NONE,
		.suspend_state = TORPOR_STATE_NONE,
		.trusted_os = TORPOR_TRUSTED_OS_NONE,
		.port = &port,
	};
	struct torpor_start start;

	memset(&now, 0, sizeof(now));
	if (torpor_machine_init(&now.machine, &config) != TORPOR_OK) {
		abort();
	}
	for (uint32_t i = 1; i < on_count; i++) {
		if (host_start(i, 9) != TORPOR_OK ||
		    torpor_cpu_take(&now.machine, i, &start) != TORPOR_OK) {
			abort();
		}
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		now.got[i] = NOTHING_YET;
	}
	now.kicks = 0;
}

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition) && failure == NULL) {                                             \
			failure = #condition;                                                      \
		}                                                                                  \
	} while (0)

/* What holds after every round. */
static void check_machine(void)
{
	enum torpor_machine_mode mode = torpor_machine_mode(&now.machine);
	uint32_t not_off = 0;

	for (uint32_t i = 0; i < CPUS; i++) {
		enum torpor_cpu_state state = torpor_cpu_state(&now.machine, i);

		REQUIRE(state != TORPOR_CPU_CLAIMED && state != TORPOR_CPU_LEAVING);
		not_off += state != TORPOR_CPU_OFF;
	}
	REQUIRE(!now.torn);
	if (mode == TORPOR_MODE_RUNNING || mode == TORPOR_MODE_SUSPENDED) {
		REQUIRE(torpor_machine_cpus_on(&now.machine) == not_off);
	}
	if (mode == TORPOR_MODE_SUSPENDED) {
		REQUIRE(not_off == 1);
	}
}

/* Three callers start one CPU. */
static void callers(uint32_t thread)
{
	switch (thread) {
	case 0:
		now.got[0] = guest_start(0, 2, 1);
		break;
	case 1:
		now.got[1] = guest_start(1, 2, 2);
		break;
	case 2:
		now.got[2] = host_start(2, 3);
		break;
	default:
		take(2);
		break;
	}
}

static void callers_check(void)
{
	uint32_t winner = 0;
	struct torpor_start start;

	for (uint32_t i = 0; i < 3; i++) {
		if (now.got[i] == TORPOR_RET_SUCCESS) {
			REQUIRE(winner == 0);
			winner = i + 1;
		} else {
			REQUIRE(i == 2 ? now.got[i] == TORPOR_E_STATE
				       : now.got[i] == TORPOR_RET_ALREADY_ON ||
						 now.got[i] == TORPOR_RET_ON_PENDING);
		}
	}
	REQUIRE(winner != 0);
	if (now.took[0] == 0) {
		REQUIRE(torpor_cpu_take(&now.machine, 2, &start) == TORPOR_OK);
		now.took[0] = who_is(&start);
	}
	REQUIRE(now.took[0] == winner && now.took[1] == 0);
}

/* A forced off and a second start, while the CPU takes the first. */
static void restart(uint32_t thread)
{
	switch (thread) {
	case 0:
		now.got[0] = guest_start(0, 1, 1);
		break;
	case 1:
		take(1);
		break;
	case 2:
		now.got[2] = (int32_t)torpor_cpu_force_off(&now.machine, 1, &now.left[3]);
		now.got[3] = host_start(1, 3);
		break;
	default:
		break;
	}
}

static void restart_check(void)
{
	uint32_t last = now.took[1] != 0 ? now.took[1] : now.took[0];
	struct torpor_start start;

	if (torpor_cpu_take(&now.machine, 1, &start) == TORPOR_OK) {
		last = who_is(&start);
	}
	REQUIRE(now.got[3] == TORPOR_OK || now.got[3] == TORPOR_E_STATE);
	REQUIRE(last == (now.got[3] == TORPOR_OK ? 3u : 1u));
}

/* Two leave, and a guest that saw OFF suspends. */
static void leave(uint32_t thread)
{
	switch (thread) {
	case 0:
		for (uint32_t i = 0; i < 20; i++) {
			if (psci(0, TORPOR_FN64(TORPOR_FN_AFFINITY_INFO), 1, 0, 0) ==
			    TORPOR_AFFINITY_OFF) {
				now.got[0] = guest_suspend(0);
				break;
			}
		}
		break;
	case 1:
		now.got[1] = guest_off(1);
		break;
	case 2:
		now.got[2] = (int32_t)torpor_cpu_force_off(&now.machine, 1, &now.left[3]);
		break;
	default:
		break;
	}
}

static void leave_check(void)
{
	REQUIRE(now.got[0] == NOTHING_YET || now.got[0] == GOT(TORPOR_WAIT_SYSTEM));
	REQUIRE(now.got[1] == GOT(TORPOR_PARK));
	REQUIRE(torpor_machine_cpus_on(&now.machine) == 1);
}

/* A suspend and two starts by the host. */
static void suspend(uint32_t thread)
{
	switch (thread) {
	case 0:
		now.got[0] = guest_suspend(0);
		break;
	case 1:
		now.got[1] = host_start(1, 2);
		break;
	case 2:
		now.got[2] = host_start(2, 3);
		break;
	default:
		take(1);
		break;
	}
}

static void suspend_check(void)
{
	bool suspended = now.got[0] == GOT(TORPOR_WAIT_SYSTEM);

	REQUIRE(suspended || now.got[0] == TORPOR_RET_DENIED);
	if (suspended) {
		REQUIRE(now.got[1] == TORPOR_E_SUSPENDED && now.got[2] == TORPOR_E_SUSPENDED);
	} else {
		REQUIRE(now.got[1] == TORPOR_OK || now.got[2] == TORPOR_OK);
	}
}

/* CPU 1 turns CPU 2 on and itself off, and CPU 2 the other way round; CPU 0 may never suspend. */
static void hand_on(uint32_t thread)
{
	switch (thread) {
	case 0:
		now.got[0] = guest_suspend(0);
		now.got[3] = guest_suspend(0);
		break;
	case 1:
		now.got[1] = guest_start(1, 2, 2);
		now.got[1] = guest_off(1);
		break;
	case 2:
		take(2);
		break;
	default:
		break;
	}
}

static void hand_on_check(void)
{
	REQUIRE(now.got[0] == TORPOR_RET_DENIED && now.got[3] == TORPOR_RET_DENIED);
}

/* What ends a suspend. */
static void wakes(uint32_t thread)
{
	struct torpor_call call = {.x = {0}};
	enum torpor_action action;

	switch (thread) {
	case 0:
		action = torpor_cpu_wake(&now.machine, 0, &call);
		now.got[0] = action == TORPOR_RESUME ? (int32_t)(uint32_t)call.x[0]
						     : GOT((int32_t)action);
		now.took[0] = action == TORPOR_ENTER ? who_is(&call.start) : 0;
		break;
	case 1:
		now.got[1] = (int32_t)torpor_machine_refuse_suspend(&now.machine);
		break;
	case 2:
		now.got[2] = (int32_t)torpor_machine_wake(&now.machine);
		break;
	default:
		now.got[3] = (int32_t)torpor_machine_end(&now.machine, TORPOR_MODE_OFF);
		break;
	}
}

static void wakes_check(void)
{
	REQUIRE(!(now.got[1] == TORPOR_OK && now.got[2] == TORPOR_OK));
	REQUIRE(now.got[3] == TORPOR_OK);
	REQUIRE(now.got[0] != TORPOR_RET_DENIED || now.got[1] == TORPOR_OK);
	REQUIRE(now.got[0] != GOT(TORPOR_ENTER) || (now.got[1] != TORPOR_OK && now.took[0] == 1));
	REQUIRE(now.got[0] == TORPOR_RET_DENIED || now.got[0] == GOT(TORPOR_ENTER) ||
		now.got[0] == GOT(TORPOR_PARK));
}

/* Ends. */
static void ends(uint32_t thread)
{
	static const uint32_t fns[3] = {TORPOR_FN32(TORPOR_FN_SYSTEM_OFF),
					TORPOR_FN32(TORPOR_FN_SYSTEM_RESET),
					TORPOR_FN64(TORPOR_FN_SYSTEM_OFF2)};

	if (thread < 3) {
		now.got[thread] = psci(thread, fns[thread], 0, 0, 0);
	} else {
		now.got[3] = (int32_t)torpor_machine_end(&now.machine, TORPOR_MODE_RESETTING);
	}
}

static void ends_check(void)
{
	uint32_t told = now.got[3] == TORPOR_OK;

	for (uint32_t i = 0; i < 3; i++) {
		told += now.got[i] != GOT(TORPOR_PARK);
	}
	REQUIRE(told == 1);
}

/* A start by the host, and a reset. */
static void reset(uint32_t thread)
{
	switch (thread) {
	case 0:
		now.got[0] = (int32_t)torpor_machine_end(&now.machine, TORPOR_MODE_RESETTING);
		do {
			now.got[1] = (int32_t)torpor_machine_reset(&now.machine);
		} while (now.got[1] == TORPOR_E_BUSY);
		break;
	case 1:
		now.got[2] = host_start(1, 3);
		break;
	default:
		take(1);
		break;
	}
}

static void reset_check(void)
{
	enum torpor_cpu_state state = torpor_cpu_state(&now.machine, 1);

	REQUIRE(now.got[0] == TORPOR_OK && now.got[1] == TORPOR_OK);
	REQUIRE(now.got[2] == TORPOR_OK || state == TORPOR_CPU_OFF);
}

static const struct {
	const char *name;
	uint32_t on_count;
	bool suspended;
	void (*run)(uint32_t thread);
	void (*check)(void);
} races[] = {
	{"three callers start one CPU", 2, false, callers, callers_check},
	{"a forced off and a restart against a take", 1, false, restart, restart_check},
	{"two leave, and who saw OFF suspends", 2, false, leave, leave_check},
	{"a suspend against starts by the host", 1, false, suspend, suspend_check},
	{"a suspend against CPUs that hand on", 2, false, hand_on, hand_on_check},
	{"what ends a suspend", 1, true, wakes, wakes_check},
	{"four ends", 3, false, ends, ends_check},
	{"a start against a reset", 1, false, reset, reset_check},
};

#define RACE_COUNT (sizeof(races) / sizeof(races[0]))

static size_t race;

static void *thread_main(void *arg)
{
	uint32_t thread = *(uint32_t *)arg;
	uint32_t seen = 0;

	for (;;) {
		uint32_t spins = 0;

		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == seen) {
			if (++spins > 200) {
				sched_yield();
			}
		}
		seen++;
		if (stop) {
			return NULL;
		}
		races[race].run(thread);
		(void)__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	}
}

static void let_go(void)
{
	__atomic_store_n(&done, 0, __ATOMIC_RELAXED);
	(void)__atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
	while (!stop && __atomic_load_n(&done, __ATOMIC_ACQUIRE) != THREADS) {
		sched_yield();
	}
}

static void run_race(unsigned long rounds)
{
	failure = NULL;
	for (unsigned long i = 0; i < rounds && failure == NULL; i++) {
		set_up(races[race].on_count);
		if (races[race].suspended) {
			REQUIRE(guest_suspend(0) == GOT(TORPOR_WAIT_SYSTEM));
		}
		let_go();
		check_machine();
		races[race].check();
	}
	printf("%sok %zu - %s: %lu rounds\n", failure == NULL ? "" : "not ", race + 1,
	       races[race].name, rounds);
	if (failure != NULL) {
		printf("# %s\n", failure);
	}
}

int main(int argc, char **argv)
{
	static uint32_t numbers[THREADS];
	pthread_t threads[THREADS];
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000;
	int failed = 0;

	for (uint32_t i = 0; i < THREADS; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, thread_main, &numbers[i]) != 0) {
			printf("Bail out! no threads\n");
			return 1;
		}
	}
	for (race = 0; race < RACE_COUNT; race++) {
		run_race(rounds);
		failed += failure != NULL;
	}
	stop = true;
	let_go();
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	printf("1..%zu\n", RACE_COUNT);
	return failed == 0 ? 0 : 1;
}
