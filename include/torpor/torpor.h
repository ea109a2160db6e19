/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: libtorpor
 *
 * PSCI 0.1 to 1.3 for any VMM, hypervisor or firmware, as a state machine that does no I/O.
 *
 *   <torpor/abi.h>      what is on the wire: ids, return codes, fields
 *   <torpor/status.h>   what the library says of itself
 *   <torpor/port.h>     what the embedder gives: ops, power states, a power tree
 *   <torpor/machine.h>  a machine and its CPUs: set up, reset, the host's side
 *   <torpor/call.h>     a guest's call: in with its registers, out with what to do next
 *   <torpor/state.h>    save and restore
 *
 * A CPU's life, as an embedder's loop sees it (docs/embedding.md has it in full):
 *
 *   torpor_cpu_take()  ->  run the guest  ->  torpor_call()  ->  RESUME: run on
 *         ^                                                      PARK: wait for the start op, take
 *         |                                                      WAIT: wait for a wake-up,
 *         +------------------------------------------------------      torpor_cpu_wake()
 */
#ifndef TORPOR_TORPOR_H
#define TORPOR_TORPOR_H

#include <torpor/abi.h>
#include <torpor/call.h>
#include <torpor/machine.h>
#include <torpor/port.h>
#include <torpor/state.h>
#include <torpor/status.h>

#endif /* TORPOR_TORPOR_H */
