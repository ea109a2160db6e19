/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/clock_fit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define NONE SIZE_MAX

/**
 * struct fit - the search for the longest sequence that rises
 * @ends:   by length less one: the index of the smallest time that ends one of that length
 * @before: by index: the one before it in the longest sequence that it ends
 * @length: of the longest so far
 */
struct fit {
	size_t *ends;
	size_t *before;
	size_t length;
};

/* How many lengths have an end that is not later than @time: where it is appended. */
static size_t place(const struct fit *fit, const int64_t *times, int64_t time)
{
	size_t low = 0;
	size_t high = fit->length;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (times[fit->ends[middle]] <= time) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static void search(struct fit *fit, const int64_t *times, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = place(fit, times, times[i]);

		fit->before[i] = length > 0 ? fit->ends[length - 1] : NONE;
		fit->ends[length] = i;
		if (length == fit->length) {
			fit->length++;
		}
	}
}

/* From the last that stays to the first; what lies between two takes the earlier one's time. */
static void settle(const struct fit *fit, int64_t *times, size_t count)
{
	size_t end = count;
	size_t first = 0;

	for (size_t i = fit->ends[fit->length - 1]; i != NONE; i = fit->before[i]) {
		for (size_t j = i + 1; j < end; j++) {
			times[j] = times[i];
		}
		end = i;
		first = i;
	}
	for (size_t j = 0; j < first; j++) {
		times[j] = times[first];
	}
}

int clock_fit(int64_t *times, size_t count)
{
	struct fit fit = {.length = 0};
	int result = 0;

	if (count == 0) {
		return 0;
	}
	fit.ends = calloc(count, sizeof(*fit.ends));
	fit.before = calloc(count, sizeof(*fit.before));
	if (fit.ends != NULL && fit.before != NULL) {
		search(&fit, times, count);
		settle(&fit, times, count);
	} else {
		result = -ENOMEM;
	}
	free(fit.ends);
	free(fit.before);
	return result;
}
