/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/wall_clock.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

int64_t wall_clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}
