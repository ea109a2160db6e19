/* SPDX-License-Identifier: BSD-3-Clause */
/* What is about the machine as a whole; most of it ends it. */
#include "bare.h"

#define NAP_MS 100
#define MARK UINT64_C(0x746F72706F720000)
#define MARK_FIRST (RAM_BASE + UINT64_C(0x1000000))
#define MARK_STEP UINT64_C(0x100000)
#define RESET2_VENDOR UINT64_C(0x80000000)
#define VENDOR_COOKIE UINT64_C(0x8123456789ABCDEF)

static volatile u32 leave;

static void job_stay(struct cpu *self)
{
	(void)self;
	while (leave == 0) {
		spin();
	}
}

static void others_on(void)
{
	struct cpu *cpu = &cpus[1];

	leave = 0;
	check_is(cpu_on(cpu, entry_a, job_stay), SUCCESS, "CPU_ON");
	check_is(psci(FN64(SYSTEM_SUSPEND), (u64)entry_a, (u64)&cpus[0], 0), CODE(DENIED),
		 "with another CPU on, DENIED");
	check_is(psci(FN32(SYSTEM_SUSPEND), (u64)entry_a, (u64)&cpus[0], 0), CODE32(DENIED),
		 "SMC32 likewise");
	leave = 1;
	wake_spinners();
	check(wait_done(cpu) && wait_off(cpu), "the CPU goes off");
}

static void sleeps(u64 fn, const char *entry, u64 tag, u64 big_endian, u64 ms)
{
	struct cpu *self = &cpus[0];
	u64 since = now();
	u64 at = timer_arm(ms);

	self->tag = 0;
	barrier();
	check_is(suspend(self, fn, (u64)entry, (u64)self, 0, big_endian), SUCCESS,
		 "SYSTEM_SUSPEND does not return");
	state_take(self);
	check(passed_ms(since, ms), "it waits for the timer");
	check_is(self->tag, tag, "the caller comes in at its entry");
	check_is(self->mpidr_seen, self->mpidr, "on the same CPU");
	check_is(self->sctlr >> SCTLR_EE_BIT & 1, big_endian, "in its byte order");
	check_is(self->sctlr & 1, 0, "with its MMU off");
	check_is(self->daif, 0x3C0, "with DAIF masked");
	check(self->state[STATE_vbar_el1] != (u64)vectors, "with VBAR_EL1 reset");
	check_is(self->state[STATE_cntv_ctl_el0], TIMER_ENABLE | TIMER_ISTATUS,
		 "the timer goes on and has fired");
	check_is(read_register(cntv_cval_el0), at, "the timer is as it was armed");
	gic_init_cpu(self);
	timer_stop();
}

void case_system(void)
{
	u64 at;

	others_on();
	at = timer_arm(0);
	check_is(psci(FN64(SYSTEM_SUSPEND), ram_end, (u64)&cpus[0], 0), CODE(INVALID_ADDRESS),
		 "an entry outside RAM is INVALID_ADDRESS");
	check(read_register(vbar_el1) == (u64)vectors && read_register(cntv_cval_el0) == at,
	      "and the CPU goes on with nothing changed");
	timer_stop();
	sleeps(FN64(SYSTEM_SUSPEND), entry_a, TAG_A, 0, NAP_MS);
	sleeps(FN32(SYSTEM_SUSPEND), entry_b, TAG_B, 1, NAP_MS);
	/* One that is pending before the call wakes it too. */
	sleeps(FN64(SYSTEM_SUSPEND), entry_b, TAG_B, 0, 0);
	check_is(affinity(cpus[1].mpidr), AFFINITY_OFF, "the other CPU is still OFF");
	others_on();
}

static u64 load(u64 address, unsigned bytes)
{
	u64 value = ~UINT64_C(0);

	switch (bytes) {
	case 1:
		__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
		break;
	}
	return value;
}

void case_bus(void)
{
	const u64 places[] = {0, UNBACKED, UINT64_C(0x20000000), RAM_BASE - 8, ram_end};

	for (unsigned n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
		u64 seen = 0;

		io_write(places[n], 0xFFFFFFFF);
		for (unsigned bytes = 1; bytes <= 8; bytes *= 2) {
			seen |= load(places[n], bytes);
		}
		check_is(seen, 0, "an address with nothing behind it reads as zero");
	}
}

static void refused_off2(u64 fn, u64 refusal)
{
	check_is(psci(fn, 2, 0, 0), refusal, "a type that there is not is INVALID_PARAMETERS");
	check_is(psci(fn, UINT64_C(0x80000000), 0, 0), refusal, "so is a vendor's type");
	check_is(psci(fn, 0, 1, 0), refusal, "so is a cookie");
	check_is(psci(fn, 1, UINT64_C(0x80000000), 0), refusal, "so is a cookie");
}

void case_off2(void)
{
	refused_off2(FN64(SYSTEM_OFF2), CODE(INVALID_PARAMETERS));
	check_is(psci(FN64(SYSTEM_OFF2), 0, UINT64_C(1) << 32, 0), CODE(INVALID_PARAMETERS),
		 "SMC64: a cookie has 64 bits");
	case_end();
	(void)psci(FN64(SYSTEM_OFF2), 0, 0, 0);
	check(false, "SYSTEM_OFF2 does not return");
}

/* With type 1, and what is to be ignored not zero. */
void case_off2_narrow(void)
{
	refused_off2(FN32(SYSTEM_OFF2), CODE32(INVALID_PARAMETERS));
	case_end();
	(void)psci(FN32(SYSTEM_OFF2), UINT64_C(0xF00000001), UINT64_C(0xF00000000), 0);
	check(false, "SYSTEM_OFF2 does not return");
}

void case_last(void)
{
	check(true, "the only CPU that is on calls CPU_OFF");
	case_end();
	(void)psci(FN32(CPU_OFF), 0, 0, 0);
	check(false, "CPU_OFF does not return");
}

/* How many of the marks that the last boot may have left are there. */
static u64 marks_found(u64 *other)
{
	u64 found = 0;

	*other = 0;
	for (u64 at = MARK_FIRST; at < ram_end; at += MARK_STEP) {
		u64 value = io_read64(at);

		found += value == MARK + at;
		*other += value != MARK + at && value != 0;
	}
	return found;
}

static void set_marks(void)
{
	for (u64 at = MARK_FIRST; at < ram_end; at += MARK_STEP) {
		*(volatile u64 *)at = MARK + at;
	}
	barrier();
}

static void protect(void)
{
	if (psci_version < PSCI(1, 1)) {
		return;
	}
	check_is(psci(FN32(MEM_PROTECT), 1, 0, 0), 0, "MEM_PROTECT is off at boot");
	check_is(psci(FN32(MEM_PROTECT), 7, 0, 0), 1, "MEM_PROTECT returns the state before");
	check_is(psci(FN32(MEM_PROTECT), 0, 0, 0), 1, "and again");
	check_is(psci(FN32(MEM_PROTECT), 0, 0, 0), 0, "and again");
}

static void refused_reset2(void)
{
	if (psci_version < PSCI(1, 1)) {
		return;
	}
	check_is(psci(FN64(SYSTEM_RESET2), 1, 0, 0), CODE(INVALID_PARAMETERS),
		 "SYSTEM_RESET2: a type that there is not is INVALID_PARAMETERS");
	check_is(psci(FN32(SYSTEM_RESET2), 0x7FFFFFFF, 0, 0), CODE32(INVALID_PARAMETERS),
		 "SMC32 likewise");
}

/*
 * Boot after boot: says what the boot before left, then does as the host types: c, cold; C, with
 * MEM_PROTECT; w, warm; n, warm by SMC32 with a cookie; v, a vendor's type with a cookie; V, the
 * same by SMC32, whose arguments have 32 bits. All CPUs are on then.
 */
void case_reset(void)
{
	u64 other;
	u64 found = marks_found(&other);
	u64 off = 0;

	say("boot marks %x other %x", found, other);
	check_is(read_register(cntv_ctl_el0) & TIMER_ENABLE, 0, "the timer is off at boot");
	check_is(gic_is_pending(&cpus[0], SGI), false, "no SGI is pending at boot");
	for (u32 n = 1; n < cpu_count; n++) {
		off += affinity(cpus[n].mpidr) == AFFINITY_OFF;
	}
	check_is(off, cpu_count - 1, "the others are off at boot");
	protect();
	refused_reset2();
	set_marks();
	leave = 0;
	for (u32 n = 1; n < cpu_count; n++) {
		check_is(cpu_on(&cpus[n], entry_a, job_stay), SUCCESS, "CPU_ON");
	}
	sgi_send(&cpus[0]);
	(void)timer_arm(1000000);
	case_end();
	switch (hear()) {
	case 'C':
		(void)psci(FN32(MEM_PROTECT), 1, 0, 0);
		/* fallthrough */
	case 'c':
		(void)psci(FN32(SYSTEM_RESET), 0, 0, 0);
		break;
	case 'w':
		(void)psci(FN64(SYSTEM_RESET2), 0, 0, 0);
		break;
	case 'n':
		(void)psci(FN32(SYSTEM_RESET2), 0, ~UINT64_C(0), 0);
		break;
	case 'v':
		(void)psci(FN64(SYSTEM_RESET2), RESET2_VENDOR | 0x7654321, VENDOR_COOKIE, 0);
		break;
	case 'V':
		(void)psci(FN32(SYSTEM_RESET2), ~UINT64_C(0) << 32 | RESET2_VENDOR, VENDOR_COOKIE,
			   0);
		break;
	default:
		end_machine();
	}
	check(false, "a reset does not return");
}
