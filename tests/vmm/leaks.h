/* SPDX-License-Identifier: BSD-3-Clause */
/* What a test must give back: threads and file descriptors. Memory is left to AddressSanitizer. */
#ifndef TESTS_VMM_LEAKS_H
#define TESTS_VMM_LEAKS_H

struct leaks {
	unsigned threads;
	unsigned fds;
};

/** leaks_begin() - count what there is */
struct leaks leaks_begin(void);

/**
 * assert_no_leaks() - there is no more than before
 *
 * Threads that were joined take a moment to vanish: waits for that.
 */
void assert_no_leaks(const struct leaks *before);

#endif /* TESTS_VMM_LEAKS_H */
