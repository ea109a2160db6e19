/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving pages of guest RAM back to the host, as a balloon's driver names them.
 *
 * Page numbers are the guest's and may be anything: what is not in RAM is left out. Pages of the
 * balloon are 4 KiB; where the host's are larger, a host page is given back only if one call names
 * all of it, and the rest stays where it is. Nothing is allocated and no lock is taken.
 */
#ifndef VMM_DEVICES_BALLOON_PAGES_H
#define VMM_DEVICES_BALLOON_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "platform/ram.h"

#define BALLOON_PAGE_BYTES UINT64_C(4096)

/**
 * balloon_pages_release() - give back single pages, those side by side in one go
 * @ram:   the guest's memory
 * @pfns:  the guest's page numbers, in any order and also twice; sorted here
 * @count: of @pfns
 *
 * Context: any thread; takes as long as the host needs to free the memory.
 * Return: 0; -errno of guest_ram_release(), of the last that failed: all are tried.
 */
int balloon_pages_release(const struct guest_ram *ram, uint32_t *pfns, size_t count);

#endif /* VMM_DEVICES_BALLOON_PAGES_H */
