/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine does when its watchdog bites, or its guest tells of a panic. */
#include <stdio.h>
#include "machine/internal.h"

void machine_bitten(void *ctx)
{
	struct machine *machine = ctx;
	bool resets = machine->config.watchdog == MACHINE_WATCHDOG_RESET;
	struct power_end end = {
		.kind = resets ? POWER_END_RESET : POWER_END_CRASHED,
		.event = {.reason = POWER_REASON_WATCHDOG, .cpu = -1},
	};

	(void)snprintf(end.detail, sizeof(end.detail), "the guest did not refresh its watchdog");
	if (!power_end_by_device(machine->power, &end)) {
		return;
	}
	/* The machine deals with the end on this thread, and so after this. */
	machine_tell(machine, (struct power_event){.kind = POWER_EVENT_WATCHDOG,
						   .action = resets ? "reset" : "poweroff"});
	if (resets) {
		machine_log(machine, end.detail);
	}
}

static void panicked(struct machine *machine)
{
	struct power_end end = {
		.kind = POWER_END_CRASHED,
		.event = {.reason = POWER_REASON_GUEST_PANIC, .cpu = -1},
	};

	(void)snprintf(end.detail, sizeof(end.detail), "the guest's kernel panicked");
	machine_tell(machine, (struct power_event){.kind = POWER_EVENT_GUEST_PANICKED,
						   .action = machine->config.panic_ends ? "poweroff"
											: "run"});
	if (machine->config.panic_ends) {
		(void)power_end_by_device(machine->power, &end);
	} else {
		machine_log(machine, end.detail);
	}
}

void machine_guest_event(void *ctx, enum pvpanic_event event)
{
	const struct power_end off = {
		.kind = POWER_END_OFF,
		.event = {.reason = POWER_REASON_GUEST, .cpu = -1},
	};
	struct machine *machine = ctx;

	switch (event) {
	case PVPANIC_PANICKED:
		panicked(machine);
		break;
	case PVPANIC_CRASH_LOADED:
		machine_tell(machine, (struct power_event){.kind = POWER_EVENT_GUEST_CRASHLOADED,
							   .action = "run"});
		break;
	case PVPANIC_SHUTDOWN:
		machine_tell(machine, (struct power_event){.kind = POWER_EVENT_GUEST_PVSHUTDOWN});
		(void)power_end_by_device(machine->power, &off);
		break;
	}
}
