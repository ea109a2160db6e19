/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fake's files share.
 *
 * Locks, in the order in which they are taken: a vCPU's, the GIC's, a CPU's log. Each is of one
 * vCPU or VM, as far as possible: a lock that all vCPUs went through would hide races in what is
 * tested from ThreadSanitizer.
 */
#ifndef TESTS_VMM_FAKE_KVM_INTERNAL_H
#define TESTS_VMM_FAKE_KVM_INTERNAL_H

#include <pthread.h>

#include "fake_kvm.h"

#define FAKE_PRIVATE_COUNT 32
#define FAKE_FORWARD_MAX 8
#define FAKE_PROGRAM_MAX 32
#define FAKE_IOEVENTFD_MAX 256

struct fake_gic {
	pthread_mutex_t lock;
	bool on;
	uint8_t pmr[FAKE_CPU_COUNT_MAX];
	struct fake_irq own[FAKE_CPU_COUNT_MAX][FAKE_PRIVATE_COUNT];
	struct fake_irq shared[FAKE_INTID_COUNT];
};

/* A store that signals a descriptor, a copy of its own as KVM has. */
struct fake_ioeventfd {
	uint64_t ipa;
	uint64_t value;
	unsigned len_bytes;
	int fd;
};

/* Memory that the guest can't change. */
struct fake_rom {
	uint64_t ipa;
	const uint8_t *host; /* atomic; NULL: not mapped */
	uint64_t size_bytes;
};

/* What a vCPU is owed before it runs on. */
enum fake_debt {
	FAKE_OWED_NOTHING,
	FAKE_OWED_X0,
	FAKE_OWED_VALUE,
};

struct kvm_vcpu {
	struct kvm_vm *vm;
	uint32_t index;
	uint64_t mpidr;
	bool kicked; /* atomic */
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	pthread_t thread;
	bool attached;
	bool in_run;
	bool waiting;
	bool ran; /* since it was reset */
	bool big_endian;
	bool timer_on;
	enum fake_debt owed;
	struct kvm_registers registers;
};

struct kvm_vm {
	struct kvm_vm_config config;
	struct kvm_forward forward[FAKE_FORWARD_MAX];
	unsigned number;
	bool destroyed; /* atomic */
	unsigned users; /* atomic: threads inside a function of the seam */
	unsigned running; /* atomic: vCPUs inside kvm_vcpu_run() */
	uint64_t counter_offset_ns; /* atomic: of the guest's counter to CLOCK_MONOTONIC */
	struct fake_gic gic;
	pthread_mutex_t event_lock; /* of the two below */
	unsigned event_count;
	struct fake_ioeventfd events[FAKE_IOEVENTFD_MAX];
	struct fake_rom roms[KVM_ROM_COUNT];
	struct kvm_identity *identity; /* that was asked for */
	struct kvm_vcpu vcpus[FAKE_CPU_COUNT_MAX];
	struct kvm_vm *next; /* made before; all are kept so that misuse is seen */
};

/* A CPU index's log. */
struct fake_log {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned call_count;
	unsigned returned_count;
	unsigned entry_count;
	unsigned read_count;
	bool asleep;
	struct fake_call calls[FAKE_LOG_COUNT];
	struct fake_entry entries[FAKE_LOG_COUNT];
	uint64_t reads[FAKE_LOG_COUNT];
};

/* fake_kvm.c */
void fake_misuse(const char *what);
void fake_use_begin(struct kvm_vm *vm, const char *function);
void fake_use_end(struct kvm_vm *vm);
int fake_inject(enum fake_fn fn);
bool fake_run_interrupted(void);
bool fake_gate_open(unsigned gate);
bool fake_signal(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes, uint64_t value);
const struct fake_program *fake_program_at(uint64_t pc);
struct kvm_vm *fake_vm(void);

/* fake_log.c */
void fake_logs_init(void);
void fake_logs_free(void);
struct fake_log *fake_log_lock(uint32_t cpu);
void fake_log_unlock(struct fake_log *log);
struct fake_call *fake_log_last_call(struct fake_log *log);
void fake_log_call(uint32_t cpu, const struct fake_call *call);
void fake_log_return(uint32_t cpu, uint64_t x0);
void fake_log_entry(uint32_t cpu, const struct fake_entry *entry);
void fake_log_read(uint32_t cpu, uint64_t value);
void fake_log_asleep(uint32_t cpu, bool asleep);

/* fake_gic.c */
void fake_gic_init(struct fake_gic *gic);
void fake_gic_free(struct fake_gic *gic);
bool fake_gic_wakes(struct kvm_vm *vm, uint32_t cpu);
void fake_gic_enable(struct kvm_vm *vm, uint32_t cpu, uint32_t intid, uint8_t priority);
void fake_gic_drive(struct kvm_vm *vm, uint32_t intid, bool level);
void fake_gic_turn(struct kvm_vm *vm, bool on);
void fake_gic_set_pmr(struct kvm_vm *vm, uint32_t cpu, uint8_t pmr);

/* fake_identity.c */
void fake_identity_up(void);
int fake_identity_init(struct kvm_vm *vm, const struct kvm_vm_config *config);

/* fake_rom.c: the host memory behind @len_bytes at @ipa, if it is mapped. */
const uint8_t *fake_rom_at(struct kvm_vm *vm, uint64_t ipa, unsigned len_bytes);

/* fake_vcpu.c */
void fake_vcpu_init(struct kvm_vm *vm, uint32_t index, uint64_t mpidr);
void fake_vcpu_free(struct kvm_vcpu *vcpu);
void fake_vcpu_nudge(struct kvm_vcpu *vcpu);

#endif /* TESTS_VMM_FAKE_KVM_INTERNAL_H */
