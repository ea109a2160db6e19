/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#define VENDOR UINT32_C(0x80001234)

/* SYSTEM_WARM_RESET, whatever the cookie is (5.13.2.1). */
static void warm_reset(struct rig *r)
{
	static const uint64_t cookies[] = {0, 1, 0x80000000, UINT64_MAX};

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
		rig_default(r, r->version, r->way);
		rig_up(r);
		cpu_on(r, 0, 2);
		assert_act(r, TORPOR_MACHINE_RESET2, 2, TORPOR_FN_SYSTEM_RESET2, TORPOR_RESET2_WARM,
			   cookies[i], 0);
		assert_int_equal(r->out.reset_type, TORPOR_RESET2_WARM);
		assert_mode(r, TORPOR_MODE_RESETTING);
		assert_int_equal(r->vendor_count, 0);
		assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	}
}

/* The other architectural types are reserved: INVALID_PARAMETERS (5.13.4, Table 10). */
static void reserved_types(struct rig *r)
{
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (unsigned int bit = 0; bit < 31; bit++) {
		assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_RESET2,
			   UINT32_C(1) << bit, 0, 0);
	}
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_RESET2, 0x7fffffff, 0, 0);
	assert_int_equal(r->vendor_count, 0);
	assert_unchanged(r, before);
}

/* A vendor's type goes to the embedder with its cookie, as wide as the call (5.13.3). */
static void vendor_type(struct rig *r)
{
	uint64_t cookie = r->way == WAY_A64_SMC64 ? UINT64_C(0x123456789abcdef0) : 0x9abcdef0;

	rig_up(r);
	assert_act(r, TORPOR_MACHINE_RESET2, 0, TORPOR_FN_SYSTEM_RESET2, VENDOR, cookie, 0);
	assert_int_equal(r->vendor_count, 1);
	assert_int_equal(r->vendor_type, VENDOR);
	assert_int_equal(r->vendor_cookie, cookie);
	assert_int_equal(r->out.reset_type, VENDOR);
	assert_int_equal(r->out.cookie, cookie);
	assert_mode(r, TORPOR_MODE_RESETTING);
}

/* Without the op no vendor type is known (5.13.4). */
static void vendor_type_without_the_op(struct rig *r)
{
	r->port.vendor_reset = NULL;
	rig_up(r);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_RESET2, VENDOR, 0, 0);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_SYSTEM_RESET2, 0xffffffff, 0, 0);
	assert_mode(r, TORPOR_MODE_RUNNING);
}

/* Codes of 5.2.2 but NOT_SUPPORTED, and those below -256, reach the guest as they are (5.13.5). */
static void vendor_codes_that_pass(struct rig *r)
{
	static const int32_t codes[] = {TORPOR_RET_INVALID_PARAMETERS,
					TORPOR_RET_DENIED,
					TORPOR_RET_ALREADY_ON,
					TORPOR_RET_ON_PENDING,
					TORPOR_RET_INTERNAL_FAILURE,
					TORPOR_RET_NOT_PRESENT,
					TORPOR_RET_DISABLED,
					TORPOR_RET_INVALID_ADDRESS,
					-257,
					-1000,
					INT32_MIN};
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		r->vendor_code = codes[i];
		assert_ret(r, codes[i], 0, TORPOR_FN_SYSTEM_RESET2, VENDOR, 1, 0);
	}
	assert_unchanged(r, before);
}

/* Any other becomes INTERNAL_FAILURE (5.13.5). */
static void vendor_codes_that_do_not(struct rig *r)
{
	static const int32_t codes[] = {
		TORPOR_RET_NOT_SUPPORTED, -10, -100, -255, -256, 1, 2, INT32_MAX};
	struct visible *before;

	rig_up(r);
	before = look(r);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		r->vendor_code = codes[i];
		assert_ret(r, TORPOR_RET_INTERNAL_FAILURE, 0, TORPOR_FN_SYSTEM_RESET2, VENDOR, 1,
			   0);
	}
	assert_unchanged(r, before);
}

/* reset_type is a uint32 in both forms: the upper half is not looked at (5.1.12). */
static void type_is_32_bits_wide(struct rig *r)
{
	rig_up(r);
	assert_act(r, TORPOR_MACHINE_RESET2, 0, TORPOR_FN_SYSTEM_RESET2,
		   UINT64_C(0xffffffff00000000), 0, 0);
	assert_int_equal(r->out.reset_type, TORPOR_RESET2_WARM);
}

/* Absent, before 1.1 or without its flag: NOT_SUPPORTED, whatever the arguments (5.13.4). */
static void absent(struct rig *r)
{
	static const uint32_t types[] = {0, 1, VENDOR};

	if (r->version >= V11) {
		r->config.flags &= ~TORPOR_F_SYSTEM_RESET2;
	}
	rig_up(r);
	for (size_t i = 0; i < 3; i++) {
		assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_SYSTEM_RESET2, types[i], 1, 0);
	}
	assert_mode(r, TORPOR_MODE_RUNNING);
}

static const struct rig_case cases[] = {
	CASE(warm_reset, V11, V13, EACH_WAY),
	CASE(reserved_types, V11, V13, EACH_WAY),
	CASE(vendor_type, V11, V13, EACH_WAY),
	CASE(vendor_type_without_the_op, V11, V13, EACH_WAY),
	CASE(vendor_codes_that_pass, V11, V13, EACH_WAY),
	CASE(vendor_codes_that_do_not, V11, V13, EACH_WAY),
	CASE(type_is_32_bits_wide, V11, V13, ONCE),
	CASE(absent, V01, V13, EACH_WAY),
};
RIG_MAIN(cases)
