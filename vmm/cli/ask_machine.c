/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/ask_machine.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/options_internal.h"
#include "cli/show.h"
#include "control/qmp_ask.h"
#include "platform/monotonic.h"

#define ANSWER_MS 5000
/* Beyond the guest's limit, of which the process tells. */
#define GRACE_MS 3000
#define TICK_MS 20
#define LIMIT_MAX_S 86400
/* Disks may take long to flush. */
#define GONE_MS 600000

enum command_status ask_open(struct ask *ask, struct keeper *keeper, const char *name)
{
	char path[HOME_FILE_PATH_SIZE];
	struct vmm_error error;
	struct show show;
	enum command_status status = show_read(keeper, name, &show);

	*ask = (struct ask){.keeper = keeper, .name = name};
	if (status == COMMAND_STATUS_DONE && !show.process) {
		status = keeper_refuse(COMMAND_STATUS_STATE, "%s is %s: expected it running", name,
				       show_state(&show));
	}
	show_free(&show);
	if (status != COMMAND_STATUS_DONE) {
		return status;
	}
	home_machine_file(&keeper->home, name, HOME_FILE_CONTROL, path);
	ask->qmp = qmp_ask_open(path, ANSWER_MS, &error);
	if (ask->qmp == NULL) {
		return keeper_refuse(COMMAND_STATUS_FAILED, "%s: %.200s", name, error.text);
	}
	return COMMAND_STATUS_DONE;
}

void ask_close(struct ask *ask)
{
	qmp_ask_close(ask->qmp);
	ask->qmp = NULL;
}

enum command_status ask_limit(const char *text, int64_t *limit_s)
{
	const char *end;
	uint64_t number = ASK_LIMIT_DEFAULT_S;

	if (text != NULL &&
	    (!options_parse_number(text, &end, &number) || *end != '\0' || number > LIMIT_MAX_S)) {
		return keeper_refuse(COMMAND_STATUS_USAGE,
				     "--timeout '%.80s': expected whole seconds, 1 to %d, or 0 for "
				     "no limit",
				     text, LIMIT_MAX_S);
	}
	*limit_s = (int64_t)number;
	return COMMAND_STATUS_DONE;
}

enum command_status ask_command(struct ask *ask, const char *command, const char *argument,
				int64_t number)
{
	struct vmm_error error;
	int ret = qmp_ask(ask->qmp, command, argument, number, NULL, ANSWER_MS, &error);

	if (ret == 0) {
		return COMMAND_STATUS_DONE;
	}
	return keeper_refuse(ret == -EREMOTEIO ? COMMAND_STATUS_STATE : COMMAND_STATUS_FAILED,
			     "%s: %.200s", ask->name, error.text);
}

void ask_say(const struct ask *ask, const char *verb, int64_t limit_s)
{
	if (limit_s > 0) {
		(void)printf("%s: its guest is asked to %s, within %lld s\n", ask->name, verb,
			     (long long)limit_s);
	} else {
		(void)printf("%s: its guest is asked to %s\n", ask->name, verb);
	}
	(void)fflush(stdout);
}

static bool is_event(struct json_object *message, const char *name)
{
	struct json_object *member;

	return name != NULL && json_object_object_get_ex(message, "event", &member) &&
	       strcmp(json_object_get_string(member), name) == 0;
}

enum ask_end ask_wait(struct ask *ask, const char *event, int64_t limit_s)
{
	int64_t deadline = monotonic_ms() + limit_s * 1000 + GRACE_MS;

	for (;;) {
		int64_t left = limit_s == 0 ? INT_MAX : deadline - monotonic_ms();
		struct json_object *message = NULL;
		int ret = qmp_ask_event(ask->qmp, &message, left > 0 ? (int)left : 0);
		bool wanted = ret == 0 && is_event(message, event);
		bool late = ret == 0 && is_event(message, "X_TORPOR_GUEST_UNRESPONSIVE");

		(void)json_object_put(message);
		if (wanted) {
			return ASK_EVENT;
		}
		if (late || ret == -ETIMEDOUT) {
			return ASK_UNRESPONSIVE;
		}
		if (ret != 0 && ret != -EINTR) {
			return ask_wait_gone(ask, GONE_MS);
		}
	}
}

enum ask_end ask_wait_gone(const struct ask *ask, int limit_ms)
{
	int64_t deadline = monotonic_ms() + limit_ms;

	while (keeper_running(ask->keeper, ask->name)) {
		if (monotonic_ms() > deadline) {
			return ASK_LOST;
		}
		(void)usleep(TICK_MS * 1000);
	}
	return ASK_ENDED;
}

enum command_status ask_tell(struct keeper *keeper, const char *name, enum machine_state *state)
{
	struct show show;
	enum command_status status = show_read(keeper, name, &show);

	if (status == COMMAND_STATUS_DONE) {
		*state = show.record.state;
		(void)printf("%s is %s\n", name, show_state(&show));
		status = show_flush();
	}
	show_free(&show);
	return status;
}
