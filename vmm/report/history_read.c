/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/history.h"

/* Of a machine, however many machines there are. */
#define EVENTS_MIN 16

/**
 * struct reading - what goes on while a machine's events come
 * @history: takes them
 * @result:  0, or why they ended
 */
struct reading {
	struct history *history;
	int result;
};

static bool take(void *ctx, const struct machine_event *event)
{
	struct reading *reading = ctx;

	reading->result = history_event(reading->history, event);
	return reading->result == 0;
}

static bool is_there(const struct history *history, const char *name)
{
	for (size_t i = 0; i < history->count; i++) {
		if (strcmp(history->machines[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static int read_machine(struct history *history, struct store *store, const char *name,
			struct vmm_error *error)
{
	struct reading reading = {.history = history};
	struct machine_record record;
	int result = store_get(store, name, &record, error);

	if (result != 0) {
		return result;
	}
	result = history_machine(history, record.name, record.state, record.since_ns);
	record_free(&record);
	if (result == 0) {
		result = store_events(store, name, 0, take, &reading, error);
		if (result != 0) {
			return result;
		}
		result = reading.result;
	}
	if (result != 0) {
		vmm_error_set(error, "the history of %s: %s", name, strerror(-result));
	}
	return result;
}

/* @gone: a machine that is not there is left out: it was deleted just now. */
static int read_all(struct history *history, struct store *store, const char *const *names,
		    size_t count, size_t total, bool gone, struct vmm_error *error)
{
	history->limit = count > 0 && total / count > EVENTS_MIN ? total / count : EVENTS_MIN;
	for (size_t i = 0; i < count; i++) {
		int result = 0;

		if (!is_there(history, names[i])) {
			result = read_machine(history, store, names[i], error);
		}
		if (result != 0 && !(gone && result == -ENOENT)) {
			return result;
		}
	}
	return 0;
}

int history_read(struct history *history, struct store *store, const char *const *names,
		 size_t count, size_t total, struct vmm_error *error)
{
	char **all = NULL;
	size_t all_count = 0;
	int result;

	if (names != NULL) {
		return read_all(history, store, names, count, total, false, error);
	}
	result = store_list(store, &all, &all_count, error);
	if (result != 0) {
		return result;
	}
	result = read_all(history, store, (const char *const *)all, all_count, total, true, error);
	for (size_t i = 0; i < all_count; i++) {
		free(all[i]);
	}
	free(all);
	return result;
}
