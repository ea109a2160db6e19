/* SPDX-License-Identifier: BSD-3-Clause */
#define ZLIB_CONST
#include "machine_rig.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel_file.h"

#define WAIT_MS 20000
#define STEP_MS 20

static void on_console(void *ctx, const uint8_t *bytes, size_t count)
{
	struct machine_rig *rig = ctx;

	pthread_mutex_lock(&rig->lock);
	(void)strncat(rig->console, (const char *)bytes,
		      count < sizeof(rig->console) - strlen(rig->console)
			      ? count
			      : sizeof(rig->console) - strlen(rig->console) - 1);
	pthread_mutex_unlock(&rig->lock);
}

static void on_log(void *ctx, const char *line)
{
	struct machine_rig *rig = ctx;
	size_t used;

	pthread_mutex_lock(&rig->lock);
	used = strlen(rig->log);
	(void)snprintf(rig->log + used, sizeof(rig->log) - used, "%s\n", line);
	pthread_mutex_unlock(&rig->lock);
}

static struct machine_host host_of(struct machine_rig *rig)
{
	return (struct machine_host){
		.events = event_log_sink(&rig->events),
		.console_tx = on_console,
		.log = on_log,
		.ending = rig->ending,
		.commit = rig->commit,
		.first_write = rig->first_write,
		.ctx = rig,
	};
}

struct machine *machine_rig_try(struct machine_rig *rig, struct vmm_error *error)
{
	const struct machine_host host = host_of(rig);

	return machine_create(&rig->config, &host, error);
}

void machine_rig_up(struct machine_rig *rig)
{
	struct vmm_error error = {.text = ""};

	rig->machine = machine_rig_try(rig, &error);
	if (rig->machine == NULL) {
		fail_msg("no machine: %s", error.text);
	}
}

void machine_rig_start(struct machine_rig *rig, const struct fake_op *ops)
{
	struct vmm_error error = {.text = ""};

	fake_kvm_ops(BOOT, ops);
	machine_rig_up(rig);
	if (machine_start(rig->machine, &error) != 0) {
		fail_msg("no start: %s", error.text);
	}
}

enum machine_end machine_rig_run(struct machine_rig *rig, size_t events)
{
	struct pollfd ready = {.fd = machine_fd(rig->machine), .events = POLLIN};
	enum machine_end end = MACHINE_RUNNING;

	for (int ms = 0; end == MACHINE_RUNNING && ms < WAIT_MS; ms += STEP_MS) {
		if (event_log_count(&rig->events) >= events) {
			break;
		}
		if (poll(&ready, 1, STEP_MS) > 0) {
			end = machine_dispatch(rig->machine);
		}
	}
	return end;
}

void assert_ends(struct machine_rig *rig, enum machine_end end)
{
	assert_int_equal(machine_rig_run(rig, SIZE_MAX), end);
	/* And that is that. */
	assert_int_equal(machine_dispatch(rig->machine), end);
}

bool machine_rig_logged(struct machine_rig *rig, const char *part)
{
	bool found;

	pthread_mutex_lock(&rig->lock);
	found = strstr(rig->log, part) != NULL;
	pthread_mutex_unlock(&rig->lock);
	return found;
}

void machine_rig_console(struct machine_rig *rig, char text[256])
{
	pthread_mutex_lock(&rig->lock);
	memcpy(text, rig->console, sizeof(rig->console));
	pthread_mutex_unlock(&rig->lock);
}

uint64_t machine_rig_disk_word(const struct machine_rig *rig)
{
	uint64_t word = 0;
	int fd = open(rig->disk, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &word, sizeof(word)), sizeof(word));
	(void)close(fd);
	return word;
}

static void make_files(struct machine_rig *rig)
{
	static uint8_t kernel[KERNEL_FILE_BYTES];

	temp_dir_make(&rig->dir);
	kernel_file_make(kernel, 0, MACHINE_KERNEL_BYTES, 0);
	temp_write(&rig->dir, "Image", kernel, sizeof(kernel));
	temp_zeros(&rig->dir, "disk", MACHINE_DISK_BYTES);
	(void)snprintf(rig->kernel, sizeof(rig->kernel), "%s", temp_path(&rig->dir, "Image"));
	(void)snprintf(rig->disk, sizeof(rig->disk), "%s", temp_path(&rig->dir, "disk"));
}

int machine_rig_setup(void **state)
{
	struct machine_rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	*state = rig;
	make_files(rig);
	rig->config = (struct machine_config){
		.kernel = rig->kernel,
		.cmdline = "",
		.disks = {{.path = rig->disk, .aio = DISK_AIO_THREADS}},
		.disk_count = 1,
		.cpu_count = 2,
		.memory_bytes = MACHINE_RAM_BYTES,
		.psci_version = V13,
		.reboot = true,
	};
	event_log_init(&rig->events);
	(void)pthread_mutex_init(&rig->lock, NULL);
	fake_kvm_up();
	faults_reset();
	rig->leaks = leaks_begin();
	return 0;
}

int machine_rig_teardown(void **state)
{
	struct machine_rig *rig = *state;
	struct temp_dir dir;
	struct leaks leaks;

	if (rig == NULL) {
		return 0;
	}
	*state = NULL;
	leaks = rig->leaks;
	dir = rig->dir;
	faults_hold_writes(false);
	machine_destroy(rig->machine);
	event_log_free(&rig->events);
	(void)pthread_mutex_destroy(&rig->lock);
	free(rig);
	temp_dir_remove(&dir);
	fake_kvm_down();
	assert_no_leaks(&leaks);
	assert_int_equal(faults_mapped(), 0);
	return 0;
}

void machine_rig_again(void **state)
{
	(void)machine_rig_teardown(state);
	(void)machine_rig_setup(state);
}
