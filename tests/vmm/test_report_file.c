/* SPDX-License-Identifier: BSD-3-Clause */
/* A report is written whole or not at all, and never in the place of something that is no file. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "leaks.h"
#include "report/whole_file.h"
#include "temp_file.h"

static struct temp_dir dir;

static int make_dir(void **state)
{
	(void)state;
	temp_dir_make(&dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	temp_dir_remove(&dir);
	return 0;
}

static void expect_text(const char *name, const char *text)
{
	char got[64] = "";
	int fd = open(temp_path(&dir, name), O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_int_equal(close(fd), 0);
	assert_string_equal(got, text);
}

static void expect_files(const char *names)
{
	char command[160];

	(void)snprintf(command, sizeof(command), "[ \"$(ls %s | tr '\\n' ' ')\" = '%s' ]", dir.path,
		       names);
	assert_int_equal(system(command), 0);
}

static void begin(struct whole_file *file, const char *name)
{
	struct vmm_error error;

	assert_int_equal(whole_file_open(file, temp_path(&dir, name), &error), 0);
	assert_true(fputs("new", file->stream) >= 0);
}

/* What was there stays until the new is complete, and keeps its mode. */
static void test_replace(void **state)
{
	struct leaks leaks = leaks_begin();
	struct whole_file file;
	struct vmm_error error;
	struct stat st;

	(void)state;
	temp_write(&dir, "page", "old", 3);
	assert_int_equal(chmod(temp_path(&dir, "page"), 0640), 0);
	begin(&file, "page");
	assert_int_equal(fflush(file.stream), 0);
	expect_text("page", "old");
	assert_int_equal(whole_file_commit(&file, &error), 0);
	expect_text("page", "new");
	assert_int_equal(stat(temp_path(&dir, "page"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	expect_files("page ");
	assert_no_leaks(&leaks);
}

/* A new file is as the umask says. */
static void test_new(void **state)
{
	mode_t mask = umask(027);
	struct whole_file file;
	struct vmm_error error;
	struct stat st;

	(void)state;
	begin(&file, "new");
	assert_int_equal(whole_file_commit(&file, &error), 0);
	(void)umask(mask);
	assert_int_equal(stat(temp_path(&dir, "new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	expect_files("new page ");
}

static void test_drop(void **state)
{
	struct leaks leaks = leaks_begin();
	struct whole_file file;

	(void)state;
	temp_write(&dir, "page", "old", 3);
	begin(&file, "page");
	whole_file_drop(&file);
	expect_text("page", "old");
	expect_files("new page ");
	assert_no_leaks(&leaks);
}

/* A disk that is full leaves what was there, and nothing else. */
static void test_no_room(void **state)
{
	struct rlimit limit;
	struct rlimit small;
	struct whole_file file;
	struct vmm_error error;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){.rlim_cur = 2, .rlim_max = limit.rlim_max};
	begin(&file, "page");
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(whole_file_commit(&file, &error), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(error.text, "File too large"));
	expect_text("page", "old");
	expect_files("new page ");
}

/* A link leads to what is replaced; it stays a link. */
static void test_link(void **state)
{
	struct whole_file file;
	struct vmm_error error;
	struct stat st;

	(void)state;
	assert_int_equal(symlink("page", temp_path(&dir, "link")), 0);
	begin(&file, "link");
	assert_int_equal(whole_file_commit(&file, &error), 0);
	assert_int_equal(lstat(temp_path(&dir, "link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_text("page", "new");
	assert_int_equal(unlink(temp_path(&dir, "link")), 0);
}

/* A pipe or a device is written to as it is. */
static void test_device(void **state)
{
	struct whole_file file;
	struct vmm_error error;
	struct stat st;

	(void)state;
	assert_int_equal(whole_file_open(&file, "/dev/null", &error), 0);
	assert_true(fputs("new", file.stream) >= 0);
	assert_int_equal(whole_file_commit(&file, &error), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(whole_file_open(&file, "/dev/full", &error), 0);
	assert_true(fputs("new", file.stream) >= 0);
	assert_int_equal(whole_file_commit(&file, &error), -ENOSPC);
}

static void test_refused(void **state)
{
	struct leaks leaks = leaks_begin();
	struct whole_file file;
	struct vmm_error error;

	(void)state;
	assert_int_equal(whole_file_open(&file, "/nonexistent/page", &error), -ENOENT);
	assert_string_equal(error.text, "/nonexistent/page: No such file or directory: expected a "
					"file that can be written");
	assert_int_equal(whole_file_open(&file, dir.path, &error), -EISDIR);
	assert_no_leaks(&leaks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace), cmocka_unit_test(test_new),
		cmocka_unit_test(test_drop),	cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_link),	cmocka_unit_test(test_device),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
