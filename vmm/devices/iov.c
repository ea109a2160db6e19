/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices/iov.h"

#include <stdbool.h>
#include <string.h>

uint64_t iov_bytes(const struct iovec *iov, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		bytes += iov[i].iov_len;
	}
	return bytes;
}

/* One of @put and @get is NULL and tells the direction. */
static size_t copy(const struct iovec *iov, unsigned count, uint64_t offset, const uint8_t *put,
		   uint8_t *get, size_t len_bytes)
{
	size_t done = 0;

	for (unsigned i = 0; i < count && done < len_bytes; i++) {
		uint8_t *base = iov[i].iov_base;
		size_t part = len_bytes - done;

		if (offset >= iov[i].iov_len) {
			offset -= iov[i].iov_len;
			continue;
		}
		if (part > iov[i].iov_len - offset) {
			part = (size_t)(iov[i].iov_len - offset);
		}
		if (put != NULL) {
			memcpy(base + offset, put + done, part);
		} else {
			memcpy(get + done, base + offset, part);
		}
		done += part;
		offset = 0;
	}
	return done;
}

size_t iov_put(const struct iovec *iov, unsigned count, uint64_t offset, const void *from,
	       size_t len_bytes)
{
	return copy(iov, count, offset, from, NULL, len_bytes);
}

size_t iov_get(const struct iovec *iov, unsigned count, uint64_t offset, void *to, size_t len_bytes)
{
	return copy(iov, count, offset, NULL, to, len_bytes);
}
