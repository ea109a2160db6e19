/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

/* The embedder's answer, for the node that CPU and level name (5.19.2, 5.19.3). */
static void answers_of_the_embedder(struct rig *r)
{
	static const uint32_t states[] = {TORPOR_HW_ON, TORPOR_HW_OFF, TORPOR_HW_STANDBY};

	rig_up(r);
	for (uint32_t level = 0; level < 3; level++) {
		for (size_t i = 0; i < 3; i++) {
			r->hw_state = states[i];
			assert_ret(r, states[i], 0, TORPOR_FN_NODE_HW_STATE, mpidr_of(r, 3), level,
				   0);
			assert_int_equal(r->hw_cpu, 3);
			assert_int_equal(r->hw_level, level);
		}
	}
}

/* power_level is a uint32 in both forms, in the embedder's own format (5.1.18). */
static void level_is_passed_on(struct rig *r)
{
	rig_up(r);
	assert_ret(r, 0, 0, TORPOR_FN_NODE_HW_STATE, 0, 0x2000, 0);
	assert_int_equal(r->hw_level, 0x2000);
	if (r->way == WAY_A64_SMC64) {
		assert_ret(r, 0, 0, TORPOR_FN_NODE_HW_STATE, 0, UINT64_C(0xffffffff00001000), 0);
		assert_int_equal(r->hw_level, 0x1000);
	}
}

/* No such node: INVALID_PARAMETERS (5.19.2). */
static void invalid_nodes(struct rig *r)
{
	rig_up(r);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_NODE_HW_STATE, 0x200, 0, 0);
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_NODE_HW_STATE, 0x80000000, 0, 0);
	assert_int_equal(r->hw_count, 0);
	r->hw_status = TORPOR_E_INVAL;
	assert_ret(r, TORPOR_RET_INVALID_PARAMETERS, 0, TORPOR_FN_NODE_HW_STATE, 0, 9, 0);
	assert_int_equal(r->hw_count, 1);
}

/* Before 1.0, or without the op: NOT_SUPPORTED (5.19). */
static void absent(struct rig *r)
{
	if (r->version >= V10) {
		r->port.node_hw_state = NULL;
	}
	rig_up(r);
	assert_ret(r, TORPOR_RET_NOT_SUPPORTED, 0, TORPOR_FN_NODE_HW_STATE, 0, 0, 0);
	assert_int_equal(r->hw_count, 0);
}

static const struct rig_case cases[] = {
	CASE(answers_of_the_embedder, V10, V13, EACH_WAY),
	CASE(level_is_passed_on, V10, V13, EACH_WAY),
	CASE(invalid_nodes, V10, V13, EACH_WAY),
	CASE(absent, V01, V13, EACH_WAY),
};
RIG_MAIN(cases)
