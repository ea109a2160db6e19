/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine that is made to be described only: the same text as from one that is made to run, and
 * nothing of the host's is taken for it, not even what another machine has.
 */
#include "machine_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fake_vhost.h"
#include "machine/description.h"

#define CID 77

struct everything {
	char disk[128];
	char console[128];
	char port[128];
	char net[128];
	int listener;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* A machine with one of each. */
static void want_everything(struct machine_rig *rig, struct everything *all)
{
	temp_zeros(&rig->dir, "second", MACHINE_DISK_BYTES);
	(void)snprintf(all->disk, sizeof(all->disk), "%s", temp_path(&rig->dir, "second"));
	(void)snprintf(all->console, sizeof(all->console), "%s", temp_path(&rig->dir, "console"));
	(void)snprintf(all->port, sizeof(all->port), "%s", temp_path(&rig->dir, "port"));
	(void)snprintf(all->net, sizeof(all->net), "%s", temp_path(&rig->dir, "net"));
	all->listener = listen_at(all->net);
	rig->config.disks[0].discard = true;
	rig->config.disks[0].queue_count = 4;
	rig->config.disks[1] = (struct machine_disk_config){.path = all->disk, .read_only = true};
	rig->config.disk_count = 2;
	rig->config.console = (struct machine_console_config){
		.path = all->console, .ports = {{"agent", all->port}}, .port_count = 1};
	rig->config.nets[0] = (struct machine_net_config){.kind = MACHINE_NET_STREAM,
							  .target = all->net,
							  .mac = {2, 1, 2, 3, 4, 5},
							  .mtu = 1500};
	rig->config.net_count = 1;
	rig->config.vsock_cid = CID;
	rig->config.balloon = true;
	rig->config.watchdog = MACHINE_WATCHDOG_RESET;
	rig->config.idle_states = true;
	rig->config.cluster_count = 2;
	rig->config.ramoops_bytes = 65536;
}

static char *describe(struct machine *machine)
{
	struct vmm_error error = {.text = ""};
	char *text = NULL;

	if (machine_describe(machine, &text, &error) != 0) {
		fail_msg("no description: %s", error.text);
	}
	return text;
}

/* While the other one has its disks locked, its CID and its sockets. */
static void says_what_the_machine_itself_says(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};
	struct everything all;
	struct machine *described;
	char *live;
	char *only;

	want_everything(rig, &all);
	machine_rig_up(rig);
	live = describe(rig->machine);
	rig->config.describe_only = true;
	rig->config.kernel = "/no/such/kernel";
	described = machine_rig_try(rig, &error);
	if (described == NULL) {
		fail_msg("not made: %s", error.text);
	}
	only = describe(described);
	assert_string_equal(live, only);
	assert_true(machine_start(described, &error) == -EINVAL);
	machine_destroy(described);
	free(only);
	free(live);
	(void)close(all.listener);
}

/* Even where the host has none of it. */
static void takes_nothing_of_the_host(void **state)
{
	struct machine_rig *rig = *state;
	struct everything all;
	struct stat info;
	char *text;

	want_everything(rig, &all);
	(void)close(all.listener);
	(void)unlink(all.net);
	assert_int_equal(chmod(rig->disk, 0400), 0);
	fake_vhost.open_errno = ENOENT;
	rig->config.hugepages = true;
	rig->config.describe_only = true;
	machine_rig_up(rig);
	text = describe(rig->machine);
	assert_non_null(strstr(text, "\nvsock.cid 77\n"));
	assert_int_equal(fake_vhost.calls, 0);
	assert_int_equal(stat(all.console, &info), -1);
	assert_int_equal(stat(all.port, &info), -1);
	free(text);
}

/* What a guest would be offered on a tap is known without one. */
static void a_tap_need_not_be_there(void **state)
{
	struct machine_rig *rig = *state;
	char *text;

	rig->config.nets[0] = (struct machine_net_config){
		.kind = MACHINE_NET_TAP, .target = "none-such0", .mac = {2, 1, 2, 3, 4, 5}};
	rig->config.net_count = 1;
	rig->config.describe_only = true;
	machine_rig_up(rig);
	text = describe(rig->machine);
	assert_non_null(strstr(text, "\nnet0.features 0x13001bba3\n"));
	free(text);
}

/* A disk that is not there is none that a machine could have. */
static void a_missing_disk_is_told(void **state)
{
	struct machine_rig *rig = *state;
	struct vmm_error error = {.text = ""};

	assert_int_equal(unlink(rig->disk), 0);
	rig->config.describe_only = true;
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "does not exist"));
	temp_zeros(&rig->dir, "disk", 0);
	assert_null(machine_rig_try(rig, &error));
	assert_non_null(strstr(error.text, "is empty"));
	assert_true(error.bad_input);
}

static void no_failure_leaks(void **state)
{
	struct machine_rig *rig = *state;
	struct everything all;

	want_everything(rig, &all);
	rig->config.describe_only = true;
	for (unsigned nth = 1;; nth++) {
		struct vmm_error error = {.text = ""};
		struct machine *machine;

		faults_arm(nth);
		machine = machine_rig_try(rig, &error);
		machine_destroy(machine);
		if (!faults_disarm()) {
			assert_non_null(machine);
			break;
		}
		assert_true(machine != NULL || error.text[0] != '\0');
	}
	(void)close(all.listener);
}

static int setup(void **state)
{
	fake_vhost_reset();
	return machine_rig_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, machine_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_what_the_machine_itself_says),
		TEST(takes_nothing_of_the_host),
		TEST(a_tap_need_not_be_there),
		TEST(a_missing_disk_is_told),
		TEST(no_failure_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
