/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU_ON, CPU_OFF, AFFINITY_INFO, CPU_FREEZE, and one CPU seen from another. */
#include "bare.h"

#define CYCLES 200
#define RACES 4
#define NAP_MS 30

static volatile u32 go;

static void job_gic(struct cpu *self)
{
	gic_init_cpu(self);
}

/* Stays on until told. Sleeps meanwhile: there may be hundreds of them, on two CPUs of the host. */
static void job_stay(struct cpu *self)
{
	gic_init_cpu(self);
	self->arg = 1;
	while (gic_highest() != SGI) {
		__asm__ volatile("wfi" ::: "memory");
	}
	gic_drain();
}

static void set_go(u32 value)
{
	barrier();
	go = value;
	wake_spinners();
}

static bool waits(const struct cpu *cpu, u32 starts)
{
	u64 since = now();

	while (cpu->starts != starts && !passed_ms(since, 10000)) {
		__asm__ volatile("yield" ::: "memory");
	}
	return cpu->starts == starts;
}

static bool is_ready(const struct cpu *cpu)
{
	u64 since = now();

	while (cpu->arg == 0 && !passed_ms(since, 10000)) {
		__asm__ volatile("yield" ::: "memory");
	}
	return cpu->arg != 0;
}

/* All at once; each must come up as itself, and the steps of AFFINITY_INFO go one way. */
static void all_on(void)
{
	unsigned wrong_return = 0;
	unsigned wrong_second = 0;
	unsigned wrong_order = 0;
	unsigned wrong_start = 0;
	u64 pending = 0;

	for (u32 n = 1; n < cpu_count; n++) {
		cpus[n].starts = 0;
		cpus[n].arg = 0;
	}
	for (u32 n = 1; n < cpu_count; n++) {
		wrong_order += affinity(cpus[n].mpidr) != AFFINITY_OFF;
	}
	check_is(wrong_order, 0, "before, all others are OFF");
	for (u32 n = 1; n < cpu_count; n++) {
		u64 second;

		wrong_return +=
			cpu_on(&cpus[n], n % 2 != 0 ? entry_a : entry_b, job_stay) != SUCCESS;
		second = psci(FN64(CPU_ON), cpus[n].mpidr, (u64)entry_a, (u64)&cpus[0]);
		pending += second == CODE(ON_PENDING);
		wrong_second += second != CODE(ALREADY_ON) && second != CODE(ON_PENDING);
	}
	check_is(wrong_return, 0, "CPU_ON of each CPU is SUCCESS");
	check_is(wrong_second, 0, "a second CPU_ON is ON_PENDING or ALREADY_ON");
	for (u32 n = 1; n < cpu_count; n++) {
		u64 seen = affinity(cpus[n].mpidr);

		while (seen == AFFINITY_ON_PENDING) {
			pending++;
			seen = affinity(cpus[n].mpidr);
		}
		wrong_order += seen != AFFINITY_ON;
		if (!waits(&cpus[n], 1) || affinity(cpus[n].mpidr) != AFFINITY_ON) {
			wrong_order++;
		}
	}
	say("# ON_PENDING seen %x times", pending);
	check_is(wrong_order, 0, "AFFINITY_INFO says ON_PENDING until it says ON");
	check_is(psci(FN64(CPU_ON), cpus[1].mpidr, (u64)entry_a, 0), CODE(ALREADY_ON),
		 "CPU_ON of a CPU that is on is ALREADY_ON");
	for (u32 n = 1; n < cpu_count; n++) {
		wrong_start += cpus[n].tag != (n % 2 != 0 ? TAG_A : TAG_B) ||
			       cpus[n].mpidr_seen != cpus[n].mpidr || cpus[n].starts != 1;
	}
	check_is(wrong_start, 0, "each comes in once, at its entry, with its context and MPIDR");
	for (u32 n = 1; n < cpu_count; n++) {
		wrong_start += !is_ready(&cpus[n]);
	}
	check_is(wrong_start, 0, "and listens to its own redistributor");
	sgi_send_others();
	wrong_order = 0;
	for (u32 n = 1; n < cpu_count; n++) {
		wrong_order += !wait_off(&cpus[n]);
	}
	check_is(wrong_order, 0, "each is OFF after CPU_OFF");
}

static void bad_mpidrs(void)
{
	const u64 bad[] = {mpidr_of(cpu_count),
			   UINT64_C(0x80000001),
			   0x01000001,
			   UINT64_C(0x40000001),
			   UINT64_C(0x100000001),
			   UINT64_C(0x10000000001),
			   ~UINT64_C(0),
			   0x10001,
			   0x11};

	for (unsigned n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		check_is(psci(FN64(CPU_ON), bad[n], (u64)entry_a, 0), CODE(INVALID_PARAMETERS),
			 "CPU_ON: an MPIDR that no CPU has is INVALID_PARAMETERS");
	}
	check_is(affinity(UINT64_C(0x80000001)), CODE(INVALID_PARAMETERS),
		 "AFFINITY_INFO: bits outside the affinities are INVALID_PARAMETERS");
	check_is(psci(FN64(AFFINITY_INFO), 0, 4, 0), CODE(INVALID_PARAMETERS),
		 "AFFINITY_INFO: there is no level 4");
	check_is(psci(FN64(AFFINITY_INFO), 0, 1, 0), AFFINITY_ON, "AFFINITY_INFO: level 1 is ON");
	check_is(psci(FN64(CPU_ON), cpus[1].mpidr, ram_end, 0), bad_address(),
		 "CPU_ON: an entry outside RAM is refused");
	check_is(affinity(cpus[1].mpidr), AFFINITY_OFF, "and the CPU is still OFF");
	check_is(psci(FN64(CPU_ON), cpus[0].mpidr, (u64)entry_a, 0), CODE(ALREADY_ON),
		 "CPU_ON of the caller is ALREADY_ON");
}

void case_on(void)
{
	all_on();
	bad_mpidrs();
}

static void job_race(struct cpu *self)
{
	u32 round = (u32)self->arg;

	while (go != round) {
		spin();
	}
	self->result = psci(FN64(CPU_ON), cpus[1].mpidr, (u64)entry_a, (u64)&cpus[1]);
}

/* All others start CPU 1 at the same time. */
void case_race(void)
{
	unsigned wrong_winners = 0;
	unsigned wrong_losers = 0;
	unsigned stuck = 0;

	for (u32 round = 1; round <= RACES; round++) {
		unsigned winners = 0;
		u32 before = cpus[1].starts;

		set_go(0);
		cpus[1].job = NULL;
		for (u32 n = 2; n < cpu_count; n++) {
			u32 starts = cpus[n].starts;

			cpus[n].arg = round;
			(void)cpu_on(&cpus[n], entry_b, job_race);
			stuck += !waits(&cpus[n], starts + 1);
		}
		set_go(round);
		for (u32 n = 2; n < cpu_count; n++) {
			stuck += !wait_done(&cpus[n]) || !wait_off(&cpus[n]);
			if (cpus[n].result == SUCCESS) {
				winners++;
			} else {
				wrong_losers += cpus[n].result != CODE(ALREADY_ON) &&
						cpus[n].result != CODE(ON_PENDING);
			}
		}
		stuck += !wait_off(&cpus[1]);
		/* One that came after CPU 1 had gone off again has won as well. */
		wrong_winners += winners == 0 || cpus[1].starts - before != winners;
	}
	check_is(stuck, 0, "every CPU goes on");
	check_is(wrong_winners, 0, "of many CPU_ONs, each SUCCESS is one start");
	check_is(wrong_losers, 0, "the others get ON_PENDING or ALREADY_ON");
}

/* Leaves something in all that a reset is to bring back. */
static void job_spoil(struct cpu *self)
{
	write_register(ttbr0_el1, 0x40100000);
	write_register(ttbr1_el1, 0x40110000);
	write_register(tcr_el1, 0x19);
	write_register(mair_el1, UINT64_C(0xFF440C0400BB4F));
	write_register(amair_el1, 0x55);
	write_register(contextidr_el1, 0x1234);
	write_register(cpacr_el1, UINT64_C(3) << 20);
	write_register(tpidr_el1, UINT64_C(0x1111222233334444));
	write_register(tpidr_el0, UINT64_C(0x2222333344445555));
	write_register(tpidrro_el0, UINT64_C(0x3333444455556666));
	write_register(cntkctl_el1, 3);
	write_register(sp_el0, UINT64_C(0x5555666677778888));
	write_register(elr_el1, UINT64_C(0x40123456));
	write_register(spsr_el1, UINT64_C(0x3C5));
	write_register(esr_el1, UINT64_C(0x96000045));
	write_register(far_el1, UINT64_C(0x7777888899990000));
	write_register(par_el1, 0x801);
	write_register(afsr0_el1, 1);
	write_register(afsr1_el1, 1);
	/* Monitor debug, with no exception enabled that could come of it. */
	write_register(mdscr_el1, 0x8000);
	write_register(dbgbvr0_el1, UINT64_C(0x40001000));
	write_register(dbgbcr0_el1, 0x1E4);
	write_register(dbgwvr0_el1, UINT64_C(0x40002000));
	write_register(dbgwcr0_el1, 0x1FF8 & ~1);
	write_register(sctlr_el1, read_register(sctlr_el1) | 0x1008);
	gic_init_cpu(self);
	(void)timer_arm(1000000);
	write_register(cntp_cval_el0, ~UINT64_C(0) >> 1);
	write_register(cntp_ctl_el0, TIMER_ENABLE);
	features_spoil();
	/* VBAR_EL1 was set at the entry. */
}

/*
 * The first register that is not as at the first start; "" if there is none. ISTATUS means nothing
 * while a timer is off.
 */
static const char *first_difference(const struct cpu *cpu, const struct cpu *fresh)
{
	for (unsigned n = 1; n < 31; n++) {
		if (cpu->x[n] != fresh->x[n]) {
			return "x";
		}
	}
	for (unsigned n = 0; n < STATE_COUNT; n++) {
		u64 mask = n == STATE_cntv_ctl_el0 || n == STATE_cntp_ctl_el0 ? TIMER_ENABLE
									      : ~UINT64_C(0);

		if (((cpu->state[n] ^ fresh->state[n]) & mask) != 0) {
			return state_name(n);
		}
	}
	for (unsigned n = 0; n < FEATURES_COUNT; n++) {
		if (cpu->features[n] != fresh->features[n]) {
			return "a register of features.c";
		}
	}
	if (cpu->sctlr != fresh->sctlr) {
		return "sctlr_el1";
	}
	return cpu->sp != fresh->sp || cpu->daif != fresh->daif || cpu->spsel != fresh->spsel ? "sp"
											      : "";
}

void case_cycles(void)
{
	struct cpu *cpu = &cpus[1];
	static struct cpu fresh;
	u32 before = cpu->starts;
	unsigned refused = 0;
	unsigned stuck = 0;
	unsigned wrong_entry = 0;
	unsigned differ = 0;

	for (u32 n = 0; n < CYCLES && stuck == 0; n++) {
		const char *difference;

		refused += cpu_on(cpu, n % 2 != 0 ? entry_b : entry_a, job_spoil) != SUCCESS;
		stuck += !wait_done(cpu) || !wait_off(cpu);
		wrong_entry += cpu->tag != (n % 2 != 0 ? TAG_B : TAG_A);
		if (n == 0) {
			fresh = *cpu;
		}
		difference = first_difference(cpu, &fresh);
		if (difference[0] != '\0' && differ++ == 0) {
			say("# %s differs at start %x", difference, (u64)n);
		}
	}
	check_is(refused, 0, "CPU_ON is SUCCESS each time");
	check_is(stuck, 0, "the CPU goes off each time");
	check_is(wrong_entry, 0, "it comes in at its entry each time");
	check_is(cpu->starts - before, CYCLES, "it comes in once each time");
	check_is(differ, 0, "its registers are as at its first start");
	check_is((cpu->state[STATE_cntv_ctl_el0] | cpu->state[STATE_cntp_ctl_el0]) & TIMER_ENABLE,
		 0, "its timers are off");
}

/* Sleeps until an SGI comes. */
static void job_sleep(struct cpu *self)
{
	gic_init_cpu(self);
	self->arg = 1;
	barrier();
	self->result = psci(FN64(CPU_SUSPEND), POWER_STATE_STANDBY, 0, 0);
	gic_drain();
}

void case_asleep(void)
{
	struct cpu *cpu = &cpus[1];

	cpu->arg = 0;
	cpu->result = 1;
	check_is(cpu_on(cpu, entry_a, job_sleep), SUCCESS, "CPU_ON");
	while (cpu->arg == 0) {
		__asm__ volatile("yield" ::: "memory");
	}
	sleep_ms(NAP_MS);
	check_is(cpu->done, 0, "the CPU sleeps");
	check_is(affinity(cpu->mpidr), AFFINITY_ON, "a CPU in CPU_SUSPEND is ON");
	check_is(psci(FN64(CPU_ON), cpu->mpidr, (u64)entry_a, 0), CODE(ALREADY_ON),
		 "CPU_ON of it is ALREADY_ON");
	sgi_send(cpu);
	check(wait_done(cpu) && wait_off(cpu), "an SGI wakes it");
	check_is(cpu->result, SUCCESS, "it gets SUCCESS");
}

static void job_freeze(struct cpu *self)
{
	gic_init_cpu(self);
	self->arg = 1;
	barrier();
	self->result = psci(FN32(CPU_FREEZE), 0, 0, 0);
}

static void wait_frozen(struct cpu *cpu)
{
	while (cpu->arg == 0) {
		__asm__ volatile("yield" ::: "memory");
	}
	sleep_ms(NAP_MS);
}

void case_freeze(void)
{
	struct cpu *cpu = &cpus[1];
	u32 starts = cpu->starts;

	cpu->arg = 0;
	cpu->result = 1;
	check_is(cpu_on(cpu, entry_a, job_freeze), SUCCESS, "CPU_ON");
	wait_frozen(cpu);
	check_is(affinity(cpu->mpidr), AFFINITY_ON, "a frozen CPU is ON");
	sgi_send(cpu);
	sleep_ms(NAP_MS);
	check(cpu->done == 0 && cpu->starts == starts + 1, "an SGI does not wake it");
	check(gic_is_pending(cpu, SGI), "the SGI is pending");
	check_is(affinity(cpu->mpidr), AFFINITY_ON, "it is still ON");
	check_is(psci(FN64(SYSTEM_SUSPEND), (u64)entry_a, (u64)&cpus[0], 0), CODE(DENIED),
		 "SYSTEM_SUSPEND is DENIED");
	check_is(cpu_on(cpu, entry_b, job_gic), SUCCESS, "CPU_ON restarts it");
	check(wait_done(cpu) && wait_off(cpu), "and it goes off");
	check_is(cpu->tag, TAG_B, "it came in at the new entry");
	check_is(cpu->result, 1, "CPU_FREEZE did not return");
	check_is(cpu->starts, starts + 2, "it came in once");
}
