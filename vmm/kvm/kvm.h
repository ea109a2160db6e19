/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the seam to KVM
 *
 * All that the VMM asks of the hypervisor, in its own terms. kvm_linux.c does it with /dev/kvm on
 * arm64; the unit tests bring a fake. Nothing else in the tree includes linux/kvm.h.
 *
 * A VM and its vCPUs live for one boot of the guest: KVM can't reset its GIC, so a reset makes a
 * new VM. Functions return 0 or -errno.
 */
#ifndef VMM_KVM_KVM_H
#define VMM_KVM_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "error.h"
#include "platform/cpu_features.h"
#include "platform/ram.h"

struct kvm_vm;
struct kvm_vcpu;

/* A range of SMCCC function ids that KVM passes to user space instead of answering it. */
struct kvm_forward {
	uint32_t first;
	uint32_t count;
};

/* A range of redistributors of the GIC, two 64 KiB frames a CPU, in the order of the CPUs. */
struct kvm_redistributors {
	uint64_t ipa;
	uint32_t cpu_count; /* 0: there is none */
};

#define KVM_REDISTRIBUTORS_MAX 2

/* Instead of a CPU's index. */
#define KVM_IDENTITY_EACH_CPU UINT32_MAX
#define KVM_IDENTITY_VM (UINT32_MAX - 1)
#define KVM_IDENTITY_NAME_SIZE 40
/* The lengths of vectors: bit n is set for (n + 1) * 128 bits. */
#define KVM_IDENTITY_SVE_LENGTHS "sve-lengths"

/**
 * struct kvm_identity - a value by which a guest can tell what it runs on
 * @cpu:   whose; KVM_IDENTITY_VM for what is not a CPU's
 * @name:  a CPU's register, or such as "firmware.STD", "gic.GICD_IIDR"; the same on all hosts
 * @value: not 0: what is not there reads so
 */
struct kvm_identity {
	uint32_t cpu;
	char name[KVM_IDENTITY_NAME_SIZE];
	uint64_t value;
};

/**
 * struct kvm_vm_config - what a VM is made of
 * @ram:           mapped; stays so until kvm_vm_destroy()
 * @cpu_count:     vCPUs to make
 * @forward:       SMCCC ranges to forward
 * @forward_count: how many
 * @spi_count:     shared interrupts of the GIC
 * @gicd_ipa:      where its distributor is
 * @gicr:          where its redistributors are; room for @cpu_count in all
 * @pmu_intid:     the interrupt of the performance counters, a PPI
 * @features:      what its CPUs have
 * @identity:      what the guest is to be shown, where the host lets it be chosen; what is not
 *                 among it is to read as 0. Borrowed for the call
 * @identity_count: how many; 0: what the host gives
 */
struct kvm_vm_config {
	struct guest_ram ram;
	uint32_t cpu_count;
	const struct kvm_forward *forward;
	size_t forward_count;
	uint32_t spi_count;
	uint64_t gicd_ipa;
	struct kvm_redistributors gicr[KVM_REDISTRIBUTORS_MAX];
	uint32_t pmu_intid;
	struct cpu_features features;
	const struct kvm_identity *identity;
	size_t identity_count;
};

/**
 * enum kvm_exit_kind - why a vCPU came back
 * @KVM_VCPU_MMIO:        the guest accessed an address without memory behind it
 * @KVM_VCPU_CALL:        a forwarded SMC or HVC; the PC is past it
 * @KVM_VCPU_WAKEUP:      a waiting vCPU has an interrupt; repeats until kvm_vcpu_set_waiting(false)
 * @KVM_VCPU_INTERRUPTED: kvm_vcpu_kick(), or a signal
 * @KVM_VCPU_FAILED:      it can't run; @detail says what KVM gave as the reason
 */
enum kvm_exit_kind {
	KVM_VCPU_MMIO,
	KVM_VCPU_CALL,
	KVM_VCPU_WAKEUP,
	KVM_VCPU_INTERRUPTED,
	KVM_VCPU_FAILED,
};

/**
 * struct kvm_exit - an exit
 * @kind:      which of the others are valid
 * @fn_id:     CALL: the function id
 * @ipa:       MMIO: guest physical address
 * @value:     MMIO write: the value
 * @len_bytes: MMIO: 1, 2, 4 or 8
 * @write:     MMIO: direction; answer a read by kvm_vcpu_answer_mmio()
 * @detail:    FAILED: for the log
 */
struct kvm_exit {
	enum kvm_exit_kind kind;
	uint32_t fn_id;
	uint64_t ipa;
	uint64_t value;
	unsigned len_bytes;
	bool write;
	char detail[96];
};

/* What a vCPU starts with. */
struct kvm_entry {
	uint64_t pc;
	uint64_t x0;
	bool big_endian;
	bool keep_timer; /* the timers go on as they were set: a wake-up, not a start */
};

/* Registers for people to look at. */
struct kvm_registers {
	uint64_t x[31];
	uint64_t pc;
	uint64_t pstate;
};

/* Banks of the GIC's per-interrupt bits. */
enum kvm_gic_bank {
	KVM_GIC_PENDING, /* the latch; without the lines */
	KVM_GIC_LINE,
	KVM_GIC_ENABLED,
	KVM_GIC_ACTIVE,
};

/**
 * kvm_vm_create() - make a VM with its vCPUs and GIC, ready to run
 * @vm:     set on success
 * @config: copied as far as needed
 * @error:  says what is missing and what would mend it
 *
 * Return: 0 or -errno.
 */
int kvm_vm_create(struct kvm_vm **vm, const struct kvm_vm_config *config, struct vmm_error *error);

/** kvm_vm_destroy() - free a VM, or NULL; no thread uses it any more */
void kvm_vm_destroy(struct kvm_vm *vm);

/* Pieces of read-only memory that a VM can have. */
#define KVM_ROM_COUNT 2

/**
 * kvm_vm_map_rom() - give the guest memory that it reads and runs without an exit, and can't change
 * @rom:        which one, below KVM_ROM_COUNT; nothing is mapped as that
 * @ipa:        where, apart from all other memory; a multiple of the host's page size
 * @host:       what is in it, likewise; stays so until it is unmapped or the VM destroyed
 * @size_bytes: likewise
 *
 * A store of the guest's there is KVM_VCPU_MMIO. Any thread, also while vCPUs run.
 *
 * Return: 0 or -errno.
 */
int kvm_vm_map_rom(struct kvm_vm *vm, unsigned rom, uint64_t ipa, const void *host,
		   uint64_t size_bytes);

/**
 * kvm_vm_unmap_rom() - take it back: loads are KVM_VCPU_MMIO too from when this returns
 * @rom: mapped
 *
 * Any thread, also while vCPUs run. Return: 0 or -errno.
 */
int kvm_vm_unmap_rom(struct kvm_vm *vm, unsigned rom);

/** kvm_vm_set_irq() - drive the line of SPI @intid; any thread */
int kvm_vm_set_irq(struct kvm_vm *vm, uint32_t intid, bool level);

/**
 * kvm_vm_ioeventfd() - signal @fd instead of an exit when the guest stores @value at @ipa
 * @ipa:       not in RAM
 * @len_bytes: of the store: 1, 2, 4 or 8
 * @value:     only this one; others still come out as exits
 * @fd:        an eventfd; may be closed afterwards
 *
 * For as long as the VM lives. Any thread.
 *
 * Return: 0 or -errno; without it the store is an exit like any other.
 */
int kvm_vm_ioeventfd(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes, uint64_t value, int fd);

/**
 * kvm_vm_gic_bits() - 32 bits of a bank
 * @cpu:   whose, for INTIDs below 32
 * @first: INTID of bit 0, a multiple of 32
 *
 * Return: 0; -EBUSY while any vCPU runs.
 */
int kvm_vm_gic_bits(struct kvm_vm *vm, enum kvm_gic_bank bank, uint32_t cpu, uint32_t first,
		    uint32_t *bits);

/**
 * kvm_vm_get_counter() - what the guest's virtual counter shows; one for all its CPUs
 * @value: in ticks of CNTFRQ_EL0
 *
 * No vCPU runs. Any thread.
 */
int kvm_vm_get_counter(struct kvm_vm *vm, uint64_t *value);

/** kvm_vm_set_counter() - have it show @value now and go on from there; no vCPU runs */
int kvm_vm_set_counter(struct kvm_vm *vm, uint64_t value);

/**
 * kvm_vm_identity() - all by which a guest can tell what it runs on, but for its devices
 * @cpu:  index, or KVM_IDENTITY_VM for what is not a CPU's
 * @seen: called for each value that is not 0
 * @ctx:  its first argument
 *
 * Before any vCPU runs. Return: 0 or -errno.
 */
int kvm_vm_identity(struct kvm_vm *vm, uint32_t cpu,
		    void (*seen)(void *ctx, const struct kvm_identity *value), void *ctx);

/** kvm_vm_has_feature() - whether its CPUs have a feature */
bool kvm_vm_has_feature(const struct kvm_vm *vm, enum cpu_feature feature);

/**
 * kvm_vm_counter() - what the guest's virtual counter shows now, in all its CPUs
 *
 * Also while vCPUs run; any thread. Return: in ticks of kvm_counter_hz().
 */
uint64_t kvm_vm_counter(const struct kvm_vm *vm);

/** kvm_counter_hz() - CNTFRQ_EL0, the same for the host and all guests */
uint64_t kvm_counter_hz(void);

/** kvm_vm_has_big_endian() - whether its CPUs can access data in big-endian order at EL1 */
bool kvm_vm_has_big_endian(struct kvm_vm *vm);

/** kvm_vm_vcpu() - vCPU by its index; belongs to @vm */
struct kvm_vcpu *kvm_vm_vcpu(struct kvm_vm *vm, uint32_t cpu);

/** kvm_vcpu_mpidr() - its affinity fields */
uint64_t kvm_vcpu_mpidr(const struct kvm_vcpu *vcpu);

/**
 * kvm_vcpu_attach() - the calling thread is the one that runs this vCPU
 *
 * Once, before its first kvm_vcpu_run(), and followed by kvm_vcpu_unkick(). Does what KVM does
 * when a vCPU is run for the first time, so that a start need not wait for it. The functions
 * below are for that thread.
 */
void kvm_vcpu_attach(struct kvm_vcpu *vcpu);

/** kvm_vcpu_run() - run the guest until something happens */
void kvm_vcpu_run(struct kvm_vcpu *vcpu, struct kvm_exit *exit);

/** kvm_vcpu_answer_mmio() - the value that an MMIO read gets, before the next kvm_vcpu_run() */
void kvm_vcpu_answer_mmio(struct kvm_vcpu *vcpu, uint64_t value);

/** kvm_vcpu_get_x() - X@n, 0 to 30 */
int kvm_vcpu_get_x(struct kvm_vcpu *vcpu, unsigned n, uint64_t *value);

/** kvm_vcpu_set_x0() - the result of a call */
int kvm_vcpu_set_x0(struct kvm_vcpu *vcpu, uint64_t value);

/** kvm_vcpu_is_big_endian() - the guest's data accesses at EL1 */
int kvm_vcpu_is_big_endian(struct kvm_vcpu *vcpu, bool *big_endian);

/** kvm_vcpu_get_registers() - all that people may want to see */
int kvm_vcpu_get_registers(struct kvm_vcpu *vcpu, struct kvm_registers *registers);

/**
 * kvm_vcpu_reset() - make the registers what they were when the vCPU was made, timers off
 *
 * Some hundred system calls, but none if it has not run since it was made or last reset. For a CPU
 * that has gone off, so that its next start is short.
 *
 * Return: 0 or -errno.
 */
int kvm_vcpu_reset(struct kvm_vcpu *vcpu);

/**
 * kvm_vcpu_enter() - reset its registers, if that was not done, and set where it enters
 *
 * Return: 0 or -errno.
 */
int kvm_vcpu_enter(struct kvm_vcpu *vcpu, const struct kvm_entry *entry);

/** kvm_vcpu_set_waiting() - whether kvm_vcpu_run() waits for an interrupt instead of running */
int kvm_vcpu_set_waiting(struct kvm_vcpu *vcpu, bool waiting);

/**
 * kvm_vcpu_kick() - make kvm_vcpu_run() return INTERRUPTED, now or when it is next called
 *
 * Any thread. Holds until kvm_vcpu_unkick().
 */
void kvm_vcpu_kick(struct kvm_vcpu *vcpu);

/** kvm_vcpu_unkick() - take a kick back before looking at what it was for */
void kvm_vcpu_unkick(struct kvm_vcpu *vcpu);

#endif /* VMM_KVM_KVM_H */
