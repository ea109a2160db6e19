/* SPDX-License-Identifier: BSD-3-Clause */
/* How values return, and which codes each version may show. */
#include "fixture.h"

/* SMC64 functions return a 64-bit error, SMC32 ones a 32-bit one, zero-extended (5.2.2). */
static void width_of_errors(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_CPU_ON), 0, 0x200, ENTRY_A, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], (uint64_t)INT64_C(-2));
	if (r->version >= V10) {
		assert_int_equal(
			call_raw(r, 0, TORPOR_FN32(TORPOR_FN_CPU_ON), 0, 0x200, ENTRY_A, 0),
			TORPOR_RESUME);
		assert_int_equal(r->out.x[0], UINT64_C(0xfffffffe));
	}
}

/* From 1.0 on an AArch32 caller of an SMC64 function gets NOT_SUPPORTED (5.2.1). */
static void wide_call_by_aarch32(struct rig *r)
{
	struct visible *before;

	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	rig_up(r);
	before = look(r);
	for (uint32_t fn = 0; fn < TORPOR_FN_COUNT; fn++) {
		assert_int_equal(call_raw(r, 0, TORPOR_FN64(fn), TORPOR_AARCH32, 1, ENTRY_A, 0),
				 TORPOR_RESUME);
		assert_int_equal((uint32_t)r->out.x[0], UINT32_MAX);
	}
	assert_unchanged(r, before);
	assert_int_equal(r->start_count + r->migrate_count, 0);
}

/* At 0.2 the wrong width of a function that has two is INVALID_PARAMETERS (5.2.1, note). */
static void wrong_width_at_0_2(struct rig *r)
{
	static const enum torpor_fn both[] = {TORPOR_FN_CPU_SUSPEND, TORPOR_FN_CPU_ON,
					      TORPOR_FN_AFFINITY_INFO, TORPOR_FN_MIGRATE,
					      TORPOR_FN_MIGRATE_INFO_UP_CPU};
	struct visible *before;

	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	rig_up(r);
	before = look(r);
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		uint32_t id = caller_is_32(r) ? TORPOR_FN64(both[i]) : TORPOR_FN32(both[i]);
		uint32_t flags = caller_is_32(r) ? TORPOR_AARCH32 : 0;

		assert_int_equal(call_raw(r, 0, id, flags, 1, ENTRY_A, 0), TORPOR_RESUME);
		assert_int_equal((int32_t)(uint32_t)r->out.x[0], TORPOR_RET_INVALID_PARAMETERS);
	}
	assert_unchanged(r, before);
}

/* Functions of one width can be called from both states at 0.2 too (5.2.1). */
static void functions_of_one_width_at_0_2(struct rig *r)
{
	rig_up(r);
	assert_ret(r, V02, 0, TORPOR_FN_PSCI_VERSION, 0, 0, 0);
	assert_ret(r, 2, 0, TORPOR_FN_MIGRATE_INFO_TYPE, 0, 0, 0);
	assert_act(r, TORPOR_PARK, 0, TORPOR_FN_CPU_OFF, 0, 0, 0);
}

/* From 1.0 on an AArch64 caller may use SMC32 functions (5.2.1). */
static void narrow_call_by_aarch64(struct rig *r)
{
	struct torpor_start start;

	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN32(TORPOR_FN_CPU_ON), 0,
				  UINT64_C(0xffffffff00000001), UINT64_C(0x1200000000) | ENTRY_A,
				  UINT64_C(0x3400000000) | CONTEXT_A),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], 0);
	assert_int_equal(torpor_cpu_take(&r->machine, 1, &start), TORPOR_OK);
	assert_start(&start, ENTRY_A, CONTEXT_A, 0);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Arguments that get somewhere now and then. */
static uint64_t argument(uint64_t *seed)
{
	static const uint64_t some[] = {
		0,	 1,	    0x100,	0x101,	    2,	    ENTRY_A,	      ENTRY_BAD,
		0x10003, 0x2012333, 0x84000001, UINT64_MAX, 0x1003, UINT64_C(1) << 31};

	return some[next(seed) % (sizeof(some) / sizeof(some[0]))];
}

static bool code_exists(const struct rig *r, enum torpor_fn fn, int64_t code)
{
	static const int64_t lowest[] = {TORPOR_RET_DENIED, TORPOR_RET_DISABLED};

	if (code >= 0) {
		return true;
	}
	if (fn == TORPOR_FN_SYSTEM_RESET2 && code == r->vendor_code) {
		return true;
	}
	if (fn == TORPOR_FN_CPU_ON && code == TORPOR_RET_DENIED) {
		return r->version == V01 || r->version >= V12;
	}
	if (r->version >= V10) {
		return code >= TORPOR_RET_INVALID_ADDRESS;
	}
	return code >= lowest[r->version == V02];
}

/* Turn the machine over with a call and whatever it asks for, so that it goes on. */
static void step(struct rig *r, uint64_t *seed)
{
	static const enum torpor_fn of_0_1[] = {TORPOR_FN_CPU_SUSPEND, TORPOR_FN_CPU_OFF,
						TORPOR_FN_CPU_ON, TORPOR_FN_MIGRATE};
	enum torpor_fn fn = r->version == V01 ? of_0_1[next(seed) % 4]
					      : (enum torpor_fn)(next(seed) % TORPOR_FN_COUNT);
	uint32_t cpu = (uint32_t)(next(seed) % RIG_CPUS);
	uint64_t x1 = argument(seed), x2 = argument(seed), x3 = argument(seed);
	struct torpor_start start;
	enum torpor_action action;

	r->start_status = next(seed) % 8 ? TORPOR_OK : TORPOR_E_FAILED;
	r->allow_status = next(seed) % 8 ? TORPOR_OK : TORPOR_E_REFUSED;
	r->migrate_status = next(seed) % 2 ? TORPOR_OK : TORPOR_E_FAILED;
	if (torpor_cpu_state(&r->machine, cpu) != TORPOR_CPU_ON) {
		if (torpor_cpu_take(&r->machine, cpu, &start) == TORPOR_E_STATE) {
			start = (struct torpor_start){0};
			assert_int_not_equal(torpor_cpu_start(&r->machine, 0, &start),
					     TORPOR_E_SUSPENDED);
		}
		return;
	}
	action = act(r, cpu, fn, x1, x2, x3);
	if (action == TORPOR_RESUME && fn != TORPOR_FN_PSCI_FEATURES) {
		int64_t code =
			returned(r, r->version > V01 && r->way == WAY_A64_SMC64 && has_wide(fn));

		if (!code_exists(r, fn, code)) {
			fail_msg("function %#x returned %lld", fn, (long long)code);
		}
	} else if (action == TORPOR_WAIT || action == TORPOR_WAIT_SYSTEM) {
		assert_int_not_equal(torpor_cpu_wake(&r->machine, cpu, &r->out), TORPOR_PARK);
	} else if (action >= TORPOR_MACHINE_OFF) {
		assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	}
}

/* Whatever is called, in whatever state: no code of a later version (5.2.2, 5.4.5, 5.6.2). */
static void no_code_of_a_later_version(struct rig *r)
{
	uint64_t seed = 88172645463325252;

	r->config.trusted_os = TORPOR_TRUSTED_OS_UP_MIGRATE;
	r->vendor_code = -300;
	rig_up(r);
	for (int i = 0; i < 20000; i++) {
		step(r, &seed);
	}
}

static const struct rig_case cases[] = {
	CASE(width_of_errors, V02, V13, ONCE),
	CASE(wide_call_by_aarch32, V10, V13, ONCE),
	CASE(wrong_width_at_0_2, V02, V02, NATIVE),
	CASE(functions_of_one_width_at_0_2, V02, V02, NATIVE),
	CASE(narrow_call_by_aarch64, V10, V13, ONCE),
	CASE(no_code_of_a_later_version, V01, V13, EACH_WAY),
};
RIG_MAIN(cases)
