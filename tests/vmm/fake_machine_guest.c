/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest of the machine without KVM: the words of its program. */
#include "fake_machine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE "0123456789012345678901234567890123456789012345678901234567890\r\n"
#define SECTOR_BYTES 512
#define KIB 1024

static void print(struct machine *machine, const char *text, size_t count)
{
	machine->host.console_tx(machine->host.ctx, (const uint8_t *)text, count);
}

static void print_line(struct machine *machine, const char *text, const char *more)
{
	char line[80];
	int count = snprintf(line, sizeof(line), "%s%s\r\n", text, more);

	print(machine, line, (size_t)count);
}

static void flood(struct machine *machine, const char *number)
{
	size_t left = strtoul(number, NULL, 10);

	while (left > 0 && !fake_host_ended(machine)) {
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
	while (machine->input_count == 0 && !fake_is_ended(machine)) {
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
		fake_poke(machine);
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

	fake_emit(machine, POWER_EVENT_SUSPEND, POWER_REASON_GUEST);
	(void)pthread_mutex_lock(&machine->lock);
	machine->status = MACHINE_STATUS_SUSPENDED;
	machine->wake = POWER_REASON_NONE;
	while (machine->wake == POWER_REASON_NONE && !fake_is_ended(machine)) {
		(void)pthread_cond_wait(&machine->changed, &machine->lock);
	}
	why = machine->wake;
	machine->status = MACHINE_STATUS_RUNNING;
	(void)pthread_mutex_unlock(&machine->lock);
	if (why == POWER_REASON_INTERRUPT) {
		fake_emit_key(machine, POWER_EVENT_WAKEUP, why, machine->pressed);
	} else if (why != POWER_REASON_NONE) {
		fake_emit(machine, POWER_EVENT_WAKEUP, why);
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
	while (machine->pressed == POWER_KEY_NONE && !fake_is_ended(machine)) {
		(void)pthread_cond_wait(&machine->changed, &machine->lock);
	}
	key = machine->pressed;
	machine->pressed = POWER_KEY_NONE;
	(void)pthread_mutex_unlock(&machine->lock);
	return key;
}

/* Saves an image, if there is a disk, to go on at @next_word; false if that failed. */
static bool hibernate(struct machine *machine, uint32_t next_word)
{
	char nonce[FAKE_NONCE_SIZE];

	if (machine->open_count > 0) {
		if (!fake_image_save(machine, next_word, nonce)) {
			print_line(machine, "not saved", "");
			return false;
		}
		print_line(machine, "saved ", nonce);
	}
	end(machine, MACHINE_END_HIBERNATED);
	return true;
}

/* Does what the keys ask for, again after a resume. */
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
			if (hibernate(machine, machine->word)) {
				return;
			}
			break;
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
	fake_poke(machine);
}

static bool run_end(struct machine *machine, const char *word)
{
	static const struct {
		const char *word;
		enum machine_end end;
	} ends[] = {
		{"off", MACHINE_END_OFF},
		{"reset", MACHINE_END_RESET},
		{"crash", MACHINE_END_CRASHED},
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

static void write_sector(struct machine *machine, const char *place_kib)
{
	char sector[SECTOR_BYTES];
	uint64_t offset = place_kib != NULL ? strtoull(place_kib, NULL, 10) * KIB : KIB;

	memset(sector, 'w', sizeof(sector));
	print_line(machine,
		   fake_disk_write(machine, offset, sector, sizeof(sector)) ? "written"
									    : "not written",
		   "");
}

static void storm(struct machine *machine, const char *number)
{
	for (unsigned long n = strtoul(number, NULL, 10); n > 0 && !fake_host_ended(machine); n--) {
		fake_emit_cpu(machine, POWER_EVENT_CPU_ON, 1);
		fake_emit_cpu(machine, POWER_EVENT_CPU_OFF, 1);
	}
}

/* Suspends, and its clock wakes it. */
static void doze(struct machine *machine, const char *ms)
{
	fake_emit(machine, POWER_EVENT_SUSPEND, POWER_REASON_GUEST);
	(void)usleep((useconds_t)strtoul(ms, NULL, 10) * 1000U);
	fake_emit_key(machine, POWER_EVENT_WAKEUP, POWER_REASON_INTERRUPT, POWER_KEY_NONE);
}

/* Words that have to do with disks and CPUs; false if it is none of them. */
static bool run_device_word(struct machine *machine, const char *word, const char *value)
{
	if (strcmp(word, "write") == 0) {
		write_sector(machine, value);
	} else if (strcmp(word, "storm") == 0 && value != NULL) {
		storm(machine, value);
	} else if (strcmp(word, "doze") == 0 && value != NULL) {
		doze(machine, value);
	} else if (strcmp(word, "alarm") == 0 && value != NULL) {
		machine->alarm_s = (int64_t)time(NULL) + strtol(value, NULL, 10);
	} else {
		return false;
	}
	return true;
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
	if (strcmp(word, "hibernate") == 0) {
		return !hibernate(machine, machine->word + 1);
	}
	if (run_device_word(machine, word, value)) {
		return true;
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

/* The word that it begins with: not the first if it resumes. */
static uint32_t boot(struct machine *machine)
{
	static const char *const lines[] = {
		[FAKE_BOOT_FRESH] = "fresh",
		[FAKE_BOOT_RESUMED] = "resumed ",
		[FAKE_BOOT_REFUSED] = "refused ",
		[FAKE_BOOT_FAILED] = "not resumed ",
	};
	char nonce[FAKE_NONCE_SIZE] = "";
	uint32_t next_word = 0;
	enum fake_boot what;

	if (machine->open_count == 0) {
		return 0;
	}
	what = fake_image_resume(machine, &next_word, nonce);
	print_line(machine, lines[what], nonce);
	return what == FAKE_BOOT_RESUMED ? next_word : 0;
}

void *fake_run_guest(void *arg)
{
	struct machine *machine = arg;
	char *program = strdup(machine->config.cmdline);
	char *place = NULL;
	uint32_t first;
	bool more = true;

	fake_emit(machine, POWER_EVENT_STARTED, POWER_REASON_NONE);
	first = boot(machine);
	for (char *word = strtok_r(program, " ", &place); more && word != NULL;
	     word = strtok_r(NULL, " ", &place)) {
		if (machine->word >= first) {
			more = !fake_host_ended(machine) && run_word(machine, word);
		}
		machine->word++;
	}
	free(program);
	fake_poke(machine);
	return NULL;
}
