/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine whose process is gone: its record is made to say what is true.
 *
 * A state that needs a process, found while nobody runs the machine, becomes crashed, with the
 * reason. One that was hibernated still is, as its image is consumed by a transaction. What the
 * process left in the machine's folder is removed. Whoever is killed at that leaves the rest to
 * the next.
 */
#ifndef VMM_HOST_MEND_H
#define VMM_HOST_MEND_H

#include "error.h"
#include "host/home.h"
#include "host/record.h"

struct store;

/**
 * mend_machine() - read a machine, as it truly is
 * @record: filled on success; for record_free()
 *
 * Takes the machine's lock for a moment if there is something to mend and nobody runs it.
 *
 * Return: 0, or -errno with @error filled: -ENOENT if there is no such machine.
 */
int mend_machine(const struct home *home, struct store *store, const char *name,
		 struct machine_record *record, struct vmm_error *error);

/** mend_locked() - the same, for who has the machine's lock */
int mend_locked(const struct home *home, struct store *store, const char *name,
		struct machine_record *record, struct vmm_error *error);

#endif /* VMM_HOST_MEND_H */
