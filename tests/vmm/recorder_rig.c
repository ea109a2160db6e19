/* SPDX-License-Identifier: BSD-3-Clause */
#include "recorder_rig.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/store.h"

#define WAIT_MS 20000

/* The store: the rig that is up. */
static struct recorder_rig *up;

static void note(struct recorder_rig *rig, const struct machine_event *event)
{
	size_t used = strlen(rig->journal);

	(void)snprintf(rig->journal + used, sizeof(rig->journal) - used, "%s>%s %s: %s; %s\n",
		       machine_state_name(event->from), machine_state_name(event->to), event->kind,
		       event->cause, event->by);
}

int store_update(struct store *store, struct machine_record *record,
		 const struct machine_event *event, struct vmm_error *error)
{
	struct recorder_rig *rig = up;
	int ret = 0;

	(void)store;
	(void)pthread_mutex_lock(&rig->lock);
	rig->updates++;
	if (rig->fail_update != 0 && (rig->updates == rig->fail_update ||
				      (rig->fail_from && rig->updates > rig->fail_update))) {
		vmm_error_set(error, "the store cannot be written");
		ret = -EIO;
	} else {
		assert_true(event->from == event->to ||
			    machine_state_may_follow(event->from, event->to));
		assert_int_equal(record->state, event->to);
		record->revision++;
		note(rig, event);
	}
	(void)pthread_mutex_unlock(&rig->lock);
	return ret;
}

int store_log(struct store *store, int64_t id, const struct machine_event *events, size_t count,
	      struct vmm_error *error)
{
	struct recorder_rig *rig = up;

	(void)store;
	(void)error;
	assert_int_equal(id, 7);
	(void)pthread_mutex_lock(&rig->lock);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(events[i].from, events[i].to);
		note(rig, &events[i]);
		rig->log_count++;
	}
	(void)pthread_mutex_unlock(&rig->lock);
	return 0;
}

static void take_console(void *ctx, const uint8_t *bytes, size_t count)
{
	struct recorder_rig *rig = ctx;
	size_t used;

	(void)pthread_mutex_lock(&rig->lock);
	used = strlen(rig->console);
	(void)snprintf(rig->console + used, sizeof(rig->console) - used, "%.*s", (int)count,
		       (const char *)bytes);
	(void)pthread_mutex_unlock(&rig->lock);
}

static void take_line(void *ctx, const char *line)
{
	struct recorder_rig *rig = ctx;
	size_t used;

	(void)pthread_mutex_lock(&rig->lock);
	used = strlen(rig->log);
	(void)snprintf(rig->log + used, sizeof(rig->log) - used, "%s\n", line);
	(void)pthread_mutex_unlock(&rig->lock);
}

static void machine_line(void *ctx, const char *line)
{
	struct recorder_rig *rig = ctx;

	take_line(rig, line);
	recorder_log(rig->recorder, line);
}

static void tell_ending(void *ctx, const struct power_event *event)
{
	recorder_ending(((struct recorder_rig *)ctx)->recorder, event);
}

static int commit(void *ctx, const struct power_event *event, struct vmm_error *error)
{
	return recorder_commit(((struct recorder_rig *)ctx)->recorder, event, error);
}

static int first_write(void *ctx)
{
	return recorder_first_write(((struct recorder_rig *)ctx)->recorder);
}

static bool start(struct recorder_rig *rig, const char *program, struct vmm_error *error)
{
	const struct machine_config config = {
		.cmdline = program,
		.disks = {rig->disks[0]},
		.disk_count = 1,
		.cpu_count = 2,
	};
	const struct machine_host host = {
		.events = {.emit = recorder_emit, .ctx = rig->recorder},
		.console_tx = take_console,
		.log = machine_line,
		.ending = tell_ending,
		.commit = commit,
		.first_write = first_write,
		.ctx = rig,
	};

	rig->machine = machine_create(&config, &host, error);
	return rig->machine != NULL && recorder_ready(rig->recorder, rig->machine, error) == 0 &&
	       machine_start(rig->machine, error) == 0;
}

/* One turn of the main loop. */
static enum machine_end turn(struct recorder_rig *rig)
{
	struct pollfd polls[] = {
		{.fd = machine_fd(rig->machine), .events = POLLIN},
		{.fd = recorder_fd(rig->recorder), .events = POLLIN},
	};

	(void)poll(polls, 2, 20);
	if (polls[1].revents != 0) {
		recorder_dispatch(rig->recorder);
	}
	return polls[0].revents != 0 ? machine_dispatch(rig->machine) : MACHINE_RUNNING;
}

static bool has(struct recorder_rig *rig, const char *text)
{
	bool found;

	(void)pthread_mutex_lock(&rig->lock);
	found = strstr(rig->journal, text) != NULL;
	(void)pthread_mutex_unlock(&rig->lock);
	return found;
}

void recorder_rig_wait(struct recorder_rig *rig, const char *text)
{
	for (int ms = 0; ms < WAIT_MS && !has(rig, text); ms += 20) {
		assert_int_equal(turn(rig), MACHINE_RUNNING);
	}
	if (!has(rig, text)) {
		fail_msg("'%s' did not come after:\n%s", text, rig->journal);
	}
}

static enum machine_end run_to_end(struct recorder_rig *rig)
{
	enum machine_end end = MACHINE_RUNNING;

	for (int ms = 0; ms < WAIT_MS && end == MACHINE_RUNNING; ms += 20) {
		end = turn(rig);
	}
	return end;
}

enum machine_end recorder_rig_run(struct recorder_rig *rig, const char *program,
				  void (*during)(struct recorder_rig *rig))
{
	struct vmm_error error = {.text = ""};
	enum machine_end end = MACHINE_END_FAILED;
	bool begun;

	rig->journal[0] = rig->console[0] = rig->log[0] = '\0';
	rig->updates = rig->log_count = 0;
	rig->recorder = recorder_create(&rig->config, "user tester", &error);
	assert_non_null(rig->recorder);
	begun = recorder_begin(rig->recorder, &error) == 0;
	if (begun && start(rig, program, &error)) {
		if (during != NULL) {
			during(rig);
		}
		end = run_to_end(rig);
		recorder_end(rig->recorder, NULL);
	} else {
		take_line(rig, error.text);
		if (begun) {
			recorder_end(rig->recorder, error.text);
		}
	}
	machine_destroy(rig->machine);
	rig->machine = NULL;
	recorder_destroy(rig->recorder);
	rig->recorder = NULL;
	return end;
}

void assert_journal(struct recorder_rig *rig, ...)
{
	const char *at = rig->journal;
	const char *text;
	va_list args;

	va_start(args, rig);
	while ((text = va_arg(args, const char *)) != NULL) {
		const char *found = strstr(at, text);

		if (found == NULL) {
			va_end(args);
			fail_msg("no '%s' in its place in:\n%s", text, rig->journal);
			return;
		}
		at = found + strlen(text);
	}
	va_end(args);
}

int recorder_rig_setup(void **state)
{
	struct recorder_rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->leaks = leaks_begin();
	temp_dir_make(&rig->dir);
	temp_zeros(&rig->dir, "disk", RIG_DISK_BYTES);
	(void)snprintf(rig->disk, sizeof(rig->disk), "%s", temp_path(&rig->dir, "disk"));
	(void)pthread_mutex_init(&rig->lock, NULL);
	rig->disks[0] = (struct machine_disk_config){.path = rig->disk};
	rig->record = (struct machine_record){.id = 7, .name = "vm", .epoch = 3};
	rig->config = (struct recorder_config){
		.record = &rig->record,
		.tells_hibernation = true,
		.disks = rig->disks,
		.disk_count = 1,
		.log = take_line,
		.ctx = rig,
	};
	up = rig;
	*state = rig;
	return 0;
}

int recorder_rig_teardown(void **state)
{
	struct recorder_rig *rig = *state;
	struct leaks leaks = rig->leaks;

	record_free(&rig->record);
	temp_dir_remove(&rig->dir);
	(void)pthread_mutex_destroy(&rig->lock);
	free(rig);
	assert_no_leaks(&leaks);
	return 0;
}
