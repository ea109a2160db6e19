/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock that deadlines and events are of: CLOCK_MONOTONIC.
 */
#ifndef VMM_PLATFORM_MONOTONIC_H
#define VMM_PLATFORM_MONOTONIC_H

#include <stdint.h>

/**
 * monotonic_ns() - the time
 *
 * Context: any thread.
 * Return: nanoseconds.
 */
uint64_t monotonic_ns(void);

/**
 * monotonic_ms() - the time, for limits as poll() has them
 *
 * Context: any thread.
 * Return: milliseconds; signed, so that a difference may be negative.
 */
int64_t monotonic_ms(void);

#endif /* VMM_PLATFORM_MONOTONIC_H */
