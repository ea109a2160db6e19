/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/start_machine.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/diag.h"
#include "cli/machine_log.h"
#include "cli/show.h"
#include "control/qmp_ask.h"
#include "host/supervise.h"
#include "host/systemd.h"
#include "platform/monotonic.h"

#define TICK_MS 20
#define ASK_MS 2000
#define PROGRESS_MS 1000
/* systemctl is a process of its own. */
#define LOOK_MS 500
/* For what it still has to flush and close. */
#define LEAVE_MS 2000

/**
 * struct start - a start that is under way
 * @keeper:    where
 * @name:      the machine's
 * @systemd:   systemd runs it
 * @status_fd: of our own supervisor, or -1
 * @log_from:  how long the log was before
 * @next_look: when systemd is asked again
 */
struct start {
	struct keeper *keeper;
	const char *name;
	bool systemd;
	int status_fd;
	size_t log_from;
	int64_t next_look;
};

enum outcome {
	OUTCOME_WAIT,
	OUTCOME_RUNS,
	OUTCOME_ENDED,
	OUTCOME_FAILED,
};

/* Whether guest code runs: what the process says of itself. */
static bool guest_runs(const struct start *start)
{
	char path[HOME_FILE_PATH_SIZE];
	struct json_object *value = NULL;
	struct json_object *member = NULL;
	struct vmm_error error;
	struct qmp_ask *ask;
	bool runs = false;

	if (!keeper_running(start->keeper, start->name)) {
		return false;
	}
	home_machine_file(&start->keeper->home, start->name, HOME_FILE_CONTROL, path);
	ask = qmp_ask_open(path, ASK_MS, &error);
	if (ask == NULL) {
		return false;
	}
	if (qmp_ask(ask, "query-status", NULL, 0, &value, ASK_MS, &error) == 0 &&
	    json_object_object_get_ex(value, "status", &member)) {
		const char *word = json_object_get_string(member);

		runs = strcmp(word, "running") == 0 || strcmp(word, "suspended") == 0 ||
		       strcmp(word, "paused") == 0;
	}
	(void)json_object_put(value);
	qmp_ask_close(ask);
	return runs;
}

/* The guest ended by itself, at once: that is no failure of the start. */
static bool good_end(int status)
{
	static const int good[] = {0, 10, 11, 13};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (WIFEXITED(status) && WEXITSTATUS(status) == good[i]) {
			return true;
		}
	}
	return false;
}

static enum outcome look_at_own(const struct start *start)
{
	int status;
	ssize_t count = read(start->status_fd, &status, sizeof(status));

	if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
		return OUTCOME_WAIT;
	}
	if (count != (ssize_t)sizeof(status)) {
		return OUTCOME_FAILED;
	}
	return good_end(status) ? OUTCOME_ENDED : OUTCOME_FAILED;
}

static enum outcome look_at_systemd(struct start *start)
{
	struct machine_record record;
	enum outcome outcome = OUTCOME_FAILED;

	if (monotonic_ms() < start->next_look) {
		return OUTCOME_WAIT;
	}
	start->next_look = monotonic_ms() + LOOK_MS;
	if (systemd_active(start->name)) {
		return OUTCOME_WAIT;
	}
	if (keeper_get(start->keeper, start->name, &record) == COMMAND_STATUS_DONE) {
		if (record.state == MACHINE_STATE_OFF) {
			outcome = OUTCOME_ENDED;
		}
		record_free(&record);
	}
	return outcome;
}

static enum outcome wait_for_guest(struct start *start)
{
	int64_t progress = monotonic_ms() + PROGRESS_MS;

	for (;;) {
		enum outcome outcome = start->systemd ? look_at_systemd(start) : look_at_own(start);

		if (outcome != OUTCOME_WAIT) {
			return outcome;
		}
		if (guest_runs(start)) {
			return OUTCOME_RUNS;
		}
		if (progress != 0 && monotonic_ms() > progress) {
			progress = 0;
			(void)keeper_refuse(COMMAND_STATUS_DONE, "%s is starting ...", start->name);
		}
		(void)usleep(TICK_MS * 1000);
	}
}

/* Whoever has its lock without running it, to mend it or at its end, is about to go. */
static enum command_status read_free(struct keeper *keeper, const char *name, struct show *show)
{
	int64_t deadline = monotonic_ms() + LEAVE_MS;
	enum command_status status = show_read(keeper, name, show);

	while (status == COMMAND_STATUS_DONE && show->process &&
	       !machine_state_needs_process(show->record.state) && monotonic_ms() < deadline) {
		show_free(show);
		(void)usleep(TICK_MS * 1000);
		status = show_read(keeper, name, show);
	}
	return status;
}

static enum command_status tell(const struct start *start, enum outcome outcome)
{
	struct show show;
	enum command_status status = read_free(start->keeper, start->name, &show);

	if (status != COMMAND_STATUS_DONE) {
		show_free(&show);
		return status;
	}
	if (outcome == OUTCOME_FAILED && show.process) {
		status = keeper_refuse(COMMAND_STATUS_STATE, "%s is %s: another process has it",
				       start->name, show_state(&show));
	} else if (outcome == OUTCOME_FAILED) {
		if (!start->systemd) {
			machine_log_show(&start->keeper->home, start->name, start->log_from);
		}
		status = keeper_refuse(COMMAND_STATUS_FAILED, "%s did not start; it is %s",
				       start->name, show_state(&show));
	} else {
		(void)printf("%s is %s\n", start->name, show_state(&show));
		status = show_flush();
	}
	show_free(&show);
	return status;
}

static int spawn(struct start *start, const char *const *options, struct vmm_error *error)
{
	if (start->systemd) {
		return systemd_start(start->name, options, error);
	}
	start->log_from = machine_log_size(&start->keeper->home, start->name);
	return supervise_spawn(start->name, options, &start->status_fd, error);
}

enum command_status start_machine(struct keeper *keeper, const char *name,
				  const char *const *options)
{
	struct start start = {
		.keeper = keeper,
		.name = name,
		.systemd = systemd_wanted(&keeper->home),
		.status_fd = -1,
	};
	struct show show;
	struct vmm_error error;
	enum command_status status = read_free(keeper, name, &show);

	if (status == COMMAND_STATUS_DONE && show.process) {
		status = keeper_refuse(COMMAND_STATUS_STATE, "%s is %s: there is a process already",
				       name, show_state(&show));
	}
	show_free(&show);
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	if (spawn(&start, options, &error) != 0) {
		return keeper_failed(&error);
	}
	status = tell(&start, wait_for_guest(&start));
	if (start.status_fd >= 0) {
		(void)close(start.status_fd);
	}
	return status;
}
