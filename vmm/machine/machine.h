/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: a machine as its user sees it
 *
 * One object from start to end; resets happen inside it. Its user has a main loop: it waits until
 * machine_fd() is readable and calls machine_dispatch(), which does the slow things (reset, end).
 * All functions are for that main thread, except where said.
 */
#ifndef VMM_MACHINE_MACHINE_H
#define VMM_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "devices/disk_file.h"
#include "power/cpu_info.h"
#include "platform/cpu_features.h"
#include "platform/machine_type.h"
#include "power/event.h"
#include "power/state_info.h"
#include "error.h"

#define MACHINE_CPU_COUNT_MAX 512
#define MACHINE_DISK_COUNT_MAX 16
#define MACHINE_PORT_COUNT_MAX 4
#define MACHINE_NET_COUNT_MAX 4
#define MACHINE_NET_MAC_BYTES 6

/**
 * struct machine_disk_config - a disk
 * @path:        a raw file or block device
 * @read_only:   the guest may not write to it
 * @discard:     the guest may free its space on the host
 * @queue_count: up to 16; 0 for as many as are worth it
 * @aio:         how its requests are carried out
 */
struct machine_disk_config {
	const char *path;
	bool read_only;
	bool discard;
	unsigned queue_count;
	enum disk_aio aio;
};

/**
 * enum machine_watchdog - whether there is one, and what its bite does
 * @MACHINE_WATCHDOG_NONE:     there is none
 * @MACHINE_WATCHDOG_RESET:    a cold reset
 * @MACHINE_WATCHDOG_POWEROFF: the end, MACHINE_END_CRASHED
 */
enum machine_watchdog {
	MACHINE_WATCHDOG_NONE,
	MACHINE_WATCHDOG_RESET,
	MACHINE_WATCHDOG_POWEROFF,
};

/**
 * struct machine_port_config - a named port of the virtio console
 * @name: what the guest finds it by
 * @path: of the Unix socket that it leads to
 */
struct machine_port_config {
	const char *name;
	const char *path;
};

/**
 * struct machine_console_config - the virtio console; there is none if all is zero
 * @path:        of the Unix socket that the console port leads to, or NULL
 * @on_terminal: it leads to struct machine_host's console instead, and takes the input from the
 *               PL011
 * @ports:       the first @port_count are used
 * @port_count:  named ports
 */
struct machine_console_config {
	const char *path;
	bool on_terminal;
	struct machine_port_config ports[MACHINE_PORT_COUNT_MAX];
	size_t port_count;
};

/**
 * enum machine_net_kind - what a network device is connected to
 * @MACHINE_NET_TAP:    a tap interface
 * @MACHINE_NET_TAP_FD: one that another program opened
 * @MACHINE_NET_STREAM: a Unix stream socket that speaks as passt's does
 * @MACHINE_NET_PASST:  a passt of the machine's own
 */
enum machine_net_kind {
	MACHINE_NET_TAP,
	MACHINE_NET_TAP_FD,
	MACHINE_NET_STREAM,
	MACHINE_NET_PASST,
};

/**
 * struct machine_net_config - a network device
 * @kind:   what it is connected to
 * @target: name of the interface or of the socket; words for passt, or NULL
 * @fd:     with MACHINE_NET_TAP_FD: the descriptor, the machine's from machine_create() on
 * @mac:    its address
 * @mtu:    that the guest is told; 0: none
 */
struct machine_net_config {
	enum machine_net_kind kind;
	const char *target;
	int fd;
	uint8_t mac[MACHINE_NET_MAC_BYTES];
	uint16_t mtu;
};

/**
 * enum machine_tables - how the guest is told what its machine is
 * @MACHINE_TABLES_DT:   by a device tree
 * @MACHINE_TABLES_ACPI: by ACPI tables, to which a device tree leads that says nothing else
 */
enum machine_tables {
	MACHINE_TABLES_DT,
	MACHINE_TABLES_ACPI,
};

/**
 * struct machine_config - what the machine is; strings are borrowed until machine_destroy()
 * @type:         what is the same in all machines of it; NULL for MACHINE_TYPE_DEFAULT's
 * @kernel:       path of a Linux arm64 Image, plain or gzip; NULL with @firmware
 * @initrd:       path, or NULL
 * @cmdline:      the kernel's command line; "" for none
 * @disks:        the first @disk_count are used, in this order
 * @console:      the virtio console
 * @vsock_cid:    the context id of its sockets to the host, VHOST_VSOCK_CID_MIN and up; 0: none
 * @balloon:      it has a memory balloon
 * @nets:         the first @net_count are used
 * @watchdog:     whether the guest has one
 * @panic_ends:   a panic that the guest tells of ends the machine, MACHINE_END_CRASHED
 * @cpu_count:    1 .. MACHINE_CPU_COUNT_MAX
 * @memory_bytes: of RAM, a multiple of 2 MiB
 * @hugepages:    RAM is of huge pages from the host's pool
 * @cpu_features: what its CPUs have
 * @psci_version: TORPOR_PSCI_*
 * @idle_states:  the CPUs have idle states
 * @cluster_count: with @idle_states and from PSCI 1.0 on: clusters of the power tree, at most
 *                @cpu_count; 0 for no tree
 * @ramoops_bytes: of a region for Linux's ramoops, a power of two from 64 KiB on; 0 for none
 * @firmware_tables: how the guest is told all this; ACPI came with PSCI 0.2
 * @firmware:     path of the image that it starts from instead of @kernel, or NULL; with a device
 *                tree, which it gets in RAM. @kernel and @initrd are NULL then, @cmdline empty
 * @variables:    with @firmware: path of its variable store, which is made if there is none; NULL:
 *                they are lost at the end
 * @variables_template: path of what a new store starts with, or NULL
 * @reboot:       a reset restarts the guest; else it ends the machine
 * @recorded:     a description (machine/description.h) to rebuild, at resets too: what the host
 *                lets a machine choose is as it says. What the host does not let it,
 *                machine_describe() then shows. NULL for none
 * @describe_only: it is made for machine_describe() alone: nothing is opened but its disks, for
 *                reading and without a lock, and KVM; no kernel is needed; not to be started
 */
struct machine_config {
	const struct machine_type *type;
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	struct machine_disk_config disks[MACHINE_DISK_COUNT_MAX];
	size_t disk_count;
	struct machine_console_config console;
	enum machine_watchdog watchdog;
	bool panic_ends;
	uint32_t vsock_cid;
	bool balloon;
	struct machine_net_config nets[MACHINE_NET_COUNT_MAX];
	size_t net_count;
	uint32_t cpu_count;
	uint64_t memory_bytes;
	bool hugepages;
	struct cpu_features cpu_features;
	uint32_t psci_version;
	bool idle_states;
	uint32_t cluster_count;
	uint64_t ramoops_bytes;
	enum machine_tables firmware_tables;
	const char *firmware;
	const char *variables;
	const char *variables_template;
	bool reboot;
	const char *recorded;
	bool describe_only;
};

/**
 * struct machine_host - what the machine's user provides
 * @events:     who is told of power events
 * @console_tx: the guest's UART wrote bytes; on a vCPU thread, may wait a little
 * @console_take: the guest's virtio console wrote bytes, if that is on the terminal; any thread,
 *              does not wait. Returns how many it took, from the first on: the rest is offered
 *              again at machine_console_writable(). With @last nothing will be offered again, and
 *              it returns @count
 * @log:        a line for the operator, without newline; on any thread
 * @ending:     the machine is about to end or be reset, as @event will say; nothing has been made
 *              safe yet. Main thread. May be NULL
 * @commit:     the machine has ended, as @event will say, and all that the guest wrote is durable:
 *              have that on record. 0 or -errno with the error filled, and then the machine ends
 *              as failed. Main thread. May be NULL
 * @first_write: the guest is about to write to a disk for the first time since machine_create();
 *              other writes wait. 0 or -errno, which fails the write; the next one asks again. On
 *              a disk's thread, one call at a time. May be NULL
 * @ctx:        passed to all but @events, which has its own
 */
struct machine_host {
	struct power_event_sink events;
	void (*console_tx)(void *ctx, const uint8_t *bytes, size_t count);
	size_t (*console_take)(void *ctx, const uint8_t *bytes, size_t count, bool last);
	void (*log)(void *ctx, const char *line);
	void (*ending)(void *ctx, const struct power_event *event);
	int (*commit)(void *ctx, const struct power_event *event, struct vmm_error *error);
	int (*first_write)(void *ctx);
	void *ctx;
};

/**
 * enum machine_end - how the machine ended; the values are the exit statuses of `torpor run`
 */
enum machine_end {
	MACHINE_END_OFF = 0,
	MACHINE_END_FAILED = 1,
	MACHINE_END_HIBERNATED = 10,
	MACHINE_END_RESET = 11,
	MACHINE_END_CRASHED = 12,
	MACHINE_END_HOST = 13,
	MACHINE_RUNNING = -1,
};

/**
 * enum machine_status - for query-status
 * @MACHINE_STATUS_PRELAUNCH:      machine_start() has not been called
 * @MACHINE_STATUS_RUNNING:        it runs
 * @MACHINE_STATUS_SUSPENDED:      the guest suspended to RAM
 * @MACHINE_STATUS_PAUSED:         the host keeps it from running, suspended or not
 * @MACHINE_STATUS_SHUTDOWN:       it has ended, or is about to
 * @MACHINE_STATUS_INTERNAL_ERROR: likewise, by a failure
 */
enum machine_status {
	MACHINE_STATUS_PRELAUNCH,
	MACHINE_STATUS_RUNNING,
	MACHINE_STATUS_SUSPENDED,
	MACHINE_STATUS_PAUSED,
	MACHINE_STATUS_SHUTDOWN,
	MACHINE_STATUS_INTERNAL_ERROR,
};

struct machine;
struct virtio_balloon_stats;

/**
 * machine_create() - make a machine, all but running
 * @config: what it is
 * @host:   copied
 * @error:  says why not, and whether what @config names is at fault
 *
 * Return: the machine, or NULL.
 */
struct machine *machine_create(const struct machine_config *config, const struct machine_host *host,
			       struct vmm_error *error);

/**
 * machine_set_hardware_signature() - what the guest finds in its ACPI tables' FACS
 * @signature: a guest that hibernated under another one starts anew instead of resuming; 0, as it
 *             is at first, says that there is none
 *
 * Kept over resets. A guest with a device tree does not see it. To be called before
 * machine_start().
 */
void machine_set_hardware_signature(struct machine *machine, uint32_t signature);

/**
 * machine_start() - let the guest run
 *
 * Return: 0 or -errno with @error filled.
 */
int machine_start(struct machine *machine, struct vmm_error *error);

/**
 * machine_fd() - readable when machine_dispatch() has something to do
 *
 * Return: a file descriptor for poll(), the same for the machine's whole life; not to be closed.
 */
int machine_fd(const struct machine *machine);

/**
 * machine_dispatch() - do what is due: an alarm, a reset, an end
 *
 * At the end all vCPU threads have stopped, queued I/O is complete and the disks are flushed, and
 * the last event has been emitted. The reason for MACHINE_END_FAILED has been logged.
 *
 * Return: MACHINE_RUNNING, or how it ended.
 */
enum machine_end machine_dispatch(struct machine *machine);

/**
 * machine_end_by_host() - end the machine in order, as `quit` and signals do
 * @reason: POWER_REASON_HOST or POWER_REASON_HOST_SIGNAL
 *
 * Takes effect in machine_dispatch(), for which machine_fd() is readable at once; before
 * machine_start(), as soon as that was called. The guest is not asked.
 */
void machine_end_by_host(struct machine *machine, enum power_reason reason);

/** machine_status() - what it is doing */
enum machine_status machine_status(const struct machine *machine);

/** machine_suspended() - whether the guest is suspended to RAM, and maybe paused as well */
bool machine_suspended(const struct machine *machine);

/**
 * machine_press_key() - ask the guest for a power state
 * @key:     not POWER_KEY_NONE
 * @reason:  POWER_REASON_HOST or POWER_REASON_HOST_SIGNAL
 * @limit_s: when to say that the guest did not react, in seconds; 0 for never
 *
 * Emits ASKED at once. A suspended guest wakes; a paused one finds the key pressed when it goes
 * on, and the limit counts from then.
 *
 * Return: true; false if there is no guest: before machine_start() and after the end.
 */
bool machine_press_key(struct machine *machine, enum power_key key, enum power_reason reason,
		       uint32_t limit_s);

/**
 * machine_pause() - keep the guest from running; its clock stands still meanwhile
 *
 * Disks complete what is queued and have it durable; a flush that fails is logged. Then STOP is
 * emitted, unless it was paused. A reset does not end it.
 *
 * Return: 0; -ESRCH if there is no guest, as above; -ETIMEDOUT, with @error filled, if a CPU does
 * not leave the guest in time: it goes on then.
 */
int machine_pause(struct machine *machine, struct vmm_error *error);

/**
 * machine_resume() - let the guest go on, or go on being suspended
 *
 * Emits RESUME, unless it was not paused.
 *
 * Return: true; false if there is no guest, as above.
 */
bool machine_resume(struct machine *machine);

/**
 * machine_reset_by_host() - reset the machine, without the guest's doing
 *
 * As the guest's SYSTEM_RESET; takes effect in machine_dispatch().
 *
 * Return: true; false if there is no guest, as above.
 */
bool machine_reset_by_host(struct machine *machine);

/**
 * machine_wake() - wake a suspended machine
 *
 * Return: true; false if it was not suspended, or is paused.
 */
bool machine_wake(struct machine *machine);

/**
 * machine_refuse_suspend() - refuse the suspend that the guest is in; it sees DENIED
 *
 * Return: true; false if it was not suspended, or is paused.
 */
bool machine_refuse_suspend(struct machine *machine);

/**
 * machine_query_cpu() - a CPU's state and registers
 * @cpu: index
 *
 * A running CPU is stopped for a moment.
 *
 * Return: true; false if there is no such CPU, the machine is not running, or the CPU's registers
 * could not be read.
 */
bool machine_query_cpu(struct machine *machine, uint32_t cpu, struct power_cpu_info *info);

/**
 * machine_query_state() - how a power state was used
 * @cpu:   index
 * @state: index, from 0 up until there is none
 *
 * Return: true; false if there is no such CPU or state, or the machine has no statistics: it has
 * no idle states, or its PSCI is older than 1.0.
 */
bool machine_query_state(const struct machine *machine, uint32_t cpu, uint32_t state,
			 struct power_state_info *info);

/**
 * machine_cpu_thread() - which thread runs a CPU
 * @cpu: index
 *
 * Return: its id, as gettid() has it; 0 if there is none.
 */
int64_t machine_cpu_thread(struct machine *machine, uint32_t cpu);

/**
 * machine_console_input() - bytes for the guest's console
 *
 * Return: how many were taken; offer the rest again once machine_fd() was readable.
 */
size_t machine_console_input(struct machine *machine, const uint8_t *bytes, size_t count);

/**
 * machine_console_writable() - the host's console_take() would take more, after it took less than
 * it was given
 *
 * Context: main thread; does not wait.
 */
void machine_console_writable(struct machine *machine);

/**
 * machine_balloon_resize() - ask the guest to live with so much of its RAM
 * @size_bytes: more than it has is all of it
 *
 * Returns at once; BALLOON_CHANGE events tell how far the guest is.
 *
 * Return: true; false if the machine has no balloon.
 */
bool machine_balloon_resize(struct machine *machine, uint64_t size_bytes);

/**
 * machine_balloon_size() - what of its RAM the balloon leaves to the guest
 *
 * Return: true with @size_bytes filled; false if the machine has no balloon.
 */
bool machine_balloon_size(struct machine *machine, uint64_t *size_bytes);

/**
 * machine_balloon_stats() - what the guest has last said about its memory; new ones are asked for
 *
 * Return: true with @stats filled; false if the machine has no balloon.
 */
bool machine_balloon_stats(struct machine *machine, struct virtio_balloon_stats *stats);

/**
 * machine_disk_fd() - the open file of a disk
 * @disk: index
 *
 * Return: a descriptor that stays the machine's; -1 if there is no such disk.
 */
int machine_disk_fd(const struct machine *machine, size_t disk);

/**
 * machine_disk_written() - what the guest has written to a disk since machine_create()
 * @disk:      index
 * @from:      looked for from here on, in bytes
 * @offset:    set to where the next written stretch begins: at @from or at a whole MiB
 * @len_bytes: set to its length, up to a whole MiB or the disk's end
 *
 * What was discarded or zeroed counts as written, and so does what shares a MiB with it.
 *
 * Return: true; false if there is no more, or no such disk.
 */
bool machine_disk_written(const struct machine *machine, size_t disk, uint64_t from,
			  uint64_t *offset, uint64_t *len_bytes);

/**
 * machine_alarm() - when the guest wants to be woken by its clock
 * @when_s: CLOCK_REALTIME, in the future
 *
 * Return: true; false if it has armed no alarm.
 */
bool machine_alarm(struct machine *machine, int64_t *when_s);

/**
 * machine_destroy() - free everything; a machine that has not ended is ended first
 * @machine: or NULL
 */
void machine_destroy(struct machine *machine);

#endif /* VMM_MACHINE_MACHINE_H */
