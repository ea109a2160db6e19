/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/balloon_pages.h"

#include <stdbool.h>
#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a;
	uint32_t second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

static bool in_ram(const struct guest_ram *ram, uint32_t pfn)
{
	return guest_ram_at(ram, pfn * BALLOON_PAGE_BYTES, BALLOON_PAGE_BYTES) != NULL;
}

int balloon_pages_release(const struct guest_ram *ram, uint32_t *pfns, size_t count)
{
	size_t at = 0;
	int last = 0;

	qsort(pfns, count, sizeof(*pfns), by_number);
	while (at < count) {
		uint64_t first = pfns[at];
		uint64_t end = first + 1;
		int ret;

		if (!in_ram(ram, pfns[at++])) {
			continue;
		}
		while (at < count && pfns[at] <= end && in_ram(ram, pfns[at])) {
			end = (uint64_t)pfns[at++] + 1;
		}
		ret = guest_ram_release(ram, first * BALLOON_PAGE_BYTES,
					(end - first) * BALLOON_PAGE_BYTES);
		last = ret != 0 ? ret : last;
	}
	return last;
}
