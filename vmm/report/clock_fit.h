/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of events whose order is known, from a clock that may have been set in between. */
#ifndef VMM_REPORT_CLOCK_FIT_H
#define VMM_REPORT_CLOCK_FIT_H

#include <stddef.h>
#include <stdint.h>

/**
 * clock_fit() - make times rise
 * @times: in the order in which things happened; changed
 *
 * As many as can be stay as they are (the longest sequence of them that rises); each of the others
 * becomes that of the one before it, or at the beginning that of the one after.
 *
 * Return: 0 or -ENOMEM.
 */
int clock_fit(int64_t *times, size_t count);

#endif /* VMM_REPORT_CLOCK_FIT_H */
