/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* The version is the one that the machine was set up with (5.1.1, 5.3.1). */
static void reports_the_pinned_version(struct rig *r)
{
	rig_up(r);
	assert_ret(r, (int64_t)r->version, 0, TORPOR_FN_PSCI_VERSION, 0, 0, 0);
}

/* Bit 31 is zero: 15 bits of major, 16 of minor (5.3.1). */
static void is_a_31_bit_number(struct rig *r)
{
	rig_up(r);
	assert_int_equal(act(r, 0, TORPOR_FN_PSCI_VERSION, 0, 0, 0), TORPOR_RESUME);
	assert_int_equal(r->out.x[0], (r->version >> 16) << 16 | (r->version & 0xffff));
	assert_int_equal(r->out.x[0] >> 31, 0);
}

/* Per machine, never per CPU; the same after a reset. */
static void is_the_same_on_each_cpu_and_after_reset(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 3);
	assert_ret(r, (int64_t)r->version, 3, TORPOR_FN_PSCI_VERSION, 0, 0, 0);
	assert_act(r, TORPOR_MACHINE_RESET, 3, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_ret(r, (int64_t)r->version, 0, TORPOR_FN_PSCI_VERSION, 0, 0, 0);
}

/* There is no SMC64 form of it (5.1.1). */
static void has_no_wide_form(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_PSCI_VERSION), 0, 0, 0, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], UINT64_MAX);
}

/* 0.1 has no way to ask; NOT_SUPPORTED tells a caller that tries. */
static void absent_at_0_1(struct rig *r)
{
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_PSCI_VERSION, 0, 0, 0);
}

static const struct rig_case cases[] = {
	CASE(reports_the_pinned_version, V02, V13, EACH_WAY),
	CASE(is_a_31_bit_number, V02, V13, EACH_WAY),
	CASE(is_the_same_on_each_cpu_and_after_reset, V02, V13, EACH_WAY),
	CASE(has_no_wide_form, V02, V13, ONCE),
	CASE(absent_at_0_1, V01, V01, EACH_WAY),
};
RIG_MAIN(cases)
