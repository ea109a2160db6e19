/* SPDX-License-Identifier: BSD-3-Clause */
/* Several threads want different things of a suspended machine at once: one gets its way. */
#include "power_rig.h"

#include <sched.h>

#define ROUNDS 300
#define END_ROUNDS 100
#define ACTORS_MAX 6

struct race;

/* One of the threads that race; does its thing once a round. */
struct actor {
	struct race *race;
	bool (*act)(struct power_rig *rig);
	bool won;
	pthread_t thread;
};

struct race {
	struct power_rig *rig;
	struct actor actors[ACTORS_MAX];
	unsigned count;
	unsigned rounds;
	pthread_barrier_t line; /* before and after each round, the test's thread too */
	unsigned allowed; /* atomic: suspends that the guest may make */
	unsigned made;
};

static bool wake(struct power_rig *rig)
{
	return power_wake(rig->power);
}

static bool refuse(struct power_rig *rig)
{
	return power_refuse_suspend(rig->power);
}

static bool finish(struct power_rig *rig)
{
	return power_end_by_host(rig->power, POWER_REASON_HOST);
}

static bool interrupt(struct power_rig *rig)
{
	(void)kvm_vm_set_irq(rig->vm, RIG_RTC_INTID, true);
	return false;
}

static void *actor_main(void *arg)
{
	struct actor *actor = arg;

	for (unsigned round = 0; round < actor->race->rounds; round++) {
		pthread_barrier_wait(&actor->race->line);
		actor->won = actor->act(actor->race->rig);
		pthread_barrier_wait(&actor->race->line);
	}
	return NULL;
}

static void add(struct race *race, bool (*act)(struct power_rig *rig))
{
	struct actor *actor = &race->actors[race->count++];

	actor->race = race;
	actor->act = act;
}

static void start(struct race *race)
{
	(void)pthread_barrier_init(&race->line, NULL, race->count + 1);
	for (unsigned i = 0; i < race->count; i++) {
		struct actor *actor = &race->actors[i];

		assert_int_equal(pthread_create(&actor->thread, NULL, actor_main, actor), 0);
	}
}

/* Everything that could fail in a test is asserted after this: the actors need their partner. */
static void join(struct race *race)
{
	for (unsigned i = 0; i < race->count; i++) {
		pthread_join(race->actors[i].thread, NULL);
	}
	pthread_barrier_destroy(&race->line);
}

static unsigned wins(const struct race *race, bool (*act)(struct power_rig *rig))
{
	unsigned count = 0;

	for (unsigned i = 0; i < race->count; i++) {
		count += race->actors[i].act == act && race->actors[i].won ? 1 : 0;
	}
	return count;
}

/* Suspends when it is allowed to, at the entry and after a refusal alike. */
static void suspend_step(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op)
{
	struct race *race = ctx;

	(void)cpu;
	(void)x0;
	if (race->made < __atomic_load_n(&race->allowed, __ATOMIC_RELAXED)) {
		race->made++;
		*op = (struct fake_op)FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0);
	}
}

static const struct fake_op listen_ops[] = {
	FAKE_LISTEN(RIG_RTC_INTID),
	/* The next program, without a call. */
	FAKE_JUMP(0x10000 / 4),
};

static void prepare(struct race *race)
{
	const struct fake_program guest = {.pc = PROG(1), .step = suspend_step, .ctx = race};

	fake_kvm_program(&guest);
	power_rig_run(race->rig, 2, V13, listen_ops);
}

struct outcome {
	unsigned wakes;
	unsigned refusals;
	bool suspended;
	char text[EVENT_TEXT_BYTES];
};

/* One suspend, and all actors at it. Asserts nothing. */
static void play(struct race *race, unsigned round, struct outcome *outcome)
{
	struct event_log *log = &race->rig->events;

	(void)__atomic_add_fetch(&race->allowed, 1, __ATOMIC_RELAXED);
	fake_kvm_open(0);
	outcome->suspended = event_log_wait(log, 2 + 2 * (size_t)round);
	pthread_barrier_wait(&race->line);
	pthread_barrier_wait(&race->line);
	outcome->wakes = wins(race, wake);
	outcome->refusals = wins(race, refuse);
	(void)event_log_wait(log, 3 + 2 * (size_t)round);
	event_log_copy(log, 2 + 2 * (size_t)round, outcome->text);
	(void)kvm_vm_set_irq(race->rig->vm, RIG_RTC_INTID, false);
}

static void assert_one_won(const struct outcome *outcome, bool by_interrupt)
{
	unsigned wins_of_host = outcome->wakes + outcome->refusals;

	assert_true(outcome->suspended);
	assert_in_range(wins_of_host, by_interrupt ? 0 : 1, 1);
	if (outcome->wakes == 1) {
		assert_string_equal(outcome->text, "WAKEUP cpu=0 host");
	} else if (outcome->refusals == 1) {
		assert_string_equal(outcome->text, "WAKEUP cpu=0 refused");
	} else {
		assert_string_equal(outcome->text, "WAKEUP cpu=0 interrupt 34 pl031");
	}
}

static void run_rounds(struct race *race, bool by_interrupt)
{
	static struct outcome outcomes[ROUNDS];

	race->rounds = ROUNDS;
	prepare(race);
	start(race);
	for (unsigned round = 0; round < ROUNDS; round++) {
		play(race, round, &outcomes[round]);
	}
	join(race);
	power_rig_stop(race->rig);
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (2 * round + 2 < EVENT_LOG_COUNT) {
			assert_one_won(&outcomes[round], by_interrupt);
		}
	}
	assert_int_equal(event_log_count(&race->rig->events), 1 + 2 * ROUNDS);
}

/* Four threads of the host: one wakes it or one refuses, and the guest sees just that. */
static void one_of_the_host_wins(void **state)
{
	struct race race = {.rig = *state};

	add(&race, wake);
	add(&race, refuse);
	add(&race, wake);
	add(&race, refuse);
	run_rounds(&race, false);
}

/* The same against an interrupt. */
static void host_or_interrupt_wins(void **state)
{
	struct race race = {.rig = *state};

	add(&race, wake);
	add(&race, interrupt);
	add(&race, refuse);
	run_rounds(&race, true);
}

/* One that ends it, too: it ends once, and after its end nothing wakes. */
static void end_comes_once(void **state)
{
	for (unsigned round = 0; round < END_ROUNDS; round++) {
		struct race race = {.rig = *state, .rounds = 1};
		struct outcome outcome;
		struct power_end end;
		unsigned ends;

		add(&race, finish);
		add(&race, wake);
		add(&race, refuse);
		add(&race, finish);
		add(&race, interrupt);
		prepare(&race);
		start(&race);
		__atomic_store_n(&race.allowed, 1, __ATOMIC_RELAXED);
		fake_kvm_open(0);
		outcome.suspended = event_log_wait(&race.rig->events, 2);
		pthread_barrier_wait(&race.line);
		pthread_barrier_wait(&race.line);
		join(&race);
		ends = wins(&race, finish);
		assert_true(outcome.suspended);
		assert_int_equal(ends, 1);
		assert_in_range(wins(&race, wake) + wins(&race, refuse), 0, 1);
		assert_end(race.rig, POWER_END_HOST, &end);
		power_rig_stop(race.rig);
		assert_in_range(event_log_count(&race.rig->events), 2, 3);
		power_rig_again(state);
	}
}

/* Guest CPUs and the host end it all at once: whoever is first is who is told of. */
static void first_end_is_told(void **state)
{
	static const struct fake_op ops[] = {
		FAKE_CALL(CPU_ON, 1, PROG(1), 0),
		FAKE_CALL(CPU_ON, 2, PROG(2), 0),
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_OFF, 0, 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op resets[] = {
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_RESET, 0, 0, 0),
		FAKE_IDLE,
	};
	static const struct fake_op hibernates[] = {
		FAKE_GATE(0),
		FAKE_CALL(SYSTEM_OFF2, 0, 0, 0),
		FAKE_IDLE,
	};

	for (unsigned round = 0; round < END_ROUNDS; round++) {
		struct power_rig *rig = *state;
		struct power_end end;
		bool by_host;

		fake_kvm_ops(PROG(1), resets);
		fake_kvm_ops(PROG(2), hibernates);
		power_rig_run(rig, 3, V13, ops);
		assert_true(event_log_wait(&rig->events, 3));
		fake_kvm_open(0);
		by_host = finish(rig);
		while (power_end(rig->power, &end), end.kind == POWER_END_NONE) {
			sched_yield();
		}
		assert_end(rig, end.kind, &end);
		assert_int_equal(by_host, end.kind == POWER_END_HOST);
		assert_int_equal(end.event.cpu, end.kind == POWER_END_OFF     ? 0
						: end.kind == POWER_END_RESET ? 1
						: by_host		      ? -1
									      : 2);
		power_rig_again(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(one_of_the_host_wins),
		POWER_RIG_TEST(host_or_interrupt_wins),
		POWER_RIG_TEST(end_comes_once),
		POWER_RIG_TEST(first_end_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
