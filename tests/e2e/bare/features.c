/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a CPU may have beyond the base architecture: performance counters, pointer authentication,
 * floating point and scalable vectors. Their registers are spoilt, and looked at after a start.
 */
#include "bare.h"

#define PMCR_ENABLE UINT64_C(1)
#define PMU_CYCLES (UINT64_C(1) << 31)
#define CPACR_FP_SVE (UINT64_C(3) << 20 | UINT64_C(3) << 16)
#define ZCR_LONGEST UINT64_C(0xF)
#define VECTOR_BYTES_MAX 256

bool has_pmu;
bool has_pauth;
bool has_sve;

/*
 * Each with a value that it keeps; ZCR_EL1 is S3_0_C1_C2_0. Not PMCCNTR_EL0 and the sets of
 * enables: a reset leaves them unknown, and Linux 6.12's KVM gives them one value at first and
 * another later.
 */
#define PMU_REGISTERS(X)                                                                           \
	X(pmuserenr_el0, 3)                                                                        \
	X(pmselr_el0, 31)                                                                          \
	X(pmccfiltr_el0, UINT64_C(1) << 30)                                                        \
	X(pmcr_el0, PMCR_ENABLE)

/* The keys' halves: IA, IB, DA, DB, GA. */
#define PAUTH_REGISTERS(X)                                                                         \
	X(S3_0_C2_C1_0, 0x1111)                                                                    \
	X(S3_0_C2_C1_1, 0x2222)                                                                    \
	X(S3_0_C2_C1_2, 0x3333)                                                                    \
	X(S3_0_C2_C1_3, 0x4444)                                                                    \
	X(S3_0_C2_C2_0, 0x5555)                                                                    \
	X(S3_0_C2_C2_1, 0x6666)                                                                    \
	X(S3_0_C2_C2_2, 0x7777)                                                                    \
	X(S3_0_C2_C2_3, 0x8888)                                                                    \
	X(S3_0_C2_C3_0, 0x9999)                                                                    \
	X(S3_0_C2_C3_1, 0xAAAA)

#define READ(name, value) *at++ = read_register(name);
#define SPOIL(name, value) write_register(name, value);

/* clang-format off */
#define EACH_REGISTER(X, a)                                                                        \
	X(0, a) X(1, a) X(2, a) X(3, a) X(4, a) X(5, a) X(6, a) X(7, a) X(8, a) X(9, a) X(10, a)   \
	X(11, a) X(12, a) X(13, a) X(14, a) X(15, a)
#define AND_UP_TO_31(X, a)                                                                         \
	X(16, a) X(17, a) X(18, a) X(19, a) X(20, a) X(21, a) X(22, a) X(23, a) X(24, a) X(25, a)  \
	X(26, a) X(27, a) X(28, a) X(29, a) X(30, a) X(31, a)
/* clang-format on */

/* The compiler uses none of these registers, so nothing is said of them to it. */
#define SVE ".arch armv8.2-a+sve\n\t"
#define FP ".arch armv8-a+fp\n\t"
#define ONES_V(n, unused) __asm__ volatile(FP "movi v" #n ".16b, #0xff" ::: "memory");
#define OR_V(n, unused)                                                                            \
	__asm__ volatile(FP "fmov %0, d" #n "\n\tfmov %1, v" #n ".d[1]" : "=r"(low), "=r"(high));  \
	all |= low | high;
#define ONES_Z(n, unused) __asm__ volatile(SVE "dup z" #n ".b, #-1" ::: "memory");
#define OR_Z(n, unused)                                                                            \
	__asm__ volatile(SVE "str z" #n ", [%0]" ::"r"(bytes) : "memory");                         \
	all |= any(bytes, VECTOR_BYTES_MAX);
#define ONES_P(n, unused) __asm__ volatile(SVE "ptrue p" #n ".b" ::: "memory");
#define OR_P(n, unused)                                                                            \
	__asm__ volatile(SVE "str p" #n ", [%0]" ::"r"(bytes) : "memory");                         \
	all |= any(bytes, VECTOR_BYTES_MAX / 8);

static u64 field(u64 value, unsigned shift)
{
	return value >> shift & 0xF;
}

void features_find(void)
{
	u64 pmu = field(read_register(id_aa64dfr0_el1), 8);
	u64 isar1 = read_register(id_aa64isar1_el1);
	u64 isar2 = read_register(S3_0_C0_C6_2);

	has_pmu = pmu != 0 && pmu != 0xF;
	has_pauth = (field(isar1, 4) | field(isar1, 8) | field(isar2, 12)) != 0;
	has_sve = field(read_register(id_aa64pfr0_el1), 32) != 0;
}

static u64 any(const u64 *words, unsigned count_bytes)
{
	u64 all = 0;

	for (unsigned n = 0; n < count_bytes / 8; n++) {
		all |= words[n];
	}
	return all;
}

static void clear(u64 *bytes)
{
	for (unsigned n = 0; n < VECTOR_BYTES_MAX / 8; n++) {
		bytes[n] = 0;
	}
}

static u64 *take_vectors(u64 *at)
{
	u64 bytes[VECTOR_BYTES_MAX / 8] __attribute__((aligned(16)));
	u64 low;
	u64 high;
	u64 all = 0;

	EACH_REGISTER(OR_V, 0)
	AND_UP_TO_31(OR_V, 0)
	*at++ = all;
	if (has_sve) {
		*at++ = read_register(S3_0_C1_C2_0);
		write_register(S3_0_C1_C2_0, ZCR_LONGEST);
		clear(bytes);
		all = 0;
		EACH_REGISTER(OR_Z, 0)
		AND_UP_TO_31(OR_Z, 0)
		*at++ = all;
		clear(bytes);
		all = 0;
		EACH_REGISTER(OR_P, 0)
		__asm__ volatile(SVE "rdffr p0.b\n\tstr p0, [%0]" ::"r"(bytes) : "memory");
		*at++ = all;
		*at++ = any(bytes, VECTOR_BYTES_MAX / 8);
	}
	return at;
}

/* At a start, with what it finds in @state; room for FEATURES_COUNT. */
void features_take(u64 *state)
{
	u64 *at = state;

	if (has_pmu) {
		PMU_REGISTERS(READ)
	}
	if (has_pauth) {
		PAUTH_REGISTERS(READ)
	}
	write_register(cpacr_el1, CPACR_FP_SVE);
	*at++ = read_register(S3_3_C4_C4_0); /* FPCR */
	*at++ = read_register(S3_3_C4_C4_1); /* FPSR */
	at = take_vectors(at);
	while (at < state + FEATURES_COUNT) {
		*at++ = 0;
	}
}

void features_spoil(void)
{
	if (has_pmu) {
		PMU_REGISTERS(SPOIL)
	}
	if (has_pauth) {
		PAUTH_REGISTERS(SPOIL)
	}
	write_register(cpacr_el1, CPACR_FP_SVE);
	EACH_REGISTER(ONES_V, 0)
	AND_UP_TO_31(ONES_V, 0)
	if (has_sve) {
		write_register(S3_0_C1_C2_0, ZCR_LONGEST);
		EACH_REGISTER(ONES_Z, 0)
		AND_UP_TO_31(ONES_Z, 0)
		EACH_REGISTER(ONES_P, 0)
		__asm__ volatile(SVE "setffr" ::: "memory");
	}
	write_register(S3_3_C4_C4_0, UINT64_C(1) << 24);
	write_register(S3_3_C4_C4_1, 0x1F);
}

static void counts(void)
{
	u64 before;

	write_register(pmccfiltr_el0, 0);
	write_register(pmcntenset_el0, PMU_CYCLES);
	write_register(pmcr_el0, PMCR_ENABLE);
	before = read_register(pmccntr_el0);
	sleep_ms(2);
	check(read_register(pmccntr_el0) != before, "the cycle counter counts");
	write_register(pmcr_el0, 0);
	write_register(pmcntenclr_el0, PMU_CYCLES);
}

/* What there is of the features; the host compares it with what it asked for. */
void case_processor(void)
{
	u64 length = 0;

	if (has_sve) {
		write_register(cpacr_el1, CPACR_FP_SVE);
		write_register(S3_0_C1_C2_0, ZCR_LONGEST);
		__asm__ volatile(SVE "rdvl %0, #1" : "=r"(length));
	}
	if (has_pmu) {
		counts();
	}
	check(length <= VECTOR_BYTES_MAX, "a vector has 256 bytes at most");
	say("processor: pmu %x pauth %x sve %x", (u64)has_pmu, (u64)has_pauth, length);
}
