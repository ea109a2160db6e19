/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four CPUs that do whatever a guest may do, while the host interrupts, wakes, refuses, looks and
 * pauses:
 * nothing hangs, each boot ends, and the events tell a story that can be true. Best under
 * ThreadSanitizer.
 */
#include "power_rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CPUS 4
#define BOOTS 4
#define PHASES 20
#define STEPS_A_PHASE 100
#define SUSPENDS_A_PHASE 2
#define FIRST_INTID 40
#define IRQ_NS 100000

/* A CPU's view of a boot; touched on its thread only. */
struct cpu {
	uint64_t random;
	unsigned boot;
	unsigned setup;
};

/* What the events so far say. */
struct story {
	bool on[CPUS];
	bool suspended;
	unsigned suspends; /* atomic */
	unsigned offs;
	char wrong[96]; /* the first event that can't be */
};

struct stress {
	struct power_rig *rig;
	struct cpu cpus[CPUS];
	struct story story;
	unsigned boot; /* atomic, as are all below */
	unsigned phase;
	unsigned steps; /* of all but the boot CPU, in all phases */
	unsigned steps_before; /* this phase; the boot CPU's, as is the next */
	unsigned suspends_before;
	bool stop;
};

/* xorshift64 */
static uint64_t draw(uint64_t *random, uint64_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (*random >> 11) % below;
}

static void set_op(struct fake_op *op, uint32_t fn_id, uint64_t x1, uint64_t x2)
{
	*op = (struct fake_op)FAKE_CALL(fn_id, x1, x2, 0);
}

/* The GIC of each boot is a new one. */
static bool set_up_gic(struct cpu *self, uint32_t cpu, struct fake_op *op)
{
	const struct fake_op ops[] = {FAKE_LISTEN(FIRST_INTID + cpu)};

	if (self->setup == sizeof(ops) / sizeof(ops[0])) {
		return false;
	}
	*op = ops[self->setup++];
	return true;
}

/* Phases in which CPUs come alternate with those in which all but the boot CPU go. */
static void next_op(struct cpu *self, uint32_t cpu, bool coming, struct fake_op *op)
{
	switch (draw(&self->random, 10)) {
	case 0:
	case 1:
		set_op(op, coming ? CPU_ON : PSCI_VERSION, draw(&self->random, CPUS), BOOT);
		return;
	case 2:
	case 3:
		set_op(op, cpu == 0 || coming ? PSCI_VERSION : CPU_OFF, 0, 0);
		return;
	case 4:
		set_op(op, CPU_SUSPEND, 0, 0);
		return;
	case 5:
		set_op(op, CPU_SUSPEND, TORPOR_POWER_STATE_TYPE_POWERDOWN, BOOT);
		return;
	case 6:
		set_op(op, SYSTEM_SUSPEND, BOOT, 0);
		return;
	case 7:
		set_op(op, AFFINITY_INFO, draw(&self->random, CPUS), 0);
		return;
	case 8:
		*op = (struct fake_op)FAKE_WRITE(RIG_DEVICE_IPA, 8, self->random);
		return;
	default:
		*op = (struct fake_op)FAKE_READ(RIG_DEVICE_IPA, 8);
		return;
	}
}

static bool is_coming(const struct stress *stress)
{
	return __atomic_load_n(&stress->phase, __ATOMIC_RELAXED) % 2 == 0;
}

/* By the boot CPU. A phase lasts until it has had its effect. */
static void turn_phase(struct stress *stress)
{
	unsigned steps = __atomic_load_n(&stress->steps, __ATOMIC_RELAXED);
	unsigned suspends = __atomic_load_n(&stress->story.suspends, __ATOMIC_RELAXED);

	if (is_coming(stress) ? steps - stress->steps_before >= STEPS_A_PHASE
			      : suspends - stress->suspends_before >= SUSPENDS_A_PHASE) {
		stress->steps_before = steps;
		stress->suspends_before = suspends;
		(void)__atomic_add_fetch(&stress->phase, 1, __ATOMIC_RELAXED);
	}
}

static void guest_step(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op)
{
	struct stress *stress = ctx;
	struct cpu *self = &stress->cpus[cpu];
	unsigned boot = __atomic_load_n(&stress->boot, __ATOMIC_RELAXED);

	(void)x0;
	if (self->boot != boot) {
		self->boot = boot;
		self->setup = 0;
	}
	if (set_up_gic(self, cpu, op)) {
		return;
	}
	if (cpu == 0) {
		turn_phase(stress);
	} else {
		(void)__atomic_add_fetch(&stress->steps, 1, __ATOMIC_RELAXED);
	}
	if (cpu == 0 && __atomic_load_n(&stress->phase, __ATOMIC_RELAXED) >= boot * PHASES) {
		set_op(op, SYSTEM_RESET, 0, 0);
		return;
	}
	next_op(self, cpu, is_coming(stress), op);
}

static bool others_off(const struct story *story, uint32_t cpu)
{
	bool found = false;

	for (uint32_t i = 0; i < CPUS; i++) {
		found = found || (i != cpu && story->on[i]);
	}
	return !found;
}

static bool tell(struct story *story, const struct power_event *event)
{
	uint32_t cpu = (uint32_t)event->cpu;
	bool good = true;

	switch (event->kind) {
	case POWER_EVENT_STARTED:
		memset(story->on, 0, sizeof(story->on));
		story->on[0] = true;
		story->suspended = false;
		break;
	case POWER_EVENT_CPU_ON:
		good = !story->on[cpu] && !story->suspended;
		story->on[cpu] = true;
		break;
	case POWER_EVENT_CPU_OFF:
		good = story->on[cpu] && !story->suspended;
		story->on[cpu] = false;
		story->offs++;
		break;
	case POWER_EVENT_SUSPEND:
		good = story->on[cpu] && others_off(story, cpu) && !story->suspended;
		story->suspended = true;
		(void)__atomic_add_fetch(&story->suspends, 1, __ATOMIC_RELAXED);
		break;
	case POWER_EVENT_WAKEUP:
		good = story->suspended && story->on[cpu];
		story->suspended = false;
		break;
	case POWER_EVENT_SUSPEND_DISK:
	case POWER_EVENT_SHUTDOWN:
	case POWER_EVENT_RESET:
	case POWER_EVENT_STOP:
	case POWER_EVENT_RESUME:
	case POWER_EVENT_ASKED:
	case POWER_EVENT_UNRESPONSIVE:
	case POWER_EVENT_WATCHDOG:
	case POWER_EVENT_GUEST_PANICKED:
	case POWER_EVENT_GUEST_CRASHLOADED:
	case POWER_EVENT_GUEST_PVSHUTDOWN:
	case POWER_EVENT_BALLOON_CHANGE:
		good = false;
		break;
	}
	return good;
}

static void on_event(void *ctx, const struct power_event *event)
{
	struct story *story = &((struct stress *)ctx)->story;

	if (!tell(story, event) && story->wrong[0] == '\0') {
		(void)snprintf(story->wrong, sizeof(story->wrong),
			       "event kind %d of CPU %" PRId32 ", on: %d%d%d%d%s", event->kind,
			       event->cpu, story->on[0], story->on[1], story->on[2], story->on[3],
			       story->suspended ? ", suspended" : "");
	}
}

static bool stopped(struct stress *stress)
{
	return __atomic_load_n(&stress->stop, __ATOMIC_RELAXED);
}

/* Each CPU's interrupt, high for a moment; now and then the host has a wish of its own. */
static void *interrupt_main(void *arg)
{
	const struct timespec moment = {.tv_nsec = IRQ_NS};
	struct stress *stress = arg;
	uint64_t random = 42;

	while (!stopped(stress)) {
		uint32_t intid = FIRST_INTID + (uint32_t)draw(&random, CPUS);

		(void)kvm_vm_set_irq(stress->rig->vm, intid, true);
		(void)nanosleep(&moment, NULL);
		(void)kvm_vm_set_irq(stress->rig->vm, intid, false);
		switch (draw(&random, 4)) {
		case 0:
			(void)power_wake(stress->rig->power);
			break;
		case 1:
			(void)power_refuse_suspend(stress->rig->power);
			break;
		default:
			break;
		}
	}
	return NULL;
}

/* Nothing of the guest moves while it is paused, though each of its CPUs can be looked at. */
static bool pause_all(struct stress *stress)
{
	const struct timespec moment = {.tv_nsec = IRQ_NS};
	struct power_cpu_info info;
	unsigned steps;
	unsigned before;
	struct vmm_error error;
	bool good = power_pause(stress->rig->power, &error) == 0;

	steps = __atomic_load_n(&stress->steps, __ATOMIC_RELAXED);
	before = fake_kvm_count(FAKE_RUN);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		good = power_query_cpu(stress->rig->power, cpu, &info) && good;
	}
	(void)nanosleep(&moment, NULL);
	good = good && steps == __atomic_load_n(&stress->steps, __ATOMIC_RELAXED) &&
	       before == fake_kvm_count(FAKE_RUN);
	return power_resume(stress->rig->power) && good;
}

static void *query_main(void *arg)
{
	struct stress *stress = arg;
	uint64_t random = 4711;
	unsigned missed = 0;

	while (!stopped(stress)) {
		struct power_cpu_info info;

		if (!power_query_cpu(stress->rig->power, (uint32_t)draw(&random, CPUS), &info) ||
		    info.state == NULL) {
			missed++;
		}
		(void)power_mode(stress->rig->power);
		if (draw(&random, 8) == 0 && !pause_all(stress)) {
			missed++;
		}
	}
	return missed == 0 ? NULL : stress;
}

static void run_boot(struct stress *stress)
{
	pthread_t interrupter;
	pthread_t querier;
	struct power_end end;
	void *missed;
	bool ended;

	__atomic_store_n(&stress->stop, false, __ATOMIC_RELAXED);
	assert_int_equal(pthread_create(&interrupter, NULL, interrupt_main, stress), 0);
	assert_int_equal(pthread_create(&querier, NULL, query_main, stress), 0);
	ended = power_rig_wait(stress->rig);
	__atomic_store_n(&stress->stop, true, __ATOMIC_RELAXED);
	pthread_join(interrupter, NULL);
	pthread_join(querier, &missed);
	power_end(stress->rig->power, &end);
	power_rig_stop(stress->rig);
	assert_true(ended);
	assert_null(missed);
	if (end.kind == POWER_END_CRASHED) {
		fail_msg("%s", end.detail);
	}
	assert_int_equal(end.kind, POWER_END_RESET);
}

static void everything_at_once(void **state)
{
	static struct stress stress;
	const struct fake_program guest = {.pc = BOOT, .step = guest_step, .ctx = &stress};

	memset(&stress, 0, sizeof(stress));
	stress.rig = *state;
	stress.rig->events.watch = on_event;
	stress.rig->events.watch_ctx = &stress;
	for (uint32_t i = 0; i < CPUS; i++) {
		stress.cpus[i].random = 0x9E3779B97F4A7C15 * (i + 1);
	}
	fake_kvm_program(&guest);
	fake_kvm_interrupt_runs(11);
	power_rig_up(stress.rig, CPUS, V13);
	for (unsigned boot = 1; boot <= BOOTS; boot++) {
		__atomic_store_n(&stress.boot, boot, __ATOMIC_RELAXED);
		power_rig_boot(stress.rig);
		run_boot(&stress);
	}
	print_message("# %u suspends, %u times off\n", stress.story.suspends, stress.story.offs);
	assert_string_equal(stress.story.wrong, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
