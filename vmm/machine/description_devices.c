/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The devices: where each is, its interrupt, and what its registers offer. Of a virtio device that
 * is read as the guest would, from its transport.
 */
#include <endian.h>
#include <inttypes.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "machine/description_internal.h"
#include "platform/layout.h"

#define FIELD_BYTES 64

/* A device that is no virtio device. */
struct fixed_device {
	const char *role;
	const char *model;
	uint64_t address;
	uint64_t size_bytes;
	uint32_t intid; /* or DEVICE_NO_INTID */
};

static const struct fixed_device fixed_devices[] = {
	{"uart", "pl011", LAYOUT_UART_BASE, LAYOUT_UART_SIZE_BYTES, LAYOUT_UART_INTID},
	{"rtc", "pl031", LAYOUT_RTC_BASE, LAYOUT_RTC_SIZE_BYTES, LAYOUT_RTC_INTID},
	{"gpio", "pl061", LAYOUT_GPIO_BASE, LAYOUT_GPIO_SIZE_BYTES, LAYOUT_GPIO_INTID},
	{"pvpanic", "pvpanic-mmio", LAYOUT_PVPANIC_BASE, LAYOUT_PVPANIC_SIZE_BYTES,
	 DEVICE_NO_INTID},
};

static const struct fixed_device watchdog = {"watchdog", "sbsa-gwdt", LAYOUT_WATCHDOG_CONTROL_BASE,
					     LAYOUT_WATCHDOG_FRAME_SIZE_BYTES,
					     LAYOUT_WATCHDOG_INTID};

static const struct fixed_device firmware = {"firmware-flash", "rom", LAYOUT_FLASH_BASE,
					     LAYOUT_FLASH_BANK_SIZE_BYTES, DEVICE_NO_INTID};

static const struct fixed_device variables = {"variables-flash", "cfi-flash",
					      LAYOUT_FLASH_BASE + LAYOUT_FLASH_BANK_SIZE_BYTES,
					      LAYOUT_FLASH_BANK_SIZE_BYTES, DEVICE_NO_INTID};

/* "disk0" and "bytes" make "disk0.bytes". */
static const char *name(char field[FIELD_BYTES], const char *role, const char *what)
{
	(void)snprintf(field, FIELD_BYTES, "%s.%s", role, what);
	return field;
}

static void describe_place(struct description_lines *lines, const struct fixed_device *device)
{
	char field[FIELD_BYTES];

	lines_add(lines, name(field, device->role, "model"), "%s", device->model);
	lines_add(lines, name(field, device->role, "registers"), "0x%" PRIx64 " 0x%" PRIx64,
		  device->address, device->size_bytes);
	if (device->intid != DEVICE_NO_INTID) {
		lines_add(lines, name(field, device->role, "intid"), "%u", device->intid);
	}
}

/* Its image too, as a guest may use its services; but not what is in the variables. */
static void describe_flash(const struct machine *machine, struct description_lines *lines)
{
	const struct board_flash *flash = &machine->board.flash;

	describe_place(lines, &firmware);
	describe_place(lines, &variables);
	describe_digest(lines, "firmware-flash.image", flash->firmware.bytes,
			(size_t)flash->firmware_bytes);
}

static void describe_fixed(const struct machine *machine, struct description_lines *lines)
{
	bool acpi = machine->config.firmware_tables == MACHINE_TABLES_ACPI;

	for (size_t i = 0; i < sizeof(fixed_devices) / sizeof(fixed_devices[0]); i++) {
		struct fixed_device device = fixed_devices[i];

		if (acpi && device.intid == LAYOUT_RTC_INTID) {
			device.intid = DEVICE_NO_INTID;
			lines_add(lines, "rtc.gpio-line", "%u", LAYOUT_GPIO_LINE_RTC);
		}
		describe_place(lines, &device);
	}
	lines_add(lines, "gpio.keys", "power %u sleep %u hibernate %u", LAYOUT_GPIO_LINE_POWER,
		  LAYOUT_GPIO_LINE_SLEEP, LAYOUT_GPIO_LINE_HIBERNATE);
	if (machine->config.watchdog != MACHINE_WATCHDOG_NONE) {
		describe_place(lines, &watchdog);
		lines_add(lines, "watchdog.refresh", "0x%" PRIx64 " 0x%" PRIx64,
			  LAYOUT_WATCHDOG_REFRESH_BASE, LAYOUT_WATCHDOG_FRAME_SIZE_BYTES);
	}
	if (machine->config.firmware != NULL) {
		describe_flash(machine, lines);
	}
}

static uint64_t offered(struct virtio_mmio *mmio)
{
	uint64_t bits = 0;

	for (unsigned half = 0; half < 2; half++) {
		virtio_mmio_ops.write(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 4, half);
		bits |= virtio_mmio_ops.read(mmio, VIRTIO_MMIO_DEVICE_FEATURES, 4) << (32 * half);
	}
	virtio_mmio_ops.write(mmio, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 4, 0);
	return bits;
}

static void read_config(struct virtio_mmio *mmio, void *config, size_t len_bytes)
{
	uint8_t *bytes = config;

	for (size_t i = 0; i < len_bytes; i++) {
		bytes[i] = (uint8_t)virtio_mmio_ops.read(mmio, VIRTIO_MMIO_CONFIG + i, 1);
	}
}

static void describe_virtio(const struct machine *machine, struct description_lines *lines,
			    const char *role, const char *model, unsigned slot)
{
	struct virtio_mmio *mmio = machine->board.virtio[slot];
	const struct fixed_device place = {role, model, LAYOUT_VIRTIO_SLOT_BASE(slot),
					   LAYOUT_VIRTIO_STRIDE_BYTES,
					   LAYOUT_VIRTIO_SLOT_INTID(slot)};
	char field[FIELD_BYTES];

	describe_place(lines, &place);
	lines_add(lines, name(field, role, "features"), "0x%" PRIx64, offered(mmio));
	lines_add(lines, name(field, role, "queue-count"), "%u", mmio->device.queue_count);
	lines_add(lines, name(field, role, "queue-size"), "%u",
		  (unsigned)virtio_mmio_ops.read(mmio, VIRTIO_MMIO_QUEUE_NUM_MAX, 4));
}

/*
 * How much may be zeroed at a time is left out: it tells what the host's file system is quick at,
 * and a disk does more all the same.
 */
static void describe_disk(const struct machine *machine, struct description_lines *lines,
			  unsigned n)
{
	const struct virtio_blk *disk = &machine->board.disks[n];
	struct virtio_blk_config config = {0};
	char role[32];
	char field[FIELD_BYTES];

	(void)snprintf(role, sizeof(role), "disk%u", n);
	describe_virtio(machine, lines, role, "virtio-blk", BOARD_DISK_SLOT(n));
	read_config(machine->board.virtio[BOARD_DISK_SLOT(n)], &config, sizeof(config));
	lines_add(lines, name(field, role, "bytes"), "%" PRIu64, le64toh(config.capacity) * 512);
	lines_add(lines, name(field, role, "serial"), "%.*s", VIRTIO_BLK_SERIAL_BYTES,
		  (const char *)disk->serial);
	lines_add(lines, name(field, role, "read-only"), "%s",
		  disk->setup.read_only ? "yes" : "no");
	lines_add(lines, name(field, role, "block-bytes"), "%u %u", le32toh(config.blk_size),
		  le32toh(config.blk_size) << config.physical_block_exp);
	lines_add(lines, name(field, role, "segments-max"), "%u", le32toh(config.seg_max));
	lines_add(lines, name(field, role, "discard"), "%u %u %u",
		  le32toh(config.max_discard_sectors), le32toh(config.max_discard_seg),
		  le32toh(config.discard_sector_alignment));
}

static void describe_net(const struct machine *machine, struct description_lines *lines, unsigned n)
{
	struct virtio_net_config config = {0};
	char role[32];
	char field[FIELD_BYTES];

	(void)snprintf(role, sizeof(role), "net%u", n);
	describe_virtio(machine, lines, role, "virtio-net", BOARD_NET_SLOT(n));
	read_config(machine->board.virtio[BOARD_NET_SLOT(n)], &config, sizeof(config));
	lines_add(lines, name(field, role, "mac"), "%02x:%02x:%02x:%02x:%02x:%02x", config.mac[0],
		  config.mac[1], config.mac[2], config.mac[3], config.mac[4], config.mac[5]);
	lines_add(lines, name(field, role, "mtu"), "%u", le16toh(config.mtu));
}

static void describe_console(const struct machine *machine, struct description_lines *lines)
{
	const struct machine_console_config *config = &machine->config.console;
	char field[FIELD_BYTES];
	char what[32];

	if (!board_has_device(&machine->board, BOARD_CONSOLE_SLOT)) {
		return;
	}
	describe_virtio(machine, lines, "console", "virtio-console", BOARD_CONSOLE_SLOT);
	for (size_t n = 0; n < config->port_count; n++) {
		(void)snprintf(what, sizeof(what), "port%zu", n + 1);
		lines_add(lines, name(field, "console", what), "%s", config->ports[n].name);
	}
}

void describe_devices(const struct machine *machine, struct description_lines *lines)
{
	describe_fixed(machine, lines);
	for (unsigned n = 0; n < machine->config.disk_count; n++) {
		describe_disk(machine, lines, n);
	}
	describe_virtio(machine, lines, "rng", "virtio-rng", BOARD_RNG_SLOT);
	for (unsigned n = 0; n < machine->config.net_count; n++) {
		describe_net(machine, lines, n);
	}
	describe_console(machine, lines);
	if (machine->config.vsock_cid != 0) {
		describe_virtio(machine, lines, "vsock", "virtio-vsock", BOARD_VSOCK_SLOT);
		lines_add(lines, "vsock.cid", "%u", machine->config.vsock_cid);
	}
	if (machine->config.balloon) {
		describe_virtio(machine, lines, "balloon", "virtio-balloon", BOARD_BALLOON_SLOT);
	}
}
