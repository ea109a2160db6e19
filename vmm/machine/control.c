/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host does with a machine that runs, short of its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "machine/internal.h"

static const char *const key_names[POWER_KEY_COUNT] = {
	[POWER_KEY_POWER] = "power",
	[POWER_KEY_SLEEP] = "sleep",
	[POWER_KEY_HIBERNATE] = "hibernate",
};

/* All of the machine's events come through here, one at a time. */
void machine_emit(void *ctx, const struct power_event *event)
{
	struct machine *machine = ctx;
	char line[96];

	if (!requests_pass(&machine->requests, event)) {
		return;
	}
	machine->host.events.emit(machine->host.events.ctx, event);
	if (event->kind == POWER_EVENT_UNRESPONSIVE) {
		(void)snprintf(line, sizeof(line), "the guest did not react to its %s key in time",
			       key_names[event->key]);
		machine->host.log(machine->host.ctx, line);
	}
}

static void on_requests(void *dev)
{
	struct machine *machine = dev;
	struct power_event event = {.kind = POWER_EVENT_UNRESPONSIVE, .cpu = -1};

	while ((event.key = requests_overdue(&machine->requests)) != POWER_KEY_NONE) {
		power_emit(machine->power, &event);
	}
}

int machine_open_requests(struct machine *machine, struct vmm_error *error)
{
	static const struct device_ops ops = {.dispatch = on_requests};
	int ret = requests_init(&machine->requests);

	if (ret != 0) {
		vmm_error_set(error, "no timer for the machine: %s", strerror(-ret));
		return ret;
	}
	machine->has_requests = true;
	machine->requests_watch = (struct device){
		.ops = &ops,
		.dev = machine,
		.fd = requests_fd(&machine->requests),
	};
	return 0;
}

/* Between its start and its end. */
static bool is_alive(const struct machine *machine)
{
	enum machine_status status = machine_status(machine);

	return status == MACHINE_STATUS_RUNNING || status == MACHINE_STATUS_SUSPENDED ||
	       status == MACHINE_STATUS_PAUSED;
}

static void emit(struct machine *machine, enum power_event_kind kind, enum power_reason reason,
		 enum power_key key)
{
	const struct power_event event = {.kind = kind, .reason = reason, .cpu = -1, .key = key};

	power_emit(machine->power, &event);
}

bool machine_press_key(struct machine *machine, enum power_key key, enum power_reason reason,
		       uint32_t limit_s)
{
	if (!is_alive(machine)) {
		return false;
	}
	emit(machine, POWER_EVENT_ASKED, reason, key);
	requests_begin(&machine->requests, key, limit_s);
	power_keys_press(&machine->board.keys, key);
	return true;
}

bool machine_pause(struct machine *machine)
{
	if (!is_alive(machine)) {
		return false;
	}
	if (power_pause(machine->power)) {
		board_pause(&machine->board, true);
		requests_hold(&machine->requests, true);
		emit(machine, POWER_EVENT_STOP, POWER_REASON_NONE, POWER_KEY_NONE);
	}
	return true;
}

bool machine_resume(struct machine *machine)
{
	if (!is_alive(machine)) {
		return false;
	}
	if (power_paused(machine->power)) {
		emit(machine, POWER_EVENT_RESUME, POWER_REASON_NONE, POWER_KEY_NONE);
		/* First, since devices look at the guest's clock. */
		(void)power_resume(machine->power);
		board_pause(&machine->board, false);
		requests_hold(&machine->requests, false);
	}
	return true;
}

bool machine_reset_by_host(struct machine *machine)
{
	return is_alive(machine) && power_reset_by_host(machine->power);
}

bool machine_wake(struct machine *machine)
{
	return machine_status(machine) == MACHINE_STATUS_SUSPENDED && power_wake(machine->power);
}

bool machine_refuse_suspend(struct machine *machine)
{
	return machine_status(machine) == MACHINE_STATUS_SUSPENDED &&
	       power_refuse_suspend(machine->power);
}

static bool has_threads(const struct machine *machine)
{
	return machine->started && machine->end == MACHINE_RUNNING;
}

bool machine_query_cpu(struct machine *machine, uint32_t cpu, struct power_cpu_info *info)
{
	return has_threads(machine) && power_query_cpu(machine->power, cpu, info);
}

int64_t machine_cpu_thread(struct machine *machine, uint32_t cpu)
{
	return has_threads(machine) ? power_thread_id(machine->power, cpu) : 0;
}
