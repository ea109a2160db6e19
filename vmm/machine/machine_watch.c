/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine does when its watchdog bites, or its guest tells of a panic. */
#include <stdio.h>
#include "machine/internal.h"

static void emit(struct machine *machine, enum power_event_kind kind, const char *action)
{
	const struct power_event event = {.kind = kind, .action = action, .cpu = -1};

	power_emit(machine->power, &event);
}

static void log_line(struct machine *machine, const char *line)
{
	machine->host.log(machine->host.ctx, line);
}

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
	emit(machine, POWER_EVENT_WATCHDOG, resets ? "reset" : "poweroff");
	if (resets) {
		log_line(machine, end.detail);
	}
}

static void panicked(struct machine *machine)
{
	struct power_end end = {
		.kind = POWER_END_CRASHED,
		.event = {.reason = POWER_REASON_GUEST_PANIC, .cpu = -1},
	};

	(void)snprintf(end.detail, sizeof(end.detail), "the guest's kernel panicked");
	emit(machine, POWER_EVENT_GUEST_PANICKED, machine->config.panic_ends ? "poweroff" : "run");
	if (machine->config.panic_ends) {
		(void)power_end_by_device(machine->power, &end);
	} else {
		log_line(machine, end.detail);
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
		emit(machine, POWER_EVENT_GUEST_CRASHLOADED, "run");
		break;
	case PVPANIC_SHUTDOWN:
		emit(machine, POWER_EVENT_GUEST_PVSHUTDOWN, NULL);
		(void)power_end_by_device(machine->power, &off);
		break;
	}
}
