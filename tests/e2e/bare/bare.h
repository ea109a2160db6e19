/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of a few KiB that makes the PSCI calls Linux does not make, and looks at what they leave.
 *
 * "case=NAME,..." on its command line selects. For each check that fails it writes "not ok NAME:
 * what was promised # what was seen", at the end of each case "ok NAME" or "not ok NAME", and after
 * all of them "the end"; then it calls SYSTEM_OFF, unless the last case ends the machine otherwise.
 */
#ifndef BARE_BARE_H
#define BARE_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "layout.h"

typedef uint32_t u32;
typedef uint64_t u64;

#define CPUS_MAX 512
#define STACK_BYTES 8192

/* What a reset is to bring back, and what the cases look at besides. */
#define STATE_REGISTERS(X)                                                                         \
	X(vbar_el1)                                                                                \
	X(ttbr0_el1)                                                                               \
	X(ttbr1_el1)                                                                               \
	X(tcr_el1)                                                                                 \
	X(mair_el1)                                                                                \
	X(amair_el1)                                                                               \
	X(contextidr_el1)                                                                          \
	X(cpacr_el1)                                                                               \
	X(tpidr_el1)                                                                               \
	X(tpidr_el0)                                                                               \
	X(tpidrro_el0)                                                                             \
	X(cntkctl_el1)                                                                             \
	X(sp_el0)                                                                                  \
	X(elr_el1)                                                                                 \
	X(spsr_el1)                                                                                \
	X(esr_el1)                                                                                 \
	X(far_el1)                                                                                 \
	X(par_el1)                                                                                 \
	X(afsr0_el1)                                                                               \
	X(afsr1_el1)                                                                               \
	X(mdscr_el1)                                                                               \
	X(dbgbvr0_el1)                                                                             \
	X(dbgbcr0_el1)                                                                             \
	X(dbgwvr0_el1)                                                                             \
	X(dbgwcr0_el1)                                                                             \
	X(cntv_ctl_el0)                                                                            \
	X(cntp_ctl_el0)

#define STATE_INDEX(name) STATE_##name,
enum state_register {
	STATE_REGISTERS(STATE_INDEX) STATE_COUNT
};

/* Registers that only some CPUs have, see features.c. */
#define FEATURES_COUNT 32

/* A CPU's record; the first part is the assembly's, see layout.h. */
struct cpu {
	u64 x[31];
	u64 sp;
	u64 sctlr;
	u64 tag;
	u64 spsel;
	u64 daif;
	u64 el;
	u64 stack;
	u64 resume;
	u64 saved[13];
	volatile u64 first; /* CNTVCT_EL0 at entry_timed */
	u64 state[STATE_COUNT]; /* at the entry */
	u64 features[FEATURES_COUNT]; /* likewise */
	u64 mpidr_seen; /* at the entry */
	u64 mpidr;
	u64 gicr;
	void (*job)(struct cpu *self); /* what it does before it goes off */
	volatile u64 arg;
	volatile u64 result;
	volatile u32 starts;
	volatile u32 done;
};

_Static_assert(offsetof(struct cpu, saved) == CPU_SAVED, "layout.h");
_Static_assert(offsetof(struct cpu, first) == CPU_FIRST, "layout.h");
_Static_assert(offsetof(struct cpu, stack) == CPU_STACK, "layout.h");
_Static_assert(offsetof(struct cpu, sctlr) == CPU_SCTLR, "layout.h");

/* start.S */
extern char entry_a[], entry_b[], entry_timed[], vectors[], _start[];
u64 suspend(struct cpu *self, u64 fn, u64 a1, u64 a2, u64 a3, u64 big_endian);
u64 call_ending(u64 fn, u64 a1, u64 a2, u64 a3, u64 big_endian);
void call_all(u64 x[31]);

/* Functions, by the low bits of their ids, and codes: DEN0022 5.1 and 5.2.2. */
enum {
	VERSION,
	CPU_SUSPEND,
	CPU_OFF,
	CPU_ON,
	AFFINITY_INFO,
	MIGRATE,
	MIGRATE_INFO_TYPE,
	MIGRATE_INFO_UP_CPU,
	SYSTEM_OFF,
	SYSTEM_RESET,
	FEATURES,
	CPU_FREEZE,
	CPU_DEFAULT_SUSPEND,
	NODE_HW_STATE,
	SYSTEM_SUSPEND,
	SET_SUSPEND_MODE,
	STAT_RESIDENCY,
	STAT_COUNT,
	SYSTEM_RESET2,
	MEM_PROTECT,
	MEM_PROTECT_CHECK_RANGE,
	SYSTEM_OFF2,
	FN_COUNT = 32,
};
#define FN32(fn) (UINT64_C(0x84000000) + (u64)(fn))
#define FN64(fn) (UINT64_C(0xC4000000) + (u64)(fn))

#define SUCCESS UINT64_C(0)
#define CODE(n) ((u64)(int64_t)(n))
#define CODE32(n) ((u64)(u32)(n))
#define NOT_SUPPORTED (-1)
#define INVALID_PARAMETERS (-2)
#define DENIED (-3)
#define ALREADY_ON (-4)
#define ON_PENDING (-5)
#define INVALID_ADDRESS (-9)

#define AFFINITY_ON 0
#define AFFINITY_OFF 1
#define AFFINITY_ON_PENDING 2

#define POWER_STATE_STANDBY 0
#define POWER_STATE_POWERDOWN 0x10000

#define PSCI(major, minor) ((major) << 16 | (minor))

#define RAM_BASE UINT64_C(0x40000000)
#define UNBACKED UINT64_C(0x09020000) /* QEMU's machine has a device there, torpor's has none */

#define SGI 1
#define TIMER_VIRT_PPI 27
#define TIMER_PHYS_PPI 30
#define TIMER_ENABLE UINT64_C(1)
#define TIMER_ISTATUS UINT64_C(4)

/* Devices are little-endian, the device tree is big-endian, whatever the CPU is. */
#ifdef __AARCH64EB__
#define BIG_ENDIAN 1
#define le32(value) __builtin_bswap32(value)
#define le64(value) __builtin_bswap64(value)
#define be32(value) (value)
#else
#define BIG_ENDIAN 0
#define le32(value) (value)
#define le64(value) (value)
#define be32(value) __builtin_bswap32(value)
#endif

#define read_register(name)                                                                        \
	({                                                                                         \
		u64 value_;                                                                        \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory");                       \
		value_;                                                                            \
	})
#define write_register(name, value)                                                                \
	__asm__ volatile("msr " #name ", %0\n\tisb" ::"r"((u64)(value)) : "memory")

static inline void barrier(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

/* For a CPU that waits long for another: lets a host that has fewer CPUs run that one. */
static inline void spin(void)
{
	__asm__ volatile("wfe" ::: "memory");
}

static inline void wake_spinners(void)
{
	__asm__ volatile("dsb sy\n\tsev" ::: "memory");
}

static inline u64 psci(u64 fn, u64 a1, u64 a2, u64 a3)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a1;
	register u64 x2 __asm__("x2") = a2;
	register u64 x3 __asm__("x3") = a3;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return x0;
}

/* io.c */
u32 io_read(u64 address);
u64 io_read64(u64 address);
void io_write(u64 address, u32 value);
void say(const char *format, ...); /* %s and %x (u64) */
char hear(void);
void end_machine(void) __attribute__((noreturn));
void exception(u64 esr, u64 elr, u64 far) __attribute__((noreturn));

/* check.c */
void case_begin(const char *name);
void case_end(void);
void check(bool good, const char *promise);
void check_is(u64 seen, u64 expected, const char *promise);

/* fdt.c */
struct machine_facts {
	const char *bootargs;
	u64 ram_end;
};
void fdt_read(const void *tree, struct machine_facts *facts);

/* cpus.c: the CPUs, and waiting */
extern struct cpu cpus[CPUS_MAX];
extern u32 cpu_count;
extern u32 psci_version;
extern u64 ram_end;
extern u64 boot_time; /* CNTPCT_EL0 at the first instruction */
void cpus_find(void);
u64 affinity(u64 mpidr);
u64 mpidr_of(u32 n);
u64 cpu_on(struct cpu *cpu, const char *entry, void (*job)(struct cpu *self));
bool wait_off(struct cpu *cpu);
bool wait_done(struct cpu *cpu);
void state_take(struct cpu *self);
const char *state_name(unsigned index);
bool passed_ms(u64 since, u64 ms);
u64 now(void);
void sleep_ms(u64 ms);
u64 bad_address(void);

/* features.c */
extern bool has_pmu, has_pauth, has_sve;
void features_find(void);
void features_take(u64 *state);
void features_spoil(void);

/* gic.c */
void gic_init(void);
void gic_init_cpu(struct cpu *self);
void gic_enable(struct cpu *self, u32 intid, bool enable);
bool gic_is_pending(struct cpu *self, u32 intid);
void gic_drain(void);
u64 gic_highest(void);
void sgi_send(const struct cpu *to);
void sgi_send_others(void);
u64 timer_arm(u64 ms); /* CNTV_CVAL */
void timer_stop(void);

/* The cases. */
void case_suspend(void);
void case_powerdown(void);
void case_naps(void);
void case_endian(void);
void case_on(void);
void case_race(void);
void case_cycles(void);
void case_asleep(void);
void case_freeze(void);
void case_system(void);
void case_ids(void);
void case_features(void);
void case_arguments(void);
void case_bus(void);
void case_processor(void);
void case_off2(void);
void case_off2_narrow(void);
void case_last(void);
void case_reset(void);
void case_clock(void) __attribute__((noreturn));
void case_bench_calls(void);
void case_bench_suspend(void);
void case_bench_on(void);
void case_bench_on_all(void);

#endif /* BARE_BARE_H */
