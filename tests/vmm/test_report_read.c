/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports have the machines that were asked for, each with its share of events, or say why not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/store.h"
#include "report/history.h"
#include "report/report.h"
#include "temp_file.h"

/**
 * struct store - the part of a store that a report reads
 * @machines: their names, in order
 * @events:   how many each has
 * @count:    of @machines
 * @gone:     this one is listed, and not there any more
 * @error:    of each reading of events
 */
struct store {
	const char *machines[8];
	size_t events[8];
	size_t count;
	const char *gone;
	int error;
};

int store_get(struct store *store, const char *name, struct machine_record *record,
	      struct vmm_error *error)
{
	memset(record, 0, sizeof(*record));
	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->machines[i], name) == 0 &&
		    (store->gone == NULL || strcmp(store->gone, name) != 0)) {
			(void)snprintf(record->name, sizeof(record->name), "%s", name);
			record->options = strdup("[]");
			record->state = MACHINE_STATE_RUNNING;
			record->since_ns = 10;
			return 0;
		}
	}
	vmm_error_set(error, "no machine '%s'", name);
	return -ENOENT;
}

int store_list(struct store *store, char ***names, size_t *count, struct vmm_error *error)
{
	(void)error;
	*names = calloc(store->count + 1, sizeof(**names));
	for (size_t i = 0; i < store->count; i++) {
		(*names)[i] = strdup(store->machines[i]);
	}
	*count = store->count;
	return 0;
}

int store_events(struct store *store, const char *name, int64_t after,
		 bool (*take)(void *ctx, const struct machine_event *event), void *ctx,
		 struct vmm_error *error)
{
	struct machine_event event = {.kind = "EDIT", .cause = "edit", .by = "user anna"};

	assert_int_equal(after, 0);
	if (store->error != 0) {
		vmm_error_set(error, "the store cannot be read");
		return store->error;
	}
	for (size_t i = 0; i < store->count; i++) {
		for (size_t n = 0; strcmp(store->machines[i], name) == 0 && n < store->events[i];
		     n++) {
			event.time_ns = 100 + (int64_t)n;
			event.detail = strdup("{}");
			assert_true(take(ctx, &event));
			free(event.detail);
		}
	}
	return 0;
}

static struct store usual = {.machines = {"a", "b", "c"}, .events = {100, 3, 0}, .count = 3};

static void expect_machines(struct history *history, const char *names)
{
	char text[64] = "";

	for (size_t i = 0; i < history->count; i++) {
		assert_int_equal(history->machines[i].state, MACHINE_STATE_RUNNING);
		(void)strcat(text, history->machines[i].name);
	}
	assert_string_equal(text, names);
	history_free(history);
}

/* All of them in the store's order, or those that are named in theirs, none twice. */
static void test_which(void **state)
{
	static const char *const two[] = {"c", "a", "c"};
	struct history history;
	struct vmm_error error;

	(void)state;
	history_init(&history, 1);
	assert_int_equal(history_read(&history, &usual, NULL, 0, 1000, &error), 0);
	expect_machines(&history, "abc");
	history_init(&history, 1);
	assert_int_equal(history_read(&history, &usual, two, 3, 1000, &error), 0);
	expect_machines(&history, "ca");
}

/* One that is named must be there; one that was deleted meanwhile is left out. */
static void test_missing(void **state)
{
	static const char *const missing[] = {"a", "x"};
	struct store store = usual;
	struct history history;
	struct vmm_error error;

	(void)state;
	store.gone = "b";
	history_init(&history, 1);
	assert_int_equal(history_read(&history, &store, missing, 2, 1000, &error), -ENOENT);
	assert_string_equal(error.text, "no machine 'x'");
	history_free(&history);
	history_init(&history, 1);
	assert_int_equal(history_read(&history, &store, NULL, 0, 1000, &error), 0);
	expect_machines(&history, "ac");
}

/* Machines share the room for events, so that a restless one leaves some to the others. */
static void test_shares(void **state)
{
	struct history history;
	struct vmm_error error;

	(void)state;
	history_init(&history, 1);
	assert_int_equal(history_read(&history, &usual, NULL, 0, 60, &error), 0);
	assert_int_equal(history_settle(&history, 1000), 0);
	assert_int_equal(history.machines[0].count, 20);
	assert_int_equal(history.machines[0].dropped, 80);
	assert_int_equal(history.machines[0].events[19].time_ns, 199);
	assert_int_equal(history.machines[1].count, 3);
	assert_int_equal(history.machines[2].count, 0);
	expect_machines(&history, "abc");
}

/* A report is a file, and a store that fails leaves what was there. */
static void test_files(void **state)
{
	struct store failing = usual;
	struct vmm_error error;
	struct temp_dir dir;
	struct stat st;

	(void)state;
	failing.error = -EIO;
	temp_dir_make(&dir);
	assert_int_equal(report_html(&usual, NULL, 0, temp_path(&dir, "page"), 1000, &error), 0);
	assert_int_equal(report_trace(&usual, NULL, 0, temp_path(&dir, "trace"), 1000, &error), 0);
	temp_write(&dir, "old", "old", 3);
	assert_int_equal(report_html(&failing, NULL, 0, temp_path(&dir, "old"), 1000, &error),
			 -EIO);
	assert_string_equal(error.text, "the store cannot be read");
	assert_int_equal(stat(temp_path(&dir, "old"), &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(stat(temp_path(&dir, "page"), &st), 0);
	assert_true(st.st_size > 10000);
	assert_int_equal(report_html(&usual, NULL, 0, "/nonexistent/x", 1000, &error), -ENOENT);
	temp_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
