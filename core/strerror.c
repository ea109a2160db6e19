/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of statuses.
 */
#include "internal.h"

const char *torpor_strerror(enum torpor_status status)
{
	switch (status) {
	case TORPOR_OK:
		return "success";
	case TORPOR_E_INVAL:
		return "invalid argument";
	case TORPOR_E_STATE:
		return "not possible in this state";
	case TORPOR_E_SUSPENDED:
		return "machine is suspended";
	case TORPOR_E_BUSY:
		return "busy, try again";
	case TORPOR_E_SPACE:
		return "buffer too small";
	case TORPOR_E_TRUNCATED:
		return "saved state is truncated";
	case TORPOR_E_CORRUPT:
		return "saved state is corrupt";
	case TORPOR_E_NEWER:
		return "saved state is in a newer format";
	case TORPOR_E_VERSION:
		return "saved state is of another PSCI version";
	case TORPOR_E_CPUS:
		return "saved state is of other CPUs";
	case TORPOR_E_TREE:
		return "saved state is of another power tree or set of functions";
	case TORPOR_E_REFUSED:
		return "refused";
	case TORPOR_E_FAILED:
		return "failed";
	}
	return "unknown status";
}
