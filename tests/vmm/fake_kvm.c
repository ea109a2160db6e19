/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs, programs, and what a test wants to go wrong. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fake_kvm_internal.h"

static struct {
	pthread_mutex_t lock; /* of the list of VMs and the first misuse */
	struct fake_program programs[FAKE_PROGRAM_MAX];
	size_t program_count;
	struct kvm_vm *vms;
	char misuse[160];
	unsigned made;
	unsigned live;
	bool little_endian;
	bool features[CPU_FEATURE_COUNT];
	/* Atomic: */
	uint64_t mpidr_shift;
	uint32_t gates;
	unsigned counts[FAKE_FN_COUNT];
	unsigned fail_at[FAKE_FN_COUNT];
	unsigned interrupt_each;
	unsigned runs;
	unsigned irq_ms;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fake_misuse(const char *what)
{
	(void)fprintf(stderr, "# misuse of KVM: %s\n", what);
	pthread_mutex_lock(&fake.lock);
	if (fake.misuse[0] == '\0') {
		(void)snprintf(fake.misuse, sizeof(fake.misuse), "%s", what);
	}
	pthread_mutex_unlock(&fake.lock);
}

const char *fake_kvm_misuse(void)
{
	static char text[sizeof(fake.misuse)];

	pthread_mutex_lock(&fake.lock);
	memcpy(text, fake.misuse, sizeof(text));
	fake.misuse[0] = '\0';
	pthread_mutex_unlock(&fake.lock);
	return text[0] != '\0' ? text : NULL;
}

void fake_kvm_up(void)
{
	fake_logs_init();
	fake.program_count = 0;
	fake.misuse[0] = '\0';
	fake.made = 0;
	fake.live = 0;
	fake.little_endian = false;
	memset(fake.features, 0, sizeof(fake.features));
	fake_identity_up();
	fake.mpidr_shift = 0;
	fake.gates = 0;
	memset(fake.counts, 0, sizeof(fake.counts));
	memset(fake.fail_at, 0, sizeof(fake.fail_at));
	fake.interrupt_each = 0;
	fake.runs = 0;
	fake.irq_ms = 0;
}

static void free_vm(struct kvm_vm *vm)
{
	for (uint32_t i = 0; i < FAKE_CPU_COUNT_MAX; i++) {
		fake_vcpu_free(&vm->vcpus[i]);
	}
	fake_gic_free(&vm->gic);
	(void)pthread_mutex_destroy(&vm->event_lock);
	free(vm->identity);
	free(vm);
}

void fake_kvm_down(void)
{
	const char *misuse = fake_kvm_misuse();
	unsigned live = fake_kvm_live();

	while (fake.vms != NULL) {
		struct kvm_vm *vm = fake.vms;

		fake.vms = vm->next;
		free_vm(vm);
	}
	fake_logs_free();
	if (misuse != NULL) {
		fail_msg("KVM was misused: %s", misuse);
	}
	assert_int_equal(live, 0);
}

static bool holds(const struct fake_program *program, uint64_t pc)
{
	return pc >= program->pc && pc - program->pc < FAKE_PROGRAM_BYTES;
}

void fake_kvm_program(const struct fake_program *program)
{
	size_t n = 0;

	while (n < fake.program_count && fake.programs[n].pc != program->pc) {
		n++;
	}
	assert_true(n < FAKE_PROGRAM_MAX);
	fake.programs[n] = *program;
	fake.program_count = n < fake.program_count ? fake.program_count : n + 1;
}

void fake_kvm_ops(uint64_t pc, const struct fake_op *ops)
{
	const struct fake_program program = {.pc = pc, .ops = ops};

	fake_kvm_program(&program);
}

const struct fake_program *fake_program_at(uint64_t pc)
{
	const struct fake_program *found = NULL;

	for (size_t n = 0; found == NULL && n < fake.program_count; n++) {
		found = holds(&fake.programs[n], pc) ? &fake.programs[n] : NULL;
	}
	return found;
}

void fake_kvm_open(unsigned gate)
{
	struct kvm_vm *vm = fake_vm();

	(void)__atomic_fetch_or(&fake.gates, UINT32_C(1) << gate, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; vm != NULL && i < vm->config.cpu_count; i++) {
		fake_vcpu_nudge(&vm->vcpus[i]);
	}
}

bool fake_gate_open(unsigned gate)
{
	return (__atomic_load_n(&fake.gates, __ATOMIC_SEQ_CST) >> gate & 1) != 0;
}

void fake_kvm_fail(enum fake_fn fn, unsigned nth)
{
	unsigned at = nth == 0 ? 0 : fake_kvm_count(fn) + nth;

	__atomic_store_n(&fake.fail_at[fn], at, __ATOMIC_RELAXED);
}

unsigned fake_kvm_count(enum fake_fn fn)
{
	return __atomic_load_n(&fake.counts[fn], __ATOMIC_RELAXED);
}

int fake_inject(enum fake_fn fn)
{
	unsigned count = __atomic_add_fetch(&fake.counts[fn], 1, __ATOMIC_RELAXED);

	return count == __atomic_load_n(&fake.fail_at[fn], __ATOMIC_RELAXED) ? -EIO : 0;
}

void fake_kvm_interrupt_runs(unsigned nth)
{
	__atomic_store_n(&fake.interrupt_each, nth, __ATOMIC_RELAXED);
}

bool fake_run_interrupted(void)
{
	unsigned each = __atomic_load_n(&fake.interrupt_each, __ATOMIC_RELAXED);
	unsigned runs = __atomic_add_fetch(&fake.runs, 1, __ATOMIC_RELAXED);

	return each != 0 && runs % each == 0;
}

void fake_kvm_slow_irqs(unsigned ms)
{
	__atomic_store_n(&fake.irq_ms, ms, __ATOMIC_RELAXED);
}

void fake_kvm_move_mpidrs(uint64_t by)
{
	__atomic_store_n(&fake.mpidr_shift, by, __ATOMIC_RELAXED);
}

/* As KVM numbers them: 16 CPUs in each affinity 1. */
uint64_t fake_kvm_mpidr(uint32_t cpu)
{
	uint64_t mpidr = (cpu & 15) | (uint64_t)(cpu >> 4) << 8;

	return mpidr + __atomic_load_n(&fake.mpidr_shift, __ATOMIC_RELAXED);
}

unsigned fake_kvm_live(void)
{
	unsigned live;

	pthread_mutex_lock(&fake.lock);
	live = fake.live;
	pthread_mutex_unlock(&fake.lock);
	return live;
}

unsigned fake_kvm_made(void)
{
	unsigned made;

	pthread_mutex_lock(&fake.lock);
	made = fake.made;
	pthread_mutex_unlock(&fake.lock);
	return made;
}

struct kvm_vm *fake_vm(void)
{
	struct kvm_vm *vm;

	pthread_mutex_lock(&fake.lock);
	vm = fake.vms;
	pthread_mutex_unlock(&fake.lock);
	return vm;
}

const struct kvm_vm_config *fake_kvm_config(void)
{
	struct kvm_vm *vm = fake_vm();

	assert_non_null(vm);
	return &vm->config;
}

/* Who uses a VM is counted first and looks second; who destroys it does it the other way round. */
void fake_use_begin(struct kvm_vm *vm, const char *function)
{
	char text[100];

	(void)__atomic_add_fetch(&vm->users, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&vm->destroyed, __ATOMIC_SEQ_CST)) {
		(void)snprintf(text, sizeof(text), "%s() on a VM that was destroyed", function);
		fake_misuse(text);
	}
}

void fake_use_end(struct kvm_vm *vm)
{
	(void)__atomic_sub_fetch(&vm->users, 1, __ATOMIC_SEQ_CST);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static struct kvm_vm *make(const struct kvm_vm_config *config)
{
	struct kvm_vm *vm = calloc(1, sizeof(*vm));

	if (vm == NULL) {
		return NULL;
	}
	vm->config = *config;
	if (fake_identity_init(vm, config) != 0) {
		free(vm);
		return NULL;
	}
	vm->counter_offset_ns = now_ns();
	for (size_t i = 0; i < config->forward_count; i++) {
		vm->forward[i] = config->forward[i];
	}
	vm->config.forward = vm->forward;
	fake_gic_init(&vm->gic);
	(void)pthread_mutex_init(&vm->event_lock, NULL);
	for (uint32_t i = 0; i < FAKE_CPU_COUNT_MAX; i++) {
		fake_vcpu_init(vm, i, fake_kvm_mpidr(i));
	}
	return vm;
}

int kvm_vm_create(struct kvm_vm **out, const struct kvm_vm_config *config, struct vmm_error *error)
{
	int ret = fake_inject(FAKE_VM_CREATE);
	struct kvm_vm *vm;

	if (ret == 0 && (config->cpu_count == 0 || config->cpu_count > FAKE_CPU_COUNT_MAX ||
			 config->forward_count > FAKE_FORWARD_MAX ||
			 config->spi_count + FAKE_PRIVATE_COUNT > FAKE_INTID_COUNT)) {
		ret = -EINVAL;
	}
	vm = ret == 0 ? make(config) : NULL;
	if (vm == NULL) {
		ret = ret != 0 ? ret : -ENOMEM;
		vmm_error_set(error, "the fake KVM makes no VM: %s", strerror(-ret));
		return ret;
	}
	pthread_mutex_lock(&fake.lock);
	vm->number = ++fake.made;
	fake.live++;
	vm->next = fake.vms;
	fake.vms = vm;
	pthread_mutex_unlock(&fake.lock);
	*out = vm;
	return 0;
}

void kvm_vm_destroy(struct kvm_vm *vm)
{
	if (vm == NULL) {
		return;
	}
	if (__atomic_exchange_n(&vm->destroyed, true, __ATOMIC_SEQ_CST)) {
		fake_misuse("kvm_vm_destroy() twice");
		return;
	}
	if (__atomic_load_n(&vm->users, __ATOMIC_SEQ_CST) != 0) {
		fake_misuse("kvm_vm_destroy() while a thread uses the VM");
	}
	for (unsigned i = 0; i < vm->event_count; i++) {
		(void)close(vm->events[i].fd);
	}
	vm->event_count = 0;
	/* Its memory is still there: a crash here is a test that fails. */
	(void)*(volatile uint8_t *)vm->config.ram.host;
	pthread_mutex_lock(&fake.lock);
	fake.live--;
	pthread_mutex_unlock(&fake.lock);
}

static bool same_store(const struct fake_ioeventfd *event, uint64_t ipa, unsigned len_bytes,
		       uint64_t value)
{
	return event->ipa == ipa && event->len_bytes == len_bytes && event->value == value;
}

int kvm_vm_ioeventfd(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes, uint64_t value, int fd)
{
	int ret;

	fake_use_begin(vm, "kvm_vm_ioeventfd");
	ret = fake_inject(FAKE_IOEVENTFD);
	pthread_mutex_lock(&vm->event_lock);
	for (unsigned i = 0; i < vm->event_count; i++) {
		if (same_store(&vm->events[i], ipa, len_bytes, value)) {
			fake_misuse("kvm_vm_ioeventfd() twice for one store");
			ret = -EEXIST;
		}
	}
	if (ret == 0 && vm->event_count == FAKE_IOEVENTFD_MAX) {
		ret = -ENOSPC;
	}
	if (ret == 0) {
		/* Not the caller's own: KVM keeps the file, whatever becomes of the descriptor. */
		vm->events[vm->event_count++] = (struct fake_ioeventfd){
			.ipa = ipa, .value = value, .len_bytes = len_bytes, .fd = dup(fd)};
	}
	pthread_mutex_unlock(&vm->event_lock);
	fake_use_end(vm);
	return ret;
}

bool fake_signal(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes, uint64_t value)
{
	const uint64_t one = 1;
	bool found = false;

	pthread_mutex_lock(&vm->event_lock);
	for (unsigned i = 0; !found && i < vm->event_count; i++) {
		found = same_store(&vm->events[i], ipa, len_bytes, value);
		if (found && write(vm->events[i].fd, &one, sizeof(one)) != sizeof(one)) {
			fake_misuse("kvm_vm_ioeventfd() with a descriptor that can't be signalled");
		}
	}
	pthread_mutex_unlock(&vm->event_lock);
	return found;
}

unsigned fake_kvm_ioeventfds(void)
{
	struct kvm_vm *vm = fake_vm();
	unsigned count;

	assert_non_null(vm);
	pthread_mutex_lock(&vm->event_lock);
	count = vm->event_count;
	pthread_mutex_unlock(&vm->event_lock);
	return count;
}

void fake_kvm_little_endian(bool only)
{
	fake.little_endian = only;
}

bool kvm_vm_has_big_endian(struct kvm_vm *vm)
{
	(void)vm;
	return !fake.little_endian;
}

void fake_kvm_features(bool pmu, bool pauth, bool sve)
{
	fake.features[CPU_FEATURE_PMU] = pmu;
	fake.features[CPU_FEATURE_PAUTH] = pauth;
	fake.features[CPU_FEATURE_SVE] = sve;
}

/* At first this host has nothing but what is insisted on. */
bool kvm_vm_has_feature(const struct kvm_vm *vm, enum cpu_feature feature)
{
	enum cpu_feature_choice want = vm->config.features.want[feature];

	return want == CPU_FEATURE_ON || (want == CPU_FEATURE_AUTO && fake.features[feature]);
}

struct kvm_vcpu *kvm_vm_vcpu(struct kvm_vm *vm, uint32_t cpu)
{
	if (cpu >= vm->config.cpu_count) {
		fake_misuse("kvm_vm_vcpu() of a vCPU that was not asked for");
		cpu = 0;
	}
	return &vm->vcpus[cpu];
}

static uint64_t counter(const struct kvm_vm *vm)
{
	return now_ns() - __atomic_load_n(&vm->counter_offset_ns, __ATOMIC_SEQ_CST);
}

uint64_t kvm_vm_counter(const struct kvm_vm *vm)
{
	return counter(vm);
}

uint64_t kvm_counter_hz(void)
{
	return 1000000000;
}

uint64_t fake_kvm_counter(void)
{
	return counter(fake_vm());
}

/* A vCPU that ran would see the clock go back. */
static void check_none_runs(struct kvm_vm *vm, const char *what)
{
	if (__atomic_load_n(&vm->running, __ATOMIC_SEQ_CST) != 0) {
		fake_misuse(what);
	}
}

int kvm_vm_get_counter(struct kvm_vm *vm, uint64_t *value)
{
	int ret;

	fake_use_begin(vm, "kvm_vm_get_counter");
	check_none_runs(vm, "kvm_vm_get_counter() while a vCPU runs");
	ret = fake_inject(FAKE_GET_COUNTER);
	*value = ret == 0 ? counter(vm) : *value;
	fake_use_end(vm);
	return ret;
}

int kvm_vm_set_counter(struct kvm_vm *vm, uint64_t value)
{
	int ret;

	fake_use_begin(vm, "kvm_vm_set_counter");
	check_none_runs(vm, "kvm_vm_set_counter() while a vCPU runs");
	ret = fake_inject(FAKE_SET_COUNTER);
	if (ret == 0) {
		__atomic_store_n(&vm->counter_offset_ns, now_ns() - value, __ATOMIC_SEQ_CST);
	}
	fake_use_end(vm);
	return ret;
}

int kvm_vm_set_irq(struct kvm_vm *vm, uint32_t intid, bool level)
{
	unsigned ms = __atomic_load_n(&fake.irq_ms, __ATOMIC_RELAXED);
	struct timespec delay = {.tv_nsec = (long)ms * 1000000};
	int ret;

	fake_use_begin(vm, "kvm_vm_set_irq");
	if (ms != 0) {
		(void)nanosleep(&delay, NULL);
	}
	ret = fake_inject(FAKE_SET_IRQ);
	if (intid < FAKE_PRIVATE_COUNT || intid >= vm->config.spi_count + FAKE_PRIVATE_COUNT) {
		fake_misuse("kvm_vm_set_irq() of an INTID that is no SPI");
		ret = -EINVAL;
	}
	if (ret == 0) {
		fake_gic_drive(vm, intid, level);
	}
	fake_use_end(vm);
	return ret;
}
