/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How each version tells an outcome (5.2.2, 5.6.2; issue B's and C's changes). A code that a
 * version does not know has no other way to a guest.
 */
#include "internal.h"

#define SUC TORPOR_RET_SUCCESS
#define NSU TORPOR_RET_NOT_SUPPORTED
#define INV TORPOR_RET_INVALID_PARAMETERS
#define DEN TORPOR_RET_DENIED
#define ALR TORPOR_RET_ALREADY_ON
#define PEN TORPOR_RET_ON_PENDING
#define INT TORPOR_RET_INTERNAL_FAILURE
#define PRE TORPOR_RET_NOT_PRESENT
#define DIS TORPOR_RET_DISABLED
#define ADR TORPOR_RET_INVALID_ADDRESS

/* clang-format off */
static const int8_t wire[TP_OUTCOME_COUNT][TP_VERSION_COUNT] = {
	/*                          0.1  0.2  1.0  1.1  1.2  1.3 */
	[TP_SUCCESS]            = { SUC, SUC, SUC, SUC, SUC, SUC },
	[TP_NOT_SUPPORTED]      = { NSU, NSU, NSU, NSU, NSU, NSU },
	[TP_INVALID_PARAMETERS] = { INV, INV, INV, INV, INV, INV },
	[TP_DENIED]             = { DEN, DEN, DEN, DEN, DEN, DEN },
	[TP_DENIED_BY_POLICY]   = { DEN, INT, INT, INT, DEN, DEN },
	[TP_ALREADY_ON]         = { INV, ALR, ALR, ALR, ALR, ALR },
	[TP_ON_PENDING]         = { INV, PEN, PEN, PEN, PEN, PEN },
	[TP_INTERNAL_FAILURE]   = { DEN, INT, INT, INT, INT, INT },
	[TP_NOT_PRESENT]        = { DEN, PRE, PRE, PRE, PRE, PRE },
	[TP_DISABLED]           = { DEN, DIS, DIS, DIS, DIS, DIS },
	[TP_INVALID_ADDRESS]    = { INV, INV, ADR, ADR, ADR, ADR },
};
/* clang-format on */

uint64_t tp_wire(const struct torpor_machine *machine, enum tp_outcome outcome)
{
	return (uint64_t)(int64_t)wire[outcome][machine->version_index];
}

enum torpor_action tp_result(const struct torpor_machine *machine, struct torpor_call *call,
			     uint64_t mask, enum tp_outcome outcome)
{
	return tp_return(call, mask, tp_wire(machine, outcome));
}

enum torpor_action tp_park(const struct torpor_machine *machine, struct torpor_call *call)
{
	call->cpus_on = torpor_machine_cpus_on(machine);
	return TORPOR_PARK;
}
