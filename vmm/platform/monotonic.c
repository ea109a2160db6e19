/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/monotonic.h"

#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

uint64_t monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int64_t monotonic_ms(void)
{
	return (int64_t)(monotonic_ns() / NS_PER_MS);
}
