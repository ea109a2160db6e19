/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often something may be done: so many times at once, and then once in so long.
 */
#ifndef VMM_HOST_RATE_LIMIT_H
#define VMM_HOST_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct rate_limit - a limit; full at first if all but the first two are 0
 * @burst:     at once
 * @refill_ns: until one more is allowed
 * @used:      of @burst
 * @since_ns:  when @used last went down, CLOCK_MONOTONIC
 */
struct rate_limit {
	uint32_t burst;
	uint64_t refill_ns;
	uint32_t used;
	uint64_t since_ns;
};

/**
 * rate_limit_take() - do it once more
 * @now_ns: CLOCK_MONOTONIC
 *
 * Return: true; false if it is not allowed now.
 */
bool rate_limit_take(struct rate_limit *limit, uint64_t now_ns);

#endif /* VMM_HOST_RATE_LIMIT_H */
