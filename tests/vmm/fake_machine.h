/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a machine without KVM, for the command line and the control socket
 *
 * It implements machine/machine.h. Its guest is a thread that reads its program from the kernel's
 * command line, words separated by blanks:
 *
 *   print:TEXT flood:BYTES echo sleep:MS suspend obey off hibernate reset crash fail log:TEXT
 *   abort restart signature write:KIB storm:NUMBER doze:MS alarm:S
 *
 * signature prints the hardware signature; echo sends input back until a '.' comes; suspend waits
 * for a wake-up or a refusal; obey does what the keys ask for; restart is a reset that the guest
 * goes on after. After the last word the guest waits for the host to end it. A reset by the host
 * ends it as --no-reboot does. The words create-fails and start-fails, first in line, make those
 * calls fail.
 *
 * Its disks are real files, locked, flushed and gated as those of a real machine. A guest that has
 * any keeps its hibernation image in the first sector of the first one: hibernate writes one with a
 * random number and says "saved NUMBER"; at its boot the guest looks for one and says "fresh", or,
 * once its first write has erased it, "resumed NUMBER", and goes on after its "hibernate", or
 * "refused NUMBER" if the hardware signature is another; "not resumed NUMBER" if that write failed.
 * With noresume among its words it does not look. write:KIB writes a sector there and says
 * "written" or "not written"; storm turns a CPU on and off so often; doze is a suspend that the
 * guest's clock ends; alarm:S arms that clock's alarm, to be found when the machine has ended.
 */
#ifndef TESTS_VMM_FAKE_MACHINE_H
#define TESTS_VMM_FAKE_MACHINE_H

#include "machine/machine.h"

#define FAKE_MACHINE_THREAD 4711
#define FAKE_MACHINE_PC UINT64_C(0xFFFFFFC008001234)

/**
 * fake_machine_set() - a status, for tests that have no guest running
 */
void fake_machine_set(struct machine *machine, enum machine_status status);

/**
 * fake_machine_give_balloon() - the machine has one, of @size_bytes of RAM
 */
void fake_machine_give_balloon(struct machine *machine, uint64_t size_bytes);

/**
 * fake_machine_host_end() - why the host ended the machine
 *
 * Return: the reason; POWER_REASON_NONE if it did not.
 */
enum power_reason fake_machine_host_end(struct machine *machine);

/** fake_machine_pressed() - the key that was pressed last, and its limit; then none */
enum power_key fake_machine_pressed(struct machine *machine, uint32_t *limit_s);

/** fake_machine_was_reset() - whether the host reset it */
bool fake_machine_was_reset(struct machine *machine);

/** fake_machine_writables() - how often it was told of room for output */
unsigned fake_machine_writables(const struct machine *machine);

#endif /* TESTS_VMM_FAKE_MACHINE_H */
