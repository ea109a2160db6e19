/* SPDX-License-Identifier: BSD-3-Clause */
/* What the measured guest does, and how it tells. */
#ifndef BENCH_VMM_GUEST_WORK_H
#define BENCH_VMM_GUEST_WORK_H

#include <stdint.h>
#include <time.h>

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void work_disk(void);
void work_net(void);

static inline int64_t now_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

#endif /* BENCH_VMM_GUEST_WORK_H */
