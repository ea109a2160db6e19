/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who asked for something, as the history has it.
 */
#ifndef VMM_HOST_WHO_H
#define VMM_HOST_WHO_H

#include <stdint.h>

#define WHO_SIZE 64

/**
 * who_is() - "user NAME", or "user UID" for one that /etc/passwd does not name
 * @uid: of the host
 * @who: filled
 *
 * Context: any thread; reads /etc/passwd.
 */
void who_is(uint32_t uid, char who[WHO_SIZE]);

#endif /* VMM_HOST_WHO_H */
