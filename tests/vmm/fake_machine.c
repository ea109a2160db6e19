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

#define LINE "0123456789012345678901234567890123456789012345678901234567890\r\n"

static void poke(struct machine *machine)
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

static void emit(struct machine *machine, enum power_event_kind kind, enum power_reason reason)
{
	const struct power_event event = {.kind = kind, .reason = reason, .cpu = 0, .intid = -1};

	stamp_and_emit(machine, event);
}

static void emit_key(struct machine *machine, enum power_event_kind kind, enum power_reason reason,
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
static bool is_ended(const struct machine *machine)
{
	return machine->host_end != POWER_REASON_NONE || machine->host_reset;
}

static bool host_ended(struct machine *machine)
{
	bool ended;

	(void)pthread_mutex_lock(&machine->lock);
	ended = is_ended(machine);
	(void)pthread_mutex_unlock(&machine->lock);
	return ended;
}

static void print(struct machine *machine, const char *text, size_t count)
{
	machine->host.console_tx(machine->host.ctx, (const uint8_t *)text, count);
}

static void flood(struct machine *machine, const char *number)
{
	size_t left = strtoul(number, NULL, 10);

	while (left > 0 && !host_ended(machine)) {
		size_t count = left < strlen(LINE) ? left : strlen(LINE);

		print(machine, LINE, count);
		left -= count;
	}
}

/* One byte of input; false when the host ends the machine. */
static bool get_key(struct machine *machine, uint8_t *key)
{
	bool got;

	(void)pthread_mutex_lock(&machine->lock);
	while (machine->input_count == 0 && !is_ended(machine)) {
		(void)pthread_cond_wait(&machine->changed, &machine->lock);
	}
	got = machine->input_count > 0;
	if (got) {
		*key = machine->input[0];
		machine->input_count--;
		memmove(machine->input, machine->input + 1, machine->input_count);
	}
	if (machine->refused_input) {
		machine->refused_input = false;
		poke(machine);
	}
	(void)pthread_mutex_unlock(&machine->lock);
	return got;
}

static void echo(struct machine *machine)
{
	uint8_t key;

	while (get_key(machine, &key) && key != '.') {
		print(machine, (const char *)&key, 1);
	}
}

static void suspend(struct machine *machine)
{
	enum power_reason why;

	emit(machine, POWER_EVENT_SUSPEND, POWER_REASON_GUEST);
	(void)pthread_mutex_lock(&machine->lock);
	machine->status = MACHINE_STATUS_SUSPENDED;
	machine->wake = POWER_REASON_NONE;
	while (machine->wake == POWER_REASON_NONE && !is_ended(machine)) {
		(void)pthread_cond_wait(&machine->changed, &machine->lock);
	}
	why = machine->wake;
	machine->status = MACHINE_STATUS_RUNNING;
	(void)pthread_mutex_unlock(&machine->lock);
	if (why == POWER_REASON_INTERRUPT) {
		emit_key(machine, POWER_EVENT_WAKEUP, why, machine->pressed);
	} else if (why != POWER_REASON_NONE) {
		emit(machine, POWER_EVENT_WAKEUP, why);
	}
}

static void end(struct machine *machine, enum machine_end how)
{
	(void)pthread_mutex_lock(&machine->lock);
	machine->end = how;
	(void)pthread_mutex_unlock(&machine->lock);
}

static void tell_signature(struct machine *machine)
{
	char line[32];
	int count = snprintf(line, sizeof(line), "signature %08x\r\n", machine->signature);

	print(machine, line, (size_t)count);
}

/* The next key; NONE when the host ends the machine. */
static enum power_key get_power_key(struct machine *machine)
{
	enum power_key key;

	(void)pthread_mutex_lock(&machine->lock);
	while (machine->pressed == POWER_KEY_NONE && !is_ended(machine)) {
		(void)pthread_cond_wait(&machine->changed, &machine->lock);
	}
	key = machine->pressed;
	machine->pressed = POWER_KEY_NONE;
	(void)pthread_mutex_unlock(&machine->lock);
	return key;
}

/* Does what the keys ask for. */
static void obey(struct machine *machine)
{
	for (;;) {
		switch (get_power_key(machine)) {
		case POWER_KEY_POWER:
			end(machine, MACHINE_END_OFF);
			return;
		case POWER_KEY_SLEEP:
			suspend(machine);
			break;
		case POWER_KEY_HIBERNATE:
			end(machine, MACHINE_END_HIBERNATED);
			return;
		case POWER_KEY_NONE:
		case POWER_KEY_COUNT:
			return;
		}
	}
}

static void restart(struct machine *machine)
{
	(void)pthread_mutex_lock(&machine->lock);
	machine->guest_reset = true;
	machine->pressed = POWER_KEY_NONE;
	(void)pthread_mutex_unlock(&machine->lock);
	poke(machine);
}

static bool run_end(struct machine *machine, const char *word)
{
	static const struct {
		const char *word;
		enum machine_end end;
	} ends[] = {
		{"off", MACHINE_END_OFF},     {"hibernate", MACHINE_END_HIBERNATED},
		{"reset", MACHINE_END_RESET}, {"crash", MACHINE_END_CRASHED},
		{"fail", MACHINE_END_FAILED},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(word, ends[i].word) == 0) {
			end(machine, ends[i].end);
			return true;
		}
	}
	return false;
}

/* False for a word that ends the program. */
static bool run_word(struct machine *machine, char *word)
{
	char *value = strchr(word, ':');

	if (value != NULL) {
		*value++ = '\0';
	}
	if (run_end(machine, word)) {
		return false;
	}
	if (strcmp(word, "obey") == 0) {
		obey(machine);
		return false;
	}
	if (strcmp(word, "print") == 0 && value != NULL) {
		print(machine, value, strlen(value));
		print(machine, "\r\n", 2);
	} else if (strcmp(word, "flood") == 0 && value != NULL) {
		flood(machine, value);
	} else if (strcmp(word, "echo") == 0) {
		echo(machine);
	} else if (strcmp(word, "sleep") == 0 && value != NULL) {
		(void)usleep((useconds_t)strtoul(value, NULL, 10) * 1000U);
	} else if (strcmp(word, "restart") == 0) {
		restart(machine);
	} else if (strcmp(word, "suspend") == 0) {
		suspend(machine);
	} else if (strcmp(word, "signature") == 0) {
		tell_signature(machine);
	} else if (strcmp(word, "log") == 0 && value != NULL) {
		machine->host.log(machine->host.ctx, value);
	} else if (strcmp(word, "abort") == 0) {
		abort();
	}
	return true;
}

static void *run_guest(void *arg)
{
	struct machine *machine = arg;
	char *program = strdup(machine->config.cmdline);
	char *place = NULL;
	bool more = true;

	emit(machine, POWER_EVENT_STARTED, POWER_REASON_NONE);
	for (char *word = strtok_r(program, " ", &place); more && word != NULL;
	     word = strtok_r(NULL, " ", &place)) {
		more = !host_ended(machine) && run_word(machine, word);
	}
	free(program);
	poke(machine);
	return NULL;
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
	machine->started = pthread_create(&machine->guest, NULL, run_guest, machine) == 0;
	return machine->started ? 0 : -EAGAIN;
}

int machine_fd(const struct machine *machine)
{
	return machine->fd;
}

static void emit_end(struct machine *machine)
{
	if (machine->host_end != POWER_REASON_NONE) {
		emit(machine, POWER_EVENT_SHUTDOWN, machine->host_end);
	} else if (machine->end == MACHINE_END_HIBERNATED) {
		emit(machine, POWER_EVENT_SUSPEND_DISK, POWER_REASON_GUEST);
	} else if (machine->end == MACHINE_END_RESET) {
		emit(machine, POWER_EVENT_RESET,
		     machine->host_reset ? POWER_REASON_HOST : POWER_REASON_GUEST);
	} else {
		emit(machine, POWER_EVENT_SHUTDOWN, POWER_REASON_GUEST);
	}
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
		emit(machine, POWER_EVENT_RESET, POWER_REASON_GUEST);
	}
	if (how != MACHINE_RUNNING) {
		/* Waits for its vCPU as a real machine does: the console must let go of it. */
		(void)pthread_join(machine->guest, NULL);
		machine->started = false;
		machine->status = MACHINE_STATUS_SHUTDOWN;
		emit_end(machine);
	}
	return how;
}

void machine_end_by_host(struct machine *machine, enum power_reason reason)
{
	(void)pthread_mutex_lock(&machine->lock);
	if (machine->host_end == POWER_REASON_NONE) {
		machine->host_end = reason;
	}
	(void)pthread_cond_broadcast(&machine->changed);
	(void)pthread_mutex_unlock(&machine->lock);
	poke(machine);
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
	emit_key(machine, POWER_EVENT_ASKED, reason, key);
	(void)pthread_mutex_lock(&machine->lock);
	machine->pressed = key;
	machine->limit_s = limit_s;
	(void)pthread_cond_broadcast(&machine->changed);
	(void)pthread_mutex_unlock(&machine->lock);
	(void)leave_suspend(machine, POWER_REASON_INTERRUPT);
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
		emit_key(machine, paused ? POWER_EVENT_STOP : POWER_EVENT_RESUME, POWER_REASON_NONE,
			 POWER_KEY_NONE);
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
	poke(machine);
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
	(void)close(machine->fd);
	(void)pthread_cond_destroy(&machine->changed);
	(void)pthread_mutex_destroy(&machine->lock);
	free(machine);
}
