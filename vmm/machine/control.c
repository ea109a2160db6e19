/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host does with a machine that runs, short of its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "machine/internal.h"

/*
 * Linux takes an ACPI button that wakes it for that alone, and what it was asked for is lost. It is
 * asked again once it has come to itself: a press before that would be lost, too.
 */
#define PRESS_AGAIN_MS 3000

static void note_waking_button(struct machine *machine, const struct power_event *event)
{
	if (event->kind == POWER_EVENT_WAKEUP && event->key == POWER_KEY_POWER &&
	    machine->config.firmware_tables == MACHINE_TABLES_ACPI) {
		__atomic_store_n(&machine->press_again, true, __ATOMIC_RELEASE);
		machine_poke(machine);
	}
}

void machine_press_again(struct machine *machine)
{
	if (__atomic_exchange_n(&machine->press_again, false, __ATOMIC_ACQUIRE)) {
		power_keys_press_later(&machine->board.keys, POWER_KEY_POWER, PRESS_AGAIN_MS);
	}
}

/* All of the machine's events come through here, one at a time. */
void machine_emit(void *ctx, const struct power_event *event)
{
	struct machine *machine = ctx;
	char line[96];

	if (!requests_pass(&machine->requests, event)) {
		return;
	}
	machine->host.events.emit(machine->host.events.ctx, event);
	note_waking_button(machine, event);
	if (event->kind == POWER_EVENT_UNRESPONSIVE) {
		(void)snprintf(line, sizeof(line), "the guest did not react to its %s key in time",
			       power_key_name(event->key));
		machine_log(machine, line);
	}
}

void machine_tell(struct machine *machine, struct power_event event)
{
	event.cpu = -1;
	power_emit(machine->power, &event);
}

/* Has the guest done something that ends or resets the machine? Its event is about to come. */
static bool has_reacted(const struct machine *machine)
{
	switch (power_mode(machine->power)) {
	case TORPOR_MODE_RUNNING:
	case TORPOR_MODE_WAKING:
	case TORPOR_MODE_SUSPENDED:
		return false;
	case TORPOR_MODE_RESETTING:
	case TORPOR_MODE_OFF:
	case TORPOR_MODE_HIBERNATED:
		break;
	}
	return true;
}

static void on_requests(void *dev)
{
	struct machine *machine = dev;
	enum power_key key;

	while (!has_reacted(machine) &&
	       (key = requests_overdue(&machine->requests)) != POWER_KEY_NONE) {
		machine_tell(machine,
			     (struct power_event){.kind = POWER_EVENT_UNRESPONSIVE, .key = key});
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

bool machine_suspended(const struct machine *machine)
{
	return is_alive(machine) && power_mode(machine->power) == TORPOR_MODE_SUSPENDED;
}

bool machine_press_key(struct machine *machine, enum power_key key, enum power_reason reason,
		       uint32_t limit_s)
{
	if (!is_alive(machine)) {
		return false;
	}
	machine_tell(machine,
		     (struct power_event){.kind = POWER_EVENT_ASKED, .reason = reason, .key = key});
	requests_begin(&machine->requests, key, limit_s);
	power_keys_press(&machine->board.keys, key);
	return true;
}

int machine_pause(struct machine *machine, struct vmm_error *error)
{
	int ret;

	if (!is_alive(machine)) {
		return -ESRCH;
	}
	ret = power_pause(machine->power, error);
	if (ret == 0) {
		board_pause(&machine->board, true);
		requests_hold(&machine->requests, true);
		machine_tell(machine, (struct power_event){.kind = POWER_EVENT_STOP});
	}
	return ret == -EALREADY ? 0 : ret;
}

bool machine_resume(struct machine *machine)
{
	if (!is_alive(machine)) {
		return false;
	}
	if (power_paused(machine->power)) {
		machine_tell(machine, (struct power_event){.kind = POWER_EVENT_RESUME});
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
