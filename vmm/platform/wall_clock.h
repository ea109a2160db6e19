/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock that people's times are of: CLOCK_REALTIME. It may be set, also back.
 */
#ifndef VMM_PLATFORM_WALL_CLOCK_H
#define VMM_PLATFORM_WALL_CLOCK_H

#include <stdint.h>

/**
 * wall_clock_ns() - the time
 *
 * Context: any thread.
 * Return: nanoseconds since 1970.
 */
int64_t wall_clock_ns(void);

#endif /* VMM_PLATFORM_WALL_CLOCK_H */
