/* SPDX-License-Identifier: BSD-3-Clause */
/* Every option does what the help says, and every bad one is named in one line. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <torpor/abi.h>

#include "check.h"

#include "cli/help.h"
#include "options_line.h"

#define NOBODY 65534

static void test_defaults(void **state)
{
	struct run_options options;

	(void)state;
	parse_ok("--kernel k", &options);
	assert_string_equal(options.machine.kernel, "k");
	assert_null(options.machine.initrd);
	assert_string_equal(options.machine.cmdline, "");
	assert_int_equal(options.machine.disk_count, 0);
	assert_int_equal(options.machine.vsock_cid, 0);
	assert_false(options.machine.balloon);
	assert_int_equal(options.machine.cpu_count, 1);
	assert_true(options.machine.memory_bytes == UINT64_C(512) << 20);
	assert_int_equal(options.machine.psci_version, TORPOR_PSCI_1_3);
	assert_true(options.machine.reboot);
	assert_false(options.machine.hugepages);
	for (unsigned i = 0; i < CPU_FEATURE_COUNT; i++) {
		assert_int_equal(options.machine.cpu_features.want[i], CPU_FEATURE_AUTO);
	}
	assert_null(options.events);
	assert_null(options.control);
	assert_null(options.pidfile);
	options_free(&options);
}

static void test_all(void **state)
{
	struct run_options options;

	(void)state;
	parse_ok("--kernel=k --initrd i --append a=b --disk d0 --disk=d1,ro --disk d,2 "
		 "--cpus 512 --cpu-features sve=off,pmu=on --hugepages "
		 "--memory 2G --machine torpor-1 --psci 0.2 --no-reboot --events - "
		 "--control c --pidfile=p --vsock 4294967294 --balloon",
		 &options);
	assert_string_equal(options.machine.kernel, "k");
	assert_string_equal(options.machine.initrd, "i");
	assert_string_equal(options.machine.cmdline, "a=b");
	assert_int_equal(options.machine.disk_count, 3);
	assert_string_equal(options.machine.disks[0].path, "d0");
	assert_false(options.machine.disks[0].read_only);
	assert_string_equal(options.machine.disks[1].path, "d1");
	assert_true(options.machine.disks[1].read_only);
	assert_string_equal(options.machine.disks[2].path, "d,2");
	assert_false(options.machine.disks[2].read_only);
	assert_true(options.machine.vsock_cid == UINT32_C(0xFFFFFFFE));
	assert_true(options.machine.balloon);
	assert_int_equal(options.machine.cpu_count, 512);
	assert_int_equal(options.machine.cpu_features.want[CPU_FEATURE_SVE], CPU_FEATURE_OFF);
	assert_int_equal(options.machine.cpu_features.want[CPU_FEATURE_PMU], CPU_FEATURE_ON);
	assert_int_equal(options.machine.cpu_features.want[CPU_FEATURE_PAUTH], CPU_FEATURE_AUTO);
	assert_true(options.machine.hugepages);
	assert_true(options.machine.memory_bytes == UINT64_C(2) << 30);
	assert_int_equal(options.machine.psci_version, TORPOR_PSCI_0_2);
	assert_false(options.machine.reboot);
	assert_string_equal(options.events, "-");
	assert_string_equal(options.control, "c");
	assert_string_equal(options.pidfile, "p");
	options_free(&options);
}

static void test_psci_versions(void **state)
{
	static const struct {
		const char *line;
		uint32_t version;
	} cases[] = {
		{"--kernel k --psci 0.1", TORPOR_PSCI_0_1},
		{"--kernel k --psci 0.2", TORPOR_PSCI_0_2},
		{"--kernel k --psci 1.0", TORPOR_PSCI_1_0},
		{"--kernel k --psci 1.1", TORPOR_PSCI_1_1},
		{"--kernel k --psci 1.2", TORPOR_PSCI_1_2},
		{"--kernel k --psci 1.3", TORPOR_PSCI_1_3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run_options options;

		parse_ok(cases[i].line, &options);
		assert_int_equal(options.machine.psci_version, cases[i].version);
		options_free(&options);
	}
}

static void test_memory_sizes(void **state)
{
	static const struct {
		const char *line;
		uint64_t bytes;
	} cases[] = {
		{"--kernel k --memory 2M", UINT64_C(2) << 20},
		{"--kernel k --memory 2048K", UINT64_C(2) << 20},
		{"--kernel k --memory 1g", UINT64_C(1) << 30},
		{"--kernel k --memory 256m", UINT64_C(256) << 20},
		{"--kernel k --memory 0064M", UINT64_C(64) << 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run_options options;

		parse_ok(cases[i].line, &options);
		assert_true(options.machine.memory_bytes == cases[i].bytes);
		options_free(&options);
	}
}

static void test_idle_and_ramoops(void **state)
{
	struct run_options options;

	(void)state;
	parse_ok("--kernel k", &options);
	assert_false(options.machine.idle_states);
	assert_int_equal(options.machine.cluster_count, 0);
	assert_int_equal(options.machine.ramoops_bytes, 0);
	options_free(&options);
	/* The order of options is the user's. */
	parse_ok("--clusters 4 --ramoops 64m --psci 1.0 --kernel k --idle-states --cpus 4",
		 &options);
	assert_true(options.machine.idle_states);
	assert_int_equal(options.machine.cluster_count, 4);
	assert_true(options.machine.ramoops_bytes == UINT64_C(64) << 20);
	options_free(&options);
	parse_ok("--kernel k --idle-states --psci 0.1 --ramoops 64K --memory 2M", &options);
	assert_true(options.machine.ramoops_bytes == UINT64_C(64) << 10);
	options_free(&options);
}

static void test_help_comes_first(void **state)
{
	static const char *const lines[] = {"-h", "--help", "--kernel k --help", "--cpus 2 -h"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct run_options options;
		struct vmm_error error;

		assert_int_equal(parse(lines[i], &options, &error), OPTIONS_HELP);
		options_free(&options);
	}
}

/* What is wrong, how the message names it, and what it says was expected. */
static const struct bad_line bad_lines[] = {
	{"", "--kernel", "--kernel FILE"},
	{"--cpus 2", "--kernel", "--kernel FILE"},
	{"--kernel", "--kernel", "--kernel FILE"},
	{"--kernel ~", "--kernel", "--kernel FILE"},
	{"--kernel k --initrd", "--initrd", "--initrd FILE"},
	{"--kernel k --append", "--append", "--append STRING"},
	{"--kernel k --disk", "--disk", "--disk FILE[,OPTION]..."},
	{"--kernel k --disk d,queues=0", "--disk 'd,queues=0'", "1 to 16"},
	{"--kernel k --disk d,queues=17", "'queues=17'", "1 to 16"},
	{"--kernel k --disk d,queues=2x", "'queues=2x'", "1 to 16"},
	{"--kernel k --disk d,queues=,ro", "'queues='", "1 to 16"},
	{"--kernel k --disk d,discard=yes", "'discard=yes'", "discard=on or discard=off"},
	{"--kernel k --disk d,aio=native", "'aio=native'", "aio=auto, aio=threads"},
	{"--kernel k --disk d,ro,ro", "'ro'", "once"},
	{"--kernel k --disk d,aio=auto,aio=auto", "'aio='", "once"},
	{"--kernel k --disk ,ro", "--disk ',ro'", "FILE"},
	{"--kernel k --kernel l", "--kernel", "once"},
	{"--kernel k --no-reboot --no-reboot", "--no-reboot", "once"},
	{"--kernel k --vsock", "--vsock", "--vsock CID"},
	{"--kernel k --vsock 2", "--vsock '2'", "3 to 4294967294"},
	{"--kernel k --vsock 4294967295", "--vsock '4294967295'", "3 to 4294967294"},
	{"--kernel k --vsock 3,x", "--vsock '3,x'", "3 to 4294967294"},
	{"--kernel k --balloon=1", "--balloon", "no value"},
	{"--kernel k --cpus", "--cpus", "--cpus N"},
	{"--kernel k --cpus 0", "--cpus '0'", "1 to 512"},
	{"--kernel k --cpus 513", "--cpus '513'", "1 to 512"},
	{"--kernel k --cpus -1", "--cpus '-1'", "1 to 512"},
	{"--kernel k --cpus +1", "--cpus '+1'", "1 to 512"},
	{"--kernel k --cpus 2x", "--cpus '2x'", "1 to 512"},
	{"--kernel k --cpus 0x2", "--cpus '0x2'", "1 to 512"},
	{"--kernel k --cpus 18446744073709551617", "--cpus '184", "1 to 512"},
	{"--kernel k --cpus ~", "--cpus", "--cpus N"},
	{"--kernel k --cpu-features sve", "--cpu-features 'sve'", "=on or =off"},
	{"--kernel k --cpu-features sve=", "--cpu-features 'sve='", "=on or =off"},
	{"--kernel k --cpu-features sve=auto", "'sve=auto'", "=on or =off"},
	{"--kernel k --cpu-features sve=offf", "'sve=offf'", "=on or =off"},
	{"--kernel k --cpu-features sme=off", "'sme=off'", "pmu, pauth or sve"},
	{"--kernel k --cpu-features sve=off,", "'sve=off,': ''", "pmu, pauth or sve"},
	{"--kernel k --cpu-features ,sve=off", "',sve=off': ''", "pmu, pauth or sve"},
	{"--kernel k --cpu-features sve=off,sve=on", "'sve=on'", "each once"},
	{"--kernel k --cpu-features -sve", "'-sve'", "=on or =off"},
	{"--kernel k --hugepages=2M", "--hugepages=2M", "no value"},
	{"--kernel k --memory 512", "--memory '512'", "K, M or G"},
	{"--kernel k --memory 512MB", "--memory '512MB'", "K, M or G"},
	{"--kernel k --memory 512T", "--memory '512T'", "K, M or G"},
	{"--kernel k --memory M", "--memory 'M'", "K, M or G"},
	{"--kernel k --memory -512M", "--memory '-512M'", "K, M or G"},
	{"--kernel k --memory 0M", "--memory '0M'", "multiple of 2M"},
	{"--kernel k --memory 3M", "--memory '3M'", "multiple of 2M"},
	{"--kernel k --memory 1K", "--memory '1K'", "multiple of 2M"},
	{"--kernel k --memory 17179869184G", "--memory '17179869184G'", "K, M or G"},
	{"--kernel k --memory 99999999999999999999M", "--memory '9999", "K, M or G"},
	{"--kernel k --machine virt", "--machine 'virt'", "torpor-1"},
	{"--kernel k --psci 1.4", "--psci '1.4'", "1.3"},
	{"--kernel k --psci 1", "--psci '1'", "1.3"},
	{"--kernel k --psci 1.03", "--psci '1.03'", "1.3"},
	{"--kernel k --psci", "--psci", "--psci X.Y"},
	{"--kernel k --no-reboot=yes", "--no-reboot=yes", "no value"},
	{"--kernel k --idle-states=yes", "--idle-states=yes", "no value"},
	{"--kernel k --idle-states --idle-states", "--idle-states", "once"},
	{"--kernel k --idle-states --clusters 0", "--clusters '0'", "1 to"},
	{"--kernel k --idle-states --clusters two", "--clusters 'two'", "1 to"},
	{"--kernel k --idle-states --clusters 1x", "--clusters '1x'", "1 to"},
	{"--kernel k --idle-states --clusters 18446744073709551617", "--clusters '1844", "1 to"},
	{"--kernel k --cpus 2 --clusters 2", "--clusters 2", "--idle-states"},
	{"--kernel k --cpus 2 --idle-states --clusters 3", "--clusters 3", "the 2 of --cpus"},
	{"--kernel k --idle-states --clusters 1 --psci 0.2", "--clusters 1", "--psci 1.0"},
	{"--kernel k --ramoops 1", "--ramoops '1'", "power of two"},
	{"--kernel k --ramoops 32K", "--ramoops '32K'", "64K to 64M"},
	{"--kernel k --ramoops 96K", "--ramoops '96K'", "power of two"},
	{"--kernel k --ramoops 128M", "--ramoops '128M'", "64K to 64M"},
	{"--kernel k --ramoops 0K", "--ramoops '0K'", "power of two"},
	{"--kernel k --ramoops 4M --memory 6M", "--ramoops", "half of the 6M of --memory"},
	{"--kernel k --help=yes", "--help=yes", "no value"},
	{"--kernel k --events", "--events", "--events FILE|-"},
	{"--kernel k --events ~", "--events", "--events FILE|-"},
	{"--kernel k --control", "--control", "--control SOCKET"},
	{"--kernel k --pidfile", "--pidfile", "--pidfile FILE"},
	{"--kernel k --frobnicate", "--frobnicate", "--help"},
	{"--kernel k --frobnicate=3", "--frobnicate=3", "--help"},
	{"--kernel k --mem 1G", "--mem", "--memory"},
	{"--kernel k --mem=1G", "--mem", "--memory"},
	{"--kernel k --m 1G", "--m", "--help"},
	{"--kernel k -x", "-x", "--help"},
	{"--kernel k -xyz", "-xyz", "--help"},
	{"-kernel k", "-kernel", "--kernel"},
	{"--kernel k -append foo", "-append", "--append"},
	{"--kernel k initrd.img", "initrd.img", "options only"},
	{"--kernel k -- more", "more", "options only"},
};

static void test_bad_lines_are_named(void **state)
{
	(void)state;
	check_bad_lines(bad_lines, sizeof(bad_lines) / sizeof(bad_lines[0]));
}

/* Options of a disk are taken from the end; a comma before any other word is the file name's. */
static void test_disk_options(void **state)
{
	static const struct {
		const char *value;
		struct machine_disk_config disk;
	} rows[] = {
		{"d", {"d", false, true, 0, DISK_AIO_AUTO}},
		{"d,ro,queues=4", {"d", true, true, 4, DISK_AIO_AUTO}},
		{"d,discard=off,aio=threads,ro", {"d", true, false, 0, DISK_AIO_THREADS}},
		{"d,discard=on,aio=io_uring", {"d", false, true, 0, DISK_AIO_IO_URING}},
		{"a,b,c,aio=auto", {"a,b,c", false, true, 0, DISK_AIO_AUTO}},
		{"ro,d", {"ro,d", false, true, 0, DISK_AIO_AUTO}},
		{"d,aio=threads,x,ro", {"d,aio=threads,x", true, true, 0, DISK_AIO_AUTO}},
		{"d,queues", {"d,queues", false, true, 0, DISK_AIO_AUTO}},
		{"d,read-only=on", {"d,read-only=on", false, true, 0, DISK_AIO_AUTO}},
		{"d,", {"d,", false, true, 0, DISK_AIO_AUTO}},
		{"d,queues=16", {"d", false, true, 16, DISK_AIO_AUTO}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_options options;
		const struct machine_disk_config *disk = &options.machine.disks[0];
		char line[128];

		(void)snprintf(line, sizeof(line), "--kernel k --disk %s", rows[i].value);
		parse_ok(line, &options);
		assert_string_equal(disk->path, rows[i].disk.path);
		assert_int_equal(disk->read_only, rows[i].disk.read_only);
		assert_int_equal(disk->discard, rows[i].disk.discard);
		assert_int_equal(disk->queue_count, rows[i].disk.queue_count);
		assert_int_equal(disk->aio, rows[i].disk.aio);
		options_free(&options);
	}
}

static void test_too_many_disks(void **state)
{
	char line[1024] = "--kernel k";
	struct run_options options;
	struct vmm_error error;

	(void)state;
	for (int i = 0; i <= MACHINE_DISK_COUNT_MAX; i++) {
		(void)strcat(line, " --disk d");
		assert_int_equal(parse(line, &options, &error),
				 i < MACHINE_DISK_COUNT_MAX ? OPTIONS_RUN : OPTIONS_BAD);
		options_free(&options);
	}
	assert_non_null(strstr(error.text, "--disk 'd'"));
	assert_non_null(strstr(error.text, "16"));
}

static void test_long_command_line(void **state)
{
	char line[4096] = "--kernel k --append ";
	size_t start = strlen(line);
	struct run_options options;
	struct vmm_error error;

	(void)state;
	memset(line + start, 'x', 2047);
	parse_ok(line, &options);
	options_free(&options);
	line[start + 2047] = 'x';
	assert_int_equal(parse(line, &options, &error), OPTIONS_BAD);
	assert_non_null(strstr(error.text, "--append"));
	assert_non_null(strstr(error.text, "2047"));
	options_free(&options);
}

/* Files, in a folder of their own that is the current one. */
static void make_file(const char *name, const void *bytes, size_t count, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), (ssize_t)count);
	assert_int_equal(close(fd), 0);
}

static int enter_folder(void **state)
{
	static char folder[] = "/tmp/test_options.XXXXXX";
	uint8_t image[64] = {0};

	memcpy(image + 56, "ARM\x64", 4);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	make_file("image", image, sizeof(image), 0644);
	make_file("gzip", "\x1f\x8b\x08", 3, 0600);
	make_file("text", "hello, world", 12, 0600);
	make_file("empty", "", 0, 0600);
	make_file("readonly", "data", 4, 0400);
	make_file("disk", "data", 4, 0600);
	assert_int_equal(link("disk", "link"), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	*state = folder;
	return 0;
}

static int leave_folder(void **state)
{
	static const char *const files[] = {"image",	"gzip", "text", "empty",
					    "readonly", "disk", "link", "fifo"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)unlink(files[i]);
	}
	(void)rmdir("folder");
	(void)chdir("/");
	(void)rmdir(*state);
	return 0;
}

static void test_good_files(void **state)
{
	static const char *const lines[] = {
		"--kernel image",
		"--kernel gzip --initrd text --disk disk --disk readonly,ro",
		"--kernel image --disk disk,ro --disk link,ro",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct run_options options;
		struct vmm_error error = {.text = ""};

		parse_ok(lines[i], &options);
		if (!options_check(&options, &error)) {
			fail_msg("'%s': %s", lines[i], error.text);
		}
		options_free(&options);
	}
}

static void test_bad_files_are_named(void **state)
{
	static const struct {
		const char *line;
		const char *names;
		const char *expects;
	} cases[] = {
		{"--kernel none", "--kernel 'none': No such file", "arm64 Linux Image"},
		{"--kernel folder", "--kernel 'folder': is a directory", "arm64 Linux Image"},
		{"--kernel fifo", "--kernel 'fifo'", "arm64 Linux Image"},
		{"--kernel empty", "--kernel 'empty': is empty", "arm64 Linux Image"},
		{"--kernel text", "--kernel 'text'", "arm64 Linux Image"},
		{"--kernel image --initrd none", "--initrd 'none': No such file", "RAM disk"},
		{"--kernel image --initrd folder", "--initrd 'folder': is a dir", "RAM disk"},
		{"--kernel image --initrd empty", "--initrd 'empty': is empty", "RAM disk"},
		{"--kernel image --disk none", "--disk 'none': No such file", "raw image"},
		{"--kernel image --disk none,ro", "--disk 'none': No such file", "raw image"},
		{"--kernel image --disk disk,rw", "--disk 'disk,rw': No such file", "FILE,ro"},
		{"--kernel image --disk folder", "--disk 'folder': is a directory", "raw image"},
		{"--kernel image --disk folder,ro", "--disk 'folder': is a dir", "raw image"},
		{"--kernel image --disk fifo", "--disk 'fifo'", "raw image"},
		{"--kernel image --disk empty", "--disk 'empty': is empty", "raw image"},
		{"--kernel image --disk disk --disk link", "--disk 'link'", "',ro' on both"},
		{"--kernel image --disk disk --disk link,ro", "--disk 'link'", "',ro' on both"},
		{"--kernel image --memory 1048576G", "--memory", "this host has"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run_options options;
		struct vmm_error error = {.text = ""};

		parse_ok(cases[i].line, &options);
		assert_false(options_check(&options, &error));
		if (strstr(error.text, cases[i].names) == NULL ||
		    strstr(error.text, cases[i].expects) == NULL) {
			fail_msg("'%s': %s", cases[i].line, error.text);
		}
		options_free(&options);
	}
}

static void test_unreadable_files(void **state)
{
	struct run_options options;
	struct vmm_error error = {.text = ""};

	(void)state;
	/* Modes do not bind root. */
	assert_true(geteuid() != 0 || seteuid(NOBODY) == 0);
	parse_ok("--kernel image --disk readonly", &options);
	assert_false(options_check(&options, &error));
	assert_true(getuid() != 0 || seteuid(0) == 0);
	assert_non_null(strstr(error.text, "--disk 'readonly': Permission denied"));
	assert_non_null(strstr(error.text, "FILE,ro"));
	options_free(&options);
}

/* The help must not forget an option, and must say what the default is. */
static void test_help_is_complete(void **state)
{
	static const char *const words[] = {
		"--kernel FILE",
		"--initrd FILE",
		"--append STRING",
		"--disk FILE[,OPTION]...",
		"--cpus N",
		"--cpu-features LIST",
		"--hugepages",
		"--memory SIZE",
		"--machine TYPE",
		"--psci X.Y",
		"--no-reboot",
		"--events FILE|-",
		"--control SOCKET",
		"--pidfile FILE",
		"-h, --help",
		"default 512M",
		"default 1.3",
		"Ctrl-A x",
		"STARTED",
		"CPU_ON, CPU_OFF",
		"SUSPEND",
		"WAKEUP",
		"SUSPEND_DISK",
		"SHUTDOWN",
		"RESET",
		"POWERDOWN",
		"X_TORPOR_GUEST_UNRESPONSIVE",
		"STOP, RESUME",
		"Ctrl-A p",
		"query-status",
		"system_powerdown",
		"system_wakeup",
		"x-torpor-hibernate",
		"x-torpor-refuse-suspend",
		"x-torpor-query-cpu",
		"\n   0  ",
		"\n   1  ",
		"\n   2  ",
		"\n  10  ",
		"\n  11  ",
		"\n  12  ",
		"\n  13  ",
		"Examples",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(help_run(), words[i]) == NULL) {
			fail_msg("no '%s'", words[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_psci_versions),
		cmocka_unit_test(test_memory_sizes),
		cmocka_unit_test(test_help_comes_first),
		cmocka_unit_test(test_idle_and_ramoops),
		cmocka_unit_test(test_bad_lines_are_named),
		cmocka_unit_test(test_disk_options),
		cmocka_unit_test(test_too_many_disks),
		cmocka_unit_test(test_long_command_line),
		cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_bad_files_are_named),
		cmocka_unit_test(test_unreadable_files),
		cmocka_unit_test(test_help_is_complete),
	};

	return cmocka_run_group_tests_name("options", tests, enter_folder, leave_folder);
}
