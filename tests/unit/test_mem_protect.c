/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"
#include <stdlib.h>

/* Returns what it was before; off at boot (5.14.2). */
static void returns_the_previous_state(struct rig *r)
{
	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	assert_ret(r, 1, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	assert_ret(r, 1, 0, TORPOR_FN_MEM_PROTECT, 0, 0, 0);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 0, 0, 0);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 0, 0, 0);
}

/* Any value but 0 enables; the embedder is told (5.1.13, 5.14.3). */
static void any_value_but_zero_enables(struct rig *r)
{
	static const uint32_t values[] = {1, 2, 0x80000000, 0xffffffff};

	rig_up(r);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, values[i], 0, 0);
		assert_true(r->protect_count > 0 && r->protect_enable != 0);
		assert_ret(r, 1, 0, TORPOR_FN_MEM_PROTECT, 0, 0, 0);
		assert_int_equal(r->protect_enable, 0);
	}
}

/* It is the machine's, not the CPU's (5.14.1). */
static void is_the_machines(struct rig *r)
{
	rig_up(r);
	cpu_on(r, 0, 3);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	assert_ret(r, 1, 3, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
}

/* Disabled again at the next boot (5.14.2, 5.14.3). */
static void reset_disables_it(struct rig *r)
{
	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	assert_act(r, TORPOR_MACHINE_RESET, 0, TORPOR_FN_SYSTEM_RESET, 0, 0, 0);
	assert_int_equal(torpor_machine_reset(&r->machine), TORPOR_OK);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
}

/* It outlives a suspend: that is no boot. */
static void outlives_a_suspend(struct rig *r)
{
	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	machine_suspend(r, 0);
	assert_int_equal(torpor_cpu_wake(&r->machine, 0, &r->out), TORPOR_ENTER);
	assert_ret(r, 1, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
}

/* MEM_PROTECT_CHECK_RANGE: SUCCESS or DENIED, as the embedder says (5.15). */
static void check_range(struct rig *r)
{
	uint64_t high = r->way == WAY_A64_SMC64 ? UINT64_C(0x1200000000) : 0;

	rig_up(r);
	assert_ret(r, TORPOR_RET_SUCCESS, 0, TORPOR_FN_MEM_PROTECT_CHECK_RANGE, high | 0x40000000,
		   high | 0x1000, 0);
	assert_int_equal(r->range_base, high | 0x40000000);
	assert_int_equal(r->range_len, high | 0x1000);
	r->range_status = TORPOR_E_REFUSED;
	assert_ret(r, TORPOR_RET_DENIED, 0, TORPOR_FN_MEM_PROTECT_CHECK_RANGE, 0, 0x1000, 0);
	r->range_status = TORPOR_E_FAILED;
	assert_ret(r, TORPOR_RET_DENIED, 0, TORPOR_FN_MEM_PROTECT_CHECK_RANGE, 0, 0x1000, 0);
}

/* The embedder of the machine that goes on hears what was saved. */
static void restore_tells(struct rig *r)
{
	struct rig *other = rig_twin(r);
	struct visible *v;

	rig_up(r);
	rig_up(other);
	assert_ret(r, 0, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	v = look(r);
	assert_int_equal(torpor_machine_restore(&other->machine, v->saved, v->len_bytes),
			 TORPOR_OK);
	assert_int_equal(other->protect_count, 1);
	assert_true(other->protect_enable != 0);
	free(v);
	rig_free(other);
}

/* MEM_PROTECT has no SMC64 form (5.1.13). */
static void no_wide_form(struct rig *r)
{
	rig_up(r);
	assert_int_equal(call_raw(r, 0, TORPOR_FN64(TORPOR_FN_MEM_PROTECT), 0, 1, 0, 0),
			 TORPOR_RESUME);
	assert_int_equal(r->out.x[0], UINT64_MAX);
	assert_int_equal(r->protect_count, 0);
}

/* Before 1.1: NOT_SUPPORTED (5.14). */
static void absent_before_1_1(struct rig *r)
{
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MEM_PROTECT, 1, 0, 0);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_MEM_PROTECT_CHECK_RANGE, 0, 1, 0);
	assert_int_equal(r->protect_count + r->range_count, 0);
}

static const struct rig_case cases[] = {
	CASE(returns_the_previous_state, V11, V13, EACH_WAY),
	CASE(any_value_but_zero_enables, V11, V13, EACH_WAY),
	CASE(is_the_machines, V11, V13, EACH_WAY),
	CASE(reset_disables_it, V11, V13, EACH_WAY),
	CASE(outlives_a_suspend, V11, V13, EACH_WAY),
	CASE(restore_tells, V11, V13, ONCE),
	CASE(check_range, V11, V13, EACH_WAY),
	CASE(no_wide_form, V11, V13, ONCE),
	CASE(absent_before_1_1, V01, V10, EACH_WAY),
};
RIG_MAIN(cases)
