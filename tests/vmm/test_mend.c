/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the record of a machine whose process is gone. */
#include "temp_file.h"

#include <errno.h>

#include "host/boot_id.h"
#include "host/machine_lock.h"
#include "host/mend.h"
#include "host/store.h"
#include "leaks.h"

struct fixture {
	struct temp_dir dir;
	struct home home;
	struct store *store;
	struct leaks leaks;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct vmm_error error;

	fixture = (struct fixture){.leaks = leaks_begin()};
	temp_dir_make(&fixture.dir);
	(void)snprintf(fixture.home.path, sizeof(fixture.home.path), "%s", fixture.dir.path);
	assert_int_equal(home_make(&fixture.home, &error), 0);
	assert_int_equal(store_open(&fixture.store, fixture.home.path, &error), 0);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	store_close(fixture->store);
	temp_dir_remove(&fixture->dir);
	assert_no_leaks(&fixture->leaks);
	return 0;
}

static void add(struct fixture *fixture, enum machine_state is, enum record_image image, bool now)
{
	static char options[] = "[]";
	struct machine_record record = {
		.name = "web", .state = is, .image = image, .options = options, .since_ns = 1};
	struct machine_event event = {.kind = "CREATE"};
	struct vmm_error error;

	(void)snprintf(record.boot_id, sizeof(record.boot_id), "another");
	if (now) {
		boot_id_read(record.boot_id);
	}
	assert_int_equal(store_add(fixture->store, &record, &event, &error), 0);
	assert_int_equal(home_make_machine(&fixture->home, "web", &error), 0);
}

static struct machine_record look(struct fixture *fixture)
{
	struct machine_record record;
	struct machine_record kept;
	struct vmm_error error = {.text = ""};

	assert_int_equal(mend_machine(&fixture->home, fixture->store, "web", &record, &error), 0);
	assert_int_equal(store_get(fixture->store, "web", &kept, &error), 0);
	assert_int_equal(kept.state, record.state);
	assert_int_equal(kept.image, record.image);
	assert_true(kept.revision == record.revision);
	record_free(&kept);
	return record;
}

struct history {
	unsigned count;
	struct machine_event last;
};

static bool take(void *ctx, const struct machine_event *event)
{
	struct history *history = ctx;

	history->count++;
	history->last = *event;
	return true;
}

static struct history read_history(struct fixture *fixture)
{
	struct history history = {.count = 0};
	struct vmm_error error;

	assert_int_equal(store_events(fixture->store, "web", 0, take, &history, &error), 0);
	return history;
}

struct mend_case {
	enum machine_state was;
	enum record_image image;
	bool this_boot;
	enum machine_state is;
	enum record_image is_image;
	const char *cause;
};

static const struct mend_case cases[] = {
	{MACHINE_STATE_OFF, RECORD_IMAGE_NONE, false, MACHINE_STATE_OFF, RECORD_IMAGE_NONE, NULL},
	{MACHINE_STATE_HIBERNATED, RECORD_IMAGE_SAVED, false, MACHINE_STATE_HIBERNATED,
	 RECORD_IMAGE_SAVED, NULL},
	{MACHINE_STATE_CRASHED, RECORD_IMAGE_MAYBE, true, MACHINE_STATE_CRASHED, RECORD_IMAGE_MAYBE,
	 NULL},
	{MACHINE_STATE_STARTING, RECORD_IMAGE_NONE, true, MACHINE_STATE_CRASHED, RECORD_IMAGE_NONE,
	 "its process was killed while it was starting"},
	{MACHINE_STATE_STARTING, RECORD_IMAGE_LIKELY, true, MACHINE_STATE_CRASHED,
	 RECORD_IMAGE_LIKELY, "its process was killed while it was starting"},
	{MACHINE_STATE_RUNNING, RECORD_IMAGE_MAYBE, true, MACHINE_STATE_CRASHED, RECORD_IMAGE_MAYBE,
	 "its process was killed while it was running"},
	{MACHINE_STATE_RUNNING, RECORD_IMAGE_NONE, true, MACHINE_STATE_CRASHED, RECORD_IMAGE_MAYBE,
	 "its process was killed while it was running"},
	{MACHINE_STATE_RUNNING, RECORD_IMAGE_DISCARDED, true, MACHINE_STATE_CRASHED,
	 RECORD_IMAGE_DISCARDED, "its process was killed while it was running"},
	{MACHINE_STATE_SUSPENDED, RECORD_IMAGE_MAYBE, false, MACHINE_STATE_CRASHED,
	 RECORD_IMAGE_MAYBE, "the host was restarted while it was suspended"},
	{MACHINE_STATE_STOPPING, RECORD_IMAGE_LIKELY, true, MACHINE_STATE_CRASHED,
	 RECORD_IMAGE_LIKELY, "its process was killed while it was stopping"},
};

/* Never hibernated for off or the other way round, and the cause is told; once. */
static void what_is_found_without_process_is_mended(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct mend_case *test = &cases[i];
		struct vmm_error error;
		struct machine_record record;
		struct history history;

		add(fixture, test->was, test->image, test->this_boot);
		for (int j = 0; j < 2; j++) {
			record = look(fixture);
			assert_int_equal(record.state, test->is);
			assert_int_equal(record.image, test->is_image);
			history = read_history(fixture);
			assert_int_equal(history.count, test->cause != NULL ? 2 : 1);
			if (j == 0) {
				record_free(&record);
			}
		}
		if (test->cause != NULL) {
			assert_string_equal(history.last.cause, test->cause);
			assert_string_equal(history.last.kind, "MEND");
			assert_string_equal(history.last.by, "torpor");
			assert_int_equal(history.last.from, test->was);
			assert_int_equal(history.last.to, test->is);
			assert_true(record.since_ns == history.last.time_ns);
		}
		assert_int_equal(store_remove(fixture->store, &record, &error), 0);
		record_free(&record);
	}
}

/* The process that has the lock is the proof. */
static void what_runs_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct machine_record record;
	struct vmm_error error;
	int fd = -1;

	add(fixture, MACHINE_STATE_RUNNING, RECORD_IMAGE_MAYBE, false);
	assert_int_equal(machine_lock_take(&fixture->home, "web", &fd, &error), 0);
	record = look(fixture);
	assert_int_equal(record.state, MACHINE_STATE_RUNNING);
	assert_int_equal(record.revision, 1);
	record_free(&record);
	/* Who has it may mend, before it runs the machine itself. */
	assert_int_equal(mend_locked(&fixture->home, fixture->store, "web", &record, &error), 0);
	assert_int_equal(record.state, MACHINE_STATE_CRASHED);
	record_free(&record);
	machine_lock_give(fd);
}

/* While one mends, others do not take it for the machine's process. */
static void who_mends_does_not_run(void **state)
{
	struct fixture *fixture = *state;
	struct vmm_error error;
	bool held = true;
	int other = -1;
	int fd = -1;

	add(fixture, MACHINE_STATE_RUNNING, RECORD_IMAGE_MAYBE, false);
	assert_int_equal(machine_lock_take_to_mend(&fixture->home, "web", &fd, &error), 0);
	assert_int_equal(machine_lock_held(&fixture->home, "web", &held, &error), 0);
	assert_false(held);
	assert_int_equal(machine_lock_take_to_mend(&fixture->home, "web", &other, &error), -EBUSY);
	machine_lock_give(fd);
}

/* A resume that was killed leaves its sockets: they go, and the history says why. */
static void what_a_resume_left_goes(void **state)
{
	struct fixture *fixture = *state;
	struct machine_record record;
	char path[HOME_FILE_PATH_SIZE];

	add(fixture, MACHINE_STATE_HIBERNATED, RECORD_IMAGE_SAVED, true);
	home_machine_file(&fixture->home, "web", HOME_FILE_CONSOLE, path);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	for (int i = 0; i < 2; i++) {
		struct history history;

		record = look(fixture);
		assert_int_equal(record.state, MACHINE_STATE_HIBERNATED);
		assert_int_equal(access(path, F_OK), -1);
		history = read_history(fixture);
		assert_int_equal(history.count, 2);
		assert_non_null(strstr(history.last.cause, "can be resumed again"));
		record_free(&record);
	}
}

static void a_lost_folder_is_no_obstacle(void **state)
{
	struct fixture *fixture = *state;
	struct machine_record record;
	struct vmm_error error;

	add(fixture, MACHINE_STATE_RUNNING, RECORD_IMAGE_MAYBE, true);
	assert_int_equal(home_remove_machine(&fixture->home, "web", &error), 0);
	record = look(fixture);
	assert_int_equal(record.state, MACHINE_STATE_CRASHED);
	record_free(&record);
	assert_int_equal(mend_machine(&fixture->home, fixture->store, "none", &record, &error),
			 -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_found_without_process_is_mended, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_runs_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(who_mends_does_not_run, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_resume_left_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_folder_is_no_obstacle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
