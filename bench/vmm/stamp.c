/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stamp FILE COMMAND...: writes "COUNTER FREQUENCY MONOTONIC_NS" to FILE, then becomes COMMAND.
 *
 * The counter is what a guest reads as CNTPCT_EL0: KVM gives its physical counter no offset.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec time;
	uint64_t counter;
	uint64_t frequency;
	FILE *file;

	if (argc < 3 || (file = fopen(argv[1], "we")) == NULL) {
		(void)fprintf(stderr, "usage: stamp FILE COMMAND [ARGUMENT]...\n");
		return 2;
	}
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(counter)::"memory");
	(void)fprintf(file, "%" PRIu64 " %" PRIu64 " %lld\n", counter, frequency,
		      (long long)time.tv_sec * 1000000000 + time.tv_nsec);
	(void)fclose(file);
	(void)execv(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
