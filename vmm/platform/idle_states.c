/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/idle_states.h"

/* Original format: StateID, then type (powerdown), then the power level (5.4.2). */
#define POWERDOWN (UINT32_C(1) << 16)
#define CLUSTER (UINT32_C(1) << 24)

const struct idle_state idle_states[IDLE_STATE_COUNT] = {
	{
		.name = "cpu-standby",
		.power_state = 0x0001,
		.depth = {IDLE_STANDBY, IDLE_RUN},
		.entry_us = 20,
		.exit_us = 40,
		.min_us = 200,
	},
	{
		.name = "cpu-powerdown",
		.power_state = POWERDOWN | 0x0003,
		.depth = {IDLE_POWERDOWN, IDLE_RUN},
		.entry_us = 60,
		.exit_us = 200,
		.min_us = 2000,
	},
	{
		.name = "cluster-retention",
		.power_state = CLUSTER | POWERDOWN | 0x1023,
		.depth = {IDLE_POWERDOWN, IDLE_STANDBY},
		.entry_us = 80,
		.exit_us = 220,
		.min_us = 4000,
	},
	{
		.name = "cluster-powerdown",
		.power_state = CLUSTER | POWERDOWN | 0x1033,
		.depth = {IDLE_POWERDOWN, IDLE_POWERDOWN},
		.entry_us = 100,
		.exit_us = 250,
		.min_us = 10000,
	},
};
