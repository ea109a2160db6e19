/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPUs: which there are, starting them, what they find when they start. */
#include "bare.h"

#define LIMIT_MS 10000

struct cpu cpus[CPUS_MAX];
u32 cpu_count;
u32 psci_version;
u64 ram_end;

/* Not among what is zeroed at the start: nobody has so many CPUs at once. */
static char stacks[CPUS_MAX][STACK_BYTES]
	__attribute__((aligned(16), section(".stacks,\"aw\",%nobits//")));

#define STATE_NAME(name) #name,
static const char state_names[STATE_COUNT][16] = {STATE_REGISTERS(STATE_NAME)};

const char *state_name(unsigned index)
{
	return state_names[index];
}

#define STATE_READ(name) self->state[STATE_##name] = read_register(name);
void state_take(struct cpu *self)
{
	STATE_REGISTERS(STATE_READ)
	features_take(self->features);
	self->mpidr_seen = read_register(mpidr_el1) & UINT64_C(0xFF00FFFFFF);
	write_register(vbar_el1, vectors);
	if ((self->sctlr >> SCTLR_EE_BIT & 1) != BIG_ENDIAN) {
		for (u32 n = 1; n < 31; n++) {
			self->x[n] = __builtin_bswap64(self->x[n]);
		}
		self->sp = __builtin_bswap64(self->sp);
	}
}

/* The compiler's, for assignments of structures. */
void *memcpy(void *to, const void *from, size_t len_bytes);
void *memcpy(void *to, const void *from, size_t len_bytes)
{
	for (size_t n = 0; n < len_bytes; n++) {
		((char *)to)[n] = ((const char *)from)[n];
	}
	return to;
}

u64 now(void)
{
	__asm__ volatile("isb" ::: "memory");
	return read_register(cntvct_el0);
}

bool passed_ms(u64 since, u64 ms)
{
	return now() - since >= read_register(cntfrq_el0) / 1000 * ms;
}

void sleep_ms(u64 ms)
{
	u64 since = now();

	while (!passed_ms(since, ms)) {
		__asm__ volatile("yield");
	}
}

u64 affinity(u64 mpidr)
{
	return psci(FN64(AFFINITY_INFO), mpidr, 0, 0);
}

/* As KVM numbers them, 16 to an Aff1. The first is this one. */
u64 mpidr_of(u32 n)
{
	return (u64)(n >> 4) << 8 | (n & 15);
}

void cpus_find(void)
{
	while (cpu_count < CPUS_MAX && affinity(mpidr_of(cpu_count)) <= AFFINITY_ON_PENDING) {
		struct cpu *cpu = &cpus[cpu_count];

		cpu->mpidr = mpidr_of(cpu_count);
		cpu->stack = (u64)stacks[cpu_count] + STACK_BYTES;
		cpu_count++;
	}
}

/* Called by a CPU that CPU_ON started, on its stack; it goes off when this returns. */
void started(struct cpu *self);
void started(struct cpu *self)
{
	state_take(self);
	self->starts++;
	barrier();
	if (self->job != NULL) {
		self->job(self);
	}
	barrier();
	self->done = 1;
	barrier();
}

u64 cpu_on(struct cpu *cpu, const char *entry, void (*job)(struct cpu *self))
{
	cpu->job = job;
	cpu->done = 0;
	cpu->tag = 0;
	barrier();
	return psci(FN64(CPU_ON), cpu->mpidr, (u64)entry, (u64)cpu);
}

bool wait_done(struct cpu *cpu)
{
	u64 since = now();

	while (cpu->done == 0 && !passed_ms(since, LIMIT_MS)) {
		__asm__ volatile("yield" ::: "memory");
	}
	return cpu->done != 0;
}

bool wait_off(struct cpu *cpu)
{
	u64 since = now();

	while (affinity(cpu->mpidr) != AFFINITY_OFF) {
		if (passed_ms(since, LIMIT_MS)) {
			return false;
		}
	}
	return true;
}

/* What a bad entry is answered with: before 1.0 there is no code of its own. */
u64 bad_address(void)
{
	return CODE(psci_version >= PSCI(1, 0) ? INVALID_ADDRESS : INVALID_PARAMETERS);
}
