/* SPDX-License-Identifier: BSD-3-Clause */
/* The GIC, as far as it wakes CPUs and as KVM shows it to its user. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "fake_kvm_internal.h"

#define BITS 32

void fake_gic_init(struct fake_gic *gic)
{
	(void)pthread_mutex_init(&gic->lock, NULL);
}

void fake_gic_free(struct fake_gic *gic)
{
	(void)pthread_mutex_destroy(&gic->lock);
}

static struct fake_irq *irq_of(struct fake_gic *gic, uint32_t cpu, uint32_t intid)
{
	return intid < FAKE_PRIVATE_COUNT ? &gic->own[cpu][intid] : &gic->shared[intid];
}

static bool is_pending(const struct fake_irq *irq)
{
	return irq->latch || (!irq->edge && irq->line);
}

static bool wakes(const struct fake_irq *irq, uint8_t pmr)
{
	return is_pending(irq) && irq->enabled && !irq->active && irq->priority < pmr;
}

bool fake_gic_wakes(struct kvm_vm *vm, uint32_t cpu)
{
	struct fake_gic *gic = &vm->gic;
	bool found = false;

	pthread_mutex_lock(&gic->lock);
	for (uint32_t intid = 0; gic->on && !found && intid < FAKE_INTID_COUNT; intid++) {
		const struct fake_irq *irq = irq_of(gic, cpu, intid);

		found = (intid < FAKE_PRIVATE_COUNT || irq->target == cpu) &&
			wakes(irq, gic->pmr[cpu]);
	}
	pthread_mutex_unlock(&gic->lock);
	return found;
}

/* Sleepers look again. */
static void tell(struct kvm_vm *vm)
{
	for (uint32_t i = 0; i < vm->config.cpu_count; i++) {
		fake_vcpu_nudge(&vm->vcpus[i]);
	}
}

void fake_gic_drive(struct kvm_vm *vm, uint32_t intid, bool level)
{
	struct fake_irq *irq;

	pthread_mutex_lock(&vm->gic.lock);
	irq = irq_of(&vm->gic, 0, intid);
	if (irq->edge && level && !irq->line) {
		irq->latch = true;
	}
	irq->line = level;
	pthread_mutex_unlock(&vm->gic.lock);
	tell(vm);
}

/* The next three are the guest's, made while its vCPU is locked: the CPU itself does not sleep. */
void fake_gic_enable(struct kvm_vm *vm, uint32_t cpu, uint32_t intid, uint8_t priority)
{
	struct fake_irq *irq;

	pthread_mutex_lock(&vm->gic.lock);
	irq = irq_of(&vm->gic, cpu, intid);
	irq->enabled = true;
	irq->priority = priority;
	irq->target = cpu;
	pthread_mutex_unlock(&vm->gic.lock);
}

void fake_gic_turn(struct kvm_vm *vm, bool on)
{
	pthread_mutex_lock(&vm->gic.lock);
	vm->gic.on = on;
	pthread_mutex_unlock(&vm->gic.lock);
}

void fake_gic_set_pmr(struct kvm_vm *vm, uint32_t cpu, uint8_t pmr)
{
	pthread_mutex_lock(&vm->gic.lock);
	vm->gic.pmr[cpu] = pmr;
	pthread_mutex_unlock(&vm->gic.lock);
}

void fake_gic_set(uint32_t cpu, uint32_t intid, const struct fake_irq *irq)
{
	struct kvm_vm *vm = fake_vm();

	assert_non_null(vm);
	pthread_mutex_lock(&vm->gic.lock);
	*irq_of(&vm->gic, cpu, intid) = *irq;
	pthread_mutex_unlock(&vm->gic.lock);
	tell(vm);
}

struct fake_irq fake_gic_get(uint32_t cpu, uint32_t intid)
{
	struct kvm_vm *vm = fake_vm();
	struct fake_irq irq;

	assert_non_null(vm);
	pthread_mutex_lock(&vm->gic.lock);
	irq = *irq_of(&vm->gic, cpu, intid);
	pthread_mutex_unlock(&vm->gic.lock);
	return irq;
}

void fake_gic_distributor(bool on)
{
	struct kvm_vm *vm = fake_vm();

	assert_non_null(vm);
	fake_gic_turn(vm, on);
	tell(vm);
}

void fake_gic_mask(uint32_t cpu, uint8_t pmr)
{
	struct kvm_vm *vm = fake_vm();

	assert_non_null(vm);
	fake_gic_set_pmr(vm, cpu, pmr);
	tell(vm);
}

static bool bit_of(const struct fake_irq *irq, enum kvm_gic_bank bank)
{
	switch (bank) {
	case KVM_GIC_PENDING:
		return irq->latch;
	case KVM_GIC_LINE:
		return irq->line;
	case KVM_GIC_ENABLED:
		return irq->enabled;
	case KVM_GIC_ACTIVE:
		return irq->active;
	}
	return false;
}

static int read_bank(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
		     uint32_t *bits)
{
	if (cpu >= vm->config.cpu_count || first % BITS != 0 ||
	    first >= vm->config.spi_count + FAKE_PRIVATE_COUNT) {
		fake_misuse("kvm_vm_gic_bits() of what is not there");
		return -EINVAL;
	}
	*bits = 0;
	pthread_mutex_lock(&vm->gic.lock);
	for (uint32_t n = 0; n < BITS; n++) {
		if (bit_of(irq_of(&vm->gic, cpu, first + n), bank)) {
			*bits |= UINT32_C(1) << n;
		}
	}
	pthread_mutex_unlock(&vm->gic.lock);
	return 0;
}

int kvm_vm_gic_bits(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
		    uint32_t *bits)
{
	int ret;

	fake_use_begin(vm, "kvm_vm_gic_bits");
	ret = fake_inject(FAKE_GIC_BITS);
	if (ret == 0 && __atomic_load_n(&vm->running, __ATOMIC_SEQ_CST) != 0) {
		ret = -EBUSY;
	}
	if (ret == 0) {
		ret = read_bank(vm, bank, cpu, first, bits);
	}
	fake_use_end(vm);
	return ret;
}
