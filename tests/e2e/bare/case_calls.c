/* SPDX-License-Identifier: BSD-3-Clause */
/* Every id of both ranges, and how wide arguments and results are. */
#include "bare.h"

#define HIBERNATE_OFF 1
#define SMCCC_VERSION UINT64_C(0x80000000)

enum widths {
	ABSENT,
	ONLY_32,
	BOTH,
};

/* What an id is: since which version, and what it answers to arguments of all ones. */
static const struct {
	uint8_t widths;
	uint8_t since; /* minor of 1.x; 0.2 if OLD */
	int8_t answer;
} functions[FN_COUNT] = {
#define OLD 0xFF
#define ENDS 1 /* not called: with all ones it ends the machine, or the CPU */
	[VERSION] = {ONLY_32, OLD, 0},
	[CPU_SUSPEND] = {BOTH, OLD, INVALID_PARAMETERS},
	[CPU_OFF] = {ONLY_32, OLD, ENDS},
	[CPU_ON] = {BOTH, OLD, INVALID_PARAMETERS},
	[AFFINITY_INFO] = {BOTH, OLD, INVALID_PARAMETERS},
	[MIGRATE_INFO_TYPE] = {ONLY_32, OLD, 2},
	[SYSTEM_OFF] = {ONLY_32, OLD, ENDS},
	[SYSTEM_RESET] = {ONLY_32, OLD, ENDS},
	[FEATURES] = {ONLY_32, 0, NOT_SUPPORTED},
	[CPU_FREEZE] = {ONLY_32, 0, ENDS},
	[CPU_DEFAULT_SUSPEND] = {BOTH, 0, INVALID_ADDRESS},
	[SYSTEM_SUSPEND] = {BOTH, 0, INVALID_ADDRESS},
	[SYSTEM_RESET2] = {BOTH, 1, ENDS},
	[MEM_PROTECT] = {ONLY_32, 1, 0},
	[MEM_PROTECT_CHECK_RANGE] = {BOTH, 1, DENIED},
	[SYSTEM_OFF2] = {BOTH, 3, INVALID_PARAMETERS},
};

static bool is_there(unsigned fn, bool wide)
{
	if (functions[fn].widths < (wide ? BOTH : ONLY_32)) {
		return false;
	}
	return functions[fn].since == OLD || psci_version >= PSCI(1U, functions[fn].since);
}

static u64 expected(unsigned fn, bool wide)
{
	int answer = NOT_SUPPORTED;

	if (fn == VERSION && !wide) {
		return psci_version;
	}
	if (is_there(fn, wide)) {
		answer = functions[fn].answer;
		/* The width of the caller, or it is a wrong parameter. */
		if (psci_version == PSCI(0, 2) && !wide && functions[fn].widths == BOTH) {
			answer = INVALID_PARAMETERS;
		}
	}
	return wide ? CODE(answer) : CODE32(answer);
}

void case_ids(void)
{
	const u64 ones = ~UINT64_C(0);
	unsigned wrong = 0;
	unsigned asked = 0;

	for (unsigned id = 0; id < 2 * FN_COUNT; id++) {
		unsigned fn = id % FN_COUNT;
		bool wide = id >= FN_COUNT;
		u64 seen;

		if (functions[fn].answer == ENDS && is_there(fn, wide)) {
			continue;
		}
		seen = psci(wide ? FN64(fn) : FN32(fn), ones, ones, ones);
		asked++;
		if (seen != expected(fn, wide)) {
			say("# id %x: %x, expected %x", wide ? FN64(fn) : FN32(fn), seen,
			    expected(fn, wide));
			wrong++;
		}
	}
	if (psci_version >= PSCI(1, 1)) {
		(void)psci(FN32(MEM_PROTECT), 0, 0, 0);
	}
	check(asked > 50, "nearly all ids are asked");
	check_is(wrong, 0, "each answers as it should to arguments of all ones");
}

void case_features(void)
{
	unsigned wrong = 0;

	for (unsigned id = 0; id < 2 * FN_COUNT; id++) {
		unsigned fn = id % FN_COUNT;
		bool wide = id >= FN_COUNT;
		u64 want = CODE32(NOT_SUPPORTED);
		u64 seen = psci(FN32(FEATURES), wide ? FN64(fn) : FN32(fn), 0, 0);

		if (is_there(fn, wide)) {
			want = fn == SYSTEM_OFF2 ? HIBERNATE_OFF : 0;
		}
		if (seen != want) {
			say("# id %x: %x, expected %x", wide ? FN64(fn) : FN32(fn), seen, want);
			wrong++;
		}
	}
	check_is(wrong, 0, "PSCI_FEATURES knows what is there, and nothing else");
	check_is(psci(FN32(FEATURES), SMCCC_VERSION, 0, 0), 0, "and SMCCC_VERSION");
	check_is(psci(FN32(FEATURES), 0x12345678, 0, 0), CODE32(NOT_SUPPORTED),
		 "and no id of another range");
	check(psci(SMCCC_VERSION, 0, 0, 0) >= PSCI(1, 1), "SMCCC_VERSION answers");
}

static void width(void)
{
	const u64 junk = UINT64_C(0xABCDEF01) << 32;
	struct cpu *cpu = &cpus[1];

	check_is(psci(FN32(AFFINITY_INFO) | junk, cpu->mpidr, 0, 0), AFFINITY_OFF,
		 "the upper half of X0 is no part of the id");
	check_is(psci(FN32(AFFINITY_INFO), cpu->mpidr | junk, junk, 0), AFFINITY_OFF,
		 "SMC32: the upper halves of arguments are ignored");
	check_is(psci(FN64(AFFINITY_INFO), cpu->mpidr | junk, 0, 0), CODE(INVALID_PARAMETERS),
		 "SMC64: they are not");
	check_is(psci(FN32(AFFINITY_INFO), 0xFF, 0, 0), CODE32(INVALID_PARAMETERS),
		 "SMC32: a code has 32 bits");
	cpu->job = NULL;
	cpu->done = 0;
	cpu->tag = 0;
	barrier();
	check_is(psci(FN32(CPU_ON), cpu->mpidr | junk, (u64)entry_b | junk, (u64)cpu | junk),
		 SUCCESS, "SMC32: CPU_ON");
	check(wait_done(cpu) && wait_off(cpu), "starts the CPU");
	check_is(cpu->tag, TAG_B, "at its entry");
	check_is(psci(FN64(CPU_ON), cpu->mpidr, (u64)entry_b | junk, (u64)cpu),
		 CODE(INVALID_ADDRESS), "SMC64: the entry has 64 bits");
	check_is(psci(FN64(MEM_PROTECT_CHECK_RANGE), RAM_BASE, ram_end - RAM_BASE, 0), SUCCESS,
		 "MEM_PROTECT_CHECK_RANGE of all RAM");
	check_is(psci(FN64(MEM_PROTECT_CHECK_RANGE), RAM_BASE, ram_end - RAM_BASE + 1, 0),
		 CODE(DENIED), "and of a byte more");
}

static u64 by_smc(u64 fn, u64 a1, u64 a2)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a1;
	register u64 x2 __asm__("x2") = a2;

	__asm__ volatile(".inst 0xd4000003" /* smc #0 */
			 : "+r"(x0), "+r"(x1), "+r"(x2)
			 :
			 : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
			   "x14", "x15", "x16", "x17", "memory");
	return x0;
}

void case_arguments(void)
{
	u64 x[31];
	unsigned changed = 0;

	width();
	check_is(by_smc(FN32(VERSION), 0, 0), psci_version, "SMC #0 is answered as HVC #0 is");
	check_is(by_smc(FN64(AFFINITY_INFO), cpus[0].mpidr, 0), AFFINITY_ON, "with arguments too");
	for (unsigned n = 0; n < 31; n++) {
		x[n] = UINT64_C(0x2222000000000000) + n;
	}
	x[0] = FN64(AFFINITY_INFO);
	call_all(x);
	check_is(x[0], CODE(INVALID_PARAMETERS), "a call returns its code");
	for (unsigned n = 1; n < 31; n++) {
		changed += x[n] != UINT64_C(0x2222000000000000) + n;
	}
	check_is(changed, 0, "and changes no other register");
}
