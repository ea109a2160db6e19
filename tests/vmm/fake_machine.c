/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_machine_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

void fake_poke(struct machine *machine)
{
	uint64_t one = 1;

	if (write(machine->fd, &one, sizeof(one)) < 0) {
		abort();
	}
}

static void stamp_and_emit(struct machine *machine, struct power_event event)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	event.time_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
	machine->host.events.emit(machine->host.events.ctx, &event);
}

void fake_emit(struct machine *machine, enum power_event_kind kind, enum power_reason reason)
{
	const struct power_event event = {.kind = kind, .reason = reason, .cpu = 0, .intid = -1};

	stamp_and_emit(machine, event);
}

void fake_emit_cpu(struct machine *machine, enum power_event_kind kind, int32_t cpu)
{
	const struct power_event event = {.kind = kind, .cpu = cpu, .intid = -1};

	stamp_and_emit(machine, event);
}

void fake_emit_key(struct machine *machine, enum power_event_kind kind, enum power_reason reason,
		   enum power_key key)
{
	const struct power_event event = {.kind = kind,
					  .reason = reason,
					  .cpu = -1,
					  .intid = 39,
					  .device = "pl061",
					  .key = key};

	stamp_and_emit(machine, event);
}

/* With the lock held. */
bool fake_is_ended(const struct machine *machine)
{
	return machine->host_end != POWER_REASON_NONE || machine->host_reset;
}

bool fake_host_ended(struct machine *machine)
{
	bool ended;

	(void)pthread_mutex_lock(&machine->lock);
	ended = fake_is_ended(machine);
	(void)pthread_mutex_unlock(&machine->lock);
	return ended;
}

struct machine *machine_create(const struct machine_config *config, const struct machine_host *host,
			       struct vmm_error *error)
{
	struct machine *machine;

	if (strncmp(config->cmdline, "create-fails", 12) == 0) {
		vmm_error_set(error,
			      "/dev/kvm: No such file or directory: expected a host with KVM");
		return NULL;
	}
	machine = calloc(1, sizeof(*machine));
	machine->config = *config;
	machine->host = *host;
	machine->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	machine->status = MACHINE_STATUS_PRELAUNCH;
	machine->end = MACHINE_RUNNING;
	(void)pthread_mutex_init(&machine->lock, NULL);
	(void)pthread_cond_init(&machine->changed, NULL);
	if (!fake_disks_open(machine, error)) {
		machine_destroy(machine);
		return NULL;
	}
	return machine;
}

void machine_set_hardware_signature(struct machine *machine, uint32_t signature)
{
	machine->signature = signature;
}

int machine_start(struct machine *machine, struct vmm_error *error)
{
	if (strncmp(machine->config.cmdline, "start-fails", 11) == 0) {
		vmm_error_set(error, "CPU 0 cannot be started");
		return -EIO;
	}
	machine->status = MACHINE_STATUS_RUNNING;
	machine->started = pthread_create(&machine->guest, NULL, fake_run_guest, machine) == 0;
	return machine->started ? 0 : -EAGAIN;
}

int machine_fd(const struct machine *machine)
{
	return machine->fd;
}

static struct power_event end_event(const struct machine *machine)
{
	struct power_event event = {.kind = POWER_EVENT_SHUTDOWN, .cpu = 0, .intid = -1};

	event.reason = POWER_REASON_GUEST;
	if (machine->host_end != POWER_REASON_NONE) {
		event.reason = machine->host_end;
	} else if (machine->end == MACHINE_END_HIBERNATED) {
		event.kind = POWER_EVENT_SUSPEND_DISK;
	} else if (machine->end == MACHINE_END_RESET) {
		event.kind = POWER_EVENT_RESET;
		event.reason = machine->host_reset ? POWER_REASON_HOST : POWER_REASON_GUEST;
		event.last = true;
	} else if (machine->end == MACHINE_END_CRASHED) {
		event.reason = POWER_REASON_GUEST_PANIC;
	}
	return event;
}

static void tell_ending(const struct machine *machine, const struct power_event *event)
{
	if (machine->host.ending != NULL) {
		machine->host.ending(machine->host.ctx, event);
	}
}

/* Flushes and commits as a real machine does; its guest's word "fail" makes that go wrong. */
static bool settle(struct machine *machine, const struct power_event *event)
{
	struct vmm_error error;

	if (machine->end == MACHINE_END_FAILED || fake_disks_flush(machine) != 0) {
		machine->host.log(machine->host.ctx, "disk could not be flushed");
		return false;
	}
	if (machine->host.commit != NULL &&
	    machine->host.commit(machine->host.ctx, event, &error) != 0) {
		machine->host.log(machine->host.ctx, error.text);
		return false;
	}
	return true;
}

static void finish(struct machine *machine)
{
	const struct power_event event = end_event(machine);

	/* Waits for its vCPU as a real machine does: the console must let go of it. */
	(void)pthread_join(machine->guest, NULL);
	machine->started = false;
	tell_ending(machine, &event);
	machine->status = MACHINE_STATUS_SHUTDOWN;
	if (settle(machine, &event)) {
		stamp_and_emit(machine, event);
	} else {
		machine->end = MACHINE_END_FAILED;
		fake_emit(machine, POWER_EVENT_SHUTDOWN, POWER_REASON_HOST_ERROR);
	}
}

static void tell_reset(struct machine *machine)
{
	const struct power_event event = {
		.kind = POWER_EVENT_RESET, .reason = POWER_REASON_GUEST, .cpu = 0, .intid = -1};

	tell_ending(machine, &event);
	stamp_and_emit(machine, event);
}

enum machine_end machine_dispatch(struct machine *machine)
{
	uint64_t count;
	enum machine_end how;
	bool reset;

	if (read(machine->fd, &count, sizeof(count)) < 0) {
		return MACHINE_RUNNING;
	}
	(void)pthread_mutex_lock(&machine->lock);
	if (machine->host_end != POWER_REASON_NONE) {
		machine->end = MACHINE_END_HOST;
	}
	how = machine->end;
	reset = machine->guest_reset;
	machine->guest_reset = false;
	(void)pthread_mutex_unlock(&machine->lock);
	if (reset) {
		tell_reset(machine);
	}
	if (how == MACHINE_RUNNING) {
		return how;
	}
	finish(machine);
	return machine->end;
}

void machine_end_by_host(struct machine *machine, enum power_reason reason)
{
	(void)pthread_mutex_lock(&machine->lock);
	if (machine->host_end == POWER_REASON_NONE) {
		machine->host_end = reason;
	}
	(void)pthread_cond_broadcast(&machine->changed);
	(void)pthread_mutex_unlock(&machine->lock);
	fake_poke(machine);
}

enum machine_status machine_status(const struct machine *machine)
{
	/* The lock is no part of what the machine is. */
	struct machine *self = (struct machine *)(uintptr_t)machine;
	enum machine_status status;

	(void)pthread_mutex_lock(&self->lock);
	status = self->paused && self->status != MACHINE_STATUS_SHUTDOWN ? MACHINE_STATUS_PAUSED
									 : self->status;
	(void)pthread_mutex_unlock(&self->lock);
	return status;
}

bool machine_suspended(const struct machine *machine)
{
	return __atomic_load_n(&machine->status, __ATOMIC_ACQUIRE) == MACHINE_STATUS_SUSPENDED;
}

static bool leave_suspend(struct machine *machine, enum power_reason why)
{
	bool suspended;

	(void)pthread_mutex_lock(&machine->lock);
	suspended = machine->status == MACHINE_STATUS_SUSPENDED &&
		    machine->wake == POWER_REASON_NONE && !machine->paused;
	if (suspended) {
		machine->wake = why;
		(void)pthread_cond_broadcast(&machine->changed);
	}
	(void)pthread_mutex_unlock(&machine->lock);
	return suspended;
}

bool machine_wake(struct machine *machine)
{
	return leave_suspend(machine, POWER_REASON_HOST);
}

bool machine_refuse_suspend(struct machine *machine)
{
	return leave_suspend(machine, POWER_REASON_REFUSED);
}

static bool is_alive(struct machine *machine)
{
	enum machine_status status = machine_status(machine);

	return status == MACHINE_STATUS_RUNNING || status == MACHINE_STATUS_SUSPENDED ||
	       status == MACHINE_STATUS_PAUSED;
}

bool machine_press_key(struct machine *machine, enum power_key key, enum power_reason reason,
		       uint32_t limit_s)
{
	if (!is_alive(machine)) {
		return false;
	}
	fake_emit_key(machine, POWER_EVENT_ASKED, reason, key);
	/* First: a guest that suspends because of the key is not woken by it. */
	(void)leave_suspend(machine, POWER_REASON_INTERRUPT);
	(void)pthread_mutex_lock(&machine->lock);
	machine->pressed = key;
	machine->limit_s = limit_s;
	(void)pthread_cond_broadcast(&machine->changed);
	(void)pthread_mutex_unlock(&machine->lock);
	return true;
}

static bool set_paused(struct machine *machine, bool paused)
{
	bool changed;

	if (!is_alive(machine)) {
		return false;
	}
	(void)pthread_mutex_lock(&machine->lock);
	changed = machine->paused != paused;
	machine->paused = paused;
	(void)pthread_mutex_unlock(&machine->lock);
	if (changed) {
		fake_emit_key(machine, paused ? POWER_EVENT_STOP : POWER_EVENT_RESUME,
			      POWER_REASON_NONE, POWER_KEY_NONE);
	}
	return true;
}

int machine_pause(struct machine *machine, struct vmm_error *error)
{
	(void)error;
	return set_paused(machine, true) ? 0 : -ESRCH;
}

bool machine_resume(struct machine *machine)
{
	return set_paused(machine, false);
}

bool machine_reset_by_host(struct machine *machine)
{
	if (!is_alive(machine)) {
		return false;
	}
	(void)pthread_mutex_lock(&machine->lock);
	machine->host_reset = true;
	machine->end = MACHINE_END_RESET;
	(void)pthread_cond_broadcast(&machine->changed);
	(void)pthread_mutex_unlock(&machine->lock);
	fake_poke(machine);
	return true;
}

int64_t machine_cpu_thread(struct machine *machine, uint32_t cpu)
{
	return is_alive(machine) && cpu < machine->config.cpu_count ? FAKE_MACHINE_THREAD + cpu : 0;
}

/* Only CPU 0 has statistics. */
bool machine_query_state(const struct machine *machine, uint32_t cpu, uint32_t state,
			 struct power_state_info *info)
{
	static const struct power_state_info infos[] = {{"light", 1, 7, 0},
							{"deep", UINT32_MAX, 8, UINT64_MAX}};

	(void)machine;
	if (cpu != 0 || state > 1) {
		return false;
	}
	*info = infos[state];
	return true;
}

bool machine_query_cpu(struct machine *machine, uint32_t cpu, struct power_cpu_info *info)
{
	if (cpu >= machine->config.cpu_count || machine_status(machine) > MACHINE_STATUS_PAUSED) {
		return false;
	}
	*info = (struct power_cpu_info){
		.state = cpu == 0 ? "system-suspended" : "off",
		.pc = FAKE_MACHINE_PC,
		.pstate = 0x3C5,
	};
	for (uint64_t i = 0; i < 31; i++) {
		info->x[i] = UINT64_MAX - i;
	}
	return true;
}

void machine_console_writable(struct machine *machine)
{
	machine->writables++;
}

unsigned fake_machine_writables(const struct machine *machine)
{
	return machine->writables;
}

size_t machine_console_input(struct machine *machine, const uint8_t *bytes, size_t count)
{
	size_t taken;

	(void)pthread_mutex_lock(&machine->lock);
	taken = INPUT_SIZE - machine->input_count;
	taken = count < taken ? count : taken;
	memcpy(machine->input + machine->input_count, bytes, taken);
	machine->input_count += taken;
	machine->refused_input = machine->refused_input || taken < count;
	(void)pthread_cond_broadcast(&machine->changed);
	(void)pthread_mutex_unlock(&machine->lock);
	return taken;
}

void machine_destroy(struct machine *machine)
{
	if (machine == NULL) {
		return;
	}
	if (machine->started) {
		machine_end_by_host(machine, POWER_REASON_HOST);
		(void)pthread_join(machine->guest, NULL);
	}
	fake_disks_close(machine);
	(void)close(machine->fd);
	(void)pthread_cond_destroy(&machine->changed);
	(void)pthread_mutex_destroy(&machine->lock);
	free(machine);
}
