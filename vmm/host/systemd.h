/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: systemd, where it watches over the machines
 *
 * A machine NAME is the unit torpor@NAME.service of the system's manager for root, of the user's
 * own for others.
 */
#ifndef VMM_HOST_SYSTEMD_H
#define VMM_HOST_SYSTEMD_H

#include <stdbool.h>

#include "error.h"
#include "host/home.h"

#define SYSTEMD_UNIT_SIZE 288

/**
 * systemd_wanted() - whether machines that are kept there are systemd's to run
 *
 * It must be running, have the unit, and be this user's; and @home must be the one that the unit
 * finds by itself. TORPOR_SUPERVISOR=systemd or =torpor in the environment decides without a look.
 */
bool systemd_wanted(const struct home *home);

/** systemd_unit() - the name of a machine's unit */
void systemd_unit(const char *name, char unit[SYSTEMD_UNIT_SIZE]);

/**
 * systemd_start() - have a machine's unit started
 * @options: further words for `torpor run`, up to NULL; for this start only
 *
 * Return: 0; -EIO if systemctl said why not on standard error, or -errno with @error filled.
 */
int systemd_start(const char *name, const char *const *options, struct vmm_error *error);

/** systemd_active() - whether a machine's unit has a process, or is about to */
bool systemd_active(const char *name);

#endif /* VMM_HOST_SYSTEMD_H */
