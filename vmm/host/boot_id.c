/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/boot_id.h"

#include <stdio.h>

void boot_id_read(char boot_id[RECORD_UUID_SIZE])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	boot_id[0] = '\0';
	if (file != NULL) {
		if (fgets(boot_id, RECORD_UUID_SIZE, file) == NULL) {
			boot_id[0] = '\0';
		}
		(void)fclose(file);
	}
}
