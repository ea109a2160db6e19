/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include "machine/internal.h"
#include "platform/layout.h"

void machine_poke(void *ctx)
{
	struct machine *machine = ctx;
	const uint64_t one = 1;

	/* Only a counter at its limit refuses, and then the descriptor is readable anyway. */
	(void)!write(machine->event_fd, &one, sizeof(one));
}

static const char *device_name(void *ctx, uint32_t intid)
{
	struct machine *machine = ctx;

	return board_device_name(&machine->board, intid);
}

static enum power_key device_key(void *ctx, uint32_t intid)
{
	struct machine *machine = ctx;

	return board_device_key(&machine->board, intid);
}

static void console_tx(void *ctx, const uint8_t *bytes, size_t count)
{
	struct machine *machine = ctx;

	machine->host.console_tx(machine->host.ctx, bytes, count);
}

static size_t console_take(void *ctx, const uint8_t *bytes, size_t count, bool last)
{
	struct machine *machine = ctx;

	return machine->host.console_take(machine->host.ctx, bytes, count, last);
}

static int first_write(void *ctx)
{
	const struct machine *machine = ctx;

	return machine->host.first_write(machine->host.ctx);
}

static void balloon_changed(void *ctx, uint64_t size_bytes)
{
	struct machine *machine = ctx;
	const struct power_event event = {
		.kind = POWER_EVENT_BALLOON_CHANGE,
		.cpu = -1,
		.balloon_bytes = size_bytes,
	};

	power_emit(machine->power, &event);
}

void machine_log(void *ctx, const char *line)
{
	struct machine *machine = ctx;

	machine->host.log(machine->host.ctx, line);
}

static int no_fds(int err, struct vmm_error *error)
{
	vmm_error_set(error, "no file descriptors for the machine: %s; raise ulimit -n",
		      strerror(err));
	return -err;
}

/* @device is NULL for the machine's own descriptor. */
static int watch(struct machine *machine, int fd, struct device *device, struct vmm_error *error)
{
	struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = device}};

	return epoll_ctl(machine->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0
									   : no_fds(errno, error);
}

/* Each vCPU is a descriptor, and each device a few. What is not enough is seen where it lacks. */
static void allow_fds(uint32_t cpu_count)
{
	const rlim_t enough = cpu_count + 256;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < enough) {
		limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_fds(struct machine *machine, struct vmm_error *error)
{
	machine->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	machine->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (machine->poll_fd < 0 || machine->event_fd < 0) {
		return no_fds(errno, error);
	}
	return watch(machine, machine->event_fd, NULL, error);
}

static int open_requests(struct machine *machine, struct vmm_error *error)
{
	int ret = machine_open_requests(machine, error);

	return ret != 0 ? ret
			: watch(machine, machine->requests_watch.fd, &machine->requests_watch,
				error);
}

static int make_devices(struct machine *machine, struct vmm_error *error)
{
	bool look_only = machine->config.describe_only;
	const struct board_config config = {
		.ram = machine->ram,
		.look_only = look_only,
		.disks = machine->config.disks,
		.disk_count = machine->config.disk_count,
		.first_write = machine->host.first_write != NULL ? first_write : NULL,
		.firmware = machine->config.firmware,
		.variables = look_only ? NULL : machine->config.variables,
		.variables_template = look_only ? NULL : machine->config.variables_template,
		.console = machine->config.console,
		.watchdog = machine->config.watchdog != MACHINE_WATCHDOG_NONE,
		.bitten = machine_bitten,
		.guest_event = machine_guest_event,
		.vsock_cid = machine->config.vsock_cid,
		.balloon = machine->config.balloon,
		.balloon_changed = balloon_changed,
		.nets = machine->config.nets,
		.net_count = machine->config.net_count,
		.acpi = machine->config.firmware_tables == MACHINE_TABLES_ACPI,
		.console_tx = console_tx,
		.console_take = console_take,
		.console_room = machine_poke,
		.log = machine_log,
		.ctx = machine,
	};
	int ret;

	machine->has_board = true;
	ret = board_init(&machine->board, &config, error);
	for (size_t i = 0; ret == 0 && i < machine->board.device_count; i++) {
		struct device *device = &machine->board.devices[i];

		if (device->fd != DEVICE_NO_FD) {
			ret = watch(machine, device->fd, device, error);
		}
	}
	return ret;
}

static int make_power(struct machine *machine, struct vmm_error *error)
{
	const struct power_config config = {
		.cpu_count = machine->config.cpu_count,
		.mpidrs = machine->mpidrs,
		.psci_version = machine->config.psci_version,
		.idle_states = machine->config.idle_states,
		.cluster_count = machine->config.cluster_count,
		.ram = machine->ram,
		.has_firmware = machine->config.firmware != NULL,
		.spi_count = LAYOUT_GIC_INTID_COUNT - LAYOUT_SPI_BASE,
		.events = {.emit = machine_emit, .ctx = machine},
		.ended = machine_poke,
		.device_name = device_name,
		.device_key = device_key,
		.ctx = machine,
	};

	return power_create(&machine->power, &config, error);
}

static int open_files(struct machine *machine, struct vmm_error *error)
{
	const struct boot_config config = {
		.kernel = machine->config.kernel,
		.initrd = machine->config.initrd,
	};
	int ret;

	if (machine->config.describe_only) {
		return 0;
	}
	ret = boot_open(&machine->boot, &config, error);
	machine->has_boot = ret == 0;
	return ret;
}

static int map_ram(struct machine *machine, struct vmm_error *error)
{
	int ret;

	if (machine->config.hugepages && !machine->config.describe_only) {
		return guest_ram_map_huge(&machine->ram, machine->config.memory_bytes, error);
	}
	ret = guest_ram_map(&machine->ram, machine->config.memory_bytes);
	if (ret != 0) {
		vmm_error_set(error,
			      "memory: this host does not give %llu bytes (%s); "
			      "use a smaller --memory",
			      (unsigned long long)machine->config.memory_bytes, strerror(-ret));
	}
	/* It decides what a balloon offers. */
	machine->ram.reserved = machine->config.hugepages;
	return ret;
}

static int build(struct machine *machine, struct vmm_error *error)
{
	int ret = open_fds(machine, error);

	if (ret == 0) {
		ret = open_requests(machine, error);
	}
	if (ret == 0) {
		ret = open_files(machine, error);
	}
	if (ret == 0) {
		ret = map_ram(machine, error);
	}
	if (ret == 0) {
		ret = make_devices(machine, error);
	}
	if (ret == 0) {
		ret = machine_make_vm(machine, error);
	}
	if (ret == 0) {
		ret = make_power(machine, error);
	}
	if (ret == 0 && !machine->config.describe_only) {
		ret = machine_load(machine, error);
		/* A kernel that is none, or too large for the memory that was asked for. */
		error->bad_input = ret != 0 && ret != -ENOMEM && ret != -EIO;
	}
	return ret;
}

struct machine *machine_create(const struct machine_config *config, const struct machine_host *host,
			       struct vmm_error *error)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (machine == NULL) {
		vmm_error_set(error, "no memory for a machine");
		return NULL;
	}
	machine->config = *config;
	machine->host = *host;
	machine->poll_fd = machine->event_fd = -1;
	machine->end = MACHINE_RUNNING;
	allow_fds(config->cpu_count);
	if (build(machine, error) != 0) {
		machine_destroy(machine);
		return NULL;
	}
	return machine;
}

void machine_set_hardware_signature(struct machine *machine, uint32_t signature)
{
	const uint32_t le = htole32(signature);
	void *to =
		guest_ram_at(&machine->ram, machine->facs_ipa + ACPI_FACS_SIGNATURE_AT, sizeof(le));

	machine->hardware_signature = signature;
	if (machine->facs_ipa != 0 && to != NULL) {
		memcpy(to, &le, sizeof(le));
	}
}

int machine_start(struct machine *machine, struct vmm_error *error)
{
	int ret;

	if (machine->config.describe_only) {
		vmm_error_set(error, "a machine that was made to be described can't be started");
		return -EINVAL;
	}
	ret = power_boot(machine->power, machine->vm, &machine->board.bus, &machine->entry, error);
	machine->started = ret == 0;
	if (machine->started && machine->host_end != POWER_REASON_NONE) {
		(void)power_end_by_host(machine->power, machine->host_end);
	}
	return ret;
}

int machine_fd(const struct machine *machine)
{
	return machine->poll_fd;
}

static enum machine_end fail(struct machine *machine, const struct vmm_error *error)
{
	machine_log(machine, error->text);
	machine_tell(machine, (struct power_event){.kind = POWER_EVENT_SHUTDOWN,
						   .reason = POWER_REASON_HOST_ERROR});
	machine->end = MACHINE_END_FAILED;
	return machine->end;
}

static void tell_ending(const struct machine *machine, const struct power_event *event)
{
	if (machine->host.ending != NULL) {
		machine->host.ending(machine->host.ctx, event);
	}
}

static int commit(const struct machine *machine, const struct power_event *event,
		  struct vmm_error *error)
{
	return machine->host.commit == NULL ? 0
					    : machine->host.commit(machine->host.ctx, event, error);
}

/* The machine is over: all that the guest wrote is made safe first, and the event says so. */
static enum machine_end finish(struct machine *machine, const struct power_event *event,
			       enum machine_end how)
{
	struct vmm_error error;

	tell_ending(machine, event);
	board_connect(&machine->board, NULL);
	if (board_settle(&machine->board, &error) != 0 || commit(machine, event, &error) != 0) {
		return fail(machine, &error);
	}
	power_emit(machine->power, event);
	machine->end = how;
	return how;
}

static enum machine_end restart(struct machine *machine, const struct power_end *end)
{
	struct power_event event = end->event;
	struct vmm_error error;

	event.kind = POWER_EVENT_RESET;
	if (!machine->config.reboot) {
		event.last = true;
		return finish(machine, &event, MACHINE_END_RESET);
	}
	tell_ending(machine, &event);
	power_emit(machine->power, &event);
	if (machine_restart(machine, end->warm, &error) != 0) {
		return fail(machine, &error);
	}
	return MACHINE_RUNNING;
}

static enum machine_end end_by_host(struct machine *machine)
{
	const struct power_event event = {
		.kind = POWER_EVENT_SHUTDOWN,
		.reason = machine->host_end,
		.cpu = -1,
	};

	return finish(machine, &event, MACHINE_END_HOST);
}

static enum machine_end ended(struct machine *machine, const struct power_end *end)
{
	struct power_event event = end->event;

	power_stop(machine->power);
	event.kind = POWER_EVENT_SHUTDOWN;
	switch (end->kind) {
	case POWER_END_NONE:
		break;
	case POWER_END_OFF:
		return finish(machine, &event, MACHINE_END_OFF);
	case POWER_END_HIBERNATED:
		event.kind = POWER_EVENT_SUSPEND_DISK;
		return finish(machine, &event, MACHINE_END_HIBERNATED);
	case POWER_END_RESET:
		/* A host that wanted the end while the guest asked for a reset gets it. */
		return machine->host_end == POWER_REASON_NONE ? restart(machine, end)
							      : end_by_host(machine);
	case POWER_END_CRASHED:
		machine_log(machine, end->detail);
		return finish(machine, &event, MACHINE_END_CRASHED);
	case POWER_END_HOST:
		return end_by_host(machine);
	}
	return MACHINE_RUNNING;
}

/* What is not among the first events is still there at the next dispatch. */
static void dispatch_devices(struct machine *machine)
{
	struct epoll_event events[16];
	int count = epoll_wait(machine->poll_fd, events, sizeof(events) / sizeof(events[0]), 0);

	for (int i = 0; i < count; i++) {
		const struct device *device = events[i].data.ptr;

		if (device != NULL) {
			device->ops->dispatch(device->dev);
		}
	}
}

enum machine_end machine_dispatch(struct machine *machine)
{
	struct power_end end;
	uint64_t count;

	if (machine->end != MACHINE_RUNNING || !machine->started) {
		return machine->end;
	}
	(void)!read(machine->event_fd, &count, sizeof(count));
	machine_press_again(machine);
	dispatch_devices(machine);
	power_end(machine->power, &end);
	return end.kind == POWER_END_NONE ? MACHINE_RUNNING : ended(machine, &end);
}

void machine_end_by_host(struct machine *machine, enum power_reason reason)
{
	if (machine->host_end != POWER_REASON_NONE) {
		return;
	}
	machine->host_end = reason;
	if (machine->started) {
		(void)power_end_by_host(machine->power, reason);
	}
}

enum machine_status machine_status(const struct machine *machine)
{
	if (!machine->started) {
		return MACHINE_STATUS_PRELAUNCH;
	}
	if (machine->end == MACHINE_END_FAILED || machine->end == MACHINE_END_CRASHED) {
		return MACHINE_STATUS_INTERNAL_ERROR;
	}
	if (machine->end != MACHINE_RUNNING) {
		return MACHINE_STATUS_SHUTDOWN;
	}
	switch (power_mode(machine->power)) {
	case TORPOR_MODE_SUSPENDED:
		return power_paused(machine->power) ? MACHINE_STATUS_PAUSED
						    : MACHINE_STATUS_SUSPENDED;
	case TORPOR_MODE_OFF:
	case TORPOR_MODE_HIBERNATED:
		return MACHINE_STATUS_SHUTDOWN;
	case TORPOR_MODE_RUNNING:
	case TORPOR_MODE_WAKING:
	case TORPOR_MODE_RESETTING:
		break;
	}
	return power_paused(machine->power) ? MACHINE_STATUS_PAUSED : MACHINE_STATUS_RUNNING;
}

bool machine_query_state(const struct machine *machine, uint32_t cpu, uint32_t state,
			 struct power_state_info *info)
{
	return power_query_state(machine->power, cpu, state, info);
}

size_t machine_console_input(struct machine *machine, const uint8_t *bytes, size_t count)
{
	return board_console_input(&machine->board, bytes, count);
}

void machine_console_writable(struct machine *machine)
{
	board_console_writable(&machine->board);
}

static void close_fd(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

void machine_destroy(struct machine *machine)
{
	if (machine == NULL) {
		return;
	}
	if (machine->power != NULL) {
		power_stop(machine->power);
	}
	/* The devices' threads end before the VM that they interrupt. */
	if (machine->has_board) {
		board_destroy(&machine->board);
	}
	machine_drop_vm(machine);
	power_destroy(machine->power);
	if (machine->has_boot) {
		boot_close(&machine->boot);
	}
	if (machine->ram.host != NULL) {
		guest_ram_unmap(&machine->ram);
	}
	if (machine->has_requests) {
		requests_destroy(&machine->requests);
	}
	close_fd(machine->event_fd);
	close_fd(machine->poll_fd);
	free(machine);
}
