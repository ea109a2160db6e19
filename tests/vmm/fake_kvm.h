/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A KVM without a processor: implements kvm/kvm.h for the tests.
 *
 * A guest is a set of programs, each at its entry address. A vCPU that enters there runs the
 * program's operations one after another, inside kvm_vcpu_run(): calls and device accesses come
 * out as exits, the rest happens within. What a CPU was given back is logged per CPU index, over
 * resets too.
 *
 * The GIC is modelled as far as wake-up goes (KVM's vgic.c, kvm_vgic_vcpu_pending_irq()): an
 * interrupt wakes a CPU that it is routed to if it is pending (latch, or line if it is level
 * triggered), enabled, not active and of a higher priority than the CPU's mask, with the
 * distributor on. PSTATE.I and the CPU interface's group enables do not count.
 *
 * Misuse of the seam (a VM used after its destruction, a vCPU used by another thread, a call
 * resumed without a result, registers changed in a sleeping CPU...) is remembered, and makes
 * fake_kvm_down() fail the test.
 *
 * There is one fake a process. Functions may be called on any thread unless said otherwise; those
 * that wait give up after FAKE_WAIT_S.
 */
#ifndef TESTS_VMM_FAKE_KVM_H
#define TESTS_VMM_FAKE_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/kvm.h"

#define FAKE_CPU_COUNT_MAX 512
#define FAKE_INTID_COUNT 288
#define FAKE_WAIT_S 20

/* What a call gets that is not forwarded: the host kernel answers it. */
#define FAKE_HOST_ANSWER UINT64_C(0x405720CA11)

/* X0 to X30 but the arguments, of a CPU that has run. */
#define FAKE_GUEST_X(cpu, n) (UINT64_C(0xC0DE0000) + (uint64_t)(cpu)*0x100 + (n))

/* PSTATE of a vCPU that was made or reset: EL1h, all interrupts masked. */
#define FAKE_PSTATE UINT64_C(0x3C5)

/**
 * enum fake_op_kind - what a guest does
 * @FAKE_OP_IDLE:   nothing, for ever; also what ends a list of operations
 * @FAKE_OP_CALL:   an HVC
 * @FAKE_OP_READ:   a load from a device
 * @FAKE_OP_WRITE:  a store to a device
 * @FAKE_OP_LOAD:   64 bits from RAM; logged as a read
 * @FAKE_OP_STORE:  64 bits to RAM, or 16 if n is 2
 * @FAKE_OP_GATE:   goes on once the test has opened that gate
 * @FAKE_OP_WFI:    goes on once an interrupt would wake the CPU
 * @FAKE_OP_FAIL:   KVM can't go on
 * @FAKE_OP_GICD:   turns the distributor on or off
 * @FAKE_OP_PMR:    sets the CPU's priority mask
 * @FAKE_OP_ENABLE: enables an interrupt, routed to this CPU
 * @FAKE_OP_ENDIAN: data accesses become big-endian, or little-endian
 * @FAKE_OP_TIMER:  turns the virtual timer on
 * @FAKE_OP_UNLESS: goes back by one operation unless X0 has the value
 * @FAKE_OP_JUMP:   goes on at the program's operation of that index
 */
enum fake_op_kind {
	FAKE_OP_IDLE = 0,
	FAKE_OP_CALL,
	FAKE_OP_READ,
	FAKE_OP_WRITE,
	FAKE_OP_LOAD,
	FAKE_OP_STORE,
	FAKE_OP_GATE,
	FAKE_OP_WFI,
	FAKE_OP_FAIL,
	FAKE_OP_GICD,
	FAKE_OP_PMR,
	FAKE_OP_ENABLE,
	FAKE_OP_ENDIAN,
	FAKE_OP_TIMER,
	FAKE_OP_UNLESS,
	FAKE_OP_JUMP,
};

struct fake_op {
	enum fake_op_kind kind;
	uint32_t n;
	uint64_t arg[3];
};

#define FAKE_IDLE                                                                                  \
	{                                                                                          \
		.kind = FAKE_OP_IDLE                                                               \
	}
#define FAKE_CALL(fn_id, x1, x2, x3)                                                               \
	{                                                                                          \
		.kind = FAKE_OP_CALL, .n = (fn_id), .arg = {(x1), (x2), (x3) }                     \
	}
#define FAKE_READ(ipa, len_bytes)                                                                  \
	{                                                                                          \
		.kind = FAKE_OP_READ, .n = (len_bytes), .arg = {(ipa) }                            \
	}
#define FAKE_WRITE(ipa, len_bytes, value)                                                          \
	{                                                                                          \
		.kind = FAKE_OP_WRITE, .n = (len_bytes), .arg = {(ipa), (value) }                  \
	}
#define FAKE_LOAD(ipa)                                                                             \
	{                                                                                          \
		.kind = FAKE_OP_LOAD, .arg = {(ipa) }                                              \
	}
/* An index that a device reads as 16 bits is stored so: the two then meet in one place. */
#define FAKE_STORE16(ipa, value)                                                                   \
	{                                                                                          \
		.kind = FAKE_OP_STORE, .n = 2, .arg = {(ipa), (value) }                            \
	}
#define FAKE_STORE(ipa, value)                                                                     \
	{                                                                                          \
		.kind = FAKE_OP_STORE, .arg = {(ipa), (value) }                                    \
	}
#define FAKE_SIMPLE(op, number)                                                                    \
	{                                                                                          \
		.kind = FAKE_OP_##op, .n = (number)                                                \
	}
#define FAKE_GATE(gate) FAKE_SIMPLE(GATE, gate)
#define FAKE_WFI FAKE_SIMPLE(WFI, 0)
#define FAKE_FAIL FAKE_SIMPLE(FAIL, 0)
#define FAKE_BIG_ENDIAN(on) FAKE_SIMPLE(ENDIAN, on)
#define FAKE_TIMER FAKE_SIMPLE(TIMER, 0)
#define FAKE_JUMP(index) FAKE_SIMPLE(JUMP, index)
#define FAKE_UNLESS(value)                                                                         \
	{                                                                                          \
		.kind = FAKE_OP_UNLESS, .arg = {(value) }                                          \
	}
/* What a guest does to be woken by @intid. */
#define FAKE_LISTEN(intid)                                                                         \
	FAKE_SIMPLE(GICD, 1), FAKE_SIMPLE(PMR, 0xF0),                                              \
	{                                                                                          \
		.kind = FAKE_OP_ENABLE, .n = (intid), .arg = { 0xA0 }                              \
	}

/* A program's own bytes in the guest: its operations are four bytes each. */
#define FAKE_PROGRAM_BYTES UINT64_C(0x1000)

/**
 * struct fake_program - what a CPU does that enters at an address
 * @pc:   entry
 * @ops:  up to one that is IDLE; NULL if @step is given
 * @step: fills the next operation in, in place of @ops. On the vCPU's thread; @x0 is X0 now
 * @ctx:  for @step
 */
struct fake_program {
	uint64_t pc;
	const struct fake_op *ops;
	void (*step)(void *ctx, uint32_t cpu, uint64_t x0, struct fake_op *op);
	void *ctx;
};

/**
 * fake_kvm_up() - a fresh fake without programs
 *
 * Context: no VM lives.
 */
void fake_kvm_up(void);

/**
 * fake_kvm_down() - free all; asserts that no VM lives and that nothing was misused
 *
 * Context: the test's thread.
 */
void fake_kvm_down(void);

/* The first misuse, or NULL. Forgets it, so that a test can ask for one. */
const char *fake_kvm_misuse(void);

/**
 * fake_kvm_program() - add a program, copied, or replace the one at its address
 *
 * Context: no vCPU runs.
 */
void fake_kvm_program(const struct fake_program *program);

/** fake_kvm_ops() - the same, of a list of operations */
void fake_kvm_ops(uint64_t pc, const struct fake_op *ops);

/** fake_kvm_open() - let all CPUs through a gate, 0 to 31 */
void fake_kvm_open(unsigned gate);

/* Functions of the seam that can fail. */
enum fake_fn {
	FAKE_VM_CREATE,
	FAKE_SET_IRQ,
	FAKE_IOEVENTFD,
	FAKE_MAP_ROM,
	FAKE_GIC_BITS,
	FAKE_RUN,
	FAKE_GET_X,
	FAKE_SET_X0,
	FAKE_IS_BIG_ENDIAN,
	FAKE_GET_REGISTERS,
	FAKE_ENTER,
	FAKE_RESET,
	FAKE_SET_WAITING,
	FAKE_GET_COUNTER,
	FAKE_SET_COUNTER,
	FAKE_IDENTITY,
	FAKE_FN_COUNT,
};

/** fake_kvm_fail() - the @nth call from now on, 1 the next, fails with EIO, once; 0: none does */
void fake_kvm_fail(enum fake_fn fn, unsigned nth);

/** fake_kvm_count() - calls of a function so far */
unsigned fake_kvm_count(enum fake_fn fn);

/** fake_kvm_interrupt_runs() - each @nth kvm_vcpu_run() is INTERRUPTED by a signal; 0: none */
void fake_kvm_interrupt_runs(unsigned nth);

/** fake_kvm_slow_irqs() - kvm_vm_set_irq() takes that long */
void fake_kvm_slow_irqs(unsigned ms);

/** fake_kvm_move_mpidrs() - VMs made from now on have other MPIDRs */
void fake_kvm_move_mpidrs(uint64_t by);

/** fake_kvm_counter() - the guest's virtual counter of the VM made last, which must live; in ns */
uint64_t fake_kvm_counter(void);

/** fake_kvm_mpidr() - of a CPU of VMs made now */
uint64_t fake_kvm_mpidr(uint32_t cpu);

/**
 * fake_kvm_identity() - what the host shows guests from now on, under that name
 * @cpu:      as in struct kvm_identity
 * @settable: a VM may be made to show something else
 *
 * At first there are a few values. A CPU's own comes in addition to that of each CPU.
 */
void fake_kvm_identity(uint32_t cpu, const char *name, uint64_t value, bool settable);

/** fake_kvm_features() - the host has these, so a guest has them unless they are off */
void fake_kvm_features(bool pmu, bool pauth, bool sve);

/** fake_kvm_little_endian() - VMs' CPUs can't be big-endian */
void fake_kvm_little_endian(bool only);

/** fake_kvm_live() - VMs that have not been destroyed */
unsigned fake_kvm_live(void);

/** fake_kvm_made() - VMs made so far */
unsigned fake_kvm_made(void);

/** fake_kvm_ioeventfds() - stores that signal a descriptor, of the VM made last */
unsigned fake_kvm_ioeventfds(void);

/** fake_kvm_rom() - whether read-only memory @rom is mapped in the VM made last, and as what */
bool fake_kvm_rom(unsigned rom, uint64_t *ipa, const uint8_t **host);

/** fake_kvm_config() - of the VM made last; its forwarded ranges are copied */
const struct kvm_vm_config *fake_kvm_config(void);

/**
 * struct fake_call - a call that a CPU has made
 * @fn_id:      the function
 * @forwarded:  it came out as an exit
 * @returned:   X0 was set
 * @x0:         to that
 * @reads:      bit n: how X@n was read, once or more often
 * @read_count: registers read, each time counted
 * @endian:     the data accesses' endianness was asked for
 */
struct fake_call {
	uint32_t fn_id;
	bool forwarded;
	bool returned;
	uint64_t x0;
	uint32_t reads;
	unsigned read_count;
	bool endian;
};

/**
 * struct fake_entry - a kvm_vcpu_enter() that succeeded
 * @entry:    as given
 * @vm:       number of the VM, 1 for the first that was made
 * @timer_on: the virtual timer, afterwards
 * @reset:    the registers had to be reset for it; not done ahead
 */
struct fake_entry {
	struct kvm_entry entry;
	unsigned vm;
	bool timer_on;
	bool reset;
};

/* Counts so far, of CPU @cpu. The first FAKE_LOG_COUNT of each kind are kept. */
#define FAKE_LOG_COUNT 256
unsigned fake_kvm_calls(uint32_t cpu);
unsigned fake_kvm_entries(uint32_t cpu);

/** fake_kvm_wait_calls() - until CPU @cpu has made @count calls and the last has returned */
bool fake_kvm_wait_calls(uint32_t cpu, unsigned count);

/** fake_kvm_wait_entries() - until CPU @cpu has entered @count times */
bool fake_kvm_wait_entries(uint32_t cpu, unsigned count);

/** fake_kvm_wait_asleep() - until CPU @cpu sleeps, inside kvm_vcpu_run() with waiting set */
bool fake_kvm_wait_asleep(uint32_t cpu);

/** fake_kvm_wait_reads() - until CPU @cpu has had @count answers from devices */
bool fake_kvm_wait_reads(uint32_t cpu, unsigned count);

/* What was logged; these assert that it was. For the test's thread. */
struct fake_call fake_kvm_call(uint32_t cpu, unsigned n);
struct fake_entry fake_kvm_entry(uint32_t cpu, unsigned n);
uint64_t fake_kvm_read(uint32_t cpu, unsigned n);

/**
 * struct fake_irq - an interrupt's state
 * @enabled:  GICx_ISENABLER
 * @latch:    GICx_ISPENDR as a user reads it
 * @line:     the level of its input
 * @active:   GICx_ISACTIVER
 * @edge:     edge triggered: the line itself does not make it pending
 * @priority: 0 is the highest
 * @target:   the CPU it is routed to; of shared ones
 */
struct fake_irq {
	bool enabled;
	bool latch;
	bool line;
	bool active;
	bool edge;
	uint8_t priority;
	uint32_t target;
};

/* The GIC of the VM made last, which must live. @cpu counts for INTIDs below 32. */
void fake_gic_set(uint32_t cpu, uint32_t intid, const struct fake_irq *irq);
struct fake_irq fake_gic_get(uint32_t cpu, uint32_t intid);
void fake_gic_distributor(bool on);
void fake_gic_mask(uint32_t cpu, uint8_t pmr);

#endif /* TESTS_VMM_FAKE_KVM_H */
