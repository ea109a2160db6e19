/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/machine_state.h"

#include <string.h>

static const char *const names[MACHINE_STATE_COUNT] = {
	[MACHINE_STATE_OFF] = "off",
	[MACHINE_STATE_STARTING] = "starting",
	[MACHINE_STATE_RUNNING] = "running",
	[MACHINE_STATE_SUSPENDED] = "suspended",
	[MACHINE_STATE_HIBERNATED] = "hibernated",
	[MACHINE_STATE_STOPPING] = "stopping",
	[MACHINE_STATE_CRASHED] = "crashed",
};

#define BIT(state) (1U << MACHINE_STATE_##state)

/* What may follow each. */
static const unsigned next[MACHINE_STATE_COUNT] = {
	[MACHINE_STATE_OFF] = BIT(STARTING),
	[MACHINE_STATE_STARTING] = BIT(RUNNING) | BIT(STOPPING) | BIT(OFF) | BIT(CRASHED),
	[MACHINE_STATE_RUNNING] = BIT(SUSPENDED) | BIT(STOPPING) | BIT(CRASHED),
	[MACHINE_STATE_SUSPENDED] = BIT(RUNNING) | BIT(STOPPING) | BIT(CRASHED),
	/* Running: its image was consumed. Off: discarded, and there is no start. */
	[MACHINE_STATE_HIBERNATED] = BIT(STARTING) | BIT(RUNNING) | BIT(OFF),
	[MACHINE_STATE_STOPPING] =
		BIT(RUNNING) | BIT(SUSPENDED) | BIT(OFF) | BIT(HIBERNATED) | BIT(CRASHED),
	[MACHINE_STATE_CRASHED] = BIT(STARTING) | BIT(OFF),
};

const char *machine_state_name(enum machine_state state)
{
	return names[state];
}

bool machine_state_parse(const char *name, enum machine_state *state)
{
	for (unsigned i = 0; i < MACHINE_STATE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*state = (enum machine_state)i;
			return true;
		}
	}
	return false;
}

bool machine_state_may_follow(enum machine_state from, enum machine_state to)
{
	return (next[from] & 1U << to) != 0;
}

bool machine_state_needs_process(enum machine_state state)
{
	switch (state) {
	case MACHINE_STATE_STARTING:
	case MACHINE_STATE_RUNNING:
	case MACHINE_STATE_SUSPENDED:
	case MACHINE_STATE_STOPPING:
		return true;
	case MACHINE_STATE_OFF:
	case MACHINE_STATE_HIBERNATED:
	case MACHINE_STATE_CRASHED:
	case MACHINE_STATE_COUNT:
		break;
	}
	return false;
}
