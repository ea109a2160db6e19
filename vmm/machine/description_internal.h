/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the description share: one file a part of the machine.
 */
#ifndef VMM_MACHINE_DESCRIPTION_INTERNAL_H
#define VMM_MACHINE_DESCRIPTION_INTERNAL_H

#include "machine/description.h"
#include "machine/description_lines.h"
#include "machine/internal.h"

/* Words, as --cpu-features has them. */
#define DESCRIPTION_CPU_FEATURES "cpu.features"

/* A line with a digest. */
void describe_digest(struct description_lines *lines, const char *field, const void *bytes,
		     size_t len_bytes);

/* description_cpus.c. 0 or -errno with @error filled. */
int describe_cpus(const struct machine *machine, struct description_lines *lines,
		  struct vmm_error *error);

/* description_devices.c */
void describe_devices(const struct machine *machine, struct description_lines *lines);

/* description_tables.c. 0 or -errno with @error filled. */
int describe_tables(const struct machine *machine, struct description_lines *lines,
		    struct vmm_error *error);

#endif /* VMM_MACHINE_DESCRIPTION_INTERNAL_H */
