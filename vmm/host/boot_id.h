/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which boot of the host this is.
 */
#ifndef VMM_HOST_BOOT_ID_H
#define VMM_HOST_BOOT_ID_H

#include "host/record.h"

/** boot_id_read() - the host's boot_id; "" if it can't be read */
void boot_id_read(char boot_id[RECORD_UUID_SIZE]);

#endif /* VMM_HOST_BOOT_ID_H */
