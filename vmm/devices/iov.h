/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes that are spread over segments of memory, as those of a request in guest RAM are.
 *
 * The segments are the caller's. Where they lie in guest RAM the guest may change the bytes
 * meanwhile, so what is taken out is checked in its copy. Any thread; nothing blocks.
 */
#ifndef VMM_DEVICES_IOV_H
#define VMM_DEVICES_IOV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * iov_bytes() - how much the segments hold
 * @iov:   @count segments
 * @count: how many
 *
 * Return: the sum of their lengths.
 */
uint64_t iov_bytes(const struct iovec *iov, unsigned count);

/**
 * iov_put() - copy bytes into segments
 * @iov:       @count segments
 * @count:     how many
 * @offset:    from the start of the first segment
 * @from:      @len_bytes bytes
 * @len_bytes: how many
 *
 * Return: how many had room.
 */
size_t iov_put(const struct iovec *iov, unsigned count, uint64_t offset, const void *from,
	       size_t len_bytes);

/**
 * iov_get() - copy bytes out of segments
 * @iov:       @count segments
 * @count:     how many
 * @offset:    from the start of the first segment
 * @to:        @len_bytes bytes
 * @len_bytes: how many
 *
 * Return: how many there were.
 */
size_t iov_get(const struct iovec *iov, unsigned count, uint64_t offset, void *to,
	       size_t len_bytes);

#endif /* VMM_DEVICES_IOV_H */
