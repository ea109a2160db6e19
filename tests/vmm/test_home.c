/* SPDX-License-Identifier: BSD-3-Clause */
/* Where machines are kept, and who has one. */
#include "temp_file.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "host/home.h"
#include "host/machine_lock.h"
#include "leaks.h"

struct fixture {
	struct temp_dir dir;
	struct home home;
	struct leaks leaks;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct vmm_error error;

	fixture = (struct fixture){0};
	fixture.leaks = leaks_begin();
	temp_dir_make(&fixture.dir);
	assert_int_equal(setenv("TORPOR_HOME", temp_path(&fixture.dir, "a/b"), 1), 0);
	assert_int_equal(home_find(&fixture.home, &error), 0);
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

/* The place by the environment; NULL: the variable is not set, and for "path": an error. */
static void finds_the_place(void **state)
{
	static const struct {
		const char *torpor_home;
		const char *xdg;
		const char *home;
		const char *path;
		const char *error;
	} cases[] = {
		{"/x/y", "/xdg", "/home/u", "/x/y", NULL},
		{"/x/y//", NULL, NULL, "/x/y", NULL},
		{"/", NULL, NULL, "/", NULL},
		{"", "/xdg", "/home/u", "/xdg/torpor", NULL},
		{NULL, "/xdg", "/home/u", "/xdg/torpor", NULL},
		{NULL, "rel", "/home/u", "/home/u/.local/state/torpor", NULL},
		{NULL, NULL, "/home/u", "/home/u/.local/state/torpor", NULL},
		{NULL, NULL, NULL, NULL, "HOME is not set"},
		{NULL, NULL, "here", NULL, "HOME 'here': expected the absolute path"},
		{"here", NULL, "/home/u", NULL, "TORPOR_HOME 'here': expected the absolute path"},
	};
	uid_t is = geteuid();

	(void)state;
	/* Root has another place; a user can't become one to see that. */
	if (is == 0) {
		assert_int_equal(seteuid(65534), 0);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *values[] = {cases[i].torpor_home, cases[i].xdg, cases[i].home};
		static const char *const names[] = {"TORPOR_HOME", "XDG_STATE_HOME", "HOME"};
		struct vmm_error error = {.text = ""};
		struct home home;

		for (size_t j = 0; j < 3; j++) {
			(void)(values[j] != NULL ? setenv(names[j], values[j], 1)
						 : unsetenv(names[j]));
		}
		if (cases[i].path != NULL) {
			assert_int_equal(home_find(&home, &error), 0);
			assert_string_equal(home.path, cases[i].path);
		} else {
			assert_int_equal(home_find(&home, &error), -EINVAL);
			assert_true(error.bad_input);
			assert_memory_equal(error.text, cases[i].error, strlen(cases[i].error));
		}
	}
	if (is == 0) {
		struct vmm_error error;
		struct home home;

		assert_int_equal(seteuid(0), 0);
		(void)unsetenv("TORPOR_HOME");
		assert_int_equal(home_find(&home, &error), 0);
		assert_string_equal(home.path, "/var/lib/torpor");
	}
}

static mode_t mode_of(const char *path)
{
	struct stat file;

	assert_int_equal(stat(path, &file), 0);
	return file.st_mode & 07777;
}

static void folders_are_their_owners_alone(void **state)
{
	struct fixture *fixture = *state;
	char path[HOME_FILE_PATH_SIZE];
	struct vmm_error error;

	/* Twice: also of what is there. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(home_make(&fixture->home, &error), 0);
		assert_int_equal(home_make_machine(&fixture->home, "web", &error), 0);
	}
	home_machine_folder(&fixture->home, "web", path);
	assert_int_equal(mode_of(fixture->home.path), 0700);
	assert_int_equal(mode_of(path), 0700);
}

static void a_file_in_the_way_is_named(void **state)
{
	struct fixture *fixture = *state;
	struct vmm_error error;

	temp_write(&fixture->dir, "a", "", 0);
	assert_int_equal(home_make(&fixture->home, &error), -ENOTDIR);
	assert_non_null(strstr(error.text, "/a/b: cannot make the folder: Not a directory"));
	assert_non_null(strstr(error.text, "TORPOR_HOME"));
}

static void put_files(struct fixture *fixture)
{
	struct vmm_error error;

	assert_int_equal(home_make(&fixture->home, &error), 0);
	assert_int_equal(home_make_machine(&fixture->home, "web", &error), 0);
	for (int i = 0; i < HOME_FILE_COUNT; i++) {
		char path[HOME_FILE_PATH_SIZE];
		int fd;

		home_machine_file(&fixture->home, "web", (enum home_file)i, path);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
	}
}

static bool there_is(struct fixture *fixture, enum home_file file)
{
	char path[HOME_FILE_PATH_SIZE];

	home_machine_file(&fixture->home, "web", file, path);
	return access(path, F_OK) == 0;
}

/* What is left over goes, and nothing else. */
static void left_over_files_go(void **state)
{
	struct fixture *fixture = *state;
	char path[HOME_FILE_PATH_SIZE];
	struct vmm_error error;

	put_files(fixture);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(home_remove_sockets(&fixture->home, "web", &error), 0);
		assert_false(there_is(fixture, HOME_FILE_CONTROL));
		assert_false(there_is(fixture, HOME_FILE_CONSOLE));
		assert_true(there_is(fixture, HOME_FILE_VARIABLES));
	}
	assert_int_equal(home_clear_machine(&fixture->home, "web", &error), 0);
	assert_false(there_is(fixture, HOME_FILE_VARIABLES));
	assert_true(there_is(fixture, HOME_FILE_LOCK));
	put_files(fixture);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(home_remove_machine(&fixture->home, "web", &error), 0);
		home_machine_folder(&fixture->home, "web", path);
		assert_int_equal(access(path, F_OK), -1);
	}
}

static bool is_held(struct fixture *fixture)
{
	struct vmm_error error;
	bool held = false;

	assert_int_equal(machine_lock_held(&fixture->home, "web", &held, &error), 0);
	return held;
}

/* Only one has it at a time, in one process or in two. */
static void only_one_has_the_lock(void **state)
{
	struct fixture *fixture = *state;
	struct vmm_error error;
	int other = -1;
	int fd = -1;

	assert_false(is_held(fixture));
	put_files(fixture);
	assert_false(is_held(fixture));
	assert_int_equal(machine_lock_take(&fixture->home, "web", &fd, &error), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(is_held(fixture));
	assert_int_equal(machine_lock_take(&fixture->home, "web", &other, &error), -EBUSY);
	assert_non_null(strstr(error.text, "'web'"));
	machine_lock_give(fd);
	assert_false(is_held(fixture));
	assert_int_equal(machine_lock_take(&fixture->home, "web", &fd, &error), 0);
	machine_lock_give(fd);
	machine_lock_give(-1);
	assert_int_equal(machine_lock_take(&fixture->home, "none", &fd, &error), -ENOENT);
}

/* A process that is killed has nothing any more. */
static void the_lock_dies_with_its_process(void **state)
{
	struct fixture *fixture = *state;
	struct vmm_error error;
	int ready[2];
	char byte = 0;
	pid_t child;
	int fd = -1;

	put_files(fixture);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int ret = machine_lock_take(&fixture->home, "web", &fd, &error);

		_exit(ret != 0 || write(ready[1], "x", 1) != 1 || pause() != 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(is_held(fixture));
	assert_int_equal(machine_lock_take(&fixture->home, "web", &fd, &error), -EBUSY);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_false(is_held(fixture));
	assert_int_equal(machine_lock_take(&fixture->home, "web", &fd, &error), 0);
	machine_lock_give(fd);
	assert_int_equal(close(ready[0]) | close(ready[1]), 0);
}

/* Who opened the lock of a machine that is removed does not take that for the next one's. */
static void a_removed_lock_locks_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct vmm_error error;
	int first = -1;
	int second = -1;

	put_files(fixture);
	assert_int_equal(machine_lock_take(&fixture->home, "web", &first, &error), 0);
	assert_int_equal(home_remove_machine(&fixture->home, "web", &error), 0);
	assert_false(is_held(fixture));
	assert_int_equal(home_make_machine(&fixture->home, "web", &error), 0);
	assert_int_equal(machine_lock_take(&fixture->home, "web", &second, &error), 0);
	machine_lock_give(first);
	assert_true(is_held(fixture));
	machine_lock_give(second);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_the_place, setup, teardown),
		cmocka_unit_test_setup_teardown(folders_are_their_owners_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_in_the_way_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(left_over_files_go, setup, teardown),
		cmocka_unit_test_setup_teardown(only_one_has_the_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(the_lock_dies_with_its_process, setup, teardown),
		cmocka_unit_test_setup_teardown(a_removed_lock_locks_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
