/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: save and restore
 *
 * The whole state of a machine to and from bytes: its mode, each CPU's state, entry and wait,
 * the suspend mode, MEM_PROTECT, where the Trusted OS is, and the statistics. The format has a
 * version, is little-endian on every host, and ends in a checksum; docs/state-format.md describes
 * it. The guest's registers are not part of it.
 */
#ifndef TORPOR_STATE_H
#define TORPOR_STATE_H

#include <stddef.h>
#include <stdint.h>
#include <torpor/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * torpor_machine_save_size() - bytes that torpor_machine_save() needs
 * @machine: a machine
 *
 * Return: that number; the same for the machine's whole life.
 */
TORPOR_API size_t torpor_machine_save_size(const struct torpor_machine *machine);

/**
 * torpor_machine_save() - write a machine's state
 * @machine:   a machine; it is not changed
 * @buf:       where to
 * @len_bytes: its size
 *
 * Context: when no CPU of it runs guest code and no function of the library runs for it but
 * queries; a start by the host that slips in is noticed.
 * Return: TORPOR_OK; TORPOR_E_SPACE if @len_bytes is below torpor_machine_save_size();
 * TORPOR_E_BUSY if a CPU is claimed or leaving, or the Trusted OS is being moved; what @buf holds
 * then is of no use.
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_machine_save(const struct torpor_machine *machine, void *buf, size_t len_bytes);

/**
 * torpor_machine_restore() - bring a machine to a state that was saved
 * @machine:   a machine set up with the same configuration as the saved one
 * @buf:       what torpor_machine_save() wrote
 * @len_bytes: its size
 *
 * On any error nothing has changed. The start op is not called: where torpor_cpu_state() says
 * ON_PENDING, torpor_cpu_take() is due. A CPU that was told TORPOR_WAIT or TORPOR_WAIT_SYSTEM and
 * had not come back waits again: torpor_cpu_poll() says for what. The mem_protect op is called.
 *
 * Context: one thread, when no CPU of the machine runs. Starts by the host that are under way on
 * other threads fail.
 * Return: TORPOR_OK; TORPOR_E_TRUNCATED, TORPOR_E_CORRUPT, TORPOR_E_NEWER, TORPOR_E_VERSION,
 * TORPOR_E_CPUS, TORPOR_E_TREE as <torpor/status.h> says; TORPOR_E_BUSY if a CPU of @machine is
 * claimed or leaving.
 */
TORPOR_API TORPOR_MUST_CHECK enum torpor_status
torpor_machine_restore(struct torpor_machine *machine, const void *buf, size_t len_bytes);

#ifdef __cplusplus
}
#endif

#endif /* TORPOR_STATE_H */
