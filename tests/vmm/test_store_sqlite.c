/* SPDX-License-Identifier: BSD-3-Clause */
/* The store's file: what is made of an old, a foreign, a damaged and a full one. */
#include "temp_file.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "host/store_internal.h"
#include "leaks.h"

struct fixture {
	struct temp_dir dir;
	struct leaks leaks;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){.leaks = leaks_begin()};
	temp_dir_make(&fixture.dir);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	temp_dir_remove(&fixture->dir);
	assert_no_leaks(&fixture->leaks);
	return 0;
}

static const char *file_path(struct fixture *fixture)
{
	return temp_path(&fixture->dir, STORE_FILE);
}

static void execute(struct fixture *fixture, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file_path(fixture), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct store *open_store(struct fixture *fixture)
{
	struct vmm_error error = {.text = ""};
	struct store *store = NULL;

	assert_int_equal(store_open(&store, fixture->dir.path, &error), 0);
	return store;
}

static void assert_refused(struct fixture *fixture, int ret, const char *text)
{
	struct vmm_error error = {.text = ""};
	struct store *store = NULL;

	assert_int_equal(store_open(&store, fixture->dir.path, &error), ret);
	assert_null(store);
	if (strstr(error.text, text) == NULL) {
		fail_msg("'%s' is not in '%s'", text, error.text);
	}
}

static struct machine_record add(struct store *store, const char *name)
{
	static char options[] = "[]";
	struct machine_record record = {.options = options};
	struct machine_event event = {.kind = "CREATE"};
	struct vmm_error error = {.text = ""};

	(void)snprintf(record.name, sizeof(record.name), "%s", name);
	assert_int_equal(store_add(store, &record, &event, &error), 0);
	return record;
}

static size_t count_names(struct store *store)
{
	struct vmm_error error = {.text = ""};
	char **names;
	size_t count;

	assert_int_equal(store_list(store, &names, &count, &error), 0);
	for (size_t i = 0; i < count; i++) {
		free(names[i]);
	}
	free(names);
	return count;
}

static void the_file_is_its_owners_alone(void **state)
{
	struct fixture *fixture = *state;
	struct stat file;

	store_close(open_store(fixture));
	assert_int_equal(stat(file_path(fixture), &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
}

/* Durable means that each commit is synced, also in the log. */
static void each_commit_is_synced(void **state)
{
	static const struct {
		const char *pragma;
		const char *value;
	} cases[] = {{"PRAGMA journal_mode", "wal"},
		     {"PRAGMA synchronous", "2"},
		     {"PRAGMA foreign_keys", "1"}};
	struct store *store = open_store(*state);
	struct vmm_error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sqlite3_stmt *statement;

		assert_int_equal(store_prepare(store, cases[i].pragma, &statement, &error), 0);
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(statement, 0),
				    cases[i].value);
		(void)sqlite3_finalize(statement);
	}
	store_close(store);
}

static void a_newer_file_is_refused(void **state)
{
	struct fixture *fixture = *state;

	store_close(open_store(fixture));
	execute(fixture, "PRAGMA user_version = 77");
	assert_refused(fixture, -EPROTO, "schema version 77");
	execute(fixture, "PRAGMA user_version = 1");
	store_close(open_store(fixture));
}

/* Another program's database does not get our tables. */
static void a_foreign_file_is_refused(void **state)
{
	struct fixture *fixture = *state;

	execute(fixture, "CREATE TABLE theirs (x)");
	assert_refused(fixture, -EUCLEAN, "another program");
	execute(fixture, "PRAGMA user_version = 1");
	assert_refused(fixture, -EUCLEAN, "another program");
}

static void a_damaged_file_is_left_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	char bytes[4096];
	char now[4096];
	int fd;

	memset(bytes, 'x', sizeof(bytes));
	temp_write(&fixture->dir, STORE_FILE, bytes, sizeof(bytes));
	assert_refused(fixture, -EUCLEAN, "left as it is");
	fd = open(file_path(fixture), O_RDONLY);
	assert_int_equal(read(fd, now, sizeof(now)), sizeof(now));
	assert_memory_equal(now, bytes, sizeof(now));
	assert_int_equal(close(fd), 0);
}

/* In a process of its own; the status tells who waits for it. */
static int open_and_add(struct fixture *fixture, size_t n)
{
	struct store *store;
	struct vmm_error error;
	char name[8];

	if (store_open(&store, fixture->dir.path, &error) != 0) {
		(void)fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	(void)snprintf(name, sizeof(name), "m%zu", n);
	(void)add(store, name);
	store_close(store);
	return 0;
}

/* They have to meet: one looks at the file while another makes its tables. */
#define OPEN_ROUNDS 40
#define OPEN_PROCESSES 6

/* Those that come first at once all find what they need. */
static void many_may_open_a_new_one(void **state)
{
	struct fixture *fixture = *state;
	struct store *store;
	pid_t children[OPEN_PROCESSES];

	for (size_t round = 0; round < OPEN_ROUNDS; round++) {
		for (size_t i = 0; i < OPEN_PROCESSES; i++) {
			children[i] = fork();
			if (children[i] == 0) {
				_exit(open_and_add(fixture, i));
			}
		}
		for (size_t i = 0; i < OPEN_PROCESSES; i++) {
			int status = -1;

			assert_int_equal(waitpid(children[i], &status, 0), children[i]);
			assert_int_equal(status, 0);
		}
		store = open_store(fixture);
		assert_int_equal(count_names(store), OPEN_PROCESSES);
		store_close(store);
		assert_int_equal(unlink(file_path(fixture)), 0);
	}
}

struct counted {
	size_t count;
	int64_t first_ns;
};

static bool take(void *ctx, const struct machine_event *event)
{
	struct counted *counted = ctx;

	if (counted->count++ == 0) {
		counted->first_ns = event->time_ns;
	}
	return true;
}

static struct counted count_history(struct store *store, const char *name)
{
	struct counted counted = {0};
	struct vmm_error error;

	assert_int_equal(store_events(store, name, 0, take, &counted, &error), 0);
	return counted;
}

/* However long a guest makes its history, the host's disk does not fill; others keep theirs. */
static void a_history_is_bounded(void **state)
{
	enum {
		BATCH = 1000,
		EXTRA = 5
	};
	static struct machine_event events[BATCH];
	struct store *store = open_store(*state);
	struct machine_record other = add(store, "other");
	struct machine_record web = add(store, "web");
	struct counted counted;
	struct vmm_error error;
	int64_t now = 0;

	for (size_t done = 0; done < STORE_EVENT_COUNT_MAX; done += BATCH) {
		for (size_t i = 0; i < BATCH; i++) {
			events[i].time_ns = ++now;
		}
		assert_int_equal(store_log(store, web.id, events, BATCH, &error), 0);
	}
	assert_int_equal(store_log(store, web.id, events, EXTRA, &error), 0);
	counted = count_history(store, "web");
	assert_int_equal(counted.count, STORE_EVENT_COUNT_MAX);
	/* Its creation is gone too. */
	assert_int_equal(counted.first_ns, EXTRA + 1);
	assert_int_equal(count_history(store, "other").count, 1);
	assert_true(other.id != web.id);
	store_close(store);
}

/* A change that fails half way, here by what the table forbids, leaves nothing of itself. */
static void a_change_that_fails_is_none(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = open_store(fixture);
	struct machine_record web = add(store, "web");
	struct machine_event event = {.kind = "EDIT"};
	struct vmm_error error = {.text = ""};
	struct machine_record is;

	execute(fixture, "CREATE TRIGGER no BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no');"
			 "END");
	web.epoch = 9;
	assert_int_equal(store_update(store, &web, &event, &error), -EIO);
	assert_int_equal(web.revision, 1);
	assert_non_null(strstr(error.text, STORE_FILE));
	assert_int_equal(store_get(store, "web", &is, &error), 0);
	assert_int_equal(is.epoch, 0);
	assert_int_equal(is.revision, 1);
	record_free(&is);
	execute(fixture, "DROP TRIGGER no");
	assert_int_equal(store_update(store, &web, &event, &error), 0);
	assert_int_equal(web.revision, 2);
	store_close(store);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_file_is_its_owners_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(each_commit_is_synced, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newer_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_foreign_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_left_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(many_may_open_a_new_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_history_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_that_fails_is_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
