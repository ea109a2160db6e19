/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: the devices of a machine, on their bus
 *
 * Made once; a reset puts the devices back to their reset state and connects them to the next VM.
 * Functions are for the machine's main thread, with no vCPU running, except where said.
 */
#ifndef VMM_MACHINE_BOARD_H
#define VMM_MACHINE_BOARD_H

#include <stdbool.h>
#include "devices/cfi_flash.h"
#include "devices/device.h"
#include "devices/flash_store.h"
#include "devices/mmio_bus.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pl061.h"
#include "devices/power_keys.h"
#include "devices/pvpanic.h"
#include "devices/sbsa_gwdt.h"
#include "devices/vhost_vsock.h"
#include "devices/virtio_balloon.h"
#include "devices/virtio_blk.h"
#include "devices/virtio_rng.h"
#include "kvm/kvm.h"
#include "machine/machine.h"
#include "platform/layout.h"
#include "platform/ram.h"

/* Slots of virtio-mmio: part of the machine type, so what is given here stays. */
#define BOARD_DISK_SLOT(disk) (disk)
#define BOARD_RNG_SLOT MACHINE_DISK_COUNT_MAX
#define BOARD_NET_SLOT(net) (17U + (net)) /* up to 20 */
#define BOARD_CONSOLE_SLOT 21U
#define BOARD_VSOCK_SLOT 22U
#define BOARD_BALLOON_SLOT 23U

struct board_console;

/* One a virtio-mmio slot, and what is not virtio. */
#define BOARD_DEVICE_COUNT_MAX 48

/**
 * struct board_config - copied; what it points to is borrowed for the board's life
 * @ram:             mapped
 * @look_only:       the devices are only looked at: nothing of the host is opened but disks, for
 *                   reading
 * @disks:           paths
 * @disk_count:      how many
 * @first_write:     see struct machine_host; NULL for none
 * @firmware:        path of the image in flash, or NULL: then there is no flash
 * @variables:       see struct machine_config
 * @variables_template: see struct machine_config
 * @nets:            network devices
 * @net_count:       how many
 * @console:         the virtio console
 * @vsock_cid:       see struct machine_config
 * @balloon:         see struct machine_config
 * @balloon_changed: the balloon leaves the guest so much; main thread
 * @watchdog:        there is one
 * @bitten:          it was not refreshed in time; main thread
 * @guest_event:     the guest told something of itself; on a vCPU thread
 * @acpi:            the guest is told of the devices by ACPI tables
 * @console_tx:      see struct machine_host
 * @console_take:    see struct machine_host
 * @console_room:    input would be taken again; any thread
 * @log:             see struct machine_host
 * @ctx:             first argument of all
 */
struct board_config {
	struct guest_ram ram;
	bool look_only;
	const struct machine_disk_config *disks;
	size_t disk_count;
	int (*first_write)(void *ctx);
	const char *firmware;
	const char *variables;
	const char *variables_template;
	struct machine_console_config console;
	uint32_t vsock_cid;
	bool balloon;
	void (*balloon_changed)(void *ctx, uint64_t size_bytes);
	const struct machine_net_config *nets;
	size_t net_count;
	bool watchdog;
	void (*bitten)(void *ctx);
	void (*guest_event)(void *ctx, enum pvpanic_event event);
	bool acpi;
	void (*console_tx)(void *ctx, const uint8_t *bytes, size_t count);
	size_t (*console_take)(void *ctx, const uint8_t *bytes, size_t count, bool last);
	void (*console_room)(void *ctx);
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/**
 * struct board_flash - the two banks
 * @firmware:       the first
 * @firmware_bytes: length of the image in it
 * @store:          the second's, with its file
 * @variables:      the device that changes it
 * @shown:          the guest reads @store without an exit
 */
struct board_flash {
	struct flash_memory firmware;
	uint64_t firmware_bytes;
	struct flash_store store;
	struct cfi_flash variables;
	bool shown;
};

/**
 * struct board - the devices
 * @config:       as given
 * @vm:           where interrupts go; NULL between two boots
 * @bus:          all registers
 * @devices:      what is done to each; the first @device_count, in the order they were made
 * @device_count: set up so far
 * @virtio_slots: bit n: virtio-mmio slot n has a device
 * @virtio:       which, by slot
 * @uart:         the console; its registers are always there
 * @rtc:          the clock
 * @gpio:         where the keys are
 * @keys:         what the host presses to ask for a power state
 * @rng:          entropy
 * @gate:         of all disks, if @has_gate
 * @has_gate:     it is set up
 * @disks:        the first config.disk_count are used
 * @watchdog:     if config.watchdog
 * @pvpanic:      always there
 * @console:      of board_console.c; NULL if there is no virtio console
 * @vsock:        if config.vsock_cid is not 0
 * @balloon:      if config.balloon
 * @flash:        if config.firmware is not NULL
 */
struct board {
	struct board_config config;
	struct kvm_vm *vm;
	struct mmio_bus bus;
	struct device devices[BOARD_DEVICE_COUNT_MAX];
	size_t device_count;
	uint32_t virtio_slots;
	struct virtio_mmio *virtio[LAYOUT_VIRTIO_SLOT_COUNT];
	struct pl011 uart;
	struct pl031 rtc;
	struct pl061 gpio;
	struct power_keys keys;
	struct virtio_rng rng;
	struct write_gate gate;
	bool has_gate;
	struct virtio_blk disks[MACHINE_DISK_COUNT_MAX];
	struct sbsa_gwdt watchdog;
	struct pvpanic pvpanic;
	struct board_console *console;
	struct vhost_vsock vsock;
	struct virtio_balloon balloon;
	struct board_flash flash;
};

/**
 * board_init() - make the devices
 * @board: filled; must not move; free by board_destroy() even when this fails
 *
 * Return: 0 or -errno with @error filled.
 */
int board_init(struct board *board, const struct board_config *config, struct vmm_error *error);

/** board_destroy() - free the devices; nothing is flushed */
void board_destroy(struct board *board);

/**
 * board_connect() - send interrupts to @vm, or nowhere if NULL
 *
 * And have @vm signal the virtio queues that are notified by eventfd; one that it does not signal
 * is notified all the same, by an exit. Once a VM.
 */
void board_connect(struct board *board, struct kvm_vm *vm);

/**
 * board_map_flash() - let a new VM's guest read and run what is in flash, if there is any
 *
 * After a reset, before board_connect(). Return: 0 or -errno with @error filled.
 */
int board_map_flash(struct board *board, struct kvm_vm *vm, struct vmm_error *error);

/** board_reset() - put all devices into their reset state; they take requests again */
void board_reset(struct board *board);

/** board_pause() - tell the devices that the machine is paused, or goes on */
void board_pause(struct board *board, bool paused);

/**
 * board_settle() - complete all queued I/O and have it on the disks
 * @error: names the disk that could not be flushed
 *
 * All disks are tried, also after one has failed. Return: 0 or -errno of the first failure.
 */
int board_settle(struct board *board, struct vmm_error *error);

/**
 * board_disk_written() - see machine_disk_written()
 * @disk: there is one
 */
bool board_disk_written(const struct board *board, size_t disk, uint64_t from, uint64_t *offset,
			uint64_t *len_bytes);

/** board_has_device() - is there a device at virtio-mmio slot @slot? */
bool board_has_device(const struct board *board, unsigned slot);

/**
 * board_console_input() - bytes for the console that is on the terminal
 *
 * Any thread. Return: how many were taken; config.console_room tells when to try again.
 */
size_t board_console_input(struct board *board, const uint8_t *bytes, size_t count);

/** board_console_writable() - config.console_take would take more; any thread */
void board_console_writable(struct board *board);

/**
 * board_device_name() - what interrupts by @intid
 *
 * That is what is wired to it, or the RTC where that interrupts by the GPIO controller just now.
 *
 * Context: any thread.
 * Return: a static name, or NULL.
 */
const char *board_device_name(struct board *board, uint32_t intid);

/** board_device_key() - the key by which @intid is asserted, or POWER_KEY_NONE; any thread */
enum power_key board_device_key(struct board *board, uint32_t intid);

#endif /* VMM_MACHINE_BOARD_H */
