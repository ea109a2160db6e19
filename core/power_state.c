/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The power_state argument and the list of composite states behind it (5.4.2, 6.5).
 */
#include "internal.h"

static bool is_extended(const struct torpor_machine *machine)
{
	return (machine->config.flags & TORPOR_F_EXTENDED_STATE_ID) != 0;
}

bool tp_power_state_is_well_formed(const struct torpor_machine *machine, uint32_t power_state)
{
	return (power_state & (is_extended(machine) ? TORPOR_POWER_STATE_EXT_RESERVED
						    : TORPOR_POWER_STATE_RESERVED)) == 0;
}

enum torpor_depth tp_power_state_depth(const struct torpor_machine *machine, uint32_t power_state)
{
	return (power_state & (is_extended(machine) ? TORPOR_POWER_STATE_EXT_TYPE_POWERDOWN
						    : TORPOR_POWER_STATE_TYPE_POWERDOWN)) != 0
		       ? TORPOR_DEPTH_POWERDOWN
		       : TORPOR_DEPTH_STANDBY;
}

/* CPU_DEFAULT_SUSPEND's. */
enum torpor_depth tp_default_depth(const struct torpor_machine *machine)
{
	uint32_t state = machine->config.default_state;

	return state == TORPOR_STATE_NONE
		       ? TORPOR_DEPTH_POWERDOWN
		       : (enum torpor_depth)machine->config.states[state].depth[0];
}

uint32_t tp_power_state_find(const struct torpor_machine *machine, uint32_t power_state)
{
	uint32_t i;

	for (i = 0; i < machine->config.state_count; i++) {
		if (machine->config.states[i].power_state == power_state) {
			return i;
		}
	}
	return TORPOR_STATE_NONE;
}

/* The highest power level that goes to sleep in a state. */
uint32_t tp_power_state_level(const struct torpor_power_state *state)
{
	uint32_t level = 0;

	while (level + 1 < TORPOR_LEVEL_COUNT && state->depth[level + 1] != TORPOR_DEPTH_RUN) {
		level++;
	}
	return level;
}

/* How many states before this one are equal to it in all but their value. */
static uint32_t rank(const struct torpor_power_state *states, uint32_t state)
{
	uint32_t equal = 0;
	uint32_t i, level;

	for (i = 0; i < state; i++) {
		for (level = 0; level < TORPOR_LEVEL_COUNT &&
				states[i].depth[level] == states[state].depth[level];
		     level++) {
		}
		equal += level == TORPOR_LEVEL_COUNT &&
			 states[i].last_level == states[state].last_level;
	}
	return equal;
}

/*
 * The local state that a composite state is at one of its levels, as the first state of the list
 * that has it for its highest; TORPOR_STATE_NONE if there is none. Who is last makes no difference
 * to it (5.22.1); states that are equal but for their value are different ones, in their order.
 */
uint32_t tp_power_state_at_level(const struct torpor_machine *machine, uint32_t state,
				 uint32_t level)
{
	const struct torpor_power_state *states = machine->config.states;
	uint32_t i;

	if (state >= machine->config.state_count || tp_power_state_level(&states[state]) < level) {
		return TORPOR_STATE_NONE;
	}
	for (i = 0; i < machine->config.state_count; i++) {
		if (tp_power_state_level(&states[i]) == level &&
		    states[i].depth[level] == states[state].depth[level] &&
		    rank(states, i) == rank(states, state)) {
			return i;
		}
	}
	return TORPOR_STATE_NONE;
}
