/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/rate_limit.h"

bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns)
{
	uint64_t gained = (now_ns - limit->since_ns) / limit->refill_ns;

	if (limit->used == 0 || gained >= limit->used) {
		limit->used = 0;
		limit->since_ns = now_ns;
	} else {
		limit->used -= (uint32_t)gained;
		limit->since_ns += gained * limit->refill_ns;
	}
	if (limit->used == limit->burst) {
		return false;
	}
	limit->used++;
	return true;
}
