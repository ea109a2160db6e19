/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU_SUSPEND and CPU_DEFAULT_SUSPEND, by the CPU that booted. */
#include "bare.h"

#define NAP_MS 30
#define LONG_MS 5000
#define NAPS 50
#define SCTLR_M_C_I UINT64_C(0x1005)
#define DAIF_ALL UINT64_C(0x3C0)
#define EL1 4

static void check_timer(u64 at)
{
	check_is(read_register(cntv_ctl_el0), TIMER_ENABLE | TIMER_ISTATUS, "the timer has fired");
	check_is(read_register(cntv_cval_el0), at, "the timer is as it was armed");
}

/* Standby, with all registers watched. */
static void standby(u64 fn)
{
	u64 x[31];
	u64 since = now();
	u64 at = timer_arm(NAP_MS);
	unsigned changed = 0;

	for (unsigned n = 0; n < 31; n++) {
		x[n] = UINT64_C(0x1111000000000000) + n;
	}
	x[0] = fn;
	x[1] = POWER_STATE_STANDBY;
	x[2] = ~UINT64_C(0); /* for standby the entry is ignored */
	x[3] = UINT64_C(0x3333333333333333);
	call_all(x);
	check(passed_ms(since, NAP_MS), "standby waits for the timer");
	check_is(x[0], SUCCESS, "standby returns SUCCESS");
	check(x[1] == POWER_STATE_STANDBY && x[2] == ~UINT64_C(0) &&
		      x[3] == UINT64_C(0x3333333333333333),
	      "x1 to x3 are unchanged");
	for (unsigned n = 4; n < 31; n++) {
		changed += x[n] != UINT64_C(0x1111000000000000) + n;
	}
	check_is(changed, 0, "x4 to x30 are unchanged");
	check_is(read_register(vbar_el1), (u64)vectors, "VBAR_EL1 is unchanged");
	check_timer(at);
	check_is(gic_highest(), TIMER_VIRT_PPI, "the timer's interrupt is pending");
	timer_stop();
}

static void standby_pending(void)
{
	u64 since;

	(void)timer_arm(0);
	since = now();
	check_is(psci(FN64(CPU_SUSPEND), POWER_STATE_STANDBY, 0, 0), SUCCESS,
		 "standby with an interrupt pending returns SUCCESS");
	check(!passed_ms(since, LONG_MS), "and at once");
	timer_stop();
	sgi_send(&cpus[0]);
	check_is(psci(FN64(CPU_SUSPEND), POWER_STATE_STANDBY, 0, 0), SUCCESS,
		 "standby with an SGI pending returns SUCCESS");
	check_is(gic_highest(), SGI, "the SGI is pending");
	gic_drain();
}

/* The virtual timer's interrupt is off, the physical timer's is on and comes later. */
static void not_enabled(void)
{
	u64 tick = read_register(cntfrq_el0) / 1000;
	u64 since = now();

	gic_enable(&cpus[0], TIMER_VIRT_PPI, false);
	gic_enable(&cpus[0], TIMER_PHYS_PPI, true);
	(void)timer_arm(NAP_MS / 3);
	write_register(cntp_cval_el0, read_register(cntpct_el0) + tick * NAP_MS * 3);
	write_register(cntp_ctl_el0, TIMER_ENABLE);
	check_is(psci(FN64(CPU_SUSPEND), POWER_STATE_STANDBY, 0, 0), SUCCESS,
		 "the physical timer wakes too");
	check(passed_ms(since, NAP_MS * 3), "an interrupt that is not enabled does not wake");
	write_register(cntp_ctl_el0, 0);
	timer_stop();
	gic_enable(&cpus[0], TIMER_PHYS_PPI, false);
	gic_enable(&cpus[0], TIMER_VIRT_PPI, true);
}

static void bad_states(void)
{
	static const u32 bad[] = {0x20000, 0x04000000, 0x80000000, 0x40000000, 0xFFFFFFFF};

	for (unsigned n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		check_is(psci(FN64(CPU_SUSPEND), bad[n], (u64)entry_a, (u64)&cpus[0]),
			 CODE(INVALID_PARAMETERS), "a bad power_state is INVALID_PARAMETERS");
	}
}

void case_suspend(void)
{
	standby(FN64(CPU_SUSPEND));
	/* 0.2 wants an AArch64 caller's calls to be of its width. */
	if (psci_version >= PSCI(1, 0)) {
		standby(FN32(CPU_SUSPEND));
	}
	standby_pending();
	not_enabled();
	bad_states();
}

/* What is promised of a CPU that comes in at an entry, and what a reset brings besides. */
static void check_entered(const struct cpu *self, u64 tag)
{
	unsigned left = 0;

	/* The tag got into this record by way of X0. */
	check_is(self->tag, tag, "it comes in at its entry, with its context id in X0");
	check_is(self->sctlr & SCTLR_M_C_I, 0, "MMU and caches are off");
	check_is(self->daif, DAIF_ALL, "DAIF is masked");
	check_is(self->el, EL1, "at EL1");
	check_is(self->spsel, 1, "with SP_EL1");
	check_is(self->mpidr_seen, self->mpidr, "on the CPU that called");
	check(self->state[STATE_vbar_el1] != (u64)vectors, "VBAR_EL1 is reset");
	for (unsigned n = 1; n < 31; n++) {
		left += self->x[n] != 0;
	}
	check_is(left, 0, "x1 to x30 are reset");
}

static void powerdown(u64 fn, u64 a1, u64 a2, u64 a3, u64 tag, u64 ms)
{
	struct cpu *self = &cpus[0];
	u64 since = now();
	u64 at = timer_arm(ms);
	u64 ret;

	self->tag = 0;
	barrier();
	ret = suspend(self, fn, a1, a2, a3, false);
	check_is(ret, SUCCESS, "powerdown does not return");
	state_take(self);
	check(passed_ms(since, ms), "powerdown waits for the timer");
	check(!passed_ms(since, LONG_MS), "and no longer");
	check_entered(self, tag);
	check_is(self->state[STATE_cntv_ctl_el0], TIMER_ENABLE | TIMER_ISTATUS,
		 "the timer goes on and has fired");
	check_is(read_register(cntv_cval_el0), at, "the timer is as it was armed");
	gic_init_cpu(self);
	check_is(gic_highest(), TIMER_VIRT_PPI, "the timer's interrupt is pending");
	timer_stop();
}

/* The device tree says that the timers go on whatever the CPU does. */
static void physical_timer(void)
{
	struct cpu *self = &cpus[0];
	u64 at = read_register(cntpct_el0) + read_register(cntfrq_el0) / 1000 * NAP_MS;

	gic_enable(self, TIMER_PHYS_PPI, true);
	write_register(cntp_cval_el0, at);
	write_register(cntp_ctl_el0, TIMER_ENABLE);
	check_is(
		suspend(self, FN64(CPU_SUSPEND), POWER_STATE_POWERDOWN, (u64)entry_a, (u64)self, 0),
		SUCCESS, "the physical timer wakes from powerdown");
	state_take(self);
	check_is(self->state[STATE_cntp_ctl_el0], TIMER_ENABLE | TIMER_ISTATUS,
		 "the physical timer goes on and has fired");
	check_is(read_register(cntp_cval_el0), at, "the physical timer is as it was armed");
	gic_init_cpu(self);
	write_register(cntp_ctl_el0, 0);
	gic_enable(self, TIMER_PHYS_PPI, false);
	gic_drain();
}

static void bad_entries(void)
{
	const u64 bad[] = {0, UINT64_C(0x09000000), RAM_BASE - 4, ram_end, ~UINT64_C(3)};
	struct cpu *self = &cpus[0];

	for (unsigned n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		u64 at = timer_arm(0);

		self->tag = 0;
		check_is(suspend(self, FN64(CPU_SUSPEND), POWER_STATE_POWERDOWN, bad[n], (u64)self,
				 0),
			 bad_address(), "an entry outside RAM is refused");
		check(self->tag == 0 && read_register(vbar_el1) == (u64)vectors &&
			      read_register(cntv_cval_el0) == at,
		      "and the CPU goes on with nothing changed");
		timer_stop();
	}
}

void case_powerdown(void)
{
	u64 self = (u64)&cpus[0];

	powerdown(FN64(CPU_SUSPEND), POWER_STATE_POWERDOWN, (u64)entry_a, self, TAG_A, NAP_MS);
	powerdown(FN64(CPU_SUSPEND), POWER_STATE_POWERDOWN | 7, (u64)entry_b, self, TAG_B, 0);
	bad_entries();
	powerdown(FN64(CPU_SUSPEND), POWER_STATE_POWERDOWN, (u64)entry_b, self, TAG_B, NAP_MS);
	physical_timer();
	if (psci_version < PSCI(1, 0)) {
		return;
	}
	powerdown(FN32(CPU_SUSPEND), UINT64_C(0x1234567800010000), (u64)entry_a | CODE(-1) << 32,
		  self | UINT64_C(1) << 63, TAG_A, NAP_MS);
	powerdown(FN64(CPU_DEFAULT_SUSPEND), (u64)entry_a, self, 0, TAG_A, NAP_MS);
	powerdown(FN32(CPU_DEFAULT_SUSPEND), (u64)entry_b, self, 0, TAG_B, 0);
	check_is(psci(FN64(CPU_DEFAULT_SUSPEND), 0, 0, 0), CODE(INVALID_ADDRESS),
		 "CPU_DEFAULT_SUSPEND: an entry outside RAM is INVALID_ADDRESS");
	powerdown(FN64(CPU_DEFAULT_SUSPEND), (u64)entry_b, self, 0, TAG_B, 0);
}

/* Standby and powerdown by turns, for a time that is sometimes over before the call. */
static void job_naps(struct cpu *self)
{
	gic_init_cpu(self);
	for (u32 n = 0; n < NAPS; n++) {
		u64 power_state = n % 2 != 0 ? POWER_STATE_POWERDOWN : POWER_STATE_STANDBY;
		u64 at = timer_arm(n % 3);
		u64 ret;

		self->tag = 0;
		barrier();
		ret = suspend(self, FN64(CPU_SUSPEND), power_state, (u64)entry_b, (u64)self, 0);
		self->result += ret == SUCCESS && self->tag == (n % 2 != 0 ? TAG_B : 0) &&
				read_register(cntv_ctl_el0) == (TIMER_ENABLE | TIMER_ISTATUS) &&
				read_register(cntv_cval_el0) == at;
		write_register(vbar_el1, vectors);
		gic_init_cpu(self);
		timer_stop();
	}
}

/* All CPUs at once. */
void case_naps(void)
{
	unsigned stuck = 0;

	for (u32 n = 0; n < cpu_count; n++) {
		cpus[n].result = 0;
	}
	for (u32 n = 1; n < cpu_count; n++) {
		check_is(cpu_on(&cpus[n], entry_a, job_naps), SUCCESS, "CPU_ON");
	}
	job_naps(&cpus[0]);
	for (u32 n = 1; n < cpu_count; n++) {
		stuck += !wait_done(&cpus[n]) || !wait_off(&cpus[n]);
	}
	check_is(stuck, 0, "every CPU goes on");
	for (u32 n = 0; n < cpu_count; n++) {
		check_is(cpus[n].result, NAPS, "each nap ends as it should");
	}
}

static u64 big_endian_on(struct cpu *cpu, u64 big_endian)
{
	cpu->job = NULL;
	cpu->done = 0;
	barrier();
	return call_ending(FN64(CPU_ON), cpu->mpidr, (u64)entry_a, (u64)cpu, big_endian);
}

void case_endian(void)
{
	struct cpu *self = &cpus[0];
	struct cpu *other = &cpus[1];

	for (u64 big_endian = 0; big_endian < 3; big_endian++) {
		check_is(big_endian_on(other, big_endian & 1), SUCCESS, "CPU_ON");
		check(wait_done(other) && wait_off(other), "the CPU starts");
		check_is(other->sctlr >> SCTLR_EE_BIT & 1, big_endian & 1,
			 "a CPU starts in its caller's byte order");
		check_is(other->x[30] | other->x[1], 0, "with its registers reset");
	}
	for (u64 big_endian = 0; big_endian < 3; big_endian++) {
		(void)timer_arm(NAP_MS);
		check_is(suspend(self, FN64(CPU_SUSPEND), POWER_STATE_POWERDOWN, (u64)entry_b,
				 (u64)self, big_endian & 1),
			 SUCCESS, "powerdown");
		state_take(self);
		gic_init_cpu(self);
		check_is(self->sctlr >> SCTLR_EE_BIT & 1, big_endian & 1,
			 "powerdown keeps the caller's byte order");
		timer_stop();
	}
}
