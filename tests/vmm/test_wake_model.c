/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake KVM itself, where tests rely on it: what wakes a vCPU that waits, that WAKEUP repeats
 * until the vCPU is runnable, what the GIC shows, and that misuse is noticed.
 */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "fake_kvm.h"

#define RAM_BYTES 4096
#define CPUS 2
#define INTID 34
#define PC UINT64_C(0x40000000)

struct fixture {
	uint8_t bytes[RAM_BYTES];
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	struct kvm_exit exit;
};

static int setup(void **state)
{
	static struct fixture f;
	static const struct kvm_forward forward = {.first = 0x84000000, .count = 32};
	static const struct fake_op call[] = {FAKE_CALL(0x84000000, 1, 2, 3), FAKE_IDLE};
	const struct kvm_vm_config config = {
		.ram = {.host = f.bytes, .ipa = PC, .size_bytes = RAM_BYTES},
		.cpu_count = CPUS,
		.forward = &forward,
		.forward_count = 1,
		.spi_count = 256,
	};
	const struct kvm_entry entry = {.pc = PC};
	struct vmm_error error;

	fake_kvm_up();
	fake_kvm_ops(PC, call);
	assert_int_equal(kvm_vm_create(&f.vm, &config, &error), 0);
	f.vcpu = kvm_vm_vcpu(f.vm, 0);
	assert_int_equal(kvm_vcpu_enter(f.vcpu, &entry), 0);
	fake_gic_distributor(true);
	fake_gic_mask(0, 0xF0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	kvm_vm_destroy(f->vm);
	fake_kvm_down();
	return 0;
}

static void *run_thread(void *arg)
{
	struct fixture *f = arg;

	kvm_vcpu_attach(f->vcpu);
	assert_int_equal(kvm_vcpu_set_waiting(f->vcpu, true), 0);
	kvm_vcpu_run(f->vcpu, &f->exit);
	return NULL;
}

/* With the interrupt so, does a vCPU that waits go on sleeping? */
static void assert_sleeps(struct fixture *f, const struct fake_irq *irq)
{
	pthread_t thread;

	fake_gic_set(0, INTID, irq);
	assert_int_equal(pthread_create(&thread, NULL, run_thread, f), 0);
	assert_true(fake_kvm_wait_asleep(0));
	kvm_vcpu_kick(f->vcpu);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->exit.kind, KVM_VCPU_INTERRUPTED);
}

static void assert_wakes(struct fixture *f, const struct fake_irq *irq)
{
	pthread_t thread;

	fake_gic_set(0, INTID, irq);
	assert_int_equal(pthread_create(&thread, NULL, run_thread, f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->exit.kind, KVM_VCPU_WAKEUP);
}

/* Pending, enabled, not active, above the mask, and for this CPU: each of them is needed. */
static void wakes_by_what_kvm_wakes_by(void **state)
{
	static const struct {
		struct fake_irq irq;
		bool wakes;
	} rows[] = {
		{{.enabled = true, .latch = true, .priority = 0xA0}, true},
		{{.enabled = true, .line = true, .priority = 0xA0}, true},
		{{.enabled = true, .latch = true, .edge = true, .priority = 0xA0}, true},
		{{.enabled = true, .latch = true, .priority = 0xE8}, true},
		{{.enabled = true, .priority = 0xA0}, false},
		{{.latch = true, .line = true, .priority = 0xA0}, false},
		{{.enabled = true, .line = true, .edge = true, .priority = 0xA0}, false},
		{{.enabled = true, .latch = true, .active = true, .priority = 0xA0}, false},
		{{.enabled = true, .latch = true, .priority = 0xF0}, false},
		{{.enabled = true, .latch = true, .priority = 0xA0, .target = 1}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].wakes) {
			assert_wakes(*state, &rows[i].irq);
		} else {
			assert_sleeps(*state, &rows[i].irq);
		}
		(void)teardown(state);
		(void)setup(state);
	}
}

/* A CPU's own interrupts wake it, and only it. */
static void own_interrupts_wake(void **state)
{
	const struct fake_irq timer = {.enabled = true, .line = true, .priority = 0xA0};
	const struct fake_irq none = {.enabled = false};
	struct fixture *f = *state;

	fake_gic_set(1, 27, &timer);
	assert_sleeps(f, &none);
	(void)teardown(state);
	(void)setup(state);
	fake_gic_set(0, 27, &timer);
	assert_wakes(*state, &none);
}

static void nothing_wakes_without_a_distributor(void **state)
{
	const struct fake_irq irq = {.enabled = true, .latch = true, .priority = 0xA0};

	fake_gic_distributor(false);
	assert_sleeps(*state, &irq);
}

/* After a reset the mask lets nothing through. */
static void nothing_wakes_below_the_mask(void **state)
{
	const struct fake_irq irq = {.enabled = true, .latch = true, .priority = 0};

	fake_gic_mask(0, 0);
	assert_sleeps(*state, &irq);
}

/* It goes on for as long as the vCPU is not made runnable and its cause is there. */
static void wakeup_repeats_until_runnable(void **state)
{
	const struct fake_irq irq = {.enabled = true, .line = true, .priority = 0xA0};
	struct fixture *f = *state;

	fake_gic_set(0, INTID, &irq);
	kvm_vcpu_attach(f->vcpu);
	assert_int_equal(kvm_vcpu_set_waiting(f->vcpu, true), 0);
	for (int i = 0; i < 5; i++) {
		kvm_vcpu_run(f->vcpu, &f->exit);
		assert_int_equal(f->exit.kind, KVM_VCPU_WAKEUP);
	}
	assert_int_equal(fake_kvm_calls(0), 0);
	assert_int_equal(kvm_vcpu_set_waiting(f->vcpu, false), 0);
	kvm_vcpu_run(f->vcpu, &f->exit);
	assert_int_equal(f->exit.kind, KVM_VCPU_CALL);
	assert_int_equal(f->exit.fn_id, 0x84000000);
}

/* A kick is seen before an interrupt, and by each run until it is taken back. */
static void kick_holds(void **state)
{
	const struct fake_irq irq = {.enabled = true, .line = true, .priority = 0xA0};
	struct fixture *f = *state;

	fake_gic_set(0, INTID, &irq);
	kvm_vcpu_attach(f->vcpu);
	assert_int_equal(kvm_vcpu_set_waiting(f->vcpu, true), 0);
	kvm_vcpu_kick(f->vcpu);
	for (int i = 0; i < 3; i++) {
		kvm_vcpu_run(f->vcpu, &f->exit);
		assert_int_equal(f->exit.kind, KVM_VCPU_INTERRUPTED);
	}
	kvm_vcpu_unkick(f->vcpu);
	kvm_vcpu_run(f->vcpu, &f->exit);
	assert_int_equal(f->exit.kind, KVM_VCPU_WAKEUP);
}

static uint32_t bits(struct fixture *f, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first)
{
	uint32_t value = 0;

	assert_int_equal(kvm_vm_gic_bits(f->vm, bank, cpu, first, &value), 0);
	return value;
}

/* The pending bank shows the latch alone: a level that is high is in the bank of lines. */
static void banks_show_latch_and_line_apart(void **state)
{
	const struct fake_irq latched = {.latch = true, .enabled = true};
	const struct fake_irq own = {.latch = true, .active = true};
	struct fixture *f = *state;

	fake_gic_set(0, 33, &latched);
	fake_gic_set(1, 5, &own);
	assert_int_equal(kvm_vm_set_irq(f->vm, INTID, true), 0);
	assert_int_equal(bits(f, KVM_GIC_PENDING, 0, 32), 1U << 1);
	assert_int_equal(bits(f, KVM_GIC_LINE, 0, 32), 1U << 2);
	assert_int_equal(bits(f, KVM_GIC_ENABLED, 0, 32), 1U << 1);
	assert_int_equal(bits(f, KVM_GIC_ACTIVE, 0, 32), 0);
	assert_int_equal(bits(f, KVM_GIC_PENDING, 0, 0), 0);
	assert_int_equal(bits(f, KVM_GIC_PENDING, 1, 0), 1U << 5);
	assert_int_equal(bits(f, KVM_GIC_ACTIVE, 1, 0), 1U << 5);
	assert_int_equal(kvm_vm_set_irq(f->vm, INTID, false), 0);
	assert_int_equal(bits(f, KVM_GIC_LINE, 0, 32), 0);
}

/* An edge stays latched once the line is low again. */
static void edge_is_latched(void **state)
{
	const struct fake_irq edge = {.enabled = true, .edge = true, .priority = 0xA0};
	struct fixture *f = *state;

	fake_gic_set(0, INTID, &edge);
	assert_int_equal(kvm_vm_set_irq(f->vm, INTID, true), 0);
	assert_int_equal(kvm_vm_set_irq(f->vm, INTID, false), 0);
	assert_true(fake_gic_get(0, INTID).latch);
	assert_false(fake_gic_get(0, INTID).line);
}

static void gic_is_busy_while_a_vcpu_runs(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	uint32_t value;

	assert_int_equal(pthread_create(&thread, NULL, run_thread, f), 0);
	assert_true(fake_kvm_wait_asleep(0));
	assert_int_equal(kvm_vm_gic_bits(f->vm, KVM_GIC_LINE, 0, 32, &value), -EBUSY);
	kvm_vcpu_kick(f->vcpu);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(kvm_vm_gic_bits(f->vm, KVM_GIC_LINE, 0, 32, &value), 0);
}

static void assert_misuse(const char *part)
{
	const char *text = fake_kvm_misuse();

	assert_non_null(text);
	assert_non_null(strstr(text, part));
	assert_null(fake_kvm_misuse());
}

/* What a real KVM would punish at some later time, or never, is noticed at once. */
static void misuse_is_noticed(void **state)
{
	struct fixture *f = *state;

	kvm_vcpu_run(f->vcpu, &f->exit);
	assert_misuse("before kvm_vcpu_attach");
	kvm_vcpu_attach(f->vcpu);
	kvm_vcpu_kick(f->vcpu);
	kvm_vcpu_run(f->vcpu, &f->exit);
	assert_misuse("without an answer");
}

/* A CPU that sleeps keeps the registers of its call. */
static void waking_by_hand_is_misuse(void **state)
{
	const struct kvm_entry entry = {.pc = PC};
	struct fixture *f = *state;

	kvm_vcpu_attach(f->vcpu);
	kvm_vcpu_run(f->vcpu, &f->exit);
	assert_int_equal(f->exit.kind, KVM_VCPU_CALL);
	assert_int_equal(kvm_vcpu_set_waiting(f->vcpu, true), 0);
	assert_int_equal(kvm_vcpu_set_x0(f->vcpu, 0), 0);
	assert_misuse("kvm_vcpu_set_x0() on a CPU that sleeps");
	assert_int_equal(kvm_vcpu_enter(f->vcpu, &entry), 0);
	assert_misuse("kvm_vcpu_enter() of a CPU that sleeps");
}

static void *kick_thread(void *arg)
{
	struct fixture *f = arg;
	uint64_t value;

	(void)kvm_vcpu_get_x(f->vcpu, 1, &value);
	return NULL;
}

static void other_threads_are_noticed(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	kvm_vcpu_attach(f->vcpu);
	assert_int_equal(pthread_create(&thread, NULL, kick_thread, f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_misuse("belongs to another thread");
}

static void use_after_destruction_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct kvm_vm *vm = f->vm;

	kvm_vm_destroy(vm);
	f->vm = NULL;
	(void)kvm_vm_set_irq(vm, INTID, true);
	assert_misuse("kvm_vm_set_irq() on a VM that was destroyed");
	kvm_vcpu_kick(f->vcpu);
	assert_misuse("kvm_vcpu_kick() on a VM that was destroyed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wakes_by_what_kvm_wakes_by),
		TEST(own_interrupts_wake),
		TEST(nothing_wakes_without_a_distributor),
		TEST(nothing_wakes_below_the_mask),
		TEST(wakeup_repeats_until_runnable),
		TEST(kick_holds),
		TEST(banks_show_latch_and_line_apart),
		TEST(edge_is_latched),
		TEST(gic_is_busy_while_a_vcpu_runs),
		TEST(misuse_is_noticed),
		TEST(waking_by_hand_is_misuse),
		TEST(other_threads_are_noticed),
		TEST(use_after_destruction_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
